//! The deliver stage of one sink: writes batches in order, keeps deliveries in flight, retries, and acks.

use std::collections::{BTreeMap, VecDeque};
use std::future::ready;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Delivered, Delivery, Failure, FailureKind, Retry, Sink};
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::backoff::Backoff;
use crate::counters::Counters;
use crate::dead_letter::DeadLetter;
use crate::job::{Job, Life};
use crate::limits::Limits;
use crate::rejects::Rejects;
use crate::topology::{SinkFactory, SinkKind};

/// How long a sink that is exchanged may take to deliver what it has, and to close.
const FAREWELL: Duration = Duration::from_secs(5);

/// What can be exchanged of the stage while it runs.
pub(crate) struct Settings {
    pub(crate) factory: SinkFactory,
    pub(crate) in_flight: usize,
    pub(crate) at_once: usize,
}

impl Settings {
    /// Those of a sink that has such a stage.
    pub(crate) fn of(kind: SinkKind) -> Option<Self> {
        match kind {
            SinkKind::Plain { factory, in_flight, at_once } => Some(Self { factory, in_flight, at_once }),
            SinkKind::Transactional(_) => None,
        }
    }
}

/// What a running deliver stage can be told.
pub(crate) enum Control {
    /// Deliver by this sink from the next batch on; answered when it is in place.
    Exchange(Settings, oneshot::Sender<Result<(), Failure>>),
    /// Take what is queued, deliver it, close the sink, and end.
    Close,
}

/// The stage.
pub(crate) struct Deliver {
    pub(crate) name: Arc<str>,
    pub(crate) settings: Settings,
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
    /// Since when nothing was delivered for failures.
    failing: Option<Instant>,
}

struct Flow {
    stage: Deliver,
    /// Out only while it writes.
    sink: Option<Box<dyn Sink>>,
    /// The rest of the batch that is being written.
    waiting: VecDeque<Job>,
    /// What it was told while a write was under way.
    told: Option<Control>,
    queues: BTreeMap<u64, Queue>,
    open: FuturesUnordered<Abortable<BoxFuture<'static, Settled>>>,
    next_ticket: u64,
}

/// What was said meanwhile, else what is said next.
async fn next(told: &mut Option<Control>, control: &mut mpsc::Receiver<Control>) -> Option<Control> {
    match told.take() {
        Some(control) => Some(control),
        None => control.recv().await,
    }
}

impl Deliver {
    /// Runs until told to close, or until the sink says that trying again cannot help.
    pub(crate) async fn run(self, sink: Box<dyn Sink>) -> Result<(), Failure> {
        let (waiting, queues, open) = (VecDeque::new(), BTreeMap::new(), FuturesUnordered::new());
        let flow = Flow { stage: self, sink: Some(sink), waiting, told: None, queues, open, next_ticket: 0 };
        flow.run().await
    }
}

impl Flow {
    async fn run(mut self) -> Result<(), Failure> {
        let mut taking = true;
        loop {
            let room = self.open.len() < self.stage.settings.in_flight.max(1);
            let due = self.queues.values().filter_map(|queue| queue.retry_at).min();
            tokio::select! {
                biased;
                Some(settled) = self.open.next(), if !self.open.is_empty() => {
                    // An aborted delivery was withdrawn: its batch is parked already.
                    if let Ok(settled) = settled {
                        self.settle(settled)?;
                    }
                }
                control = next(&mut self.told, &mut self.stage.control), if taking => match control {
                    Some(Control::Exchange(settings, answer)) => {
                        let exchanged = self.exchange(settings).await?;
                        // Nobody waits for the answer when the reload was given up.
                        let _ = answer.send(exchanged);
                    }
                    Some(Control::Close) => {
                        taking = false;
                        self.stage.jobs.close();
                    }
                    // It is no part of the topology any more: it ends when nobody can send to it.
                    None => taking = false,
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() && room => self.retry(due).await?,
                () = ready(()), if room && !self.waiting.is_empty() => self.offer().await?,
                job = self.stage.jobs.recv(), if room && self.waiting.is_empty() => match job {
                    Some(job) => {
                        Counters::add(&self.stage.counters.received, job.events().len());
                        self.waiting.extend(job.portions(self.stage.settings.at_once));
                    }
                    None if self.queues.is_empty() => break,
                    None if due.is_none() && self.open.is_empty() => break,
                    // Closed: only open deliveries and retries are left.
                    None => self.wait(due).await?,
                },
            }
        }
        match self.sink.take() {
            Some(mut sink) => sink.close().await.map_err(|failure| failure.at(format!("sink {}", self.stage.name))),
            None => Ok(()),
        }
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
        let mut sink = self.sink.take().expect("one batch is written at a time");
        let mut failed = Vec::new();
        // Until when a sink that is to go may take to accept this.
        let mut patience = None;
        let written = {
            let mut writing = AssertUnwindSafe(sink.write(job.events())).catch_unwind();
            loop {
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
                    Some(control) = self.stage.control.recv(), if self.told.is_none() => {
                        let goes = matches!(control, Control::Exchange(..));
                        patience = goes.then(|| Instant::now() + FAREWELL);
                        self.told = Some(control);
                    }
                    () = sleep_until(patience.unwrap_or_else(Instant::now)), if patience.is_some() => break None,
                }
            }
        };
        let Some(written) = written else {
            // A write that was broken off leaves a sink that must not be used again.
            self.queue(job.life.number).parked.push_front(job);
            for settled in failed {
                self.settle(settled)?;
            }
            return Ok(());
        };
        self.sink = Some(sink);
        match written {
            Ok(Ok(delivery)) => self.keep(job, delivery),
            Ok(Err(failure)) => self.park(vec![job], failure)?,
            Err(_) => {
                let life = job.life.clone();
                self.fail_life(&life, vec![job], &self.panicked());
                self.rebuild()?;
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
            dead_letter: self.stage.dead_letter.clone(),
            portion: job.portion(),
            seed: self.stage.seed ^ ticket,
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
                queue.failing = None;
                Counters::add(&self.stage.counters.rejected, delivered.rejected.len());
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
        let since = *queue.failing.get_or_insert_with(Instant::now);
        let Some(delay) = delay.filter(|_| limits.persists_since(&failure, since)) else {
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
        let failure = self.panicked();
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
        self.sink = Some((self.stage.settings.factory)()?);
        Ok(())
    }

    fn panicked(&self) -> Failure {
        Failure::new(FailureKind::Internal, format!("sink {} panicked", self.stage.name))
    }

    /// Puts another sink in the place of this one. What this one has not delivered after a while is written again, by the
    /// other. The outer error is the stage's own end.
    async fn exchange(&mut self, settings: Settings) -> Result<Result<(), Failure>, Failure> {
        let deadline = Instant::now() + FAREWELL;
        while let Ok(Some(settled)) = timeout_at(deadline, self.open.next()).await {
            if let Ok(settled) = settled {
                self.settle(settled)?;
            }
        }
        self.withdraw();
        // What two sinks cannot hold at a time, such as a file, is free only once the former is gone.
        let early = (settings.factory)();
        if let Some(mut last) = self.sink.take()
            && !matches!(timeout_at(deadline, last.close()).await, Ok(Ok(())))
        {
            tracing::warn!(component_id = %self.stage.name, "the sink that was exchanged did not close well");
        }
        let built = early.or_else(|_| (settings.factory)());
        let exchanged = match built {
            Ok(sink) => {
                self.sink = Some(sink);
                self.stage.settings = settings;
                Ok(())
            }
            Err(failure) => {
                self.sink = Some((self.stage.settings.factory)()?);
                Err(failure)
            }
        };
        for queue in self.queues.values_mut().filter(|queue| !queue.parked.is_empty()) {
            queue.retry_at = Some(Instant::now());
            queue.backoff.reset();
        }
        Ok(exchanged)
    }

    /// Everything that is open is to be written again.
    fn withdraw(&mut self) {
        let mut events = 0;
        for queue in self.queues.values_mut() {
            for (_, job, abort) in std::mem::take(&mut queue.open).into_iter().rev() {
                abort.abort();
                events += job.events().len();
                queue.parked.push_front(job);
            }
        }
        self.open = FuturesUnordered::new();
        if events > 0 {
            let name = &self.stage.name;
            tracing::warn!(component_id = %name, events, "sink {name} is exchanged with events on their way; they are sent again");
        }
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
            failing: None,
        })
    }

    fn forget(&mut self, life: u64) {
        if self.queues.get(&life).is_some_and(|queue| queue.open.is_empty() && queue.parked.is_empty()) {
            self.queues.remove(&life);
        }
    }
}
