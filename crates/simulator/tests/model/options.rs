//! From what a person types to a world.

use adr_simulator::{OptionsError, Request, SIMULATED_KEY, SimulatorOptions, parse_faults};
use bytes::Bytes;

use crate::common::{EVENTS, NOW, all, ids, json};

fn count(directory: &mut adr_simulator::Directory, key: &str, org: Option<&str>) -> serde_json::Value {
    let mut request = Request::post(format!("{EVENTS}/count"), all("")).with("x-api-key", key);
    if let Some(org) = org {
        request = request.with("x-org-id", org);
    }
    json(directory.handle(NOW, &request))["count"].clone()
}

#[test]
fn each_tenant_has_its_key_and_one_key_has_them_all() {
    let options = SimulatorOptions { events: 50, tenants: 3, ..SimulatorOptions::default() };
    let mut directory = options.directory(NOW).expect("a world");
    assert_eq!(options.key_of(0), SIMULATED_KEY);
    for tenant in 0..3 {
        assert_eq!(count(&mut directory, &options.key_of(tenant), None), 50);
        let id = options.organization_id(tenant);
        assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert_eq!(count(&mut directory, &options.provider_key(), Some(&id)), 50);
    }
    assert_ne!(options.organization_id(0), options.organization_id(1));
    assert_ne!(
        options.organization_id(0),
        SimulatorOptions { seed: 2, ..SimulatorOptions::default() }.organization_id(0)
    );
}

#[test]
fn a_world_follows_from_its_options() {
    let page = |seed| {
        let options = SimulatorOptions { events: 200, seed, ..SimulatorOptions::default() };
        let mut directory = options.directory(NOW).expect("a world");
        ids(directory.handle(NOW, &Request::post(EVENTS, all("")).with("x-api-key", SIMULATED_KEY)))
    };
    assert_eq!(page(1), page(1));
    assert_ne!(page(1), page(2));
    assert_eq!(page(1).len(), 200);
}

#[test]
fn files_are_replayed_a_tenant_each() {
    let file = |text: &str| Bytes::from(text.to_owned());
    let files = vec![
        ("a.ndjson".to_owned(), file("{\"id\":\"a\",\"timestamp\":\"2026-01-20T00:00:00Z\"}\n")),
        ("b.ndjson".to_owned(), file("{\"timestamp\":\"2026-01-20T00:00:00.5Z\", \"id\": \"b\"}")),
    ];
    let options = SimulatorOptions { files, ..SimulatorOptions::default() };
    let mut directory = options.directory(NOW).expect("a world");
    let query = Request::post(EVENTS, all("")).with("x-api-key", &options.key_of(1));
    let page = directory.handle(NOW, &query).body.into_bytes();
    assert_eq!(page, "[{\"timestamp\":\"2026-01-20T00:00:00.5Z\", \"id\": \"b\"}]");
    let files = vec![("c.ndjson".to_owned(), file("{}\n"))];
    let error = SimulatorOptions { files, ..SimulatorOptions::default() }.directory(NOW).expect_err("no timestamp");
    assert!(error.to_string().starts_with("cannot replay c.ndjson: line 1"), "{error}");
    let none = SimulatorOptions { tenants: 0, ..SimulatorOptions::default() }.directory(NOW);
    assert_eq!(none.err(), Some(OptionsError::NoTenant));
}

#[test]
fn faults_reach_answers_and_events() {
    let faults = parse_faults(["500:first=1", "duplicates:share=0.5", "late:share=1,by=365d"]).expect("faults");
    let options = SimulatorOptions { events: 400, faults, ..SimulatorOptions::default() };
    let mut directory = options.directory(NOW).expect("a world");
    let query = Request::post(EVENTS, all("")).with("x-api-key", SIMULATED_KEY);
    assert_eq!(directory.handle(NOW, &query).status, 500);
    assert_eq!(ids(directory.handle(NOW, &query)).len(), 0, "all of them are late");
    let org = directory.organizations().next().expect("one").0;
    let distinct: std::collections::HashSet<_> = directory.ledger(org).map(|entry| entry.id).collect();
    assert!((150..250).contains(&distinct.len()), "{}", distinct.len());
    assert!(parse_faults(["500", "nothing"]).is_err());
}
