//! What requests are like, and how many there are.

use adr_core::{Delivered, Sink};

use crate::receiver::{Receiver, Told};
use crate::scene::{deliver, events, sink, texts};

#[tokio::test]
async fn a_delivery_is_one_request_of_lines_compressed_or_not() {
    for further in ["", r#","compression":"none""#] {
        let receiver = Receiver::new().await;
        let headers = r#","headers":{"x-source":"adr"},"secret_headers":{"x-key":{"env":"KEY"}},"auth":{"bearer":{"env":"TOKEN"}}"#;
        let mut sink = sink(&format!("http://{}/adr?a=b", receiver.address), &format!("{further}{headers}"));
        let batch = events(0, 100, 50);
        assert_eq!(deliver(&mut sink, &batch).await, Ok(Delivered::default()));
        assert_eq!(receiver.taken(), texts(&batch));
        let seen = receiver.seen.lock().expect("sound");
        assert_eq!(seen.requests.len(), 1);
        let said = |name: &str| seen.requests[0].0.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(said("content-type"), Some("application/x-ndjson"));
        assert_eq!(said("content-encoding"), further.is_empty().then_some("gzip"));
        assert_eq!((said("x-source"), said("x-key")), (Some("adr"), Some("KEY-1")));
        assert_eq!(said("authorization"), Some("Bearer TOKEN-0"));
    }
}

#[tokio::test]
async fn a_content_type_of_ones_own_replaces_ours() {
    let receiver = Receiver::new().await;
    let headers = r#","headers":{"Content-Type":"application/json"}"#;
    let mut sink = sink(&format!("http://{}", receiver.address), headers);
    deliver(&mut sink, &events(0, 2, 1)).await.expect("delivered");
    let seen = receiver.seen.lock().expect("sound");
    let said: Vec<_> = seen.requests[0].0.get_all("content-type").iter().collect();
    assert_eq!(said, ["application/json"]);
}

#[tokio::test]
async fn a_user_is_sent_as_basic() {
    let receiver = Receiver::new().await;
    let auth = r#","auth":{"username":"me","password":{"env":"PW"}}"#;
    let mut sink = sink(&format!("http://{}", receiver.address), auth);
    deliver(&mut sink, &events(0, 1, 1)).await.expect("delivered");
    let seen = receiver.seen.lock().expect("sound");
    // me:PW-0
    assert_eq!(seen.requests[0].0["authorization"], "Basic bWU6UFctMA==");
}

#[tokio::test]
async fn requests_are_no_larger_than_asked_and_an_event_that_is_goes_alone() {
    let receiver = Receiver::new().await;
    let mut sink = sink(&format!("http://{}", receiver.address), r#","batch_bytes":"4KiB""#);
    let mut batch = events(0, 10, 1000);
    batch.extend(events(10, 1, 10_000));
    batch.extend(events(11, 1, 10));
    deliver(&mut sink, &batch).await.expect("delivered");
    assert_eq!(receiver.taken(), texts(&batch));
    let counts: Vec<usize> = receiver.seen.lock().expect("sound").requests.iter().map(|(_, lines)| *lines).collect();
    assert_eq!(counts, [4, 4, 2, 1, 1]);
    deliver(&mut sink, &[]).await.expect("nothing is delivered by itself");
    assert_eq!(receiver.requests(), 5);
}

#[tokio::test]
async fn up_to_in_flight_deliveries_are_under_way_and_the_next_write_waits() {
    let receiver = Receiver::new().await;
    let mut sink = sink(&format!("http://{}", receiver.address), r#","in_flight":2"#);
    receiver.tell(Told::TakenInSilence);
    receiver.tell(Told::TakenInSilence);
    let (one, two, three) = (events(0, 1, 1), events(1, 1, 1), events(2, 1, 1));
    let first = sink.write(&one).await.expect("accepted");
    receiver.arrived.notified().await;
    let second = sink.write(&two).await.expect("accepted while the first waits");
    receiver.arrived.notified().await;
    {
        let mut third = sink.write(&three);
        // Polled once: there is no room.
        let waiting = std::future::poll_fn(|cx| std::task::Poll::Ready(third.as_mut().poll(cx).is_pending())).await;
        assert!(waiting);
        // A delivery that is withdrawn is given up and makes room.
        drop(first);
        let third = async { third.await.expect("accepted").await.expect("delivered") };
        // Sooner than the request that was withdrawn would end by its timeout.
        tokio::time::timeout(std::time::Duration::from_secs(10), third).await.expect("room");
    }
    drop(second);
    assert_eq!(receiver.taken().len(), 3);
}
