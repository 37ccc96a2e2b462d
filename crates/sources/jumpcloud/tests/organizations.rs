//! A provider's key lists its organizations, page by page, each once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use adr_core::FailureKind;
use adr_source_jumpcloud::{JumpcloudLane, Response, TransportError};
use serde_json::json;
use support::script::{Script, response};
use support::{DAY, ManualClock};

type Answer = Result<Response, TransportError>;

fn lane(script: &Arc<Script>) -> Arc<JumpcloudLane> {
    let surroundings = support::surroundings(ManualClock::new(DAY), script.clone());
    support::lane(&support::settings(""), &surroundings)
}

fn providers(ids: &[&str]) -> Answer {
    let rows: Vec<_> = ids.iter().map(|id| json!({ "id": id, "name": "P", "type": "MSP" })).collect();
    Ok(response(200, &[], &json!(rows).to_string()))
}

fn organizations(ids: std::ops::Range<usize>, total: usize) -> Answer {
    let rows: Vec<_> =
        ids.map(|id| json!({ "id": format!("{id:024}"), "name": format!("Org {id}"), "more": [] })).collect();
    Ok(response(200, &[], &json!({ "results": rows, "totalCount": total }).to_string()))
}

#[tokio::test]
async fn every_page_of_every_provider_is_read_and_each_organization_is_there_once() {
    let script = Script::new([
        providers(&["one", "two"]),
        organizations(0..100, 230),
        organizations(100..200, 230),
        organizations(200..230, 230),
        // The second provider shares one.
        organizations(229..231, 2),
    ]);
    let (count, list) = lane(&script).organizations().await.unwrap();
    assert_eq!((count, list.len(), script.left()), (2, 231, 0));
    assert!(list.is_sorted() && list[7].name == "Org 7");
    let asked: Vec<String> = script.requests().iter().map(|request| request.url.clone()).collect();
    assert_eq!(asked[0], "http://127.0.0.1:9/api/v2/providers?limit=100&skip=0");
    assert_eq!(asked[2], "http://127.0.0.1:9/api/v2/providers/one/organizations?limit=100&skip=100&sort=id");
    let request = &script.requests()[1];
    assert_eq!(request.headers["x-api-key"], support::KEY);
    assert!(!request.headers.contains_key("x-org-id"), "it is asked for none of them");
}

#[tokio::test]
async fn half_a_list_is_no_list() {
    let script = Script::new([providers(&["one"]), organizations(0..100, 230), Ok(response(503, &[], ""))]);
    assert_eq!(lane(&script).organizations().await.unwrap_err().kind, FailureKind::Unavailable);
    let script = Script::new([providers(&["one"]), organizations(0..100, 230), organizations(0..0, 230)]);
    let refused = lane(&script).organizations().await.unwrap_err();
    assert!(refused.kind == FailureKind::Protocol && refused.message.contains("lists 100"), "{refused}");
    let script = Script::new([Ok(response(200, &[], "<html>"))]);
    assert_eq!(lane(&script).organizations().await.unwrap_err().kind, FailureKind::Protocol);
    let script = Script::new([Ok(response(401, &[], &format!("{{\"message\":\"no {}\"}}", support::KEY)))]);
    let refused = lane(&script).organizations().await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Unauthorized);
    assert!(!refused.message.contains(support::KEY), "{refused}");
}

#[tokio::test]
async fn a_key_of_one_organization_reaches_no_provider() {
    let script = Script::new([providers(&[])]);
    assert_eq!(lane(&script).organizations().await.unwrap(), (0, Vec::new()));
}
