//! Settings: what is understood, what each mistake is called, and what a person is warned of.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

use std::time::Duration;

use adr_core::{Encoding, Rate};
use adr_sink_cce_syslog::{CceSyslogConfig, Facility, Framing, HeaderKind, Mode, Settings, TlsVersion, TooLong};

const PIN: &str = "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

fn settings(yaml: &str) -> Result<Settings, String> {
    let config: CceSyslogConfig = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
    Settings::try_from(config).map_err(|failure| {
        assert_eq!(failure.kind, adr_core::FailureKind::Config);
        assert_eq!(failure.retry, adr_core::Retry::Never);
        failure.message
    })
}

fn fault(yaml: &str) -> String {
    settings(yaml).err().unwrap_or_else(|| panic!("a mistake: {yaml}"))
}

#[test]
fn an_address_is_a_configuration() {
    let settings = settings("address: 10.0.0.5").unwrap();
    assert_eq!(settings.addresses[0].to_string(), "10.0.0.5:514");
    assert_eq!(
        (settings.mode, settings.framing, settings.header),
        (Mode::Tls, Framing::OctetCounting, HeaderKind::Rfc5424)
    );
    assert_eq!((settings.facility, settings.encoding), (Facility::LOCAL0, Encoding::Json));
    assert_eq!(
        (&*settings.hostname, &*settings.app_name, &*settings.structured_data_id),
        ("jumpcloud", "jumpcloud-adr", "adr@32473")
    );
    assert_eq!((settings.bom, settings.max_message_bytes, settings.when_too_long), (true, 65_536, TooLong::DeadLetter));
    let times = [settings.connect_timeout, settings.keepalive, settings.health_check_interval];
    assert_eq!(times.map(|time| time.as_secs()), [10, 60, 30]);
    assert_eq!(settings.rate_limit, None);
    assert!(settings.tls.verify && settings.tls.fingerprint.is_empty() && settings.tls.ca_file.is_none());
    assert_eq!(settings.tls.min_version, TlsVersion::V1_2);
    assert_eq!(settings.warnings(), Vec::<String>::new());
}

#[test]
fn everything_can_be_set() {
    let settings = settings(&format!(
        r#"
        addresses: ["10.0.0.5:6514", "[2001:db8::1]:514", cce.example.com]
        mode: relp
        tls:
          ca_file: /etc/ca.pem
          crt_file: /etc/crt.pem
          key_file: /etc/key.pem
          server_name: cce.example.com
          fingerprint: ["{PIN}", "{PIN}"]
          min_version: 1.3
        facility: 23
        hostname: site-7.example.com
        app_name: adr/7
        structured_data_id: site@32473.7
        bom: false
        encoding: leef
        max_message_bytes: 8KiB
        when_too_long: split
        connect_timeout: 3s
        keepalive: 2m
        health_check_interval: 1m30s
        rate_limit: 500/s
        "#
    ))
    .unwrap();
    let addresses: Vec<String> = settings.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.0.0.5:6514", "[2001:db8::1]:514", "cce.example.com:514"]);
    assert_eq!((settings.mode, settings.tls.min_version), (Mode::Relp, TlsVersion::V1_3));
    assert_eq!((settings.tls.fingerprint.len(), settings.tls.fingerprint[0].0[31]), (2, 0xff));
    assert_eq!(settings.tls.server_name.as_deref(), Some("cce.example.com"));
    assert_eq!((settings.facility.number(), settings.bom, settings.encoding), (23, false, Encoding::Leef));
    assert_eq!((&*settings.hostname, &*settings.app_name), ("site-7.example.com", "adr/7"));
    assert_eq!((settings.max_message_bytes, settings.when_too_long), (8192, TooLong::Split));
    assert_eq!(settings.health_check_interval, Duration::from_secs(90));
    assert_eq!(settings.rate_limit, Some(Rate::per_second(500)));
}

#[test]
fn defaults_follow_transport_and_header() {
    let udp = settings("{ address: 10.0.0.5, mode: udp, facility: local3 }").unwrap();
    assert_eq!((udp.max_message_bytes, udp.facility.number()), (65_507, 19));
    let old = settings("{ address: 10.0.0.5, header: rfc3164, framing: newline }").unwrap();
    assert_eq!((&*old.app_name, old.bom, old.framing), ("jumpcloudadr", false, Framing::Newline));
    assert!(settings("{ address: 10.0.0.5, header: rfc3164, bom: false }").is_ok());
    let pinned =
        settings(&format!("{{ address: 10.0.0.5, tls: {{ fingerprint: '{PIN}', min_version: '1.3' }} }}")).unwrap();
    assert_eq!((pinned.tls.fingerprint.len(), pinned.tls.min_version), (1, TlsVersion::V1_3));
}

/// The first name in backquotes is the key that the mistake is shown at.
#[test]
fn mistakes_name_the_key_and_the_next_step() {
    for (yaml, key, expected) in [
        ("{}", "address", "CCE IP"),
        ("{ address: 10.0.0.5, addresses: [10.0.0.6] }", "address", "not both"),
        ("addresses: []", "addresses", "empty"),
        ("addresses: [10.0.0.5, '10.0.0.5:514']", "addresses", "10.0.0.5:514 twice"),
        ("{ address: 10.0.0.5, mode: tcp, tls: {} }", "tls", "set mode tls"),
        ("{ address: 10.0.0.5, mode: udp, tls: { verify: true } }", "tls", "set mode tls"),
        ("{ address: 10.0.0.5, mode: relp_tcp, tls: {} }", "tls", "set mode relp"),
        ("{ address: 10.0.0.5, mode: udp, framing: newline }", "framing", "leave it out"),
        ("{ address: 10.0.0.5, mode: relp, framing: octet_counting }", "framing", "leave it out"),
        ("{ address: 10.0.0.5, mode: relp_tcp, framing: newline }", "framing", "leave it out"),
        ("{ address: 10.0.0.5, mode: udp, keepalive: 1m }", "keepalive", "leave it out"),
        ("{ address: 10.0.0.5, tls: { crt_file: /c } }", "crt_file", "`key_file`"),
        ("{ address: 10.0.0.5, tls: { key_file: /k } }", "key_file", "`crt_file`"),
        ("{ address: 10.0.0.5, tls: { ca_file: '' } }", "ca_file", "empty"),
        ("{ address: 10.0.0.5, tls: { fingerprint: [] } }", "fingerprint", "empty"),
        ("{ address: 10.0.0.5, tls: { verify: false, ca_file: /c } }", "verify", "`ca_file`"),
        ("{ address: 10.0.0.5, tls: { server_name: 'a b' } }", "server_name", "DNS name"),
        ("{ address: 10.0.0.5, tls: { server_name: '' } }", "server_name", "DNS name"),
        ("{ address: 10.0.0.5, header: rfc3164, when_too_long: split }", "when_too_long", "shorten"),
        ("{ address: 10.0.0.5, header: rfc3164, structured_data_id: a@1 }", "structured_data_id", "rfc3164"),
        ("{ address: 10.0.0.5, header: rfc3164, bom: true }", "bom", "rfc3164"),
        ("{ address: 10.0.0.5, hostname: '' }", "hostname", "1 to 255"),
        ("{ address: 10.0.0.5, hostname: 'a b' }", "hostname", "printable"),
        ("{ address: 10.0.0.5, hostname: zürich }", "hostname", "printable"),
        ("{ address: 10.0.0.5, header: rfc3164, hostname: 'a/b' }", "hostname", "misread"),
        ("{ address: 10.0.0.5, app_name: '' }", "app_name", "1 to 48"),
        ("{ address: 10.0.0.5, app_name: 'a b' }", "app_name", "1 to 48"),
        ("{ address: 10.0.0.5, header: rfc3164, app_name: jumpcloud-adr }", "app_name", "letters and digits"),
        ("{ address: 10.0.0.5, header: rfc3164, app_name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }", "app_name", "32"),
        ("{ address: 10.0.0.5, structured_data_id: adr }", "structured_data_id", "adr@32473"),
        ("{ address: 10.0.0.5, structured_data_id: 'adr@' }", "structured_data_id", "adr@32473"),
        ("{ address: 10.0.0.5, structured_data_id: '@1' }", "structured_data_id", "adr@32473"),
        ("{ address: 10.0.0.5, structured_data_id: 'a]@1' }", "structured_data_id", "adr@32473"),
        ("{ address: 10.0.0.5, structured_data_id: 'a=b@1' }", "structured_data_id", "adr@32473"),
        ("{ address: 10.0.0.5, structured_data_id: 'a@1..2' }", "structured_data_id", "adr@32473"),
        ("{ address: 10.0.0.5, max_message_bytes: 479 }", "max_message_bytes", "at least 480"),
        ("{ address: 10.0.0.5, max_message_bytes: 0 }", "max_message_bytes", "at least 480"),
        ("{ address: 10.0.0.5, max_message_bytes: 1GiB }", "max_message_bytes", "at most 268435456"),
        ("{ address: 10.0.0.5, mode: udp, max_message_bytes: 65508 }", "max_message_bytes", "at most 65507"),
        ("{ address: 10.0.0.5, connect_timeout: 0s }", "connect_timeout", "zero"),
        ("{ address: 10.0.0.5, keepalive: 0s }", "keepalive", "zero"),
        ("{ address: 10.0.0.5, health_check_interval: 0s }", "health_check_interval", "zero"),
    ] {
        let fault = fault(yaml);
        assert_eq!(fault.split('`').nth(1), Some(key), "{yaml}\n  gives: {fault}");
        assert!(fault.contains(expected), "{yaml}\n  gives: {fault}\n  not: {expected}");
    }
    let both = fault(&format!("{{ address: 10.0.0.5, tls: {{ verify: false, fingerprint: '{PIN}' }} }}"));
    assert!(both.starts_with("`verify`") && both.contains("`fingerprint`"), "{both}");
    let long = fault(&format!("{{ address: 10.0.0.5, structured_data_id: '{}@1' }}", "a".repeat(31)));
    assert!(long.contains("at most 32"), "{long}");
}

#[test]
fn values_of_no_meaning_are_refused_where_they_stand() {
    for (yaml, expected) in [
        ("address: 10.0.0.5:x", "no address"),
        ("address: tls://10.0.0.5", "mode"),
        ("{ address: 10.0.0.5, mode: quic }", "quic"),
        ("{ address: 10.0.0.5, framing: lf }", "lf"),
        ("{ address: 10.0.0.5, header: rfc9999 }", "rfc9999"),
        ("{ address: 10.0.0.5, encoding: xml }", "xml"),
        ("{ address: 10.0.0.5, when_too_long: cut }", "cut"),
        ("{ address: 10.0.0.5, facility: local8 }", "no facility"),
        ("{ address: 10.0.0.5, facility: 24 }", "no facility"),
        ("{ address: 10.0.0.5, max_message_bytes: lots }", "no size"),
        ("{ address: 10.0.0.5, keepalive: 60 }", "`60s`"),
        ("{ address: 10.0.0.5, rate_limit: 500 }", "/s"),
        ("{ address: 10.0.0.5, tls: { fingerprint: abc } }", "openssl"),
        ("{ address: 10.0.0.5, tls: { fingerprint: [abc] } }", "openssl"),
        ("{ address: 10.0.0.5, tls: { min_version: 1.1 } }", "1.2 or 1.3"),
        ("{ address: 10.0.0.5, tls: { min_version: 1 } }", "1.2 or 1.3"),
        ("{ address: 10.0.0.5, tls: { insecure: true } }", "insecure"),
        ("{ address: 10.0.0.5, port: 514 }", "port"),
    ] {
        let fault = fault(yaml);
        assert!(fault.contains(expected), "{yaml}\n  gives: {fault}\n  not: {expected}");
    }
}

#[test]
fn what_is_allowed_and_still_dangerous_is_said() {
    for (yaml, expected) in [
        ("{ address: 127.0.0.1, mode: tcp }", None),
        ("{ address: localhost, mode: relp_tcp }", None),
        ("{ address: 10.0.0.5, mode: relp }", None),
        ("{ address: 127.0.0.1, mode: udp }", Some("proves nothing")),
        ("{ address: 10.0.0.5, mode: udp }", Some("proves nothing")),
        ("{ addresses: [127.0.0.1, 10.0.0.5], mode: tcp }", Some("in the clear to 10.0.0.5:514")),
        ("{ address: 10.0.0.5, mode: relp_tcp }", Some("use relp")),
        ("{ address: 10.0.0.5, tls: { verify: false } }", Some("pose as the CCE")),
        ("{ address: 127.0.0.1, mode: relp, tls: { verify: false } }", Some("pose as the CCE")),
    ] {
        let warnings = settings(yaml).unwrap().warnings();
        assert_eq!(warnings.len(), usize::from(expected.is_some()), "{yaml}: {warnings:?}");
        assert!(warnings.iter().all(|warning| warning.contains(expected.unwrap_or_default())), "{yaml}: {warnings:?}");
    }
}

#[test]
fn the_schema_describes_every_setting() {
    let schema = serde_json::to_value(schemars::schema_for!(CceSyslogConfig)).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties.len(), 18);
    let tls = &schema["$defs"]["TlsConfig"];
    assert_eq!(tls["additionalProperties"], false);
    for (name, property) in properties.iter().chain(tls["properties"].as_object().unwrap()) {
        assert!(property["description"].is_string(), "{name} has no description");
    }
}

#[test]
fn what_shares_a_delivery_follows_what_the_receiver_answers_and_the_rate() {
    let at_once = |rest: &str| settings(&format!("address: 10.0.0.5\n{rest}")).unwrap().at_once();
    assert_eq!((at_once("mode: relp"), at_once("mode: relp_tcp")), (1, 1));
    assert_eq!((at_once("mode: tls"), at_once("mode: udp"), at_once("rate_limit: 5000/s")), (256, 256, 256));
    assert_eq!((at_once("rate_limit: 100/s"), at_once("rate_limit: 1/h")), (100, 1));
}
