//! The deliver stage of one sink: writes batches in order, keeps deliveries in flight, retries, and acks.

use std::collections::{BTreeMap, VecDeque};
use std::future::ready;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adr_core::{Delivered, Delivery, Event, Failure, FailureKind, LaneId, Rejected, Retry, Sink};
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::ack::Ack;
use crate::backoff::Backoff;
use crate::counters::Counters;
use crate::dead_letter::DeadLetter;
use crate::run::Limits;
use crate::topology::SinkFactory;

/// One life of a lane, from its opening to its end or failure. A lane lives and dies whole: what a dead life still
/// has in some queue is dropped there, its successor reads it again.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) number: u64,
    pub(crate) lane: LaneId,
    dead: AtomicBool,
}

impl Life {
    pub(crate) fn new(number: u64, lane: LaneId) -> Self {
        Self { number, lane, dead: AtomicBool::new(false) }
    }

    pub(crate) fn end(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }
}

/// A batch, or a portion of one, on its way to a sink.
pub(crate) struct Job {
    life: Arc<Life>,
    events: Arc<Vec<Event>>,
    portion: Range<usize>,
    ack: Ack,
}

impl Job {
    /// A whole batch.
    pub(crate) fn new(life: Arc<Life>, events: Arc<Vec<Event>>, ack: Ack) -> Self {
        Self { life, portion: 0..events.len(), events, ack }
    }

    fn events(&self) -> &[Event] {
        &self.events[self.portion.clone()]
    }

    /// The same batch in portions of at most `most` events, each with its own delivery: what is delivered of a batch stays
    /// delivered when the rest of it is not.
    fn portions(self, most: usize) -> impl Iterator<Item = Self> {
        let starts = self.portion.clone().step_by(most.max(1));
        // A batch without events is acked like any other.
        let first = self.portion.is_empty().then_some(self.portion.start);
        let Self { life, events, portion: Range { end, .. }, ack } = self;
        let mut ack = Some(ack);
        starts.chain(first).map(move |start| {
            let portion = start..end.min(start.saturating_add(most.max(1)));
            let forked = if portion.end == end { ack.take() } else { ack.as_ref().map(Ack::fork) };
            let ack = forked.expect("only the last portion takes the ack itself");
            Self { life: life.clone(), events: events.clone(), portion, ack }
        })
    }
}

/// What a running deliver stage can be told.
pub(crate) enum Control {
    /// Use this factory from the next batch on; answered when the new sink is in place.
    Exchange(SinkFactory, oneshot::Sender<Result<(), Failure>>),
    /// Take what is queued, deliver it, close the sink, and end.
    Close,
}

/// The stage.
pub(crate) struct Deliver {
    pub(crate) name: Arc<str>,
    pub(crate) factory: SinkFactory,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) in_flight: usize,
    pub(crate) at_once: usize,
    pub(crate) limits: Limits,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) control: mpsc::Receiver<Control>,
    pub(crate) dead_letter: Arc<dyn DeadLetter>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) seed: u64,
}

/// What became of one delivery: the life and ticket it was written under, and the result; `None` after a panic.
type Settled = (u64, u64, Option<Result<Delivered, Failure>>);

/// The batches of one life at this sink.
struct Queue {
    /// Written, delivery open, by ticket.
    open: VecDeque<(u64, Job, AbortHandle)>,
    /// To be written (again), after those that are open.
    parked: VecDeque<Job>,
    retry_at: Option<Instant>,
    backoff: Backoff,
}

struct Flow {
    stage: Deliver,
    /// The rest of the batch that is being written.
    waiting: VecDeque<Job>,
    queues: BTreeMap<u64, Queue>,
    open: FuturesUnordered<Abortable<BoxFuture<'static, Settled>>>,
    next_ticket: u64,
}

impl Deliver {
    /// Runs until told to close, or until the sink says that trying again cannot help.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let (waiting, queues, open) = (VecDeque::new(), BTreeMap::new(), FuturesUnordered::new());
        let flow = Flow { stage: self, waiting, queues, open, next_ticket: 0 };
        flow.run().await
    }
}

impl Flow {
    async fn run(mut self) -> Result<(), Failure> {
        let mut taking = true;
        loop {
            let room = self.open.len() < self.stage.in_flight.max(1);
            let due = self.queues.values().filter_map(|queue| queue.retry_at).min();
            tokio::select! {
                biased;
                Some(settled) = self.open.next(), if !self.open.is_empty() => {
                    // An aborted delivery was withdrawn: its batch is parked already.
                    if let Ok(settled) = settled {
                        self.settle(settled)?;
                    }
                }
                control = self.stage.control.recv(), if taking => match control {
                    Some(Control::Exchange(factory, answer)) => {
                        // Nobody waits for the answer when the reload was given up.
                        let _ = answer.send(self.exchange(factory).await);
                    }
                    Some(Control::Close) | None => {
                        taking = false;
                        self.stage.jobs.close();
                    }
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() && room => self.retry(due).await?,
                () = ready(()), if room && !self.waiting.is_empty() => self.offer().await?,
                job = self.stage.jobs.recv(), if room && self.waiting.is_empty() => match job {
                    Some(job) => {
                        Counters::add(&self.stage.counters.received, job.events().len());
                        self.waiting.extend(job.portions(self.stage.at_once));
                    }
                    None if self.queues.is_empty() => break,
                    None if due.is_none() && self.open.is_empty() => break,
                    // Closed: only open deliveries and retries are left.
                    None => self.wait(due).await?,
                },
            }
        }
        self.stage.sink.close().await.map_err(|failure| failure.at(format!("sink {}", self.stage.name)))
    }

    async fn wait(&mut self, due: Option<Instant>) -> Result<(), Failure> {
        tokio::select! {
            biased;
            Some(settled) = self.open.next(), if !self.open.is_empty() => match settled {
                Ok(settled) => self.settle(settled),
                Err(_) => Ok(()),
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.retry(due).await,
            else => Ok(()),
        }
    }

    /// The next portion: written now, or parked behind those of its life that wait for a retry.
    async fn offer(&mut self) -> Result<(), Failure> {
        let Some(job) = self.waiting.pop_front() else { return Ok(()) };
        match self.queues.get_mut(&job.life.number) {
            Some(queue) if !queue.parked.is_empty() => {
                queue.parked.push_back(job);
                Ok(())
            }
            _ => self.write(job).await,
        }
    }

    /// One parked batch of the life whose delay is over.
    async fn retry(&mut self, due: Option<Instant>) -> Result<(), Failure> {
        let found = self.queues.iter_mut().find(|(_, queue)| queue.retry_at.is_some() && queue.retry_at == due);
        let Some((_, queue)) = found else { return Ok(()) };
        let job = queue.parked.pop_front();
        if queue.parked.is_empty() {
            queue.retry_at = None;
        }
        match job {
            Some(job) => {
                Counters::add(&self.stage.counters.retries, 1);
                self.write(job).await
            }
            None => Ok(()),
        }
    }

    async fn write(&mut self, job: Job) -> Result<(), Failure> {
        if job.life.is_dead() {
            self.give_up(job);
            return Ok(());
        }
        let mut settled = Vec::new();
        let written = {
            let mut writing = AssertUnwindSafe(self.stage.sink.write(job.events())).catch_unwind();
            loop {
                // Deliveries go on while the sink makes us wait: some sinks make room only so.
                tokio::select! {
                    biased;
                    Some(done) = self.open.next(), if !self.open.is_empty() => settled.extend(done),
                    written = &mut writing => break written,
                }
            }
        };
        match written {
            Ok(Ok(delivery)) => self.keep(job, delivery),
            Ok(Err(failure)) => self.park(vec![job], failure)?,
            Err(_) => {
                // Dropping the batch fails it: acks fail closed.
                Counters::add(&self.stage.counters.failed, job.events().len());
                drop(job);
                self.rebuild()?;
            }
        }
        for settled in settled {
            self.settle(settled)?;
        }
        Ok(())
    }

    fn keep(&mut self, job: Job, delivery: Delivery) {
        let (life, ticket) = (job.life.number, self.next_ticket);
        self.next_ticket += 1;
        let (abort, registration) = AbortHandle::new_pair();
        let rejects = Rejects {
            name: self.stage.name.clone(),
            dead_letter: self.stage.dead_letter.clone(),
            counters: self.stage.counters.clone(),
            events: job.events.clone(),
            portion: job.portion.clone(),
        };
        let settled: BoxFuture<'static, Settled> = Box::pin(async move {
            let result = AssertUnwindSafe(rejects.after(delivery)).catch_unwind().await;
            (life, ticket, result.ok())
        });
        self.open.push(Abortable::new(settled, registration));
        self.queue(life).open.push_back((ticket, job, abort));
    }

    fn settle(&mut self, (life, ticket, result): Settled) -> Result<(), Failure> {
        let Some(queue) = self.queues.get_mut(&life) else { return Ok(()) };
        let Some(place) = queue.open.iter().position(|(open, ..)| *open == ticket) else { return Ok(()) };
        match result {
            Some(Ok(delivered)) => {
                let Some((_, job, _)) = queue.open.remove(place) else { return Ok(()) };
                queue.backoff.reset();
                Counters::add(&self.stage.counters.sent, job.events().len() - delivered.rejected.len());
                Counters::add(&self.stage.counters.sent_bytes, job.events().iter().map(|event| event.body.len()).sum());
                job.ack.deliver(delivered.trail);
                self.forget(life);
                Ok(())
            }
            Some(Err(failure)) => {
                // Deliveries of the same life that were written later count as failed too: its order is kept.
                let withdrawn = queue.open.split_off(place);
                let jobs = withdrawn.into_iter().map(|(_, job, abort)| {
                    abort.abort();
                    job
                });
                let jobs = jobs.collect();
                self.park(jobs, failure)
            }
            None => self.rebuild(),
        }
    }

    /// These batches (of one life, in order) have failed: to be written again after a delay, before what is parked.
    fn park(&mut self, jobs: Vec<Job>, failure: Failure) -> Result<(), Failure> {
        let Some(life) = jobs.first().map(|job| job.life.clone()) else { return Ok(()) };
        let limits = self.stage.limits;
        let queue = self.queue(life.number);
        let delay = queue.backoff.delay(&failure);
        let failures = queue.backoff.failures();
        let Some(delay) = delay.filter(|_| limits.persists(&failure, failures)) else {
            let gone = failure.kind == FailureKind::ReaderGone;
            let failure = Failure { retry: Retry::Never, ..failure.at(format!("sink {}", self.stage.name)) };
            self.fail_life(&life, jobs, &failure);
            return if gone { Err(failure) } else { Ok(()) };
        };
        queue.retry_at = Some(Instant::now() + delay);
        let first = jobs.first().and_then(|job| job.events().first()).map(|event| event.meta.id.clone());
        for job in jobs.into_iter().rev() {
            queue.parked.push_front(job);
        }
        tracing::warn!(
            component_id = %self.stage.name, lane = %life.lane, error_type = failure.kind.as_str(), stage = "sending",
            first_event = first.as_deref().unwrap_or_default(), retry_in = %format_args!("{delay:.1?}"), "delivery failed: {failure}"
        );
        Ok(())
    }

    /// Nothing of this life can get through any more.
    fn fail_life(&mut self, life: &Arc<Life>, jobs: Vec<Job>, failure: &Failure) {
        life.end();
        for job in jobs {
            Counters::add(&self.stage.counters.failed, job.events().len());
            job.ack.fail(failure.clone());
        }
        if let Some(queue) = self.queues.remove(&life.number) {
            let open = queue.open.into_iter().map(|(_, job, abort)| {
                abort.abort();
                job
            });
            for job in open.chain(queue.parked) {
                Counters::add(&self.stage.counters.failed, job.events().len());
                job.ack.fail(failure.clone());
            }
        }
    }

    /// The sink panicked: every life with batches in it ends and reads them again; the sink is built anew.
    fn rebuild(&mut self) -> Result<(), Failure> {
        tracing::error!(component_id = %self.stage.name, "sink panicked; it is built anew");
        let failure = Failure::new(FailureKind::Internal, format!("sink {} panicked", self.stage.name));
        let lives: Vec<u64> = self.queues.keys().copied().collect();
        for number in lives {
            let queue = &self.queues[&number];
            let job = queue.open.front().map(|(_, job, _)| job).or(queue.parked.front());
            if let Some(life) = job.map(|job| job.life.clone()) {
                self.fail_life(&life, Vec::new(), &failure);
            }
        }
        self.queues.clear();
        self.open = FuturesUnordered::new();
        self.stage.sink = (self.stage.factory)()?;
        Ok(())
    }

    async fn exchange(&mut self, factory: SinkFactory) -> Result<(), Failure> {
        let next = factory()?;
        while let Some(settled) = self.open.next().await {
            if let Ok(settled) = settled {
                self.settle(settled)?;
            }
        }
        let mut last = std::mem::replace(&mut self.stage.sink, next);
        self.stage.factory = factory;
        last.close().await
    }

    /// A batch of a life that has ended: its successor reads it again.
    fn give_up(&mut self, job: Job) {
        Counters::add(&self.stage.counters.failed, job.events().len());
        let number = job.life.number;
        drop(job);
        self.forget(number);
    }

    fn queue(&mut self, life: u64) -> &mut Queue {
        let seed = self.stage.seed ^ life;
        self.queues.entry(life).or_insert_with(|| Queue {
            open: VecDeque::new(),
            parked: VecDeque::new(),
            retry_at: None,
            backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(30), seed),
        })
    }

    fn forget(&mut self, life: u64) {
        if self.queues.get(&life).is_some_and(|queue| queue.open.is_empty() && queue.parked.is_empty()) {
            self.queues.remove(&life);
        }
    }
}

/// What is needed to keep the events that a sink rejects.
struct Rejects {
    name: Arc<str>,
    dead_letter: Arc<dyn DeadLetter>,
    counters: Arc<Counters>,
    events: Arc<Vec<Event>>,
    portion: Range<usize>,
}

impl Rejects {
    async fn after(self, delivery: Delivery) -> Result<Delivered, Failure> {
        let delivered = delivery.await?;
        if !delivered.rejected.is_empty() {
            let rejected: Vec<Rejected> = delivered
                .rejected
                .iter()
                .filter_map(|rejection| {
                    let event = self.events[self.portion.clone()].get(rejection.index)?.clone();
                    Some(Rejected { event, reason: rejection.reason.clone() })
                })
                .collect();
            self.dead_letter.keep(&self.name, &rejected).await?;
            Counters::add(&self.counters.rejected, rejected.len());
        }
        Ok(delivered)
    }
}
