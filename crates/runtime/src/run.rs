//! Starts a topology.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adr_core::{Budget, CheckpointStore, Clock, Failure};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::counters::{Counters, Registry};
use crate::dead_letter::{DeadLetter, Letters};
use crate::graph::Graph;
use crate::handle::Handle;
use crate::limits::Limits;
use crate::mapper::Mapper;
use crate::running::Running;
use crate::samples::Samples;
use crate::shortage::{self, Shortage};
use crate::status::Status;
use crate::tap::Taps;
use crate::topology::Topology;
use crate::watchdog;

/// What a run needs besides its topology.
pub struct Runtime {
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Durable progress of lanes that reach no transactional sink.
    pub store: Arc<dyn CheckpointStore>,
    /// Where rejected events are kept, unless a sink serves as the dead letter.
    pub dead_letter: Arc<dyn DeadLetter>,
    /// Memory for events in flight.
    pub budget: Budget,
    /// Bounds.
    pub limits: Limits,
    /// Seeds all jitter; a simulation replays by it.
    pub seed: u64,
}

/// What all lanes of a run share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn CheckpointStore>,
    pub(crate) letters: Arc<Letters>,
    pub(crate) budget: Budget,
    pub(crate) limits: Limits,
    pub(crate) seed: u64,
    pub(crate) mapper: Mapper,
    pub(crate) status: Status,
    pub(crate) counters: Registry,
    pub(crate) taps: Arc<Taps>,
    pub(crate) samples: Samples,
    pub(crate) shortage: Shortage,
    lives: AtomicU64,
    sinks: AtomicU64,
}

impl Shared {
    pub(crate) fn next_life(&self) -> u64 {
        self.lives.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn next_sink(&self) -> u64 {
        self.sinks.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn counters(&self, component: &Arc<str>) -> Arc<Counters> {
        self.counters.of(component)
    }
}

impl Runtime {
    /// Checks the topology, builds its transforms and sinks, and starts it on the current tokio runtime.
    pub fn start(self, topology: Topology) -> Result<Running, Failure> {
        let taps = Arc::new(Taps::default());
        let shared = Arc::new(Shared {
            store: self.store,
            letters: Arc::new(Letters::new(self.dead_letter, self.clock.clone(), taps.clone())),
            budget: self.budget,
            limits: self.limits,
            seed: self.seed,
            mapper: Mapper::new(self.limits.workers, taps.clone()),
            status: Status::new(self.clock),
            counters: Registry::default(),
            taps,
            samples: Samples::new(self.limits.samples),
            shortage: Shortage::new(),
            lives: AtomicU64::new(0),
            sinks: AtomicU64::new(0),
        });
        let stop = CancellationToken::new();
        let mut graph = Graph::new(shared.clone(), stop.clone());
        graph.change(topology)?;
        let (changes, to_make) = mpsc::channel(1);
        let handle = Handle::new(stop, shared.clone(), changes);
        let mut watchers: JoinSet<Infallible> = JoinSet::new();
        watchers.spawn(watchdog::watch(shared.clone()));
        watchers.spawn(shortage::watch(shared));
        Ok(Running::new(graph, handle, to_make, watchers))
    }
}
