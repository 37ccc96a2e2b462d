//! Instances that come and go in an orderly way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use adr_core::Timestamp;
use adr_sink_kafka::{ClusterStatus, GroupState};
use adr_tests::kafka::Broker;

use super::instance::{Drain, Instance};
use super::ledger::{LIMIT, Ledger, all_shards};
use super::place::Place;

pub(super) fn start(place: &Place, name: &'static str, ledger: &Ledger) -> Instance {
    start_with(place, name, Duration::ZERO, ledger)
}

fn start_with(place: &Place, name: &'static str, drain: Drain, ledger: &Ledger) -> Instance {
    let ledger = ledger.clone();
    Instance::start(place, name, drain, Arc::new(move |word, shard| ledger.say(name, word, shard)))
}

/// Who owns what, as the brokers tell it.
pub(super) fn owners(status: &ClusterStatus) -> BTreeMap<String, BTreeSet<u32>> {
    let mut owners: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for shard in &status.shards {
        let name = shard.owner.as_ref().map_or("", |owner| &owner.instance);
        owners.entry(name.to_owned()).or_default().insert(shard.shard);
    }
    owners
}

/// The status agrees with what these instances were told.
pub(super) fn told_right(place: &Place, ledger: &Ledger, names: &[&str]) {
    let status = place.status();
    assert_eq!(status.group, GroupState::Stable);
    let told = names.iter().map(|name| ((*name).to_owned(), ledger.state().of(name))).collect();
    assert_eq!(owners(&status), told);
    let instances: Vec<_> = status.instances.iter().map(|owner| &*owner.instance).collect();
    assert_eq!(instances, names);
}

#[expect(clippy::disallowed_methods, reason = "records have the time of the machine")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    Timestamp::from_millis(i64::try_from(since.as_millis()).expect("before 2262"))
}

pub(super) fn fair(broker: &Broker) {
    // So long a session that nothing here can be its end.
    let place = Place::whole(broker, "5m");
    let ledger = Ledger::default();
    let status = place.status();
    assert_eq!(status.group, GroupState::Dead);
    assert!(status.shards.iter().all(|shard| shard.owner.is_none() && shard.committed.is_none()), "{status:?}");

    let begun = now();
    let first = start(&place, "a", &ledger);
    ledger.shares(&[("a", 6)]);
    told_right(&place, &ledger, &["a"]);
    let status = place.status();
    for shard in &status.shards {
        let committed = shard.committed.expect("something was committed");
        assert!(committed >= begun && committed <= now(), "{begun} {committed}");
        assert_eq!(shard.owner.as_ref().map(|owner| owner.host.is_empty()), Some(false), "{status:?}");
    }
    drop(first);
    ledger.bury("a");
    assert_eq!(place.status().group, GroupState::Empty);
    // A short session now, of which the heartbeats tell of rebalances soon.
    let place = Place { session: "15s".into(), ..place };

    let first = start(&place, "a", &ledger);
    ledger.shares(&[("a", 6)]);
    let stopped = ledger.state().stops("a");
    let second = start(&place, "b", &ledger);
    ledger.shares(&[("a", 3), ("b", 3)]);
    assert_eq!(ledger.state().stops("a"), stopped + 3, "the others were not touched");
    told_right(&place, &ledger, &["a", "b"]);

    let third = start(&place, "c", &ledger);
    ledger.shares(&[("a", 2), ("b", 2), ("c", 2)]);
    assert_eq!(ledger.state().stops("a"), stopped + 4);
    assert_eq!(ledger.state().stops("b"), 1);
    told_right(&place, &ledger, &["a", "b", "c"]);

    drop(second);
    ledger.bury("b");
    ledger.shares(&[("a", 3), ("c", 3)]);
    assert_eq!(ledger.state().stops("a"), stopped + 4, "who stays gives nothing up");
    assert!(ledger.state().stops("c") == 0, "who stays gives nothing up");
    told_right(&place, &ledger, &["a", "c"]);
    drop((first, third));
    let status = place.status();
    assert_eq!(status.group, GroupState::Empty);
    assert!(status.shards.iter().all(|shard| shard.owner.is_none() && shard.committed.is_some()), "{status:?}");
}

pub(super) fn drained(broker: &Broker) {
    let place = Place::whole(broker, "15s");
    let ledger = Ledger::default();
    // Longer than anything else here takes, and less than half of a session.
    let first = start_with(&place, "a", Duration::from_secs(3), &ledger);
    ledger.shares(&[("a", 6)]);
    let second = start(&place, "b", &ledger);
    ledger.until("a is told to stop", |state| state.of("a").len() == 3);
    assert_eq!(ledger.state().holds("a"), all_shards(), "its lanes drain");
    assert!(ledger.state().of("b").is_empty(), "nobody has what drains");
    assert_eq!(ledger.state().stops("b"), 0);
    // The ledger finds it if the other opens a lane before it has drained.
    ledger.shares(&[("a", 3), ("b", 3)]);
    drop((first, second));
    assert!(place.status().group == GroupState::Empty, "both left within {LIMIT:?}");
}
