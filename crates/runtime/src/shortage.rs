//! Notices when a lane that has nothing on its way waits for memory that others hold and have no use for.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::run::Shared;

/// How often to look. Where nobody was served since the last look, they have waited for long enough.
const LOOK: Duration = Duration::from_secs(5);

/// Whether memory is short.
pub(crate) struct Shortage {
    /// Lanes that have nothing on its way and wait for memory.
    idle: AtomicUsize,
    is_short: watch::Sender<bool>,
}

/// A lane that waits, for as long as it does.
pub(crate) struct Waiting<'a>(&'a AtomicUsize);

impl Shortage {
    pub(crate) fn new() -> Self {
        Self { idle: AtomicUsize::new(0), is_short: watch::Sender::new(false) }
    }

    /// A lane that has nothing on its way waits for memory from here on.
    pub(crate) fn waits(&self) -> Waiting<'_> {
        self.idle.fetch_add(1, Ordering::Relaxed);
        Waiting(&self.idle)
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<bool> {
        self.is_short.subscribe()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Says for as long as the runtime lives whether memory is short.
pub(crate) async fn watch(shared: Arc<Shared>) -> Infallible {
    let mut last = None;
    loop {
        let first = shared.budget.first_waiting().filter(|_| shared.shortage.idle.load(Ordering::Relaxed) > 0);
        let is_short = first.is_some() && first == last;
        last = first;
        shared.shortage.is_short.send_if_modified(|was| std::mem::replace(was, is_short) != is_short);
        sleep(LOOK).await;
    }
}
