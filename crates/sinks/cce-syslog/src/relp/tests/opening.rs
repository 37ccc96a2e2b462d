//! How a session begins, or does not.

use std::time::Duration;

use adr_core::{Failure, FailureKind, Retry};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::peer::{Peer, connect, events, open, soon};
use crate::relp::RelpLink;

/// What `open` says when the receiver does `script`.
async fn refused(script: impl AsyncFnOnce(&mut Peer)) -> Failure {
    let (io, mut peer) = connect(64 << 10);
    let script = async {
        peer.hear().await;
        script(&mut peer).await;
        peer
    };
    let (opened, _peer) = soon(async { tokio::join!(RelpLink::open(io, "192.0.2.7:514"), script) }).await;
    let failure = opened.map(|_| ()).unwrap_err();
    assert_eq!(failure.retry, Retry::BackOff);
    assert!(!failure.message.contains("192.0.2.7"), "the caller names the address: {failure}");
    failure
}

#[tokio::test(start_paused = true)]
async fn the_first_frame_is_number_one_and_messages_follow() {
    let (io, mut peer) = connect(64 << 10);
    let script = async {
        let (number, command, _) = peer.hear().await;
        assert_eq!((number, &*command), (1, "open"));
        // A byte at a time, and a hint before it.
        let answer = "200 OK\nrelp_version=0\ncommands=eventlog,syslog\n";
        for byte in format!("0 hello 3 you\n1 rsp {} {answer}\n", answer.len()).bytes() {
            peer.0.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let (link, ()) = soon(async { tokio::join!(RelpLink::open(io, "192.0.2.7:514"), script) }).await;
    assert_eq!(link.unwrap().death(), None);

    let (mut sender, mut peer) = open().await;
    let batch = events(1);
    let delivery = sender.write(&batch).await.unwrap();
    let (number, command, message) = peer.hear().await;
    assert_eq!((number, &*command), (2, "syslog"));
    let message = String::from_utf8(message).unwrap();
    assert_eq!(message, r#"<133>1 - jumpcloud jumpcloud-adr - sso_auth [adr@32473 uid="u" tenant="acme"] {"n":0}"#);
    peer.respond(2, "200 OK").await;
    assert!(soon(delivery).await.unwrap().rejected.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_refuses_is_quoted() {
    let failure = refused(async |peer| peer.respond(1, "500 not\u{1b}[31m today").await).await;
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(failure.message.contains("500 \"not?[31m today\""), "{failure}");

    for (answer, missing) in
        [("200 OK\ncommands=syslog", "relp_version"), ("200 OK\nrelp_version=0\ncommands=x", "syslog")]
    {
        let failure = refused(async |peer| peer.respond(1, answer).await).await;
        assert_eq!(failure.kind, FailureKind::Protocol);
        assert!(failure.message.contains(missing), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_speak_relp_is_told_from_what_does() {
    for (said, expected) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "\"HTTP/1.1 400 Bad Request\""),
        ("220 mail.example.com ESMTP\r\n", "\"220 mail.example.com ESMTP\""),
        ("1 rsp 999999999 ", "more data"),
        ("1 rsp 2 hi\n", "three digits"),
        ("7 rsp 6 200 OK\n", "number 7"),
        ("1 syslog 2 hi\n", "number 1"),
    ] {
        let failure = refused(async |peer| peer.say(said).await).await;
        assert_eq!(failure.kind, FailureKind::Protocol, "{failure}");
        assert!(failure.message.contains(expected), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_instead_is_unreachable() {
    let hung_up = refused(async |peer| peer.0.shutdown().await.unwrap()).await;
    let said_goodbye = refused(async |peer| peer.say("0 serverclose 0\n").await).await;
    for failure in [hung_up, said_goodbye] {
        assert_eq!(failure.kind, FailureKind::Unreachable);
        assert!(failure.message.contains("instead of opening a RELP session"), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_says_nothing_is_waited_for_as_long_as_the_caller_likes() {
    let (io, _peer) = connect(64 << 10);
    assert!(timeout(Duration::from_secs(3600), RelpLink::open(io, "192.0.2.7:514")).await.is_err());
}
