//! Real samples through the whole program: simulator, HTTP, poller, transform, standard output; valid and lossless.
//!
//! The samples of JumpCloud's own shape are in the folder `shared` beside the checkout, where that is there.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test or benchmark may panic, and says what it saw")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use adr_tests::process::{Simulator, errors_of};

fn through(file: &Path) -> (Vec<serde_json::Value>, Vec<String>) {
    let simulator = Simulator::start(&["--file", file.to_str().unwrap()]);
    let folder = tempfile::tempdir().unwrap();
    let pipeline = simulator.pipeline(folder.path(), "start: 2010-01-01T00:00:00Z\nrequest_budget: 1000/s", "");
    let output = folder.path().join("out.ndjson");
    let out = std::fs::File::create(&output).unwrap();
    let mut run = simulator.run(&pipeline, &folder.path().join("state"), &["--once"], out.into(), Stdio::piped());
    let errors = errors_of(&mut run);
    assert!(run.end(Duration::from_secs(60)).success(), "{errors}");
    let text = std::fs::read_to_string(&output).unwrap();
    let source = std::fs::read_to_string(file).unwrap();
    let source = source.lines().filter(|line| !line.trim().is_empty());
    (source.map(|line| serde_json::from_str(line).unwrap()).collect(), text.lines().map(str::to_owned).collect())
}

fn comes_out_valid_and_lossless(file: &Path) {
    let schema = serde_json::from_str(&adr_transform::schema()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let (mut source, lines) = through(file);
    let mut rebuilt: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            let problems: Vec<String> = schema.iter_errors(&event).map(|error| error.to_string()).collect();
            assert!(problems.is_empty(), "{}: {problems:?}\n{line}", file.display());
            serde_json::from_str(&adr_transform::rebuild(line).unwrap()).unwrap()
        })
        .collect();
    let by_text = |event: &serde_json::Value| event.to_string();
    source.sort_by_key(by_text);
    rebuilt.sort_by_key(by_text);
    assert_eq!(source, rebuilt, "{}", file.display());
}

#[test]
fn our_own_samples() {
    comes_out_valid_and_lossless(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/events.ndjson"));
}

#[test]
fn real_samples_where_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/jumpcloud/corpus");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("SKIPPED: no real samples at {}", folder.display());
        return;
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "ndjson"));
    files.sort();
    for file in &files {
        comes_out_valid_and_lossless(file);
    }
    println!("{} files of real samples came through", files.len());
}
