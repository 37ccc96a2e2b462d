//! Membership in a consumer group, on a thread of its own: what comes, what is to be given up, what is lost.

mod member;
mod rebalance;
mod settings;

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adr_core::{Failure, FailureKind};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::RDKafkaErrorCode;

use crate::client::Connection;
use crate::farewell::{FAREWELL, wait_here};
use member::Member;

pub use member::machine_and_process;
pub use rebalance::Rebalances;
pub use settings::{is_name, session_timeout};

/// A consumer that is a member of a group.
pub type GroupConsumer = BaseConsumer<Rebalances>;

/// Where and as whom to join.
pub struct Place {
    /// The brokers.
    pub connection: Connection,
    /// What is divided.
    pub topics: Vec<String>,
    /// Among whom.
    pub group: String,
    /// The name that the group knows this member by.
    pub instance: String,
    /// After how long without a sign of life it is taken for dead.
    pub session_timeout: Duration,
    /// How long lanes have to drain when their partition goes to another member. A rebalance waits so long.
    pub drain: Duration,
    /// Settings of the consumer beside those that every member has.
    pub options: Vec<(&'static str, String)>,
    /// What it does, read after "cannot": "share tenants through kafka topic shards as group instances".
    pub doing: String,
    /// What is missing while the group has not taken it in: "no shards can be had".
    pub missing: &'static str,
    /// Whether the topics are as they must be. May block.
    pub ready: Box<dyn Fn() -> Result<(), Failure> + Send>,
}

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition's number in it.
    pub number: i32,
}

impl Partition {
    /// Those of a list of librdkafka's.
    pub fn all(list: &TopicPartitionList) -> Vec<Self> {
        list.elements().iter().map(|one| Self { topic: one.topic().into(), number: one.partition() }).collect()
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.number)
    }
}

/// Whoever does something with the partitions that a member is given. All is called on the member's thread.
pub trait Holder: Send + Sync {
    /// The group has taken us in and gives us these beside what we have, maybe none. Nothing of them is fetched: they are
    /// paused.
    fn take(&self, consumer: &Arc<GroupConsumer>, partitions: Vec<Partition>);

    /// They go to another member as soon as this returns, which should be within this time.
    fn give_up(&self, partitions: &[Partition], within: Duration);

    /// Others may have them already.
    fn lose(&self, partitions: &[Partition]);

    /// The membership has ended: whatever is still held is lost.
    fn lose_all(&self);

    /// The membership ends because we want it to: called before anything is given up.
    fn leave(&self, _within: Duration) {}

    /// Whether an error is one that ends the membership although the consumer itself would go on.
    fn ends(&self, _error: RDKafkaErrorCode) -> bool {
        false
    }

    /// A membership could not begin, or has ended for this. The next one is tried.
    fn failed(&self, _failure: &Failure) {}
}

/// This process's membership in a group. It goes on trying for as long as there is something in its way: what that is, it
/// says in the log.
pub struct Membership(Mutex<Option<Leaving>>);

/// Dropping `stay` tells the thread to leave; `left` is disconnected when it has.
struct Leaving {
    stay: SyncSender<()>,
    left: Receiver<()>,
}

impl Membership {
    /// Joins, on a thread of that name.
    ///
    /// # Errors
    /// [`FailureKind::Internal`] if there can be no thread.
    pub fn start(place: Place, holder: Arc<dyn Holder>, thread: &str) -> Result<Self, Failure> {
        let (stay, until) = sync_channel(0);
        let (leaves, left) = sync_channel(0);
        let member = Member::new(place, holder, until);
        let run = move || {
            member.run();
            drop(leaves);
        };
        std::thread::Builder::new().name(thread.to_owned()).spawn(run).map_err(|error| {
            Failure::new(FailureKind::Internal, format!("cannot start the thread {thread}: {error}"))
        })?;
        Ok(Self(Mutex::new(Some(Leaving { stay, left }))))
    }

    /// Leaves the group, so that others take over at once. Whether that was done when it gave up waiting.
    pub fn leave(&mut self) -> bool {
        let leaving = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Leaving { stay, left }) = leaving else { return true };
        drop(stay);
        // Brokers may not answer, and there may be nobody else to wait.
        wait_here(|| left.recv_timeout(FAREWELL)) != Err(RecvTimeoutError::Timeout)
    }
}
