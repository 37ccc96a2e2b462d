//! The simulator against JumpCloud's own description of the API, where that lies beside the checkout.
#![expect(clippy::print_stdout, reason = "a test that compares less says so")]

use std::path::Path;

use adr_simulator::{Request, SERVICES};
use serde_json::Value;

use crate::common::{EVENTS, KEY, NOW, all, ask, ask_at, world};

fn description() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/jumpcloud/directory-insights.openapi.yaml");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("no ../shared beside the checkout: the OpenAPI description is not compared");
        return None;
    };
    Some(serde_saphyr::from_str(&text).expect("YAML"))
}

/// All names of properties of a schema, through `allOf` and `$ref`.
fn properties(schema: &Value, root: &Value, names: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        properties(root.pointer(reference.trim_start_matches('#')).expect("a schema"), root, names);
    }
    schema["allOf"].as_array().into_iter().flatten().for_each(|part| properties(part, root, names));
    names.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
}

#[test]
fn the_paths_of_events_are_those_described() {
    let Some(description) = description() else { return };
    let mut paths: Vec<&str> = description["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
    paths.retain(|path| !path.starts_with("/v1/reports"));
    assert_eq!(paths, ["/v1/events", "/v1/events/count", "/v1/events/distinct", "/v1/events/interval"]);
    let (mut directory, _) = world(3);
    for path in paths {
        let methods = description["paths"][path].as_object().expect("methods");
        assert_eq!(methods.keys().collect::<Vec<_>>(), ["post"]);
        let body = all(r#""field":"service","interval_unit":"h""#);
        let request = Request::post(format!("/insights/directory{path}"), body).with("x-api-key", KEY);
        let response = directory.handle(NOW, &request);
        assert_eq!(response.status, 200, "{path}");
        let documented = &methods["post"]["responses"]["200"]["content"];
        assert!(documented[response.header("content-type").expect("a type")].is_object(), "{path}");
        let answer: Value = serde_json::from_slice(&response.body.into_bytes()).expect("JSON");
        let mut names = Vec::new();
        properties(&documented["application/json"]["schema"], &description, &mut names);
        let own: Vec<&String> = answer.as_object().into_iter().flatten().map(|(name, _)| name).collect();
        assert!(own.iter().all(|name| names.contains(name)) && own.len() == names.len(), "{path}: {own:?} {names:?}");
        for status in ["400", "401", "402", "500"] {
            assert_eq!(
                methods["post"]["responses"][status]["content"]["application/json"]["schema"]["$ref"],
                "#/components/schemas/ErrorMessage"
            );
        }
    }
}

#[test]
fn the_services_are_those_described() {
    let Some(description) = description() else { return };
    let listed = description
        .pointer("/components/schemas/EventServiceTimeQuery/properties/service/items/enum")
        .expect("an enumeration");
    let listed: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(listed, SERVICES);
}

/// Each documented member of a query has an effect: nonsense in it is seen.
#[test]
fn the_members_of_a_query_are_those_described() {
    let Some(description) = description() else { return };
    let mut names = Vec::new();
    for schema in ["EventQuery", "EventDistinctQuery", "EventIntervalQuery"] {
        properties(&description["components"]["schemas"][schema], &description, &mut names);
    }
    names.sort();
    names.dedup();
    let (mut directory, _) = world(9);
    let plain = all(r#""field":"service","interval_unit":"h""#);
    let mut outcome = |member: &str, value: &str| {
        let mut query: serde_json::Map<String, Value> = serde_json::from_str(&plain).expect("a query");
        query.insert(member.to_owned(), serde_json::from_str(value).expect("JSON"));
        let body = Value::Object(query).to_string();
        let mut text = String::new();
        let page = ask(&mut directory, &body);
        text.push_str(&format!("{} {:?} {:?}", page.status, page.header("x-limit"), page.header("x-sort")));
        text.push_str(&String::from_utf8_lossy(&page.body.into_bytes()));
        for path in ["distinct", "interval"] {
            text.push_str(&String::from_utf8_lossy(&ask_at(&mut directory, path, &body).body.into_bytes()));
        }
        text
    };
    let usual = outcome("nothing", "0");
    for name in &names {
        let value = match name.as_str() {
            "limit" | "skip" => "3",
            "sort" => "\"DESC\"",
            "timezone" => "\"-0500\"",
            // It only shows below a provider; see access.rs.
            "exclude_provider_activity" => continue,
            _ => "\"nonsense\"",
        };
        assert_ne!(outcome(name, value), usual, "{name} has no effect");
    }
    assert_eq!(names.len(), 16, "{names:?}");
}

#[test]
fn the_headers_are_those_described() {
    let Some(description) = description() else { return };
    let prose = description["info"]["description"].as_str().expect("prose");
    let (mut directory, _) = world(1);
    let page = ask(&mut directory, &all(""));
    for name in ["X-Result-Count", "X-Limit", "X-Sort", "X-Search_after", "X-Request-Id"] {
        assert!(prose.contains(&format!("{name} ")), "{name}");
        assert!(page.headers.iter().any(|(own, _)| own == name), "{name}");
    }
    for scheme in ["x-api-key", "x-org-id"] {
        assert_eq!(description["components"]["securitySchemes"][scheme]["name"], scheme);
    }
    assert!(EVENTS.ends_with("/insights/directory/v1/events"));
}

/// The generator's table against the documented event types.
#[test]
fn every_documented_event_type_can_occur() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/jumpcloud/event-types.tsv");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("no ../shared beside the checkout: the event types are not compared");
        return;
    };
    let own: std::collections::HashSet<(String, &str)> =
        adr_simulator::EventGenerator::event_types().map(|(service, kind)| (service.replace('-', "_"), kind)).collect();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let known = own
            .iter()
            .any(|(service, kind)| *kind == columns[1] && (columns[0] == "(unknown)" || service == columns[0]));
        assert!(known, "{line}");
    }
}
