//! What several tests need: a small world and a client without a network.

use adr_core::Timestamp;
use adr_simulator::{Access, Directory, OrganizationIndex, Request, Response};
use serde_json::Value;

pub(crate) const KEY: &str = "simulated-key-not-a-secret";
pub(crate) const ORG: &str = "5a2af2a82cf2b0010053ea41";
pub(crate) const EVENTS: &str = "/insights/directory/v1/events";
/// 2026-01-26T09:00:00Z
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_769_418_000);

pub(crate) fn at(seconds_before_now: i64) -> Timestamp {
    Timestamp::from_nanos(NOW.as_nanos() - seconds_before_now * 1_000_000_000)
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text.as_bytes()).expect(text)
}

/// One organization, one key, no event.
pub(crate) fn empty() -> (Directory, OrganizationIndex) {
    let mut directory = Directory::new(7);
    let org = directory.add_organization(ORG);
    directory.add_key(KEY, Access::Organization(org));
    (directory, org)
}

pub(crate) fn event(id: &str, service: &str, event_type: &str, timestamp: Timestamp) -> String {
    format!(
        r#"{{"id":"{id}","service":"{service}","event_type":"{event_type}","organization":"{ORG}","timestamp":"{timestamp}","@version":"1"}}"#
    )
}

/// So many events, a second apart, the newest a minute old.
pub(crate) fn world(count: i64) -> (Directory, OrganizationIndex) {
    let (mut directory, org) = empty();
    for number in 0..count {
        let when = at(60 + count - number);
        let service = ["directory", "sso", "radius"][usize::try_from(number % 3).expect("small")];
        directory.insert(org, event(&format!("id-{number:05}"), service, "user_update", when), when, when);
    }
    (directory, org)
}

pub(crate) fn ask(directory: &mut Directory, body: &str) -> Response {
    directory.handle(NOW, &Request::post(EVENTS, body.to_owned()).with("x-api-key", KEY))
}

pub(crate) fn ask_at(directory: &mut Directory, path: &str, body: &str) -> Response {
    directory.handle(NOW, &Request::post(format!("{EVENTS}/{path}"), body.to_owned()).with("x-api-key", KEY))
}

/// A query of everything, with more members.
pub(crate) fn all(more: &str) -> String {
    format!(
        r#"{{"service":["all"],"start_time":"{}"{}{more}}}"#,
        at(86_400 * 30),
        if more.is_empty() { "" } else { "," }
    )
}

pub(crate) fn json(response: Response) -> Value {
    let text = response.body.into_bytes();
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&text)))
}

pub(crate) fn message(response: Response) -> String {
    json(response)["message"].as_str().expect("a message").to_owned()
}

pub(crate) fn ids(response: Response) -> Vec<String> {
    let page = json(response);
    page.as_array().expect("an array").iter().map(|event| event["id"].as_str().unwrap_or("-").to_owned()).collect()
}

/// Every page of a query, by its cursor, until a page is not full: (ids, number of requests).
pub(crate) fn read_all(directory: &mut Directory, query: &str, limit: u64) -> (Vec<String>, usize) {
    let mut query: Value = serde_json::from_str(query).expect("a query");
    query["limit"] = limit.into();
    let (mut found, mut requests) = (Vec::new(), 0);
    loop {
        let response = ask(directory, &query.to_string());
        requests += 1;
        assert_eq!(response.status, 200, "{:?}", response.body);
        let (count, full) =
            (response.header("x-result-count").expect("a count"), response.header("X-Limit").expect("a limit"));
        let (count, full): (u64, u64) = (count.parse().expect("a number"), full.parse().expect("a number"));
        if let Some(cursor) = response.header("x-search_after") {
            query["search_after"] = serde_json::from_str(cursor).expect("JSON");
        }
        let page = ids(response);
        assert_eq!(page.len() as u64, count);
        found.extend(page);
        if count < full {
            return (found, requests);
        }
        assert!(requests < 100_000, "no end of pages");
    }
}
