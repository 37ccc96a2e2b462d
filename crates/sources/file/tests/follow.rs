//! Logs that are written to, rotated, truncated and lost while they are read.

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use adr_core::{FailureKind, Pull, Retry};
use support::{Folder, Log, end, numbered, read};

#[tokio::test]
async fn a_log_that_comes_later_is_waited_for_and_read_whole() {
    let folder = Folder::new();
    let mut log = Log::of(end(folder.config(&["app.log"])), false).await;
    assert!(log.lines().await.is_empty());
    folder.append("app.log", numbered(1..=2));
    // It is new, wherever one would begin with what was there before; also after a restart.
    let mut log = log.again();
    assert_eq!(log.lines().await, read(1..=2));
}

#[tokio::test]
async fn start_end_passes_what_was_there_but_for_a_half_line() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=2) + "{\"n\"");
    let mut log = Log::of(end(folder.config(&["app.log"])), false).await;
    assert!(log.lines().await.is_empty());
    folder.append("app.log", ":3}\n");
    assert_eq!(log.lines().await, read(3..=3));
}

#[tokio::test]
async fn a_renamed_file_is_read_to_its_end_before_the_new_one() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=2));
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(1..=2));
    folder.append("app.log", numbered(3..=4));
    folder.rename("app.log", "app.log.1");
    // Its writer still has it open for a moment.
    folder.append("app.log.1", numbered(5..=5));
    assert_eq!(log.lines().await, read(3..=5));
    folder.append("app.log.1", numbered(6..=6));
    folder.append("app.log", numbered(7..=8));
    assert_eq!(log.lines().await, read(6..=8));
    // One that writes to the old one all the same is heard as well.
    folder.append("app.log.1", numbered(9..=9));
    assert_eq!(log.lines().await, read(9..=9));
}

#[tokio::test]
async fn rotation_while_nothing_runs_loses_and_repeats_nothing() {
    let folder = Folder::new();
    folder.append("app.log.1", "{\"before\":1}\n");
    folder.append("app.log", numbered(1..=2));
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(1..=2));
    folder.append("app.log", numbered(3..=4));
    // Rotated three times: two files were never seen at the path.
    for (number, lines) in [(1, 5..=6), (2, 7..=8), (3, 9..=10)] {
        for old in (1..=number).rev() {
            folder.rename(&format!("app.log.{old}"), &format!("app.log.{}", old + 1));
        }
        folder.rename("app.log", "app.log.1");
        folder.append("app.log", numbered(lines));
    }
    folder.append("app.log.other", "{\"foreign\":1}\n");
    let mut log = log.again();
    assert_eq!(log.lines().await, read(3..=10));
    assert!(log.again().lines().await.is_empty());
}

#[tokio::test]
async fn what_was_not_delivered_comes_again_after_a_crash() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=3));
    let mut log = folder.log("app.log").await;
    // What the file is known by is saved before anything is delivered.
    let Ok(Pull::Page(first)) = log.pull().await else { panic!("a page") };
    assert!(first.events.is_empty());
    log.store.save(first.checkpoint);
    let page = log.page().await.expect("a page");
    assert_eq!(page.events.len(), 3);
    folder.rename("app.log", "app.log.1");
    folder.append("app.log", numbered(4..=4));
    let mut log = log.again();
    assert_eq!(log.lines().await, read(1..=4));
}

#[tokio::test]
async fn a_truncated_file_begins_anew() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=9));
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(1..=9));
    folder.truncate("app.log");
    folder.append("app.log", numbered(10..=11));
    assert_eq!(log.lines().await, read(10..=11));
    // Longer than before when it is looked at again.
    folder.truncate("app.log");
    folder.append("app.log", numbered(100..=110));
    assert_eq!(log.lines().await, read(100..=110));
    // And across a restart, of the same length.
    folder.truncate("app.log");
    folder.append("app.log", numbered(200..=210));
    let mut log = log.again();
    assert_eq!(log.lines().await, read(200..=210));
    assert!(log.again().lines().await.is_empty());
}

#[tokio::test]
async fn a_file_that_was_cut_begins_anew_although_it_begins_as_before() {
    let folder = Folder::new();
    folder.append("app.log", numbered(100..=400));
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(100..=400));
    fs::File::options().write(true).open(folder.path("app.log")).unwrap().set_len(1500).unwrap();
    assert_eq!(log.lines().await, read(100..=249));
}

#[tokio::test]
async fn an_inode_that_is_used_again_is_another_file() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=9));
    let inode = |name: &str| fs::metadata(folder.path(name)).unwrap().ino();
    let before = inode("app.log");
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(1..=9));
    folder.rename("app.log", "app.log.1");
    folder.append("app.log", numbered(10..=11));
    assert_eq!(log.lines().await, read(10..=11));
    let Log { lane, store, source, .. } = log;
    drop(source);
    // Both are gone while nothing runs, and their inodes come back under other names, with as many bytes.
    let after = inode("app.log");
    fs::remove_file(folder.path("app.log.1")).unwrap();
    fs::remove_file(folder.path("app.log")).unwrap();
    folder.append("app.log", numbered(21..=22));
    folder.append("app.log.1", numbered(31..=39));
    let reused = [before, after].contains(&inode("app.log"));
    let mut log = Log::open(lane, store);
    let lines = log.lines().await;
    assert!(lines.ends_with(&read(21..=22)), "{lines:?}");
    println!("inode used again: {reused}");
}

/// What a file system leaves that gives the inode of a deleted file to the next one.
#[tokio::test]
async fn a_log_with_the_inode_of_a_rotated_file_comes_after_its_predecessor() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=5));
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(1..=5));
    folder.rename("app.log", "app.log.1");
    folder.append("app.log", numbered(6..=7));
    assert_eq!(log.lines().await, read(6..=7));
    let Log { lane, store, source, .. } = log;
    drop(source);
    let files = store.0.len();
    folder.append("app.log", numbered(8..=8));
    folder.rename("app.log", "app.log.2");
    let inode = |name: &str| fs::metadata(folder.path(name)).unwrap().ino();
    let before = inode("app.log.1");
    fs::write(folder.path("app.log.1"), numbered(10..=20)).unwrap();
    folder.rename("app.log.1", "app.log");
    assert_eq!(inode("app.log"), before);
    let mut log = Log::open(lane, store);
    assert_eq!(log.lines().await, read([8].into_iter().chain(10..=20)));
    assert_eq!(log.store.0.len(), files, "the record of the file that is gone is gone");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_tried_again_and_named() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=1));
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(1..=1));
    folder.rename("app.log", "app.log.1");
    folder.append("app.log.1", numbered(2..=2));
    // A folder in the place of the file: nobody is kept out of a file who is root.
    fs::create_dir(folder.path("app.log")).unwrap();
    let mut lines = Vec::new();
    let failure = loop {
        match log.pull().await {
            Err(failure) => break failure,
            Ok(Pull::Page(page)) => {
                lines.extend(page.events.iter().map(|event| String::from_utf8_lossy(&event.body).into_owned()));
                log.store.save(page.checkpoint);
            }
            Ok(_) => panic!("it cannot be read"),
        }
    };
    assert_eq!(lines, read(2..=2), "what can be read is read first");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Storage, Retry::BackOff));
    let path = folder.path("app.log");
    assert!(failure.message.contains(&*path.to_string_lossy()) && failure.message.contains("read"), "{failure}");
    fs::remove_dir(path).unwrap();
    folder.append("app.log", numbered(3..=3));
    assert_eq!(log.lines().await, read(3..=3));
}

#[tokio::test]
async fn permissions_are_a_matter_of_time() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=1));
    let forbid = |mode| fs::set_permissions(folder.path("app.log"), fs::Permissions::from_mode(mode)).unwrap();
    forbid(0o000);
    if fs::File::open(folder.path("app.log")).is_ok() {
        println!("permissions do not bind this user (root): not tried");
        return;
    }
    let mut log = folder.log("app.log").await;
    let Err(failure) = log.pull().await else { panic!("it is forbidden") };
    assert!(failure.message.contains("app.log cannot be opened"), "{failure}");
    forbid(0o644);
    assert_eq!(log.lines().await, read(1..=1));
}

#[tokio::test]
async fn a_file_without_a_name_is_read_to_its_end() {
    let folder = Folder::new();
    folder.append("app.log", numbered(1..=1));
    let mut log = folder.log("app.log").await;
    assert_eq!(log.lines().await, read(1..=1));
    folder.append("app.log", numbered(2..=2));
    let mut writer = fs::File::options().append(true).open(folder.path("app.log")).unwrap();
    fs::remove_file(folder.path("app.log")).unwrap();
    assert_eq!(log.lines().await, read(2..=2));
    std::io::Write::write_all(&mut writer, numbered(3..=3).as_bytes()).unwrap();
    assert_eq!(log.lines().await, read(3..=3));
    // It is forgotten once nobody has written to it for a while.
    for _ in 0..100 {
        log.lines().await;
    }
    assert_eq!(log.store.0.len(), 1, "only that the log was begun");
}

#[tokio::test]
async fn the_current_file_is_held_while_older_ones_are_read() {
    let folder = Folder::new();
    folder.append("app.log.1", numbered(1..=100_000));
    folder.append("app.log", numbered(100_001..=100_001));
    let mut log = Log::of(folder.config(&["app.log*"]), false).await;
    let page = log.page().await.expect("a page of the old one");
    log.store.save(page.checkpoint);
    fs::remove_file(folder.path("app.log")).unwrap();
    assert_eq!(log.lines().await.last(), read(100_001..=100_001).last());
}

#[tokio::test]
async fn behind_a_link_files_are_found_where_it_leads_to() {
    let folder = Folder::new();
    fs::create_dir(folder.path("there")).unwrap();
    folder.append("there/0.log", numbered(1..=2));
    symlink(folder.path("there/0.log"), folder.path("pod.log")).unwrap();
    let mut log = folder.log("pod.log").await;
    assert_eq!(log.lines().await, read(1..=2));
    folder.append("there/0.log", numbered(3..=3));
    folder.rename("there/0.log", "there/0.log.20260131-120000");
    folder.append("there/0.log", numbered(4..=4));
    let mut log = log.again();
    assert_eq!(log.lines().await, read(3..=4));
}
