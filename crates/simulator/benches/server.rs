//! How fast pages come over loopback, what that costs the server, and that it takes no memory:
//! `cargo bench -p adr-simulator --bench server`.
#![expect(clippy::print_stdout, reason = "a benchmark tells its result")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use adr_core::{Clock, Timestamp};
use adr_simulator::{SIMULATED_KEY, Server, SharedDirectory, SimulatorOptions};

const NOW: Timestamp = Timestamp::from_secs(1_769_418_000);

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

fn main() {
    for events in [100_000, 1_000_000] {
        for limit in [1_000, 10_000] {
            measure(events, limit);
        }
    }
}

fn measure(events: u64, limit: u64) {
    let options = SimulatorOptions { events, ..SimulatorOptions::default() };
    let directory = options.directory(NOW).expect("a world");
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let server = Server::start(listener, SharedDirectory::new(directory), Arc::new(Still)).expect("a server");
            tell.send(server.address()).expect("the main thread waits");
            let _ = stopped.await;
        });
        cpu_seconds()
    });
    let stream = TcpStream::connect(told.recv().expect("an address")).expect("a connection");
    let begun = Instant::now();
    let (pages, bytes) = read_world(stream, limit);
    let wall = begun.elapsed().as_secs_f64();
    stop.send(()).expect("the server runs");
    let cpu = server.join().expect("no panic");
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{events} events by {limit}: {pages} pages, {megabytes:.0} MB in {wall:.2} s = {:.0} MB/s, {:.0} pages/s, \
         {:.0} events/s; server {cpu:.2} s of CPU = {:.0} MB a CPU-second; peak memory of both {} KiB",
        megabytes / wall,
        f64::from(pages) / wall,
        events as f64 / wall,
        megabytes / cpu,
        peak_kib(),
    );
}

/// Reads all pages over one connection and gives their number and size.
fn read_world(mut stream: TcpStream, limit: u64) -> (u32, u64) {
    let (mut pages, mut bytes, mut cursor) = (0, 0, "null".to_owned());
    let mut buffer = vec![0; 1 << 18];
    loop {
        let body = format!(
            r#"{{"service":["all"],"start_time":"2020-01-01T00:00:00Z","limit":{limit},"search_after":{cursor}}}"#
        );
        let request = format!(
            "POST /insights/directory/v1/events HTTP/1.1\r\nhost: localhost\r\nx-api-key: {SIMULATED_KEY}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("written");
        let mut head = Vec::new();
        let mut tail = [0; 5];
        while &tail != b"0\r\n\r\n" && !head.ends_with(b"\r\n\r\n[]") {
            let count = stream.read(&mut buffer).expect("read");
            assert!(count > 0, "the server closed the connection");
            bytes += count as u64;
            if head.len() < 4_096 {
                head.extend_from_slice(&buffer[..count.min(4_096)]);
            }
            for byte in &buffer[count.saturating_sub(5)..count] {
                tail.rotate_left(1);
                tail[4] = *byte;
            }
        }
        pages += 1;
        let head = String::from_utf8_lossy(&head).into_owned();
        let value = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim_start_matches(": ").to_owned()
        };
        if value("X-Result-Count").parse::<u64>().expect("a count") < limit {
            return (pages, bytes);
        }
        cursor = value("X-Search_after");
    }
}

/// What this thread has used.
fn cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).map_or(f64::NAN, |nanos| nanos / 1e9)
}

fn peak_kib() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or("?").trim().trim_end_matches(" kB").to_owned()
}
