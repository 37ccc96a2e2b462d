//! Owners that are processes, so that they can be killed.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use adr_tests::kafka::{Broker, Tied, Version};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::place::{Place, commit, lane, open_at_last, run, sized};
use crate::{Case, setting};

const CHILD: &str = "JUMPCLOUD_ADR_KAFKA_CHILD";
const NAME: &str = "exactly once: the owner that is killed";

/// What a child process of a trial runs: commits until it is killed, or until there is nothing more to do.
pub(super) fn case() -> Vec<Case> {
    if setting(CHILD).is_some() { Case::alone(NAME, child) } else { Vec::new() }
}

/// Events in all, and in each transaction: large, so that a kill comes in the middle of one.
const ALL: usize = 24_000;
const EACH: usize = 2_000;

fn child() {
    let what = setting(CHILD).expect("it is a child");
    let what: Vec<&str> = what.split(' ').collect();
    let place = Place::named(what[0], what[1], what[2], 2);
    let lane = lane("killed");
    run(async {
        let sink = place.sink();
        let (mut writer, mut from) = open_at_last(&sink, &lane).await;
        while from < ALL {
            commit(&mut writer, sized(&lane, from, EACH, 1000)).await;
            from += EACH;
        }
    });
}

pub(super) fn killed(version: Version) {
    let broker = Broker::start(version);
    let place = Place::new(&broker, 2);
    let lane = lane("killed");
    let ends = |isolation: &str| {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", broker.bootstrap()).set("isolation.level", isolation);
        let consumer: BaseConsumer = config.create().expect("a consumer");
        let place = place.clone();
        move || -> i64 {
            let end = |partition| consumer.fetch_watermarks(&place.events, partition, Duration::from_secs(10));
            (0..3).map(|partition| end(partition).expect("the broker answers").1).sum()
        }
    };
    let (all, committed) = (ends("read_uncommitted"), ends("read_committed"));
    let mut in_the_middle = 0;
    let mut reached = 0;
    for round in 0..8 {
        let what = format!("{} {} {}", broker.bootstrap(), place.events, place.checkpoints);
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg(NAME).env(CHILD, what).stdout(Stdio::null());
        let owner = Tied::start(&mut command, None);
        let before = all();
        let start = Instant::now();
        // Killed as soon as it has written something, or a little later.
        while all() < before + 200 + 700 * round {
            assert!(start.elapsed() < Duration::from_secs(60), "the owner does nothing");
        }
        drop(owner);
        let open = all() > committed();
        in_the_middle += usize::from(open);
        run(async {
            let sink = place.sink();
            let (_, from) = open_at_last(&sink, &lane).await;
            assert!(from >= reached, "{from} after {reached}: progress was lost");
            reached = from;
            // What the killed one had begun is over, and nothing of it is there.
            assert_eq!(place.wrong(&[(&lane, from)]), Default::default(), "in round {round}");
        });
        if reached == ALL {
            break;
        }
    }
    assert!(in_the_middle >= 3, "only {in_the_middle} kills came in the middle of a transaction");
}
