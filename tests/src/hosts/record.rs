//! What a host has seen of its child.

use std::process::ExitStatus;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Which pipe a line came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A line that a host took for an event.
#[derive(Clone, Debug)]
pub struct Line {
    /// When it came.
    pub at: Instant,
    /// By which pipe.
    pub stream: Stream,
    /// What it says.
    pub text: String,
}

/// Everything, in order.
#[derive(Debug, Default)]
pub struct Seen {
    /// Lines that became events.
    pub lines: Vec<Line>,
    /// Process ids of the children, one a start.
    pub children: Vec<u32>,
    /// How they ended.
    pub ends: Vec<ExitStatus>,
    /// When the host was gone, if it was killed.
    pub gone: Option<Instant>,
}

/// A record that grows, and those who wait for it to.
#[derive(Clone, Debug, Default)]
pub struct Record(Arc<(Mutex<Seen>, Condvar)>);

impl Record {
    pub(super) fn note(&self, what: impl FnOnce(&mut Seen)) {
        let (seen, changed) = &*self.0;
        what(&mut seen.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_all();
    }

    /// Looks at it.
    pub fn look<T>(&self, what: impl FnOnce(&Seen) -> T) -> T {
        what(&self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until it holds.
    pub fn until(&self, what: &str, mut holds: impl FnMut(&Seen) -> bool) {
        let (seen, changed) = &*self.0;
        let guard = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = Duration::from_secs(60);
        let (seen, over) = changed.wait_timeout_while(guard, limit, |seen| !holds(seen)).expect("no panic");
        let count = seen.lines.len();
        assert!(!over.timed_out(), "not within {limit:?}: {what}; {count} lines, {:?}, {:?}", seen.children, seen.ends);
    }

    /// The lines that came by standard output.
    pub fn events(&self) -> Vec<String> {
        let out = |line: &&Line| line.stream == Stream::Out;
        self.look(|seen| seen.lines.iter().filter(out).map(|line| line.text.clone()).collect())
    }
}
