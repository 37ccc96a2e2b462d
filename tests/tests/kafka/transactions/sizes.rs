use std::sync::Arc;

use adr_core::{Checkpoint, Committed, FailureKind, Group, Retry};
use adr_tests::kafka::{Broker, Version, unique};
use futures_util::future::join_all;

use super::place::{Place, commit, event, group, lane, open, run, size};

/// A group with these events, of which some are as large as that.
fn with_large(lane: &adr_core::LaneId, events: usize, large: &[(usize, usize)]) -> Group {
    let mut group = group(lane, 0, events);
    let all = Arc::make_mut(&mut group.events);
    for (index, bytes) in large {
        all[*index] = event(lane, *index, *bytes);
    }
    group
}

pub(super) fn too_large(broker: &Broker) {
    let mut place = Place::new(broker, 1);
    // The broker refuses what the sink takes.
    place.events = unique("small");
    broker.create_topic(&place.events, 2, &[("max.message.bytes", "20000")]);
    let events = place.events.clone();
    let place = place.with(|config| {
        config.topic = events;
        config.max_message_bytes = size("100kB");
    });
    let lanes = [lane("large1"), lane("large2"), lane("sound1"), lane("sound2")];
    run(async {
        let sink = place.sink();
        let writers = join_all(lanes.iter().map(|lane| open(&sink, lane))).await;
        let groups = [
            // Refused by the broker: one, then several and one that librdkafka refuses.
            (with_large(&lanes[0], 300, &[(7, 50_000)]), vec![7]),
            (
                with_large(&lanes[1], 300, &[(0, 50_000), (100, 30_000), (150, 200_000), (299, 60_000)]),
                vec![0, 100, 150, 299],
            ),
            (group(&lanes[2], 0, 300), vec![]),
            (with_large(&lanes[3], 300, &[(5, 15_000)]), vec![]),
        ];
        join_all(writers.into_iter().zip(groups).zip(&lanes).map(
            |(((mut writer, _), (mut group, expected)), lane)| async move {
                let mut refused = Vec::new();
                let mut kept: Vec<usize> = (0..300).collect();
                loop {
                    match writer.commit(group.clone()).await.unwrap_or_else(|failure| panic!("{lane}: {failure}")) {
                        Committed::All => break,
                        Committed::Nothing(rejections) => {
                            assert!(!rejections.is_empty(), "{lane}");
                            for rejection in rejections.iter().rev() {
                                assert!(rejection.reason.contains("max"), "{rejection:?}");
                                refused.push(kept.remove(rejection.index));
                                Arc::make_mut(&mut group.events).remove(rejection.index);
                            }
                        }
                    }
                }
                refused.sort_unstable();
                assert_eq!(refused, expected, "{lane}");
                // And the lane goes on with the same writer.
                commit(&mut writer, super::place::group(lane, 300, 10)).await;
            },
        ))
        .await;
        let expected: Vec<_> = lanes.iter().map(|lane| (lane, 310)).collect();
        let wrong = place.wrong(&expected);
        let missing = ["large1-7", "large2-0", "large2-100", "large2-150", "large2-299"];
        assert_eq!(wrong, missing.into_iter().map(|id| (id.to_owned(), 0)).collect());
    });
}

pub(super) fn checkpoint_record(broker: &Broker) {
    let place = Place::new(broker, 1).with(|config| config.max_message_bytes = size("20kB"));
    let (large, other) = (lane("large"), lane("other"));
    run(async {
        let sink = place.sink();
        let record = |bytes: usize| {
            let mut checkpoint = Checkpoint::default();
            checkpoint.set("next", "0");
            checkpoint.set("ids", vec![b'x'; bytes]);
            Group { events: Arc::new(vec![event(&large, 0, 10)]), checkpoint: Arc::new(checkpoint) }
        };
        let (mut writer, _) = open(&sink, &large).await;
        let failure = writer.commit(record(512 * 1024)).await.expect_err("with its key it is too large");
        assert_eq!((failure.kind, failure.retry), (FailureKind::Internal, Retry::Never), "{failure}");
        assert_eq!(place.wrong(&[]), Default::default());
        // The largest that is allowed goes through, whatever events may have.
        commit(&mut writer, record(512 * 1024 - 3)).await;
        commit(&mut open(&sink, &other).await.0, group(&other, 0, 3)).await;
        assert_eq!(place.wrong(&[(&large, 1), (&other, 3)]), Default::default());
    });
}

/// Whole batches are refused where a topic takes less than it did: what of them is sound is sent alone.
pub(super) fn lower_limit(version: Version) {
    let broker = Broker::start(version);
    let place = Place::new(&broker, 1);
    let lane = lane("lower");
    run(async {
        let sink = place.sink();
        let mut writer = open(&sink, &lane).await.0;
        commit(&mut writer, with_large(&lane, 300, &[(3, 30_000)])).await;
        let lower = ["--alter", "--entity-type", "topics", "--entity-name", &place.events];
        broker.tool("kafka.admin.ConfigCommand", &[&lower[..], &["--add-config", "max.message.bytes=20000"]].concat());
        let mut next = group(&lane, 300, 300);
        Arc::make_mut(&mut next.events)[17] = event(&lane, 317, 30_000);
        let committed = writer.commit(next.clone()).await.unwrap_or_else(|failure| panic!("{failure}"));
        let Committed::Nothing(rejections) = committed else { panic!("the large one is committed") };
        assert_eq!(rejections.iter().map(|rejection| rejection.index).collect::<Vec<_>>(), [17]);
        Arc::make_mut(&mut next.events).remove(17);
        commit(&mut writer, next).await;
        assert_eq!(place.wrong(&[(&lane, 600)]), [("lower-317".to_owned(), 0)].into());
    });
}
