//! Tenants that have nothing new: what a process costs that watches a thousand of them, and ten thousand.
//!
//! `cargo bench -p adr-tests --bench idle`; `TENANTS=n` for one size, `SECONDS=n` measures longer. Plain HTTP; the simulator runs in the benchmark's own process.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test or benchmark may panic, and says what it saw")]

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use adr_core::{Clock, Timestamp};
use adr_simulator::{Server, SharedDirectory, SimulatorOptions};
use adr_tests::meter::cost;
use adr_tests::process::{Running, binary};

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the simulator of a benchmark lives in real time")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Timestamp::from_nanos(i64::try_from(since.as_nanos()).expect("before 2262"))
    }
}

#[expect(clippy::disallowed_methods, reason = "how a developer asks for a longer look")]
fn seconds() -> u64 {
    std::env::var("SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(120)
}

async fn watch(tenants: u32) {
    let options = SimulatorOptions { tenants, events: 0, ..SimulatorOptions::default() };
    let clock = Arc::new(SystemClock);
    let directory = options.directory(clock.now()).expect("a directory");
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let server = Server::start(listener, SharedDirectory::new(directory), clock).expect("the simulator starts");
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = format!(
        "sources:\n  jumpcloud:\n    type: jumpcloud\n    base_url: {}\n    start: now\n    poll_interval: 60s\n    tenants:\n",
        server.base_url()
    );
    let mut command = Command::new(binary());
    for tenant in 0..tenants {
        writeln!(
            text,
            "      - {{ device_name: T{tenant}, secret_key: {{ env: KEY{tenant} }}, configuration: {{ org_id: \"{}\" }} }}",
            options.organization_id(tenant)
        )
        .expect("a String takes it");
        command.env(format!("KEY{tenant}"), options.key_of(tenant));
    }
    text.push_str("sinks:\n  out: { type: stdout, inputs: [jumpcloud] }\n");
    let pipeline = folder.path().join("pipeline.yaml");
    std::fs::write(&pipeline, text).expect("the pipeline file is written");
    command.args(["run", "--quiet", "-c"]).arg(&pipeline).arg("--state-dir").arg(folder.path().join("state"));
    let running = Running(command.stdout(Stdio::null()).spawn().expect("the binary starts"));
    let start = Instant::now();
    // Every tenant's first poll is over, and its second has begun.
    tokio::time::sleep(Duration::from_secs(90)).await;
    let before = cost(running.0.id(), start).expect("it runs");
    let asked = server.directory().lock().tally().requests;
    let length = Duration::from_secs(seconds());
    tokio::time::sleep(length).await;
    let after = cost(running.0.id(), start).expect("it runs");
    let asked = server.directory().lock().tally().requests - asked;
    println!(
        "{tenants:>6} idle tenants: {:.1} MiB resident, {:.1} MiB peak, {:.2} % of a core, {asked} polls in {} s",
        after.resident_mib,
        after.peak_mib,
        100.0 * (after.cpu - before.cpu).as_secs_f64() / length.as_secs_f64(),
        length.as_secs()
    );
}

#[tokio::main]
async fn main() {
    // `cargo test` builds and starts benchmarks too; there is nothing to measure then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    watch(1_000).await;
    watch(10_000).await;
}
