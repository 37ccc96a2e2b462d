//! What a deliver stage does, one thing at a time.

use std::collections::{BTreeMap, VecDeque};
use std::future::ready;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use adr_core::{Delivered, Delivery, Failure, FailureKind, Retry, Sink};
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::farewell::FAREWELL;
use super::queue::{Queue, fail};
use super::{Control, Deliver};
use crate::counters::{Counters, Stage};
use crate::job::{Job, Life};
use crate::rejects::Rejects;
use crate::spans;

/// What became of one delivery: the life and ticket it was written under, and the result; `None` after a panic.
type Settled = (u64, u64, Option<Result<Delivered, Failure>>);

/// Where the stage is in its life.
pub(super) enum Phase {
    Taking,
    /// It was told to close: what is queued is the last.
    Closing,
    /// The sink is no part of the topology: lanes send what they have on its way. Until when it may deliver nothing.
    Leaving(Instant),
    /// It delivers nothing more; batches that still come fail so.
    Abandoned(Failure),
}

pub(super) struct Flow {
    pub(super) stage: Deliver,
    pub(super) phase: Phase,
    /// Out while it writes, and where it could not be built.
    pub(super) sink: Option<Box<dyn Sink>>,
    /// The rest of the batch that is being written.
    pub(super) waiting: VecDeque<Job>,
    /// What it was told while a write was under way.
    told: Option<Control>,
    pub(super) queues: BTreeMap<u64, Queue>,
    pub(super) open: FuturesUnordered<Abortable<BoxFuture<'static, Settled>>>,
    next_ticket: u64,
    /// The status says that it fails.
    pub(super) failing: bool,
}

/// What was said meanwhile, else what is said next.
async fn next(told: &mut Option<Control>, control: &mut mpsc::Receiver<Control>) -> Option<Control> {
    match told.take() {
        Some(control) => Some(control),
        None => control.recv().await,
    }
}

impl Flow {
    pub(super) fn new(stage: Deliver, sink: Box<dyn Sink>) -> Self {
        let (waiting, queues, open) = (VecDeque::new(), BTreeMap::new(), FuturesUnordered::new());
        let (phase, told, next_ticket, failing) = (Phase::Taking, None, 0, false);
        Self { stage, phase, sink: Some(sink), waiting, told, queues, open, next_ticket, failing }
    }

    pub(super) async fn run(&mut self) -> Result<(), Failure> {
        loop {
            self.note_recovery();
            let room = self.open.len() < self.stage.settings.in_flight.max(1);
            let due = self.queues.values().filter_map(|queue| queue.retry_at).min();
            let last = self.leaves_at();
            tokio::select! {
                biased;
                Some(settled) = self.open.next(), if !self.open.is_empty() => {
                    // An aborted delivery was withdrawn: its batch is parked already.
                    if let Ok(settled) = settled {
                        self.settle(settled)?;
                    }
                }
                word = next(&mut self.told, &mut self.stage.control), if matches!(self.phase, Phase::Taking) => match word {
                    Some(Control::Exchange(settings, answer)) => {
                        let exchanged = self.exchange(settings).await?;
                        // Nobody waits for the answer when the reload was given up.
                        let _ = answer.send(exchanged);
                    }
                    Some(Control::Close) => {
                        self.phase = Phase::Closing;
                        self.stage.jobs.close();
                    }
                    None => self.leave(),
                },
                () = self.stage.ends.notified() => self.give_up_ended(),
                () = sleep_until(last.unwrap_or_else(Instant::now)), if last.is_some() => self.abandon(),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() && room => self.retry(due).await?,
                () = ready(()), if room && !self.waiting.is_empty() => self.offer().await?,
                job = self.stage.jobs.recv(), if room && self.waiting.is_empty() => match job {
                    Some(job) => self.take(job),
                    None if self.queues.is_empty() => break,
                    None if due.is_none() && self.open.is_empty() => break,
                    // Closed: only open deliveries and retries are left.
                    None => self.wait(due, last).await?,
                },
            }
        }
        self.close().await
    }

    /// Until when a sink that leaves may deliver nothing.
    fn leaves_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Leaving(last) => Some(last),
            Phase::Taking | Phase::Closing | Phase::Abandoned(_) => None,
        }
    }

    fn take(&mut self, job: Job) {
        Counters::add(&self.stage.counters.received, job.events().len());
        Counters::add(&self.stage.counters.received_bytes, job.events().iter().map(|event| event.body.len()).sum());
        match &self.phase {
            Phase::Abandoned(failure) => fail(job, failure, &self.stage.counters),
            _ => self.waiting.extend(job.portions(self.stage.settings.at_once)),
        }
    }

    async fn wait(&mut self, due: Option<Instant>, last: Option<Instant>) -> Result<(), Failure> {
        tokio::select! {
            biased;
            Some(settled) = self.open.next(), if !self.open.is_empty() => match settled {
                Ok(settled) => self.settle(settled),
                Err(_) => Ok(()),
            },
            () = self.stage.ends.notified() => {
                self.give_up_ended();
                Ok(())
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.retry(due).await,
            () = sleep_until(last.unwrap_or_else(Instant::now)), if last.is_some() => {
                self.abandon();
                Ok(())
            }
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
        let mut sink = match self.sink.take().map_or_else(|| self.stage.settings.build(), Ok) {
            Ok(sink) => sink,
            Err(failure) => return self.park([job].into(), failure),
        };
        let mut failed = Vec::new();
        // Until when a sink that is exchanged may take to accept this.
        let mut patience = None;
        let mut listens = matches!(self.phase, Phase::Taking);
        let written = {
            let mut writing = AssertUnwindSafe(sink.write(job.events())).catch_unwind();
            loop {
                let until = patience.or(self.leaves_at());
                // Deliveries go on while the sink makes us wait, perhaps for hours. What fails waits for the order in which
                // it must be written again.
                tokio::select! {
                    biased;
                    Some(done) = self.open.next(), if !self.open.is_empty() => match done {
                        Ok(settled @ (_, _, Some(Ok(_)))) => self.settle(settled)?,
                        settled => failed.extend(settled),
                    },
                    written = &mut writing => break Some(written),
                    // The sink that is to go may be the one that makes us wait.
                    control = self.stage.control.recv(), if listens => {
                        listens = false;
                        match control {
                            None => self.leave(),
                            Some(control) => {
                                let goes = matches!(control, Control::Exchange(..));
                                patience = goes.then(|| Instant::now() + FAREWELL);
                                self.told = Some(control);
                            }
                        }
                    }
                    () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => break None,
                }
            }
        };
        let Some(written) = written else {
            // A write that was broken off leaves a sink that must not be used again.
            self.queue(&job.life).park([job].into());
            for settled in failed {
                self.settle(settled)?;
            }
            if self.told.is_none() {
                self.abandon();
            }
            return Ok(());
        };
        self.sink = Some(sink);
        match written {
            Ok(Ok(delivery)) => self.keep(job, delivery),
            Ok(Err(failure)) => self.park([job].into(), failure)?,
            Err(_) => {
                fail(job, &self.panicked(), &self.stage.counters);
                self.panic();
            }
        }
        for settled in failed {
            self.settle(settled)?;
        }
        Ok(())
    }

    fn keep(&mut self, job: Job, delivery: Delivery) {
        let (life, ticket) = (job.life.number, self.next_ticket);
        self.next_ticket += 1;
        let (abort, registration) = AbortHandle::new_pair();
        let rejects = Rejects {
            sink: self.stage.name.clone(),
            letters: self.stage.letters.clone(),
            portion: job.portion(),
            seed: self.stage.seed ^ ticket,
        };
        let settled: BoxFuture<'static, Settled> = Box::pin(async move {
            let result = AssertUnwindSafe(rejects.after(delivery)).catch_unwind().await;
            (life, ticket, result.ok())
        });
        self.open.push(Abortable::new(settled, registration));
        self.queue(&job.life.clone()).open.push_back((ticket, job, abort));
    }

    pub(super) fn settle(&mut self, (life, ticket, result): Settled) -> Result<(), Failure> {
        let Some(queue) = self.queues.get_mut(&life) else { return Ok(()) };
        let Some(place) = queue.open.iter().position(|(open, ..)| *open == ticket) else { return Ok(()) };
        match result {
            Some(Ok(delivered)) => {
                let Some((_, job, _)) = queue.open.remove(place) else { return Ok(()) };
                queue.backoff.reset();
                queue.failing = None;
                Counters::add(&self.stage.counters.rejected, delivered.rejected.len());
                Counters::add(&self.stage.counters.sent, job.events().len() - delivered.rejected.len());
                Counters::add(&self.stage.counters.sent_bytes, job.events().iter().map(|event| event.body.len()).sum());
                spans::ended(&job.span, "delivered");
                job.ack.deliver(delivered.trail);
                self.forget(life);
                if std::mem::take(&mut self.failing) {
                    self.stage.status.delivers(&self.stage.name);
                }
                if let Phase::Leaving(last) = &mut self.phase {
                    *last = Instant::now() + FAREWELL;
                }
                Ok(())
            }
            // Deliveries of the same life that were written later count as failed too: its order is kept.
            Some(Err(failure)) => {
                let jobs = queue.withdraw(place);
                self.park(jobs, failure)
            }
            None => {
                self.panic();
                Ok(())
            }
        }
    }

    /// These batches (of one life, in order) have failed: to be written again after a delay, before what is parked.
    fn park(&mut self, jobs: VecDeque<Job>, failure: Failure) -> Result<(), Failure> {
        let Some(life) = jobs.front().map(|job| job.life.clone()) else { return Ok(()) };
        let first = jobs.front().and_then(|job| job.events().first()).map(|event| event.meta.id.clone());
        let limits = self.stage.limits;
        self.stage.status.failing(&self.stage.name, &failure);
        self.stage.counters.failure(Stage::Sending, failure.kind);
        self.failing = true;
        let queue = self.queue(&life);
        queue.park(jobs);
        let delay = queue.backoff.delay(&failure);
        let since = *queue.failing.get_or_insert_with(Instant::now);
        let Some(delay) = delay.filter(|_| limits.persists_since(&failure, since)) else {
            let gone = failure.kind == FailureKind::ReaderGone;
            let failure = Failure { retry: Retry::Never, ..failure.at(format!("sink {}", self.stage.name)) };
            self.fail_life(life.number, &failure);
            return if gone { Err(failure) } else { Ok(()) };
        };
        queue.retry_at = Some(Instant::now() + delay);
        tracing::warn!(
            component_id = %self.stage.name, lane = %life.lane, error_type = failure.kind.as_str(), stage = "sending",
            first_event = first.as_deref().unwrap_or_default(), retry_in = %format_args!("{delay:.1?}"), "delivery failed: {failure}"
        );
        Ok(())
    }

    /// Nothing of this life can get through any more.
    fn fail_life(&mut self, life: u64, failure: &Failure) {
        if let Some(queue) = self.queues.remove(&life) {
            queue.fail(failure, &self.stage.counters);
        }
    }

    /// Nothing of what is here can get through any more.
    pub(super) fn fail_all(&mut self, failure: &Failure) {
        self.open = FuturesUnordered::new();
        for queue in std::mem::take(&mut self.queues).into_values() {
            queue.fail(failure, &self.stage.counters);
        }
        for job in std::mem::take(&mut self.waiting) {
            fail(job, failure, &self.stage.counters);
        }
    }

    /// The sink panicked: every life with batches in it ends and reads them again; the sink is built anew.
    fn panic(&mut self) {
        tracing::error!(component_id = %self.stage.name, "sink panicked; it is built anew");
        let failure = self.panicked();
        self.stage.counters.failure(Stage::Sending, failure.kind);
        self.open = FuturesUnordered::new();
        for queue in std::mem::take(&mut self.queues).into_values() {
            queue.fail(&failure, &self.stage.counters);
        }
        self.sink = None;
    }

    pub(super) fn panicked(&self) -> Failure {
        Failure::new(FailureKind::Internal, format!("sink {} panicked", self.stage.name))
    }

    fn queue(&mut self, life: &Arc<Life>) -> &mut Queue {
        let seed = self.stage.seed;
        self.queues.entry(life.number).or_insert_with(|| Queue::new(life.clone(), seed))
    }

    pub(super) fn forget(&mut self, life: u64) {
        if self.queues.get(&life).is_some_and(Queue::is_empty) {
            self.queues.remove(&life);
        }
    }
}
