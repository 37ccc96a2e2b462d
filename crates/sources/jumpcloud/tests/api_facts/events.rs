//! What an event may look like, and when it may come.

use super::*;

#[test]
fn start_is_inclusive_and_the_boundary_event_comes_once() {
    // Elastic #15248: asking from the last event's time gives that event again.
    let end = DAY - 60_000;
    let rows = [event("00000000000000000000000a", end)];
    let (mut driver, script) = driver(PLAIN, vec![Ok(page(&rows, 10, C1)), Ok(page(&rows, 10, C1))]);
    driver.drain(2);
    driver.step().unwrap();
    driver.commit_all();
    assert_eq!((script.left(), ids(&driver).len(), driver.duplicates), (0, 1, 1));
}

#[test]
fn one_event_indexed_twice_comes_once() {
    let rows = [event("00000000000000000000000a", DAY - 99_000), event("00000000000000000000000a", DAY - 99_000)];
    let (mut driver, _) = driver(PLAIN, vec![Ok(page(&rows, 10, C1))]);
    driver.drain(2);
    assert_eq!((ids(&driver).len(), driver.received, driver.duplicates), (1, 2, 1));
}

#[test]
fn mixed_precision_is_compared_as_time() {
    // As text, "...41Z" is after "...41.5Z", and "...41.94362251Z" before "...41.95Z".
    let times = [
        "2026-02-28T22:00:41Z",
        "2026-02-28T22:00:41.236Z",
        "2026-02-28T22:00:41.94362251Z",
        "2026-02-28T22:00:41.95Z",
    ];
    let rows: Vec<String> =
        times.iter().enumerate().map(|(at, time)| format!(r#"{{"id":"{at}","timestamp":"{time}"}}"#)).collect();
    let (mut driver, script) = driver(PLAIN, vec![Ok(page(&rows, 4, "")), Ok(page(&[], 4, ""))]);
    driver.drain(3);
    assert_eq!(script.queries()[1]["start_time"], "2026-02-28T22:00:41.950Z");
}

#[test]
fn a_future_timestamp_moves_nothing_past_now() {
    let rows = [event("00000000000000000000000a", DAY + 86_400_000)];
    let (mut driver, script) = driver(PLAIN, vec![Ok(page(&rows, 1, C1)), Ok(page(&[], 1, "")), Ok(page(&[], 10, ""))]);
    driver.drain(2);
    driver.clock.advance(Duration::from_secs(60));
    driver.pull().unwrap();
    assert_eq!(script.queries()[2]["start_time"], support::rfc3339(DAY - 60_000));
}

#[test]
fn a_sweep_has_no_end_so_that_future_timestamps_are_found() {
    let future = [event("00000000000000000000000a", DAY + 86_400_000)];
    let empty = || Ok(page(&[], 10, ""));
    let (mut driver, script) =
        driver("start: -1d\noverlap: 2h\npoll_interval: 1h", vec![empty(), Ok(page(&future, 10, C1)), empty()]);
    driver.drain(3);
    driver.clock.set(DAY + 15 * 60_000);
    driver.drain(3);
    let sweep = script.queries().into_iter().find(|query| query.get("end_time").is_none()).expect("a sweep");
    assert_eq!(sweep["start_time"], support::rfc3339(DAY - 2 * 3_600_000));
    assert_eq!(ids(&driver), ["00000000000000000000000a"]);
}

#[test]
fn a_late_event_within_the_overlap_comes_with_the_next_sweep() {
    let late = [event("00000000000000000000000a", DAY - 3_600_000)];
    let answers = vec![Ok(page(&[], 10, "")), Ok(page(&late, 10, C1)), Ok(page(&[], 10, ""))];
    let (mut driver, _) = driver("start: -1d\noverlap: 2h\npoll_interval: 1h", answers);
    driver.drain(3);
    driver.clock.set(DAY + 15 * 60_000);
    driver.drain(3);
    assert_eq!(ids(&driver), ["00000000000000000000000a"]);
}

#[test]
fn ids_are_opaque_object_ids_upper_case_uuids_and_whatever_comes() {
    let odd =
        [r#""5a2af2a82cf2b0010053ea41""#, r#""0DC4CBAE-8F3C-4D1B-9A67-0123456789AB""#, r#""a\"b""#, "42", "null", "{}"];
    let rows: Vec<String> =
        odd.iter().map(|id| format!(r#"{{"id":{id},"timestamp":"2026-02-28T22:00:00Z"}}"#)).collect();
    let (mut driver, _) = driver(PLAIN, vec![Ok(page(&rows, 10, C1))]);
    driver.drain(2);
    assert_eq!(
        ids(&driver),
        ["5a2af2a82cf2b0010053ea41", "0DC4CBAE-8F3C-4D1B-9A67-0123456789AB", "a\"b", "42", "", ""]
    );
}

#[test]
fn an_event_without_an_id_is_known_by_its_text() {
    let rows = [r#"{"timestamp":"2026-02-28T23:59:00Z","n":1}"#, r#"{"timestamp":"2026-02-28T23:59:00Z","n":2}"#]
        .map(str::to_owned);
    let (mut driver, _) = driver(PLAIN, vec![Ok(page(&rows, 10, C1)), Ok(page(&rows, 10, C1))]);
    driver.drain(2);
    driver.step().unwrap();
    driver.commit_all();
    assert_eq!((driver.committed.len(), driver.duplicates), (2, 2));
}

#[test]
fn an_event_without_a_legible_time_comes_once() {
    for time in
        ["\"yesterday\"", "1772323200", "null", "\"9999-01-01T00:00:00Z\"", "\"2026-02-28T22:00:00.1234567890Z\""]
    {
        let rows = [format!(r#"{{"id":"a","timestamp":{time}}}"#), r#"{"id":"b"}"#.to_owned()];
        let again = || Ok(page(&rows, 10, C1));
        let (mut driver, script) = driver("start: -1d\noverlap: 2h\npoll_interval: 5m", vec![again(); 80]);
        // Hours of sweeps, each of which sees the events again; a restart in between.
        for pull in 0..200 {
            if script.left() == 0 {
                break;
            }
            driver.step().unwrap();
            driver.commit_all();
            if pull % 17 == 16 {
                driver.crash();
            }
        }
        assert!(driver.clock.millis() - DAY > 3 * 3_600_000);
        assert_eq!(ids(&driver), ["a", "b"], "{time}");
    }
}

#[test]
fn an_event_of_any_shape_goes_through_byte_for_byte() {
    let shapes = [
        r#"{"id":"1","changes":[{"field":"a","from":null,"to":{"x":[1,true,"s"]}}],"provider":null}"#.to_owned(),
        r#"{"id":"2","changes":{"field":"not a list"},"provider":"","@version":1}"#.to_owned(),
        r#"{"id":"3","outer":{"error_message":""},"auth_meta":{},"timestamp":"2019-11-19T17:00:41Z"}"#.to_owned(),
        r#"{"id":"4","application":{"name":"a\u00e9\ud83d\ude00 \"}],[{"},"z":-0.0e-5}"#.to_owned(),
        r#"{"id":"5","id":"5b","timestamp":1,"timestamp":"2026-02-28T22:00:00Z"}"#.to_owned(),
        r#"{ }"#.to_owned(),
        format!(r#"{{"id":"6","profile_list":"{}"}}"#, "x".repeat(76_000)),
    ];
    let (mut driver, _) = driver(PLAIN, vec![Ok(page(&shapes, 100, C1))]);
    driver.drain(2);
    let bodies: Vec<&[u8]> = driver.committed.iter().map(|event| &event.body[..]).collect();
    assert_eq!(bodies, shapes.iter().map(String::as_bytes).collect::<Vec<_>>());
    assert_eq!(driver.committed[4].meta.id, "5b");
    assert_eq!(&*driver.committed[0].meta.tenant, "5a2af2a82cf2b0010053ea41");
}

#[test]
fn what_is_no_event_stays_in_its_place_and_does_not_stop_the_page() {
    let rows = [
        "{\"id\":\"a\"}",
        "42",
        "null",
        "\"text, [with] {brackets}\"",
        "[1,[2]]",
        "{\"id\":tru}",
        "{} {}",
        "{\"id\":\"b\"}",
    ]
    .map(str::to_owned);
    let (mut driver, _) = driver(PLAIN, vec![Ok(page(&rows, 100, C1))]);
    driver.drain(2);
    let bodies: Vec<&[u8]> = driver.committed.iter().map(|event| &event.body[..]).collect();
    assert_eq!(bodies, rows.iter().map(String::as_bytes).collect::<Vec<_>>());
}

#[test]
fn an_event_that_breaks_the_outline_of_its_page_is_isolated() {
    let bad = r#"{"id":"bad","x":[1}"#.to_owned();
    let mut all = many(0, 3);
    all.insert(1, bad.clone());
    let clock = ManualClock::new(DAY);
    let script = Script::new([]);
    let lane = support::lane(&support::settings(PLAIN), &support::surroundings(clock.clone(), script.clone()));
    let mut driver = Driver::new(lane, clock);
    driver.step().unwrap();
    driver.commit_all();
    let mut from = 0;
    for _ in 0..40 {
        // As the API would: rows after the cursor, as many as asked for.
        let limit = script.queries().last().map_or(2730, |query| query["limit"].as_u64().unwrap());
        let next = [2730, 682, 170, 42, 10, 2, 1]
            .into_iter()
            .find(|next| *next < limit && !driver.committed.iter().any(|_| true));
        let asked = if script.queries().is_empty() { 2730 } else { next.unwrap_or(1).max(1) };
        let to = (from + usize::try_from(asked).unwrap()).min(all.len());
        script.then(Ok(page(&all[from..to], usize::try_from(asked).unwrap(), &format!("[{to}]"))));
        match driver.step() {
            Ok(Pulled::Page(_)) => {
                driver.commit_all();
                from = to;
            }
            Ok(_) => break,
            Err(failure) => assert_eq!(failure.kind, FailureKind::Protocol),
        }
    }
    assert!(driver.committed.iter().any(|event| event.body == bad.as_bytes()), "{:?}", ids(&driver));
    assert!(driver.committed.len() == 4, "{:?}", ids(&driver));
}

#[test]
fn a_pretty_printed_page_gives_events_of_one_line() {
    let text = "[\n  {\n    \"id\": \"a\",\n    \"timestamp\": \"2026-02-28T22:00:00Z\",\n    \"message\": \"two  words \\n\"\n  }\r\n]\n";
    let (mut driver, _) = driver(PLAIN, vec![Ok(response(200, &[("x-limit", "10")], text))]);
    driver.drain(2);
    assert_eq!(driver.committed[0].body, r#"{"id":"a","timestamp":"2026-02-28T22:00:00Z","message":"two  words \n"}"#);
    assert_eq!((&*driver.committed[0].meta.id, driver.committed[0].meta.time.is_some()), ("a", true));
}

/// Real sample events, where a checkout of them lies beside this one.
#[test]
fn the_sample_events_go_through_byte_for_byte() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/jumpcloud/corpus");
    let Ok(entries) = std::fs::read_dir(folder) else {
        println!("no sample events beside the checkout: not tested");
        return;
    };
    let mut events = 0;
    for path in
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "ndjson"))
    {
        let text = std::fs::read_to_string(&path).unwrap();
        let rows: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let (mut driver, _) = driver(PLAIN, vec![Ok(page(&rows, 10_000, C1))]);
        driver.drain(2);
        let mut left = rows.iter();
        for event in &driver.committed {
            assert!(left.any(|row| row.as_bytes() == event.body), "{}: changed or out of order", path.display());
            let value: serde_json::Value = serde_json::from_slice(&event.body).unwrap();
            assert_eq!(value["id"].as_str().unwrap_or_default(), &*event.meta.id);
            assert_eq!(value["event_type"].as_str().unwrap_or_default(), &*event.meta.kind);
            let time = value["timestamp"].as_str().and_then(|time| adr_core::Timestamp::parse(time.as_bytes()).ok());
            assert_eq!(time, event.meta.time);
        }
        assert_eq!(driver.committed.len() as u64 + driver.duplicates, rows.len() as u64);
        events += rows.len();
    }
    println!("{events} sample events");
}
