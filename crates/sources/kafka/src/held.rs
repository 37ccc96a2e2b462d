//! The partitions that are this instance's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use adr_core::Failure;
use adr_kafka::{GroupConsumer, Holder, Partition};
use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::watch;

use crate::tenure::Tenure;

/// What a component sees.
#[derive(Clone, Default)]
pub(crate) struct View {
    pub(crate) tenures: BTreeMap<Partition, Arc<Tenure>>,
    /// The group has taken us in.
    pub(crate) joined: bool,
    /// Why it has not, and how often it was tried.
    pub(crate) failure: Option<Failure>,
    pub(crate) failures: u32,
}

pub(crate) struct Held {
    group: String,
    view: watch::Sender<View>,
    /// How often partitions have come, in all memberships of this instance.
    comings: AtomicU64,
}

impl Held {
    pub(crate) fn new(group: &str) -> Self {
        let view = watch::Sender::new(View::default());
        Self { group: group.to_owned(), view, comings: AtomicU64::default() }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<View> {
        self.view.subscribe()
    }

    /// They are not ours any more; whether any was.
    fn end(&self, partitions: &[Partition]) -> bool {
        let tenures = self.remove(partitions);
        tenures.iter().for_each(|tenure| tenure.end());
        !tenures.is_empty()
    }

    /// From now on no component sees them: their lanes are stopped.
    fn remove(&self, partitions: &[Partition]) -> Vec<Arc<Tenure>> {
        let mut removed = Vec::new();
        self.view.send_modify(|view| {
            removed.extend(partitions.iter().filter_map(|partition| view.tenures.remove(partition)));
        });
        removed
    }

    fn all(&self) -> Vec<Partition> {
        self.view.borrow().tenures.keys().cloned().collect()
    }
}

impl Holder for Held {
    fn take(&self, consumer: &Arc<GroupConsumer>, partitions: Vec<Partition>) {
        let number = self.comings.fetch_add(1, Ordering::Relaxed);
        let tenures: Vec<_> = partitions
            .iter()
            .filter_map(|partition| Tenure::new(consumer, partition.clone(), number))
            .map(|tenure| (tenure.partition.clone(), Arc::new(tenure)))
            .collect();
        self.view.send_modify(|view| {
            view.tenures.extend(tenures);
            (view.joined, view.failures, view.failure) = (true, 0, None);
        });
        if !partitions.is_empty() {
            let group = &self.group;
            tracing::info!(group, "given to this instance: {}", listed(&partitions));
        }
    }

    fn give_up(&self, partitions: &[Partition], within: Duration) {
        let until = Instant::now() + within;
        let tenures = self.remove(partitions);
        tenures.iter().for_each(|tenure| tenure.leave());
        for tenure in &tenures {
            if !tenure.drained(until) {
                let partition = &tenure.partition;
                tracing::warn!(
                    "partition {partition} goes to another instance before all that was read of it is delivered: what was \
                     not committed is read again there"
                );
            }
            tenure.end();
        }
        if !tenures.is_empty() {
            let group = &self.group;
            tracing::info!(group, "given up by this instance: {}", listed(partitions));
        }
    }

    fn lose(&self, partitions: &[Partition]) {
        if self.end(partitions) {
            let group = &self.group;
            tracing::warn!(
                group,
                "this instance has lost {}: the group has not heard of it in time; what was not committed is read again",
                listed(partitions)
            );
        }
    }

    fn lose_all(&self) {
        // Why, is said when the next membership is tried.
        self.end(&self.all());
        self.view.send_modify(|view| view.joined = false);
    }

    fn leave(&self, within: Duration) {
        self.give_up(&self.all(), within);
    }

    fn ends(&self, error: RDKafkaErrorCode) -> bool {
        use RDKafkaErrorCode::{GroupAuthorizationFailed, TopicAuthorizationFailed};
        matches!(error, GroupAuthorizationFailed | TopicAuthorizationFailed)
    }

    fn failed(&self, failure: &Failure) {
        self.view.send_modify(|view| {
            view.failures += 1;
            view.failure = Some(failure.clone());
        });
    }
}

fn listed(partitions: &[Partition]) -> String {
    let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    names.join(", ")
}
