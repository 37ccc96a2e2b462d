//! The ack of a batch: forks over branches, and fails closed.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use adr_core::{Failure, FailureKind};
use tokio::sync::oneshot;

/// One branch's promise to say what became of a batch. Dropping it without a word fails the batch.
#[derive(Debug)]
pub(crate) struct Ack(Option<Arc<Mutex<State>>>);

#[derive(Debug)]
struct State {
    open: usize,
    trail: Option<Duration>,
    done: Option<oneshot::Sender<Result<Option<Duration>, Failure>>>,
}

/// Resolves when every branch has delivered, or the first one has failed. Carries the longest trail of its branches.
#[derive(Debug)]
pub(crate) struct Outcome(oneshot::Receiver<Result<Option<Duration>, Failure>>);

impl Ack {
    /// The ack of one branch, and what becomes of it and its forks.
    pub(crate) fn new() -> (Self, Outcome) {
        let (done, outcome) = oneshot::channel();
        let state = State { open: 1, trail: None, done: Some(done) };
        (Self(Some(Arc::new(Mutex::new(state)))), Outcome(outcome))
    }

    /// One more branch that must deliver too.
    pub(crate) fn fork(&self) -> Self {
        if let Some(state) = &self.0 {
            lock(state).open += 1;
        }
        Self(self.0.clone())
    }

    /// This branch holds the batch. `trail`: the destination cannot acknowledge, progress must stay so far behind.
    pub(crate) fn deliver(mut self, trail: Option<Duration>) {
        let Some(shared) = self.0.take() else { return };
        let mut state = lock(&shared);
        state.open -= 1;
        state.trail = state.trail.max(trail);
        if state.open == 0
            && let Some(done) = state.done.take()
        {
            // Nobody listens when the lane has died meanwhile.
            let _ = done.send(Ok(state.trail));
        }
    }

    /// This branch could not deliver: the batch has failed.
    pub(crate) fn fail(mut self, failure: Failure) {
        if let Some(shared) = self.0.take() {
            reject(&shared, failure);
        }
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            reject(&shared, Failure::new(FailureKind::Internal, "batch dropped without delivery"));
        }
    }
}

impl Future for Outcome {
    type Output = Result<Option<Duration>, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|received| {
            received.unwrap_or_else(|_| Err(Failure::new(FailureKind::Internal, "ack lost without a word")))
        })
    }
}

fn lock(state: &Arc<Mutex<State>>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reject(state: &Arc<Mutex<State>>, failure: Failure) {
    let done = lock(state).done.take();
    if let Some(done) = done {
        // Nobody listens when the lane has died meanwhile.
        let _ = done.send(Err(failure));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(outcome: &mut Outcome) -> Option<Result<Option<Duration>, Failure>> {
        outcome.0.try_recv().ok()
    }

    #[test]
    fn all_branches_must_deliver() {
        let (ack, mut outcome) = Ack::new();
        let other = ack.fork();
        ack.deliver(None);
        assert!(now(&mut outcome).is_none());
        other.deliver(Some(Duration::from_secs(3)));
        assert_eq!(now(&mut outcome), Some(Ok(Some(Duration::from_secs(3)))));
    }

    #[test]
    fn a_dropped_ack_is_a_failure() {
        let (ack, mut outcome) = Ack::new();
        let other = ack.fork();
        other.deliver(None);
        drop(ack);
        assert!(matches!(now(&mut outcome), Some(Err(_))));
    }

    #[test]
    fn the_first_failure_decides() {
        let (ack, mut outcome) = Ack::new();
        let other = ack.fork();
        ack.fail(Failure::new(FailureKind::Timeout, "first"));
        other.deliver(None);
        assert!(matches!(now(&mut outcome), Some(Err(failure)) if failure.message == "first"));
    }
}
