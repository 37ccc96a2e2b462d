//! What a query may say, and what it finds.

use adr_simulator::{AlertName, Compare, DistinctShape, Request};
use serde_json::json;

use crate::common::{EVENTS, KEY, NOW, all, ask, ask_at, at, empty, event, ids, json, message, time, world};

fn count(directory: &mut adr_simulator::Directory, body: &str) -> u64 {
    json(ask_at(directory, "count", body))["count"].as_u64().expect("a count")
}

#[test]
fn services_are_checked_and_the_valid_ones_are_listed() {
    let (mut directory, _) = world(9);
    let query = |services: &str| format!(r#"{{"service":{services},"start_time":"2026-01-01T00:00:00Z"}}"#);
    assert_eq!(ids(ask(&mut directory, &query(r#"["sso"]"#))).len(), 3);
    assert_eq!(ids(ask(&mut directory, &query(r#"["sso","radius"]"#))).len(), 6);
    assert_eq!(ids(ask(&mut directory, &query(r#"["mdm"]"#))).len(), 0);
    for wrong in [r#"["pam"]"#, r#"["all","pam"]"#, r#"["SSO"]"#] {
        let response = ask(&mut directory, &query(wrong));
        assert_eq!(response.status, 400, "{wrong}");
        let message = message(response);
        assert!(adr_simulator::SERVICES.iter().all(|service| message.contains(service)), "{message}");
    }
    for malformed in [r#""all""#, "[]", "[1]", "null", "{}"] {
        assert_eq!(ask(&mut directory, &query(malformed)).status, 400, "{malformed}");
    }
    assert_eq!(ask(&mut directory, r#"{"start_time":"2026-01-01T00:00:00Z"}"#).status, 400);
    directory.knobs.more_services = vec!["pam".to_owned()];
    assert_eq!(ask(&mut directory, &query(r#"["pam"]"#)).status, 200);
}

#[test]
fn the_alerts_service_has_two_names() {
    let (mut directory, org) = empty();
    directory.insert(org, event("a", "alerts", "alert_created", at(60)), at(60), at(60));
    let mut status = |knob, name: &str| {
        directory.knobs.alert_name = knob;
        let query = format!(r#"{{"service":["{name}"],"start_time":"2026-01-01T00:00:00Z"}}"#);
        let response = ask(&mut directory, &query);
        if response.status == 200 { ids(response).len() } else { usize::from(response.status) }
    };
    assert_eq!(status(AlertName::Alerts, "alerts"), 1);
    assert_eq!(status(AlertName::Alerts, "alert"), 400);
    assert_eq!(status(AlertName::Alert, "alert"), 1);
    assert_eq!(status(AlertName::Alert, "alerts"), 400);
    assert_eq!(status(AlertName::Both, "alert"), 1);
    assert_eq!(status(AlertName::Both, "alerts"), 1);
}

#[test]
fn events_may_spell_their_service_with_a_hyphen_and_all_may_leave_some_out() {
    let (mut directory, org) = empty();
    directory.insert(org, event("a", "ai-admin", "server_create", at(60)), at(60), at(60));
    directory.insert(org, r#"{"id":"bare"}"#, at(50), at(50));
    directory.insert(org, "not even JSON", at(40), at(40));
    let query = r#"{"service":["ai_admin"],"start_time":"2026-01-01T00:00:00Z"}"#;
    assert_eq!(ids(ask(&mut directory, query)), ["a"]);
    assert_eq!(count(&mut directory, &all("")), 3, "what has no service is under `all`");
    directory.knobs.not_in_all = vec!["ai-admin".to_owned()];
    assert_eq!(count(&mut directory, &all("")), 2);
}

#[test]
fn start_is_required_inclusive_and_not_in_the_future() {
    let (mut directory, org) = empty();
    directory.insert(org, event("a", "sso", "sso_auth", at(60)), at(60), at(60));
    let query = |start: &str| format!(r#"{{"service":["all"],"start_time":{start}}}"#);
    assert_eq!(ids(ask(&mut directory, &query(&format!("\"{}\"", at(60))))), ["a"], "inclusive");
    assert_eq!(ids(ask(&mut directory, &query(&format!("\"{}\"", at(59))))).len(), 0);
    assert_eq!(ask(&mut directory, &query(&format!("\"{NOW}\""))).status, 200);
    assert_eq!(ask(&mut directory, r#"{"service":["all"]}"#).status, 400);
    for wrong in ["null", "\"\"", "\"yesterday\"", "\"2026-01-01\"", "1", "\"2026-01-01T00:00:00+00:00Z\""] {
        assert_eq!(ask(&mut directory, &query(wrong)).status, 400, "{wrong}");
    }
    let future = ask(&mut directory, &query(&format!("\"{}\"", at(-1))));
    assert_eq!(future.status, 400);
    assert!(message(future).contains("future"));
    for accepted in ["2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.1Z"] {
        assert_eq!(ask(&mut directory, &query(&format!("\"{accepted}\""))).status, 200, "{accepted}");
    }
    for body in ["", "[]", "null", "{", "\"x\""] {
        assert_eq!(ask(&mut directory, body).status, 400, "{body}");
    }
}

#[test]
fn an_end_before_the_start_is_refused_in_the_observed_words() {
    let (mut directory, _) = world(3);
    let body = r#"{"service":["all"],"start_time":"2026-01-26T08:13:52Z","end_time":"2026-01-26T08:11:52Z"}"#;
    let response = ask(&mut directory, body);
    assert_eq!(response.status, 400);
    assert_eq!(message(response), "Start Time not after End Time 2026-01-26T08:13:52Z > 2026-01-26T08:11:52Z");
}

#[test]
fn the_end_follows_its_knobs() {
    let (mut directory, org) = empty();
    directory.insert(org, event("a", "sso", "sso_auth", at(60)), at(60), at(60));
    let between = |start, end| format!(r#"{{"service":["all"],"start_time":"{start}","end_time":"{end}"}}"#);
    assert_eq!(ids(ask(&mut directory, &between(at(90), at(60)))), ["a"]);
    assert_eq!(ids(ask(&mut directory, &between(at(60), at(60)))), ["a"], "equal is accepted");
    assert_eq!(ask(&mut directory, &between(at(60), at(-60))).status, 200, "a future end is accepted");
    directory.knobs.end_inclusive = false;
    assert_eq!(ids(ask(&mut directory, &between(at(90), at(60)))).len(), 0);
    directory.knobs.start_may_equal_end = false;
    assert_eq!(ask(&mut directory, &between(at(60), at(60))).status, 400);
    directory.knobs.future_end = false;
    assert_eq!(ask(&mut directory, &between(at(60), at(-60))).status, 400);
    assert_eq!(ask(&mut directory, &between(at(60), at(0))).status, 200);
}

#[test]
fn instants_compare_by_the_millisecond_or_the_nanosecond() {
    let (mut directory, org) = empty();
    for (id, text) in [("a", "2026-01-26T08:00:00.0005Z"), ("b", "2026-01-26T08:00:00.0009Z")] {
        directory.insert(org, event(id, "sso", "sso_auth", time(text)), time(text), time(text));
    }
    let query = |start: &str, end: &str| format!(r#"{{"service":["all"],"start_time":"{start}","end_time":"{end}"}}"#);
    let narrow = query("2026-01-26T08:00:00.0006Z", "2026-01-26T08:00:00.0009Z");
    assert_eq!(count(&mut directory, &narrow), 2);
    directory.knobs.compare = Compare::Nanos;
    assert_eq!(ids(ask(&mut directory, &narrow)), ["b"]);
    directory.knobs.end_inclusive = false;
    assert_eq!(count(&mut directory, &narrow), 0);
    assert_eq!(count(&mut directory, &query("2026-01-26T08:00:00Z", "2026-01-26T08:00:00.001Z")), 2);
}

#[test]
fn retention_takes_old_events_away() {
    let (mut directory, _) = world(10);
    directory.knobs.retention = Some(std::time::Duration::from_secs(65));
    assert_eq!(count(&mut directory, &all("")), 5);
}

#[test]
fn search_terms_filter() {
    let (mut directory, org) = empty();
    for (id, text) in [
        ("1", r#""username":"Root","success":true,"n":5,"geoip":{"country_code":"US"},"changes":[{"field":"a"}]"#),
        (
            "2",
            r#""username":"amy","success":false,"n":12,"geoip":{"country_code":"FR"},"policies":[{"name":"P"},{"name":"Q"}]"#,
        ),
        ("3", r#""success":"false","n":7,"client_ip":"192.0.2.7""#),
    ] {
        directory.insert(org, format!(r#"{{"id":"{id}","service":"sso",{text}}}"#), at(60), at(60));
    }
    let mut found = |term: &str| {
        let mut found = ids(ask(&mut directory, &all(&format!(r#""search_term":{term}"#))));
        found.sort();
        found.concat()
    };
    assert_eq!(found(r#"{"and":{"username":"root"}}"#), "1", "values are lower case in the index");
    assert_eq!(found(r#"{"and":{"username":"Root"}}"#), "", "and the query must be");
    assert_eq!(found(r#"{"and":[{"success":"false"},{"n":12}]}"#), "2");
    assert_eq!(found(r#"{"or":[{"username":["root","amy"]},{"client_ip":"192.0.2.7"}]}"#), "123");
    assert_eq!(found(r#"{"not":{"success":"false"}}"#), "1");
    assert_eq!(found(r#"{"and":[{"geoip.country_code":"fr"},{"policies.name":"q"}]}"#), "2");
    assert_eq!(found(r#"{"and":{"changes.field":"a"}}"#), "", "changes are not searchable");
    assert_eq!(found(r#"{"or":[{"and":[{"n":5},{"username":"root"}]},{"n":7}]}"#), "13");
    assert_eq!(
        found(r#"{"and":[{"field":"n","operator":"gte","value":7},{"field":"n","operator":"lt","value":12}]}"#),
        "3"
    );
    assert_eq!(found(r#"{"and":[{"field":"username","operator":"startsWith","value":"r"}]}"#), "1");
    assert_eq!(found(r#"{"and":[{"field":"username","operator":"contains","value":"m"}]}"#), "2");
    assert_eq!(found(r#"{"and":[{"field":"username","operator":"ne","value":"amy"}]}"#), "13");
    assert_eq!(found(r#"{"and":[{"field":"success","operator":"eq","value":true}]}"#), "1");
    assert_eq!(found(r#"{"and":[{"field":"username","value":["amy"]}]}"#), "2");
    for wrong in [
        "{}",
        "[]",
        r#"{"and":{},"or":{}}"#,
        r#"{"nor":{}}"#,
        r#"{"and":"x"}"#,
        r#"{"and":{"success":true}}"#,
        r#"{"and":{"a":{"b":1}}}"#,
        r#"{"and":[{"field":"n","operator":"near","value":1}]}"#,
    ] {
        assert_eq!(ask(&mut directory, &all(&format!(r#""search_term":{wrong}"#))).status, 400, "{wrong}");
    }
    directory.knobs.refuse_boolean_terms = false;
    assert_eq!(ids(ask(&mut directory, &all(r#""search_term":{"and":{"success":true}}"#))), ["1"]);
}

#[test]
fn full_text_and_exact_match() {
    let (mut directory, org) = empty();
    directory.insert(org, r#"{"id":"1","message":"User Amy logged in"}"#, at(60), at(60));
    directory.insert(org, r#"{"id":"2","message":"Amy is a user","n":{"x":[404]}}"#, at(59), at(59));
    let mut found = |more: &str| ids(ask(&mut directory, &all(more))).concat();
    assert_eq!(found(r#""q":"amy user""#), "12");
    assert_eq!(found(r#""exact_match":"user amy""#), "1");
    assert_eq!(found(r#""q":"404""#), "2");
    assert_eq!(ask(&mut directory, &all(r#""q":"a","exact_match":"b""#)).status, 400);
    assert_eq!(ask(&mut directory, &all(r#""q":1"#)).status, 400);
}

#[test]
fn count_counts_what_pages_return() {
    let (mut directory, _) = world(2_500);
    assert_eq!(count(&mut directory, &all("")), 2_500);
    assert_eq!(count(&mut directory, &all(r#""limit":1,"sort":"DESC""#)), 2_500);
    assert_eq!(ids(ask(&mut directory, &all(""))).len(), 1_000, "the default limit");
    assert_eq!(ask_at(&mut directory, "count", "{}").status, 400);
}

#[test]
fn distinct_has_two_shapes() {
    let (mut directory, _) = world(7);
    let buckets = json!([{"key":"directory","doc_count":3},{"key":"radius","doc_count":2},{"key":"sso","doc_count":2}]);
    let answer = json(ask_at(&mut directory, "distinct", &all(r#""field":"service""#)));
    assert_eq!(answer, json!({"buckets": buckets, "doc_count_error_upper_bound": 0, "sum_other_doc_count": 0}));
    directory.knobs.distinct_shape = DistinctShape::ByField;
    let answer = json(ask_at(&mut directory, "distinct", &all(r#""field":"service""#)));
    assert_eq!(answer, json!({"service": buckets}));
    let answer = json(ask_at(&mut directory, "distinct", &all(r#""field":"@version""#)));
    assert_eq!(answer["@version"], json!([{"key":"1","doc_count":7}]));
    assert_eq!(ask_at(&mut directory, "distinct", &all("")).status, 400);
}

#[test]
fn intervals_are_counted_in_a_time_zone() {
    let (mut directory, org) = empty();
    for text in ["2026-01-25T03:30:00Z", "2026-01-25T04:10:00Z", "2026-01-25T06:59:59.999Z"] {
        directory.insert(org, event(text, "sso", "sso_auth", time(text)), time(text), time(text));
    }
    let mut buckets = |more: &str| {
        let answer = json(ask_at(&mut directory, "interval", &all(more)));
        let buckets = answer["buckets"].as_array().expect("buckets").clone();
        buckets
            .iter()
            .map(|b| format!("{} {}", b["key_as_string"].as_str().expect("a name"), b["doc_count"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        buckets(r#""interval_unit":"h""#),
        [
            "2026-01-25T03:00:00.000Z 1",
            "2026-01-25T04:00:00.000Z 1",
            "2026-01-25T05:00:00.000Z 0",
            "2026-01-25T06:00:00.000Z 1"
        ]
    );
    assert_eq!(
        buckets(r#""interval_unit":"h","interval_value":"4""#),
        ["2026-01-25T00:00:00.000Z 1", "2026-01-25T04:00:00.000Z 2"]
    );
    assert_eq!(
        buckets(r#""interval_unit":"d","timezone":"-0500""#),
        ["2026-01-24T00:00:00.000-05:00 2", "2026-01-25T00:00:00.000-05:00 1"]
    );
    // 2026-01-19 was a Monday.
    assert_eq!(buckets(r#""interval_unit":"w""#), ["2026-01-19T00:00:00.000Z 3"]);
    for wrong in [
        "",
        r#""interval_unit":"y""#,
        r#""interval_unit":"h","interval_value":"0""#,
        r#""interval_unit":"h","interval_value":2"#,
        r#""interval_unit":"h","timezone":"Europe/Paris""#,
    ] {
        assert_eq!(ask_at(&mut directory, "interval", &all(wrong)).status, 400, "{wrong}");
    }
    directory.insert(org, event("old", "sso", "sso_auth", at(86_400 * 20)), at(86_400 * 20), at(0));
    let refused = ask_at(&mut directory, "interval", &all(r#""interval_unit":"s""#));
    assert_eq!(refused.status, 400, "more buckets than a back end gives");
}

#[test]
fn only_post_and_only_known_paths() {
    let (mut directory, _) = world(1);
    let get = Request::get(EVENTS).with("x-api-key", KEY);
    assert_eq!(directory.handle(NOW, &get).status, 405);
    let unknown = Request::post("/insights/directory/v1/reports", "{}").with("x-api-key", KEY);
    assert_eq!(directory.handle(NOW, &unknown).status, 404);
    assert_eq!(directory.handle(NOW, &Request::get("/api/v2/users").with("x-api-key", KEY)).status, 404);
    let slash = Request::post(format!("{EVENTS}/"), all("")).with("x-api-key", KEY);
    assert_eq!(directory.handle(NOW, &slash).status, 200);
}
