//! One life of a lane: poll, send and commit, joined by a bounded window. The first error ends all three.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Checkpoint, Event, Failure, FailureKind, Page, Pull, Reservation, Source, Timestamp};
use futures_util::FutureExt;
use futures_util::future::try_join3;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument, Span};

use crate::ack::Ack;
use crate::backoff::Backoff;
use crate::commit::{Commit, Pending};
use crate::counters::{Counters, Stage};
use crate::job::{Job, Life};
use crate::mapper::Mapped;
use crate::parting::{Luggage, Parting, Stop};
use crate::plan::Plan;
use crate::port::{Entry, Port};
use crate::progress::Progress;
use crate::rejects::keep;
use crate::run::Shared;
use crate::spans;
use crate::status::LaneState;
use crate::trail::Trail;
use crate::transaction::Transactions;

/// Reserved beside each byte of a page for what transforms make of it.
const ALLOWANCE: usize = 2;

/// After a stop, a source that reads on to its own end is given up when it brings nothing for so long.
const SILENCE: Duration = Duration::from_secs(2);

/// How a life ended well.
pub(crate) struct Ended {
    /// Delivered to a destination that cannot acknowledge, and not yet due.
    pub(crate) trail: Trail,
    /// Why the source will give no more, if that is a failure.
    pub(crate) failure: Option<Failure>,
}

/// A page on its way through the transforms.
struct Mapping {
    mapped: AbortOnDropHandle<Result<Mapped, Failure>>,
    checkpoint: Checkpoint,
    read_until: Option<Timestamp>,
    permit: OwnedSemaphorePermit,
    span: Span,
}

/// Everything one life of a lane works with.
pub(crate) struct Living<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) plan: &'a Arc<Plan>,
    pub(crate) life: Arc<Life>,
    pub(crate) counters: &'a Arc<Counters>,
    pub(crate) stop: &'a Stop,
    pub(crate) progress: &'a Progress,
    pub(crate) seed: u64,
}

impl Living<'_> {
    /// Runs until the source ends, a stop is asked for, or the first error.
    pub(crate) async fn run(
        self,
        source: Box<dyn Source>,
        transactions: Option<Transactions>,
        trail: Trail,
    ) -> Result<Ended, Failure> {
        let window = self.shared.limits.window.max(1);
        let (mapping, to_send) = mpsc::channel(window);
        let (sent, to_commit) = mpsc::channel(window);
        let life = self.life.clone();
        // What cannot be read again is not given up.
        let stop = (!source.reads_on()).then(|| self.stop.clone());
        let luggage: Vec<Luggage> = self.plan.sinks.iter().map(|_| Luggage::default()).collect();
        let parting = Parting::new(stop, self.shared, self.plan, &luggage);
        let send = self.send(to_send, sent, &luggage);
        let commit = Commit::new(self.progress, &self.shared.status, transactions, trail, parting);
        let all = try_join3(self.poll(source, mapping, window), send, commit.run(to_commit)).await;
        // Whatever of this life is still queued at a sink is of no use to anybody.
        life.end();
        self.plan.sinks.iter().for_each(|(port, _)| port.ends.notify_one());
        let (failure, (), trail) = all?;
        Ok(Ended { trail, failure })
    }

    async fn poll(
        &self,
        mut source: Box<dyn Source>,
        mapping: mpsc::Sender<Mapping>,
        window: usize,
    ) -> Result<Option<Failure>, Failure> {
        let (window, places) = (Arc::new(Semaphore::new(window)), window);
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(300), self.seed);
        let (mut failures, mut answered) = (0, None);
        // A source that reads on to its own end is not told to stop.
        let never = CancellationToken::new();
        let stop = if source.reads_on() { &never } else { self.stop.asked() };
        loop {
            let permit = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(None),
                permit = window.clone().acquire_owned() => permit.expect("the semaphore is never closed"),
            };
            let demand = source.demand();
            // One place is our own.
            let waits = (window.available_permits() + 1 == places).then(|| self.shared.shortage.waits());
            let mut memory = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(None),
                memory = self.shared.budget.reserve(self.with_allowance(demand)) => memory,
            };
            drop(waits);
            let page_memory = memory.split(demand);
            let silent = source.reads_on();
            let page_span = spans::page(&self.life.lane);
            let poll = spans::poll(&page_span);
            let pulled = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(None),
                pulled = AssertUnwindSafe(source.next(page_memory)).catch_unwind().instrument(poll.clone()) => pulled,
                () = self.silence(), if silent => return Ok(None),
            };
            let pause = match pulled {
                Err(_) => return Err(self.panicked()),
                Ok(Ok(Pull::End)) => return Ok(None),
                Ok(Ok(Pull::Page(page))) => {
                    backoff.reset();
                    failures = 0;
                    spans::ended(&poll, "page");
                    drop(poll);
                    let map = self.start(page, self.note_reach(&*source, false), memory, permit, page_span);
                    if mapping.send(map).await.is_err() {
                        return Ok(None);
                    }
                    continue;
                }
                // It may wait for its turn to ask again: whether it works again is not known.
                Ok(Ok(Pull::Wait(pause))) if failures > 0 && !has_answered(&*source, answered) => backoff.later(pause),
                Ok(Ok(Pull::Wait(pause))) => {
                    backoff.reset();
                    failures = 0;
                    [&poll, &page_span].into_iter().for_each(|span| spans::ended(span, "nothing new"));
                    self.note(LaneState::Idle);
                    // One place is our own.
                    self.note_reach(&*source, window.available_permits() + 1 == places);
                    backoff.later(pause)
                }
                Ok(Err(failure)) => {
                    failures += 1;
                    answered = source.reach().answered;
                    self.counters.failure(Stage::Receiving, failure.kind);
                    [&poll, &page_span].into_iter().for_each(|span| spans::failed(span, &failure));
                    match backoff.delay(&failure).filter(|_| self.shared.limits.persists(&failure, failures)) {
                        Some(delay) => {
                            self.complain(failure, delay);
                            delay
                        }
                        // What is in flight is still delivered and committed.
                        None => return Ok(Some(failure)),
                    }
                }
            };
            drop((memory, permit, poll, page_span));
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(None),
                () = sleep(pause) => {}
                () = self.silence(), if silent => return Ok(None),
            }
        }
    }

    /// Passes when a stop was asked for and nothing has come for a while since.
    async fn silence(&self) {
        self.stop.asked().cancelled().await;
        sleep(SILENCE).await;
    }

    /// Tells how far the source has come: all of it delivered, where nothing is on its way.
    fn note_reach(&self, source: &dyn Source, delivered: bool) -> Option<Timestamp> {
        let reach = source.reach();
        self.shared.status.update(&self.life.lane, |status| {
            status.answered = status.answered.max(reach.answered);
            status.read_until = reach.read_until.or(status.read_until);
            if delivered {
                status.delivered_until = reach.read_until.or(status.delivered_until);
            }
        });
        reach.read_until
    }

    fn start(
        &self,
        page: Page,
        read_until: Option<Timestamp>,
        mut memory: Reservation,
        permit: OwnedSemaphorePermit,
        span: Span,
    ) -> Mapping {
        self.count(&page);
        spans::came(&span, &page.tally);
        self.shared.taps.show(&self.life.lane.source, &page.events);
        self.shared.samples.came(&self.life.lane, &page.events);
        let bytes = usize::try_from(page.tally.bytes).unwrap_or(usize::MAX);
        memory.resize(if self.plan.steps.is_empty() { 0 } else { bytes.saturating_mul(ALLOWANCE) });
        let (shared, plan, life) = (self.shared.clone(), self.plan.clone(), self.life.number);
        let map = spans::map(&span);
        let of_map = map.clone();
        let mapped = tokio::spawn(
            async move {
                let mapped = shared.mapper.map(&plan, life, page.events, memory).await;
                match &mapped {
                    Ok(_) => spans::ended(&of_map, "mapped"),
                    Err(failure) => spans::failed(&of_map, failure),
                }
                mapped
            }
            .instrument(map),
        );
        Mapping { mapped: AbortOnDropHandle::new(mapped), checkpoint: page.checkpoint, read_until, permit, span }
    }

    async fn send(
        &self,
        mut mapped: mpsc::Receiver<Mapping>,
        sent: mpsc::Sender<Pending>,
        luggage: &[Luggage],
    ) -> Result<(), Failure> {
        while let Some(mapping) = mapped.recv().await {
            let Mapping { mapped, checkpoint, read_until, permit, span } = mapping;
            let mapped = match mapped.await {
                Ok(mapped) => mapped?,
                Err(error) if error.is_panic() => return Err(self.panicked()),
                // The process ends, and this task with it.
                Err(_) => std::future::pending().await,
            };
            let mut trail = None;
            for (component, rejected) in &mapped.rejected {
                trail = trail.max(keep(&self.shared.letters, component, rejected, self.seed).await?);
            }
            let (ack, outcome) = Ack::new();
            let mut owned = None;
            for (place, ((port, _), events)) in self.plan.sinks.iter().zip(mapped.sinks).enumerate() {
                self.shared.taps.show(&port.name, &events);
                self.shared.samples.went(&self.life.lane, &events);
                if self.plan.transactional == Some(place) {
                    owned = Some(events);
                } else if !events.is_empty() {
                    self.hand_over(port, luggage[place].clone(), events, &ack, &span).await?;
                }
            }
            // Our own branch: all rejected events are kept, all sinks have their batch.
            ack.deliver(trail);
            let pending = Pending { checkpoint, read_until, outcome, owned, permit, span };
            if sent.send(pending).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn hand_over(
        &self,
        port: &Port,
        luggage: Luggage,
        events: Arc<Vec<Event>>,
        ack: &Ack,
        page: &Span,
    ) -> Result<(), Failure> {
        let Entry::Plain(jobs) = &port.entry else {
            return Err(Failure::new(FailureKind::Internal, "a transactional sink was handed a plain batch"));
        };
        // From here on: it may have to wait for room.
        let span = spans::deliver(page, &port.name, events.len());
        let room = match &port.buffer {
            Some(buffer) => Some(buffer.room(events.len()).await),
            None => None,
        };
        let job = Job::new(self.life.clone(), events, ack.fork()).within(room).part_of(luggage).under(span);
        jobs.send(job).await.map_err(|_| {
            let unknown = || format!("sink {} has ended; see its own message", port.name);
            port.ended.get().cloned().unwrap_or_else(|| Failure::fatal(FailureKind::Internal, unknown()))
        })
    }

    fn with_allowance(&self, bytes: usize) -> usize {
        if self.plan.steps.is_empty() { bytes } else { bytes.saturating_mul(1 + ALLOWANCE) }
    }

    fn count(&self, page: &Page) {
        let bytes = page.tally.bytes;
        Counters::add(&self.counters.received, usize::try_from(page.tally.received).unwrap_or(usize::MAX));
        Counters::add(&self.counters.received_bytes, usize::try_from(bytes).unwrap_or(usize::MAX));
        Counters::add(&self.counters.duplicates, usize::try_from(page.tally.duplicates).unwrap_or(usize::MAX));
        Counters::add(&self.counters.sent, page.events.len());
        Counters::add(&self.counters.sent_bytes, page.events.iter().map(|event| event.body.len()).sum());
        let newest = page.events.iter().filter_map(|event| event.meta.time).max();
        self.note(LaneState::Flowing);
        self.shared.status.update(&self.life.lane, |status| {
            status.last_event = status.last_event.max(newest);
            status.events += page.events.len() as u64;
            status.duplicates += page.tally.duplicates;
        });
    }

    /// Notes a good state; says so in the log if it was bad before.
    fn note(&self, state: LaneState) {
        let recovered =
            self.shared.status.update(&self.life.lane, |status| matches!(status.state, LaneState::Retrying(_)));
        self.shared.status.set(&self.life.lane, state);
        if recovered {
            tracing::info!(lane = %self.life.lane, "works again");
        }
    }

    /// Notes a failure that will be retried; says so once per kind of failure.
    fn complain(&self, failure: Failure, delay: Duration) {
        let lane = &self.life.lane;
        let text = failure.message.clone();
        let kind = failure.kind.as_str();
        if self.shared.status.set(lane, LaneState::Retrying(failure)) {
            tracing::warn!(%lane, error_type = kind, stage = "receiving", retry_in = %format_args!("{delay:.1?}"), "{text}");
        } else {
            tracing::debug!(%lane, error_type = kind, stage = "receiving", retry_in = %format_args!("{delay:.1?}"), "{text}");
        }
    }

    fn panicked(&self) -> Failure {
        Failure::new(FailureKind::Internal, format!("lane {} panicked; it is opened anew", self.life.lane))
    }
}

/// Whether the other side has answered since then, as far as the source can tell.
fn has_answered(source: &dyn Source, since: Option<Timestamp>) -> bool {
    source.reach().answered.is_none_or(|answered| Some(answered) > since)
}
