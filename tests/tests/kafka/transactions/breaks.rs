use std::time::{Duration, Instant};

use adr_core::LaneId;
use adr_tests::kafka::{Broker, Version};
use futures_util::future::join_all;
use tokio::sync::watch;

use super::place::{Place, group, lane, open_at_last, run, span};

/// Commits as the runtime would until told to stop. Gives how many events are committed.
async fn work(place: &Place, lane: &LaneId, stop: watch::Receiver<bool>, progress: &watch::Sender<usize>) -> usize {
    let sink = place.sink();
    loop {
        let (mut writer, mut from) = open_at_last(&sink, lane).await;
        loop {
            if *stop.borrow() {
                return from;
            }
            match writer.commit(group(lane, from, 20)).await {
                Ok(_) => from += 20,
                Err(_) => break,
            }
            progress.send_replace(from);
        }
    }
}

async fn until_more(progress: &[watch::Receiver<usize>]) {
    for progress in progress {
        let mut progress = progress.clone();
        let now = *progress.borrow_and_update();
        let more = progress.wait_for(|reached| *reached > now + 100);
        tokio::time::timeout(Duration::from_secs(90), more).await.expect("it goes on").expect("it lives");
    }
}

async fn disturbed(place: &Place, disturb: impl AsyncFnOnce(&[watch::Receiver<usize>])) {
    let lanes = [lane("breaks1"), lane("breaks2"), lane("breaks3")];
    let (stop, stopped) = watch::channel(false);
    let (senders, progress): (Vec<_>, Vec<_>) = lanes.iter().map(|_| watch::channel(0)).unzip();
    let works =
        join_all(lanes.iter().zip(&senders).map(|(lane, progress)| work(place, lane, stopped.clone(), progress)));
    let disturbing = async {
        until_more(&progress).await;
        disturb(&progress).await;
        until_more(&progress).await;
        stop.send_replace(true);
    };
    let (reached, ()) = tokio::join!(works, disturbing);
    let expected: Vec<_> = lanes.iter().zip(reached).collect();
    assert_eq!(place.wrong(&expected), Default::default());
}

pub(super) fn paused(version: Version) {
    let broker = Broker::start(version);
    let place = Place::new(&broker, 2).with(|config| config.transaction_timeout = span("3s"));
    run(disturbed(&place, async |progress: &[watch::Receiver<usize>]| {
        for seconds in [1, 6] {
            broker.pause();
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            broker.resume();
            until_more(progress).await;
        }
    }));
}

pub(super) fn restarts(version: Version) {
    let mut broker = Broker::start(version);
    let place = Place::new(&broker, 2).with(|config| config.transaction_timeout = span("10s"));
    run(disturbed(&place, async |progress: &[watch::Receiver<usize>]| {
        for _ in 0..2 {
            let start = Instant::now();
            // Blocks a thread of the runtime, and the other one goes on.
            tokio::task::block_in_place(|| broker.restart());
            until_more(progress).await;
            assert!(start.elapsed() < Duration::from_secs(90));
        }
    }));
}
