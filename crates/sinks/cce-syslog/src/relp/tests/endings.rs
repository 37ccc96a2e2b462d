//! How a session ends, in order and otherwise.

use std::time::Duration;

use adr_core::{Failure, FailureKind, Retry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::super::link::FAREWELL;
use super::peer::{PEER, Peer, events, now, open, open_at, soon};

/// What becomes of two batches, the first answered and the second by one of three, when the receiver does `script`.
async fn broken(script: impl AsyncFnOnce(&mut Peer)) -> Failure {
    let (mut sender, mut peer) = open().await;
    let first = sender.write(&events(1)).await.unwrap();
    let second = sender.write(&events(3)).await.unwrap();
    let third = sender.write(&events(1)).await.unwrap();
    peer.hear_messages(5).await;
    peer.respond(2, "200 OK").await;
    peer.respond(3, "200 OK").await;
    soon(first).await.unwrap();
    assert_eq!(sender.link.death(), None);

    script(&mut peer).await;
    let failure = soon(second).await.unwrap_err();
    assert_eq!(soon(third).await.unwrap_err(), failure, "all that is open fails, for the same reason");
    assert_eq!(sender.link.death().as_ref(), Some(&failure));
    assert_eq!(sender.write(&events(1)).await.map(|_| ()).unwrap_err(), failure);
    assert_eq!(failure.retry, Retry::BackOff);
    assert!(failure.message.starts_with(PEER), "{failure}");
    failure
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_connection_fails_what_is_unanswered() {
    let hung_up = broken(async |peer| peer.0.shutdown().await.unwrap()).await;
    assert!(hung_up.message.contains("closed the connection; 3 messages"), "{hung_up}");
    let goodbye = broken(async |peer| peer.say("0 serverclose 0\n").await).await;
    assert!(goodbye.message.contains("serverclose"), "{goodbye}");
    for failure in [hung_up, goodbye] {
        assert_eq!(failure.kind, FailureKind::Unreachable);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_fails_in_the_receivers_words() {
    let (mut sender, mut peer) = open().await;
    let refused = sender.write(&events(1)).await.unwrap();
    let long = sender.write(&events(1)).await.unwrap();
    let taken = sender.write(&events(1)).await.unwrap();
    peer.hear_messages(3).await;
    peer.respond(2, "500 disk full\nmore").await;
    peer.respond(3, &format!("500 {}", "x".repeat(9000))).await;
    peer.respond(4, "200 OK").await;
    let failure = soon(refused).await.unwrap_err();
    assert_eq!((failure.kind, failure.retry), (FailureKind::Unavailable, Retry::BackOff));
    assert!(failure.message.starts_with(PEER) && failure.message.contains("500 \"disk full\""), "{failure}");
    assert!(soon(long).await.unwrap_err().message.len() < 400);
    soon(taken).await.expect("the others go on");
    assert_eq!(sender.link.death(), None);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_protocol_ends_the_session() {
    for (said, expected) in [
        ("garbage\n", "has no transaction number: \"garbage\""),
        ("4 rsp 16385 ", "more data"),
        ("4 rsp 999999999 x", "more data"),
        ("4 rsp 9999999999 x", "has no length"),
        ("4 rsp 6 200 OKxx", "does not end"),
        ("4 rsp 0\n", "three digits"),
        ("99 rsp 6 200 OK\n", "number 99"),
        ("3 rsp 6 200 OK\n", "number 3"),
        ("0 rsp 6 200 OK\n4 rsp 6 200 OK\n4 rsp 6 200 OK\n", "number 4"),
        ("4 syslog 2 hi\n", "number 4"),
    ] {
        let failure = broken(async |peer| peer.say(said).await).await;
        assert_eq!(failure.kind, FailureKind::Protocol, "{failure}");
        assert!(failure.message.contains(expected), "{said:?}: {failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_goes_while_it_is_written_to_is_noticed() {
    // The pipe is full: the write waits for the receiver.
    let (mut sender, mut peer) = open_at(1000, 2).await;
    let batch = events(100);
    let mut write = Box::pin(sender.write(&batch));
    assert!(now(&mut write).is_none());
    peer.say("0 serverclose 0\n").await;
    let failure = soon(write).await.map(|_| ()).unwrap_err();
    assert!(failure.message.contains("serverclose"), "{failure}");

    let (mut sender, peer) = open_at(1000, 2).await;
    let mut write = Box::pin(sender.write(&batch));
    assert!(now(&mut write).is_none());
    drop(peer);
    let failure = soon(write).await.map(|_| ()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_full_window_does_not_hide_the_end() {
    let (mut sender, mut peer) = open().await;
    let batch = events(200);
    let mut write = Box::pin(sender.write(&batch));
    assert!(now(&mut write).is_none());
    peer.hear_messages(128).await;
    peer.0.shutdown().await.unwrap();
    let failure = soon(write).await.map(|_| ()).unwrap_err();
    assert!(failure.message.contains("128 messages"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_the_receiver_but_not_for_ever() {
    let start = Instant::now();
    let (sender, mut peer) = open().await;
    let script = async {
        assert_eq!(peer.hear().await, (2, "close".to_owned(), Vec::new()));
        // As librelp does: an answer without data, then a hint, then the end.
        peer.say("2 rsp 0\n0 serverclose 0\n").await;
        let mut rest = Vec::new();
        peer.0.read_to_end(&mut rest).await.unwrap();
        rest
    };
    let ((), rest) = soon(async { tokio::join!(sender.link.close(), script) }).await;
    assert_eq!((rest, start.elapsed()), (Vec::new(), Duration::ZERO));

    let (sender, _peer) = open().await;
    sender.link.close().await;
    assert_eq!(start.elapsed(), FAREWELL);

    let (sender, peer) = open().await;
    drop(peer);
    sender.link.close().await;
    assert_eq!(start.elapsed(), FAREWELL, "nobody is there to wait for");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_link_fails_its_deliveries_and_stops_reading() {
    let (mut sender, mut peer) = open().await;
    let delivery = sender.write(&events(1)).await.unwrap();
    drop(sender);
    let failure = soon(delivery).await.unwrap_err();
    assert_eq!((failure.kind, failure.retry), (FailureKind::Unreachable, Retry::BackOff));
    peer.hear_messages(1).await;
    assert_eq!(peer.0.read(&mut [0]).await.unwrap(), 0, "both halves of the connection are dropped");
}
