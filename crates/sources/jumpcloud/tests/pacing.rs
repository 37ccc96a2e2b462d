//! When a lane asks, saves, waits and ends; what it keeps, and what it costs.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use adr_core::{BoxFuture, Budget, FailureKind, Lane, LaneChange, Pace, Pull, Rate, SourceComponent};
use adr_source_jumpcloud::{Jumpcloud, Request, Response, Room, Transport, TransportError};
use futures_util::FutureExt;
use support::driver::{Driver, Pulled};
use support::model::{Doc, Knobs, Model};
use support::script::{Script, event, page, response};
use support::{DAY, ManualClock};

const HOUR: i64 = 3_600_000;

fn modelled(extra: &str, knobs: Knobs, once: bool) -> (Driver, Arc<Model>) {
    let clock = ManualClock::new(DAY);
    let model = Model::new(clock.clone(), knobs, 1);
    let mut surroundings = support::surroundings(clock.clone(), model.clone());
    surroundings.once = once;
    (Driver::new(support::lane(&support::settings(extra), &surroundings), clock), model)
}

fn fill(model: &Model, from: i64, to: i64, many: i64) {
    for at in 0..many {
        let millis = from + (to - from) * at / many;
        let id = format!("{:024x}", millis * 1000 + at);
        model.add(Doc { millis, doc: format!("{at:020}"), text: event(&id, millis), id, visible: millis });
    }
}

#[test]
fn the_start_is_saved_before_anything_is_asked_and_stays() {
    let (mut driver, _) = modelled("start: now", Knobs::default(), false);
    driver.pull().unwrap();
    driver.commit_all();
    let first = driver.records();
    driver.clock.advance(Duration::from_secs(3600));
    driver.reopen();
    let text = String::from_utf8(first[0].1.to_vec()).unwrap();
    assert!(text.contains(&format!("\"watermark\":{DAY}")), "{text}");
    assert!(matches!(driver.pull(), Ok(Pulled::Page(0))), "an hour has gone by, which is worth saving");
    driver.commit_all();
    assert!(driver.records().len() == 1 && driver.records() != first);
}

#[test]
fn an_idle_tenant_is_asked_every_interval_and_seldom_saved() {
    let (mut driver, model) = modelled("start: now", Knobs::default(), false);
    let mut saves = 0;
    while driver.clock.millis() < DAY + 12 * HOUR {
        if let Ok(Pulled::Page(_)) = driver.step() {
            saves += u32::from(!driver.in_flight[0].checkpoint.writes.is_empty());
            driver.commit_all();
        }
    }
    let requests = model.state.lock().unwrap().requests;
    assert!((720..800).contains(&requests), "{requests} requests in 720 minutes, a sweep every 15 minutes among them");
    assert!((100..=200).contains(&saves), "{saves}");
}

#[test]
fn once_reads_up_to_now_and_ends() {
    let (mut driver, model) = modelled("start: -1d\nsettle: 60s\nrequest_budget: 1000/s", Knobs::default(), true);
    fill(&model, DAY - 20 * HOUR, DAY, 7000);
    let mut pulls = 0;
    while !matches!(driver.step(), Ok(Pulled::End)) {
        driver.commit_all();
        // More comes in meanwhile; it is for the next run.
        fill(&model, driver.clock.millis(), driver.clock.millis() + 10, 10);
        pulls += 1;
        assert!(pulls < 100, "it does not end");
    }
    let settled = model.state.lock().unwrap().docs.iter().filter(|doc| doc.millis < DAY - 60_000).count();
    assert_eq!(driver.committed.len(), settled);

    // The next run, an hour later: a sweep is due as well; a life that ended in mid-window does not end it early.
    driver.clock.advance(Duration::from_secs(3600));
    let late = DAY - HOUR;
    model.add(Doc {
        millis: late,
        doc: "z".to_owned(),
        id: "late".to_owned(),
        visible: DAY,
        text: event("late", late),
    });
    let lane = driver.lane.clone();
    let mut surroundings = support::surroundings(driver.clock.clone(), model.clone());
    surroundings.once = true;
    driver.lane = support::lane(&support::settings("start: -1d\npage_limit: 100"), &surroundings);
    driver.reopen();
    for _ in 0..4 {
        driver.step().unwrap();
        driver.commit_all();
    }
    driver.reopen();
    while !matches!(driver.step(), Ok(Pulled::End)) {
        driver.commit_all();
    }
    drop(lane);
    assert!(driver.committed.iter().any(|event| event.meta.id == "late"));
    let all = model.state.lock().unwrap().docs.iter().filter(|doc| doc.millis < DAY + HOUR - 60_000).count();
    let mut ids: Vec<_> = driver.committed.iter().map(|event| event.meta.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), driver.committed.len()), (all, all));
}

#[test]
fn after_a_long_stop_the_sweep_goes_first_and_ends_at_the_watermark() {
    let clock = ManualClock::new(DAY);
    let script = Script::new([Ok(page(&[], 10, ""))]);
    let lane = support::lane(&support::settings("start: -1d"), &support::surroundings(clock.clone(), script.clone()));
    let mut driver = Driver::new(lane, clock);
    driver.pull().unwrap();
    driver.pull().unwrap();
    driver.commit_all();
    driver.clock.advance(Duration::from_secs(10 * 3600));
    driver.reopen();
    script.then(Ok(page(&[], 10, "")));
    script.then(Ok(page(&[], 10, "")));
    driver.pull().unwrap();
    driver.pull().unwrap();
    let queries = script.queries();
    let (watermark, settled) = (support::rfc3339(DAY - 60_000), support::rfc3339(DAY - 2 * HOUR));
    assert_eq!((&queries[1]["start_time"], &queries[1]["end_time"]), (&settled.into(), &watermark.clone().into()));
    assert_eq!(queries[2]["start_time"], watermark);
}

/// A cursor may belong to a snapshot. What became visible since is then missing from the window's later pages,
/// however late they are asked for: the window settles nothing later than the overlap before it was opened.
#[test]
fn an_event_that_a_stopped_windows_snapshot_lacks_is_not_missed() {
    let snapshot = Knobs { snapshot: true, ..Knobs::default() };
    let (mut driver, model) = modelled("start: -1d\npage_limit: 5", snapshot, false);
    fill(&model, DAY - 10 * HOUR, DAY - 9 * HOUR, 8);
    driver.step().unwrap();
    assert!(matches!(driver.step(), Ok(Pulled::Page(5))));
    driver.commit_all();
    let millis = DAY - HOUR;
    let text = event("late", millis);
    model.add(Doc { millis, doc: "x".to_owned(), id: "late".to_owned(), visible: millis + 2 * HOUR, text });
    driver.clock.advance(Duration::from_secs(5 * 3600));
    driver.crash();
    driver.drain(20);
    assert!(driver.committed.iter().any(|event| event.meta.id == "late"));
    assert_eq!(driver.committed.len(), 9);
}

#[test]
fn a_long_backfill_keeps_almost_nothing_and_each_page_writes_little() {
    let (mut driver, model) = modelled("start: -90d\npage_limit: 500\nrequest_budget: 1000/s", Knobs::default(), false);
    fill(&model, DAY - 80 * 24 * HOUR, DAY - 24 * HOUR, 40_000);
    let mut pages = 0;
    while driver.committed.len() < 40_000 {
        let before = driver.written;
        driver.step().unwrap();
        driver.commit_all();
        pages += 1;
        assert!(driver.written - before < 16_000, "{} bytes for a page", driver.written - before);
        // A page of half a day has its ids in as many slices of ten minutes.
        assert!(driver.records.len() <= 250, "{}", driver.records.len());
    }
    assert!((80..100).contains(&pages));
}

#[test]
fn a_busy_overlap_costs_each_page_its_own_ids_only() {
    let (mut driver, model) = modelled("start: -2h\nrequest_budget: 1000/s", Knobs::default(), false);
    fill(&model, DAY - 2 * HOUR, DAY - 60_000, 60_000);
    driver.drain(200);
    let kept: usize = driver.records.values().map(bytes::Bytes::len).sum();
    assert!(kept > 60_000 * 17, "all of them may be read again: {kept}");
    for _ in 0..10 {
        let now = driver.clock.millis();
        fill(&model, now, now + 1000, 20);
        driver.clock.advance(Duration::from_secs(61));
        let before = (driver.written, driver.committed.len());
        while driver.committed.len() == before.1 {
            driver.step().unwrap();
            driver.commit_all();
        }
        assert!(driver.written - before.0 < 10_000, "{} bytes for 20 events", driver.written - before.0);
    }
}

#[test]
fn a_tenant_keeps_to_its_request_budget() {
    let (mut driver, model) =
        modelled("start: -1d\noverlap: 0s\npage_limit: 1\nrequest_budget: 5/s", Knobs::default(), false);
    fill(&model, DAY - 20 * HOUR, DAY - HOUR, 200);
    let begin = driver.clock.millis();
    while driver.committed.len() < 200 {
        if let Ok(Pulled::Wait(wait)) = driver.pull() {
            driver.clock.advance(wait);
        }
        driver.commit_all();
    }
    let seconds = (driver.clock.millis() - begin) / 1000;
    assert!((38..=41).contains(&seconds), "200 pages of 5 a second took {seconds} s");
}

#[test]
fn lanes_share_the_process_budget_in_the_order_they_ask() {
    let clock = ManualClock::new(DAY);
    let model = Model::new(clock.clone(), Knobs::default(), 1);
    fill(&model, DAY - 20 * HOUR, DAY - HOUR, 10_000);
    let tenants: String = (0..10)
        .map(|at| {
            format!("  - {{ device_name: T{at}, secret_key: {{ env: K }}, configuration: {{ org_id: o{at} }} }}\n")
        })
        .collect();
    let raw = support::config(&format!(
        "base_url: http://127.0.0.1:9\nstart: -1d\npage_limit: 1\noverlap: 0s\ntenants:\n{tenants}"
    ))
    .unwrap();
    let mut surroundings = support::surroundings(clock.clone(), model);
    surroundings.process_budget = Some(Arc::new(Pace::new(Rate::per_second(10))));
    let component = Jumpcloud::new("jumpcloud", &raw.try_into().unwrap(), &surroundings);
    let budget = Budget::new(64 << 20);
    let mut lanes: Vec<_> = component.lanes().map(|lane| (lane.open(Vec::new()).unwrap(), 0, clock.millis())).collect();
    while clock.millis() < DAY + 60_000 {
        for (source, pages, due) in &mut lanes {
            if *due > clock.millis() {
                continue;
            }
            let memory = budget.reserve(source.demand()).now_or_never().unwrap();
            match source.next(memory).now_or_never().unwrap().unwrap() {
                Pull::Page(page) => *pages += page.events.len(),
                Pull::Wait(wait) => *due += i64::try_from(wait.as_micros().div_ceil(1000)).unwrap(),
                Pull::End => panic!("no end"),
            }
        }
        clock.advance(Duration::from_millis(1));
    }
    let pages: Vec<usize> = lanes.iter().map(|(_, pages, _)| *pages).collect();
    let total: usize = pages.iter().sum();
    assert!((590..=612).contains(&total), "{total} requests in a minute of 10 a second");
    assert!(pages.iter().all(|pages| (58..=63).contains(pages)), "{pages:?}");
}

#[test]
fn a_component_hands_out_a_lane_for_each_tenant_then_nothing_changes() {
    let raw = support::config("tenants: [ { device_name: A, secret_key: { env: K }, configuration: { org_id: a } }, { device_name: B, secret_key: { env: K } } ]").unwrap();
    let clock = ManualClock::new(DAY);
    let script = Script::new([]);
    let mut component = Jumpcloud::new("jc", &raw.try_into().unwrap(), &support::surroundings(clock, script));
    let mut names = Vec::new();
    while let Some(change) = component.next_change().now_or_never().unwrap() {
        let LaneChange::Start(lane) = change else { panic!("nothing stops") };
        names.push(lane.id().to_string());
    }
    assert_eq!(names, ["jc/a", "jc/B"]);
}

#[test]
fn memory_that_was_short_is_asked_for_beforehand() {
    let big = format!(r#"{{"id":"1","x":"{}"}}"#, "x".repeat(3 << 20));
    let clock = ManualClock::new(DAY);
    let script =
        Script::new([Ok(page(std::slice::from_ref(&big), 10, "")), Ok(page(std::slice::from_ref(&big), 10, ""))]);
    let lane = support::lane(&support::settings("overlap: 0s"), &support::surroundings(clock, script));
    let mut source = lane.open(Vec::new()).unwrap();
    let budget = Budget::new(2 << 20);
    let mut pull = |others: usize| {
        let others = budget.reserve(others).now_or_never().unwrap();
        let demand = source.demand();
        drop(others);
        let memory = budget.reserve(demand).now_or_never().unwrap();
        let _others = budget.reserve(others_after(demand)).now_or_never();
        (demand, source.next(memory).now_or_never().unwrap())
    };
    assert!(pull(0).1.is_ok(), "the start is saved");
    let (first, result) = pull(1 << 20);
    assert!(first == 64 << 10 && matches!(result, Ok(Pull::Wait(_))), "it waits, and nothing is wrong");
    let (second, result) = pull(0);
    assert!(second > 3 << 20, "{second}");
    assert!(
        matches!(result, Ok(Pull::Page(page)) if page.events.len() == 1),
        "larger than the whole budget, it passes alone"
    );
}

/// What another lane holds meanwhile: something, as long as there is room.
fn others_after(demand: usize) -> usize {
    if demand < 1 << 20 { 1 << 20 } else { 0 }
}

#[test]
fn a_single_event_may_be_larger_than_the_response_cap() {
    let huge = format!(r#"{{"id":"1","x":"{}"}}"#, "x".repeat(200_000));
    let clock = ManualClock::new(DAY);
    let script = Script::new((0..9).map(|_| Ok(page(std::slice::from_ref(&huge), 10, ""))));
    let lane = support::lane(
        &support::settings("overlap: 0s\nmax_response_bytes: 65536"),
        &support::surroundings(clock.clone(), script.clone()),
    );
    let mut driver = Driver::new(lane, clock);
    while driver.committed.is_empty() {
        let _ = driver.step();
        driver.commit_all();
    }
    assert_eq!(script.queries().last().unwrap()["limit"], 1);
}

#[test]
fn a_clock_ahead_of_the_servers_passes_no_event_by() {
    for ahead in [HOUR, 20 * HOUR] {
        let (mut driver, model) = modelled("start: -1d", Knobs { date_header: true, ..Knobs::default() }, false);
        model.state.lock().unwrap().skew = -ahead;
        let mut requests = 0;
        for minute in 0..60 {
            let server = driver.clock.millis() - ahead;
            fill(&model, server, server + 60_000, 5);
            let until = DAY + (minute + 1) * 60_000;
            while driver.clock.millis() < until {
                // With a start in the future of the server there is nothing to read yet.
                let _ = driver.step();
                driver.commit_all();
            }
            requests = model.state.lock().unwrap().requests;
        }
        assert!(requests < 200, "{requests} requests in an hour");
        // The clock is set right.
        driver.clock.set(driver.clock.millis() - ahead);
        model.state.lock().unwrap().skew = 0;
        let until = driver.clock.millis() + 4 * HOUR;
        while driver.clock.millis() < until {
            let _ = driver.step();
            driver.commit_all();
        }
        let mut ids: Vec<_> = driver.committed.iter().map(|event| event.meta.id.clone()).collect();
        ids.sort();
        ids.dedup();
        let all = model.state.lock().unwrap().docs.len();
        assert_eq!((ids.len(), driver.committed.len()), (all, all), "{ahead}");
    }
}

#[test]
fn a_check_is_one_small_request_and_names_what_is_wrong() {
    let check = |answer: Result<Response, TransportError>| {
        let clock = ManualClock::new(DAY);
        let script = Script::new([answer]);
        let component = Jumpcloud::new(
            "jc",
            &support::settings("device_name: Acme"),
            &support::surroundings(clock, script.clone()),
        );
        let mut checked = component.check().now_or_never().unwrap();
        assert_eq!((script.queries()[0]["limit"].as_u64(), &checked[0].device_name[..]), (Some(1), "Acme"));
        checked.remove(0).outcome
    };
    assert!(check(Ok(page(&[event("a", DAY)], 1, "[1]"))).unwrap().recent_event);
    assert!(!check(Ok(page(&[], 1, ""))).unwrap().recent_event);
    let wrong = event("a", DAY).replace("5a2af2a82cf2b0010053ea41", "0000000000000000000000aa");
    let failure = check(Ok(page(&[wrong], 1, "[1]"))).unwrap_err();
    assert!(failure.message.contains("0000000000000000000000aa") && failure.message.starts_with("Acme"), "{failure}");
    assert_eq!(check(Ok(response(401, &[], ""))).unwrap_err().kind, FailureKind::Unauthorized);
    assert_eq!(check(Ok(response(200, &[], "hello"))).unwrap_err().kind, FailureKind::Protocol);
}

#[test]
fn a_checkpoint_that_cannot_be_used_is_refused() {
    let (driver, _) = modelled("start: -1d", Knobs::default(), false);
    let records = |records: &[(&'static [u8], &'static [u8])]| {
        records.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    };
    let sound: &[u8] = br#"{"v":1,"watermark":1,"settled":1,"hash_key":"00000000000000000000000000000000"}"#;
    assert!(driver.lane.open(records(&[(b"c", sound)])).is_ok());
    for bad in [
        records(&[(b"c", b"{\"v\":2}")]),
        records(&[(b"c", b"")]),
        records(&[(b"i123456781234", &[0; 17])]),
        records(&[(b"c", sound), (b"i", b"")]),
        records(&[(b"c", sound), (b"z", b"")]),
    ] {
        let Err(failure) = driver.lane.open(bad) else { panic!("it is not to be used") };
        assert_eq!((failure.kind, failure.retry), (FailureKind::Storage, adr_core::Retry::Never));
        assert!(failure.message.starts_with("jumpcloud/5a2af2a82cf2b0010053ea41: "), "{failure}");
    }
}

#[test]
fn the_same_seed_asks_the_same_questions() {
    struct Recorded(Arc<Model>, Mutex<Vec<Vec<u8>>>);
    impl Transport for Recorded {
        fn send<'a>(&'a self, request: Request, room: Room<'a>) -> BoxFuture<'a, Result<Response, TransportError>> {
            self.1.lock().unwrap().push(request.body.to_vec());
            self.0.send(request, room)
        }
    }
    let life = || {
        let clock = ManualClock::new(DAY);
        let model = Model::new(clock.clone(), Knobs { faults: 100, refused_cursors: 50, ..Knobs::default() }, 7);
        fill(&model, DAY - 20 * HOUR, DAY, 3000);
        let recorded = Arc::new(Recorded(model, Mutex::default()));
        let lane = support::lane(
            &support::settings("start: -1d\npage_limit: 100"),
            &support::surroundings(clock.clone(), recorded.clone()),
        );
        let mut driver = Driver::new(lane, clock);
        for _ in 0..300 {
            let _ = driver.step();
            driver.commit_all();
        }
        let asked = recorded.1.lock().unwrap().clone();
        (asked, driver.records())
    };
    assert!(life() == life());
}
