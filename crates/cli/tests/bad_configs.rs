//! What a person sees who has made a mistake: every file in `tests/bad` with the words it gets, and in `tests/warned` those
//! that work and will hurt.
//!
//! `GOLDEN=write cargo test -p jumpcloud-adr --test bad_configs` writes the words anew; read them before you commit.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{program, run};

fn files(of: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(of);
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

#[test]
fn every_mistake_is_shown_at_its_place_with_what_would_be_right() {
    let files = files("bad");
    assert!(files.len() >= 30, "only {} files", files.len());
    for file in files {
        let name = file.file_name().expect("a name");
        let folder = file.parent().expect("a folder");
        let done = run(program().current_dir(folder).arg("validate").arg(name));
        assert_eq!(done.code, Some(78), "{name:?}");
        assert_eq!(done.stdout, "", "{name:?}");
        assert!(done.stderr.starts_with("error: ") && done.stderr.contains("--> "), "{}", done.stderr);
        assert!(!done.stderr.contains("canary"), "{name:?} shows a secret: {}", done.stderr);
        same_words(&file, &done.stderr);
    }
}

/// The words beside a file are the words it gets.
fn same_words(file: &Path, said: &str) {
    let golden = file.with_extension("stderr");
    if std::env::vars().any(|(name, value)| name == "GOLDEN" && value == "write") {
        fs::write(&golden, said).expect("writes");
    }
    assert_eq!(fs::read_to_string(&golden).unwrap_or_default(), said, "{}", golden.display());
}

#[test]
fn what_will_hurt_is_shown_at_its_place_and_is_an_error_only_on_request() {
    let files = files("warned");
    assert!(files.len() >= 3, "only {} files", files.len());
    for file in files {
        let name = file.file_name().expect("a name");
        let folder = file.parent().expect("a folder");
        let done = run(program().current_dir(folder).arg("validate").arg(name));
        assert_eq!(done.code, Some(0), "{name:?}");
        assert!(done.stdout.contains(": ok ("), "{}", done.stdout);
        assert!(done.stderr.starts_with("warning: ") && done.stderr.contains("--> "), "{}", done.stderr);
        same_words(&file, &done.stderr);
        let denied = run(program().current_dir(folder).args(["validate", "--deny-warnings"]).arg(name));
        assert_eq!((denied.code, denied.stderr), (Some(78), done.stderr), "{name:?}");
    }
}

#[test]
fn every_start_tells_the_warnings_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/warned/udp.yaml");
    // Nothing comes in, so nothing goes out and it ends.
    let done = run(program().args(["run", "-c"]).arg(file).arg("--state-dir").arg(folder.path()));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(done.stderr.matches("proves nothing").count(), 1, "{}", done.stderr);
}

#[test]
fn run_and_check_say_the_same_as_validate() {
    let file = files("bad").into_iter().find(|file| file.ends_with("unknown-key.yaml")).expect("the file is there");
    let words = fs::read_to_string(file.with_extension("stderr")).expect("the golden words");
    for command in ["run", "check"] {
        let folder = file.parent().expect("a folder");
        let done = run(program().current_dir(folder).args([command, "-c", "unknown-key.yaml"]));
        assert_eq!((done.code, done.stdout.as_str()), (Some(78), ""), "{command}");
        assert_eq!(done.stderr.trim_end(), words.trim_end(), "{command}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    for (path, why) in [("/nowhere/pipeline.yaml", "there is no such file"), ("/", "it is a folder")] {
        let done = run(program().args(["run", "-c", path]));
        assert_eq!(done.code, Some(78));
        assert!(done.stderr.contains(path) && done.stderr.contains(why), "{}", done.stderr);
    }
}

#[test]
fn several_files_are_all_judged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let good = common::root().join("pipelines/jumpcloud-to-stdout.yaml");
    let done = run(program().current_dir(folder).args(["validate", "unused.yaml"]).arg(good).arg("cycle.yaml"));
    assert_eq!(done.code, Some(78));
    assert!(done.stdout.contains("jumpcloud-to-stdout.yaml: ok (1 source, 1 transform, 1 sink)"), "{}", done.stdout);
    assert!(done.stderr.contains("unused.yaml:6:3") && done.stderr.contains("cycle.yaml:7:41"), "{}", done.stderr);
}
