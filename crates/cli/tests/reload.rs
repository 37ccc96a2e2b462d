//! The pipeline is read again while it runs: by SIGHUP, or when its file changes.

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use adr_simulator::SimulatorOptions;
use common::{CANARY, JumpCloud, folder, program};

const EVENTS: u64 = 30;

/// Lines as they come.
struct Lines(Receiver<String>);

impl Lines {
    fn of(input: impl std::io::Read + Send + 'static) -> Self {
        let (lines, receiver) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(input).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        Self(receiver)
    }

    fn take(&self, count: u64) -> Vec<String> {
        (0..count).map(|_| self.0.recv_timeout(Duration::from_secs(30)).expect("another line")).collect()
    }

    fn until(&self, words: &str) -> String {
        let mut passed = Vec::new();
        loop {
            let line = self.0.recv_timeout(Duration::from_secs(30));
            let line = line.unwrap_or_else(|_| panic!("no line has `{words}`: {passed:#?}"));
            passed.push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
    }
}

/// `cat` between the program and the test: it can be ended while it waits for a line.
struct Reader(Child);

impl Reader {
    fn of(input: std::process::ChildStdout) -> (Self, Lines) {
        let mut cat = Command::new("cat").stdin(input).stdout(Stdio::piped()).spawn().expect("cat starts");
        let lines = Lines::of(cat.stdout.take().expect("a pipe"));
        (Self(cat), lines)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It may have come to its end by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Scene {
    jumpcloud: JumpCloud,
    orgs: [String; 2],
    folder: tempfile::TempDir,
    program: Child,
    out: Lines,
    said: Lines,
    /// Reads standard output; killed, nobody does.
    closes: Option<Reader>,
}

impl Scene {
    fn start(watch: bool) -> Self {
        let options =
            SimulatorOptions { events: EVENTS, tenants: 2, key: CANARY.to_owned(), ..SimulatorOptions::default() };
        let orgs = [options.organization_id(0), options.organization_id(1)];
        let key = options.provider_key();
        let (jumpcloud, folder) = (JumpCloud::new(options), folder());
        write(folder.path(), &pipeline(&jumpcloud, &orgs[..1], ""));
        let mut command = program();
        command.args(["run", "-c", "pipeline.yaml", "--state-dir", "state"]).current_dir(folder.path()).env("KEY", key);
        command.args(watch.then_some("--watch-config")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = command.spawn().expect("it starts");
        let (closes, out) = Reader::of(program.stdout.take().expect("a pipe"));
        let said = Lines::of(program.stderr.take().expect("a pipe"));
        Self { jumpcloud, orgs, folder, program, out, said, closes: Some(closes) }
    }

    fn change(&self, text: &str, signal: bool) {
        write(self.folder.path(), text);
        if signal {
            self.signal("HUP");
        }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.program.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }
}

/// Whole or not at all, as configuration tools do it.
fn write(folder: &Path, text: &str) {
    std::fs::write(folder.join("next"), text).expect("writes");
    std::fs::rename(folder.join("next"), folder.join("pipeline.yaml")).expect("renames");
}

fn pipeline(jumpcloud: &JumpCloud, orgs: &[String], transforms: &str) -> String {
    let tenants: Vec<String> = orgs
        .iter()
        .map(|org| {
            format!("      - {{ device_name: D {org}, secret_key: {{ env: KEY }}, configuration: {{ \"org_id\": \"{org}\" }} }}\n")
        })
        .collect();
    let input = if transforms.is_empty() { "jumpcloud" } else { "adr" };
    format!(
        "sources:\n  jumpcloud:\n    type: jumpcloud\n    base_url: {}\n    tenants:\n{}{transforms}sinks:\n  out: {{ type: stdout, \
         inputs: [{input}] }}\n",
        jumpcloud.url,
        tenants.concat()
    )
}

fn ids(lines: &[String], key: &str) -> BTreeSet<String> {
    let id = |line: &String| {
        let event: serde_json::Value = serde_json::from_str(line).expect("an event");
        event.pointer(key).and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_else(|| panic!("{key}: {line}"))
    };
    lines.iter().map(id).collect()
}

#[test]
fn a_changed_pipeline_is_taken_over_and_a_bad_one_is_not() {
    for watch in [false, true] {
        let mut scene = Scene::start(watch);
        assert_eq!(ids(&scene.out.take(EVENTS), "/id").len() as u64, EVENTS);

        scene.change("sources: { jumpcloud: { type: jumpclod } }\n", !watch);
        scene.said.until("there is no source of type `jumpclod`");
        scene.said.until("it goes on as it was");

        // A tenant more, and a transform behind both.
        let adr = "transforms:\n  adr: { type: adr, inputs: [jumpcloud] }\n";
        let both = pipeline(&scene.jumpcloud, &scene.orgs, adr);
        scene.change(&both, !watch);
        let line = scene.said.until("what has changed is in place");
        assert!(line.contains("changed=\"jumpcloud, adr, out\""), "{line}");
        let mapped = scene.out.take(EVENTS);
        assert_eq!(ids(&mapped, "/metadata/uid").len() as u64, EVENTS);
        assert!(mapped.iter().all(|line| line.contains(&scene.orgs[1])), "the first tenant's are not sent again");

        // A secret that is not there is noticed before anything is changed.
        scene.change(&both.replace("{ env: KEY }", "{ env: NO_SUCH_KEY }"), !watch);
        let line = scene.said.until("it goes on as it was");
        assert!(line.contains("environment variable NO_SUCH_KEY is not set"), "{line}");
        scene.change(&both, !watch);

        // Nothing has changed: nothing happens.
        scene.signal("HUP");
        scene.said.until("it says what it said before");
        scene.change(&format!("memory_budget: 1GiB\n{both}"), !watch);
        scene.said.until("`memory_budget` or `pipe_trail` has changed: start the program again");

        scene.signal("TERM");
        assert!(scene.program.wait().expect("it ends").success());
        assert!(scene.out.0.recv().is_err(), "no line more");
    }
}

#[test]
fn without_a_file_there_is_nothing_to_read_again() {
    let mut command = program();
    command.args(["transform", "adr"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let state = folder();
    let mut child = command.arg("--state-dir").arg(state.path()).spawn().expect("it starts");
    let said = Lines::of(child.stderr.take().expect("a pipe"));
    // Until it listens for signals, SIGHUP ends it, as it would any process.
    let status = loop {
        let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a line");
        if u64::from_str_radix(caught.trim(), 16).expect("a number") & 1 == 1 {
            break Command::new("kill").args(["-s", "HUP", &child.id().to_string()]).status();
        }
        std::thread::yield_now();
    };
    assert!(status.expect("kill runs").success());
    said.until("there is no pipeline file to read again");
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
}

/// Events into a file and, where it is asked for, to standard output.
fn two_sinks(jumpcloud: &JumpCloud, orgs: &[String], folder: &Path, stdout: bool) -> String {
    let file = format!("  file: {{ type: file, inputs: [jumpcloud], path: {}/events.ndjson }}\n", folder.display());
    let text = pipeline(jumpcloud, orgs, "").replace("  out: ", &format!("{file}  out: "));
    match stdout {
        true => text,
        false => text.lines().filter(|line| !line.starts_with("  out: ")).map(|line| format!("{line}\n")).collect(),
    }
}

#[test]
fn the_reader_of_standard_output_matters_while_a_sink_writes_to_it() {
    let mut scene = Scene::start(true);
    scene.out.take(EVENTS);
    let (orgs, folder) = (scene.orgs.to_vec(), scene.folder.path().to_owned());
    let text = |stdout: bool| two_sinks(&scene.jumpcloud, &orgs[..1], &folder, stdout);
    scene.change(&text(false), false);
    scene.said.until("what has changed is in place");
    // Nobody reads any more, and nobody need.
    drop(scene.closes.take());
    for note in ["first", "second", "third"] {
        // A file is looked at as often as the reader is.
        scene.change(&format!("{}# {note}\n", text(false)), false);
        scene.said.until("it says what it said before");
    }
    scene.change(&text(true), false);
    assert!(scene.program.wait().expect("it ends").code().is_some(), "it ends by itself");
    assert!(scene.said.0.iter().any(|line| line.contains("what has changed is in place")));
}
