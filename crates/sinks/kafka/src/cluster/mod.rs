//! The lanes of a pipeline shared among all instances that run it, by Kafka's consumer group protocol.
//!
//! Shards are the partitions of an assignment topic, in which nothing is ever written: to own a partition is to own the
//! shard. What makes two owners harmless is not the group but fencing (see [`ExactlyOnce`](crate::ExactlyOnce)).
//!
//! An instance needs these rights: `Read` on the group, `Read` on the assignment topic (which includes `Describe`), and
//! `DescribeConfigs` on it if its settings are to be checked.

mod assignment;
mod division;
mod last_commit;
mod owned;
mod shares;
mod source;
mod status;

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Failure, FailureKind, SourceComponent};
use adr_kafka::{self as kafka, FAREWELL, Membership, machine_and_process};

use crate::settings::{ClusterSettings, ExactlyOnceSettings};
use crate::{Connection, Settings, Shards};
use owned::{Grants, Ownership};
use shares::Shares;
use source::SharedSource;

pub use status::{ClusterStatus, GroupState, Owner, ShardStatus, status};

/// This instance's membership in the group of all instances. Dropping it (and all sources that it shares) leaves the
/// group, so that others take its shards over at once: do that after the drain.
pub struct Cluster {
    ownership: Arc<Ownership>,
    grants: Arc<dyn Grants>,
    membership: Membership,
}

/// How long brokers have for an answer about the assignment topic.
const ANSWER: Duration = Duration::from_secs(10);

/// Where and as whom to join.
struct Place {
    connection: Connection,
    topic: String,
    group: String,
    instance: String,
    session_timeout: Duration,
    shards: u32,
    /// Whether the assignment topic is as it must be.
    ready: Box<dyn Fn() -> Result<(), Failure> + Send>,
}

impl Cluster {
    /// Joins the group, on a thread of its own that goes on trying for as long as there is something in its way: what
    /// that is, it says in the log. `shards` are told what is theirs.
    ///
    /// # Errors
    /// [`FailureKind::Config`] if the settings name no cluster, [`FailureKind::Internal`] if there can be no thread.
    pub fn join(connection: &Connection, settings: &Settings, shards: Arc<Shards>) -> Result<Arc<Self>, Failure> {
        let (exactly_once, cluster) = required(settings)?;
        let checked = (connection.clone(), settings.clone());
        let place = Place {
            connection: connection.clone(),
            topic: cluster.topic.clone(),
            group: cluster.group.clone(),
            instance: cluster.instance.clone().unwrap_or_else(machine_and_process),
            session_timeout: cluster.session_timeout,
            shards: exactly_once.shards,
            ready: Box::new(move || {
                let (connection, settings) = &checked;
                crate::topics::require_assignment_topic(connection, settings, ANSWER).map(|_| ())
            }),
        };
        Self::start(place, shards)
    }

    fn start(place: Place, grants: Arc<dyn Grants>) -> Result<Arc<Self>, Failure> {
        let Place { connection, topic, group, instance, session_timeout, shards, ready } = place;
        let ownership = Arc::new(Ownership::new());
        let shares = Shares::new(grants.clone(), ownership.clone(), shards);
        let place = kafka::Place {
            connection,
            doing: format!("share tenants through kafka topic {topic} as group {group}"),
            topics: vec![topic],
            group,
            instance,
            session_timeout,
            drain: session_timeout / 2,
            options: Vec::new(),
            missing: "no shards can be had",
            ready,
        };
        let membership = Membership::start(place, Arc::new(shares), "kafka-cluster")?;
        Ok(Arc::new(Self { ownership, grants, membership }))
    }

    /// The same source, of whose lanes only those run here whose shards this instance owns. Any number of sources
    /// can be shared.
    ///
    /// A shared source never comes to an end by itself, not even when the inner one has no more lanes to tell of: shards
    /// can still come. A run that is to end with its sources (`--once`) must not share them.
    pub fn share(self: &Arc<Self>, source: Box<dyn SourceComponent>) -> Box<dyn SourceComponent> {
        Box::new(SharedSource::new(source, self.ownership.watch(), self.grants.clone(), Some(self.clone())))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.membership.leave() {
            tracing::warn!(
                "the kafka cluster could not be left within {FAREWELL:?}: the other instances take over when the session timeout has passed"
            );
        }
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("owned", &self.ownership.list()).finish_non_exhaustive()
    }
}

fn required(settings: &Settings) -> Result<(&ExactlyOnceSettings, &ClusterSettings), Failure> {
    let exactly_once = settings.exactly_once.as_ref();
    exactly_once.and_then(|exactly_once| Some((exactly_once, exactly_once.cluster.as_ref()?))).ok_or_else(|| {
        Failure::fatal(FailureKind::Config, "the sink kafka names no `cluster`: there is nobody to share with")
    })
}

#[cfg(test)]
mod tests;
