//! Settings: what is understood, what each mistake is called, and what a person is warned of.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

use adr_core::{FailureKind, Retry};
use adr_source_kafka::{KafkaSourceConfig, Settings};

const PLACE: &str = "bootstrap_servers: kafka.example.com:9092, group_id: adr";

fn settings(yaml: &str) -> Result<Settings, String> {
    let config: KafkaSourceConfig = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
    Settings::try_from(config).map_err(|failure| {
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::Never));
        failure.message
    })
}

fn with(rest: &str) -> Result<Settings, String> {
    settings(&format!("{{ {PLACE}, topics: [raw], {rest} }}"))
}

#[test]
fn brokers_topics_and_a_group_are_a_configuration() {
    with("").unwrap();
    settings(&format!("{{ {PLACE}, topics: [raw, ^jumpcloud-] }}")).unwrap();
}

#[test]
fn everything_can_be_set() {
    with(
        "start: latest, tenant: 5a2af2a82cf2b0010053ea41, isolation_level: read_uncommitted, page_bytes: 64KiB, queue_bytes: \
         1MB, session_timeout: 30s, tls: {}, sasl: { mechanism: plain, username: u, password: { env: P } }, \
         librdkafka_options: { fetch.wait.max.ms: '100', client.id: reader-1 }",
    )
    .unwrap();
}

#[test]
fn every_mistake_names_its_setting_and_what_would_be_right() {
    for (rest, words) in [
        ("session_timeout: 5s", ["`session_timeout`", "6s to 30m"]),
        ("page_bytes: 1B", ["`page_bytes` is 1", "such as 1MiB"]),
        ("queue_bytes: 2GiB", ["`queue_bytes`", "such as 4MiB"]),
        ("tls: { verify: false, ca_file: ca.pem }", ["`verify`", "`ca_file`"]),
        ("sasl: { mechanism: plain, username: u }", ["`password` is missing", "plain"]),
        ("librdkafka_options: { group.id: other }", ["group.id", "set `group_id` instead"]),
        ("librdkafka_options: { isolation.level: read_uncommitted }", ["isolation.level", "`isolation_level`"]),
        ("librdkafka_options: { queued.max.messages.kbytes: '1' }", ["queued.max", "`queue_bytes`"]),
        (
            "librdkafka_options: { partition.assignment.strategy: range }",
            ["partition.assignment", "this source promises"],
        ),
        ("librdkafka_options: { sasl.password: canary }", ["the source's own setting", "`sasl.password`"]),
        ("librdkafka_options: { no.such.thing: '1' }", ["no.such.thing", "librdkafka refuses"]),
        ("offsets: kafka", ["unknown field", "offsets"]),
    ] {
        let said = with(rest).expect_err(rest);
        assert!(words.iter().all(|word| said.contains(word)) && !said.contains("canary"), "{rest}: {said}");
    }
    for (yaml, words) in [
        (format!("{{ {PLACE}, topics: [] }}"), "`topics` is empty"),
        (format!("{{ {PLACE}, topics: [a, b, a] }}"), "`topics` has a twice"),
        (format!("{{ {PLACE}, topics: ['a b'] }}"), "is no name that a topic can have"),
        (format!("{{ {PLACE}, topics: ['^.*'] }}"), "matches every topic there is"),
        ("{ bootstrap_servers: 'a:9092', topics: [raw], group_id: '' }".to_owned(), "`group_id` is missing"),
        ("{ bootstrap_servers: 'a:9092', topics: [raw], group_id: 'a b' }".to_owned(), "no name for Kafka"),
        ("{ bootstrap_servers: kafka, topics: [raw], group_id: adr }".to_owned(), "`bootstrap_servers`"),
    ] {
        let said = settings(&yaml).expect_err(&yaml);
        assert!(said.contains(words), "{yaml}: {said}");
    }
}

#[test]
fn events_that_come_in_the_clear_are_warned_of() {
    let warnings = with("").unwrap().warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("all events come in the clear from kafka.example.com:9092"));
    assert!(with("tls: {}").unwrap().warnings().is_empty());
    let local = settings("{ bootstrap_servers: '127.0.0.1:9092', topics: [raw], group_id: adr }").unwrap();
    assert!(local.warnings().is_empty());
}
