//! The demonstration.

mod common;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use common::{call, program};

#[test]
fn five_hundred_events_are_five_hundred_uids_and_the_books_balance() {
    let done = call(&["demo", "--events", "500"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let uids: HashSet<String> = done
        .stdout
        .lines()
        .map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).expect("one object a line");
            event["metadata"]["uid"].as_str().expect("a uid").to_owned()
        })
        .collect();
    assert_eq!(uids.len(), 500);
    assert!(done.stderr.lines().last().is_some_and(|line| line.starts_with("500 events in ")), "{}", done.stderr);
    assert!(
        done.stderr.contains("sent 500 + duplicates 0 + discarded 0 + rejected 0 + in flight 0"),
        "{}",
        done.stderr
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    let demo = |seed| call(&["demo", "-q", "--events", "300", "--seed", seed]);
    let (first, again, other) = (demo("7"), demo("7"), demo("8"));
    assert_eq!(first.stderr, "", "-q is quiet");
    assert!(first.stdout == again.stdout, "the same seed, other bytes");
    assert!(first.stdout != other.stdout);
    assert_eq!(other.stdout.lines().count(), 300);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut child = program()
        .args(["demo", "--events", "1000000000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    reader.read_line(&mut line).expect("a line");
    assert!(line.starts_with('{'));
    drop(reader);
    let status = child.wait().expect("ends");
    let mut stderr = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("UTF-8");
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("ERROR") && !stderr.contains("WARN") && !stderr.contains("error:"), "{stderr}");
}

#[test]
fn nothing_is_a_demonstration_too() {
    let done = call(&["demo", "--events", "0"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""));
}
