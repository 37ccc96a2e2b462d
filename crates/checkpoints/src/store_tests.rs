//! What a save promises, seen through a disk that counts and fails on request.

use std::sync::atomic::Ordering::SeqCst;

use adr_core::Retry;
use futures_util::future::join_all;
use tempfile::TempDir;

use super::*;
use crate::backend::probe::Probe;

struct Bench {
    root: TempDir,
    probe: Arc<Probe>,
    store: RedbStore,
}

fn bench() -> Bench {
    let root = tempfile::tempdir().expect("a directory");
    let dir = StateDir::open(root.path()).expect("locks");
    let probe = Arc::<Probe>::default();
    let file = CheckpointFile { path: dir.checkpoints_path(), probe: probe.clone() };
    let store = RedbStore::with_file(&dir, file).expect("opens");
    Bench { root, probe, store }
}

fn lane(tenant: &str) -> LaneId {
    LaneId::new("jumpcloud", tenant)
}

fn one(key: &str, value: impl Into<Bytes>) -> Checkpoint {
    let mut checkpoint = Checkpoint::default();
    checkpoint.set(key.to_owned(), value);
    checkpoint
}

#[tokio::test]
async fn ok_means_that_everything_written_has_been_synced() {
    let bench = bench();
    for n in 0..50u32 {
        let syncs = bench.probe.syncs.load(SeqCst);
        bench.store.save(&lane("a"), one("cursor", n.to_string())).await.expect("saves");
        assert_eq!(bench.probe.unsynced.load(SeqCst), 0, "bytes were still unsynced when save {n} answered");
        assert!(bench.probe.syncs.load(SeqCst) > syncs, "no sync happened during save {n}");
    }
}

#[tokio::test]
async fn saves_that_come_together_share_a_durable_write() {
    let bench = bench();
    let lanes: Vec<_> = (0..100).map(|n| lane(&n.to_string())).collect();
    let saved = join_all(lanes.iter().map(|lane| bench.store.save(lane, one("cursor", "1")))).await;
    assert!(saved.iter().all(Result::is_ok));
    let commits = bench.store.commits();
    assert!((1..=5).contains(&commits), "100 saves took {commits} commits");
    for lane in &lanes {
        assert_eq!(bench.store.load(lane).await.expect("loads").len(), 1, "{lane}");
    }
}

#[tokio::test]
async fn a_full_disk_fails_the_save_and_is_recovered_from_wherever_it_strikes() {
    let mut struck = 0;
    for writes in 0..40 {
        let bench = bench();
        bench.store.save(&lane("a"), one("cursor", "old")).await.expect("saves");
        let mut both = one("cursor", "new");
        both.set("ids", vec![7u8; 50_000]);
        bench.probe.full_after(writes);
        let saved = bench.store.save(&lane("a"), both.clone()).await;
        if let Err(failure) = &saved {
            struck += 1;
            assert_eq!((failure.kind, failure.retry), (FailureKind::Storage, Retry::BackOff));
            assert!(failure.message.contains(&bench.root.path().display().to_string()), "{failure}");
            assert!(failure.message.contains("space"), "{failure}");
            let again = bench.store.save(&lane("a"), both.clone()).await;
            assert!(again.is_err(), "the disk is still full");
        }
        bench.probe.make_space();
        let records = loaded(&bench.store).await;
        let all = records == both_records() || records == vec![(Bytes::from("cursor"), Bytes::from("old"))];
        assert!(all, "after {writes} writes half a checkpoint was read: {} records", records.len());
        assert!(saved.is_err() || records == both_records(), "Ok was said after {writes} writes, then it was gone");
        bench.store.save(&lane("a"), both).await.expect("there is space again");
        assert_eq!(loaded(&bench.store).await, both_records());
    }
    assert!(struck > 2, "the full disk struck only {struck} times");
}

fn both_records() -> Records {
    vec![("cursor".into(), "new".into()), ("ids".into(), vec![7u8; 50_000].into())]
}

/// Loads once the pause after a vain reopening is over.
async fn loaded(store: &RedbStore) -> Records {
    for _ in 0..100 {
        match store.load(&lane("a")).await {
            Ok(records) => return records,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
    panic!("the store did not recover");
}

#[tokio::test]
async fn the_cost_of_a_save_follows_its_page_and_not_what_is_stored() {
    let bench = bench();
    let slice = || vec![1u8; 3000];
    bench.store.save(&lane("a"), one("first", slice())).await.expect("saves");
    let mut many = Checkpoint::default();
    (0..20_000).for_each(|n| many.set(format!("ids/{n:08}"), slice()));
    bench.store.save(&lane("a"), many).await.expect("saves");
    let mut worst = 0;
    for n in 0..20 {
        let before = bench.probe.written.load(SeqCst);
        bench.store.save(&lane("a"), one(&format!("ids/{n:08}x"), slice())).await.expect("saves");
        worst = worst.max(bench.probe.written.load(SeqCst) - before);
    }
    println!("60 MB stored: a save of 3 KB wrote at most {worst} bytes");
    assert!(worst < 200_000, "a save of 3 KB wrote {worst} bytes");
}

#[tokio::test]
async fn expired_records_give_their_space_back() {
    let bench = bench();
    let path = bench.root.path().join("checkpoints.redb");
    let mut sizes = Vec::new();
    for cycle in 0..400u32 {
        let mut page = one("cursor", cycle.to_string());
        page.set(format!("ids/{cycle:08}"), vec![2u8; 20_000]);
        if let Some(expired) = cycle.checked_sub(10) {
            page.remove(format!("ids/{expired:08}"));
        }
        bench.store.save(&lane("a"), page).await.expect("saves");
        if cycle == 100 || cycle == 399 {
            sizes.push(path.metadata().expect("metadata").len());
        }
    }
    println!("200 KB alive: file {} bytes after 100 cycles, {} after 400", sizes[0], sizes[1]);
    assert_eq!(sizes[0], sizes[1], "the file grows although as much expires as comes");
    assert_eq!(bench.store.load(&lane("a")).await.expect("loads").len(), 11);
}
