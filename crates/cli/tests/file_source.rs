//! The example of the source `file`, as a person runs it.

mod common;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use common::{Done, program, root, run};

const EVENT: &str =
    r#"{"id":"5a2af2a8","event_type":"user_update","timestamp":"2026-01-31T08:00:00Z","service":"directory"}"#;

/// The example with other folders.
fn example(folder: &Path) {
    let text = fs::read_to_string(root().join("examples/file-source.yaml")).expect("reads");
    let moved = text.replace("/var/spool/jumpcloud", folder.to_str().expect("UTF-8"));
    assert_ne!(text, moved);
    fs::write(folder.join("pipeline.yaml"), moved).expect("writes");
}

fn append(folder: &Path, name: &str, lines: usize) {
    let mut file = OpenOptions::new().create(true).append(true).open(folder.join(name)).expect("opens");
    file.write_all(format!("{EVENT}\n").repeat(lines).as_bytes()).expect("writes");
}

fn once(folder: &Path) -> Done {
    run(program()
        .args(["run", "--once", "-c"])
        .arg(folder.join("pipeline.yaml"))
        .arg("--state-dir")
        .arg(folder.join("state")))
}

#[test]
fn the_example_reads_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    example(folder.path());
    append(folder.path(), "a.ndjson", 2);
    append(folder.path(), "b.ndjson", 3);
    let done = once(folder.path());
    assert_eq!((done.code, done.stdout.lines().count()), (Some(0), 5), "{}", done.stderr);
    append(folder.path(), "a.ndjson", 1);
    fs::rename(folder.path().join("a.ndjson"), folder.path().join("a.ndjson.1")).expect("renames");
    append(folder.path(), "a.ndjson", 3);
    let done = once(folder.path());
    assert_eq!((done.code, done.stdout.lines().count()), (Some(0), 4), "{}", done.stderr);
    let done = once(folder.path());
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{}", done.stderr);
}

#[test]
fn what_is_lost_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    example(folder.path());
    append(folder.path(), "a.ndjson", 2);
    assert_eq!(once(folder.path()).code, Some(0));
    // Its inode stays in use, so that the next file of its name is seen to be another one.
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::hard_link(folder.path().join("a.ndjson"), elsewhere.path().join("a")).expect("links");
    fs::remove_file(folder.path().join("a.ndjson")).expect("removes");
    append(folder.path(), "a.ndjson", 5);
    let done = once(folder.path());
    assert_eq!((done.code, done.stdout.lines().count()), (Some(0), 5), "{}", done.stderr);
    let offset = format!("offset={}", 2 * (EVENT.len() + 1));
    let lines: Vec<&str> =
        done.stderr.lines().filter(|line| line.contains("a.ndjson") && line.contains(&offset)).collect();
    assert!(lines.iter().any(|line| line.contains(" ERROR ") || line.contains(" WARN ")), "{}", done.stderr);
}

#[test]
fn a_file_that_is_not_there_is_no_success() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipeline.yaml");
    let file = folder.path().join("a.ndjson");
    let text = format!(
        "sources:\n  s: {{ type: file, paths: [{}] }}\nsinks:\n  out: {{ type: stdout, inputs: [s] }}\n",
        file.display()
    );
    fs::write(&path, text).expect("writes");
    let done = once(folder.path());
    assert_eq!((done.code, done.stdout.as_str()), (Some(78), ""), "{}", done.stderr);
    assert!(done.stderr.contains("a.ndjson is not there"), "{}", done.stderr);
    let check = || run(program().args(["check", "-c"]).arg(&path));
    assert!(check().stdout.contains("ok     s: ") && check().stdout.contains("a.ndjson is not there yet"));
    append(folder.path(), "a.ndjson", 1);
    assert!(check().stdout.contains("a.ndjson can be read (1 file)"));
    fs::write(&path, fs::read_to_string(&path).expect("reads").replace("a.ndjson", "none/a.ndjson")).expect("writes");
    let done = check();
    assert!(done.code != Some(0) && done.stdout.contains("none cannot be listed"), "{}", done.stdout);
}
