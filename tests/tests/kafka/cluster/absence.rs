//! What an instance needs is not there, or not as it must be.

use std::time::Duration;

use adr_sink_kafka::GroupState;
use adr_tests::kafka::{Broker, Version};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;

use super::division::{start, told_right};
use super::ledger::{Ledger, all_shards};
use super::place::Place;

pub(super) fn topic(broker: &Broker) {
    let place = Place::new(broker, "6s");
    let ledger = Ledger::default();
    let instance = start(&place, "a", &ledger);
    ledger.nobody_for(Duration::from_secs(1));
    assert_eq!(place.status().group, GroupState::Dead);
    broker.create_topic(&place.assignment(), 4, &[]);
    ledger.nobody_for(Duration::from_secs(4));
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &place.bootstrap).create().expect("a client");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let topic = place.assignment();
    let more = NewPartitions::new(&topic, 6);
    let made = tokio.block_on(admin.create_partitions([&more], &AdminOptions::new())).expect("the broker answers");
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    ledger.shares(&[("a", 6)]);
    drop(instance);
}

pub(super) fn brokers(version: Version) {
    let mut broker = Broker::start(version);
    let place = Place::whole(&broker, "6s");
    let ledger = Ledger::default();
    let first = start(&place, "a", &ledger);
    let second = start(&place, "b", &ledger);
    ledger.shares(&[("a", 3), ("b", 3)]);

    // Nobody hears of anybody for longer than a session: everybody has to think that others have the shards.
    broker.pause();
    ledger.until("all is lost", |state| state.of("a").is_empty() && state.of("b").is_empty());
    broker.resume();
    ledger.shares(&[("a", 3), ("b", 3)]);
    told_right(&place, &ledger, &["a", "b"]);

    // A third comes while nobody answers.
    broker.kill();
    let third = start(&place, "c", &ledger);
    broker.restart();
    ledger.shares(&[("a", 2), ("b", 2), ("c", 2)]);
    told_right(&place, &ledger, &["a", "b", "c"]);
    let shards = ["a", "b", "c"].map(|name| ledger.state().of(name));
    assert_eq!(shards.into_iter().flatten().collect::<std::collections::BTreeSet<_>>(), all_shards());
    drop((first, second, third));
}
