//! Several addresses: the next one at once, the better one again when it is back.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use adr_core::{Delivered, FailureKind, Retry, Sink};
use adr_sink_cce_syslog::CceSyslog;
use common::{bodies, events, failure, listener, nobody, numbered, sink, soon, tight_listener};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

fn over(addresses: &[SocketAddr]) -> CceSyslog {
    sink(addresses, json!({"mode": "tcp", "framing": "newline", "health_check_interval": "50ms"}))
}

/// One more batch, through whatever connection it takes; read from the listener's next connection.
async fn through(sink: &mut CceSyslog, listener: &TcpListener, first: usize) -> TcpStream {
    let delivery = soon(sink.write(&events(first, 2))).await.unwrap();
    let (mut peer, _) = soon(listener.accept()).await.unwrap();
    assert_eq!(soon(bodies(&mut peer, 2)).await, numbered(first, 2));
    assert_eq!(soon(delivery).await, Ok(Delivered::default()));
    peer
}

#[tokio::test]
async fn the_next_address_is_tried_within_the_same_write() {
    let (listener, second) = listener().await;
    let mut sink = over(&[nobody().await, second]);
    through(&mut sink, &listener, 0).await;
}

#[tokio::test]
async fn the_better_address_is_used_again_when_it_is_back_and_loses_nothing() {
    let (second, second_address) = tight_listener();
    let first_address = nobody().await;
    let mut sink = over(&[first_address, second_address]);
    let mut backup = through(&mut sink, &second, 0).await;
    // Still open on the second address when the first is back.
    let open = soon(sink.write(&common::large_events(60, 1000))).await.unwrap();

    let first = TcpListener::bind(first_address).await.unwrap();
    // The very connection of the health check is used, once it has lasted through the probation.
    let (mut peer, _) = soon(first.accept()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let delivery = soon(sink.write(&events(2, 2))).await.unwrap();
    assert_eq!(soon(bodies(&mut peer, 2)).await, numbered(2, 2));
    assert_eq!(soon(delivery).await, Ok(Delivered::default()));

    // The second one's open batch is delivered there, and then it is told the end.
    assert_eq!(soon(bodies(&mut backup, 60)).await.len(), 60);
    assert_eq!(soon(open).await, Ok(Delivered::default()));
    assert_eq!(soon(backup.read(&mut [0])).await.unwrap(), 0);
    assert!(futures_util::FutureExt::now_or_never(first.accept()).is_none(), "one connection is enough");
}

#[tokio::test]
async fn a_standby_that_stands_still_in_the_middle_of_a_write_is_left_for_the_better_one() {
    let (second, second_address) = tight_listener();
    let first_address = nobody().await;
    let mut sink = over(&[first_address, second_address]);
    let _backup = through(&mut sink, &second, 0).await;
    let first = TcpListener::bind(first_address).await.unwrap();
    // More than the second one's kernel takes: this write cannot end.
    let stuck = failure(soon(sink.write(&common::large_events(2000, 10_000))).await);
    assert!(stuck.message.contains("takes nothing, and a better one is back"), "{stuck}");
    let (mut peer, _) = soon(first.accept()).await.unwrap();
    let delivery = soon(sink.write(&events(2, 2))).await.unwrap();
    assert_eq!(soon(bodies(&mut peer, 2)).await, numbered(2, 2));
    assert_eq!(soon(delivery).await, Ok(Delivered::default()));
}

#[tokio::test]
async fn the_second_that_a_health_check_lasted_does_not_count_for_what_is_written_after_it() {
    let (second, second_address) = listener().await;
    let first_address = nobody().await;
    let mut sink = over(&[first_address, second_address]);
    let _backup = through(&mut sink, &second, 0).await;
    let first = TcpListener::bind(first_address).await.unwrap();
    let (mut peer, _) = soon(first.accept()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let mut delivery = soon(sink.write(&events(2, 2))).await.unwrap();
    assert_eq!(soon(bodies(&mut peer, 2)).await, numbered(2, 2));
    assert!(common::is_open_after(&mut delivery, Duration::from_millis(300)).await, "it may yet refuse us");
    drop(peer);
    failure(soon(delivery).await);
}

#[tokio::test]
async fn an_address_that_takes_connections_only_to_end_them_is_left_and_not_returned_to() {
    let (broken, broken_address) = listener().await;
    tokio::spawn(async move {
        loop {
            let (stream, _) = broken.accept().await.unwrap();
            // As one that looks a name up before it refuses it.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(200)).await;
                drop(stream);
            });
        }
    });
    let (second, second_address) = listener().await;
    let mut sink = over(&[broken_address, second_address]);
    // A batch of which nothing is sent proves nothing.
    drop(soon(sink.write(&common::large_events(1, 70_000)).await.unwrap()).await.unwrap());
    // Written to the first, if it is quick enough, but never delivered.
    let refused = match sink.write(&events(0, 2)).await {
        Ok(delivery) => failure(soon(delivery).await),
        Err(failure) => failure,
    };
    assert!(refused.message.contains("right after accepting it"), "{refused}");
    // However long the runtime takes to come back.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let mut peer = through(&mut sink, &second, 0).await;
    // Health checks are at the first address all the time.
    let mut deliveries = Vec::new();
    for n in 2..62 {
        deliveries.push(soon(sink.write(&events(n, 1))).await.unwrap());
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(soon(bodies(&mut peer, 60)).await, numbered(2, 60));
    for delivery in deliveries {
        assert_eq!(soon(delivery).await, Ok(Delivered::default()));
    }
}

#[tokio::test]
async fn when_none_answers_all_are_named_and_none_is_tried_before_its_time() {
    let (one, two) = (nobody().await, nobody().await);
    let mut sink = over(&[one, two]);
    let first = failure(sink.write(&events(0, 1)).await);
    assert_eq!(first.kind, FailureKind::Unreachable);
    for address in [one, two] {
        assert!(first.message.contains(&format!("{address}: connection refused")), "{first}");
    }
    let Retry::After(wait) = first.retry else { panic!("{first:?}") };
    // Somebody listens now, but both addresses rest.
    let listener = TcpListener::bind(one).await.unwrap();
    let second = failure(sink.write(&events(0, 1)).await);
    assert_eq!(second.message, first.message);
    assert!(futures_util::FutureExt::now_or_never(listener.accept()).is_none());
    tokio::time::sleep(wait * 2).await;
    through(&mut sink, &listener, 0).await;
}

#[tokio::test]
async fn a_connection_that_lasted_and_ended_does_not_count_against_its_address() {
    let (first, first_address) = listener().await;
    let (_second, second_address) = listener().await;
    let mut sink = over(&[first_address, second_address]);
    for round in 0..3 {
        drop(through(&mut sink, &first, 2 * round).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_end_of_the_sink_ends_every_connection_and_task() {
    let (second, second_address) = listener().await;
    let mut sink = over(&[nobody().await, second_address]);
    let mut peer = through(&mut sink, &second, 0).await;
    let (closed, end) = soon(async {
        tokio::join!(sink.close(), async {
            let end = peer.read(&mut [0]).await;
            drop(peer);
            end
        })
    })
    .await;
    assert_eq!((closed, end.unwrap()), (Ok(()), 0));
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}
