//! A running pipeline is looked at: its events as they pass, and its rates.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdin, Stdio};

use adr_simulator::SimulatorOptions;
use common::{CANARY, JumpCloud, call, folder, program, run};

const PIPELINE: &str = "\
sources: { in: { type: stdin, tenant: 5a2af2a82cf2b0010053ea41 } }
transforms: { adr: { type: adr, inputs: [in] } }
sinks: { out: { type: stdout, inputs: [adr] } }
";

/// A pipeline from standard input to standard output, and the way to look at it.
struct Scene {
    folder: tempfile::TempDir,
    child: Child,
    stdin: ChildStdin,
    out: BufReader<std::process::ChildStdout>,
}

impl Scene {
    fn start() -> Self {
        let folder = folder();
        std::fs::write(folder.path().join("pipeline.yaml"), PIPELINE).expect("writes");
        let mut command = program();
        command.args(["run", "-c", "pipeline.yaml", "--state-dir", "state", "--control-socket", "look.sock"]);
        command.current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let (stdin, out) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let mut scene = Self { folder, child, stdin, out: BufReader::new(out) };
        // It answers once it runs, and runs once an event is through.
        scene.through("first");
        scene
    }

    /// An event goes all the way; gives it as it was delivered.
    fn through(&mut self, id: &str) -> String {
        let line =
            format!("{{\"id\":\"{id}\",\"event_type\":\"user_create\",\"timestamp\":\"2026-01-31T08:00:00Z\"}}\n");
        self.stdin.write_all(line.as_bytes()).expect("it reads");
        let mut line = String::new();
        self.out.read_line(&mut line).expect("it writes");
        line
    }

    fn command(&self, words: &[&str]) -> std::process::Command {
        let mut command = program();
        command.args(words).args(["--control-socket", "look.sock"]).current_dir(&self.folder);
        command
    }

    /// Looks at a component until so many events have passed, while events pass.
    fn tapped(&mut self, component: &str, limit: usize) -> (Vec<String>, Vec<String>) {
        let words = ["tap", component, "--limit", &limit.to_string()];
        let mut tap = self.command(&words).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut delivered = Vec::new();
        // When it looks is not said: events pass until it has seen enough.
        while tap.try_wait().expect("it is there").is_none() {
            delivered.push(self.through(&format!("{component}-{}", delivered.len())));
        }
        let seen = std::io::read_to_string(tap.stdout.take().expect("a pipe")).expect("UTF-8");
        (seen.lines().map(|line| format!("{line}\n")).collect(), delivered)
    }
}

#[test]
fn events_are_seen_as_they_pass() {
    let mut scene = Scene::start();
    for component in ["adr", "out"] {
        let (seen, delivered) = scene.tapped(component, 3);
        let first = delivered.iter().position(|line| *line == seen[0]).expect("it was delivered too");
        assert_eq!(seen, delivered[first..first + 3], "{component}: one after the other, as they are delivered");
    }
    let (seen, _) = scene.tapped("in", 2);
    assert!(seen.iter().all(|line| line.starts_with("{\"id\":\"in-")), "as it came: {seen:?}");
}

#[test]
fn what_is_not_there_is_told() {
    let mut scene = Scene::start();
    let done = run(&mut scene.command(&["tap", "adrr"]));
    assert_ne!(done.code, Some(0));
    assert_eq!(done.stderr, "error: no component is named `adrr`; there are adr, in, out\n");
    let mode = std::fs::metadata(scene.folder.path().join("look.sock")).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let path = scene.folder.path().join("look.sock");
    drop(scene.stdin);
    assert!(scene.child.wait().expect("it ends").success());
    assert!(!path.exists(), "it goes with the pipeline");
    let done = call(&["top", "--once", "--control-socket", path.to_str().expect("UTF-8")]);
    assert_eq!(done.code, Some(69));
    assert!(done.stderr.starts_with(&format!("error: no pipeline answers at {}", path.display())), "{}", done.stderr);
}

#[test]
fn rates_are_shown_by_the_state_directory_alone() {
    let options = SimulatorOptions { events: 20, key: CANARY.to_owned(), ..SimulatorOptions::default() };
    let (jumpcloud, folder) = (JumpCloud::new(options), folder());
    let file = format!(
        "sources: {{ jumpcloud: {{ type: jumpcloud, base_url: {}, device_name: D, secret_key: {{ env: KEY }}, configuration: \
         {{ \"org_id\": \"{}\" }} }} }}\nsinks: {{ out: {{ type: stdout, inputs: [jumpcloud] }} }}\n",
        jumpcloud.url, jumpcloud.org_id
    );
    std::fs::write(folder.path().join("pipeline.yaml"), file).expect("writes");
    let mut command = program();
    command.args(["run", "-c", "pipeline.yaml", "--state-dir", "state"]).env("KEY", CANARY).current_dir(&folder);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    // Held to the end: without a reader it would end by itself.
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    assert_eq!(out.by_ref().lines().take(20).count(), 20);
    let mut command = program();
    command.args(["top", "--once", "--interval", "10ms", "--state-dir", "state"]).current_dir(&folder);
    let done = run(&mut command);
    let rows: Vec<Vec<&str>> = done.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][0], "component", "{done:?}");
    assert_eq!(rows[1][..3], ["jumpcloud", "0", "0"], "nothing more came: {done:?}");
    assert_eq!(rows[2][0], "out", "{done:?}");
    assert!(done.stdout.contains("tenants: 1 "), "{done:?}");
    child.kill().expect("it is there");
    child.wait().expect("it ends");
    drop(out);
}
