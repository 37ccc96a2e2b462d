//! Parts that do as they are told: sources with a script, sinks with a gate, a store in memory.
#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adr_core::*;
use adr_runtime::*;
use bytes::Bytes;
use tokio::sync::{Semaphore, watch};

/// Time stands still unless tokio's does not.
pub(crate) struct TestClock(pub(crate) tokio::time::Instant);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_700_000_000).plus(self.0.elapsed())
    }
}

/// Records of all lanes, and every save in order.
#[derive(Clone, Default)]
pub(crate) struct TestStore(Arc<Mutex<BTreeMap<LaneId, BTreeMap<Bytes, Bytes>>>>);

impl TestStore {
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    pub(crate) fn position(&self, lane: &LaneId) -> usize {
        let lanes = self.0.lock().unwrap();
        lanes.get(lane).and_then(|records| records.get(&b"at"[..])).map_or(0, |value| value[0].into())
    }
}

impl CheckpointStore for TestStore {
    fn load<'a>(&'a self, lane: &'a LaneId) -> BoxFuture<'a, Result<Records, Failure>> {
        let records = self.0.lock().unwrap().get(lane).cloned().unwrap_or_default();
        Box::pin(async move { Ok(records.into_iter().collect()) })
    }

    fn save<'a>(&'a self, lane: &'a LaneId, checkpoint: Checkpoint) -> BoxFuture<'a, Result<(), Failure>> {
        let mut lanes = self.0.lock().unwrap();
        let records = lanes.entry(lane.clone()).or_default();
        for write in checkpoint.writes {
            match write.value {
                Some(value) => records.insert(write.key, value),
                None => records.remove(&write.key),
            };
        }
        Box::pin(async { Ok(()) })
    }
}

/// Keeps dead letters in memory: component, text, reason.
#[derive(Clone, Default)]
pub(crate) struct TestDeadLetter(pub(crate) Arc<Mutex<Vec<(String, String, String)>>>);

impl DeadLetter for TestDeadLetter {
    fn keep<'a>(&'a self, component: &'a str, rejected: &'a [Rejected]) -> BoxFuture<'a, Result<(), Failure>> {
        let text = |event: &Event| String::from_utf8(event.body.to_vec()).unwrap();
        let kept = rejected.iter().map(|r| (component.to_owned(), text(&r.event), r.reason.clone()));
        self.0.lock().unwrap().extend(kept);
        Box::pin(async { Ok(()) })
    }
}

pub(crate) fn event(tenant: &str, text: &str) -> Event {
    let meta = Meta {
        id: text.into(),
        time: None,
        tenant: tenant.into(),
        kind: ByteString::new(),
        severity: Severity::Unknown,
    };
    Event { meta, body: Bytes::copy_from_slice(text.as_bytes()) }
}

/// One step of a scripted lane.
#[derive(Clone)]
pub(crate) enum Step {
    /// A page of these texts.
    Page(Vec<&'static str>),
    /// A page of rows that are all known: no event, and nothing to remember.
    Known,
    /// A page of these texts that is counted as if nothing had come.
    Uncounted(Vec<&'static str>),
    /// A failure, once.
    Fail(Failure),
    /// Nothing for so long.
    Wait(Duration),
    /// From here on the source reads on to its own end, stop or not.
    ReadOn,
}

/// A lane that plays a script from the page that its checkpoint says, then waits (or ends).
pub(crate) struct TestLane {
    pub(crate) id: LaneId,
    pub(crate) script: Vec<Step>,
    pub(crate) ends: bool,
    pub(crate) opened: Arc<Mutex<usize>>,
    pub(crate) revision: Option<u64>,
}

struct TestSource {
    tenant: Arc<str>,
    at: usize,
    rest: VecDeque<(usize, Step)>,
    ends: bool,
    reads_on: bool,
}

impl Lane for TestLane {
    fn id(&self) -> &LaneId {
        &self.id
    }

    fn revision(&self) -> Option<u64> {
        self.revision
    }

    fn open(&self, records: Records) -> Result<Box<dyn Source>, Failure> {
        *self.opened.lock().unwrap() += 1;
        let at = records.first().map_or(0, |(_, value)| value[0].into());
        let reads_on = self.script.iter().any(|step| matches!(step, Step::ReadOn));
        let rest =
            self.script.iter().filter(|step| !matches!(step, Step::ReadOn)).cloned().enumerate().skip(at).collect();
        Ok(Box::new(TestSource { tenant: self.id.tenant.clone(), at, rest, ends: self.ends, reads_on }))
    }
}

impl Source for TestSource {
    fn demand(&self) -> usize {
        1000
    }

    fn reads_on(&self) -> bool {
        self.reads_on
    }

    /// A second for each page.
    fn reach(&self) -> Reach {
        Reach { read_until: Some(Timestamp::from_secs(self.at as i64)), answered: None }
    }

    fn next(&mut self, _memory: Reservation) -> BoxFuture<'_, Result<Pull, Failure>> {
        Box::pin(async move {
            match self.rest.pop_front() {
                Some((at, step @ (Step::Page(_) | Step::Uncounted(_)))) => {
                    self.at = at + 1;
                    let (texts, counted) = match step {
                        Step::Page(texts) => (texts, true),
                        Step::Uncounted(texts) => (texts, false),
                        _ => unreachable!("matched above"),
                    };
                    let events: Vec<Event> = texts.iter().map(|text| event(&self.tenant, text)).collect();
                    let mut checkpoint = Checkpoint::default();
                    checkpoint.set(&b"at"[..], vec![u8::try_from(self.at).unwrap()]);
                    let tally =
                        Tally { received: if counted { events.len() as u64 } else { 0 }, duplicates: 0, bytes: 100 };
                    Ok(Pull::Page(Page { events, checkpoint, tally }))
                }
                Some((_, Step::Known)) => {
                    let tally = Tally { received: 1, duplicates: 1, bytes: 100 };
                    Ok(Pull::Page(Page { tally, ..Page::default() }))
                }
                Some((_, Step::Fail(failure))) => Err(failure),
                Some((_, Step::Wait(pause))) => Ok(Pull::Wait(pause)),
                Some((_, Step::ReadOn)) => unreachable!("it is no step of its own"),
                None if self.ends => Ok(Pull::End),
                None => Ok(Pull::Wait(Duration::from_secs(3600))),
            }
        })
    }
}

/// A source component with these changes, one after the other as they are sent.
pub(crate) struct TestLanes(pub(crate) tokio::sync::mpsc::Receiver<LaneChange>);

impl SourceComponent for TestLanes {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        Box::pin(self.0.recv())
    }
}

/// What a gated sink saw.
#[derive(Clone)]
pub(crate) struct Gate {
    /// Every batch written, as texts joined by a space.
    pub(crate) written: Arc<Mutex<Vec<String>>>,
    /// Counts writes, to be awaited.
    pub(crate) count: Arc<watch::Sender<usize>>,
    /// Deliveries resolve one for each permit.
    pub(crate) permits: Arc<Semaphore>,
    /// What the next deliveries (in order of writing) say instead of "delivered".
    pub(crate) failures: Arc<Mutex<VecDeque<Option<Failure>>>>,
    /// The next write panics.
    pub(crate) panics: Arc<Mutex<bool>>,
    /// Writes never return.
    pub(crate) stands: Arc<Mutex<bool>>,
    pub(crate) closed: Arc<Mutex<usize>>,
    pub(crate) trail: Option<Duration>,
}

impl Gate {
    /// A sink that delivers at once.
    pub(crate) fn open() -> Self {
        Self::with_permits(Semaphore::MAX_PERMITS)
    }

    /// A sink that delivers nothing until permits are added.
    pub(crate) fn shut() -> Self {
        Self::with_permits(0)
    }

    fn with_permits(permits: usize) -> Self {
        Self {
            written: Arc::default(),
            count: Arc::new(watch::Sender::new(0)),
            permits: Arc::new(Semaphore::new(permits)),
            failures: Arc::default(),
            panics: Arc::default(),
            stands: Arc::default(),
            closed: Arc::default(),
            trail: None,
        }
    }

    pub(crate) fn written(&self) -> Vec<String> {
        self.written.lock().unwrap().clone()
    }

    /// Waits until so many batches were written in all.
    pub(crate) async fn until(&self, count: usize) {
        self.count.subscribe().wait_for(|written| *written >= count).await.unwrap();
    }

    pub(crate) fn factory(&self) -> SinkFactory {
        let gate = self.clone();
        Arc::new(move || Ok(Box::new(GateSink(gate.clone())) as Box<dyn Sink>))
    }

    pub(crate) fn kind(&self) -> SinkKind {
        SinkKind::Plain { factory: self.factory(), in_flight: 4, at_once: usize::MAX }
    }
}

struct GateSink(Gate);

impl Sink for GateSink {
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        Box::pin(async move {
            if std::mem::take(&mut *self.0.panics.lock().unwrap()) {
                panic!("as told");
            }
            if *self.0.stands.lock().unwrap() {
                self.0.count.send_modify(|count| *count += 1);
                std::future::pending::<()>().await;
            }
            let texts: Vec<_> = events.iter().map(|event| String::from_utf8_lossy(&event.body).into_owned()).collect();
            self.0.written.lock().unwrap().push(texts.join(" "));
            let failure = self.0.failures.lock().unwrap().pop_front().flatten();
            self.0.count.send_modify(|count| *count += 1);
            let (permits, trail) = (self.0.permits.clone(), self.0.trail);
            let delivery: Delivery = Box::pin(async move {
                permits.acquire().await.unwrap().forget();
                failure.map_or(Ok(Delivered { trail, ..Delivered::default() }), Err)
            });
            Ok(delivery)
        })
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        *self.0.closed.lock().unwrap() += 1;
        Box::pin(async { Ok(()) })
    }
}

/// All that a test needs around a topology.
pub(crate) struct Bench {
    pub(crate) store: TestStore,
    pub(crate) dead_letter: TestDeadLetter,
    pub(crate) limits: Limits,
    pub(crate) opened: Arc<Mutex<usize>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            store: TestStore::default(),
            dead_letter: TestDeadLetter::default(),
            limits: Limits::default(),
            opened: Arc::default(),
        }
    }

    pub(crate) fn lane(&self, tenant: &str, script: Vec<Step>, ends: bool) -> Arc<dyn Lane> {
        self.lane_with(tenant, script, ends, None)
    }

    /// A lane with settings of which it can be told whether they are the same.
    pub(crate) fn lane_with(
        &self,
        tenant: &str,
        script: Vec<Step>,
        ends: bool,
        revision: Option<u64>,
    ) -> Arc<dyn Lane> {
        let id = LaneId::new("source", tenant);
        Arc::new(TestLane { id, script, ends, opened: self.opened.clone(), revision })
    }

    /// The topology that runs, as it is: one source, so many transforms, and these sinks.
    pub(crate) fn kept(&self, transforms: usize, sinks: &[&str]) -> Topology {
        let (_, receiver) = tokio::sync::mpsc::channel(1);
        let gate = Gate::open();
        let never = || Err(Failure::fatal(FailureKind::Internal, "it is kept"));
        let transforms = (0..transforms).map(|_| Arc::new(never) as TransformFactory).collect();
        let mut topology = self.topology_of(receiver, transforms, sinks.iter().map(|name| (*name, &gate)).collect());
        topology.sources[0].component = None;
        topology.transforms.iter_mut().for_each(|node| node.factory = None);
        topology.sinks.iter_mut().for_each(|node| node.kind = None);
        topology
    }

    /// The topology that runs without transforms, with another sink behind this name.
    pub(crate) fn exchanged(&self, sink: &str, gate: &Gate) -> Topology {
        let mut topology = self.kept(0, &[sink]);
        topology.sinks[0].kind = Some(gate.kind());
        topology
    }

    /// One source with these lanes, the transforms in a row, and these sinks behind the last of them.
    pub(crate) fn topology(
        &self,
        lanes: Vec<Arc<dyn Lane>>,
        transforms: Vec<TransformFactory>,
        sinks: Vec<(&str, &Gate)>,
    ) -> Topology {
        let (changes, receiver) = tokio::sync::mpsc::channel(100);
        for lane in lanes {
            assert!(changes.try_send(LaneChange::Start(lane)).is_ok());
        }
        self.topology_of(receiver, transforms, sinks)
    }

    pub(crate) fn topology_of(
        &self,
        changes: tokio::sync::mpsc::Receiver<LaneChange>,
        transforms: Vec<TransformFactory>,
        sinks: Vec<(&str, &Gate)>,
    ) -> Topology {
        let input = |index: usize| if index == 0 { Input::Source(0) } else { Input::Transform(index - 1) };
        let last = transforms.len();
        let nodes = transforms.into_iter().enumerate().map(|(index, factory)| TransformNode {
            name: format!("transform{index}").into(),
            inputs: vec![input(index)],
            factory: Some(factory),
        });
        let sinks = sinks.into_iter().map(|(name, gate)| SinkNode {
            name: name.into(),
            inputs: vec![input(last)],
            kind: Some(gate.kind()),
            buffer: None,
            caveats: Vec::new(),
        });
        Topology {
            sources: vec![SourceNode { name: "source".into(), component: Some(Box::new(TestLanes(changes))) }],
            transforms: nodes.collect(),
            sinks: sinks.collect(),
            dead_letter: None,
            only: None,
        }
    }

    pub(crate) fn start(&self, topology: Topology) -> Running {
        self.try_start(topology).unwrap()
    }

    pub(crate) fn try_start(&self, topology: Topology) -> Result<Running, Failure> {
        let runtime = Runtime {
            clock: Arc::new(TestClock(tokio::time::Instant::now())),
            store: Arc::new(self.store.clone()),
            dead_letter: Arc::new(self.dead_letter.clone()),
            budget: Budget::new(1 << 20),
            limits: self.limits,
            seed: 1,
        };
        runtime.start(topology)
    }

    pub(crate) fn position(&self, tenant: &str) -> usize {
        self.store.position(&LaneId::new("source", tenant))
    }
}

/// Three pages: a b, c, d.
pub(crate) fn three_pages() -> Vec<Step> {
    vec![Step::Page(vec!["a", "b"]), Step::Page(vec!["c"]), Step::Page(vec!["d"])]
}

/// A lane that keeps its progress itself.
pub(crate) struct OwnStore {
    pub(crate) lane: Arc<dyn Lane>,
    pub(crate) store: TestStore,
}

impl Lane for OwnStore {
    fn id(&self) -> &LaneId {
        self.lane.id()
    }

    fn store(&self) -> Option<Arc<dyn CheckpointStore>> {
        Some(Arc::new(self.store.clone()))
    }

    fn open(&self, records: Records) -> Result<Box<dyn Source>, Failure> {
        self.lane.open(records)
    }
}
