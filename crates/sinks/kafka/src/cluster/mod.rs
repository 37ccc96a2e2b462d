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
mod member;
mod owned;
mod rebalance;
mod source;
mod status;

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use adr_core::{Failure, FailureKind, SourceComponent};

use crate::farewell::{FAREWELL, wait_here};
use crate::settings::{ClusterSettings, ExactlyOnceSettings};
use crate::{Connection, Settings, Shards};
use member::{Member, Place};
use owned::{Grants, Ownership};
use source::SharedSource;

pub use status::{ClusterStatus, GroupState, Owner, ShardStatus, status};

/// This instance's membership in the group of all instances. Dropping it (and all sources that it shares) leaves the
/// group, so that others take its shards over at once: do that after the drain.
pub struct Cluster {
    ownership: Arc<Ownership>,
    grants: Arc<dyn Grants>,
    thread: Mutex<Option<Leaving>>,
}

/// Dropping `stay` tells the thread to leave; `left` is disconnected when it has.
struct Leaving {
    stay: SyncSender<()>,
    left: Receiver<()>,
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
            instance: cluster.instance.clone().unwrap_or_else(member::machine_and_process),
            session_timeout: cluster.session_timeout,
            shards: exactly_once.shards,
            ready: Box::new(move || {
                let (connection, settings) = &checked;
                crate::topics::require_assignment_topic(connection, settings, member::ANSWER).map(|_| ())
            }),
        };
        Self::start(place, shards)
    }

    fn start(place: Place, grants: Arc<dyn Grants>) -> Result<Arc<Self>, Failure> {
        let ownership = Arc::new(Ownership::new());
        let (stay, until) = sync_channel(0);
        let (leaves, left) = sync_channel(0);
        let member = Member::new(place, grants.clone(), ownership.clone(), until);
        let run = move || {
            member.run();
            drop(leaves);
        };
        std::thread::Builder::new().name("kafka-cluster".to_owned()).spawn(run).map_err(|error| {
            Failure::new(FailureKind::Internal, format!("cannot start the thread of the kafka cluster: {error}"))
        })?;
        Ok(Arc::new(Self { ownership, grants, thread: Mutex::new(Some(Leaving { stay, left })) }))
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
        let Some(Leaving { stay, left }) = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        drop(stay);
        // Brokers may not answer, and there may be nobody else to wait.
        if wait_here(|| left.recv_timeout(FAREWELL)) == Err(RecvTimeoutError::Timeout) {
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
