//! Real hosts with what `generate` prints.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use adr_tests::hosts::{Program, Real, found};
use adr_tests::process::{Running, Simulator, source_id};

use crate::Case;

const EVENTS: usize = 2000;
const SLOW: &str = "page_limit: 20\nrequest_budget: 1000/s";
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn cases() -> Vec<Case> {
    use Program::{FluentBit, Otelcol, Telegraf, Vector};
    let mut cases = Vec::new();
    for host in [Vector, Telegraf] {
        cases.push(Case::new("a child is stopped with its host and started again", Some(host), move || child(host)));
        cases.push(Case::new("a host is killed and started again", Some(host), move || killed(host)));
    }
    cases.push(Case::new("a refused key is told once", Some(Telegraf), || refused_key(Telegraf)));
    for host in [Vector, FluentBit] {
        cases.push(Case::new("requests are answered by a host that stops and starts", Some(host), move || sent(host)));
    }
    for host in [Vector, FluentBit, Otelcol] {
        cases.push(Case::new("files are read by a host that stops and starts", Some(host), move || spooled(host)));
    }
    cases
}

fn simulator() -> Simulator {
    Simulator::start(&["--events", "2000", "--seed", "31", "--fault", "delay:by=30ms"])
}

fn path(host: Program) -> PathBuf {
    found(host).unwrap_or_else(|why| panic!("{why}"))
}

fn real(host: Program, simulator: &Simulator, pipeline: &Path, folder: &Path) -> Real {
    Real::new(host, path(host), pipeline, folder, &[("SIMULATED_KEY", &simulator.key)])
}

fn stop(real: &Real, mut host: Running) {
    host.signal("TERM");
    let status = host.end(LIMIT);
    assert!(status.success(), "{status}: {}", std::fs::read_to_string(real.log()).unwrap_or_default());
}

/// All events, sorted, as a run to the present writes them.
fn reference(simulator: &Simulator, folder: &Path) -> Vec<String> {
    let aside = folder.join("reference");
    std::fs::create_dir_all(&aside).expect("a folder");
    let pipeline = simulator.pipeline(&aside, "request_budget: 1000/s", "");
    let output = aside.join("out");
    let stdout = Stdio::from(std::fs::File::create(&output).expect("a file"));
    let mut run = simulator.run(&pipeline, &aside.join("state"), &["--once"], stdout, Stdio::null());
    assert!(run.end(LIMIT).success());
    let mut lines: Vec<String> = std::fs::read_to_string(output).expect("text").lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Each event once, and the same bytes where the host keeps them.
fn each_once(host: Program, mut events: Vec<String>, expected: &[String]) {
    events.sort();
    if matches!(host, Program::Telegraf | Program::Otelcol) {
        assert_eq!(events.len(), expected.len(), "each once");
        assert!(events == expected, "the same bytes");
        return;
    }
    let ids = |lines: &[String]| {
        let mut ids: Vec<String> = lines.iter().map(|line| source_id(line)).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&events), ids(expected));
}

fn child(host: Program) {
    let (simulator, folder) = (simulator(), tempfile::tempdir().expect("a folder"));
    let pipeline = simulator.pipeline(folder.path(), SLOW, "");
    let real = real(host, &simulator, &pipeline, folder.path());
    let mut lives = 0;
    while real.events().len() < EVENTS {
        let running = real.start();
        real.until((real.events().len() + 200).min(EVENTS));
        stop(&real, running);
        lives += 1;
    }
    assert!(lives > 2, "it was stopped in mid-stream only {lives} times: this proves too little");
    each_once(host, real.events(), &reference(&simulator, folder.path()));
}

fn killed(host: Program) {
    let (simulator, folder) = (simulator(), tempfile::tempdir().expect("a folder"));
    // Longer than the host takes to write out what it has read.
    let pipeline = simulator.pipeline(folder.path(), SLOW, "pipe_trail: 2s");
    let real = real(host, &simulator, &pipeline, folder.path());
    let expected = reference(&simulator, folder.path());
    for _ in 0..3 {
        let running = real.start();
        real.until(real.events().len() + 300);
        running.kill();
        // A torn last line is not what this is about.
        let text = std::fs::read_to_string(real.output()).expect("text");
        std::fs::write(real.output(), &text[..text.rfind('\n').map_or(0, |end| end + 1)]).expect("writes");
    }
    let running = real.start();
    let distinct = || {
        let mut events = real.events();
        events.sort();
        events.dedup_by_key(|line| source_id(line));
        events
    };
    let mut wanted = EVENTS;
    while distinct().len() < EVENTS {
        // Some of what there is came twice.
        real.until(wanted);
        wanted = real.events().len() + 1;
    }
    stop(&real, running);
    each_once(host, distinct(), &expected);
}

fn refused_key(host: Program) {
    let (simulator, folder) = (simulator(), tempfile::tempdir().expect("a folder"));
    let pipeline = simulator.pipeline(folder.path(), "", "");
    let real = Real::new(host, path(host), &pipeline, folder.path(), &[("SIMULATED_KEY", "wrong-key-wrong-key")]);
    let mut running = real.start();
    let log = real.until_logged("refused the API key", 1);
    assert_eq!(log.matches("Starting process").count(), 1, "{log}");
    let told = log.lines().filter(|line| line.contains("W! [inputs.execd] JumpCloud")).count();
    assert_eq!(told, 1, "as a warning of its own: {log}");
    assert!(!log.contains("stderr: "), "each line has a level: {log}");
    running.signal("TERM");
    assert!(running.end(LIMIT).success());
}

/// Our process, which runs beside the host.
fn beside(simulator: &Simulator, pipeline: &Path, folder: &Path) -> Running {
    simulator.run(pipeline, &folder.join("adr"), &[], Stdio::null(), Stdio::null())
}

fn sent(host: Program) {
    let (simulator, folder) = (simulator(), tempfile::tempdir().expect("a folder"));
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let sink = format!(
        "type: http, uri: \"http://127.0.0.1:{port}/\", headers: {{ content-type: application/json }}, compression: none"
    );
    let pipeline = simulator.pipeline_to(folder.path(), SLOW, "", &sink);
    around(host, &simulator, &pipeline, folder.path());
}

fn spooled(host: Program) {
    let (simulator, folder) = (simulator(), tempfile::tempdir().expect("a folder"));
    let spool = folder.path().join("spool");
    std::fs::create_dir(&spool).expect("a folder");
    let sink = format!("type: file, path: \"{}/events.ndjson\", max_bytes: 64KiB", spool.display());
    let pipeline = simulator.pipeline_to(folder.path(), SLOW, "", &sink);
    around(host, &simulator, &pipeline, folder.path());
    let files = std::fs::read_dir(&spool).expect("the files").count();
    assert!(files > 10, "only {files} files: this proves too little");
}

/// The host is stopped and started again while our process runs on.
fn around(host: Program, simulator: &Simulator, pipeline: &Path, folder: &Path) {
    let real = real(host, simulator, pipeline, folder);
    let mut running = real.start();
    let ours = beside(simulator, pipeline, folder);
    for _ in 0..3 {
        real.until(real.events().len() + 200);
        stop(&real, running);
        running = real.start();
    }
    real.until(EVENTS);
    stop(&real, ours);
    stop(&real, running);
    each_once(host, real.events(), &reference(simulator, folder));
}
