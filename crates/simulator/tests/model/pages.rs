//! Pages: their order, their ends, their headers.

use crate::common::{EVENTS, KEY, NOW, all, ask, at, empty, event, ids, json, message, read_all, world};
use adr_simulator::{EmptyPageCursor, Request};

#[test]
fn a_page_says_how_to_go_on() {
    let (mut directory, _) = world(5);
    let response = ask(&mut directory, &all(r#""limit":2"#));
    assert_eq!(response.status, 200);
    let names: Vec<&str> = response.headers.iter().map(|(name, _)| name.as_ref()).collect();
    assert_eq!(names, ["Content-Type", "X-Result-Count", "X-Limit", "X-Sort", "X-Search_after", "X-Request-Id"]);
    assert_eq!(response.header("x-result-count"), Some("2"));
    assert_eq!(response.header("x-limit"), Some("2"));
    assert_eq!(response.header("x-sort"), Some("ASC"));
    let cursor: serde_json::Value =
        serde_json::from_str(response.header("x-search_after").expect("a cursor")).expect("JSON");
    assert_eq!(cursor[0], at(64).as_millis());
    assert_eq!(cursor[1].as_str().map(str::len), Some(20));
    assert_eq!(response.header("x-request-id").map(str::len), Some(36));
    assert_eq!(ids(response), ["id-00000", "id-00001"]);
}

#[test]
fn a_multiple_of_the_limit_ends_with_an_empty_page() {
    let (mut directory, _) = world(6);
    let (found, requests) = read_all(&mut directory, &all(""), 3);
    assert_eq!((found.len(), requests), (6, 3));
    let (found, requests) = read_all(&mut directory, &all(""), 4);
    assert_eq!((found.len(), requests), (6, 2));
}

#[test]
fn the_cursor_may_come_back_as_numbers_or_strings_but_not_malformed() {
    let (mut directory, _) = world(4);
    let response = ask(&mut directory, &all(r#""limit":1"#));
    let cursor: serde_json::Value =
        serde_json::from_str(response.header("x-search_after").expect("a cursor")).expect("JSON");
    let (millis, doc) = (&cursor[0], &cursor[1]);
    for sent in [format!("[{millis},{doc}]"), format!("[\"{millis}\",{doc}]"), format!(" [ {millis} , {doc} ] ")] {
        let response = ask(&mut directory, &all(&format!(r#""search_after":{sent}"#)));
        assert_eq!(ids(response), ["id-00001", "id-00002", "id-00003"], "{sent}");
    }
    for sent in
        ["[]", "{}", "\"x\"", "[1]", "[1,2]", "[\"soon\",\"a\"]", "[1,\"\"]", "[1,\"a\",2]", "[{},{}]", "[1.5,\"a\"]"]
    {
        let response = ask(&mut directory, &all(&format!(r#""search_after":{sent}"#)));
        assert_eq!(response.status, 400, "{sent}");
        assert!(message(response).contains("search_after"));
    }
    assert_eq!(ask(&mut directory, &all(r#""search_after":null"#)).status, 200);
}

#[test]
fn an_empty_page_has_the_cursor_that_the_knob_says() {
    let (mut directory, _) = world(1);
    let query = all(r#""search_after":[1769417999000,"zzzzzzzzzzzzzzzzzzzz"]"#);
    for (knob, header) in [
        (EmptyPageCursor::Echo, Some(r#"[1769417999000,"zzzzzzzzzzzzzzzzzzzz"]"#)),
        (EmptyPageCursor::Absent, None),
        (EmptyPageCursor::EmptyArray, Some("[]")),
        (EmptyPageCursor::Null, Some("null")),
    ] {
        directory.knobs.cursor_on_empty_page = knob;
        let response = ask(&mut directory, &query);
        assert_eq!(response.header("x-search_after"), header, "{knob:?}");
        assert_eq!(response.header("x-result-count"), Some("0"));
        assert_eq!(&response.body.into_bytes()[..], b"[]");
    }
}

#[test]
fn order_is_by_millisecond_and_row_id_not_by_nanoseconds() {
    let (mut directory, org) = empty();
    let base = at(100).as_nanos();
    for number in 0..200 {
        let when = adr_core::Timestamp::from_nanos(base + number * 1_000);
        directory.insert(org, event(&format!("n{number:03}"), "sso", "sso_auth", when), when, when);
    }
    let (found, _) = read_all(&mut directory, &all(""), 7);
    let mut sorted = found.clone();
    sorted.sort();
    assert_ne!(found, sorted, "inside one millisecond the order is that of the random row ids");
    sorted.dedup();
    assert_eq!(sorted.len(), 200, "a burst in one millisecond is paged through exactly once");
}

#[test]
fn descending_is_the_mirror_image() {
    let (mut directory, _) = world(10);
    let (mut up, _) = read_all(&mut directory, &all(""), 3);
    let (down, _) = read_all(&mut directory, &all(r#""sort":"desc""#), 3);
    up.reverse();
    assert_eq!(up, down);
    assert_eq!(ask(&mut directory, &all(r#""sort":"DESC""#)).header("x-sort"), Some("DESC"));
    for nonsense in [r#""sort":"-timestamp""#, r#""sort":7"#, r#""sort":null"#] {
        assert_eq!(ask(&mut directory, &all(nonsense)).header("x-sort"), Some("ASC"), "{nonsense}");
    }
}

#[test]
fn late_events_appear_when_their_time_has_come() {
    let (mut directory, org) = world(3);
    let (happened, visible) = (at(62), at(-600));
    directory.insert(org, event("late", "mdm", "mdm_command_result", happened), happened, visible);
    let request = Request::post(EVENTS, all("")).with("x-api-key", KEY);
    let before = adr_core::Timestamp::from_nanos(visible.as_nanos() - 1);
    assert_eq!(ids(directory.handle(before, &request)).len(), 3);
    let after = ids(directory.handle(visible, &request));
    assert_eq!(after.len(), 4);
    assert!(after.iter().position(|id| id == "late").expect("it is there") < 3, "it stands where it happened");
    assert_eq!(directory.ledger(org).count(), 4, "the ledger holds it all the while");
}

#[test]
fn duplicates_are_two_rows_and_the_text_is_verbatim() {
    let (mut directory, org) = empty();
    let text = "{ \"id\" : \"twice\" ,\"timestamp\":\"2026-01-26T08:00:00.10Z\", \"n\":1.50, \"s\":\"\\u00e9\" }";
    for _ in 0..2 {
        directory.insert(org, text, at(3600), at(3600));
    }
    let response = ask(&mut directory, &all(""));
    assert_eq!(response.header("x-result-count"), Some("2"));
    assert_eq!(response.body.into_bytes(), format!("[{text},{text}]"));
}

#[test]
fn skip_reaches_ten_thousand_rows() {
    let (mut directory, _) = world(30);
    assert_eq!(ids(ask(&mut directory, &all(r#""skip":28"#))), ["id-00028", "id-00029"]);
    assert_eq!(ask(&mut directory, &all(r#""skip":9000,"limit":1000"#)).status, 200);
    assert_eq!(ask(&mut directory, &all(r#""skip":9001,"limit":1000"#)).status, 400);
}

#[test]
fn limits_are_bounded_and_nonsense_is_the_default() {
    use adr_simulator::OversizedLimit;
    let (mut directory, _) = world(1);
    for (limit, effective) in [
        ("1", "1"),
        ("10000", "10000"),
        ("0", "1000"),
        ("-5", "1000"),
        ("\"many\"", "1000"),
        ("2.5", "1000"),
        ("null", "1000"),
    ] {
        let response = ask(&mut directory, &all(&format!(r#""limit":{limit}"#)));
        assert_eq!(response.header("x-limit"), Some(effective), "{limit}");
    }
    let mut effective = |knob| {
        directory.knobs.oversized_limit = knob;
        let response = ask(&mut directory, &all(r#""limit":10001"#));
        (response.status, response.header("x-limit").map(str::to_owned))
    };
    assert_eq!(effective(OversizedLimit::Default), (200, Some("1000".to_owned())));
    assert_eq!(effective(OversizedLimit::Clamp), (200, Some("10000".to_owned())));
    assert_eq!(effective(OversizedLimit::Refuse).0, 400);
}

#[test]
fn cursors_can_age_and_belong_to_their_query() {
    let (mut directory, _) = world(5);
    directory.knobs.cursor_lifetime = Some(std::time::Duration::from_secs(30));
    directory.knobs.cursor_bound_to_query = true;
    let first = Request::post(EVENTS, all(r#""limit":2"#)).with("x-api-key", KEY);
    let cursor = directory.handle(NOW, &first).header("x-search_after").expect("a cursor").to_owned();
    let mut next = |now, more: &str| {
        let query = all(&format!(r#""limit":2,"search_after":{cursor}{more}"#));
        directory.handle(now, &Request::post(EVENTS, query).with("x-api-key", KEY)).status
    };
    assert_eq!(next(at(-30), ""), 200);
    assert_eq!(next(at(-31), ""), 400);
    assert_eq!(next(NOW, r#","sort":"DESC""#), 400);
    assert_eq!(next(NOW, r#","q":"user""#), 400);
    let never_given = all(r#""search_after":[1,"aaaaaaaaaaaaaaaaaaaa"]"#);
    assert_eq!(ask(&mut directory, &never_given).status, 400);
}

#[test]
fn fields_are_projected_in_the_event_order() {
    let (mut directory, _) = world(1);
    let page = json(ask(&mut directory, &all(r#""fields":["timestamp","id","nothing"]"#)));
    assert_eq!(page[0].as_object().map(serde_json::Map::len), Some(2));
    for refused in ["[]", r#"["nothing"]"#, "[1]", "\"id\""] {
        assert_eq!(ask(&mut directory, &all(&format!(r#""fields":{refused}"#))).status, 400, "{refused}");
    }
    assert_eq!(ask(&mut directory, &all(r#""fields":null"#)).status, 200);
}
