//! Topics that are missing, brokers that go away.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use adr_core::{FailureKind, Retry, Sink, Size, Span};
use adr_tests::kafka::{Broker, Version, read_all, unique};

use super::scene::{Seen, config, event, events, run, sink, write_all};

fn topics(broker: &Broker) -> Vec<String> {
    broker.tool("org.apache.kafka.tools.TopicCommand", &["--list"]).lines().map(str::to_owned).collect()
}

pub(super) fn missing(broker: &Broker) {
    let topic = unique("missing");
    run(async {
        let mut sink = sink(config(broker, &topic));
        let sent = events(&["org-a"], 10, 10);
        let failure = sink.write(&sent).await.err().expect("there is no such topic");
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::BackOff));
        assert!(failure.message.contains("--create") && failure.message.contains(&topic), "{failure}");
        assert!(!topics(broker).contains(&topic), "the broker makes topics for whoever asks; we did not ask");
        broker.create_topic(&topic, 1, &[]);
        let seen = write_all(&mut sink, &sent, 10).await;
        assert!(seen.failures.is_empty() && seen.rejected.is_empty(), "{seen:?}");
    });
    assert_eq!(read_all(&broker.bootstrap(), &topic).len(), 10);
}

pub(super) fn deleted(broker: &Broker) {
    let topic = unique("deleted");
    broker.create_topic(&topic, 1, &[]);
    run(async {
        let mut config = config(broker, &topic);
        config.delivery_timeout = Some(Span(Duration::from_secs(5)));
        let mut sink = sink(config);
        let sent = events(&["org-a"], 10, 10);
        write_all(&mut sink, &sent, 10).await;
        broker.tool("org.apache.kafka.tools.TopicCommand", &["--delete", "--topic", &topic]);
        let start = Instant::now();
        loop {
            let written = sink.write(&sent).await;
            let failure = match written {
                Ok(delivery) => delivery.await.err(),
                Err(failure) => Some(failure),
            };
            if failure
                .is_some_and(|failure| failure.kind == FailureKind::Config && failure.message.contains("--create"))
            {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "it does not notice");
        }
        assert!(!topics(broker).contains(&topic), "it stays deleted");
    });
}

fn first_seen(broker: &Broker, topic: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let found = read_all(&broker.bootstrap(), topic);
    let uids = found.iter().map(|message| message.header("uid").unwrap_or_default().to_owned());
    uids.filter(|uid| seen.insert(uid.clone())).collect()
}

pub(super) fn killed(version: Version) {
    let mut broker = Broker::start(version);
    let topic = unique("killed");
    broker.create_topic(&topic, 1, &[]);
    let sent = events(&["org-a", "org-b"], 10_000, 300);
    let settings = config(&broker, &topic);
    let (told, parts) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            run(async {
                let mut sink = sink(settings);
                let mut seen = Seen::default();
                for part in sent.chunks(200) {
                    let of_part = write_all(&mut sink, part, 20).await;
                    seen.failures.extend(of_part.failures);
                    seen.rejected.extend(of_part.rejected);
                    let _ = told.send(());
                }
                seen
            })
        });
        for _ in 0..2 {
            // In the middle of writing.
            parts.iter().take(20).for_each(drop);
            broker.kill();
            broker.restart();
        }
        let seen = writing.join().expect("it writes");
        assert!(seen.rejected.is_empty());
        assert_eq!(seen.failures, [], "the outage is shorter than `delivery_timeout`");
    });
    let found = read_all(&broker.bootstrap(), &topic);
    let uids: Vec<_> = found.iter().map(|message| message.header("uid").unwrap_or_default().to_owned()).collect();
    let expected: Vec<_> = sent.iter().map(|event| event.meta.id.to_string()).collect();
    assert!(uids == expected, "each once and in order: {} of {}", uids.len(), expected.len());
}

pub(super) fn full(version: Version) {
    let broker = Broker::start(version);
    let topic = unique("full");
    broker.create_topic(&topic, 2, &[]);
    let sent = events(&["org-a", "org-b", "org-c"], 1000, 1000);
    run(async {
        let mut config = config(&broker, &topic);
        config.queue_bytes = Some(Size(1_000_000));
        let mut sink = sink(config);
        write_all(&mut sink, &sent[..1], 1).await;
        broker.pause();
        // 3 MB do not fit into 1 MB.
        let waited = tokio::time::timeout(Duration::from_secs(3), sink.write(&sent[1..])).await;
        assert!(waited.is_err(), "the write waits");
        broker.resume();
        // A write that was dropped leaves a sink that is not used again.
        drop(sink);
        let mut config = self::config(&broker, &topic);
        config.queue_bytes = Some(Size(1_000_000));
        let mut sink = super::scene::sink(config);
        write_all(&mut sink, &sent[..1], 1).await;
        broker.pause();
        let (delivery, ()) = tokio::join!(sink.write(&sent[1..]), async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            broker.resume();
        });
        delivery.expect("accepted").await.expect("delivered");
        sink.close().await.expect("closed");
    });
    let found = first_seen(&broker, &topic);
    assert_eq!(found.len(), sent.len(), "nothing is lost");
}

pub(super) fn timed_out(version: Version) {
    let broker = Broker::start(version);
    let topic = unique("late");
    broker.create_topic(&topic, 1, &[]);
    let sent: Vec<_> = (0..2000).map(|number| event("org-a", number, 200)).collect();
    let mut settings = config(&broker, &topic);
    settings.delivery_timeout = Some(Span(Duration::from_secs(2)));
    settings.batch_bytes = Some(Size(5000));
    let seen = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            run(async {
                let mut sink = sink(settings);
                let first = write_all(&mut sink, &sent[..100], 10).await;
                assert!(first.failures.is_empty());
                broker.pause();
                write_all(&mut sink, &sent[100..], 10).await
            })
        });
        std::thread::sleep(Duration::from_secs(8));
        broker.resume();
        writing.join().expect("it writes")
    });
    assert!(!seen.failures.is_empty() && seen.rejected.is_empty(), "{seen:?}");
    assert!(seen.failures[0].message.contains("write to kafka topic"), "{}", seen.failures[0]);
    let expected: Vec<_> = sent.iter().map(|event| event.meta.id.to_string()).collect();
    let found = first_seen(&broker, &topic);
    assert!(found == expected, "{} of {}, first seen in order", found.len(), expected.len());
}
