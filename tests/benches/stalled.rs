//! A CCE that stands still: what a process costs that has a million events to send and cannot.
//!
//! `cargo bench -p adr-tests --bench stalled`; `SECONDS=n` looks longer.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test or benchmark may panic, and says what it saw")]

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use adr_tests::meter::cost;
use adr_tests::process::Simulator;

#[expect(clippy::disallowed_methods, reason = "how a developer asks for a longer look")]
fn seconds() -> u64 {
    std::env::var("SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

fn main() {
    // `cargo test` builds and starts benchmarks too; there is nothing to measure then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let simulator = Simulator::start(&["--events", "1000000"]);
    let folder = tempfile::tempdir().unwrap();
    // Connections are made by the kernel; nobody ever reads them.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let sink = format!("type: cce_syslog, mode: tcp, address: \"{}\"", listener.local_addr().unwrap());
    let pipeline = simulator.pipeline_to(folder.path(), "request_budget: 1000/s", "", &sink);
    let running = simulator.run(&pipeline, &folder.path().join("state"), &[], Stdio::null(), Stdio::null());
    let start = Instant::now();
    let length = Duration::from_secs(seconds());
    std::thread::sleep(length / 2);
    let half = cost(running.0.id(), start).expect("it runs");
    std::thread::sleep(length / 2);
    let whole = cost(running.0.id(), start).expect("it runs");
    println!(
        "stalled for {} s: {:.1} MiB resident after half of it, {:.1} MiB at the end, {:.1} MiB peak, {:.2} % of a core in the second half",
        length.as_secs(),
        half.resident_mib,
        whole.resident_mib,
        whole.peak_mib,
        100.0 * (whole.cpu - half.cpu).as_secs_f64() / (length / 2).as_secs_f64()
    );
}
