use adr_core::{FailureKind, Retry, TransactionalSink};
use adr_tests::kafka::Broker;
use futures_util::future::join_all;

use super::place::{Place, commit, group, lane, open, open_at_last, run};
use crate::setting;

pub(super) fn zombie(broker: &Broker) {
    let place = Place::new(broker, 1);
    let (lane, other) = (lane("zombie"), lane("bystander"));
    run(async {
        let (old, new) = (place.sink(), place.sink());
        let (mut zombie, _) = open(&old, &lane).await;
        let (mut bystander, _) = open(&old, &other).await;
        commit(&mut zombie, group(&lane, 0, 10)).await;
        let (mut writer, from) = open(&new, &lane).await;
        assert_eq!(from, 10);
        let failure = zombie.commit(group(&lane, 10, 10)).await.expect_err("it is fenced");
        assert_eq!(failure.kind, FailureKind::Fenced, "{failure}");
        assert!(failure.message.contains(&place.checkpoints) && failure.message.contains("`cluster:`"), "{failure}");
        // The other lane of that producer learns of it as well, at once.
        let failure = bystander.commit(group(&other, 0, 10)).await.expect_err("its producer is closed");
        assert_eq!(failure.kind, FailureKind::Fenced, "{failure}");
        assert_eq!(place.wrong(&[(&lane, 10)]), Default::default());
        commit(&mut writer, group(&lane, 10, 5)).await;
        // The old one takes over in turn, and finds what the other left.
        assert_eq!(open(&old, &lane).await.1, 15);
        let failure = writer.commit(group(&lane, 15, 5)).await.expect_err("it is fenced");
        assert_eq!(failure.kind, FailureKind::Fenced, "{failure}");
        assert_eq!(place.wrong(&[(&lane, 15)]), Default::default());
        // A later opening of the lane in the same instance fences too.
        let (mut first, from) = open(&old, &lane).await;
        let (mut second, _) = open(&old, &lane).await;
        let failure = first.commit(group(&lane, from, 5)).await.expect_err("it was opened anew");
        assert_eq!(failure.kind, FailureKind::Fenced, "{failure}");
        commit(&mut second, group(&lane, from, 5)).await;
        assert_eq!(place.wrong(&[(&lane, 20)]), Default::default());
    });
}

/// Owners that know nothing of each other take the lane from each other all the time.
pub(super) fn turns(broker: &Broker) {
    const LANES: usize = 8;
    let turns = setting("TURNS").map_or(240, |turns| turns.parse().expect("a number"));
    let place = Place::new(broker, u32::try_from(LANES).expect("few"));
    let seed: u64 = setting("SEED").map_or(1, |seed| seed.parse().expect("a number"));
    run(async {
        let mut seen = [false; LANES];
        let probe = place.sink().shards();
        // A tenant for each shard, so that they do not fence each other's producers.
        let lanes = (0..).map(|number| lane(&format!("turns{number}"))).filter(|lane| {
            let shard = probe.of(&lane.tenant) as usize;
            !std::mem::replace(&mut seen[shard], true)
        });
        let lanes: Vec<_> = lanes.take(LANES).collect();
        let reached = join_all(lanes.iter().enumerate().map(|(number, lane)| {
            let place = &place;
            async move {
                let owners = [place.sink(), place.sink()];
                join_all(owners.iter().enumerate().map(|(owner, sink)| {
                    let mut random = seed + (number * 2 + owner) as u64 * 7919;
                    let mut chance = move |most: usize| {
                        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                        (random >> 33) as usize % most
                    };
                    async move {
                        for _ in 0..turns / LANES / 2 {
                            let (mut writer, mut from) = open_at_last(sink, lane).await;
                            for _ in 0..chance(12) {
                                let events = chance(20);
                                match writer.commit(group(lane, from, events)).await {
                                    Ok(_) => from += events,
                                    Err(failure) => {
                                        // Mostly it is fenced. A broker that is just taking the transaction back may
                                        // say that it does not know.
                                        assert_ne!(failure.retry, Retry::Never, "{failure}");
                                        break;
                                    }
                                }
                            }
                        }
                    }
                }))
                .await;
                let (writer, records) = owners[0].open(lane).await.expect("it opens");
                drop(writer);
                super::place::next(&records)
            }
        }))
        .await;
        let expected: Vec<_> = lanes.iter().zip(reached).collect();
        assert!(expected.iter().all(|(_, events)| *events > 0), "{expected:?}");
        assert_eq!(place.wrong(&expected), Default::default(), "SEED={seed}");
    });
}
