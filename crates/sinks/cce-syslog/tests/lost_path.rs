//! A path on which nothing comes back any more, with a real kernel. It needs a network of its own to break:
//! `unshare -rn cargo test -p adr-sink-cce-syslog --test lost_path -- --ignored`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::process::Command;
use std::time::Duration;

use adr_core::{FailureKind, Sink};
use common::{bodies, events, failure, is_open_after, listener, sink, soon, tight_listener};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

fn run(command: &str) {
    let words: Vec<&str> = command.split(' ').collect();
    assert!(Command::new(words[0]).args(&words[1..]).status().unwrap().success(), "{command}");
}

/// Never breaks the network of the machine.
fn own_network() {
    let devices = std::fs::read_to_string("/proc/net/dev").unwrap();
    let ours = devices.lines().skip(2).all(|line| line.trim_start().starts_with("lo:"));
    assert!(ours, "this is not a network namespace of its own: run it under unshare -rn");
    run("ip link set lo up");
}

#[tokio::test]
#[ignore = "needs a network namespace, ip and tc: run it under unshare -rn"]
async fn a_path_that_is_gone_is_given_up_after_keepalive_and_a_stalled_receiver_never() {
    own_network();
    let (stalled, address) = tight_listener();
    let settings = json!({"mode": "tcp", "framing": "newline", "keepalive": "2s"});
    let mut patient = sink(&[address], settings.clone());
    let mut waiting = soon(patient.write(&common::large_events(100, 1000))).await.unwrap();
    let (mut peer, _) = stalled.accept().await.unwrap();
    // Three times as long as a lost path is borne.
    assert!(is_open_after(&mut waiting, Duration::from_secs(6)).await);
    assert_eq!(bodies(&mut peer, 100).await.len(), 100);
    soon(waiting).await.unwrap();

    let (listener, address) = listener().await;
    let mut sink = sink(&[address], settings);
    let delivery = sink.write(&events(0, 1)).await.unwrap();
    let (_peer, _) = listener.accept().await.unwrap();
    soon(delivery).await.unwrap();

    let (relp, relp_address) = common::listener().await;
    let relp_settings = json!({"mode": "relp_tcp", "keepalive": "2s"});
    let mut acknowledged = common::sink(&[relp_address], relp_settings);
    let first = events(0, 1);
    let (written, mut relp_peer) = tokio::join!(acknowledged.write(&first), async {
        let (mut peer, _) = relp.accept().await.unwrap();
        peer.read_buf(&mut Vec::new()).await.unwrap();
        peer.write_all(b"1 rsp 37 200 OK\nrelp_version=0\ncommands=syslog\n").await.unwrap();
        peer
    });
    relp_peer.write_all(b"2 rsp 6 200 OK\n").await.unwrap();
    soon(written.unwrap()).await.unwrap();

    run("tc qdisc add dev lo root blackhole");
    let start = Instant::now();
    let failure = failure(soon(sink.write(&events(1, 1)).await.unwrap()).await);
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(failure.message.contains("nothing was acknowledged for 2s"), "{failure}");
    assert!((2000..4000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());

    let start = Instant::now();
    let failure = common::failure(soon(acknowledged.write(&first).await.unwrap()).await);
    assert!(failure.message.contains("nothing was acknowledged for 2s"), "{failure}");
    assert!((2000..5000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}
