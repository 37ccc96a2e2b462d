//! One shard: what is asked of its thread, and whether it may be used.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use adr_core::{Committed, Failure, FailureKind, Group, LaneId, OwnedLane};
use tokio::sync::oneshot;

use super::common::Common;
use super::worker::Worker;

/// How long a producer that no lane needs is kept, for those that will be opened again.
const IDLE: Duration = Duration::from_secs(60);

/// How many bytes go in one transaction at most, if it has more than one group.
const MOST_BYTES: usize = 16 << 20;

/// One shard.
pub(crate) struct Shard {
    pub(crate) common: Arc<Common>,
    pub(crate) number: u32,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    phase: Phase,
    /// Goes up each time the shard is taken away: a producer of an earlier term is closed.
    term: u64,
    /// Whether there is a thread that answers.
    running: bool,
    /// No lane is opened any more.
    retired: bool,
    /// Lane writers that live.
    writers: usize,
    opens: VecDeque<Opening>,
    commits: VecDeque<Committing>,
}

/// Whether the shard may be used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Granted,
    /// Lanes that are open may commit.
    Draining,
    Away,
}

/// A lane that is to be opened.
pub(crate) struct Opening {
    pub(crate) lane: LaneId,
    pub(crate) reply: oneshot::Sender<Result<OwnedLane, Failure>>,
}

/// A group that is to be committed.
pub(crate) struct Committing {
    pub(crate) lane: LaneId,
    /// Which opening of the lane it belongs to.
    pub(crate) token: u64,
    pub(crate) group: Group,
    pub(crate) reply: oneshot::Sender<Result<Committed, Failure>>,
}

/// What the shard's thread does next.
pub(crate) enum Task {
    /// Groups to be committed, then lanes to be opened.
    Work { commits: Vec<Committing>, opens: Vec<Opening>, term: u64 },
    /// Close the producer.
    Close,
    /// End.
    End,
}

impl Shard {
    pub(crate) fn new(common: &Arc<Common>, number: u32, granted: bool) -> Self {
        let state = State {
            phase: if granted { Phase::Granted } else { Phase::Away },
            term: 0,
            running: false,
            retired: false,
            writers: 0,
            opens: VecDeque::new(),
            commits: VecDeque::new(),
        };
        Self { common: common.clone(), number, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(crate) fn grant(&self) {
        self.state().phase = Phase::Granted;
    }

    pub(crate) fn drain(&self) {
        let mut state = self.state();
        if state.phase == Phase::Granted {
            state.phase = Phase::Draining;
        }
    }

    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.phase = Phase::Away;
        state.term += 1;
        drop(state);
        self.changed.notify_all();
    }

    pub(crate) fn retire(&self) {
        self.state().retired = true;
        self.changed.notify_all();
    }

    pub(crate) fn wait_for_writers(&self, deadline: Instant) {
        self.wait_while(deadline, |state| state.writers > 0);
    }

    pub(crate) fn wait_for_end(&self, deadline: Instant) {
        self.wait_while(deadline, |state| state.running && state.phase == Phase::Away);
    }

    /// Does not wait where a lane still needs the thread.
    pub(crate) fn wait_for_idle_thread(&self, deadline: Instant) {
        self.wait_while(deadline, |state| state.running && state.writers == 0);
    }

    #[cfg(test)]
    pub(super) fn is_running(&self) -> bool {
        self.state().running
    }

    /// Asks for a lane.
    pub(crate) fn open(
        self: &Arc<Self>,
        lane: &LaneId,
    ) -> Result<oneshot::Receiver<Result<OwnedLane, Failure>>, Failure> {
        let (reply, answer) = oneshot::channel();
        let mut state = self.state();
        if state.phase != Phase::Granted || state.retired {
            return Err(self.common.not_ours(self.number));
        }
        if !state.running {
            let shard = self.clone();
            let thread = thread::Builder::new().name(format!("kafka shard {}", self.number));
            let started = thread.spawn(move || {
                // Whoever waits for an answer gets one, even if the thread panics.
                let _ended = Ended(&shard);
                Worker::new(&shard).run();
            });
            started.map_err(|error| {
                let message = format!("no thread for shard {}: {error}: is the limit of threads reached", self.number);
                Failure::new(FailureKind::Internal, message)
            })?;
            state.running = true;
        }
        state.opens.push_back(Opening { lane: lane.clone(), reply });
        drop(state);
        self.changed.notify_all();
        Ok(answer)
    }

    /// Asks for a commit.
    pub(crate) fn commit(&self, committing: Committing) -> Result<(), Failure> {
        let mut state = self.state();
        if state.phase == Phase::Away || !state.running {
            return Err(self.common.not_ours(self.number));
        }
        state.commits.push_back(committing);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    pub(crate) fn writer_made(&self) {
        self.state().writers += 1;
    }

    pub(crate) fn writer_dropped(&self) {
        self.state().writers -= 1;
        self.changed.notify_all();
    }

    /// Whether a producer of that term may still be used, to commit what is open or, if `to_open`, for more.
    pub(crate) fn holds(&self, term: u64, to_open: bool) -> bool {
        let state = self.state();
        state.term == term && (state.phase == Phase::Granted || (!to_open && state.phase == Phase::Draining))
    }

    /// Waits for the thread's next task. `producer` is the term of the producer it has.
    pub(crate) fn next(&self, producer: Option<u64>) -> Task {
        let idle = Instant::now() + IDLE;
        let mut state = self.state();
        loop {
            let away = state.phase == Phase::Away;
            if producer.is_some_and(|term| term != state.term) {
                return Task::Close;
            }
            if away {
                state.refuse_all(&self.common.not_ours(self.number));
            }
            if !state.commits.is_empty() || !state.opens.is_empty() {
                let (commits, opens) = state.take();
                return Task::Work { commits, opens, term: state.term };
            }
            let left = idle.saturating_duration_since(Instant::now());
            if away || (state.writers == 0 && (state.retired || left.is_zero())) {
                if producer.is_some() {
                    return Task::Close;
                }
                state.running = false;
                drop(state);
                self.changed.notify_all();
                return Task::End;
            }
            let left = if state.writers == 0 { left } else { IDLE };
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn wait_while(&self, deadline: Instant, mut condition: impl FnMut(&State) -> bool) {
        let mut state = self.state();
        while condition(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every statement leaves it whole: a panic elsewhere cannot break it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// All that is to be opened, and as many groups as go in one transaction. Groups go first: what is read for an
    /// opening then has them in it, and a later one of the same lane is refused.
    fn take(&mut self) -> (Vec<Committing>, Vec<Opening>) {
        let mut bytes = 0;
        let mut commits = Vec::new();
        while let Some(next) = self.commits.front() {
            bytes += size(&next.group);
            if !commits.is_empty() && bytes > MOST_BYTES {
                break;
            }
            commits.extend(self.commits.pop_front());
        }
        (commits, self.opens.drain(..).collect())
    }

    fn refuse_all(&mut self, failure: &Failure) {
        // An asker that has gone does not mind.
        for commit in self.commits.drain(..) {
            let _ = commit.reply.send(Err(failure.clone()));
        }
        for open in self.opens.drain(..) {
            let _ = open.reply.send(Err(failure.clone()));
        }
    }
}

fn size(group: &Group) -> usize {
    let events: usize = group.events.iter().map(|event| event.body.len()).sum();
    let writes = group.checkpoint.writes.iter();
    events + writes.map(|write| write.key.len() + write.value.as_ref().map_or(0, bytes::Bytes::len)).sum::<usize>()
}

/// The end of the shard's thread, also by a panic.
struct Ended<'a>(&'a Shard);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let mut state = self.0.state();
            state.running = false;
            let message = format!("the thread of shard {} panicked: this is a bug", self.0.number);
            state.refuse_all(&Failure::new(FailureKind::Internal, message));
            drop(state);
            self.0.changed.notify_all();
        }
    }
}
