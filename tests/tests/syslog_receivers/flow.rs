//! A pipeline of a list of events and the sink, in the real runtime, and a book of what was delivered.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use adr_core::{
    BoxFuture, Budget, Checkpoint, CheckpointStore, Clock, Delivery, Event, Failure, Lane, LaneChange, LaneId, Page,
    Pull, Records, Rejected, Reservation, Sink, Source, SourceComponent, Tally, Timestamp,
};
use adr_runtime::{DeadLetter, Input, Limits, Report, Runtime, SinkKind, SinkNode, SourceNode, Topology};
use adr_sink_cce_syslog::{CceSyslog, CceSyslogConfig, Settings};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A running pipeline.
pub(crate) struct Flow {
    tokio: tokio::runtime::Runtime,
    finished: JoinHandle<Report>,
    gate: watch::Sender<usize>,
    events: usize,
    /// What has happened.
    pub(crate) book: Arc<Book>,
}

/// How the list is read.
#[derive(Clone, Copy)]
pub(crate) struct Pages {
    /// Events a page.
    pub(crate) of: usize,
    /// A pause before each, so that a fault finds the stream in its middle.
    pub(crate) every: Duration,
    /// Batches in flight.
    pub(crate) in_flight: usize,
}

impl Default for Pages {
    fn default() -> Self {
        Self { of: 20, every: Duration::from_millis(2), in_flight: 16 }
    }
}

impl Flow {
    /// Starts it with the sink's settings as a pipeline file has them, in JSON. Nothing flows until it is allowed.
    pub(crate) fn start(settings: &serde_json::Value, events: Vec<Event>, pages: Pages) -> Self {
        Self::with_settings(settings_of(settings), events, pages)
    }

    fn with_settings(settings: Settings, events: Vec<Event>, pages: Pages) -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let tokio = tokio.expect("a runtime");
        let (gate, opened) = watch::channel(0);
        let (book, count) = (Arc::new(Book::default()), events.len());
        let lane = Listed { id: LaneId::new("list", "test"), events: events.into(), pages, opened };
        let running = tokio.block_on(async {
            let runtime = Runtime {
                clock: clock(),
                store: Arc::new(Store::default()),
                dead_letter: book.clone(),
                budget: Budget::new(64 << 20),
                limits: Limits { window: pages.in_flight, drain: LIMIT, ..Limits::default() },
                seed: 1,
            };
            runtime.start(topology(settings, &book, lane)).expect("the pipeline starts")
        });
        let finished = tokio.spawn(running.finish());
        Self { tokio, finished, gate, events: count, book }
    }

    /// Lets the events before this one flow.
    pub(crate) fn allow(&self, events: usize) {
        self.gate.send_replace(events);
    }

    /// Lets them all flow.
    pub(crate) fn allow_all(&self) {
        self.allow(self.events);
    }

    /// Waits until nothing is delivered any more: the receiver is stalled, and the kernels between have their fill.
    pub(crate) fn stands(&self) {
        let mut last = usize::MAX;
        while last != self.book.delivered().len() {
            last = self.book.delivered().len();
            // That nothing happens can only be seen by waiting for it.
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Waits until the list has come to its end, everything is delivered or rejected, and the sink is closed.
    pub(crate) fn finish(self) -> Arc<Book> {
        self.allow_all();
        let report = self.tokio.block_on(async { tokio::time::timeout(LIMIT, self.finished).await });
        let report = report.unwrap_or_else(|_| panic!("not at its end after {LIMIT:?}: {:?}", self.book));
        let report = report.expect("the pipeline does not panic");
        assert!(report.drained && report.sinks.is_empty(), "{report:?}");
        assert!(report.lanes.values().all(Option::is_none), "{report:?}");
        self.book
    }
}

/// The sink's settings from what a pipeline file has.
pub(crate) fn settings_of(settings: &serde_json::Value) -> Settings {
    let config: CceSyslogConfig = serde_json::from_str(&settings.to_string()).expect("settings");
    Settings::try_from(config).expect("settings that can be")
}

/// Wall time.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(TestClock(Instant::now()))
}

/// The sink alone.
pub(crate) fn sink(settings: &Settings) -> CceSyslog {
    let encoder = adr_transform::encoder(settings.encoding);
    CceSyslog::new("cce", settings, clock(), encoder).expect("a sink")
}

fn topology(settings: Settings, book: &Arc<Book>, lane: Listed) -> Topology {
    let (book, at_once) = (book.clone(), settings.at_once());
    let factory = move || Ok(Box::new(Witness { sink: sink(&settings), book: book.clone() }) as Box<dyn Sink>);
    Topology {
        sources: vec![SourceNode { name: "list".into(), component: Some(Box::new(OneLane(Some(Arc::new(lane))))) }],
        transforms: Vec::new(),
        sinks: vec![SinkNode {
            name: "cce".into(),
            inputs: vec![Input::Source(0)],
            kind: Some(SinkKind::Plain { factory: Arc::new(factory), in_flight: 256, at_once }),
            buffer: None,
            caveats: Vec::new(),
        }],
        dead_letter: None,
        only: None,
    }
}

/// What has happened, by number of event.
#[derive(Default)]
pub(crate) struct Book {
    entries: Mutex<Entries>,
    changed: Condvar,
}

#[derive(Default)]
struct Entries {
    delivered: Vec<usize>,
    /// How often each was handed to the sink.
    written: HashMap<usize, usize>,
    faults: Vec<String>,
    dead: Vec<(usize, String)>,
}

impl Book {
    /// Events of deliveries that have resolved as delivered, in this order.
    pub(crate) fn delivered(&self) -> Vec<usize> {
        self.entries().delivered.clone()
    }

    /// Every event was delivered once. What is answered in one moment may be noted in any order; the order in which events arrive
    /// is the receiver's to tell.
    pub(crate) fn delivered_each_once(&self, count: usize) {
        let mut times = vec![0; count];
        self.delivered().into_iter().for_each(|number| times[number] += 1);
        let wrong: Vec<_> = times.iter().enumerate().filter(|(_, times)| **times != 1).take(20).collect();
        assert!(wrong.is_empty(), "event, times delivered: {wrong:?}; {self:?}");
    }

    /// How often each event was handed to the sink.
    pub(crate) fn written(&self) -> HashMap<usize, usize> {
        self.entries().written.clone()
    }

    /// What failed writes and deliveries said.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.entries().faults.clone()
    }

    /// Events in the dead letter, with the reason.
    pub(crate) fn dead(&self) -> Vec<(usize, String)> {
        self.entries().dead.clone()
    }

    /// Waits until so many events were delivered.
    pub(crate) fn until_delivered(&self, count: usize) {
        self.until(&format!("{count} delivered"), |entries| entries.delivered.len() >= count);
    }

    /// Waits until so many writes and deliveries have failed.
    pub(crate) fn until_faults(&self, count: usize) {
        self.until(&format!("{count} faults"), |entries| entries.faults.len() >= count);
    }

    /// Waits until a fault says this.
    pub(crate) fn until_fault(&self, words: &str) {
        let said = |entries: &Entries| entries.faults.iter().any(|fault| fault.contains(words));
        self.until(&format!("a fault that says `{words}`"), said);
    }

    fn until(&self, wanted: &str, is: impl Fn(&Entries) -> bool) {
        let guard = self.entries();
        let (guard, wait) = self.changed.wait_timeout_while(guard, LIMIT, |entries| !is(entries)).expect("no panic");
        drop(guard);
        assert!(!wait.timed_out(), "not {wanted}: {self:?}");
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().expect("nobody panics with it")
    }

    fn change(&self, change: impl FnOnce(&mut Entries)) {
        change(&mut self.entries());
        self.changed.notify_all();
    }
}

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries = self.entries();
        let (delivered, written, dead) = (entries.delivered.len(), entries.written.len(), entries.dead.len());
        write!(f, "{written} written, {delivered} delivered, {dead} in the dead letter, faults: {:#?}", entries.faults)
    }
}

impl DeadLetter for Book {
    fn keep<'a>(&'a self, _: &'a str, rejected: &'a [Rejected]) -> BoxFuture<'a, Result<(), Failure>> {
        let dead = rejected.iter().map(|rejected| (number(&rejected.event), rejected.reason.clone()));
        self.change(|entries| entries.dead.extend(dead));
        Box::pin(async { Ok(()) })
    }
}

/// The number that an event was given: its id.
pub(crate) fn number(event: &Event) -> usize {
    event.meta.id.parse().expect("the id of a test event is a number")
}

/// The sink, with a witness of what it says.
struct Witness {
    sink: CceSyslog,
    book: Arc<Book>,
}

impl Sink for Witness {
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        Box::pin(async move {
            let numbers: Vec<usize> = events.iter().map(number).collect();
            let book = self.book.clone();
            book.change(|entries| numbers.iter().for_each(|number| *entries.written.entry(*number).or_default() += 1));
            let delivery = self.sink.write(events).await.inspect_err(|failure| {
                book.change(|entries| entries.faults.push(failure.message.clone()));
            })?;
            let delivery: Delivery = Box::pin(async move {
                let outcome = delivery.await;
                book.change(|entries| match &outcome {
                    Ok(delivered) => {
                        let rejected =
                            |place: &usize| delivered.rejected.iter().any(|rejected| rejected.index == *place);
                        let taken = numbers.iter().enumerate().filter(|(place, _)| !rejected(place));
                        entries.delivered.extend(taken.map(|(_, number)| number));
                    }
                    Err(failure) => entries.faults.push(failure.message.clone()),
                });
                outcome
            });
            Ok(delivery)
        })
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        self.sink.close()
    }
}

/// The list as a lane: read as far as the gate is open.
struct Listed {
    id: LaneId,
    events: Arc<[Event]>,
    pages: Pages,
    opened: watch::Receiver<usize>,
}

impl Lane for Listed {
    fn id(&self) -> &LaneId {
        &self.id
    }

    fn open(&self, records: Records) -> Result<Box<dyn Source>, Failure> {
        let at = records
            .first()
            .map_or(0, |(_, value)| usize::from_be_bytes(value.as_ref().try_into().expect("eight bytes")));
        Ok(Box::new(Reader { events: self.events.clone(), at, pages: self.pages, opened: self.opened.clone() }))
    }
}

struct Reader {
    events: Arc<[Event]>,
    at: usize,
    pages: Pages,
    opened: watch::Receiver<usize>,
}

impl Source for Reader {
    fn demand(&self) -> usize {
        64 << 10
    }

    fn next(&mut self, _memory: Reservation) -> BoxFuture<'_, Result<Pull, Failure>> {
        Box::pin(async move {
            if self.at == self.events.len() {
                return Ok(Pull::End);
            }
            let opened = self.opened.wait_for(|opened| *opened > self.at).await.map_or(usize::MAX, |opened| *opened);
            tokio::time::sleep(self.pages.every).await;
            let end = opened.min(self.at + self.pages.of).min(self.events.len());
            let events = self.events[self.at..end].to_vec();
            self.at = end;
            let mut checkpoint = Checkpoint::default();
            checkpoint.set(&b"at"[..], end.to_be_bytes().to_vec());
            let tally = Tally { received: events.len() as u64, ..Tally::default() };
            Ok(Pull::Page(Page { events, checkpoint, tally }))
        })
    }
}

struct OneLane(Option<Arc<Listed>>);

impl SourceComponent for OneLane {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        Box::pin(async move { self.0.take().map(|lane| LaneChange::Start(lane)) })
    }
}

/// The last checkpoint of the one lane.
#[derive(Default)]
struct Store(Mutex<Records>);

impl CheckpointStore for Store {
    fn load<'a>(&'a self, _: &'a LaneId) -> BoxFuture<'a, Result<Records, Failure>> {
        let records = self.0.lock().expect("no panic").clone();
        Box::pin(async move { Ok(records) })
    }

    fn save<'a>(&'a self, _: &'a LaneId, checkpoint: Checkpoint) -> BoxFuture<'a, Result<(), Failure>> {
        let records = checkpoint.writes.into_iter().filter_map(|write| Some((write.key, write.value?))).collect();
        *self.0.lock().expect("no panic") = records;
        Box::pin(async { Ok(()) })
    }
}

/// A day in 2026 on which every certificate that should be is valid.
struct TestClock(Instant);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_769_817_600).plus(self.0.elapsed())
    }
}
