//! Standard output as a regular file.

mod common;

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use adr_core::Sink;
use adr_sink_stdout::Kind;
use common::{event, events, sink, target, text};

fn appending(path: &Path) -> File {
    OpenOptions::new().append(true).open(path).expect("opens")
}

/// What a file holds after a process that found it so has written `{}`.
async fn continued(content: &str, open: impl FnOnce(&Path) -> File) -> String {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), content).expect("writes");
    let target = target(open(file.path()));
    sink(&target).write(&[event("{}")]).await.expect("accepted").await.expect("delivered");
    fs::read_to_string(file.path()).expect("reads")
}

#[tokio::test]
async fn a_delivery_resolves_after_an_fsync_which_batches_share() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let target = target(file.reopen().expect("opens"));
    assert_eq!(target.kind(), Kind::File);
    let mut sink = sink(&target);
    let mut expected = String::new();
    for n in 0..20 {
        let (batch, syncs) = (events(n * 10, 10, 100), target.syncs());
        let delivered = sink.write(&batch).await.expect("accepted").await.expect("delivered");
        assert_eq!(delivered.trail, None);
        assert!(target.syncs() > syncs, "delivered without an fsync");
        expected += &text(&batch);
        assert!(fs::read_to_string(file.path()).expect("reads") == expected);
    }
    let before = target.syncs();
    let batch = events(0, 1, 1_000_000);
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(sink.write(&batch).await.expect("accepted"));
    }
    for delivery in open {
        delivery.await.expect("delivered");
    }
    let shared = target.syncs() - before;
    assert!((1..100).contains(&shared), "100 batches in flight took {shared} fsyncs");
}

#[tokio::test]
async fn a_torn_last_line_is_cut_and_nothing_else() {
    assert_eq!(continued("", appending).await, "{}\n");
    assert_eq!(continued("{\"a\":1}\n", appending).await, "{\"a\":1}\n{}\n");
    assert_eq!(continued("{\"a\":1}\n{\"b\":", appending).await, "{\"a\":1}\n{}\n");
    assert_eq!(continued("{\"b\":", appending).await, "{}\n");
    assert_eq!(continued("\n\n{", appending).await, "\n\n{}\n");
    let long = format!("{{\"a\":1}}\n{{\"b\":\"{}", "x".repeat(300_000));
    assert_eq!(continued(&long, appending).await, "{\"a\":1}\n{}\n");
    let exact = format!("{}\n{{\"b\":\"{}", "y".repeat(100), "x".repeat((64 << 10) - 6));
    assert_eq!(continued(&exact, appending).await, format!("{}\n{{}}\n", "y".repeat(100)));
}

#[tokio::test]
async fn a_last_line_that_is_none_of_ours_is_kept_and_ended() {
    assert_eq!(continued("# header", appending).await, "# header\n{}\n");
    assert_eq!(continued("{\"a\":1}\n# note", appending).await, "{\"a\":1}\n# note\n{}\n");
}

#[tokio::test]
async fn a_file_that_is_not_continued_at_its_end_is_not_cut() {
    let overwrite = |path: &Path| OpenOptions::new().write(true).open(path).expect("opens");
    assert_eq!(continued("{\"a\":1}\n{\"b\":", overwrite).await, "{}\n\":1}\n{\"b\":");
}

#[tokio::test]
async fn a_file_continued_by_its_position_is_mended_too() {
    // A restart loop inside one redirection: (while :; do jumpcloud-adr ...; done) > file
    let at_end = |path: &Path| {
        let mut file = OpenOptions::new().write(true).open(path).expect("opens");
        file.seek(SeekFrom::End(0)).expect("seeks");
        file
    };
    assert_eq!(continued("{\"a\":1}\n{\"b\":", at_end).await, "{\"a\":1}\n{}\n");
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_continued_as_it_is() {
    if rustix::process::geteuid().is_root() {
        println!("not tested as root, who may read everything");
        return;
    }
    let write_only = |path: &Path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o200)).expect("chmod");
        let file = appending(path);
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("chmod");
        file
    };
    assert_eq!(continued("{\"a\":1}\n", write_only).await, "{\"a\":1}\n{}\n");
}

const CHILD: &str = "ADR_STDOUT_TEST_CHILD";

/// Runs under a file size limit of 32 or 64 KiB, as the child of the test below: a disk that fills in mid-batch.
#[tokio::test]
async fn child_under_a_file_size_limit() {
    #[expect(clippy::disallowed_methods, reason = "a test that runs itself as a child process")]
    let Ok(path) = std::env::var(CHILD) else { return };
    let target = target(appending(Path::new(&path)));
    let mut sink = sink(&target);
    let batches = [events(0, 5, 1000), events(1000, 100, 1000), events(2000, 5, 1000)];
    let mut results = Vec::new();
    for batch in &batches {
        results.push(sink.write(batch).await.expect("accepted").await);
    }
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    let failure = results[1].as_ref().expect_err("too large");
    assert_eq!(failure.retry, adr_core::Retry::BackOff);
    assert!(fs::read_to_string(&path).expect("reads") == text(&batches[0]) + &text(&batches[2]));
}

#[test]
fn a_batch_that_does_not_fit_is_taken_back_whole() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    // Its own output goes through pipes: a file would count against the limit too.
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact child_under_a_file_size_limit --nocapture"])
        .arg(std::env::current_exe().expect("this test's path"))
        .env(CHILD, file.path())
        .output()
        .expect("starts");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert_eq!(fs::read_to_string(file.path()).expect("reads").lines().count(), 10);
}
