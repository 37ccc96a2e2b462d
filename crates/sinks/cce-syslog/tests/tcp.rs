//! Over TCP, what a delivery says is true: against receivers that read, stall, break off, or never meant it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adr_core::{Delivered, Failure, FailureKind, Retry, Sink};
use adr_sink_cce_syslog::CceSyslog;
use common::{
    Fixed, Plain, bodies, event, events, failure, is_open_after, large_events, listener, nobody, numbered, settings,
    soon, tcp, tight_listener,
};
use serde_json::json;
use socket2::SockRef;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Ends a connection with RST.
fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

#[tokio::test]
async fn batches_arrive_in_order_and_are_delivered() {
    let (listener, address) = listener().await;
    let mut sink = tcp(address);
    let first = sink.write(&events(0, 700)).await.unwrap();
    let second = sink.write(&events(700, 10)).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    assert_eq!(bodies(&mut peer, 710).await, numbered(0, 710));
    assert_eq!(soon(first).await, Ok(Delivered::default()));
    assert_eq!(soon(second).await, Ok(Delivered::default()));
}

#[tokio::test]
async fn the_end_is_told_to_the_peer_after_the_last_byte() {
    let (listener, address) = listener().await;
    let mut sink = tcp(address);
    let delivery = sink.write(&events(0, 3)).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    soon(delivery).await.unwrap();
    let mut text = String::new();
    let (closed, read) = soon(async {
        tokio::join!(sink.close(), async {
            let read = peer.read_to_string(&mut text).await;
            drop(peer);
            read
        })
    })
    .await;
    assert_eq!(closed, Ok(()));
    assert!(read.is_ok(), "FIN, not RST: {read:?}");
    assert_eq!(text.lines().count(), 3);
}

#[tokio::test]
async fn the_end_waits_for_nobody_who_holds_a_delivery_without_looking_at_it() {
    let (listener, address) = listener().await;
    let mut sink = tcp(address);
    let _unseen = sink.write(&events(0, 3)).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    let (closed, _) = soon(async {
        tokio::join!(sink.close(), async {
            peer.read_to_end(&mut Vec::new()).await.unwrap();
            drop(peer);
        })
    })
    .await;
    assert_eq!(closed, Ok(()));
}

#[tokio::test]
async fn rejected_events_are_named_by_their_place_and_the_rest_arrives() {
    let (listener, address) = listener().await;
    let rest = json!({"mode": "tcp", "framing": "newline", "max_message_bytes": 1024});
    let mut sink = common::sink(&[address], rest);
    let long = || event(format!("{{\"pad\":\"{}\"}}", "x".repeat(2000)));
    let batch = [events(0, 1).remove(0), long(), events(1, 1).remove(0), long()];
    let delivery = sink.write(&batch).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    assert_eq!(bodies(&mut peer, 2).await, numbered(0, 2));
    let rejected = soon(delivery).await.unwrap().rejected;
    assert_eq!(rejected.iter().map(|rejection| rejection.index).collect::<Vec<_>>(), [1, 3]);

    // With nothing to send there is nothing to wait for: not even the end of the probation of a new connection.
    let mut sink = common::sink(&[address], json!({"mode": "tcp", "max_message_bytes": 1024}));
    let mut delivery = sink.write(&[long(), long()]).await.unwrap();
    let rejected = futures_util::FutureExt::now_or_never(&mut delivery).unwrap().unwrap().rejected;
    assert_eq!(rejected.len(), 2);
}

#[tokio::test]
async fn bytes_that_the_peer_has_not_acknowledged_are_not_delivered() {
    let (listener, address) = tight_listener();
    let mut sink = tcp(address);
    let mut delivery = soon(sink.write(&large_events(100, 1000))).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    // All of it is in our kernel, next to nothing in the peer's. Well past the probation it is still open.
    assert!(is_open_after(&mut delivery, Duration::from_millis(1500)).await);
    let mut later = soon(sink.write(&events(0, 1))).await.unwrap();
    assert_eq!(bodies(&mut peer, 101).await.len(), 101);
    assert_eq!(soon(&mut delivery).await, Ok(Delivered::default()));
    assert_eq!(soon(&mut later).await, Ok(Delivered::default()));
}

#[tokio::test]
async fn a_peer_that_accepts_and_closes_has_received_nothing() {
    let (listener, address) = listener().await;
    let mut sink = tcp(address);
    let delivery = sink.write(&events(0, 5)).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    // Its kernel has acknowledged all of it.
    bodies(&mut peer, 5).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(peer);
    let failure = failure(soon(delivery).await);
    assert_eq!((failure.kind, failure.retry), (FailureKind::Unreachable, Retry::BackOff));
    assert!(failure.message.starts_with(&address.to_string()), "{failure}");
    assert!(failure.message.contains("right after accepting it"), "{failure}");
}

#[tokio::test]
async fn a_reset_fails_what_was_not_acknowledged() {
    let (listener, address) = tight_listener();
    let mut sink = tcp(address);
    let mut first = sink.write(&events(0, 1)).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    bodies(&mut peer, 1).await;
    assert_eq!(soon(&mut first).await, Ok(Delivered::default()));
    let open = [sink.write(&large_events(60, 1000)).await.unwrap(), sink.write(&events(0, 1)).await.unwrap()];
    reset(peer);
    for delivery in open {
        let failure = failure(soon(delivery).await);
        assert!(
            failure.message.contains("reset the connection; what it has not acknowledged is sent again"),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn a_reset_right_after_the_acknowledgement_of_a_young_connection_counts_for_nothing() {
    let (listener, address) = listener().await;
    let mut sink = tcp(address);
    let delivery = sink.write(&events(0, 5)).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    bodies(&mut peer, 5).await;
    reset(peer);
    assert!(failure(soon(delivery).await).message.contains("reset the connection"));
}

#[tokio::test]
async fn a_half_closed_connection_is_at_its_end_and_its_open_batches_come_again() {
    let (listener, address) = tight_listener();
    let mut sink = tcp(address);
    let open = sink.write(&large_events(100, 1000)).await.unwrap();
    let (peer, _) = listener.accept().await.unwrap();
    SockRef::from(&peer).shutdown(std::net::Shutdown::Write).unwrap();
    let refused = failure(soon(open).await);
    assert!(refused.message.contains("closed the connection"), "{refused}");

    // It was young: its address rests a moment.
    let refused = failure(sink.write(&large_events(1, 1000)).await);
    let Retry::After(wait) = refused.retry else { panic!("{refused:?}") };
    tokio::time::sleep(wait).await;
    let again = soon(sink.write(&large_events(100, 1000))).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    assert_eq!(bodies(&mut peer, 100).await.len(), 100);
    assert_eq!(soon(again).await, Ok(Delivered::default()));
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced_before_the_next_write() {
    let (listener, address) = listener().await;
    let mut sink = tcp(address);
    let delivery = sink.write(&events(0, 1)).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    bodies(&mut peer, 1).await;
    soon(delivery).await.unwrap();
    drop(peer);
    tokio::time::sleep(Duration::from_millis(100)).await;

    let delivery = soon(sink.write(&events(1, 2))).await.unwrap();
    let (mut peer, _) = soon(listener.accept()).await.unwrap();
    assert_eq!(bodies(&mut peer, 2).await, numbered(1, 2));
    assert_eq!(soon(delivery).await, Ok(Delivered::default()));
}

#[tokio::test]
async fn a_batch_does_not_overtake_those_that_failed_unseen() {
    let (listener, address) = tight_listener();
    let mut sink = tcp(address);
    let proof = sink.write(&events(0, 1)).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    bodies(&mut peer, 1).await;
    soon(proof).await.unwrap();
    let open = sink.write(&large_events(100, 1000)).await.unwrap();
    reset(peer);
    tokio::time::sleep(Duration::from_millis(100)).await;
    // `open` has failed, but nobody has looked at it.
    let early = failure(sink.write(&events(1, 1)).await);
    assert_eq!(failure(open.await), early);
    // Now that it is known, the connection is made anew.
    drop(soon(sink.write(&events(1, 1))).await.unwrap());
}

/// A write that cannot go on, and the peer's side of it.
async fn stuck(then: impl FnOnce(&TcpStream)) -> (Failure, TcpStream) {
    let (listener, address) = tight_listener();
    let mut sink = tcp(address);
    let batch = large_events(1000, 60_000);
    let mut write = sink.write(&batch);
    let accepted = async {
        let (peer, _) = listener.accept().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        peer
    };
    let peer = tokio::select! {
        _ = &mut write => panic!("nobody reads: this cannot end"),
        peer = accepted => peer,
    };
    then(&peer);
    (failure(soon(write).await), peer)
}

#[tokio::test]
async fn a_write_that_is_stuck_ends_with_its_connection() {
    let (half, _peer) = stuck(|peer| SockRef::from(peer).shutdown(std::net::Shutdown::Write).unwrap()).await;
    assert!(half.message.contains("closed the connection right after accepting it"), "{half}");
    // Who of reader and writer hears of a reset first decides whether it is told as one.
    let (reset, _) = stuck(|peer| SockRef::from(peer).shutdown(std::net::Shutdown::Both).unwrap()).await;
    assert!(reset.message.contains("the connection right after accepting it"), "{reset}");
}

#[tokio::test]
async fn a_stalled_receiver_costs_no_more_memory_than_a_chunk_and_the_kernels_buffers() {
    let (_listener, address) = tight_listener();
    let written = Plain::default();
    let settings = settings(&[address], json!({"mode": "tcp", "encoding": "cef"}));
    let mut sink = CceSyslog::new("cce", &settings, Arc::new(Fixed), Box::new(written.clone())).unwrap();
    // 240 MB that share one body.
    let batch = large_events(4000, 60_000);
    let mut write = sink.write(&batch);
    let mut last = usize::MAX;
    loop {
        let stuck = tokio::time::timeout(Duration::from_millis(500), &mut write).await;
        assert!(stuck.is_err(), "nobody reads: this cannot end");
        let now = written.0.load(Ordering::Relaxed);
        if now == last {
            break;
        }
        last = now;
    }
    assert!(last < 20 << 20, "{last} bytes were formatted");
}

#[tokio::test]
async fn a_sink_that_is_dropped_in_the_middle_of_a_write_leaves_nothing_behind() {
    let (listener, address) = tight_listener();
    let mut sink = tcp(address);
    let mut open = soon(sink.write(&large_events(50, 1000))).await.unwrap();
    let batch = large_events(1000, 60_000);
    assert!(tokio::time::timeout(Duration::from_millis(200), sink.write(&batch)).await.is_err());
    let (mut peer, _) = listener.accept().await.unwrap();
    let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    drop(sink);
    assert!(failure(soon(&mut open).await).message.contains("given up"));
    // The socket is closed: the peer comes to an end.
    let mut rest = Vec::new();
    drop(soon(peer.read_to_end(&mut rest)).await);
    assert_eq!((before, tokio::runtime::Handle::current().metrics().num_alive_tasks()), (1, 0));
}

#[tokio::test]
async fn nobody_there_is_said_with_the_address_and_a_time_to_come_back() {
    let address = nobody().await;
    let mut sink = tcp(address);
    let first = failure(sink.write(&events(0, 1)).await);
    assert_eq!(first.kind, FailureKind::Unreachable);
    assert!(first.message.contains(&format!("{address}: connection refused")), "{first}");
    let Retry::After(wait) = first.retry else { panic!("{first:?}") };
    assert!(wait <= Duration::from_millis(500) && wait >= Duration::from_millis(200), "{wait:?}");
}
