//! Who may read what: keys, organizations, tokens, providers.

use std::time::Duration;

use adr_simulator::{Access, Directory, OrganizationIndex, Request, Response, Role};
use base64::Engine;

use crate::common::{EVENTS, KEY, NOW, ORG, all, at, empty, event, ids, json, message};

const OTHER: &str = "5c86b6cf9fdce00001d3800b";
const THIRD: &str = "5e160715b7782848e073301e";
const PROVIDER: &str = "60dca2e6c6b18a68cc4093dc";
const MSP: &str = "simulated-msp-key";

/// Two organizations of a provider and one of nobody, an event each; and an event of the provider.
fn msp() -> (Directory, [OrganizationIndex; 3]) {
    let mut directory = Directory::new(3);
    let orgs = [ORG, OTHER, THIRD].map(|id| directory.add_organization(id));
    for (number, org) in orgs.iter().enumerate() {
        directory.insert(*org, event(&format!("of-{number}"), "sso", "sso_auth", at(60)), at(60), at(60));
    }
    directory.add_provider(PROVIDER, &orgs[..2]);
    assert!(directory.insert_at_provider(
        PROVIDER,
        event("of-msp", "directory", "admin_update", at(50)),
        at(50),
        at(50)
    ));
    directory.add_key(KEY, Access::Organization(orgs[0]));
    directory.add_key(MSP, Access::Several(orgs[..2].to_vec()));
    (directory, orgs)
}

fn send(directory: &mut Directory, headers: &[(&str, &str)]) -> Response {
    let request =
        headers.iter().fold(Request::post(EVENTS, all("")), |request, (name, value)| request.with(name, value));
    directory.handle(NOW, &request)
}

#[test]
fn a_wrong_or_missing_key_is_a_401() {
    let (mut directory, _) = msp();
    for headers in [
        &[][..],
        &[("x-api-key", "wrong")],
        &[("x-api-key", "")],
        &[("authorization", "Bearer wrong")],
        &[("authorization", KEY)],
    ] {
        let response = send(&mut directory, headers);
        assert_eq!(response.status, 401, "{headers:?}");
        assert_eq!(message(response), "Unauthorized");
    }
    assert_eq!(send(&mut directory, &[("X-API-KEY", KEY)]).status, 200);
}

#[test]
fn a_single_organization_may_say_its_id_but_no_other() {
    let (mut directory, _) = msp();
    assert_eq!(ids(send(&mut directory, &[("x-api-key", KEY)])), ["of-0"]);
    assert_eq!(ids(send(&mut directory, &[("x-api-key", KEY), ("x-org-id", ORG)])), ["of-0"]);
    for wrong in [OTHER, "nonsense", ""] {
        let response = send(&mut directory, &[("x-api-key", KEY), ("x-org-id", wrong)]);
        assert_eq!(response.status, 400, "{wrong}");
        assert_eq!(message(response), "x-org-id and Organization path ID do not match");
    }
    directory.knobs.wrong_organization_status = 401;
    assert_eq!(send(&mut directory, &[("x-api-key", KEY), ("x-org-id", OTHER)]).status, 401);
}

#[test]
fn several_organizations_must_be_named_and_may_be_repeated() {
    let (mut directory, _) = msp();
    let response = send(&mut directory, &[("x-api-key", MSP)]);
    assert_eq!(response.status, 401);
    assert_eq!(message(response), "ID not included for multi-tenant admin");
    assert_eq!(ids(send(&mut directory, &[("x-api-key", MSP), ("x-org-id", OTHER)])), ["of-1"]);
    let mut both =
        ids(send(&mut directory, &[("x-api-key", MSP), ("x-org-id", OTHER), ("x-org-id", ORG), ("x-org-id", ORG)]));
    both.sort();
    assert_eq!(both, ["of-0", "of-1"]);
    assert_eq!(send(&mut directory, &[("x-api-key", MSP), ("x-org-id", THIRD)]).status, 400);
    let comma = format!("{ORG},{OTHER}");
    assert_eq!(send(&mut directory, &[("x-api-key", MSP), ("x-org-id", &comma)]).status, 400);
    directory.knobs.comma_separated_organizations = true;
    assert_eq!(ids(send(&mut directory, &[("x-api-key", MSP), ("x-org-id", &comma)])).len(), 2);
}

#[test]
fn the_provider_has_events_of_its_own() {
    let (mut directory, _) = msp();
    assert_eq!(ids(send(&mut directory, &[("x-api-key", MSP), ("x-provider-id", PROVIDER)])), ["of-msp"]);
    assert_eq!(send(&mut directory, &[("x-api-key", KEY), ("x-provider-id", PROVIDER)]).status, 403);
    assert_eq!(send(&mut directory, &[("x-api-key", MSP), ("x-provider-id", OTHER)]).status, 404);
}

#[test]
fn the_provider_path_takes_commas_and_answers_in_the_console_shape() {
    let (mut directory, _) = msp();
    let mut ask = |key: &str, orgs: Option<&str>, more: &str| {
        let path = format!("/api/v2/providers/{PROVIDER}/directoryinsights/events");
        let mut request = Request::post(path, all(more)).with("x-api-key", key);
        if let Some(orgs) = orgs {
            request = request.with("x-org-id", orgs);
        }
        directory.handle(NOW, &request)
    };
    assert_eq!(ids(ask(MSP, None, "")), ["of-msp"]);
    let mut found = ids(ask(MSP, Some(&format!("{ORG}, {OTHER}")), ""));
    found.sort();
    assert_eq!(found, ["of-0", "of-1", "of-msp"]);
    assert_eq!(ids(ask(MSP, Some(ORG), r#""exclude_provider_activity":true"#)), ["of-0"]);
    let refused = ask(MSP, None, r#""exclude_provider_activity":true"#);
    assert_eq!(refused.status, 400);
    let body = json(refused);
    assert_eq!((&body["code"], &body["status"]), (&3.into(), &"INVALID_ARGUMENT".into()));
    assert!(body["message"].as_str().is_some_and(|text| text.contains("exclude_provider_activity")));
    assert_eq!(json(ask("wrong", None, ""))["code"], 16);
    assert_eq!(ask(MSP, Some(THIRD), "").status, 400);
    let count = Request::post(format!("/api/v2/providers/{PROVIDER}/directoryinsights/events/count"), all(""))
        .with("x-api-key", MSP);
    assert_eq!(json(directory.handle(NOW, &count))["count"], 1);
}

#[test]
fn no_insights_is_a_402_and_a_command_runner_a_403() {
    let (mut directory, orgs) = msp();
    directory.set_insights(orgs[0], false);
    let response = send(&mut directory, &[("x-api-key", KEY)]);
    assert_eq!(response.status, 402);
    assert!(message(response).contains("not enabled"));
    assert_eq!(send(&mut directory, &[("x-api-key", MSP), ("x-org-id", OTHER)]).status, 200);
    directory.add_key_with("runner", Access::Organization(orgs[1]), Role::CommandRunner, None);
    assert_eq!(send(&mut directory, &[("x-api-key", "runner")]).status, 403);
}

#[test]
fn keys_expire_rotate_and_die_at_once() {
    let (mut directory, org) = empty();
    directory.add_key_with("short", Access::Organization(org), Role::Administrator, Some(NOW));
    assert_eq!(send(&mut directory, &[("x-api-key", "short")]).status, 401);
    assert!(directory.rotate_key(KEY, "new") && !directory.rotate_key(KEY, "newer"));
    assert_eq!(send(&mut directory, &[("x-api-key", KEY)]).status, 401);
    assert_eq!(send(&mut directory, &[("x-api-key", "new")]).status, 200);
    assert!(directory.remove_key("new"));
    assert_eq!(send(&mut directory, &[("x-api-key", "new")]).status, 401);
}

fn token_request(id: &str, secret: &str, form: &str) -> Request {
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    Request::post("/oauth2/token", form.to_owned()).with("authorization", &format!("Basic {basic}"))
}

#[test]
fn a_service_account_gets_tokens_by_either_secret() {
    let (mut directory, org) = empty();
    directory.insert(org, event("a", "sso", "sso_auth", at(60)), at(60), at(60));
    directory.add_client("client", &["one", "two"], Access::Organization(org), Duration::from_secs(100));
    let form = "grant_type=client_credentials&scope=api";
    let answer = directory.handle(NOW, &token_request("client", "two", form));
    assert_eq!(answer.status, 200);
    let answer = json(answer);
    assert_eq!(
        (&answer["expires_in"], &answer["token_type"], &answer["scope"]),
        (&100.into(), &"bearer".into(), &"api".into())
    );
    let bearer = format!("Bearer {}", answer["access_token"].as_str().expect("a token"));
    let query = Request::post(EVENTS, all("")).with("Authorization", &bearer);
    let missing = directory.handle(NOW, &query);
    assert_eq!(missing.status, 401, "a service token needs x-org-id");
    assert_eq!(message(missing), "ID not included for multi-tenant admin");
    let query = query.with("x-org-id", ORG);
    assert_eq!(ids(directory.handle(NOW, &query)), ["a"]);
    assert_eq!(directory.handle(at(-99), &query).status, 200);
    assert_eq!(directory.handle(at(-100), &query).status, 401, "it expires");

    assert_eq!(directory.handle(NOW, &token_request("client", "one", form)).status, 200);
    assert!(directory.remove_client_secret("client", "one"));
    let dead = directory.handle(NOW, &token_request("client", "one", form));
    assert_eq!(dead.status, 401);
    assert_eq!(json(dead)["error"], "invalid_client");
    assert_eq!(directory.handle(NOW, &query).status, 200, "tokens given live on");
    directory.revoke_tokens();
    assert_eq!(directory.handle(NOW, &query).status, 401);
    directory.knobs.says_expires_in = false;
    assert!(json(directory.handle(NOW, &token_request("client", "two", form))).get("expires_in").is_none());
}

#[test]
fn a_token_request_must_be_right() {
    let (mut directory, org) = empty();
    directory.add_client("client", &["one"], Access::Organization(org), Duration::from_secs(100));
    for (form, error) in [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=admin", "invalid_scope"),
    ] {
        let answer = directory.handle(NOW, &token_request("client", "one", form));
        assert_eq!(answer.status, 400);
        assert_eq!(json(answer)["error"], error);
    }
    assert_eq!(directory.handle(NOW, &token_request("nobody", "one", "grant_type=client_credentials")).status, 401);
    assert_eq!(directory.handle(NOW, &Request::post("/oauth2/token", "grant_type=client_credentials")).status, 401);
    assert_eq!(directory.handle(NOW, &Request::get("/oauth2/token")).status, 405);
}

#[test]
fn organizations_are_listed_by_limit_and_skip() {
    let mut directory = Directory::new(1);
    let orgs: Vec<_> = (0..23).map(|n| directory.add_organization(&format!("5a2af2a82cf2b00100{n:06}"))).collect();
    directory.add_provider(PROVIDER, &orgs[..21]);
    directory.add_key(MSP, Access::All);
    directory.add_key(KEY, Access::Organization(orgs[3]));
    let mut get = |target: &str, key: &str| directory.handle(NOW, &Request::get(target).with("x-api-key", key));
    let organizations = format!("/api/v2/providers/{PROVIDER}/organizations");
    let first = json(get(&organizations, MSP));
    assert_eq!((first["results"].as_array().map(Vec::len), &first["totalCount"]), (Some(10), &21.into()));
    assert_eq!(first["results"][0]["id"], "5a2af2a82cf2b00100000000");
    let last = json(get(&format!("{organizations}?skip=20&limit=100"), MSP));
    assert_eq!(last["results"].as_array().map(Vec::len), Some(1));
    let providers = get("/api/v2/providers", MSP);
    assert_eq!(providers.header("x-total-count"), Some("1"));
    assert_eq!(json(providers)[0]["id"], PROVIDER);
    assert_eq!(json(get("/api/v2/providers", KEY)), serde_json::json!([]));
    let all = json(get("/api/organizations?limit=1000", MSP));
    assert_eq!((all["results"].as_array().map(Vec::len), &all["totalCount"]), (Some(23), &23.into()));
    let own = json(get("/api/organizations", KEY));
    assert_eq!((&own["totalCount"], &own["results"][0]["_id"]), (&1.into(), &"5a2af2a82cf2b00100000003".into()));
    assert_eq!(get("/api/organizations", "wrong").status, 401);
    assert_eq!(get(&organizations, KEY).status, 403);
}
