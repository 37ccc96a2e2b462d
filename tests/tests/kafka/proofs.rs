//! The whole program against a real broker, under kills: what is promised about events holds.
//!
//! Sixty simulated tenants, live, with late and repeated events and an API that fails; three instances. For
//! `JUMPCLOUD_ADR_PROOF_SECS` (60) an agent kills and pauses instances and the broker, by `SEED`. Then a read_committed consumer
//! is held against the simulator's ledger.

mod agent;
mod follow;
mod group;
mod moves;
mod site;
mod verdict;

use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant, SystemTime};

use adr_tests::kafka::{Broker, Version, read_all};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::{Case, setting};
use agent::Agent;
use follow::Follower;
use site::{Mode, Site};
use verdict::Verdict;

/// How long after the last fault everything may take to be delivered.
const CATCH_UP: Duration = Duration::from_secs(120);

pub(crate) fn cases() -> Vec<Case> {
    [
        Case::machine("proofs: a killed instance's shards move to the others in time", moves::killed),
        Case::machine("proofs: three instances, killed and paused: every event exactly once", |version| {
            prove(version, Mode::ExactlyOnce);
        }),
        Case::machine("proofs: three instances, killed and paused: every event at least once", |version| {
            prove(version, Mode::AtLeastOnce);
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `SEED`, or one that nobody has chosen.
fn seed() -> u64 {
    let given = setting("SEED").map(|seed| seed.parse().expect("SEED is a whole number"));
    given.unwrap_or_else(|| std::collections::hash_map::RandomState::new().build_hasher().finish() % 1_000_000)
}

fn length() -> Duration {
    let seconds = setting("JUMPCLOUD_ADR_PROOF_SECS");
    Duration::from_secs(seconds.map_or(60, |text| text.parse().expect("JUMPCLOUD_ADR_PROOF_SECS is a whole number")))
}

#[expect(clippy::print_stdout, reason = "says what it saw")]
fn prove(version: Version, mode: Mode) {
    let (seed, length) = (seed(), length());
    let about = format!("{mode:?} on Kafka {} for {} s, SEED={seed}", version.name(), length.as_secs());
    println!("proof: {about}");
    let mut random = SmallRng::seed_from_u64(seed);
    let mut broker = Broker::start(version);
    let mut site = Site::new(&broker, mode, &mut random, length);
    let follower = Follower::start(&broker.bootstrap(), &site.topic);
    site.start_all();

    let began = now();
    let agent = Agent::new(random, &site, &follower).run(&mut site, &mut broker, length);
    site.calm();
    let (calm, under_faults) = (Instant::now(), follower.records());
    let ledger = site.ledger();
    let caught_up = follower.until(CATCH_UP, |seen| ledger.iter().all(|event| seen.counts.contains_key(event)));
    let took = calm.elapsed();
    let ends = site.stop_all();
    let seen = follower.end();
    let verdict = Verdict::new(&ledger, &read_all(&broker.bootstrap(), &site.topic));
    println!("proof: {about}: {}", agent.acts.join(", "));
    let (silence, from) = seen.longest_silence(began);
    println!(
        "proof: {about}: {} kills and {} pauses of instances, {} pauses and {} restarts of the broker; {verdict}; \
         {under_faults} records before the last fault was over; \
         longest silence of a tenant {silence:.1} s, from {from:.1}; caught up {:.1} s after the last fault",
        agent.kills,
        agent.pauses,
        agent.broker_pauses,
        agent.broker_restarts,
        took.as_secs_f64()
    );
    let logs = || site.logs();
    if setting("JUMPCLOUD_ADR_PROOF_LOGS").is_some() {
        println!("{}", logs());
    }
    assert!(verdict.missing.is_empty(), "{about}: events are missing: {}\n{}", verdict.examples(), logs());
    assert!(verdict.strangers.is_empty(), "{about}: events that nobody made: {}\n{}", verdict.examples(), logs());
    if mode == Mode::ExactlyOnce {
        assert!(verdict.repeated.is_empty(), "{about}: events came twice: {}\n{}", verdict.examples(), logs());
    }
    assert!(caught_up, "{about}: not all was delivered within {CATCH_UP:?} of the last fault\n{}", logs());
    assert!(ends.iter().all(std::process::ExitStatus::success), "{about}: ended with {ends:?}\n{}", logs());
    assert!(agent.kills > 0 && agent.pauses > 0, "{about}: too little happened: this proves nothing");
}

#[expect(clippy::disallowed_methods, reason = "compared with what other processes write into their records")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("a time of this age")
}
