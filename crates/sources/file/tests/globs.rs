//! Many logs by a pattern, and reading to the end.

mod support;

use std::fs;

use adr_core::{FailureKind, LaneChange, Pull, SourceComponent};
use adr_source_file::{FileSource, Settings};
use futures_util::FutureExt;
use support::{Folder, Log, Store, end, lanes, numbered, read};

async fn ids(folder: &Folder, patterns: &[&str]) -> Vec<String> {
    let lanes = lanes(folder.config(patterns), false).await;
    let name = |lane: &std::sync::Arc<dyn adr_core::Lane>| {
        let path = std::path::Path::new(&*lane.id().tenant);
        path.strip_prefix(folder.0.path()).expect("in the folder").to_str().expect("UTF-8").to_owned()
    };
    lanes.iter().map(name).collect()
}

#[tokio::test]
async fn a_lane_for_each_log_and_none_for_what_rotation_made() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("a/b")).unwrap();
    for name in ["a.ndjson", "a.20260131T080000Z-000001.ndjson", "b.ndjson", "b.ndjson.gz", ".hidden.ndjson", "c.txt"] {
        folder.append(name, "{}\n");
    }
    folder.append("a/b/deep.ndjson", "{}\n");
    folder.append("old.ndjson.1", "{}\n");
    assert_eq!(ids(&folder, &["*.ndjson"]).await, ["a.ndjson", "b.ndjson"]);
    assert_eq!(ids(&folder, &["*.ndjson*"]).await, ["a.ndjson", "b.ndjson", "old.ndjson"]);
    assert_eq!(ids(&folder, &["**/*.ndjson"]).await, ["a/b/deep.ndjson", "a.ndjson", "b.ndjson"]);
    assert_eq!(ids(&folder, &["[b-z].*", "missing.log"]).await, ["b.ndjson", "c.txt", "missing.log"]);
    // One that is named is a log of its own, whatever it looks like.
    assert_eq!(ids(&folder, &["*.ndjson*", "old.ndjson.1"]).await, ["a.ndjson", "b.ndjson", "old.ndjson.1"]);
}

#[tokio::test]
async fn rotated_files_that_fit_are_read_first_and_once() {
    let folder = Folder::new();
    folder.append("a.20260131T080000Z-000001.ndjson", numbered(1..=2));
    folder.append("a.20260131T080000Z-000002.ndjson", numbered(3..=4));
    folder.append("a.ndjson", numbered(5..=6));
    let mut log = Log::of(folder.config(&["a*.ndjson"]), false).await;
    assert_eq!(log.lines().await, read(1..=6));
    folder.append("a.ndjson", numbered(7..=7));
    folder.rename("a.ndjson", "a.20260131T090000Z-000003.ndjson");
    let mut log = log.again();
    assert_eq!(log.lines().await, read(7..=7), "renamed to a name that fits as well");
    folder.append("a.ndjson", numbered(8..=8));
    assert_eq!(log.lines().await, read(8..=8));
    // What is deleted is forgotten.
    let files = log.store.0.len();
    fs::remove_file(folder.path("a.20260131T080000Z-000001.ndjson")).unwrap();
    let mut log = log.again();
    assert!(log.lines().await.is_empty());
    assert_eq!(log.store.0.len(), files - 1);
}

#[tokio::test]
async fn files_are_read_in_the_order_of_their_times_and_not_of_their_names() {
    let folder = Folder::new();
    for (name, lines, age) in [("a.log-000009", 1..=2, 20), ("a.log-000001", 3..=4, 10), ("a.log", 5..=6, 30)] {
        folder.append(name, numbered(lines));
        let file = fs::File::options().write(true).open(folder.path(name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 - age)).unwrap();
    }
    let mut log = Log::of(folder.config(&["a.log*"]), false).await;
    assert_eq!(log.lines().await, read(1..=6), "the current one last");
}

/// Without a pattern that they fit, files that were rotated before are nobody's.
#[tokio::test]
async fn files_that_were_rotated_before_are_not_read_unless_they_fit() {
    let folder = Folder::new();
    folder.append("a.log.1", numbered(1..=2));
    folder.append("a.log", numbered(3..=4));
    let mut log = folder.log("a.log").await;
    assert_eq!(log.lines().await, read(3..=4));
    folder.rename("a.log.1", "a.log.2");
    folder.rename("a.log", "a.log.1");
    folder.append("a.log.2", numbered(90..=91));
    folder.append("a.log", numbered(5..=5));
    let mut log = log.again();
    assert_eq!(log.lines().await, read(5..=5));
}

#[tokio::test]
async fn logs_that_come_are_found_and_those_that_vanish_end_when_they_are_read() {
    let folder = Folder::new();
    folder.append("a.log", numbered(1..=1));
    let settings = Settings::try_from(end(folder.config(&["*.log"]))).unwrap();
    let mut source = FileSource::new("logs", settings, false);
    let Some(LaneChange::Start(a)) = source.next_change().await else { panic!("a log is there") };
    let mut a = Log::open(a, Store::default());
    assert!(a.lines().await.is_empty(), "it begins at its end");
    folder.append("b.log", numbered(1..=2));
    let Some(LaneChange::Start(b)) = source.next_change().await else { panic!("a log came") };
    let mut b = Log::open(b, Store::default());
    assert_eq!(b.lines().await, read(1..=2), "what comes later is new");
    folder.append("b.log", numbered(3..=3));
    fs::remove_file(folder.path("b.log")).unwrap();
    folder.append("c.log", numbered(1..=1));
    // Not stopped before it is read to its end.
    let Some(LaneChange::Start(_)) = source.next_change().await else { panic!("another came") };
    assert!(source.next_change().now_or_never().is_none(), "none may go");
    assert_eq!(b.lines().await, read(3..=3));
    for _ in 0..100 {
        b.lines().await;
    }
    assert!(b.store.0.is_empty(), "nothing of it is kept");
    let Some(LaneChange::Stop(gone)) = source.next_change().await else { panic!("it is gone") };
    assert_eq!(&gone, b.lane.id());
    folder.append("b.log", numbered(4..=4));
    let Some(LaneChange::Start(b)) = source.next_change().await else { panic!("it is back") };
    assert_eq!(Log::open(b, Store::default()).lines().await, read(4..=4));
}

async fn to_the_end(log: &mut Log) -> Vec<String> {
    let lines = log.lines().await;
    assert!(matches!(log.pull().await, Ok(Pull::End)));
    lines
}

#[tokio::test]
async fn once_reads_to_the_end_of_all_files_and_takes_the_last_line_as_it_is() {
    let folder = Folder::new();
    folder.append("a.log.1", "{\"n\":1}");
    folder.append("a.log", "{\"n\":2}\n{\"n\":3}");
    let mut log = Log::of(folder.config(&["a.log*"]), true).await;
    assert_eq!(to_the_end(&mut log).await, read(1..=3));
    folder.append("a.log", "\n{\"n\":4}\n");
    let mut log = log.again();
    assert_eq!(to_the_end(&mut log).await, read(4..=4));
    let mut log = log.again();
    assert!(to_the_end(&mut log).await.is_empty());
}

#[tokio::test]
async fn once_says_that_a_file_is_not_there() {
    let folder = Folder::new();
    let mut log = Log::of(folder.config(&["a.log"]), true).await;
    let failure = loop {
        match log.pull().await {
            Ok(Pull::Page(page)) => log.store.save(page.checkpoint),
            Ok(_) => panic!("it is not there"),
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure.kind, FailureKind::Config);
    assert!(failure.message.contains("a.log is not there"), "{failure}");
    assert!(lanes(folder.config(&["*.log"]), true).await.is_empty());
}
