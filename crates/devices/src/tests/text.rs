//! What a device file says, and what is written into one.

use adr_core::{SecretRef, Timestamp};
use proptest::prelude::*;

use super::ORG;
use crate::parse::{parse, render};
use crate::{Configuration, Device, KeyTimes, Provider, fields};

const ALL: &str = r#"# Acme, ticket 4711
device_name: Acme, Inc.
cce_ip: 192.0.2.5:514   # the one in Oslo
access_id: 7d0c6b1e
secret_key: { file: keys/acme-1796428800.key }
configuration: { "org_id": "5a2af2a82cf2b0010053ea41"}
region: eu

base_url: "https://proxy.example.com/v1"
key:
  added: 2026-11-24T00:00:00Z
  expires: 2027-11-24
paused: true
"#;

fn all() -> Device {
    Device {
        id: "acme".to_owned(),
        device_name: "Acme, Inc.".to_owned(),
        cce_ip: Some("192.0.2.5:514".to_owned()),
        access_id: "7d0c6b1e".to_owned(),
        secret_key: SecretRef::File("keys/acme-1796428800.key".into()),
        configuration: Configuration { org_id: Some(ORG.to_owned()), text: None },
        region: Some("eu".to_owned()),
        base_url: Some("https://proxy.example.com/v1".to_owned()),
        key: KeyTimes {
            added: Timestamp::parse(b"2026-11-24T00:00:00Z").ok(),
            expires: Timestamp::parse(b"2027-11-24T00:00:00Z").ok(),
        },
        paused: true,
        provider: None,
    }
}

#[test]
fn a_file_with_all_fields_and_comments() {
    let device = parse("acme", ALL).unwrap();
    // Compared in parts, as `Debug` says nothing.
    assert_eq!(render(&device), render(&all()));
    assert!(device == all());
}

#[test]
fn the_fewest_fields() {
    let device =
        parse("acme", &format!("device_name: Acme\nsecret_key: {{env: KEY}}\nconfiguration: {{org_id: {ORG}}}\n"));
    let device = device.unwrap();
    assert!(
        device.secret_key == SecretRef::Env("KEY".to_owned()) && device.configuration.org_id.as_deref() == Some(ORG)
    );
    assert!(
        device.cce_ip.is_none() && device.key == KeyTimes::default() && !device.paused && device.provider.is_none()
    );
    let provider = parse("msp", "device_name: MSP\nsecret_key: {credential: msp}\nprovider: {}\n").unwrap();
    assert!(provider.provider == Some(Provider::default()) && provider.configuration.org_id.is_none());
    let text = render(&provider).unwrap();
    assert!(!text.contains("configuration") && text.contains("provider"), "{text}");
}

#[test]
fn files_of_other_editors() {
    let text = format!("device_name: Acme\nsecret_key:\n  env: KEY\nconfiguration:\n  org_id: {ORG}\n");
    let wanted = parse("acme", &text).unwrap();
    let windows = text.replace('\n', "\r\n");
    let folded = text.replace("Acme", ">\n  Acme");
    let blank = format!("{text}cce_ip:\naccess_id: ''\nregion: ~\nbase_url: ' '\nprovider:\n");
    for other in [windows, format!("\u{feff}{text}"), format!("---\n{text}...\n"), folded, blank] {
        assert!(parse("acme", &other).is_ok_and(|device| device == wanted), "{other:?}");
    }
}

#[test]
fn the_configuration_as_the_form_takes_it_stays_as_it_was_pasted() {
    let file =
        |configuration: &str| format!("device_name: A\nsecret_key: {{env: K}}\nconfiguration: {configuration}\n");
    for pasted in [r#"{ "org_id": "5a2af2a82cf2b0010053ea41"}"#, "{\n  \"org_id\": \"5a2af2a82cf2b0010053ea41\"\n}\n"] {
        let device = parse("a", &file(&format!("{pasted:?}"))).unwrap();
        assert_eq!(device.configuration.org_id.as_deref(), Some(ORG));
        assert_eq!(device.configuration.text.as_deref(), Some(pasted));
        assert!(parse("a", &render(&device).unwrap()).unwrap() == device);
    }
    // An id of digits alone is text all the same, also one that reads as a number in a thousand.
    for id in ["123456789012345678901234", "5312e5", "000000000000000000000012"] {
        let device = parse("a", &file(&format!("{{ org_id: {id} }}"))).unwrap();
        assert_eq!(device.configuration.org_id.as_deref(), Some(id));
        assert!(parse("a", &render(&device).unwrap()).unwrap() == device);
    }
}

/// What is wrong, where, and what to do.
#[test]
fn every_mistake_has_its_place_and_a_next_step() {
    const REST: &str = "secret_key: {env: K}\nconfiguration: {org_id: abc}\n";
    for (text, place, words) in [
        ("", None, "the file is empty"),
        ("# nothing yet\n", None, "the file is empty"),
        ("device_name: A\n", None, "`secret_key` is missing"),
        (REST, None, "`device_name` is missing"),
        (&format!("device_name: A\n{REST}color: red\n"), Some((4, 1)), "this field is not known"),
        (&format!("device_name: A\n{REST}key: {{ended: 2027-01-01}}\n"), Some((4, 7)), "added and expires"),
        (&format!("device_name: A\ndevice_name: B\n{REST}"), Some((2, 1)), "given twice"),
        (&format!("device_name: ' '\n{REST}"), Some((1, 14)), "Device Name is blank"),
        (&format!("device_name: [A]\n{REST}"), Some((1, 14)), "write"),
        (&format!("device_name: A\n{REST}cce_ip: 192.0.2\n"), Some((4, 9)), "CCE IP is no address"),
        (&format!("device_name: A\n{REST}region: mars\n"), Some((4, 9)), "write us, eu or in"),
        (&format!("device_name: A\n{REST}base_url: proxy\n"), Some((4, 11)), "https://host/path"),
        (&format!("device_name: A\n{REST}paused: yes\n"), Some((4, 9)), "neither true nor false"),
        (&format!("device_name: A\n{REST}key:\n  expires: soon\n"), Some((5, 12)), "this is no time"),
        (&format!("device_name: A\n{REST}  region: us\n"), None, "not YAML"),
        (&format!("device_name: A\n{REST}---\ndevice_name: B\n{REST}"), None, "more than one YAML document"),
        (&format!("device_name: A\n{REST}provider: {{include: ['']}}\n"), None, "is blank"),
        (&format!("device_name: A\n{REST}provider: {{}}\n"), Some((3, 1)), "provider's key"),
        ("device_name: A\nsecret_key: abc\n", Some((2, 13)), "never written into the configuration"),
        ("device_name: A\nsecret_key: {env: K}\n", None, "the organization is missing"),
        ("device_name: A\nsecret_key: {env: K}\nconfiguration: {}\n", Some((3, 1)), "the organization is missing"),
        ("device_name: A\nsecret_key: {env: K}\nconfiguration: {org_id: your_organization_id}\n", None, "filled in"),
        (
            "device_name: A\nsecret_key: {env: K}\nconfiguration: '{\"org_id\": \"your_organization_id\"}'\n",
            None,
            "filled in",
        ),
        ("device_name: A\nsecret_key: {env: K}\nconfiguration: '{\"org_id\": 5}'\n", None, "and nothing else"),
        (
            "device_name: A\nsecret_key: {env: K}\nconfiguration: '{\"org_id\": \"a\", \"x\": 1}'\n",
            None,
            "and nothing else",
        ),
        ("device_name: A\nsecret_key: {env: K}\nconfiguration: {org: a}\n", None, "and nothing else"),
        ("device_name: A\nsecret_key: {env: K}\nconfiguration: '{org_id: a}'\n", None, "is not JSON (its line 1)"),
        ("just text\n", Some((1, 1)), "write `field: value`"),
        ("- device_name: A\n", Some((1, 1)), "write `field: value`"),
    ] {
        let fault = parse("a", text).expect_err(text);
        assert!(fault.message.contains(words), "{text:?}: {}", fault.message);
        assert!(place.is_none() || fault.place == place, "{text:?}: {:?}", fault.place);
        assert!(!fault.message.contains(" at line "), "{text:?}: {}", fault.message);
    }
}

fn ruled<T: std::fmt::Debug>(rule: fn(&str) -> fields::Told<T>) -> impl Strategy<Value = T> {
    let free =
        "\\PC{0,90}|[ -~]{0,30}|[\"'#:{}\\[\\]&*!|>%@`, \\-?~]{1,12}|true|null|~|0x1F|1e3|2027-01-01|[0-9.]{1,8}";
    free.prop_filter_map("against the rule of its field", move |text| rule(&text).ok())
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    proptest::option::of(any::<i64>().prop_map(Timestamp::from_nanos))
}

fn devices() -> impl Strategy<Value = Device> {
    let reference = ruled(fields::pattern).prop_flat_map(|text| {
        let (env, credential) = (SecretRef::Env(text.clone()), SecretRef::Credential(text.clone()));
        prop_oneof![Just(SecretRef::File(text.into())), Just(env), Just(credential)]
    });
    let organization = ("[A-Za-z0-9_-]{1,24}", 0u8..4).prop_filter_map("filled in", |(id, text)| {
        let text = (text > 0).then(|| format!("{{{:1$}\"org_id\":\n \"{id}\" }}", "", usize::from(text) * 30));
        Some((Configuration { org_id: fields::org_id(&id).ok()?, text }, None))
    });
    let patterns = || proptest::collection::vec(ruled(fields::pattern), 0..3);
    let provider = (patterns(), patterns())
        .prop_map(|(include, exclude)| (Configuration::default(), Some(Provider { include, exclude })));
    let address = proptest::option::of("https?://[a-z]{1,9}(/[a-z%.~]{1,5}){0,2}");
    (
        (ruled(fields::device_name), ruled(fields::access_id), any::<bool>(), (time(), time())),
        (proptest::option::of("[1-9][0-9]?\\.1\\.2\\.3(:5[0-9]{2})?"), address, proptest::option::of("us|eu|in")),
        (reference, prop_oneof![organization, provider]),
    )
        .prop_map(
            |((device_name, access_id, paused, (added, expires)), (cce_ip, base_url, region), (secret_key, who))| {
                let key = KeyTimes { added, expires };
                let (configuration, provider) = who;
                let id = "acme".to_owned();
                Device {
                    id,
                    device_name,
                    cce_ip,
                    access_id,
                    secret_key,
                    configuration,
                    region,
                    base_url,
                    key,
                    paused,
                    provider,
                }
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_is_read(device in devices()) {
        let text = render(&device);
        prop_assert!(text.is_ok(), "{text:?}: {:?}", device.device_name);
        let text = text.unwrap();
        let read = parse("acme", &text);
        prop_assert!(read.is_ok_and(|read| read == device), "{text}");
    }

    #[test]
    fn no_text_is_too_much(text in "\\PC*|[ -~\\n\\t]{0,200}") {
        let _ = parse("acme", &text);
    }
}
