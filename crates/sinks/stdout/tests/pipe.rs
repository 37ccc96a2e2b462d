//! Standard output as a pipe, as Vector or a shell gives it.

mod common;

use std::fs::File;
use std::io::{Read, pipe};
use std::os::fd::OwnedFd;
use std::time::Duration;

use adr_core::{FailureKind, Retry, Sink};
use adr_sink_stdout::Kind;
use common::{TRAIL, event, events, sink, target, text};
use futures_util::FutureExt;

#[tokio::test]
async fn every_byte_arrives_in_order_and_the_trail_is_asked_for() {
    let (mut reader, writer) = pipe().expect("a pipe");
    let target = target(writer);
    assert_eq!(target.kind(), Kind::Pipe);
    let mut batches = vec![events(0, 1000, 1000), vec![], events(1000, 1, 700_000), events(2000, 3, 262_100)];
    batches.push(vec![event("{}")]);
    let expected: String = batches.iter().map(|batch| text(batch)).collect();
    let read = std::thread::spawn(move || {
        let mut all = String::new();
        reader.read_to_string(&mut all).expect("reads");
        all
    });
    let mut sink = sink(&target);
    let mut open = Vec::new();
    for batch in &batches {
        open.push(sink.write(batch).await.expect("accepted"));
    }
    for delivery in open {
        assert_eq!(delivery.await.expect("delivered").trail, Some(TRAIL));
    }
    sink.close().await.expect("closes");
    drop((sink, target));
    assert!(read.join().expect("reads") == expected);
}

#[tokio::test]
async fn a_reader_that_has_gone_away_is_final() {
    let (reader, writer) = pipe().expect("a pipe");
    let target = target(writer);
    let mut sink = sink(&target);
    assert!(!target.reader_gone());
    drop(reader);
    assert!(target.reader_gone());
    let delivery = sink.write(&[event("{}")]).await.expect("accepted");
    let failure = delivery.await.expect_err("nobody reads");
    assert_eq!((failure.kind, failure.retry), (FailureKind::ReaderGone, Retry::Never));
}

/// A host that ends reading with its child would lose what is still in the pipe.
#[tokio::test]
async fn a_sink_is_closed_when_the_pipe_has_been_read_and_not_before() {
    let (mut reader, writer) = pipe().expect("a pipe");
    let target = target(writer);
    let batch = events(0, 10, 1000);
    let mut sink = sink(&target);
    sink.write(&batch).await.expect("accepted").await.expect("written");
    let mut closing = Box::pin(sink.close());
    assert!((&mut closing).now_or_never().is_none(), "nothing has been read");
    let mut all = vec![0; text(&batch).len()];
    let (last, first) = all.split_last_mut().expect("bytes");
    reader.read_exact(first).expect("reads");
    assert!((&mut closing).now_or_never().is_none(), "a byte is left");
    reader.read_exact(std::slice::from_mut(last)).expect("reads");
    closing.await.expect("closes");
    assert!(all == text(&batch).into_bytes());

    sink.write(&batch).await.expect("accepted").await.expect("written");
    let closing = sink.close();
    drop(reader);
    assert_eq!(closing.await.expect_err("it was lost").kind, FailureKind::ReaderGone);
}

#[tokio::test]
async fn a_socket_is_as_good_as_a_pipe() {
    let (mut reader, writer) = std::os::unix::net::UnixStream::pair().expect("a pair");
    let target = target(OwnedFd::from(writer));
    let mut sink = sink(&target);
    let delivered = sink.write(&[event("{}")]).await.expect("accepted").await.expect("delivered");
    assert_eq!(delivered.trail, Some(TRAIL));
    let mut line = [0; 3];
    reader.read_exact(&mut line).expect("reads");
    assert_eq!(&line, b"{}\n");
    drop(reader);
    let failure = sink.write(&[event("{}")]).await.expect("accepted").await.expect_err("nobody reads");
    assert_eq!(failure.kind, FailureKind::ReaderGone);
}

/// A current-thread runtime: if writing blocked it, this test would not end.
#[tokio::test]
async fn a_reader_that_stands_still_blocks_nothing_but_its_deliveries() {
    let (mut reader, writer) = pipe().expect("a pipe");
    let target = target(writer);
    let mut sink = sink(&target);
    let batch = events(0, 1000, 1000);
    let mut delivery = sink.write(&batch).await.expect("accepted");
    let mut first = [0; 1];
    reader.read_exact(&mut first).expect("the writer is at it");
    tokio::task::yield_now().await;
    assert!((&mut delivery).now_or_never().is_none(), "more than fits into the pipe was called delivered");
    let expected = text(&batch);
    let mut rest = vec![0; expected.len() - 1];
    let read = tokio::task::spawn_blocking(move || reader.read_exact(&mut rest).map(|()| rest));
    delivery.await.expect("delivered");
    assert!(read.await.expect("joins").expect("reads") == expected.as_bytes()[1..]);
}

#[tokio::test]
async fn a_pipe_that_somebody_made_non_blocking_loses_nothing() {
    let (mut reader, writer) = pipe().expect("a pipe");
    rustix::io::ioctl_fionbio(&writer, true).expect("non-blocking");
    let target = target(writer);
    let mut sink = sink(&target);
    let batch = events(0, 2000, 1000);
    let expected = text(&batch);
    let delivery = sink.write(&batch).await.expect("accepted");
    let length = expected.len();
    let read = tokio::task::spawn_blocking(move || {
        let mut all = vec![0; length];
        // In small steps, so that the pipe is full again and again.
        all.chunks_mut(10_000).try_for_each(|part| reader.read_exact(part)).map(|()| all)
    });
    delivery.await.expect("delivered");
    assert!(read.await.expect("joins").expect("reads") == expected.as_bytes());
}

/// A sink is built anew after a failure while a batch of its predecessor is stuck half way down the pipe.
#[tokio::test]
async fn the_next_sink_neither_cuts_into_a_line_nor_writes_what_was_given_up() {
    let (mut reader, writer) = pipe().expect("a pipe");
    let target = target(writer);
    let mut old = sink(&target);
    let (stuck, given_up, after) = (events(0, 300, 1000), events(1000, 10, 10), events(2000, 10, 10));
    let first = old.write(&stuck).await.expect("accepted");
    let mut head = [0; 1];
    reader.read_exact(&mut head).expect("the writer is at it");
    let second = old.write(&given_up).await.expect("accepted");
    drop((first, second, old));
    let mut new = sink(&target);
    let delivery = new.write(&after).await.expect("accepted");
    drop((new, target));
    let read = tokio::task::spawn_blocking(move || {
        let mut rest = String::new();
        reader.read_to_string(&mut rest).map(|_| rest)
    });
    delivery.await.expect("delivered");
    let all = format!("{}{}", head[0] as char, read.await.expect("joins").expect("reads"));
    assert!(all == text(&stuck) + &text(&after));
}

#[tokio::test]
async fn devices_know_no_trail_and_a_full_one_is_tried_again() {
    let null = target(File::create("/dev/null").expect("opens"));
    assert_eq!(null.kind(), Kind::Device);
    let delivered = sink(&null).write(&[event("{}")]).await.expect("accepted").await.expect("delivered");
    assert_eq!(delivered.trail, None);
    let full = target(File::create("/dev/full").expect("opens"));
    let failure = sink(&full).write(&[event("{}")]).await.expect("accepted").await.expect_err("full");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Storage, Retry::BackOff));
    assert!(failure.message.contains("standard output") && failure.message.contains("o space left"), "{failure}");
}

#[tokio::test]
async fn a_write_does_not_wait_for_the_batches_before_it() {
    let (reader, writer) = pipe().expect("a pipe");
    let target = target(writer);
    let mut sink = sink(&target);
    let batch = events(0, 200, 1000);
    let mut open = Vec::new();
    for _ in 0..8 {
        let accepted = tokio::time::timeout(Duration::from_secs(10), sink.write(&batch)).await;
        open.push(accepted.expect("accepted while the pipe is full").expect("accepted"));
    }
    drop(reader);
    for delivery in open {
        assert_eq!(delivery.await.expect_err("the reader left").kind, FailureKind::ReaderGone);
    }
}
