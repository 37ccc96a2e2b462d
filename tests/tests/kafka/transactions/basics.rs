use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adr_core::{Budget, Checkpoint, Group, TransactionalSink};
use adr_tests::kafka::{Broker, read_all};
use futures_util::FutureExt;
use futures_util::future::join_all;

use super::place::{Place, commit, event, group, lane, next, open, run};

pub(super) fn together(broker: &Broker) {
    let place = Place::new(broker, 2);
    let lane = lane("together");
    let done = Arc::new(AtomicBool::new(false));
    let watching = std::thread::spawn({
        let (place, done) = (place.clone(), Arc::clone(&done));
        move || {
            let latest = || {
                let records = read_all(&place.config.bootstrap_servers, &place.checkpoints).into_iter();
                let mut values = records.filter(|record| record.key.as_deref() == Some(b"directory\0together\0next"));
                values.next_back().map_or(0, |record| {
                    String::from_utf8(record.payload).expect("text").parse().expect(
                        "a \
                         number",
                    )
                })
            };
            let mut looks = 0;
            while !done.load(Ordering::Acquire) || looks < 3 {
                // What is read later can only be more.
                let before: usize = latest();
                let events = place.ids().len();
                let after: usize = latest();
                assert!(
                    before <= events && events <= after,
                    "progress {before}, then {events} events, then progress \
                     {after}"
                );
                looks += 1;
            }
        }
    });
    run(async {
        let sink = place.sink();
        let (mut writer, mut from) = open(&sink, &lane).await;
        assert_eq!(from, 0);
        for events in (1..60).cycle().take(300) {
            commit(&mut writer, group(&lane, from, events)).await;
            from += events;
        }
        done.store(true, Ordering::Release);
        drop((writer, sink));
        assert_eq!(open(&place.sink(), &lane).await.1, from);
        assert!(place.wrong(&[(&lane, from)]).is_empty());
    });
    watching.join().expect("events and progress agree");
}

pub(super) fn shared_transactions(broker: &Broker) {
    let place = Place::new(broker, 1);
    run(async {
        let sink = place.sink();
        let lanes: Vec<_> = (0..8).map(|number| lane(&format!("tenant{number}"))).collect();
        // Opened together: one producer, and one reading for all of them.
        let writers = join_all(lanes.iter().map(|lane| open(&sink, lane))).await;
        join_all(writers.into_iter().zip(&lanes).map(|((mut writer, _), lane)| async move {
            for round in 0..25 {
                commit(&mut writer, group(lane, round * 10, 10)).await;
            }
        }))
        .await;
        let expected: Vec<_> = lanes.iter().map(|lane| (lane, 250)).collect();
        assert_eq!(place.wrong(&expected), Default::default());
        for lane in &lanes {
            assert_eq!(open(&sink, lane).await.1, 250);
        }
    });
    let records = read_all(&place.config.bootstrap_servers, &place.checkpoints);
    let (count, last) = (records.len(), records.last().expect("records").offset);
    assert_eq!(count, 8 * 25 + 1, "a record for each commit, and the layout");
    // Each transaction leaves a marker, and the last record stands before the last marker.
    let transactions = usize::try_from(last).expect("an offset") + 2 - count;
    assert!((25..=150).contains(&transactions), "{transactions} transactions for 200 commits");
}

pub(super) fn records(broker: &Broker) {
    let place = Place::new(broker, 4);
    let (one, other) = (lane("records"), lane("records2"));
    run(async {
        let sink = place.sink();
        let mut writer = open(&sink, &one).await.0;
        let mut checkpoint = Checkpoint::default();
        for key in ["c", "a", "b", "\0\u{1}", ""] {
            checkpoint.set(key, format!("value of {key}"));
        }
        let no_events = |checkpoint| Group { events: Arc::default(), checkpoint: Arc::new(checkpoint) };
        commit(&mut writer, no_events(checkpoint)).await;
        let mut checkpoint = Checkpoint::default();
        checkpoint.remove("b");
        checkpoint.remove("never");
        checkpoint.set("a", "");
        commit(&mut writer, no_events(checkpoint)).await;
        commit(&mut open(&sink, &other).await.0, group(&other, 0, 1)).await;
        let expected: Vec<(bytes::Bytes, bytes::Bytes)> =
            [("", "value of "), ("\0\u{1}", "value of \0\u{1}"), ("a", ""), ("c", "value of c")]
                .map(|(key, value)| (key.into(), value.into()))
                .into();
        let (_, found) = sink.open(&one).await.expect("it opens");
        assert_eq!(found, expected);
        let (_, found) = place.sink().open(&one).await.expect("it opens");
        assert_eq!(found, expected, "for another instance too");
        assert_eq!(next(&sink.open(&other).await.expect("it opens").1), 1);
    });
}

pub(super) fn memory(broker: &Broker) {
    let place = Place::new(broker, 1);
    let lane = lane("memory");
    run(async {
        let sink = place.sink();
        let mut writer = open(&sink, &lane).await.0;
        let budget = Budget::new(1 << 20);
        for round in 0..20 {
            let events = (0..10).map(|number| {
                let mut event = event(&lane, round * 10 + number, 100);
                event.body = budget.nothing().hold(event.body.to_vec());
                event
            });
            let group = Group { events: Arc::new(events.collect()), checkpoint: Arc::default() };
            assert!(budget.used() > 0);
            commit(&mut writer, group).await;
            assert_eq!(budget.used(), 0, "the sink holds events that it has committed");
        }
    });
}

pub(super) fn dropped(broker: &Broker) {
    let place = Place::new(broker, 1);
    let lane = lane("dropped");
    run(async {
        let sink = place.sink();
        let mut from = 0;
        for round in 0..40 {
            let (mut writer, reached) = open(&sink, &lane).await;
            // Either all of a commit that was given up came true or nothing did, and the opening knows which.
            assert!(reached == from || reached == from + 50, "{reached} after {from}");
            from = reached;
            let commit = writer.commit(group(&lane, from, 50));
            let _ = tokio::time::timeout(Duration::from_micros(700 * (round % 12)), commit).await;
        }
        let (_, reached) = open(&sink, &lane).await;
        assert_eq!(place.wrong(&[(&lane, reached)]), Default::default());
        assert!(reached >= 50, "some of them come true");
    });
}

pub(super) fn not_begun(broker: &Broker) {
    let place = Place::new(broker, 1);
    let (slow, other) = (lane("slow"), lane("other"));
    run(async {
        let sink = place.sink();
        let mut first = open(&sink, &slow).await.0;
        let mut second = open(&sink, &other).await.0;
        let long = tokio::spawn({
            let group = super::place::sized(&slow, 0, 6000, 1000);
            async move { commit(&mut first, group).await }
        });
        // In the queue behind it.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let mut commit = second.commit(group(&other, 0, 10));
        assert!((&mut commit).now_or_never().is_none());
        drop(commit);
        drop(second);
        assert!(!long.is_finished(), "the first one is too quick for this trial");
        long.await.expect("it commits");
        assert_eq!(open(&sink, &other).await.1, 0);
        assert_eq!(place.wrong(&[(&slow, 6000)]), Default::default());
    });
}
