//! How fast lines get into a file, durably, beside a loop that does no more than that: `cargo bench -p adr-sink-file`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use adr_core::{ByteString, Clock, Delivery, Encoding, Event, Meta, Severity, Sink, Timestamp};
use adr_sink_file::{FileSink, Mode, Settings};
use bytes::Bytes;

const BATCHES: usize = 600;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_790_000_000)
    }
}

fn batch(count: usize) -> Vec<Event> {
    let body = format!("{{\"pad\":\"{}\"}}", "x".repeat(1013));
    let page = Bytes::from(body.repeat(count));
    let tenant: Arc<str> = "-".into();
    let event = |n: usize| Event {
        meta: Meta {
            id: ByteString::new(),
            time: None,
            tenant: tenant.clone(),
            kind: ByteString::new(),
            severity: Severity::Unknown,
        },
        body: page.slice(n * body.len()..(n + 1) * body.len()),
    };
    (0..count).map(event).collect()
}

fn tell(name: &str, events: &[Event], start: Instant, syncs: u64) {
    let bytes: usize = events.iter().map(|event| event.body.len() + 1).sum::<usize>() * BATCHES;
    let rate = bytes as f64 / start.elapsed().as_secs_f64() / 1e6;
    println!("{name}: {rate:.0} MB/s, {syncs} fsyncs for {BATCHES} batches of {}", events.len());
}

/// The lines of each batch by one `write_all`, then `fdatasync`.
fn plain(folder: &Path, events: &[Event]) {
    let mut file = File::create(folder.join("plain")).unwrap();
    let start = Instant::now();
    for _ in 0..BATCHES {
        let mut text = Vec::new();
        for event in events {
            text.extend_from_slice(&event.body);
            text.push(b'\n');
        }
        file.write_all(&text).unwrap();
        file.sync_data().unwrap();
    }
    tell("write_all and fdatasync", events, start, BATCHES as u64);
}

async fn sink(folder: &Path, events: &[Event], in_flight: usize) {
    let settings = Settings {
        path: folder.join(format!("{in_flight}.ndjson")),
        encoding: Encoding::Json,
        max_bytes: 100 << 20,
        max_age: None,
        keep: Some(1),
        mode: Mode(0o640),
    };
    let mut sink = FileSink::new(&settings, Arc::new(Still), None).unwrap();
    let start = Instant::now();
    let mut open: VecDeque<Delivery> = VecDeque::new();
    for _ in 0..BATCHES {
        if open.len() == in_flight {
            open.pop_front().unwrap().await.unwrap();
        }
        open.push_back(sink.write(events).await.unwrap());
    }
    for delivery in open {
        delivery.await.unwrap();
    }
    tell(&format!("sink file, {in_flight} in flight"), events, start, sink.syncs());
}

#[tokio::main]
async fn main() {
    for count in [1, 100, 1000] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let events = batch(count);
        plain(folder.path(), &events);
        for in_flight in [1, 16] {
            sink(folder.path(), &events, in_flight).await;
        }
    }
}
