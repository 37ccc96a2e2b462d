use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use adr_core::{Checkpoint, Group, TransactionalSink};
use adr_tests::kafka::{Broker, read_all, unique};
use bytes::Bytes;

use super::place::{Place, commit, lane, open, run};
use super::refusals::add_partitions;

pub(super) fn keeps(broker: &Broker) {
    let mut place = Place::new(broker, 1);
    place.checkpoints = unique("compacted");
    let settings = [
        ("cleanup.policy", "compact"),
        ("segment.bytes", "1048576"),
        ("segment.ms", "500"),
        ("min.cleanable.dirty.ratio", "0.001"),
        ("delete.retention.ms", "100"),
    ];
    broker.create_topic(&place.checkpoints, 1, &settings);
    let checkpoints = place.checkpoints.clone();
    let place = place.with(|config| config.checkpoints.as_mut().expect("they are set").topic = checkpoints);
    let lane = lane("compacted");
    run(async {
        let mut sink = place.sink();
        let mut writer = open(&sink, &lane).await.0;
        let mut expected: BTreeMap<Bytes, Bytes> = BTreeMap::new();
        let (mut round, mut written) = (0_usize, 0);
        let start = Instant::now();
        loop {
            let mut checkpoint = Checkpoint::default();
            for number in 0..10 {
                // Each key is set and removed again and again.
                let key = Bytes::from(format!("key{}", (round * 7 + number) % 50));
                if (round + number).is_multiple_of(3) {
                    expected.remove(&key);
                    checkpoint.remove(key);
                } else {
                    let value = Bytes::from(format!("{round} {}", "x".repeat(200)));
                    expected.insert(key.clone(), value.clone());
                    checkpoint.set(key, value);
                }
                written += 1;
            }
            commit(&mut writer, Group { events: Default::default(), checkpoint: checkpoint.into() }).await;
            round += 1;
            if round.is_multiple_of(100) {
                if round.is_multiple_of(200) {
                    // Another owner.
                    sink = place.sink();
                }
                let (opened, records) = sink.open(&lane).await.expect("it opens");
                assert_eq!(records.into_iter().collect::<BTreeMap<_, _>>(), expected, "after {round} commits");
                writer = opened;
                let left = read_all(&place.config.bootstrap_servers, &place.checkpoints).len();
                if left < written / 2 && round >= 600 {
                    break;
                }
                assert!(
                    start.elapsed() < Duration::from_secs(60),
                    "{left} of {written} records are left: nothing is \
                     compacted"
                );
                tokio::time::sleep(Duration::from_millis(600)).await;
            }
        }
    });
    // What the topic was divided into is still known where another partition looks for it.
    add_partitions(broker, &place.checkpoints, 2);
    let more = place.with(|config| config.checkpoints.as_mut().expect("they are set").shards = Some(2));
    run(async {
        let sink = more.sink();
        let added = (0..).map(|number| super::place::lane(&format!("compacted{number}")));
        let lane = added.into_iter().find(|lane| sink.shards().of(&lane.tenant) == 1).expect("one of them");
        let failure = sink.open(&lane).await.err().expect("it would begin anew");
        assert!(failure.message.contains("1 shards"), "{failure}");
    });
}
