use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adr_core::{Clock, Event, LaneId, Records, Timestamp};
use adr_simulator::Directory;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::sync::Notify;

use super::scenario::Scenario;

/// A tenant and an event id.
pub(crate) type Key = (Arc<str>, String);

/// All that outlives the process, and the judge's own notes.
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) random: SmallRng,
    pub(crate) directory: Directory,
    /// What must arrive in the end, with its text.
    pub(crate) expected: BTreeMap<Key, bytes::Bytes>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) now: Timestamp,
    /// Faults happen; off in the last life once all is set right.
    pub(crate) faults: bool,
    /// Which process runs: what an earlier one has left in the air is void.
    pub(crate) process: u64,
    pub(crate) stores: BTreeMap<LaneId, BTreeMap<Vec<u8>, Vec<u8>>>,
    pub(crate) sinks: BTreeMap<Arc<str>, Vec<Held>>,
    pub(crate) fences: BTreeMap<LaneId, u64>,
    /// Kept in the dead letter, by the component that rejected it.
    pub(crate) dead: BTreeSet<(Arc<str>, Key)>,
    pub(crate) discarded: BTreeSet<Key>,
    /// When (in steps) each event first left its source.
    pub(crate) emitted: BTreeMap<Key, u64>,
    /// Steps at which something happened that may explain a repeat.
    pub(crate) incidents: Vec<u64>,
    /// Pages in the order they left a lane's source, by the life they were read in.
    pub(crate) pages: BTreeMap<(LaneId, u64), Vec<Vec<Key>>>,
    pub(crate) step: u64,
    pub(crate) trace: u64,
    /// Every step is printed: a seed is replayed.
    pub(crate) told: bool,
    pub(crate) complaints: Vec<String>,
    /// The process dies when this many kill points were passed.
    pub(crate) kill_in: Option<u64>,
    pub(crate) killed: Arc<Notify>,
    /// The most bytes held at once, and the most allowed.
    pub(crate) peak: (usize, usize),
    /// The most that one page reserved.
    pub(crate) largest_page: usize,
}

/// An event as a sink holds it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) key: Key,
    pub(crate) body: bytes::Bytes,
    pub(crate) step: u64,
    pub(crate) time: Timestamp,
    pub(crate) process: u64,
}

/// The world, shared by everything that is simulated.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        let mut world = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clock) = &world.clock {
            world.now = clock.now();
        }
        world
    }

    /// A place where the process may die: then this never returns, and what follows it does not happen.
    pub(crate) async fn kill_point(&self) {
        let dies = {
            let mut world = self.lock();
            let dies = world.kill_in == Some(0);
            world.kill_in = world.kill_in.map(|left| left.saturating_sub(1));
            if dies {
                world.killed.notify_one();
            }
            dies
        };
        if dies {
            std::future::pending::<()>().await;
        }
    }

    /// A wait of random length (often none), as every real call has.
    pub(crate) async fn dawdle(&self, most_millis: u64) {
        let millis = {
            let mut world = self.lock();
            if world.random.random_bool(0.5) { 0 } else { world.random.random_range(0..=most_millis) }
        };
        if millis > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
        }
    }
}

impl World {
    pub(crate) fn new(scenario: Scenario, directory: Directory, now: Timestamp) -> Self {
        Self {
            random: SmallRng::seed_from_u64(scenario.seed),
            scenario,
            directory,
            expected: BTreeMap::new(),
            clock: None,
            now,
            faults: true,
            process: 0,
            stores: BTreeMap::new(),
            sinks: BTreeMap::new(),
            fences: BTreeMap::new(),
            dead: BTreeSet::new(),
            discarded: BTreeSet::new(),
            emitted: BTreeMap::new(),
            incidents: Vec::new(),
            pages: BTreeMap::new(),
            step: 0,
            trace: 0xcbf2_9ce4_8422_2325,
            told: false,
            complaints: Vec::new(),
            kill_in: None,
            killed: Arc::default(),
            peak: (0, 0),
            largest_page: 0,
        }
    }

    /// Whether a fault of that likelihood happens now.
    pub(crate) fn strikes(&mut self, likelihood: f64) -> bool {
        self.faults && likelihood > 0.0 && self.random.random_bool(likelihood)
    }

    /// No more faults from here on.
    pub(crate) fn calm_down(&mut self) {
        self.mark("calm", 0);
        self.faults = false;
        self.directory.set_faults(Vec::new());
    }

    /// One more thing happened: part of the trace.
    #[expect(clippy::print_stderr, reason = "a told story is for a person")]
    pub(crate) fn mark(&mut self, what: &str, detail: u64) -> u64 {
        self.step += 1;
        for byte in what.bytes().chain(detail.to_le_bytes()).chain(self.now.as_nanos().to_le_bytes()) {
            self.trace = (self.trace ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        if self.told {
            eprintln!("{:>6} {} {what} {detail}", self.step, self.now);
        }
        self.step
    }

    /// Something happened that may explain a repeat.
    pub(crate) fn incident(&mut self, what: &str) {
        let step = self.mark(what, 0);
        self.incidents.push(step);
    }

    /// A promise is broken.
    pub(crate) fn complain(&mut self, complaint: String) {
        if self.complaints.len() < 20 {
            self.complaints.push(complaint);
        }
    }

    /// A sink now holds these events.
    pub(crate) fn hold(&mut self, sink: &Arc<str>, events: &[Event]) {
        let step = self.mark("hold", events.len() as u64);
        let (time, process) = (self.now, self.process);
        let held = self.sinks.entry(sink.clone()).or_default();
        // A copy: a slice would hold the page's memory.
        held.extend(events.iter().map(|event| Held {
            key: key(event),
            body: bytes::Bytes::copy_from_slice(&event.body),
            step,
            time,
            process,
        }));
    }

    /// A lane's records, in key order.
    pub(crate) fn records(&self, lane: &LaneId) -> Records {
        let records = self.stores.get(lane).into_iter().flatten();
        records.map(|(key, value)| (key.clone().into(), value.clone().into())).collect()
    }
}

/// Which event this is.
pub(crate) fn key(event: &Event) -> Key {
    (event.meta.tenant.clone(), event.meta.id.to_string())
}
