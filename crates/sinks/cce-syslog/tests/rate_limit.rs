//! `rate_limit` holds over every transport, within a batch and from one to the next.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use adr_core::Sink;
use adr_sink_cce_syslog::CceSyslog;
use common::{Plain, Running, bodies, events, listener, settings, soon};
use serde_json::json;
use tokio::net::UdpSocket;

fn limited(address: std::net::SocketAddr, mode: &str) -> CceSyslog {
    let settings = settings(&[address], json!({"mode": mode, "rate_limit": "100/s"}));
    CceSyslog::new("cce", &settings, Arc::new(Running(Instant::now())), Box::new(Plain::default())).unwrap()
}

#[tokio::test]
async fn events_leave_no_faster_than_the_limit() {
    let (listener, tcp) = listener().await;
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for mut sink in [limited(tcp, "tcp"), limited(udp.local_addr().unwrap(), "udp")] {
        let start = Instant::now();
        for batch in [events(0, 30), events(30, 1), events(31, 29)] {
            drop(soon(sink.write(&batch)).await.unwrap());
        }
        // 60 events, of which 5 may leave at once.
        assert!(start.elapsed() >= Duration::from_millis(550), "{:?}", start.elapsed());
    }
    drop(listener);
}

#[tokio::test]
async fn what_is_small_enough_leaves_at_once_and_a_batch_comes_in_slices() {
    let (listener, address) = listener().await;
    let settings = settings(&[address], json!({"mode": "tcp", "framing": "newline", "rate_limit": "100/s"}));
    let clock = Arc::new(Running(Instant::now()));
    let mut sink = CceSyslog::new("cce", &settings, clock, Box::new(Plain::default())).unwrap();
    let batch = events(0, 100);
    let mut write = sink.write(&batch);
    let first = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        bodies(&mut peer, 5).await
    };
    // The first slice is there long before the batch is written.
    let first = tokio::select! {
        _ = &mut write => panic!("100 events cannot be written at once"),
        first = first => first,
    };
    assert!((5..100).contains(&first.len()), "{}", first.len());
}
