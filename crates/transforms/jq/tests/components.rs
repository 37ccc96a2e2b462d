//! What becomes of events in a filter, in the outputs of a route and in a remap.
#![allow(clippy::unwrap_used, reason = "a test that has nothing to unwrap has failed")]

mod scene;

use adr_core::{Event, Failure, Severity};
use adr_transform_jq::{Filter, FilterConfig, FilterSettings, RemapConfig, RemapSettings, RouteConfig, RouteSettings};
use scene::{event, remap, run};

fn settings(config: serde_json::Value) -> Result<FilterSettings, Failure> {
    FilterSettings::try_from(serde_json::from_value::<FilterConfig>(config).unwrap())
}

fn kept(config: serde_json::Value, event: &Event) -> Option<bool> {
    let product = run(&mut Filter::new(&settings(config).unwrap()), event);
    match (&product.events[..], product.discarded, &product.rejected[..]) {
        ([one], 0, []) => (one == event).then_some(true),
        ([], 1, []) => Some(false),
        ([], 0, [one]) => (one.event == *event).then_some(()).and(None),
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_that_is_given_must_hold() {
    let event = event("{\"a\": 1}");
    for (config, keeps) in [
        (serde_json::json!({ "kinds": ["sso_*"] }), Some(true)),
        (serde_json::json!({ "kinds": ["sso", "user_*"] }), Some(false)),
        (serde_json::json!({ "kinds": ["sso_auth"], "tenants": ["Acme"], "min_severity": "medium" }), Some(true)),
        (serde_json::json!({ "tenants": ["acme"] }), Some(false)),
        (serde_json::json!({ "min_severity": "high" }), Some(false)),
        (serde_json::json!({ "kinds": ["*"], "condition": ".a == 1" }), Some(true)),
        (serde_json::json!({ "kinds": ["x"], "condition": ".a == 1" }), Some(false)),
        (serde_json::json!({ "condition": "empty" }), Some(false)),
        (serde_json::json!({ "condition": "null, false" }), Some(false)),
        (serde_json::json!({ "condition": "null, 0" }), Some(true)),
        (serde_json::json!({ "condition": ".a.b" }), None),
        (serde_json::json!({ "condition": ".a.b", "on_error": "keep" }), Some(true)),
        (serde_json::json!({ "condition": ".a.b", "on_error": "discard" }), Some(false)),
    ] {
        assert_eq!(kept(config.clone(), &event), keeps, "{config}");
    }
}

#[test]
fn severities_that_are_none_have_their_place() {
    for (severity, keeps) in [(Severity::Unknown, false), (Severity::Informational, true), (Severity::Other, true)] {
        let mut event = event("not even JSON");
        event.meta.severity = severity;
        assert_eq!(kept(serde_json::json!({ "min_severity": "informational" }), &event), Some(keeps));
    }
}

#[test]
fn settings_that_cannot_work_say_so() {
    for (config, words) in [
        (serde_json::json!({}), "give `kinds`"),
        (serde_json::json!({ "kinds": [] }), "`kinds` has nothing"),
        (serde_json::json!({ "kinds": ["a*b"] }), "`kinds` has \"a*b\""),
        (serde_json::json!({ "kinds": ["a"], "on_error": "keep" }), "`on_error` has nothing"),
        (serde_json::json!({ "condition": ".a ==" }), "`condition` is wrong in line 1, column 6: term expected"),
    ] {
        let failure = settings(config.clone()).expect_err("it cannot work");
        assert!(failure.message.contains(words), "{config}: {failure}");
    }
}

fn route(config: &str) -> Result<RouteSettings, Failure> {
    RouteSettings::try_from(serde_json::from_str::<RouteConfig>(config).unwrap())
}

#[test]
fn an_event_goes_to_every_output_it_fits_and_to_the_dead_letter_once() {
    let settings =
        route(r#"{"routes":{"z":".a == 1","b":{"kinds":["sso_*"],"condition":".a.b.c"},"a":".a.x"}}"#).unwrap();
    assert_eq!(settings.outputs().collect::<Vec<_>>(), ["z", "b", "a", "_unmatched"]);
    assert!(settings.output("x", |_| true).is_none());
    // Forwarded and rejected, by output, where all are read.
    let fates = |body: &str, read: &[&str]| -> Vec<(usize, usize)> {
        let node = |name| settings.output(name, |name| read.contains(&name)).unwrap();
        let products = read.iter().map(|name| run(&mut node(name), &event(body)));
        products.map(|product| (product.events.len(), product.rejected.len())).collect()
    };
    let all = ["z", "b", "a", "_unmatched"];
    assert_eq!(fates(r#"{"a":{"b":{"c":1},"x":1}}"#, &all), [(0, 0), (1, 0), (1, 0), (0, 0)]);
    assert_eq!(fates(r#"{"a":{}}"#, &all), [(0, 0), (0, 0), (0, 0), (1, 0)]);
    // It fits one output, and fails on two.
    assert_eq!(fates(r#"{"a":1}"#, &all), [(1, 0), (0, 1), (0, 0), (0, 0)]);
    assert_eq!(fates(r#"{"a":2}"#, &all), [(0, 0), (0, 1), (0, 0), (0, 0)]);
    assert_eq!(fates(r#"{"a":2}"#, &["z", "a", "_unmatched"]), [(0, 0), (0, 1), (0, 0)]);
    assert_eq!(fates(r#"{"a":2}"#, &["z", "_unmatched"]), [(0, 0), (0, 1)]);
    assert_eq!(fates("no JSON", &all), [(0, 1), (0, 0), (0, 0), (0, 0)]);
}

#[test]
fn routes_that_cannot_work_say_which() {
    for (config, words) in [
        (r#"{"routes":{}}"#, "`routes` is empty"),
        (r#"{"routes":{"_unmatched":"true"}}"#, "`_unmatched` cannot name"),
        (r#"{"routes":{"a.b":"true"}}"#, "`a.b` cannot name"),
        (r#"{"routes":{"bad":".a |"}}"#, "`bad` of the routes, `condition` is wrong in line 1, column 5"),
    ] {
        let failure = route(config).expect_err("it cannot work");
        assert!(failure.message.contains(words), "{failure}");
    }
    for config in
        [r#"{"routes":{"a":"true","a":"true"}}"#, r#"{"routes":{"a":{"kind":["x"]}}}"#, r#"{"routes":{"a":1}}"#]
    {
        assert!(serde_json::from_str::<RouteConfig>(config).is_err(), "{config}");
    }
}

#[test]
fn each_object_is_an_event_with_the_meta_of_its_source() {
    let source = event(r#"{"list":[{"id":"one"},{"metadata":{"uid":"two"},"id":"no"},{"id":3}]}"#);
    let product = run(&mut remap(".list[]"), &source);
    let ids: Vec<_> = product.events.iter().map(|event| &*event.meta.id).collect();
    assert_eq!(ids, ["one", "two", "old-id"]);
    for event in &product.events {
        assert_eq!(event.meta, adr_core::Meta { id: event.meta.id.clone(), ..source.meta.clone() });
        assert!(serde_json::from_slice::<serde_json::Value>(&event.body).is_ok());
    }
    assert_eq!(run(&mut remap("empty"), &source).discarded, 1);
}

#[test]
fn of_an_event_that_fails_nothing_goes_on() {
    for (program, words) in [
        (".list[], 1", "its output is no object: 1"),
        (".list[], error(\"no\")", "the program failed: no"),
        (".list[], (.list | .x)", "the program failed: cannot index"),
    ] {
        let product = run(&mut remap(program), &event(r#"{"list":[{"id":"one"}]}"#));
        assert!(product.events.is_empty() && product.discarded == 0);
        assert!(product.rejected[0].reason.contains(words), "{}", product.rejected[0].reason);
    }
}

#[test]
fn a_program_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("program.jq");
    let settings = |program: Option<&str>| {
        RemapSettings::try_from(RemapConfig {
            program: program.map(str::to_owned),
            file: Some(file.clone()),
            max_output: None,
        })
    };
    assert!(settings(None).unwrap_err().message.starts_with("`file`"));
    std::fs::write(&file, "# a comment\n.a = 1\n").unwrap();
    assert!(settings(None).is_ok());
    assert!(settings(Some(".")).unwrap_err().message.contains("are both given"));
    std::fs::write(&file, ".a = ").unwrap();
    assert!(settings(None).unwrap_err().message.contains("`file` is wrong in line 1"));
}
