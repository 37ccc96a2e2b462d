//! Pipelines against a simulated JumpCloud.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use adr_simulator::SimulatorOptions;
use common::{CANARY, Done, JumpCloud, call, folder, program, run};

fn with_key(command: &mut Command) -> Done {
    run(command.env("KEY", CANARY))
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
}

#[test]
fn check_has_a_line_for_each_tenant_and_a_refused_key_is_77() {
    let (jumpcloud, folder) = (JumpCloud::with_events(5), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    let done = with_key(program().args(["check", "-c"]).arg(&pipeline));
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{}", done.stdout);
    assert!(
        done.stdout.starts_with("ok     JumpCloud (jumpcloud/") && done.stdout.lines().count() == 1,
        "{}",
        done.stdout
    );

    let done = run(program().args(["check", "-c"]).arg(&pipeline).env("KEY", "wrong-key-wrong-key"));
    assert_eq!(done.code, Some(77), "{}", done.stdout);
    assert!(
        done.stdout.starts_with("error  JumpCloud (jumpcloud/") && done.stdout.lines().count() == 1,
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("My API Key"), "it names the next step: {}", done.stdout);
}

#[test]
fn a_host_that_is_not_there_is_69() {
    let (jumpcloud, folder) = (JumpCloud::with_events(5), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    let url = jumpcloud.url.clone();
    drop(jumpcloud);
    let done = with_key(program().args(["check", "-c"]).arg(&pipeline));
    assert_eq!(done.code, Some(69), "{}", done.stdout);
    assert!(done.stdout.contains(url.trim_start_matches("http://")), "it names the host: {}", done.stdout);
}

#[test]
fn check_connects_to_every_cce_and_one_that_is_not_there_is_69() {
    let folder = folder();
    let there = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let (there_at, gone_at) = (there.local_addr().expect("an address"), gone.local_addr().expect("an address"));
    drop(gone);
    let text = |addresses: &str| {
        format!(
            "sources:\n  in: {{ type: stdin }}\nsinks:\n  cce: {{ type: cce_syslog, inputs: [in], mode: tcp, addresses: [{addresses}] }}\n"
        )
    };
    let file = folder.path().join("cce.yaml");
    std::fs::write(&file, text(&format!("\"{there_at}\", \"{gone_at}\""))).expect("writes");
    let done = run(program().args(["check", "-c"]).arg(&file));
    assert_eq!(done.code, Some(69), "{}", done.stdout);
    let lines: Vec<&str> = done.stdout.lines().filter(|line| line.contains(" cce: ")).collect();
    assert!(lines[0].starts_with("ok ") && lines[0].contains(&there_at.to_string()), "{}", done.stdout);
    assert!(lines[1].starts_with("error ") && lines[1].contains(&gone_at.to_string()), "{}", done.stdout);
    std::fs::write(&file, text(&format!("\"{there_at}\""))).expect("writes");
    let done = run(program().args(["check", "-c"]).arg(&file));
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{}", done.stdout);
}

#[test]
fn run_once_with_a_refused_key_is_77_and_tells_it_once() {
    let (jumpcloud, folder) = (JumpCloud::with_events(5), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    let done = run(program().args(["run", "--once", "-c"]).arg(&pipeline).env("KEY", "wrong-key-wrong-key"));
    assert_eq!((done.code, done.stdout.as_str()), (Some(77), ""), "{}", done.stderr);
    assert_eq!(done.stderr.matches("My API Key").count(), 1, "{}", done.stderr);
    assert!(!done.stderr.contains("wrong-key"), "{}", done.stderr);
}

#[test]
fn run_once_delivers_all_and_the_next_run_nothing_again() {
    let (jumpcloud, folder) = (JumpCloud::with_events(2_500), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    let first = with_key(program().args(["run", "--once", "-c"]).arg(&pipeline));
    assert_eq!((first.code, first.stdout.lines().count()), (Some(0), 2_500), "{}", first.stderr);
    let second = with_key(program().args(["run", "--once", "-c"]).arg(&pipeline));
    assert_eq!((second.code, second.stdout.as_str()), (Some(0), ""), "{}", second.stderr);
}

#[test]
fn a_shell_pipe_of_the_stages_equals_the_pipeline_byte_for_byte() {
    let (jumpcloud, folder) =
        (JumpCloud::new(SimulatorOptions { events: 3_000, seed: 9, ..Default::default() }), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    let whole = with_key(program().args(["run", "--once", "-c"]).arg(&pipeline));
    assert_eq!(whole.stdout.lines().count(), 3_000, "{}", whole.stderr);

    let state = folder.path().join("another");
    let mut source = program()
        .args(["source", "jumpcloud", "--once", "--secret-key-env", "KEY", "--request-budget", "1000/s"])
        .args(["--base-url", &jumpcloud.url, "--org-id", &jumpcloud.org_id, "--state-dir"])
        .arg(&state)
        .env("KEY", CANARY)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let raw = source.stdout.take().expect("piped");
    // Both have the same state directory: the filter needs none of it.
    let piped = run(program().args(["transform", "adr", "--state-dir"]).arg(&state).stdin(raw));
    assert_eq!(source.wait().expect("ends").code(), Some(0));
    assert_eq!(piped.code, Some(0), "{}", piped.stderr);
    assert!(piped.stdout == whole.stdout, "the pipe of the stages differs from the pipeline");
}

#[test]
fn a_filter_by_file_equals_the_filter_by_command() {
    let events =
        "{\"id\":\"1\",\"event_type\":\"user_create\",\"timestamp\":\"2026-01-31T00:00:00Z\"}\n\n[1]\n{\"id\":\"2\"}";
    let filter = |arguments: &[&str], state: &Path| {
        let mut child = program()
            .args(arguments)
            .arg("--state-dir")
            .arg(state)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        child.stdin.take().expect("piped").write_all(events.as_bytes()).expect("writes");
        let output = child.wait_with_output().expect("ends");
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let folder = folder();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let example = common::root().join("examples/stdin-filter.yaml");
    let by_command = filter(&["transform", "adr"], &one);
    let by_file = filter(&["run", "-c", example.to_str().expect("UTF-8")], &other);
    assert_eq!(by_command, by_file);
    assert_eq!(by_command.lines().count(), 2, "{by_command}");
    for (folder, name) in [(one, "transform-adr.ndjson"), (other, "run.ndjson")] {
        let kept = std::fs::read_to_string(folder.join("dead-letter").join(name)).expect("what is no event is kept");
        assert!(kept.contains("\"event\":\"[1]\""), "{kept}");
    }
}

#[test]
fn sigterm_delivers_what_was_read_and_ends_with_0() {
    let (jumpcloud, folder) = (JumpCloud::with_events(400), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    for name in ["TERM", "INT"] {
        let _ = std::fs::remove_dir_all(folder.path().join("state"));
        let mut child = program()
            .args(["run", "-c"])
            .arg(&pipeline)
            .env("KEY", CANARY)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut reader = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        signal(&child, name);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("UTF-8");
        let output = child.wait_with_output().expect("ends");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert_eq!(1 + rest.lines().count(), 400, "the page that was read is delivered whole: {stderr}");
        // The reader stayed: all of it is committed, whatever the trail.
        let again = with_key(program().args(["run", "--once", "-c"]).arg(&pipeline));
        assert_eq!((again.code, again.stdout.as_str()), (Some(0), ""), "{}", again.stderr);
    }
}

/// A run whose reader stands still after its first line, so that events are in flight for sure, gets these signals at
/// these distances: its exit code, and what it said.
fn with_a_reader_that_stands_still(signals: &[(u64, &str)]) -> (Option<i32>, String) {
    let (jumpcloud, folder) = (JumpCloud::with_events(100_000), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    let mut child = program()
        .args(["run", "--graceful-shutdown-limit-secs", "2", "-c"])
        .arg(&pipeline)
        .env("KEY", CANARY)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    reader.read_line(&mut String::new()).expect("a line");
    for (millis, name) in signals {
        std::thread::sleep(std::time::Duration::from_millis(*millis));
        signal(&child, name);
    }
    let status = child.wait().expect("ends");
    let mut stderr = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("UTF-8");
    (status.code(), stderr)
}

#[test]
fn sigquit_ends_at_once_with_75() {
    let (code, stderr) = with_a_reader_that_stands_still(&[(0, "QUIT")]);
    assert_eq!(code, Some(75), "{stderr}");
    assert!(stderr.contains("read again at the next start"), "{stderr}");
}

#[test]
fn a_reader_that_stands_still_past_the_limit_is_75() {
    let (code, stderr) = with_a_reader_that_stands_still(&[(0, "TERM")]);
    assert_eq!(code, Some(75), "{stderr}");
    assert!(stderr.contains("the shutdown limit passed with"), "{stderr}");
}

#[test]
fn a_second_signal_ends_at_once_but_two_in_one_moment_are_one() {
    let (code, stderr) = with_a_reader_that_stands_still(&[(0, "TERM"), (800, "TERM")]);
    assert_eq!(code, Some(75), "{stderr}");
    assert!(stderr.contains("stopped at once"), "{stderr}");
    let (code, stderr) = with_a_reader_that_stands_still(&[(0, "TERM"), (0, "INT")]);
    assert_eq!(code, Some(75), "{stderr}");
    assert!(stderr.contains("the shutdown limit passed with"), "{stderr}");
}

/// A pipe acknowledges nothing: what was written within the trail comes again after a crash, the same bytes.
#[test]
fn after_a_crash_what_was_written_into_a_pipe_within_the_trail_comes_again() {
    let (jumpcloud, folder) = (JumpCloud::with_events(400), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    let mut child = program()
        .args(["run", "-c"])
        .arg(&pipeline)
        .env("KEY", CANARY)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    let mut before = String::new();
    for _ in 0..400 {
        reader.read_line(&mut before).expect("a line");
    }
    child.kill().expect("kills");
    child.wait().expect("ends");
    let again = with_key(program().args(["run", "--once", "-c"]).arg(&pipeline));
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stdout == before, "not the same events, or not the same bytes");
}

#[test]
fn a_second_process_on_the_same_state_directory_is_refused_with_75() {
    let (jumpcloud, folder) = (JumpCloud::with_events(10), folder());
    let pipeline = jumpcloud.pipeline(folder.path(), "{ env: KEY }");
    let mut first = program()
        .args(["run", "-c"])
        .arg(&pipeline)
        .env("KEY", CANARY)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut reader = BufReader::new(first.stdout.take().expect("piped"));
    reader.read_line(&mut String::new()).expect("a line");
    let second = with_key(program().args(["run", "--once", "-c"]).arg(&pipeline));
    assert_eq!((second.code, second.stdout.as_str()), (Some(75), ""), "{}", second.stderr);
    assert!(second.stderr.contains(&format!("in use by process {}", first.id())), "{}", second.stderr);
    signal(&first, "TERM");
    // It ends well when all it wrote has been read.
    reader.read_to_string(&mut String::new()).expect("UTF-8");
    assert_eq!(first.wait().expect("ends").code(), Some(0));
}

#[test]
fn the_simulator_serves_says_how_to_read_it_and_ends_when_asked() {
    let mut child = program()
        .args(["simulate", "--listen", "127.0.0.1:0", "--events", "40", "--fault", "503:first=1"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut reader = BufReader::new(child.stderr.take().expect("piped"));
    let mut hint = String::new();
    while !hint.contains("--once") {
        hint.clear();
        assert!(reader.read_line(&mut hint).expect("a line") > 0, "it never said how");
    }
    let mut words = hint.split_whitespace();
    let (name, key) = words.next().and_then(|word| word.split_once('=')).expect("the key first");
    assert_eq!(words.next(), Some("jumpcloud-adr"));
    let folder = folder();
    let done = run(program().args(words).arg("--state-dir").arg(folder.path()).env(name, key));
    assert_eq!((done.code, done.stdout.lines().count()), (Some(0), 40), "{}", done.stderr);
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("ends").code(), Some(0));
    let list = call(&["simulate", "--list-faults"]);
    assert!(list.stdout.contains("429:retry=5s") && list.code == Some(0));
}

#[test]
fn a_simulator_of_several_live_tenants_has_a_key_for_all_of_them() {
    let mut child = program()
        .args(["simulate", "--listen", "127.0.0.1:0", "--events", "20", "--tenants", "2", "--live", "300ms"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut reader = BufReader::new(child.stderr.take().expect("piped"));
    let mut hint = String::new();
    while !hint.contains("reads its other organizations") {
        assert!(reader.read_line(&mut hint).expect("a line") > 0, "it never said: {hint}");
    }
    let after = |mark: &str| hint.split(mark).nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a word");
    let (url, key) = (after("--base-url "), after("The key "));
    let folder = folder();
    for (number, tenant) in [after("--org-id "), after("too: ")].iter().enumerate() {
        let arguments = ["source", "jumpcloud", "--base-url", url, "--org-id", tenant, "--once", "--settle", "0s"];
        let read = || {
            let state = folder.path().join(format!("{number}"));
            run(program().args(arguments).arg("--state-dir").arg(state).env("JUMPCLOUD_API_KEY", key))
        };
        // They come while the clock goes on; what is read once is not read again.
        let mut lines = 0;
        for _ in 0..100 {
            let done = read();
            assert_eq!(done.code, Some(0), "{}", done.stderr);
            lines += done.stdout.lines().count();
            if lines >= 20 {
                break;
            }
        }
        assert_eq!(lines, 20, "tenant {tenant}");
    }
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("ends").code(), Some(0));
}
