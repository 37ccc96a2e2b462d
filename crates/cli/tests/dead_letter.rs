//! What is rejected goes to the sink that the pipeline names, and to nothing else.

mod common;

use std::io::Write;
use std::process::Stdio;

use common::{folder, program};
use serde_json::Value;

const PIPELINE: &str = "\
dead_letter: rejected
sources: { in: { type: stdin, tenant: 5a2af2a82cf2b0010053ea41 } }
transforms:
  adr: { type: adr, inputs: [in] }
  only: { type: remap, inputs: [adr], program: 'if .message == \"log in\" then error(\"not this one\") else . end' }
sinks:
  out: { type: stdout, inputs: [only], buffer: { max_events: 2 } }
  rejected: { type: file, path: FOLDER/rejected.ndjson }
";

#[test]
fn a_sink_serves_as_the_dead_letter() {
    let folder = folder();
    let path = folder.path().to_str().expect("UTF-8");
    std::fs::write(folder.path().join("pipeline.yaml"), PIPELINE.replace("FOLDER", path)).expect("writes");
    let mut command = program();
    command.args(["run", "-c", "pipeline.yaml", "--state-dir", "state"]).current_dir(&folder);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    for id in ["1", "2", "3", "4", "5"] {
        let line =
            format!("{{\"id\":\"{id}\",\"event_type\":\"user_create\",\"timestamp\":\"2026-01-31T08:00:00Z\"}}\n");
        stdin.write_all(line.as_bytes()).expect("it reads");
    }
    stdin.write_all(b"[\"no\", \"event\"]\n").expect("it reads");
    drop(stdin);
    let done = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    let delivered = String::from_utf8(done.stdout).expect("UTF-8");
    let kept =
        std::fs::read_to_string(folder.path().join("rejected.ndjson")).unwrap_or_else(|why| panic!("{why}: {said}"));
    let records: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((delivered.lines().count(), records.len()), (5, 1), "{said}\n{kept}");
    assert_eq!(records[0]["event"], "[\"no\", \"event\"]");
    assert!(records[0]["reason"].is_string() && records[0]["component"].is_string() && records[0]["time"].is_string());
    assert!(!folder.path().join("state/dead-letter").exists(), "there is no file beside it");
    assert!(said.contains("rejected events are kept by sink rejected"), "{said}");
}
