//! What a pipeline file costs beside the transform alone, and what the other sinks feel of a reload of one.
//!
//! `cargo bench -p adr-tests --bench graph`; `EVENTS=n` for another size.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test or benchmark may panic, and says what it saw")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use adr_tests::meter::{Cost, until_end};
use adr_tests::process::{Running, binary};

const ROUNDS: usize = 7;
/// How long events flow with and without reloads.
const FLOW: Duration = Duration::from_secs(10);
/// How often a sink is exchanged.
const RELOAD: Duration = Duration::from_millis(500);

const GRAPH: &str = "\
sources: { in: { type: stdin, tenant: 5a2af2a82cf2b0010053ea41 } }
transforms: { adr: { type: adr, inputs: [in] } }
sinks: { out: { type: stdout, inputs: [adr] } }
";

#[expect(clippy::disallowed_methods, reason = "how a developer asks for another size")]
fn events() -> usize {
    std::env::var("EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(500_000)
}

fn samples() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/events.ndjson");
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// Runs it with a file as standard input and a pipe that is read as standard output.
fn through(arguments: &[&str], folder: &Path) -> Cost {
    let mut command = Command::new(binary());
    command.args(arguments).args(["--quiet", "--state-dir", "state"]).current_dir(folder);
    command.stdin(File::open(folder.join("raw.ndjson")).unwrap()).stdout(Stdio::piped());
    let mut child = Running(command.spawn().unwrap());
    let mut stdout = child.0.stdout.take().unwrap();
    let reader = std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()).unwrap());
    let cost = until_end(&mut child);
    assert!(reader.join().unwrap() > 0);
    cost
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn beside_the_transform_alone(folder: &Path) {
    let samples = samples();
    let mut raw = std::io::BufWriter::new(File::create(folder.join("raw.ndjson")).unwrap());
    for line in samples.iter().cycle().take(events()) {
        writeln!(raw, "{line}").unwrap();
    }
    raw.into_inner().unwrap().sync_all().unwrap();
    std::fs::write(folder.join("graph.yaml"), GRAPH).unwrap();
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    let (mut alone_wall, mut alone_cpu) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let alone = through(&["transform", "adr", "--tenant", "5a2af2a82cf2b0010053ea41"], folder);
        let graph = through(&["run", "-c", "graph.yaml"], folder);
        walls.push(graph.wall.as_secs_f64() / alone.wall.as_secs_f64());
        cpus.push(graph.cpu.as_secs_f64() / alone.cpu.as_secs_f64());
        alone_wall.push(alone.wall.as_secs_f64());
        alone_cpu.push(alone.cpu.as_secs_f64());
    }
    println!(
        "{} events, transform adr: {:.2} s wall, {:.2} s cpu; stdin -> adr -> stdout beside it: {:.3} x wall, {:.3} x cpu (medians of {ROUNDS} pairs)",
        events(),
        median(alone_wall),
        median(alone_cpu),
        median(walls),
        median(cpus)
    );
}

/// Two sinks; where one of them writes to.
fn two_sinks(file: &str) -> String {
    GRAPH.replace(
        "sinks: { out: { type: stdout, inputs: [adr] } }",
        &format!(
            "sinks:\n  out: {{ type: stdout, inputs: [adr] }}\n  file: {{ type: file, inputs: [adr], path: {file} }}"
        ),
    )
}

/// The longest time between two events at standard output, in milliseconds, and how many came.
fn longest_gap(folder: &Path, reloads: bool) -> (f64, usize) {
    let pipeline = folder.join("two.yaml");
    let path = |name: &str| folder.join(name).display().to_string();
    std::fs::write(&pipeline, two_sinks(&path("a.ndjson"))).unwrap();
    let mut command = Command::new(binary());
    command.args(["run", "--quiet", "-c", "two.yaml", "--state-dir", "state"]).current_dir(folder);
    let mut child = Running(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let (mut stdin, stdout) = (child.0.stdin.take().unwrap(), child.0.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let (mut longest, mut count, mut last) = (Duration::ZERO, 0, None);
        for line in BufReader::with_capacity(1 << 20, stdout).lines() {
            line.unwrap();
            let now = Instant::now();
            longest = longest.max(last.map_or(Duration::ZERO, |last| now - last));
            (last, count) = (Some(now), count + 1);
        }
        (longest.as_secs_f64() * 1e3, count)
    });
    let samples = samples();
    let (start, mut next) = (Instant::now(), RELOAD);
    let (mut reloaded, mut lines) = (0, samples.iter().cycle());
    // A few events each millisecond: what is measured is not how fast it is.
    while start.elapsed() < FLOW {
        for line in lines.by_ref().take(10) {
            writeln!(stdin, "{line}").unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
        if reloads && start.elapsed() > next {
            next += RELOAD;
            reloaded += 1;
            let name = if reloaded % 2 == 0 { "a.ndjson" } else { "b.ndjson" };
            std::fs::write(folder.join("next.yaml"), two_sinks(&path(name))).unwrap();
            std::fs::rename(folder.join("next.yaml"), &pipeline).unwrap();
            child.signal("HUP");
        }
    }
    drop(stdin);
    let seen = reader.join().unwrap();
    if reloads {
        assert!(folder.join("b.ndjson").metadata().is_ok_and(|file| file.len() > 0), "it was exchanged");
    }
    seen
}

fn main() {
    // `cargo test` builds and starts benchmarks too; there is nothing to measure then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    beside_the_transform_alone(folder.path());
    for reloads in [false, true] {
        let (gap, count) = longest_gap(folder.path(), reloads);
        let what = if reloads { "another file every half second" } else { "no reload" };
        println!("{what}: {count} events at the other sink, longest gap {gap:.1} ms");
    }
}
