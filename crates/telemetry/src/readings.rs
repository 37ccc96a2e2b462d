//! What a process tells of itself, in plain words: this crate knows neither the runtime nor the console.

use std::sync::Arc;
use std::time::Duration;

/// Whoever can be read.
pub trait Observed: Send + Sync {
    /// How it is now. Asked once for each scrape and each export, from any thread: it must not block.
    fn read(&self) -> Readings;
}

impl<F: Fn() -> Readings + Send + Sync> Observed for F {
    fn read(&self) -> Readings {
        self()
    }
}

/// Everything at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// The process.
    pub process: Process,
    /// Every component of the pipeline; each id once.
    pub components: Vec<Component>,
    /// Every tenant of every source; each pair once.
    pub tenants: Vec<Tenant>,
    /// The words that a tenant's state can be: how many are in each is told for all of them.
    pub states: Vec<&'static str>,
}

/// The process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Process {
    /// Of the program.
    pub version: &'static str,
    /// Since it started.
    pub uptime: Duration,
    /// How often its configuration was changed while it ran.
    pub reloads: u64,
    /// How often that was refused.
    pub reload_errors: u64,
    /// Bytes of events in flight.
    pub memory_used: u64,
    /// How many there may be.
    pub memory_limit: u64,
}

/// A component. For each `received = sent + duplicates + discarded + rejected + failed + in flight`, in events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Component {
    /// Its name in the pipeline file.
    pub id: Arc<str>,
    /// What it does.
    pub kind: Kind,
    /// Its type in the pipeline file, such as `jumpcloud`.
    pub component_type: Arc<str>,
    /// Events that came in.
    pub received_events: u64,
    /// Bytes of these.
    pub received_bytes: u64,
    /// Events that went out (of a sink: delivered).
    pub sent_events: u64,
    /// Bytes of these.
    pub sent_bytes: u64,
    /// Known already, not sent again.
    pub duplicates: u64,
    /// Dropped by the user's own configuration.
    pub discarded: u64,
    /// Kept in the dead letter.
    pub rejected: u64,
    /// In batches that did not get through and are read again.
    pub failed: u64,
    /// How often a batch was tried again.
    pub retries: u64,
    /// Events of which nothing is known yet.
    pub in_flight: u64,
    /// Events by which more became of them than came in: anything but 0 is a bug.
    pub excess: u64,
    /// It has input and stands still.
    pub stalled: bool,
    /// Its failures by kind.
    pub errors: Vec<Errors>,
}

/// What a component does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It reads.
    #[default]
    Source,
    /// It maps.
    Transform,
    /// It writes.
    Sink,
}

impl Kind {
    /// As labels have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Transform => "transform",
            Self::Sink => "sink",
        }
    }
}

/// Failures of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors {
    /// `unauthorized`, `timeout` and so on.
    pub error_type: &'static str,
    /// `receiving`, `processing` or `sending`.
    pub stage: &'static str,
    /// How many there were.
    pub count: u64,
}

/// A tenant of a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tenant {
    /// The source's id.
    pub source: Arc<str>,
    /// Its name.
    pub tenant: Arc<str>,
    /// How it is, in one of the words of [`Readings::states`].
    pub state: &'static str,
    /// New events read.
    pub events: u64,
    /// Events that were known and dropped.
    pub duplicates: u64,
    /// How often it was opened.
    pub opened: u64,
    /// How many calls in a row have failed.
    pub failures: u64,
    /// Since the newest event's time.
    pub last_event_age: Option<Duration>,
    /// Since the instant before which everything is read.
    pub read_lag: Option<Duration>,
    /// Since the instant before which everything is delivered.
    pub complete_lag: Option<Duration>,
    /// Since the other side last answered.
    pub last_poll_age: Option<Duration>,
}
