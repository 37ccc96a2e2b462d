//! How fast lines go out: `cargo bench -p adr-sink-stdout`. Prints one line a figure.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::collections::VecDeque;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adr_core::{ByteString, Delivery, Event, Meta, Severity, Sink};
use adr_sink_stdout::{StdoutSink, Target};
use bytes::Bytes;

const BATCHES: usize = 600;

fn batch() -> Vec<Event> {
    let body = format!("{{\"pad\":\"{}\"}}", "x".repeat(1013));
    let page = Bytes::from(body.repeat(1000));
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
    (0..1000).map(event).collect()
}

async fn measure(name: &str, fd: impl Into<OwnedFd>) {
    let target = Target::new(fd).unwrap();
    let mut sink = StdoutSink::new(&target, None, Duration::ZERO);
    let batch = batch();
    let start = Instant::now();
    let mut open: VecDeque<Delivery> = VecDeque::new();
    for _ in 0..BATCHES {
        if open.len() == 8 {
            open.pop_front().unwrap().await.unwrap();
        }
        open.push_back(sink.write(&batch).await.unwrap());
    }
    for delivery in open {
        delivery.await.unwrap();
    }
    let bytes: usize = batch.iter().map(|event| event.body.len() + 1).sum::<usize>() * BATCHES;
    let rate = bytes as f64 / start.elapsed().as_secs_f64() / 1e6;
    println!("{name}: {rate:.0} MB/s, {} fsyncs for {BATCHES} batches of 1,000", target.syncs());
}

#[tokio::main]
async fn main() {
    measure("/dev/null", File::create("/dev/null").unwrap()).await;
    let mut cat = Command::new("sh").args(["-c", "cat >/dev/null"]).stdin(Stdio::piped()).spawn().unwrap();
    measure("pipe into cat >/dev/null", OwnedFd::from(cat.stdin.take().unwrap())).await;
    cat.wait().unwrap();
    measure("file, fsynced", tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap()).await;
}
