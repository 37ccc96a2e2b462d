//! Notices components that have something to do and do nothing, and counts that cannot be true.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::counters::{Counters, Role};
use crate::run::Shared;
use crate::status::Status;

/// How long a component may do nothing before it is told.
const QUIET: Duration = Duration::from_secs(60);

/// How often to look.
const LOOK: Duration = Duration::from_secs(10);

/// Watches components for as long as they run; tells each standstill once, and its end.
///
/// Only what a component has in its own hands counts as its input: a transform maps what it was given to the end whatever
/// the sinks behind it do, and a source is through with a page when it gives it. So who is told is who is at fault.
pub(crate) async fn watch(shared: Arc<Shared>) -> Infallible {
    let mut watched: BTreeMap<Arc<str>, Watched> = BTreeMap::new();
    loop {
        let sinks = shared.status.sinks();
        for (name, role, counters) in shared.counters.components() {
            if role == Role::Sink && !sinks.contains_key(&name) {
                // It went away, and gives up by itself what it cannot deliver.
                watched.remove(&name);
                continue;
            }
            let watch = || Watched::new(name.clone(), role, counters);
            let watched = watched.entry(name.clone()).or_insert_with(watch);
            watched.role = role;
            watched.look(&shared.status);
        }
        sleep(LOOK).await;
    }
}

struct Watched {
    name: Arc<str>,
    role: Role,
    counters: Arc<Counters>,
    /// How far it was at the last look that saw it move, and when that was.
    at: (u64, u64),
    since: Instant,
    /// It had input at the last look.
    waits: bool,
    stalled: bool,
}

impl Watched {
    fn new(name: Arc<str>, role: Role, counters: Arc<Counters>) -> Self {
        Self { name, role, counters, at: (0, 0), since: Instant::now(), waits: false, stalled: false }
    }

    fn look(&mut self, status: &Status) {
        let counts = self.counters.counts();
        self.balance(counts.excess());
        let waiting = counts.in_flight();
        let at = (counts.received - waiting, self.counters.moves.load(Ordering::Relaxed));
        // What has just come was not waiting before.
        let came = !std::mem::replace(&mut self.waits, waiting > 0);
        if came || waiting == 0 || at != self.at {
            (self.at, self.since) = (at, Instant::now());
            if std::mem::take(&mut self.stalled) {
                self.tell_end();
                status.stalled(&self.name, false);
            }
        } else if !self.stalled && self.since.elapsed() >= QUIET {
            self.stalled = true;
            self.tell(waiting);
            status.stalled(&self.name, true);
        }
    }

    fn tell(&self, waiting: u64) {
        let (name, quiet) = (&self.name, self.since.elapsed().as_secs());
        match self.role {
            Role::Sink => tracing::warn!(
                component_id = %name, in_flight = waiting,
                "sink {name} has delivered nothing for {quiet} s: its destination does not answer or takes nothing; {waiting} events \
                 wait, and no more are read than there is memory for"
            ),
            Role::Transform => tracing::warn!(
                component_id = %name, in_flight = waiting,
                "transform {name} has been at the same events for {quiet} s: {waiting} of them; where it runs a program of yours, see \
                 whether that comes to an end, and restart the process: it reads them again"
            ),
            Role::Source => tracing::warn!(
                component_id = %name, in_flight = waiting,
                "source {name} has handed on nothing for {quiet} s of {waiting} events that it read; restart the process: it reads them \
                 again, and tell us what is in the log before this"
            ),
        }
    }

    fn tell_end(&self) {
        let name = &self.name;
        match self.role {
            Role::Sink => tracing::info!(component_id = %name, "sink {name} delivers again"),
            Role::Transform | Role::Source => {
                tracing::info!(component_id = %name, "{} {name} goes on", self.role.as_str());
            }
        }
    }

    /// Told once for each component: what comes after follows from it.
    fn balance(&self, excess: u64) {
        let first = self.counters.excess() == 0;
        if self.counters.note_excess(excess) && first {
            tracing::error!(
                component_id = %self.name, excess,
                "the counts of {} {} cannot be true: {excess} events more became of than came in; some were handed on or counted twice. \
                 This is a bug: tell us, with the log before this",
                self.role.as_str(), self.name
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use adr_core::{Clock, Timestamp};
    use tokio::time::advance;

    use super::*;

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::from_secs(1_700_000_000)
        }
    }

    /// Scenario: a transform is at a batch for ever (which would take a whole worker, so only its counts are played).
    /// Guarantees: it is told after a minute, not before, and no longer once it moves, be it by a part of the batch.
    #[tokio::test(start_paused = true)]
    async fn a_transform_that_does_not_come_to_an_end_is_told() {
        let (status, counters) = (Status::new(Arc::new(Fixed)), Arc::new(Counters::default()));
        let mut watched = Watched::new("jq".into(), Role::Transform, counters.clone());
        let told = |watched: &mut Watched| {
            watched.look(&status);
            status.standing_still().contains_key("jq")
        };
        assert!(!told(&mut watched));
        advance(Duration::from_secs(600)).await;
        Counters::add(&counters.received, 1000);
        assert!(!told(&mut watched), "it had nothing to do until now");
        for _ in 0..10 {
            advance(Duration::from_secs(59)).await;
            Counters::add(&counters.moves, 1);
            assert!(!told(&mut watched), "slow, but it moves");
        }
        advance(Duration::from_secs(60)).await;
        assert!(told(&mut watched));
        Counters::add(&counters.moves, 1);
        assert!(!told(&mut watched));
    }
}
