//! Records that are too large.

use adr_core::{Event, Size};
use adr_tests::kafka::{Broker, read_all, unique};

use super::scene::{config, event, run, sink, write_all};

/// Text that does not compress: brokers measure what comes.
fn noise(event: Event, bytes: usize) -> Event {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let letters = (0..bytes).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from(state >> 58).expect("6 bits") % 57)
    });
    let body: String = letters.map(|letter| if matches!(letter, '"' | '\\') { 'x' } else { letter }).collect();
    Event { body: format!("{{\"noise\":\"{body}\"}}").into(), ..event }
}

fn mixed() -> Vec<Event> {
    let mut sent: Vec<Event> = (0..400).map(|number| noise(event("org-a", number, 0), 500)).collect();
    for (place, bytes) in [(3, 60_000), (200, 25_000), (399, 30_000)] {
        sent[place] = noise(sent[place].clone(), bytes);
    }
    sent
}

fn expect_the_small_ones(broker: &Broker, topic: &str, sent: &[Event]) {
    let found = read_all(&broker.bootstrap(), topic);
    let mut uids: Vec<_> = found.iter().map(|message| message.header("uid").unwrap_or_default().to_owned()).collect();
    let mut seen = std::collections::BTreeSet::new();
    uids.retain(|uid| seen.insert(uid.clone()));
    let small = sent.iter().filter(|event| event.body.len() < 20_000).map(|event| event.meta.id.to_string());
    assert_eq!(uids, small.collect::<Vec<_>>(), "all the others, first seen in their order");
}

pub(super) fn topic(broker: &Broker) {
    let topic = unique("narrow");
    broker.create_topic(&topic, 1, &[("max.message.bytes", "20000")]);
    let sent = mixed();
    let mut config = config(broker, &topic);
    config.max_message_bytes = Some(Size(50_000));
    let seen = run(async { write_all(&mut sink(config), &sent, 100).await });
    assert_eq!(seen.failures, [], "batches are made small enough from the start");
    assert_eq!(seen.rejected.iter().map(|rejection| rejection.index).collect::<Vec<_>>(), [3, 200, 399]);
    let reasons: Vec<_> = seen.rejected.iter().map(|rejection| rejection.reason.as_str()).collect();
    assert!(reasons[0].contains("`max_message_bytes`") && reasons[0].contains("60"), "{}", reasons[0]);
    for reason in &reasons[1..] {
        assert!(reason.contains(&topic) && reason.contains("max.message.bytes"), "{reason}");
    }
    assert_eq!(read_all(&broker.bootstrap(), &topic).len(), 397, "nothing twice");
    expect_the_small_ones(broker, &topic, &sent);
}

pub(super) fn shrunk(broker: &Broker) {
    let topic = unique("shrunk");
    broker.create_topic(&topic, 1, &[]);
    let sent = mixed();
    let seen = run(async {
        let mut sink = sink(config(broker, &topic));
        let before = write_all(&mut sink, &sent[..2], 2).await;
        assert!(before.failures.is_empty());
        let change = ["--alter", "--topic", &topic, "--add-config", "max.message.bytes=20000"];
        broker.tool("kafka.admin.ConfigCommand", &change);
        write_all(&mut sink, &sent[2..], 100).await
    });
    assert!(!seen.failures.is_empty() && seen.failures.len() < 12, "{:?}", seen.failures);
    assert!(seen.failures[0].message.contains("smaller ones"), "{}", seen.failures[0]);
    assert_eq!(seen.rejected.iter().map(|rejection| rejection.index + 2).collect::<Vec<_>>(), [3, 200, 399]);
    expect_the_small_ones(broker, &topic, &sent);
}
