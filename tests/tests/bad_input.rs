//! What goes wrong around the program: it says what and what to do next, and loses nothing.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test or benchmark may panic, and says what it saw")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use adr_tests::process::{Running, Simulator, appending, binary, errors_of, source_id};

fn ids(output: &Path) -> std::collections::BTreeSet<String> {
    std::fs::read_to_string(output).unwrap_or_default().lines().map(source_id).collect()
}

/// Runs to the end, and gives standard error.
fn once(simulator: &Simulator, pipeline: &Path, folder: &Path) -> (i32, String) {
    let output = folder.join("out.ndjson");
    let mut run = simulator.run(pipeline, &folder.join("state"), &["--once"], appending(&output), Stdio::piped());
    let errors = errors_of(&mut run);
    (run.end(Duration::from_secs(120)).code().unwrap_or(-1), errors)
}

#[test]
fn a_second_process_on_the_same_state_directory_is_refused() {
    let simulator = Simulator::start(&["--events", "10"]);
    let folder = tempfile::tempdir().unwrap();
    let pipeline = simulator.pipeline(folder.path(), "", "");
    let output = folder.path().join("out.ndjson");
    let first = simulator.run(&pipeline, &folder.path().join("state"), &[], appending(&output), Stdio::null());
    let start = Instant::now();
    while ids(&output).len() < 10 {
        assert!(start.elapsed() < Duration::from_secs(30), "the first process delivers nothing");
        std::thread::sleep(Duration::from_millis(10));
    }
    let (code, errors) = once(&simulator, &pipeline, folder.path());
    assert_eq!(code, 75, "{errors}");
    assert!(errors.contains("state") && errors.contains(&first.0.id().to_string()), "{errors}");
    first.signal("TERM");
}

#[test]
fn large_events_and_pages_too_large_all_arrive() {
    let simulator = Simulator::start(&[
        "--events",
        "400",
        "--seed",
        "5",
        "--fault",
        "large:share=0.2",
        "--fault",
        "oversized:size=100MB,times=2",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let pipeline = simulator.pipeline(folder.path(), "request_budget: 1000/s", "");
    let (code, errors) = once(&simulator, &pipeline, folder.path());
    assert_eq!(code, 0, "{errors}");
    assert_eq!(ids(&folder.path().join("out.ndjson")).len(), 400);
    assert!(errors.contains("larger than"), "the refused page is named: {errors}");
    let text = std::fs::read_to_string(folder.path().join("out.ndjson")).unwrap();
    assert!(text.lines().any(|line| line.len() > 70_000), "there are events of 76 KB");
}

#[test]
fn what_is_no_event_is_kept_with_its_text() {
    let simulator =
        Simulator::start(&["--events", "50", "--fault", "garbage:times=1", "--fault", "not-object:after=1,times=1"]);
    let folder = tempfile::tempdir().unwrap();
    let pipeline = simulator.pipeline(folder.path(), "page_limit: 20\nrequest_budget: 1000/s", "");
    let (code, errors) = once(&simulator, &pipeline, folder.path());
    assert_eq!(code, 0, "{errors}");
    assert_eq!(ids(&folder.path().join("out.ndjson")).len(), 50);
    let kept = std::fs::read_dir(folder.path().join("state"))
        .unwrap()
        .flat_map(|entry| walk(&entry.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect::<String>();
    assert_eq!(kept.lines().count(), 2, "{kept}");
    for line in kept.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(record["reason"].is_string() && record["event"].is_string() && record["component"] == "adr", "{line}");
    }
    for said in [
        "kept in the dead letter; the first because the event is not JSON",
        "dead-letter/rejected.ndjson",
        "rejected=2",
    ] {
        assert!(errors.contains(said), "{said}: {errors}");
    }
}

fn walk(path: &Path) -> Vec<std::path::PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    std::fs::read_dir(path).unwrap().flat_map(|entry| walk(&entry.unwrap().path())).collect()
}

/// A limit on file sizes stands for a full disk: writes fail, and the signal that would kill is ignored.
#[test]
fn a_full_disk_under_the_state_directory_is_said_and_loses_nothing() {
    let simulator = Simulator::start(&["--events", "30000", "--seed", "9"]);
    let folder = tempfile::tempdir().unwrap();
    let pipeline =
        simulator.pipeline(folder.path(), "page_limit: 200\nrequest_budget: 1000/s\noverlap: 2000h", "pipe_trail: 0s");
    let (state, output) = (folder.path().join("state"), folder.path().join("out.ndjson"));
    let script = format!(
        "trap '' XFSZ; ulimit -f 1024; exec '{}' run -c '{}' --state-dir '{}' --graceful-shutdown-limit-secs 1",
        binary().display(),
        pipeline.display(),
        state.display()
    );
    let mut full = Command::new("sh")
        .args(["-c", &script])
        .env("SIMULATED_KEY", &simulator.key)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map(Running)
        .unwrap();
    let stdout = full.0.stdout.take().unwrap();
    let gathered = output.clone();
    let reader = std::thread::spawn(move || {
        let mut stdout = stdout;
        std::io::copy(&mut stdout, &mut std::fs::File::create(gathered).unwrap()).unwrap();
    });
    std::thread::sleep(Duration::from_secs(3));
    full.signal("TERM");
    let errors = errors_of(&mut full);
    let code = full.end(Duration::from_secs(30)).code();
    reader.join().unwrap();
    assert!(errors.contains("checkpoints.redb: cannot save"), "the message names the place: {errors}");
    assert!(errors.contains("make space"), "and the next step: {errors}");
    assert_eq!(code, Some(75), "{errors}");
    assert!(!ids(&output).is_empty(), "what could be delivered was");
    // With room again, all that is missing comes.
    let mut again = simulator.run(&pipeline, &state, &["--once"], appending(&output), Stdio::piped());
    let errors = errors_of(&mut again);
    assert!(again.end(Duration::from_secs(120)).success(), "{errors}");
    assert_eq!(ids(&output).len(), 30_000);
}
