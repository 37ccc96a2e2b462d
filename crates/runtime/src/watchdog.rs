//! Notices sinks that have something to deliver and deliver nothing.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::counters::Counters;
use crate::run::Shared;
use crate::status::Status;

/// How long a sink may deliver nothing before it is told.
const QUIET: Duration = Duration::from_secs(60);

/// How often to look.
const LOOK: Duration = Duration::from_secs(10);

/// Watches sinks for as long as they run; tells each standstill once, and its end.
pub(crate) async fn watch(shared: Arc<Shared>) -> Infallible {
    let mut watched: BTreeMap<Arc<str>, Watched> = BTreeMap::new();
    loop {
        let sinks = shared.status.sinks();
        watched.retain(|name, _| sinks.contains_key(name));
        for name in sinks.into_keys() {
            let watch = || Watched::new(name.clone(), shared.counters(&name));
            watched.entry(name.clone()).or_insert_with(watch).look(&shared.status);
        }
        sleep(LOOK).await;
    }
}

struct Watched {
    name: Arc<str>,
    counters: Arc<Counters>,
    /// How many events were through at the last look, and since when it is no more.
    through: u64,
    since: Instant,
    stalled: bool,
}

impl Watched {
    fn new(name: Arc<str>, counters: Arc<Counters>) -> Self {
        Self { name, counters, through: 0, since: Instant::now(), stalled: false }
    }

    fn look(&mut self, status: &Status) {
        let counts = self.counters.counts();
        let (waiting, through) = (counts.in_flight(), counts.received - counts.in_flight());
        if waiting == 0 || through != self.through {
            (self.through, self.since) = (through, Instant::now());
            if std::mem::take(&mut self.stalled) {
                tracing::info!(component_id = %self.name, "sink {} delivers again", self.name);
                status.stalled(&self.name, false);
            }
        } else if !self.stalled && self.since.elapsed() >= QUIET {
            self.stalled = true;
            tracing::warn!(
                component_id = %self.name, in_flight = waiting,
                "sink {} has delivered nothing for {} s: its destination does not answer or takes nothing; {waiting} events \
                 wait, and no more are read than there is memory for",
                self.name, self.since.elapsed().as_secs()
            );
            status.stalled(&self.name, true);
        }
    }
}
