//! How fast events are delivered to a receiver on loopback, beside a loop of plain requests: `cargo bench -p adr-sink-http`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::collections::VecDeque;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use adr_core::{
    ByteString, Clock, Delivery, Event, Failure, Meta, SecretRef, SecretString, Secrets, Severity, Sink, Timestamp,
};
use adr_sink_http::{Http, HttpConfig, Settings};
use axum::Router;
use axum::body::Bytes;
use flate2::write::GzEncoder;
use tokio::net::TcpListener;

const BATCHES: usize = 300;

struct Nothing;

impl Clock for Nothing {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_790_000_000)
    }
}

impl Secrets for Nothing {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        unreachable!("no secret is configured")
    }
}

fn batch() -> Vec<Event> {
    // Not all alike: what compresses to nothing says nothing.
    let body = |n: usize| {
        format!("{{\"n\":{n},\"pad\":\"{:x}\"}}", (n as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
            .repeat(20)
    };
    let tenant: Arc<str> = "-".into();
    let event = |n: usize| Event {
        meta: Meta {
            id: ByteString::new(),
            time: None,
            tenant: tenant.clone(),
            kind: ByteString::new(),
            severity: Severity::Unknown,
        },
        body: body(n).into(),
    };
    (0..512).map(event).collect()
}

fn tell(name: &str, events: &[Event], start: Instant) {
    let bytes: usize = events.iter().map(|event| event.body.len() + 1).sum::<usize>() * BATCHES;
    println!("{name}: {:.0} MB/s in {BATCHES} requests", bytes as f64 / start.elapsed().as_secs_f64() / 1e6);
}

async fn plain(address: SocketAddr, events: &[Event], gzip: bool) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let start = Instant::now();
    for _ in 0..BATCHES {
        let mut text = Vec::new();
        for event in events {
            text.extend_from_slice(&event.body);
            text.push(b'\n');
        }
        if gzip {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&text).unwrap();
            text = encoder.finish().unwrap();
        }
        client.post(format!("http://{address}/")).body(text).send().await.unwrap().error_for_status().unwrap();
    }
    tell(&format!("reqwest in a loop, {}", if gzip { "gzip" } else { "none" }), events, start);
}

async fn sink(address: SocketAddr, events: &[Event], compression: &str, in_flight: usize) {
    let json = format!(r#"{{"uri":"http://{address}/","compression":"{compression}","in_flight":{in_flight}}}"#);
    let raw: HttpConfig = serde_json::from_str(&json).unwrap();
    let settings = Settings::try_from(raw).unwrap();
    let mut sink = Http::new(&settings, Arc::new(Nothing), Arc::new(Nothing), None).unwrap();
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
    tell(&format!("sink http, {compression}, {in_flight} in flight"), events, start);
}

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limit = axum::extract::DefaultBodyLimit::disable();
    let router = Router::new().fallback(async |_: Bytes| ()).layer(limit);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let events = batch();
    for (compression, gzip) in [("none", false), ("gzip", true)] {
        plain(address, &events, gzip).await;
        for in_flight in [1, 4] {
            sink(address, &events, compression, in_flight).await;
        }
    }
}
