//! A sink as lanes see it.

use std::sync::Arc;

use adr_core::TransactionalSink;
use tokio::sync::mpsc;

use crate::counters::Counters;
use crate::job::Job;

/// A running sink: its name, its counts, and the way in.
pub(crate) struct Port {
    pub(crate) name: Arc<str>,
    /// Which one it is: another may have its name later.
    pub(crate) number: u64,
    pub(crate) entry: Entry,
    pub(crate) counters: Arc<Counters>,
}

/// The way into a sink.
pub(crate) enum Entry {
    Plain(mpsc::Sender<Job>),
    Transactional(Arc<dyn TransactionalSink>),
}
