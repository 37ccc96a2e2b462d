//! How long shards take to move.

use std::time::{Duration, Instant};

use adr_tests::kafka::{Broker, Version};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::follow::Follower;
use super::group::Group;
use super::now;
use super::site::{INSTANCES, Mode, SHARDS, Site};

/// A session timeout of 6 s and one rebalance, on a busy machine.
const LIMIT: Duration = Duration::from_secs(15);
/// An instance that says goodbye is missed at once.
const AT_ONCE: Duration = Duration::from_secs(5);

#[expect(clippy::print_stdout, reason = "says what it measured")]
pub(super) fn killed(version: Version) {
    let seed = super::seed();
    println!("moves: SEED={seed}");
    let broker = Broker::start(version);
    let mut site = Site::new(&broker, Mode::ExactlyOnce, &mut SmallRng::seed_from_u64(seed), Duration::from_secs(120));
    site.calm();
    let follower = Follower::start(&broker.bootstrap(), &site.topic);
    let group = Group::new(&broker.bootstrap(), &site.group);
    site.start_all();
    let joined = owned_by(&group, INSTANCES, Duration::from_secs(30), &site);
    flows(&follower, &site, now(), Duration::from_secs(30), "after the start");

    let (at, start) = (now(), Instant::now());
    site.instances[0].kill();
    let killed = owned_by(&group, INSTANCES - 1, LIMIT, &site);
    flows(&follower, &site, at, LIMIT.saturating_sub(start.elapsed()), "after a kill");
    let killed_flows = start.elapsed();

    let (at, start) = (now(), Instant::now());
    site.instances[0].start();
    let added = owned_by(&group, INSTANCES, LIMIT, &site);
    // Every tenant goes on, those of the shards that moved as well.
    flows(&follower, &site, at + i64::try_from(added.as_millis()).expect("short"), LIMIT, "after a start");
    let added_flows = start.elapsed();

    let (at, start) = (now(), Instant::now());
    assert!(site.instances[1].stop().success(), "{}", site.logs());
    let stopped = owned_by(&group, INSTANCES - 1, AT_ONCE, &site);
    flows(&follower, &site, at + i64::try_from(start.elapsed().as_millis()).expect("short"), LIMIT, "after a stop");
    println!(
        "moves on Kafka {}: all shards owned {:.1} s after the start; after kill -9 owned by the others in {:.1} s, every \
         tenant flows in {:.1} s; a new instance has its share in {:.1} s, flows in {:.1} s; after a stop {:.1} s, flows in {:.1} s",
        version.name(),
        joined.as_secs_f64(),
        killed.as_secs_f64(),
        killed_flows.as_secs_f64(),
        added.as_secs_f64(),
        added_flows.as_secs_f64(),
        stopped.as_secs_f64(),
        start.elapsed().as_secs_f64()
    );
    let seen = follower.end();
    assert!(seen.counts.values().all(|count| *count == 1), "an event came twice\n{}", site.logs());
}

/// Waits until so many members own all shards, each its share.
fn owned_by(group: &Group, members: usize, limit: Duration, site: &Site) -> Duration {
    let shards = usize::try_from(SHARDS).expect("a number of shards");
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        group.until(limit, |found| {
            let shares: Vec<usize> = found.values().map(Vec::len).collect();
            shares.len() == members
                && shares.iter().sum::<usize>() == shards
                && shares.iter().all(|share| *share >= shards / members)
        })
    }));
    result.unwrap_or_else(|_| panic!("{members} members do not own all shards within {limit:?}\n{}", site.logs()))
}

/// Waits until every tenant has a record that was made after that time.
fn flows(follower: &Follower, site: &Site, after: i64, limit: Duration, when: &str) {
    let flowing = follower.until(limit, |seen| {
        let flows = |tenant: &String| seen.times.get(tenant).is_some_and(|times| times.last() > Some(&after));
        site.tenants.iter().all(flows)
    });
    assert!(flowing, "{when}: a tenant stands still for more than {limit:?}\n{}", site.logs());
}
