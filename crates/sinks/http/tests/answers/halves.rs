//! What the receiver refuses is sent in halves.

use std::time::Duration;

use adr_core::{FailureKind, Retry};

use crate::receiver::{Receiver, Rules};
use crate::scene::{bad_events, deliver, events, sink, texts};

async fn receiver(rules: Rules) -> Receiver {
    let receiver = Receiver::new().await;
    receiver.seen.lock().expect("sound").rules = rules;
    receiver
}

#[tokio::test]
async fn too_large_is_sent_in_halves_and_stays_below_from_then_on() {
    let receiver = receiver(Rules { most_bytes: Some(5000), bad: None }).await;
    let mut sink = sink(&format!("http://{}", receiver.address), "");
    let batch = events(0, 64, 300);
    assert!(deliver(&mut sink, &batch).await.expect("delivered").rejected.is_empty());
    assert_eq!(receiver.taken(), texts(&batch), "each event once, in order");
    let before = receiver.requests();
    let again = events(64, 64, 300);
    deliver(&mut sink, &again).await.expect("delivered");
    assert!(receiver.taken().ends_with(&texts(&again)));
    let seen = receiver.seen.lock().expect("sound");
    let sent: usize = seen.requests[before..].iter().map(|(_, lines)| lines).sum();
    assert_eq!(sent, 64, "what was too large is tried again");
}

#[tokio::test]
async fn one_event_that_is_too_large_is_rejected_with_its_size() {
    let receiver = receiver(Rules { most_bytes: Some(5000), bad: None }).await;
    let mut sink = sink(&format!("http://{}", receiver.address), "");
    let mut batch = events(0, 11, 100);
    batch.insert(7, events(100, 1, 6000).remove(0));
    let rejected = deliver(&mut sink, &batch).await.expect("delivered").rejected;
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0].index, 7);
    let size = format!("{} bytes (413)", batch[7].body.len() + 1);
    assert!(rejected[0].reason.contains(&size), "{}", rejected[0].reason);
    batch.remove(7);
    assert_eq!(receiver.taken(), texts(&batch));
}

#[tokio::test]
async fn bad_events_are_rejected_and_all_others_arrive_once_and_in_order() {
    for status in [400, 422] {
        let receiver = receiver(Rules { most_bytes: None, bad: Some((status, "7,")) }).await;
        let mut sink = sink(&format!("http://{}", receiver.address), "");
        let batch = events(0, 100, 10);
        let rejected = deliver(&mut sink, &batch).await.expect("delivered").rejected;
        let places: Vec<usize> = rejected.iter().map(|rejection| rejection.index).collect();
        assert_eq!(places, [7, 17, 27, 37, 47, 57, 67, 77, 87, 97]);
        assert_eq!(rejected[0].reason, format!("the receiver refuses it ({status}): \"bad line\""));
        let good: Vec<String> = texts(&batch).into_iter().filter(|text| !text.contains("7,")).collect();
        assert_eq!(receiver.taken(), good);
    }
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_gets_no_event_into_the_dead_letter() {
    let receiver = receiver(Rules { most_bytes: None, bad: Some((400, "n")) }).await;
    let mut sink = sink(&format!("http://{}", receiver.address), "");
    let failure = deliver(&mut sink, &events(0, 500, 10)).await.expect_err("nothing is taken");
    assert_eq!(failure.kind, FailureKind::BadRequest);
    assert!(matches!(failure.retry, Retry::After(_)), "{failure:?}");
    assert!(failure.message.contains("check that `uri` is an input for NDJSON"), "{failure}");
    assert!(receiver.requests() < 40, "{} requests", receiver.requests());
    // One by one they are taken for bad events, for a while.
    for n in 0..8 {
        assert_eq!(deliver(&mut sink, &events(n, 1, 10)).await.expect("rejected").rejected.len(), 1);
    }
    deliver(&mut sink, &events(8, 1, 10)).await.expect_err("too many in a row");
    receiver.seen.lock().expect("sound").rules = Rules::default();
    deliver(&mut sink, &events(8, 1, 10)).await.expect("delivered");
}

#[tokio::test]
async fn bad_events_that_stand_together_are_rejected_and_all_others_arrive_in_order() {
    for (status, before) in [(400, 100), (422, 0)] {
        let receiver = receiver(Rules { most_bytes: None, bad: Some((status, "bad")) }).await;
        let mut sink = sink(&format!("http://{}", receiver.address), "");
        let mut batch = events(0, before, 10);
        batch.extend(bad_events(before, 30));
        batch.extend(events(before + 30, 100, 10));
        let rejected = deliver(&mut sink, &batch).await.expect("delivered").rejected;
        let places: Vec<usize> = rejected.iter().map(|rejection| rejection.index).collect();
        assert_eq!(places, (before..before + 30).collect::<Vec<_>>());
        let good: Vec<String> = texts(&batch).into_iter().filter(|text| !text.contains("bad")).collect();
        let taken = receiver.taken();
        assert_eq!(taken.len() - good.len(), 3, "one repeat for nine of them");
        assert!(taken.ends_with(&good[good.len() - 100..]), "the last copies are in order");
        assert!(good.iter().all(|text| taken.contains(text)));
    }
}

#[tokio::test]
async fn bad_events_that_come_alone_are_held_against_one_that_was_taken_before() {
    let receiver = receiver(Rules { most_bytes: None, bad: Some((400, "bad")) }).await;
    let mut sink = sink(&format!("http://{}", receiver.address), "");
    deliver(&mut sink, &events(0, 1, 10)).await.expect("delivered");
    let rejected = deliver(&mut sink, &bad_events(1, 20)).await.expect("delivered").rejected;
    assert_eq!(rejected.len(), 20);
    receiver.seen.lock().expect("sound").rules.bad = Some((400, "n"));
    let failure = deliver(&mut sink, &events(21, 20, 10)).await.expect_err("nothing is taken any more");
    assert!(failure.message.contains("nor were others that were tried"), "{failure}");
}

#[tokio::test]
async fn where_everything_is_too_large_nothing_is_rejected_and_sizes_are_forgotten() {
    let receiver = receiver(Rules::default()).await;
    let mut sink = sink(&format!("http://{}", receiver.address), "");
    deliver(&mut sink, &events(0, 50, 10)).await.expect("delivered");
    receiver.seen.lock().expect("sound").rules.most_bytes = Some(0);
    let batch = events(50, 50, 10);
    for _ in 0..3 {
        let failure = deliver(&mut sink, &batch).await.expect_err("nothing is taken");
        assert_eq!((failure.kind, failure.retry), (FailureKind::BadRequest, Retry::After(Duration::from_secs(60))));
        assert!(failure.message.contains("(413): raise its limit"), "{failure}");
    }
    receiver.seen.lock().expect("sound").rules = Rules::default();
    let before = receiver.requests();
    assert!(deliver(&mut sink, &batch).await.expect("delivered").rejected.is_empty());
    assert!(receiver.taken().ends_with(&texts(&batch)));
    assert_eq!(receiver.requests() - before, 1, "all at once again");
}
