//! The lanes of one source: they come and go with its changes, and with those of the topology.

use std::collections::BTreeMap;
use std::future::ready;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use adr_core::{BoxFuture, Failure, FailureKind, Lane, LaneChange, LaneId, SourceComponent};
use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet, unconstrained};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::counters::Counters;
use crate::lane::{LaneEnd, Supervised};
use crate::parting::Stop;
use crate::plan::Ways;
use crate::progress::Progress;
use crate::run::Shared;
use crate::status::LaneState;
use crate::trail::Trail;

/// What a change of the topology means for a source.
pub(crate) struct LanesChange {
    /// It is made anew; None where it stays.
    pub(crate) component: Option<Box<dyn SourceComponent>>,
    /// The ways of its lanes from now on: the same ones, where these have not changed.
    pub(crate) ways: Arc<Ways>,
    /// The source has something to do.
    pub(crate) busy: TaskTrackerToken,
}

/// A source that is no part of the topology any more.
pub(crate) struct Gone;

impl SourceComponent for Gone {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        Box::pin(ready(None))
    }
}

/// The stage.
pub(crate) struct Lanes {
    shared: Arc<Shared>,
    ways: Arc<Ways>,
    counters: Arc<Counters>,
    stop: CancellationToken,
    /// Every lane there is, or that still drains.
    set: BTreeMap<LaneId, Place>,
    running: JoinSet<LaneEnd>,
    /// Those that do not run, and what each left behind.
    ended: BTreeMap<LaneId, LaneEnd>,
}

/// A lane's place in the set.
struct Place {
    lane: Arc<dyn Lane>,
    /// There while it runs.
    stop: Option<Stop>,
    /// What follows once it has drained.
    next: Next,
}

enum Next {
    /// It has run for as long as it wants to.
    Nothing,
    /// A lane of the same name.
    Lane(Arc<dyn Lane>),
    /// It is no part of the set any more.
    Leave,
}

impl Lanes {
    pub(crate) fn new(shared: Arc<Shared>, ways: Arc<Ways>, counters: Arc<Counters>, stop: CancellationToken) -> Self {
        let (set, ended) = Default::default();
        Self { shared, ways, counters, stop, set, running: JoinSet::new(), ended }
    }

    /// Runs them until a stop, then until each has ended. It is `busy` while one runs or may come: once no source is, the
    /// stop comes from there.
    pub(crate) async fn run(
        mut self,
        mut component: Box<dyn SourceComponent>,
        mut changes: mpsc::Receiver<LanesChange>,
        busy: TaskTrackerToken,
    ) -> Vec<LaneEnd> {
        let mut busy = Some(busy);
        let mut changing = true;
        loop {
            let due = self.ended.values().filter_map(|end| end.trail.due()).min();
            tokio::select! {
                biased;
                Some(ended) = self.running.join_next(), if !self.running.is_empty() => self.note(ended),
                Some(change) = changes.recv(), if !self.stop.is_cancelled() => {
                    let was = std::mem::replace(&mut self.ways, change.ways);
                    busy = Some(change.busy);
                    match change.component {
                        Some(next) => {
                            component = next;
                            changing = self.exchange(&mut *component, &was);
                        }
                        None => self.start_again(&was),
                    }
                }
                change = component.next_change(), if changing && !self.stop.is_cancelled() => match change {
                    Some(LaneChange::Start(lane)) => self.start(lane),
                    Some(LaneChange::Stop(lane)) => self.leave(&lane),
                    None => changing = false,
                },
                () = self.stop.cancelled(), if changing || self.running.is_empty() => changing = false,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.save_due().await,
            }
            if self.running.is_empty() && !changing {
                if self.stop.is_cancelled() {
                    break;
                }
                busy = None;
            }
        }
        drop(busy);
        self.ended.into_values().collect()
    }

    /// The component was made anew. Of its lanes those that are the same go on, if their way is the same too. Says whether
    /// more may come.
    fn exchange(&mut self, component: &mut dyn SourceComponent, was: &Ways) -> bool {
        let mut fresh: BTreeMap<LaneId, Arc<dyn Lane>> = BTreeMap::new();
        let more = loop {
            // What is there at once; a budget of tokio's that is used up is no "nothing".
            match unconstrained(component.next_change()).now_or_never() {
                Some(Some(LaneChange::Start(lane))) => drop(fresh.insert(lane.id().clone(), lane)),
                Some(Some(LaneChange::Stop(lane))) => drop(fresh.remove(&lane)),
                Some(None) => break false,
                None => break true,
            }
        };
        let gone: Vec<LaneId> = self.set.keys().filter(|id| !fresh.contains_key(id)).cloned().collect();
        gone.iter().for_each(|id| self.leave(id));
        for (id, lane) in fresh {
            let goes_on = |place: &Place| {
                let same = lane.revision().is_some() && lane.revision() == place.lane.revision();
                place.stop.is_some() && matches!(place.next, Next::Nothing) && same
            };
            if !(self.keeps_way(&id, was) && self.set.get(&id).is_some_and(goes_on)) {
                self.start(lane);
            }
        }
        more
    }

    /// Whether a lane's way is the one it was.
    fn keeps_way(&self, lane: &LaneId, was: &Ways) -> bool {
        match (was.of(lane), self.ways.of(lane)) {
            (Some(was), Some(is)) => Arc::ptr_eq(was, is),
            _ => false,
        }
    }

    /// The component stays. What has failed is tried again; lanes whose way has changed take the new one.
    fn start_again(&mut self, was: &Ways) {
        let again = |place: &&Place| match place.stop {
            Some(_) => !self.keeps_way(place.lane.id(), was) && matches!(place.next, Next::Nothing),
            // One that has not run had no way.
            None => self.ended.get(place.lane.id()).is_none_or(|end| end.failure.is_some()),
        };
        let again: Vec<Arc<dyn Lane>> = self.set.values().filter(again).map(|place| place.lane.clone()).collect();
        again.into_iter().for_each(|lane| self.start(lane));
    }

    fn start(&mut self, lane: Arc<dyn Lane>) {
        let id = lane.id().clone();
        if let Some(place) = self.set.get_mut(&id)
            && let Some(stop) = &place.stop
        {
            stop.leave();
            place.next = Next::Lane(lane);
            return;
        }
        let Some(plan) = self.ways.of(&id).cloned() else {
            let failure =
                Failure::fatal(FailureKind::Config, format!("nothing takes the events of {id}: it is not read"));
            tracing::error!(lane = %id, error_type = failure.kind.as_str(), "{failure}");
            self.shared.status.set(&id, LaneState::Failed(failure));
            self.set.insert(id, Place { lane, stop: None, next: Next::Nothing });
            return;
        };
        let stop = Stop::new(&self.stop);
        let last = self.ended.remove(&id);
        let known = last.as_ref().map(|end| &*end.progress);
        let progress = Arc::new(Progress::new(&self.shared, &*lane, &plan, known));
        // Of a pipe: what was delivered and is not durable yet.
        let trail = last.map(|end| end.trail).unwrap_or_default();
        let supervised = Supervised {
            shared: self.shared.clone(),
            plan,
            counters: self.counters.clone(),
            lane: lane.clone(),
            stop: stop.clone(),
            progress: progress.clone(),
        };
        self.running.spawn(async move {
            // Panics of components are caught inside a life: this one would be our own.
            AssertUnwindSafe(supervised.run(trail)).catch_unwind().await.unwrap_or_else(|_| LaneEnd {
                failure: Some(Failure::fatal(FailureKind::Internal, format!("lane {} panicked", progress.lane()))),
                progress,
                trail: Trail::default(),
            })
        });
        self.set.insert(id, Place { lane, stop: Some(stop), next: Next::Nothing });
    }

    fn leave(&mut self, lane: &LaneId) {
        let Some(place) = self.set.get_mut(lane) else { return };
        match &place.stop {
            Some(stop) => {
                stop.leave();
                place.next = Next::Leave;
            }
            None => self.forget(lane),
        }
    }

    fn forget(&mut self, lane: &LaneId) {
        self.set.remove(lane);
        self.shared.status.forget(lane);
        self.shared.samples.forget(lane);
        match self.ended.get_mut(lane) {
            Some(end) if !end.trail.is_empty() => end.failure = None,
            _ => drop(self.ended.remove(lane)),
        }
    }

    fn note(&mut self, ended: Result<LaneEnd, JoinError>) {
        let Ok(end) = ended else { return };
        let id = end.progress.lane().clone();
        self.ended.insert(id.clone(), end);
        let Some(place) = self.set.get_mut(&id) else { return };
        place.stop = None;
        match std::mem::replace(&mut place.next, Next::Nothing) {
            Next::Lane(lane) if !self.stop.is_cancelled() => self.start(lane),
            Next::Leave => self.forget(&id),
            Next::Lane(_) | Next::Nothing => {}
        }
    }

    /// What lanes that have ended wrote into a pipe becomes durable in its time.
    async fn save_due(&mut self) {
        let now = Instant::now();
        for (lane, end) in &mut self.ended {
            while let Some(checkpoint) = end.trail.pop_due(now) {
                if let Err(failure) = end.progress.save(checkpoint).await {
                    tracing::error!(%lane, error_type = failure.kind.as_str(), "{failure}");
                    end.failure.get_or_insert(failure);
                    end.trail = Trail::default();
                }
            }
        }
        self.ended.retain(|lane, end| self.set.contains_key(lane) || !end.trail.is_empty());
    }
}
