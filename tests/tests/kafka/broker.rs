//! The test broker itself: what the other trials rest on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use adr_tests::kafka::{Broker, Listener, Message, PASSWORD, Security, USER, Version, read_all, unique};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

use crate::Case;

type Plain = ThreadedProducer<DefaultProducerContext>;

const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn cases() -> Vec<Case> {
    [
        Case::shared("a committed record is read once, an aborted one never", committed_and_aborted),
        Case::shared("reading to the end waits for an open transaction", open_transaction),
        Case::own("pause, kill and restart keep the ports and what was acknowledged", lives),
        Case::own("every listener lets in whom it should and nobody else", secured),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn producer(broker: &Broker, transactional: Option<&str>) -> Plain {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.bootstrap()).set("linger.ms", "0").set("acks", "all");
    if let Some(id) = transactional {
        config.set("transactional.id", id);
    }
    config.create().expect("a producer")
}

fn send(producer: &Plain, topic: &str, partition: i32, payload: &str) {
    let record = BaseRecord::to(topic).key("key").payload(payload).partition(partition);
    producer.send(record).map_err(|(error, _)| error).expect("the queue has room");
}

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| std::str::from_utf8(&message.payload).expect("text")).collect()
}

fn committed_and_aborted(broker: &Broker) {
    let topic = unique("committed");
    broker.create_topic(&topic, 2, &[("cleanup.policy", "delete")]);
    let producer = producer(broker, Some(&unique("id")));
    producer.init_transactions(LIMIT).expect("init");
    for round in 0..6 {
        producer.begin_transaction().expect("begin");
        send(&producer, &topic, 0, &format!("a{round}"));
        send(&producer, &topic, 1, &format!("b{round}"));
        producer.flush(LIMIT).expect("flush");
        // The last one is aborted: what stands at the very end are markers.
        match round % 2 {
            0 => producer.commit_transaction(LIMIT).expect("commit"),
            _ => producer.abort_transaction(LIMIT).expect("abort"),
        }
    }
    let read = read_all(&broker.bootstrap(), &topic);
    assert_eq!(texts(&read), ["a0", "a2", "a4", "b0", "b2", "b4"]);
    assert_eq!(read[3].partition, 1);
    assert_eq!(read[0].key.as_deref(), Some(&b"key"[..]));
}

fn open_transaction(broker: &Broker) {
    let topic = unique("open");
    broker.create_topic(&topic, 1, &[]);
    let open = producer(broker, Some(&unique("id")));
    open.init_transactions(LIMIT).expect("init");
    open.begin_transaction().expect("begin");
    send(&open, &topic, 0, "first");
    open.flush(LIMIT).expect("flush");
    let plain = producer(broker, None);
    send(&plain, &topic, 0, "second");
    plain.flush(LIMIT).expect("flush");
    let done = Arc::new(AtomicBool::new(false));
    let reading = std::thread::spawn({
        let (bootstrap, topic, done) = (broker.bootstrap(), topic, Arc::clone(&done));
        move || {
            let read = read_all(&bootstrap, &topic);
            assert!(done.load(Ordering::Acquire), "it has read {:?} while the transaction was open", texts(&read));
            read
        }
    });
    // Long enough for a reader that does not wait to come to its end.
    std::thread::sleep(Duration::from_millis(700));
    done.store(true, Ordering::Release);
    open.commit_transaction(LIMIT).expect("commit");
    assert_eq!(texts(&reading.join().expect("it reads")), ["first", "second"]);
}

fn lives(version: Version) {
    let mut broker = Broker::start(version);
    let bootstrap = broker.bootstrap();
    let topic = unique("lives");
    broker.create_topic(&topic, 1, &[]);
    let producer = producer(&broker, None);
    send(&producer, &topic, 0, "before");
    producer.flush(LIMIT).expect("flush");

    broker.pause();
    send(&producer, &topic, 0, "paused");
    let start = Instant::now();
    producer.flush(Duration::from_millis(500)).expect_err("nobody answers");
    assert!(start.elapsed() >= Duration::from_millis(500));
    broker.resume();
    producer.flush(LIMIT).expect("flush");

    broker.kill();
    send(&producer, &topic, 0, "killed");
    broker.restart();
    assert_eq!(broker.bootstrap(), bootstrap);
    producer.flush(LIMIT).expect("flush");
    assert_eq!(texts(&read_all(&bootstrap, &topic)), ["before", "paused", "killed"]);
}

fn secured(version: Version) {
    let broker = Broker::start_with(version, Security::Acls);
    let topic = unique("secured");
    broker.create_topic(&topic, 1, &[]);
    let client = broker.pki().client();
    let tls = |listener: Listener| {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", broker.address(listener)).set("security.protocol", "ssl");
        config.set("ssl.ca.location", broker.pki().authority.to_str().expect("text"));
        config
    };
    let login = |mechanism: &str, password: &str| {
        let mut config = tls(Listener::Sasl);
        config.set("security.protocol", "sasl_ssl").set("sasl.mechanism", mechanism);
        config.set("sasl.username", USER).set("sasl.password", password);
        config
    };
    let mut with_certificate = tls(Listener::MutualTls);
    with_certificate.set("ssl.certificate.location", client.certificate.to_str().expect("text"));
    with_certificate.set("ssl.key.location", client.key.to_str().expect("text"));
    let mut with_token = tls(Listener::Oauth);
    with_token.set("security.protocol", "sasl_ssl").set("sasl.mechanism", "OAUTHBEARER");
    with_token.set("enable.sasl.oauthbearer.unsecure.jwt", "true").set("sasl.oauthbearer.config", "principal=alice");
    let answers = |config: &ClientConfig| {
        let consumer: BaseConsumer = config.create().expect("a client");
        // Callbacks, such as that for a token, are called by polling.
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(3) {
            consumer.poll(Duration::ZERO);
            if consumer.fetch_metadata(None, Duration::from_millis(500)).is_ok() {
                return true;
            }
        }
        false
    };
    for (who, config) in [
        ("TLS", tls(Listener::Tls)),
        ("a certificate", with_certificate),
        ("PLAIN", login("PLAIN", PASSWORD)),
        ("SCRAM 256", login("SCRAM-SHA-256", PASSWORD)),
        ("SCRAM 512", login("SCRAM-SHA-512", PASSWORD)),
        ("a token", with_token),
    ] {
        assert!(answers(&config), "refused with {who}:\n{}", broker.log());
    }
    for (who, config) in [
        ("no certificate", tls(Listener::MutualTls)),
        ("another password", login("PLAIN", "another")),
        ("another password", login("SCRAM-SHA-512", "another")),
    ] {
        assert!(!answers(&config), "let in with {who}");
    }
}
