//! Settings: what is understood, and what each mistake is called.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

mod support;

use adr_core::SecretRef;
use adr_source_jumpcloud::{Credentials, Settings, Start};
use std::time::Duration;

fn settings(yaml: &str) -> Result<Settings, String> {
    Settings::try_from(support::config(yaml)?).map_err(|failure| failure.message)
}

fn fault(yaml: &str) -> String {
    settings(yaml).err().unwrap_or_else(|| panic!("a mistake: {yaml}"))
}

#[test]
fn the_form_is_a_configuration() {
    let settings = settings(
        r#"
        device_name: JumpCloud
        secret_key: { env: JUMPCLOUD_API_KEY }
        configuration: { "org_id": "5a2af2a82cf2b0010053ea41" }
        "#,
    )
    .unwrap();
    let tenant = &settings.tenants[0];
    assert_eq!((&*tenant.device_name, &*tenant.name), ("JumpCloud", "5a2af2a82cf2b0010053ea41"));
    assert!(matches!(&tenant.credentials, Credentials::ApiKey(SecretRef::Env(name)) if name == "JUMPCLOUD_API_KEY"));
    assert_eq!(tenant.services, ["all"]);
    assert_eq!(tenant.start, Start::Ago(Duration::from_secs(90 * 86_400)));
    let times = [tenant.settle, tenant.overlap, tenant.sweep_interval, tenant.poll_interval].map(|time| time.as_secs());
    assert_eq!(times, [60, 7200, 900, 60]);
    assert_eq!((tenant.page_limit, tenant.max_response_bytes), (10_000, 32 << 20));
}

#[test]
fn the_configuration_json_may_be_pasted_as_it_stands_in_the_form() {
    let settings =
        settings("secret_key: { file: /k }\nconfiguration: '{ \"org_id\": \" 5a2af2a82cf2b0010053ea41 \" }'").unwrap();
    assert_eq!(settings.tenants[0].org_id.as_deref(), Some("5a2af2a82cf2b0010053ea41"));
    assert!(fault("secret_key: { file: /k }\nconfiguration: '{ org_id }'").contains("Configuration JSON"));
    assert!(fault("secret_key: { file: /k }\nconfiguration: { org: x }").contains("org_id"));
}

#[test]
fn several_tenants_share_what_they_do_not_set() {
    let settings = settings(
        r"
        region: eu
        overlap: 1h
        tenants:
          - { device_name: A, secret_key: { credential: a }, configuration: { org_id: aaa } }
          - { device_name: B, service_account: { client_id: b, client_secret: { file: /b } }, configuration: { org_id: bbb }, region: in, overlap: 0s, start: now }
        ",
    )
    .unwrap();
    let [a, b] = &settings.tenants[..] else { panic!("two tenants") };
    assert!(a.base_url.contains("api.eu.") && b.base_url.contains("api.in."));
    assert_eq!((a.overlap.as_secs(), b.overlap.as_secs(), b.start), (3600, 0, Start::Now));
}

#[test]
fn a_secret_in_the_configuration_is_refused_and_not_repeated() {
    for secret in [
        "0123456789abcdef",
        "\"quoted secret\"",
        "12345678901234567890",
        "-42",
        "3.14159",
        "true",
        "98765432109876543210987654321",
    ] {
        let fault = fault(&format!("device_name: J\nsecret_key: {secret}"));
        assert!(fault.contains("{ env: NAME }"), "{fault}");
        let inner = secret.trim_matches('"');
        // The message is ours; a loader that shows the line of the file has to leave this one out.
        let message = fault.lines().next().unwrap();
        assert!(!message.contains(inner), "{message}");
    }
}

#[test]
fn mistakes_name_the_thing_and_the_next_step() {
    for (yaml, expected) in [
        ("device_name: J", "no credentials"),
        ("secret_key: { env: K, file: /k }", "one place"),
        ("secret_key: { vault: K }", "{ env: NAME }"),
        ("secret_key: {}", "missing"),
        ("secret_key: { env: '' }", "empty"),
        ("secret_key: { env: K }\nsecret_kee: x", "secret_kee"),
        ("secret_key: { env: K }\nservice_account: { client_id: a, client_secret: { env: S } }", "not both"),
        ("service_account: { client_id: a, client_secret: { env: S } }", "Organization ID"),
        ("secret_key: { env: K }\nconfiguration: { org_id: your_organization_id }", "Settings > Organization Profile"),
        ("secret_key: { env: K }\nconfiguration: { org_id: 'a b' }", "org_id"),
        ("secret_key: { env: K }\nregion: mars", "mars"),
        ("secret_key: { env: K }\nbase_url: api.example.com", "base_url"),
        ("secret_key: { env: K }\nbase_url: ftp://api.example.com", "https://"),
        ("secret_key: { env: K }\nbase_url: https://me:pw@api.example.com", "credentials"),
        ("secret_key: { env: K }\nservices: []", "services"),
        ("secret_key: { env: K }\nstart: yesterday", "no start"),
        ("secret_key: { env: K }\noverlap: 2 fortnights", "no length of time"),
        ("secret_key: { env: K }\npoll_interval: 0s", "poll_interval"),
        ("secret_key: { env: K }\nrequest_budget: fast", "no rate"),
        ("secret_key: { env: K }\npage_limit: 0", "page_limit"),
        ("secret_key: { env: K }\nmax_response_bytes: 1", "max_response_bytes"),
        ("tenants: []", "empty"),
        ("secret_key: { env: K }\ntenants: [ { device_name: A, secret_key: { env: K } } ]", "not both"),
        ("tenants: [ { secret_key: { env: K } } ]", "tenants[0]"),
        ("tenants: [ { device_name: A, secret_key: { env: K } }, { device_name: A, secret_key: { env: L } } ]", "`A`"),
        (
            "tenants: [ { device_name: A, secret_key: { env: K }, configuration: { org_id: o } }, { device_name: B, secret_key: { env: L }, configuration: { org_id: o } } ]",
            "same organization",
        ),
        (
            "tenants: [ { device_name: A, secret_key: { env: K }, configuration: { org_id: o } }, { device_name: A, secret_key: { env: L }, configuration: { org_id: p } } ]",
            "same device_name",
        ),
    ] {
        let fault = fault(yaml);
        assert!(fault.contains(expected), "{yaml}\n  gives: {fault}\n  not: {expected}");
    }
}

#[test]
fn starts() {
    let start = |text: &str| {
        settings(&format!("secret_key: {{ env: K }}\nstart: {text}")).map(|settings| settings.tenants[0].start)
    };
    assert_eq!(start("-15d"), Ok(Start::Ago(Duration::from_secs(15 * 86_400))));
    assert_eq!(start("now"), Ok(Start::Now));
    assert_eq!(start("'2026-03-01T00:00:00Z'"), Ok(Start::At(adr_core::Timestamp::from_millis(support::DAY))));
    assert_eq!(start("2026-03-01T01:00:00+01:00"), Ok(Start::At(adr_core::Timestamp::from_millis(support::DAY))));
}

#[test]
fn the_schema_knows_every_setting() {
    let schema = serde_json::to_value(schemars::schema_for!(adr_source_jumpcloud::JumpcloudConfig)).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    for name in [
        "device_name",
        "secret_key",
        "service_account",
        "configuration",
        "region",
        "base_url",
        "services",
        "start",
        "settle",
        "overlap",
        "sweep_interval",
        "poll_interval",
        "page_limit",
        "request_budget",
        "tenants",
    ] {
        assert!(properties[name]["description"].is_string() || properties[name]["anyOf"].is_array(), "{name}");
    }
    assert_eq!(schema["additionalProperties"], false);
}
