//! The real binary with a CCE behind it: `kill -9` in a loop, and what a person sees.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test or benchmark may panic, and says what it saw")]

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use adr_tests::octets::OctetReceiver;
use adr_tests::process::{Simulator, source_id};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

#[test]
fn kills_lose_nothing_on_the_way_to_a_cce_and_repeats_are_the_same_bytes() {
    const EVENTS: usize = 6_000;
    const KILLS: usize = 10;
    let simulator = Simulator::start(&["--events", "6000", "--seed", "13", "--fault", "delay:by=10ms"]);
    let receiver = OctetReceiver::start();
    let folder = tempfile::tempdir().unwrap();
    let sink = format!("type: cce_syslog, mode: tcp, address: \"{}\"", receiver.address);
    let pipeline = simulator.pipeline_to(folder.path(), "page_limit: 10\nrequest_budget: 1000/s", "", &sink);
    let state = folder.path().join("state");
    let mut random = SmallRng::seed_from_u64(13);
    let mut grew = 0;
    for _ in 0..KILLS {
        let before = receiver.count();
        let running = simulator.run(&pipeline, &state, &[], Stdio::null(), Stdio::null());
        // The first second of a connection proves nothing: only what is killed later has made progress.
        std::thread::sleep(Duration::from_millis(random.random_range(700..2_200)));
        running.kill();
        grew += usize::from(receiver.count() > before);
    }
    assert!(grew > KILLS / 2, "only {grew} of {KILLS} lives sent anything: this proves too little");
    let mut last = simulator.run(&pipeline, &state, &["--once"], Stdio::null(), Stdio::inherit());
    assert!(last.end(Duration::from_secs(120)).success());
    let bodies = receiver.bodies();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for body in &bodies {
        let id = source_id(body);
        if let Some(before) = seen.insert(id.clone(), body) {
            assert_eq!(before, body, "{id} came again with other bytes");
        }
    }
    assert_eq!(seen.len(), EVENTS, "events are missing");
    let repeats = bodies.len() - EVENTS;
    println!("{KILLS} kills: {EVENTS} events arrived, {repeats} messages more than once");
    assert!(bodies.len() < EVENTS * KILLS, "no life has saved any progress");
}
