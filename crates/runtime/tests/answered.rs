//! A source that failed and waits for its turn to ask again: whether it works again is not known until it has asked.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adr_core::*;
use adr_runtime::LaneState;
use support::{Bench, Gate};
use tokio::time::sleep;

/// Fails once, then waits for its turn, second by second.
struct Turned {
    id: LaneId,
    /// When the other side answered last.
    answered: Arc<AtomicI64>,
}

struct Turns {
    answered: Arc<AtomicI64>,
    has_failed: bool,
}

impl Lane for Turned {
    fn id(&self) -> &LaneId {
        &self.id
    }

    fn open(&self, _: Records) -> Result<Box<dyn Source>, Failure> {
        Ok(Box::new(Turns { answered: self.answered.clone(), has_failed: false }))
    }
}

impl Source for Turns {
    fn demand(&self) -> usize {
        1
    }

    fn reach(&self) -> Reach {
        Reach { read_until: None, answered: Some(Timestamp::from_secs(self.answered.load(Ordering::Relaxed))) }
    }

    fn next(&mut self, _: Reservation) -> BoxFuture<'_, Result<Pull, Failure>> {
        let first = !std::mem::replace(&mut self.has_failed, true);
        Box::pin(async move {
            if first {
                return Err(Failure::new(FailureKind::Unavailable, "it is in trouble"));
            }
            Ok(Pull::Wait(Duration::from_secs(1)))
        })
    }
}

/// Scenario: the API is in trouble, and the lane's next request has to wait for its turn.
/// Guarantees: it is told as failing until the API has answered, and as working from then on.
#[tokio::test(start_paused = true)]
async fn waiting_for_a_turn_is_no_recovery() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let (id, answered) = (LaneId::new("source", "a"), Arc::new(AtomicI64::new(1)));
    let lane = Arc::new(Turned { id: id.clone(), answered: answered.clone() });
    let running = bench.start(bench.topology(vec![lane], vec![], vec![("out", &gate)]));
    let handle = running.handle();
    let _finish = tokio::spawn(running.finish());
    sleep(Duration::from_secs(30)).await;
    let state = || handle.status().lanes()[&id].state.clone();
    assert!(matches!(state(), LaneState::Retrying(failure) if failure.kind == FailureKind::Unavailable));
    answered.store(2, Ordering::Relaxed);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(state(), LaneState::Idle);
}
