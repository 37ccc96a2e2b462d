//! When a batch is delivered.

use adr_core::Delivered;

use super::super::window::WINDOW;
use super::peer::{event, events, now, open, open_at, soon};

#[tokio::test(start_paused = true)]
async fn answers_may_come_in_any_order_and_in_pieces() {
    let (mut sender, mut peer) = open().await;
    let batch = events(3);
    let mut first = sender.write(&batch).await.unwrap();
    let mut second = sender.write(&batch[..2]).await.unwrap();
    assert_eq!(peer.hear_messages(5).await, [2, 3, 4, 5, 6]);

    for number in [6, 4, 2] {
        peer.respond(number, "200 OK").await;
    }
    // All answers so far are taken once this one is: it completes a batch.
    peer.respond(5, "200").await;
    assert_eq!(soon(&mut second).await, Ok(Delivered::default()));
    assert_eq!(now(&mut first), None, "number 3 has no answer yet");

    for piece in ["3 r", "sp 6 20", "0 OK", "\n"] {
        assert_eq!(now(&mut first), None);
        peer.say(piece).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(soon(first).await, Ok(Delivered::default()));
    assert_eq!(sender.link.death(), None);
}

#[tokio::test(start_paused = true)]
async fn a_full_window_waits_and_loses_nothing() {
    let (mut sender, mut peer) = open().await;
    let batch = events(WINDOW + 100);
    let mut write = Box::pin(sender.write(&batch));
    assert!(now(&mut write).is_none());
    assert_eq!(peer.hear_messages(WINDOW).await.len(), WINDOW);

    // No answer: not one more message comes, for as long as it takes.
    for _ in 0..100 {
        tokio::task::yield_now().await;
        assert!(now(&mut write).is_none());
    }
    assert!(now(&mut Box::pin(peer.hear())).is_none(), "the window is full");

    let script = async {
        for number in 2..2 + WINDOW as u32 {
            peer.respond(number, "200 OK").await;
        }
        let rest = peer.hear_messages(100).await;
        for number in &rest {
            peer.respond(*number, "200 OK").await;
        }
        rest
    };
    let (delivery, rest) = soon(async { tokio::join!(write, script) }).await;
    assert_eq!((rest[0], rest[99]), (2 + WINDOW as u32, 101 + WINDOW as u32));
    assert_eq!(soon(delivery.unwrap()).await, Ok(Delivered::default()));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_reads_slowly_gets_every_byte_of_large_messages() {
    // The pipe holds less than one message.
    let (mut sender, mut peer) = open_at(1000, 2).await;
    let bodies: Vec<String> =
        (0..50).map(|number| format!("{{\"n\":{number},\"x\":\"{}\"}}", "ü".repeat(3000))).collect();
    let batch: Vec<_> = bodies.iter().map(|body| event(body)).collect();
    let script = async {
        for body in &bodies {
            let (number, _, message) = peer.hear().await;
            assert!(String::from_utf8(message).unwrap().ends_with(body));
            peer.respond(number, "200 OK").await;
        }
    };
    let (delivery, ()) =
        soon(async { tokio::join!(async { sender.write(&batch).await.unwrap().await }, script) }).await;
    assert_eq!(delivery, Ok(Delivered::default()));
}

#[tokio::test(start_paused = true)]
async fn numbers_go_from_the_last_to_the_first() {
    let (mut sender, mut peer) = open_at(1 << 20, 999_999_998).await;
    let delivery = sender.write(&events(4)).await.unwrap();
    let numbers = peer.hear_messages(4).await;
    assert_eq!(numbers, [999_999_998, 999_999_999, 1, 2]);
    for number in numbers {
        peer.respond(number, "200 OK").await;
    }
    assert_eq!(soon(delivery).await, Ok(Delivered::default()));
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_messages_is_delivered_at_once() {
    let (mut sender, mut peer) = open().await;
    assert_eq!(sender.write(&[]).await.unwrap().await, Ok(Delivered::default()));
    let huge = event(&"x".repeat(70_000));
    let delivered = sender.write(std::slice::from_ref(&huge)).await.unwrap().await.unwrap();
    assert_eq!(delivered.rejected.len(), 1);

    // Rejected ones do not keep the others of their batch waiting.
    let batch = [event("{}"), huge, event("{}")];
    let delivery = sender.write(&batch).await.unwrap();
    assert_eq!(peer.hear_messages(2).await, [2, 3]);
    peer.respond(2, "200 OK").await;
    peer.respond(3, "200 OK").await;
    assert_eq!(soon(delivery).await.unwrap().rejected[0].index, 1);
}
