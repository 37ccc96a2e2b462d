//! The sink on real files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adr_core::{ByteString, Clock, Encoding, Event, FailureKind, Meta, Retry, Severity, Sink, Timestamp};
use adr_sink_file::{FileSink, Mode, Settings};

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::Relaxed))
    }
}

fn clock() -> Arc<Hand> {
    Arc::new(Hand(AtomicI64::new(1_790_000_000)))
}

fn settings(path: PathBuf) -> Settings {
    Settings { path, encoding: Encoding::Json, max_bytes: 1000, max_age: None, keep: None, mode: Mode(0o640) }
}

fn events(from: usize, count: usize, size: usize) -> Vec<Event> {
    let event = |n: usize| Event {
        meta: Meta {
            id: ByteString::new(),
            time: None,
            tenant: "-".into(),
            kind: ByteString::new(),
            severity: Severity::Unknown,
        },
        body: format!("{{\"n\":{n},\"pad\":\"{}\"}}", "x".repeat(size)).into(),
    };
    (from..from + count).map(event).collect()
}

fn text(events: &[Event]) -> String {
    events.iter().map(|event| format!("{}\n", str::from_utf8(&event.body).expect("text"))).collect()
}

async fn deliver(sink: &mut FileSink, events: &[Event]) {
    sink.write(events).await.expect("accepted").await.expect("delivered");
}

/// The names of all files but the lock, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

fn refusal(settings: &Settings) -> adr_core::Failure {
    FileSink::new(settings, clock(), None).err().expect("refused")
}

#[tokio::test]
async fn a_delivery_resolves_after_an_fsync_which_open_deliveries_share() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { max_bytes: 1 << 30, ..settings(folder.path().join("events.ndjson")) };
    let mut sink = FileSink::new(&settings, clock(), None).expect("usable");
    let mut expected = String::new();
    for n in 0..20 {
        let (batch, syncs) = (events(n * 10, 10, 100), sink.syncs());
        deliver(&mut sink, &batch).await;
        assert!(sink.syncs() > syncs, "delivered without an fsync");
        expected += &text(&batch);
        assert!(fs::read_to_string(&settings.path).expect("reads") == expected);
    }
    let (before, batch) = (sink.syncs(), events(0, 1, 1_000_000));
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(sink.write(&batch).await.expect("accepted"));
    }
    for delivery in open {
        delivery.await.expect("delivered");
    }
    let shared = sink.syncs() - before;
    assert!((1..100).contains(&shared), "100 batches in flight took {shared} fsyncs");
    let mode = fs::metadata(&settings.path).expect("there").permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
}

#[tokio::test]
async fn files_rotate_by_size_and_by_age_and_keep_their_order_when_the_clock_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let (clock, path) = (clock(), folder.path().join("events.ndjson"));
    let settings = Settings { max_age: Some(Duration::from_secs(60)), ..settings(path.clone()) };
    let mut sink = FileSink::new(&settings, clock.clone(), None).expect("usable");
    let batches = [events(0, 6, 100), events(6, 6, 100), events(12, 1, 10), events(13, 1, 10), events(14, 1, 5000)];
    let inode = fs::metadata(&path).expect("made at once").ino();
    deliver(&mut sink, &batches[0]).await;
    deliver(&mut sink, &batches[1]).await;
    assert_eq!(names(folder.path()), ["events.20260921T141320Z-000001.ndjson", "events.ndjson"]);
    let first = folder.path().join("events.20260921T141320Z-000001.ndjson");
    assert_eq!(fs::metadata(&first).expect("there").ino(), inode, "a reader follows the inode");
    assert_eq!(fs::read_to_string(&first).expect("reads"), text(&batches[0]));
    deliver(&mut sink, &batches[2]).await;
    clock.0.fetch_add(60, Ordering::Relaxed);
    deliver(&mut sink, &batches[3]).await;
    clock.0.fetch_sub(86_400, Ordering::Relaxed);
    deliver(&mut sink, &batches[4]).await;
    let numbers: Vec<String> =
        names(folder.path()).iter().filter_map(|name| Some(name.split_once("Z-")?.1.to_owned())).collect();
    assert_eq!(numbers.len(), 3);
    assert!(
        fs::read_to_string(&path).expect("reads") == text(&batches[4]),
        "what is larger than a file has one of its own"
    );
}

#[tokio::test]
async fn keep_deletes_the_oldest_by_number_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["events.20990101T000000Z-000007.ndjson", "events.notes.ndjson", "other.20260101T000000Z-000001.ndjson"]
    {
        fs::write(folder.path().join(name), "{}\n").expect("writes");
    }
    let settings = Settings { keep: Some(2), ..settings(folder.path().join("events.ndjson")) };
    let mut sink = FileSink::new(&settings, clock(), None).expect("usable");
    for n in 0..4 {
        deliver(&mut sink, &events(n, 6, 100)).await;
    }
    assert_eq!(
        names(folder.path()),
        [
            "events.20260921T141320Z-000009.ndjson",
            "events.20260921T141320Z-000010.ndjson",
            "events.ndjson",
            "events.notes.ndjson",
            "other.20260101T000000Z-000001.ndjson",
        ]
    );
}

#[tokio::test]
async fn a_torn_last_line_is_cut_and_a_line_that_is_none_of_ours_is_kept() {
    for (before, after) in [
        ("", ""),
        ("{\"a\":1}\n", "{\"a\":1}\n"),
        ("{\"a\":1}\n{\"b\":", "{\"a\":1}\n"),
        ("{", ""),
        ("CE", ""),
        ("{}\n\0\0\0", "{}\n"),
        ("# note", "# note\n"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.ndjson");
        fs::write(&path, before).expect("writes");
        let mut sink = FileSink::new(&settings(path.clone()), clock(), None).expect("usable");
        let batch = events(0, 1, 1);
        deliver(&mut sink, &batch).await;
        assert_eq!(fs::read_to_string(&path).expect("reads"), format!("{after}{}", text(&batch)), "{before:?}");
    }
}

#[tokio::test]
async fn a_file_that_somebody_removes_renames_or_cuts_is_made_or_continued_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.ndjson");
    let mut sink = FileSink::new(&settings(path.clone()), clock(), None).expect("usable");
    deliver(&mut sink, &events(0, 1, 1)).await;
    fs::remove_file(&path).expect("removed");
    deliver(&mut sink, &events(1, 1, 1)).await;
    assert_eq!(fs::read_to_string(&path).expect("made anew"), text(&events(1, 1, 1)));
    fs::rename(&path, folder.path().join("elsewhere")).expect("renamed");
    deliver(&mut sink, &events(2, 1, 1)).await;
    assert_eq!(fs::read_to_string(&path).expect("made anew"), text(&events(2, 1, 1)));
    fs::write(&path, "").expect("cut");
    deliver(&mut sink, &events(3, 1, 1)).await;
    assert_eq!(fs::read_to_string(&path).expect("continued"), text(&events(3, 1, 1)));
    // Its folder as well: that is told until somebody makes it again.
    let away = folder.path().with_extension("away");
    fs::rename(folder.path(), &away).expect("renamed");
    let batch = events(4, 1, 1);
    let failure = sink.write(&batch).await.expect("accepted").await.expect_err("no folder");
    assert_eq!(failure.retry, Retry::BackOff);
    assert!(failure.message.contains("its folder is not there"), "{failure}");
    fs::rename(&away, folder.path()).expect("renamed");
    deliver(&mut sink, &batch).await;
}

#[tokio::test]
async fn what_is_no_file_of_ours_is_refused_with_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| settings(folder.path().join(name));
    rustix::fs::mkfifoat(rustix::fs::CWD, at("fifo").path, rustix::fs::Mode::RWXU).expect("made");
    symlink("/dev/null", at("link").path).expect("made");
    fs::create_dir(at("folder").path).expect("made");
    for (settings, words) in [
        (at("fifo"), "no regular file"),
        (at("link"), "a symbolic link"),
        (at("folder"), "is a folder"),
        (at("missing/events.ndjson"), "make it, or see whether its disk is mounted"),
        (settings("/dev/null".into()), "no regular file"),
    ] {
        let failure = refusal(&settings);
        assert_eq!((failure.kind, failure.retry), (FailureKind::Config, Retry::Never));
        assert!(failure.message.contains(words), "{failure}");
    }
}

#[tokio::test]
async fn a_later_sink_of_this_process_waits_for_the_earlier_one_and_another_process_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.ndjson");
    let mut first = FileSink::new(&settings(path.clone()), clock(), None).expect("usable");
    let mut second = FileSink::new(&settings(path.clone()), clock(), None).expect("made while the first still has it");
    let batch = events(0, 1, 1);
    let failure = second.write(&batch).await.expect("accepted").await.expect_err("locked");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Fenced, Retry::BackOff));
    deliver(&mut first, &batch).await;
    first.close().await.expect("closed");
    deliver(&mut second, &batch).await;
    second.close().await.expect("closed");
    assert_eq!(fs::read_to_string(&path).expect("reads").lines().count(), 2);
    // `flock` of util-linux keeps the lock for as long as its command runs: until its input ends.
    let lock = folder.path().join(".events.ndjson.lock");
    let mut other = Command::new("flock");
    other.arg(&lock).args(["sh", "-c", "echo locked; cat"]).stdin(std::process::Stdio::piped());
    let Ok(mut other) = other.stdout(std::process::Stdio::piped()).spawn() else {
        println!("not tested without flock(1)");
        return;
    };
    let mut line = [0; 7];
    std::io::Read::read_exact(other.stdout.as_mut().expect("piped"), &mut line).expect("locked");
    let failure = refusal(&settings(path));
    assert_eq!((failure.kind, failure.retry), (FailureKind::Fenced, Retry::Never));
    assert!(failure.message.contains("another process"), "{failure}");
    drop(other.stdin.take());
    other.wait().expect("ends");
}

const CHILD: &str = "ADR_FILE_TEST_CHILD";

/// Runs under a file size limit of 32 or 64 KiB, as the child of the test below: a real write that ends half way.
#[tokio::test]
async fn child_under_a_file_size_limit() {
    #[expect(clippy::disallowed_methods, reason = "a test that runs itself as a child process")]
    let Ok(path) = std::env::var(CHILD) else { return };
    let settings = Settings { max_bytes: 1 << 20, ..settings(path.into()) };
    let mut sink = FileSink::new(&settings, clock(), None).expect("usable");
    let batches = [events(0, 5, 1000), events(1000, 100, 1000), events(2000, 5, 1000)];
    let mut results = Vec::new();
    for batch in &batches {
        results.push(sink.write(batch).await.expect("accepted").await);
    }
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    let failure = results[1].as_ref().expect_err("too large");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Storage, Retry::BackOff));
    assert!(fs::read_to_string(&settings.path).expect("reads") == text(&batches[0]) + &text(&batches[2]));
}

#[test]
fn a_batch_that_does_not_fit_is_taken_back_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    // Its own output goes through pipes: a file would count against the limit too.
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact child_under_a_file_size_limit --nocapture"])
        .arg(std::env::current_exe().expect("this test's path"))
        .env(CHILD, folder.path().join("events.ndjson"))
        .output()
        .expect("starts");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
}
