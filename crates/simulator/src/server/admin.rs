//! What a test or a browser may change while the server runs, below `/__sim/`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Shared;
use crate::{Directory, FaultSpec, Request, Response};

/// - `GET /__sim/faults` the faults that are on; `PUT` a list of texts (`["429:every=10"]`) in their place;
///   `POST` a list beside them; `DELETE` none.
/// - `GET /__sim/ledger?org=ID` what the organization holds, NDJSON of id, timestamp and visible_at, in the API's order.
/// - `GET /__sim/tally` what was asked and answered.
/// - `POST /__sim/keys` `{"old": "...", "new": "..."}` rotates an API key; `DELETE` with `{"key": "..."}` revokes it.
/// - `POST /__sim/organizations` `{"id": "..."}` adds an organization without events to the provider.
pub(super) fn answer(shared: &Shared, request: &Request) -> Response {
    let mut directory = shared.directory.lock();
    match (request.method.as_str(), request.path.trim_start_matches("/__sim/")) {
        ("GET", "faults") => faults(&directory),
        ("PUT", "faults") => change(&mut directory, request, true),
        ("POST", "faults") => change(&mut directory, request, false),
        ("DELETE", "faults") => {
            directory.set_faults(Vec::new());
            faults(&directory)
        }
        ("GET", "ledger") => ledger(&directory, request),
        ("GET", "tally") => tally(&directory),
        ("POST", "keys") => rotate(&mut directory, request),
        ("DELETE", "keys") => revoke(&mut directory, request),
        ("POST", "organizations") => add(&mut directory, request),
        _ => refusal(
            404,
            "the simulator has /__sim/faults, /__sim/ledger, /__sim/tally, /__sim/keys and /__sim/organizations",
        ),
    }
}

fn faults(directory: &Directory) -> Response {
    let list: Vec<Value> = directory
        .faults()
        .map(|(fault, struck)| json!({ "kind": format!("{:?}", fault.kind), "struck": struck }))
        .collect();
    Response::json(200, Value::Array(list).to_string())
}

fn change(directory: &mut Directory, request: &Request, replace: bool) -> Response {
    let Ok(texts) = serde_json::from_slice::<Vec<String>>(&request.body) else {
        return refusal(400, "the body must be a JSON list of faults, such as [\"429:every=10\"]");
    };
    let mut faults = Vec::new();
    for text in texts {
        match text.parse::<FaultSpec>() {
            Ok(FaultSpec::Answer(fault)) => faults.push(fault),
            Ok(FaultSpec::World(_)) => {
                return refusal(
                    400,
                    &format!("`{text}` is a property of the events, and can only be chosen at the start"),
                );
            }
            Err(error) => return refusal(400, &error.to_string()),
        }
    }
    if replace {
        directory.set_faults(faults);
    } else {
        faults.into_iter().for_each(|fault| directory.add_fault(fault));
    }
    self::faults(directory)
}

fn ledger(directory: &Directory, request: &Request) -> Response {
    let asked = request.query_value("org");
    let organization = match &asked {
        Some(id) => directory.organization(id),
        None => directory.organizations().next().map(|(index, _)| index),
    };
    let Some(organization) = organization else { return refusal(404, "there is no such organization") };
    let mut text = String::new();
    for entry in directory.ledger(organization) {
        let visible_at = entry.visible_at.to_string();
        let line = json!({ "id": entry.id, "timestamp": entry.timestamp.to_string(), "visible_at": visible_at });
        text.push_str(&line.to_string());
        text.push('\n');
    }
    Response::new(200, "application/x-ndjson", text)
}

fn tally(directory: &Directory) -> Response {
    let tally = directory.tally();
    let by_status: BTreeMap<String, u64> =
        tally.by_status.iter().map(|(status, count)| (status.to_string(), *count)).collect();
    let body = json!({
        "requests": tally.requests,
        "pages": tally.pages,
        "events": tally.events,
        "tokens": tally.tokens,
        "by_status": by_status,
    });
    Response::json(200, body.to_string())
}

fn rotate(directory: &mut Directory, request: &Request) -> Response {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let (Some(old), Some(new)) = (body["old"].as_str(), body["new"].as_str()) else {
        return refusal(400, "the body must be {\"old\": \"...\", \"new\": \"...\"}");
    };
    if directory.rotate_key(old, new) { Response::json(200, "{}") } else { refusal(404, "there is no such key") }
}

fn revoke(directory: &mut Directory, request: &Request) -> Response {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(key) = body["key"].as_str() else { return refusal(400, "the body must be {\"key\": \"...\"}") };
    if directory.remove_key(key) { Response::json(200, "{}") } else { refusal(404, "there is no such key") }
}

fn add(directory: &mut Directory, request: &Request) -> Response {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(id) = body["id"].as_str() else { return refusal(400, "the body must be {\"id\": \"...\"}") };
    if directory.organization(id).is_some() {
        return refusal(409, "there is such an organization");
    }
    directory.add_organization_of_provider(id);
    Response::json(200, "{}")
}

fn refusal(status: u16, message: &str) -> Response {
    Response::json(status, json!({ "message": message }).to_string())
}
