//! The whole main job, and what each stage of it costs.
//!
//! `cargo bench -p adr-tests --bench demo`; `EVENTS=n` for another size.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test or benchmark may panic, and says what it saw")]

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Instant;

use adr_tests::meter::{Cost, cost, until_end};
use adr_tests::process::{Running, Simulator, binary};

#[expect(clippy::disallowed_methods, reason = "how a developer asks for another size")]
fn events() -> u64 {
    std::env::var("EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

fn demo(events: u64) -> Cost {
    let mut command = Command::new(binary());
    command.args(["demo", "--quiet", "--events", &events.to_string()]);
    // A pipe with a reader, as Vector would be: /dev/null would be no pipe.
    let mut child = Running(command.stdout(Stdio::piped()).spawn().expect("the binary starts"));
    let mut stdout = child.0.stdout.take().expect("stdout is piped");
    let reader =
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()).expect("the pipe is read"));
    let cost = until_end(&mut child);
    let bytes = reader.join().expect("the reader ends");
    println!(
        "demo {events:>9} events: {:>9.0} events/s, {:>5.0} MB/s out, {:.2} s wall, {:.2} s cpu, peak {:.0} MiB",
        rate(events, cost.wall.as_secs_f64()),
        rate(bytes, cost.wall.as_secs_f64()) / 1e6,
        cost.wall.as_secs_f64(),
        cost.cpu.as_secs_f64(),
        cost.peak_mib
    );
    cost
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

/// Runs a stage as a process of its own.
fn stage(arguments: &[&str], key: &str, stdin: Stdio, stdout: Stdio) -> Cost {
    let mut command = Command::new(binary());
    command.args(arguments).env("JUMPCLOUD_API_KEY", key).stdin(stdin).stdout(stdout);
    let mut child = Running(command.spawn().expect("the binary starts"));
    until_end(&mut child)
}

fn main() {
    // `cargo test` builds and starts benchmarks too; there is nothing to measure then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let all = events();
    demo(all / 10);
    demo(all);

    let some = all / 5;
    let folder = tempfile::tempdir().expect("a folder");
    let raw = folder.path().join("raw.ndjson");
    let simulator = Simulator::start(&["--events", &some.to_string()]);
    let start = Instant::now();
    let before = cost(simulator.id(), start).expect("the simulator runs");
    let state = folder.path().join("state");
    let poll = stage(
        &[
            "source",
            "jumpcloud",
            "--quiet",
            "--once",
            "--request-budget",
            "1000/s",
            "--base-url",
            &simulator.url,
            "--org-id",
            &simulator.org_id,
            "--state-dir",
            &state.to_string_lossy(),
        ],
        &simulator.key,
        Stdio::null(),
        File::create(&raw).expect("a file").into(),
    );
    let serve = cost(simulator.id(), start).expect("the simulator runs").cpu - before.cpu;
    let input = || File::open(&raw).expect("the file").into();
    let null = || File::options().write(true).open("/dev/null").expect("/dev/null").into();
    let map = stage(&["transform", "adr", "--quiet", "--threads", "1"], "", input(), null());
    let map_all = stage(&["transform", "adr", "--quiet"], "", input(), null());
    let total = (serve + poll.cpu + map.cpu).as_secs_f64();
    println!("\nstages as processes, {some} events, processor seconds:");
    for (name, cpu) in [
        ("simulator and its HTTP server", serve),
        ("poll: HTTP client, split, dedupe, write to a file", poll.cpu),
        ("map: read a file, transform, write", map.cpu),
    ] {
        println!(
            "  {name:<52} {:>6.2} s  {:>4.0} %  {:>5.2} µs/event",
            cpu.as_secs_f64(),
            100.0 * cpu.as_secs_f64() / total,
            1e6 / rate(some, cpu.as_secs_f64())
        );
    }
    println!(
        "transform as a filter: {:.0} events/s on one thread, {:.0} on all",
        rate(some, map.wall.as_secs_f64()),
        rate(some, map_all.wall.as_secs_f64())
    );
}
