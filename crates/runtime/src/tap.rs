//! Looks at events as they pass. Who looks slows nobody: what it does not take in time it does not see.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use adr_core::Event;
use bytes::Bytes;
use tokio::sync::mpsc;

/// How many events wait for who looks.
const WAITING: usize = 1024;

/// Everybody who looks.
#[derive(Debug, Default)]
pub(crate) struct Taps {
    /// How many there are: nearly always none, and then nothing else is touched.
    count: AtomicUsize,
    all: Mutex<Vec<Hole>>,
}

#[derive(Debug)]
struct Hole {
    component: Arc<str>,
    events: mpsc::Sender<Bytes>,
    missed: Arc<AtomicU64>,
}

/// The events that leave a component (of a sink: that reach it), as they pass. Dropping it ends the look.
#[derive(Debug)]
pub struct Tap {
    events: mpsc::Receiver<Bytes>,
    missed: Arc<AtomicU64>,
}

impl Tap {
    /// The next event's text; `None` once the pipeline has ended.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.events.recv().await
    }

    /// How many events passed unseen since this was last asked, because nobody took those before them.
    pub fn missed(&self) -> u64 {
        self.missed.swap(0, Ordering::Relaxed)
    }
}

impl Taps {
    pub(crate) fn open(&self, component: Arc<str>) -> Tap {
        let (events, waiting) = mpsc::channel(WAITING);
        let missed = Arc::new(AtomicU64::new(0));
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Hole { component, events, missed: missed.clone() });
        self.count.store(all.len(), Ordering::Relaxed);
        Tap { events: waiting, missed }
    }

    /// These leave a component, or reach it.
    pub(crate) fn show(&self, component: &str, events: &[Event]) {
        if self.count.load(Ordering::Relaxed) == 0 || events.is_empty() {
            return;
        }
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|hole| !hole.events.is_closed());
        self.count.store(all.len(), Ordering::Relaxed);
        for hole in all.iter().filter(|hole| *hole.component == *component) {
            for event in events {
                // A copy: who looks holds no page of the pipeline's memory.
                let Ok(room) = hole.events.try_reserve() else {
                    hole.missed.fetch_add(1, Ordering::Relaxed);
                    continue;
                };
                room.send(Bytes::copy_from_slice(&event.body));
            }
        }
    }
}
