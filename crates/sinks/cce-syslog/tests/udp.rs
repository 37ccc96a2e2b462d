//! Over UDP: a datagram a message; nothing is proven.

mod common;

use std::sync::Arc;

use adr_core::{Delivered, FailureKind, Sink};
use adr_sink_cce_syslog::CceSyslog;
use common::{Fixed, Plain, event, events, failure, sink, soon};
use futures_util::FutureExt;
use serde_json::json;
use tokio::net::UdpSocket;

#[tokio::test]
async fn each_message_is_one_datagram_and_counts_as_delivered_at_once() {
    for local in ["127.0.0.1:0", "[::1]:0"] {
        let receiver = UdpSocket::bind(local).await.unwrap();
        let mut sink = sink(&[receiver.local_addr().unwrap()], json!({"mode": "udp"}));
        let mut batch = events(0, 2);
        batch.push(event(format!("{{\"pad\":\"{}\"}}", "x".repeat(60_000))));
        let delivery = sink.write(&batch).await.unwrap();
        assert_eq!(delivery.now_or_never(), Some(Ok(Delivered::default())));
        let mut datagram = vec![0; 65_536];
        for event in &batch {
            let length = soon(receiver.recv(&mut datagram)).await.unwrap();
            assert!(datagram[..length].starts_with(b"<") && datagram[..length].ends_with(&event.body));
        }
    }
}

#[tokio::test]
async fn what_is_longer_than_a_datagram_is_rejected_and_the_rest_is_sent() {
    let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut sink = sink(&[receiver.local_addr().unwrap()], json!({"mode": "udp"}));
    let batch = [event(format!("{{\"pad\":\"{}\"}}", "x".repeat(65_500))), events(7, 1).remove(0)];
    let rejected = sink.write(&batch).await.unwrap().await.unwrap().rejected;
    assert_eq!(rejected.iter().map(|rejection| rejection.index).collect::<Vec<_>>(), [0]);
    let mut datagram = [0; 1000];
    let length = soon(receiver.recv(&mut datagram)).await.unwrap();
    assert!(datagram[..length].ends_with(b"{\"n\":7}"));
}

#[tokio::test]
async fn what_the_network_calls_too_long_is_rejected_with_its_length() {
    let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut settings = common::settings(&[receiver.local_addr().unwrap()], json!({"mode": "udp"}));
    // As on a network whose limit is below ours.
    settings.max_message_bytes = 100_000;
    let mut sink = CceSyslog::new("cce", &settings, Arc::new(Fixed), Box::new(Plain::default())).unwrap();
    let batch =
        [events(6, 1).remove(0), event(format!("{{\"pad\":\"{}\"}}", "x".repeat(70_000))), events(7, 1).remove(0)];
    let rejected = sink.write(&batch).await.unwrap().await.unwrap().rejected;
    assert_eq!(rejected.iter().map(|rejection| rejection.index).collect::<Vec<_>>(), [1]);
    assert!(rejected[0].reason.contains("too long for a datagram on this network"), "{}", rejected[0].reason);
    for n in [6, 7] {
        let mut datagram = [0; 1000];
        let length = soon(receiver.recv(&mut datagram)).await.unwrap();
        assert!(datagram[..length].ends_with(format!("{{\"n\":{n}}}").as_bytes()));
    }
}

#[tokio::test]
async fn a_closed_port_fails_over_to_the_next_address() {
    let closed = common::nobody().await;
    let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut sink = sink(&[closed, receiver.local_addr().unwrap()], json!({"mode": "udp"}));
    // On loopback the kernel says so before the second datagram is sent.
    let refused = failure(sink.write(&events(0, 3)).await);
    assert_eq!(refused.kind, FailureKind::Unreachable);
    assert!(refused.message.starts_with(&format!("{closed}: nobody listens there")), "{refused}");
    sink.write(&events(0, 3)).await.unwrap().await.unwrap();
    let mut datagram = [0; 1000];
    for n in 0..3 {
        let length = soon(receiver.recv(&mut datagram)).await.unwrap();
        assert!(datagram[..length].ends_with(format!("{{\"n\":{n}}}").as_bytes()));
    }
}
