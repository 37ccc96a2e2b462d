//! Settings: what is understood, what each mistake is called, and what a person is warned of.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

use adr_core::{Encoding, FailureKind, Retry};
use adr_sink_kafka::{KafkaConfig, Settings};

const PLACE: &str = "bootstrap_servers: kafka.example.com:9092";

fn settings(yaml: &str) -> Result<Settings, String> {
    let config: KafkaConfig = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
    Settings::try_from(config).map_err(|failure| {
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::Never));
        failure.message
    })
}

fn with(rest: &str) -> Result<Settings, String> {
    settings(&format!("{{ {PLACE}, topic: adr, {rest} }}"))
}

fn once(rest: &str) -> Result<Settings, String> {
    with(&format!("delivery: exactly_once, {rest}"))
}

#[test]
fn brokers_and_a_topic_are_a_configuration() {
    let settings = with("").unwrap();
    assert_eq!((settings.encoding, settings.topics()), (Encoding::Json, &["adr".to_owned()][..]));
    assert!(settings.exactly_once.is_none());
    assert!((100..=10_000).contains(&settings.at_once()));
}

#[test]
fn everything_can_be_set() {
    let settings = settings(
        r#"
        bootstrap_servers: "kafka1.example.com:9092, [2001:db8::1]:9093,192.0.2.7:9094"
        topic: adr-{{ .class_name }}
        topics: [adr-a, adr-b]
        key: "{{ tenant }}/{{ .actor.user.uid }}"
        encoding: leef
        compression: zstd
        delivery: exactly_once
        checkpoints: { topic: adr-checkpoints, shards: 64 }
        cluster: { topic: adr-shards, group: site-7, session_timeout: 6s, instance: machine-1 }
        linger: 20ms
        batch_bytes: 500kB
        max_message_bytes: 2MB
        queue_bytes: 64MiB
        delivery_timeout: 30s
        transaction_timeout: 45s
        librdkafka_options: { socket.keepalive.enable: "true", compression.level: "3" }
        "#,
    )
    .unwrap();
    assert_eq!((settings.topics().len(), settings.encoding), (2, Encoding::Leef));
    assert!(settings.exactly_once.unwrap().cluster.is_some());
}

#[test]
fn the_edges_are_inside() {
    for rest in [
        "linger: 0s",
        "topics: [adr]",
        "delivery_timeout: 1s",
        "max_message_bytes: 1000",
        "max_message_bytes: 1GB, queue_bytes: 1GB",
        "max_message_bytes: 100MB",
        "librdkafka_options: { debug: broker }",
    ] {
        with(rest).unwrap_or_else(|fault| panic!("{rest}: {fault}"));
    }
    for rest in [
        "checkpoints: { topic: c, shards: 1 }",
        "checkpoints: { topic: c, shards: 1024 }",
        "checkpoints: { topic: c }, transaction_timeout: 15m",
        "checkpoints: { topic: c }, transaction_timeout: 3m, delivery_timeout: 3m",
        "checkpoints: { topic: c }, cluster: { topic: a, session_timeout: 6s }",
    ] {
        once(rest).unwrap_or_else(|fault| panic!("{rest}: {fault}"));
    }
}

/// The first name in backquotes is the key that the mistake is shown at.
fn expect(fault: Result<Settings, String>, rest: &str, key: &str, expected: &str) {
    let fault = fault.err().unwrap_or_else(|| panic!("a mistake: {rest}"));
    let first = fault.split('`').nth(1).unwrap_or_default();
    assert_eq!(first, key, "{rest}: {fault}");
    assert!(fault.contains(expected), "{rest}: {fault}");
}

#[test]
fn mistakes_name_the_key_and_the_next_step() {
    for (place, expected) in [
        ("''", "missing"),
        ("kafka.example.com", "no host:port"),
        ("'kafka.example.com:9092,'", "no host:port"),
        ("'kafka.example.com:0'", "no host:port"),
        ("'kafka.example.com:99999'", "no host:port"),
        ("'2001:db8::1:9092'", "[2001:db8::1]:9092"),
        ("'SASL_SSL://kafka.example.com:9092'", "`tls` and `sasl`"),
    ] {
        expect(
            settings(&format!("{{ bootstrap_servers: {place}, topic: adr }}")),
            place,
            "bootstrap_servers",
            expected,
        );
    }
    for (topic, key, expected) in [
        ("topic: ''", "topic", "missing"),
        ("topic: a b", "topic", "letters"),
        ("topic: ..", "topic", "letters"),
        ("topic: 'a-{{ tenant'", "topic", "without }}"),
        ("topic: '{{ .a }}'", "topics", "list every topic"),
        ("topic: '{{ .a }}', topics: []", "topics", "empty"),
        ("topic: '{{ .a }}', topics: [b, c, b]", "topics", "b twice"),
        ("topic: '{{ .a }}', topics: [b, '{{ .c }}']", "topics", "letters"),
        ("topic: a, topics: [a, b]", "topics", "no template"),
        ("topic: a, key: ''", "key", "leave it out"),
        ("topic: a, key: '{{ user }}'", "key", "with a dot"),
    ] {
        expect(settings(&format!("{{ {PLACE}, {topic} }}")), topic, key, expected);
    }
    for (rest, key, expected) in [
        ("linger: 2m", "linger", "5ms to 1s"),
        ("delivery_timeout: 0s", "delivery_timeout", "zero"),
        ("delivery_timeout: 500ms", "delivery_timeout", "at least 1s"),
        ("delivery_timeout: 2s, linger: 3s", "delivery_timeout", "more than `linger`"),
        ("delivery_timeout: 2d", "delivery_timeout", "at most 24h"),
        ("max_message_bytes: 999", "max_message_bytes", "1000 to"),
        ("max_message_bytes: 2GB", "max_message_bytes", "1000 to"),
        ("batch_bytes: 0", "batch_bytes", "1000 to"),
        ("queue_bytes: 500kB", "queue_bytes", "32MiB"),
        ("queue_bytes: 2000GiB", "queue_bytes", "32MiB"),
        ("checkpoints: { topic: c }", "checkpoints", "exactly_once"),
        ("cluster: { topic: c }", "cluster", "exactly_once"),
        ("transaction_timeout: 30s", "transaction_timeout", "exactly_once"),
    ] {
        expect(with(rest), rest, key, expected);
    }
    for (rest, key, expected) in [
        ("", "checkpoints", "compacted"),
        ("checkpoints: { topic: '' }", "checkpoints.topic", "name a topic"),
        ("checkpoints: { topic: adr }", "checkpoints.topic", "of its own"),
        ("checkpoints: { topic: c, shards: 0 }", "checkpoints.shards", "1 to 1024"),
        ("checkpoints: { topic: c, shards: 1025 }", "checkpoints.shards", "1 to 1024"),
        ("checkpoints: { topic: c }, transaction_timeout: 16m", "transaction_timeout", "1s to 15m"),
        ("checkpoints: { topic: c }, transaction_timeout: 500ms", "transaction_timeout", "1s to 15m"),
        ("checkpoints: { topic: c }, delivery_timeout: 2m", "delivery_timeout", "`transaction_timeout`"),
        ("checkpoints: { topic: c }, cluster: { topic: c }", "cluster.topic", "of its own"),
        ("checkpoints: { topic: c }, cluster: { topic: adr }", "cluster.topic", "of its own"),
        ("checkpoints: { topic: c }, cluster: { topic: a, session_timeout: 5s }", "cluster.session_timeout", "6s"),
        ("checkpoints: { topic: c }, cluster: { topic: a, session_timeout: 31m }", "cluster.session_timeout", "30m"),
        ("checkpoints: { topic: c }, cluster: { topic: a, group: '' }", "cluster.group", "leave it out"),
        ("checkpoints: { topic: c }, cluster: { topic: a, instance: 'a b' }", "cluster.instance", "leave it out"),
    ] {
        expect(once(rest), rest, key, expected);
    }
}

#[test]
fn options_say_nothing_that_is_ours_or_secret_or_promised() {
    for (option, expected) in [
        ("acks: '1'", "leave it out"),
        ("enable.idempotence: 'false'", "leave it out"),
        ("transactional.id: mine", "leave it out"),
        ("allow.auto.create.topics: 'true'", "leave it out"),
        ("max.in.flight: '10'", "leave it out"),
        ("isolation.level: read_uncommitted", "leave it out"),
        ("test.mock.num.brokers: '3'", "leave it out"),
        ("bootstrap.servers: 'a:1'", "`bootstrap_servers` instead"),
        ("linger.ms: '1'", "`linger` instead"),
        ("compression.codec: gzip", "`compression` instead"),
        ("message.timeout.ms: '1'", "`delivery_timeout` instead"),
        ("security.protocol: ssl", "`tls` and `sasl` instead"),
        ("sasl.password: hunter2", "`sasl.password`"),
        ("ssl.key.password: hunter2", "`tls.key_password`"),
        ("ssl.key.pem: hunter2", "`tls.key_file`"),
        ("sasl.oauthbearer.client.secret: hunter2", "`sasl.client_secret`"),
        ("sasl.oauthbearer.assertion.private.key.passphrase: hunter2", "no secret"),
        ("ssl.keystore.password: hunter2", "no secret"),
        ("sasl.oauthbearer.config: hunter2", "no secret"),
        ("no.such.thing: hunter2", "librdkafka refuses"),
        ("socket.timeout.ms: hunter2", "librdkafka refuses"),
        ("socket.keepalive.enable: hunter2", "librdkafka refuses"),
    ] {
        let fault = with(&format!("librdkafka_options: {{ {option} }}"));
        let said = fault.as_ref().err().cloned().unwrap_or_default();
        assert!(!said.contains("hunter2"), "a value may be a secret: {said}");
        expect(fault, option, "librdkafka_options", expected);
    }
}

#[test]
fn what_goes_in_the_clear_is_told() {
    let warnings =
        |servers: &str| settings(&format!("{{ bootstrap_servers: '{servers}', topic: a }}")).unwrap().warnings();
    for near in ["localhost:9092", "127.0.0.1:9092,[::1]:9092", "127.8.8.8:1"] {
        assert_eq!(warnings(near), Vec::<String>::new(), "{near}");
    }
    let told = warnings("127.0.0.1:9092,kafka.example.com:9092,192.0.2.7:9092");
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("kafka.example.com:9092, 192.0.2.7:9092") && told[0].contains("`tls`"), "{}", told[0]);
    assert_eq!(with("tls: {}").unwrap().warnings(), Vec::<String>::new());
}
