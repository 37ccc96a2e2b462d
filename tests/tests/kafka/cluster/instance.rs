//! An instance: what the runtime does with the lanes of a shared source, in short.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use adr_core::{
    BoxFuture, Checkpoint, Failure, FailureKind, Group, Lane, LaneChange, LaneId, Records, Source, SourceComponent,
    TransactionalSink,
};
use adr_sink_kafka::{Cluster, ExactlyOnce};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::ledger::Word;
use super::place::{Place, lanes};

/// Who listens to an instance.
pub(super) type Say = Arc<dyn Fn(Word, u32) + Send + Sync>;

/// Between two commits of a lane, and between two tries to open it.
const PACE: Duration = Duration::from_millis(50);

/// How long lanes take to drain once they are told to stop.
pub(super) type Drain = Duration;

/// Drains and leaves when it is dropped.
pub(super) struct Instance {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Instance {
    pub(super) fn start(place: &Place, name: &str, drain: Drain, say: Say) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (place, name) = (place.clone(), name.to_owned());
        let run = move || {
            let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            tokio.expect("a runtime").block_on(run(&place, &name, drain, say, stopped));
        };
        Self { stop: Some(stop), thread: Some(std::thread::spawn(run)) }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "an instance panicked");
        }
    }
}

struct Named(LaneId);

impl Lane for Named {
    fn id(&self) -> &LaneId {
        &self.0
    }

    fn open(&self, _: Records) -> Result<Box<dyn Source>, Failure> {
        Err(Failure::new(FailureKind::Internal, "never opened"))
    }
}

struct Lanes(VecDeque<LaneId>);

impl SourceComponent for Lanes {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        let next = self.0.pop_front().map(|id| LaneChange::Start(Arc::new(Named(id))));
        Box::pin(std::future::ready(next))
    }
}

async fn run(place: &Place, name: &str, drain: Drain, say: Say, mut stopped: oneshot::Receiver<()>) {
    let settings = place.settings(name);
    let connection = Place::connection(&settings);
    let sink = Arc::new(Place::sink(&connection, &settings));
    let cluster = Cluster::join(&connection, &settings, sink.shards()).expect("it can try to join");
    let ids = lanes(&sink);
    let shards: BTreeMap<LaneId, u32> = ids.iter().cloned().zip(0..).collect();
    // Two sources share the cluster.
    let (even, odd): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| shards[id].is_multiple_of(2));
    let mut sources = [even, odd].map(|ids| cluster.share(Box::new(Lanes(ids.into()))));
    drop(cluster);
    let mut stops = BTreeMap::new();
    let mut running = JoinSet::new();
    let [first, second] = &mut sources;
    loop {
        let change = tokio::select! {
            _ = &mut stopped => break,
            change = first.next_change() => change,
            change = second.next_change() => change,
        };
        match change.expect("a shared source does not end") {
            LaneChange::Start(lane) => {
                let shard = shards[lane.id()];
                say(Word::Start, shard);
                let (stop, told) = watch::channel(());
                stops.insert(lane.id().clone(), stop);
                running.spawn(run_lane(sink.clone(), lane.id().clone(), shard, drain, say.clone(), told));
            }
            LaneChange::Stop(lane) => {
                say(Word::Stop, shards[&lane]);
                drop(stops.remove(&lane));
            }
        }
    }
    stops.clear();
    while let Some(ended) = running.join_next().await {
        ended.expect("no panic in a lane");
    }
    drop(sources);
}

/// Opens the lane and commits in it until it is told to stop, which drops the sender; opens it anew when that fails.
async fn run_lane(
    sink: Arc<ExactlyOnce>,
    id: LaneId,
    shard: u32,
    drain: Drain,
    say: Say,
    mut stop: watch::Receiver<()>,
) {
    let mut number = 0;
    loop {
        let opened = tokio::select! {
            opened = sink.open(&id) => opened,
            _ = stop.changed() => return,
        };
        if let Ok((mut writer, _)) = opened {
            say(Word::Hold, shard);
            loop {
                number += 1;
                let mut checkpoint = Checkpoint::default();
                checkpoint.set("next", number.to_string());
                let group = Group { events: Arc::default(), checkpoint: Arc::new(checkpoint) };
                if writer.commit(group).await.is_err() {
                    say(Word::Release, shard);
                    break;
                }
                say(Word::Commit, shard);
                if tokio::time::timeout(PACE, stop.changed()).await.is_ok() {
                    tokio::time::sleep(drain).await;
                    say(Word::Release, shard);
                    return;
                }
            }
        }
        if tokio::time::timeout(PACE, stop.changed()).await.is_ok() {
            return;
        }
    }
}
