//! What a person sees who has made a mistake: every file in `tests/bad` with the words it gets.
//!
//! `GOLDEN=write cargo test -p jumpcloud-adr --test bad_configs` writes the words anew; read them before you commit.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{program, run};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

#[test]
fn every_mistake_is_shown_at_its_place_with_what_would_be_right() {
    let files = files();
    assert!(files.len() >= 30, "only {} files", files.len());
    for file in files {
        let name = file.file_name().expect("a name");
        let folder = file.parent().expect("a folder");
        let done = run(program().current_dir(folder).arg("validate").arg(name));
        assert_eq!(done.code, Some(78), "{name:?}");
        assert_eq!(done.stdout, "", "{name:?}");
        assert!(done.stderr.starts_with("error: ") && done.stderr.contains("--> "), "{}", done.stderr);
        assert!(!done.stderr.contains("canary"), "{name:?} shows a secret: {}", done.stderr);
        let golden = file.with_extension("stderr");
        if std::env::vars().any(|(name, value)| name == "GOLDEN" && value == "write") {
            fs::write(&golden, &done.stderr).expect("writes");
        }
        assert_eq!(fs::read_to_string(&golden).unwrap_or_default(), done.stderr, "{}", golden.display());
    }
}

#[test]
fn run_and_check_say_the_same_as_validate() {
    let file = files().into_iter().find(|file| file.ends_with("unknown-key.yaml")).expect("the file is there");
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
