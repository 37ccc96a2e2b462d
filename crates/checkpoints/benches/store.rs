//! What a durable save costs: `cargo bench -p adr-checkpoints`. Prints one line a figure.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::time::{Duration, Instant};

use adr_checkpoints::{RedbStore, StateDir};
use adr_core::{Checkpoint, CheckpointStore, LaneId};
use futures_util::future::join_all;

fn page(cursor: u64, ids: usize) -> Checkpoint {
    let mut checkpoint = Checkpoint::default();
    checkpoint.set("cursor", format!("{cursor:0100}"));
    let slice: Vec<u8> = (0..ids as u64).flat_map(|id| (cursor * 1000 + id).to_be_bytes()).collect();
    checkpoint.set(format!("ids/{cursor:012}"), slice);
    checkpoint
}

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort();
    format!("p50 {:?}, p99 {:?}", times[times.len() / 2], times[times.len() * 99 / 100])
}

async fn singles(store: &RedbStore, lane: &LaneId, from: u64, count: u64) -> String {
    let mut times = Vec::new();
    for cursor in from..from + count {
        let start = Instant::now();
        store.save(lane, page(cursor, 256)).await.unwrap();
        times.push(start.elapsed());
    }
    percentiles(times)
}

#[tokio::main]
async fn main() {
    let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let dir = StateDir::open(root.path()).unwrap();
    let store = RedbStore::open(&dir).unwrap();
    let size = || dir.checkpoints_path().metadata().unwrap().len() >> 20;
    let lane = LaneId::new("jumpcloud", "one");
    println!("single durable save, empty store: {}", singles(&store, &lane, 0, 200).await);

    let lanes: Vec<_> = (0..10_000).map(|n| LaneId::new("jumpcloud", format!("{n:024x}"))).collect();
    let mut times = Vec::new();
    for cursor in 0..50u64 {
        let start = Instant::now();
        join_all(lanes[..100].iter().map(|lane| store.save(lane, page(cursor, 256)))).await;
        times.push(start.elapsed());
    }
    println!("100 lanes saved together: {}", percentiles(times));

    let (start, before) = (Instant::now(), store.commits());
    join_all(lanes.iter().map(|lane| store.save(lane, page(0, 256)))).await;
    println!("10,000 lanes saved: {:?}, {} commits, {} MiB", start.elapsed(), store.commits() - before, size());
    println!("single durable save, 10,000 lanes stored: {}", singles(&store, &lane, 1000, 200).await);

    let heavy = LaneId::new("jumpcloud", "heavy");
    for from in (0..50_000).step_by(500) {
        let mut many = Checkpoint::default();
        (from..from + 500u64).for_each(|cursor| many.writes.extend(page(cursor, 256).writes));
        store.save(&heavy, many).await.unwrap();
    }
    println!(
        "single durable save, 12.8 million ids in its lane: {}, {} MiB",
        singles(&store, &heavy, 60_000, 200).await,
        size()
    );

    drop(store);
    let start = Instant::now();
    let store = RedbStore::open(&dir).unwrap();
    println!("open and verify: {:?}", start.elapsed());
    let start = Instant::now();
    for lane in &lanes {
        store.load(lane).await.unwrap();
    }
    println!("10,000 lanes loaded one by one: {:?}", start.elapsed());
}
