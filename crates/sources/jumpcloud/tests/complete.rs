//! Complete and without repeats: a poller against a model of the API, with late events, faults and crashes at
//! random places. `SEED=n cargo test -p adr-source-jumpcloud --test complete` replays one life,
//! `LIVES=n` sets how many there are.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use adr_core::FailureKind;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use support::driver::{Driver, Pulled};
use support::model::{Doc, Knobs, Model};
use support::{DAY, ManualClock};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// What a life is made of, drawn from its seed.
struct Life {
    random: SmallRng,
    overlap: i64,
    settle: i64,
    /// Events become visible within the settle time: then even without an overlap nothing may be missing.
    promised: i64,
    next_id: u64,
    /// When each event that must come was, and when it became visible.
    expected: BTreeMap<String, (i64, i64)>,
}

impl Life {
    fn text(&mut self, id: &str, millis: i64) -> String {
        let base = support::rfc3339(millis);
        let stem = &base[..base.len() - 5];
        // The same millisecond, written with 0 to 9 fraction digits as the real services do.
        let digits = format!("{:03}", millis.rem_euclid(1000));
        let time = match self.random.random_range(0..4) {
            0 if digits == "000" => format!("{stem}Z"),
            1 => format!("{stem}.{digits}{:06}Z", self.random.random_range(0..1_000_000)),
            2 => format!("{stem}.{digits}{}Z", self.random.random_range(1..10)),
            _ => format!("{stem}.{digits}Z"),
        };
        match self.random.random_range(0..3) {
            0 => format!(r#"{{"id":"{id}","timestamp":"{time}","event_type":"sso_auth"}}"#),
            1 => format!(
                r#"{{"changes":[{{"id":"x","to":[{{"a":"}}]"}}]}}],"timestamp":"{time}","service":"mdm","id":"{id}"}}"#
            ),
            _ => format!(
                r#"{{"id":"{id}","initiated_by":{{"id":"no","timestamp":1}},"timestamp":"{time}","q":"\"{id}\\"}}"#
            ),
        }
    }

    fn add(&mut self, model: &Model, millis: i64, visible: i64) {
        self.next_id += 1;
        let id = match self.random.random_range(0..4) {
            0 => format!("0DC4CBAE-8F3C-4D1B-9A67-{:012X}", self.next_id),
            1 => format!("other {}", self.next_id),
            _ => format!("5a2af2a82cf2b001{:08x}", self.next_id),
        };
        let copies = if self.random.random_ratio(1, 30) { 2 } else { 1 };
        let text = self.text(&id, millis);
        for copy in 0..copies {
            // A second document of one event may come later, but no later than promised.
            let visible = visible
                + if copy == 0 { 0 } else { self.random.random_range(0..=(millis + self.promised - visible).max(0)) };
            let doc = format!("{:020x}", self.random.random::<u64>());
            model.add(Doc { millis, doc, id: id.clone(), visible, text: text.clone() });
        }
        if visible <= millis + self.promised {
            self.expected.insert(id, (millis, visible));
        }
    }

    /// Some events around `now`: in bursts of one millisecond, late, or with a time in the future.
    fn produce(&mut self, model: &Model, now: i64, many: usize) {
        for _ in 0..self.random.random_range(0..=many) {
            let millis =
                now - self.random.random_range(0..2 * MINUTE) / 1000 * 1000 + self.random.random_range(0..1000);
            let burst = if self.random.random_ratio(1, 20) { self.random.random_range(2..60) } else { 1 };
            for _ in 0..burst {
                let lag = match self.random.random_range(0..10) {
                    0 => self.random.random_range(0..=self.promised),
                    1 => self.promised,
                    _ => self.random.random_range(0..=(self.settle / 2).max(1)),
                };
                // Nothing becomes visible in the past.
                self.add(model, millis, (millis + lag).max(now));
            }
        }
        if self.overlap > 0 && self.random.random_ratio(1, 10) {
            let ahead = self.random.random_range(1..30 * HOUR);
            self.add(model, now + ahead, now);
        }
        if self.random.random_ratio(1, 25) {
            // Later than promised: may come or not, but not twice.
            let millis = now - self.promised - self.random.random_range(0..5 * HOUR);
            self.add(model, millis, now);
        }
    }
}

fn knobs(random: &mut SmallRng) -> Knobs {
    let per_mille = |random: &mut SmallRng, ratio: u32| if random.random_ratio(1, 3) { ratio } else { 0 };
    let cursor_header = random.random_ratio(9, 10);
    Knobs {
        end_inclusive: random.random(),
        equal_allowed: random.random(),
        server_limit: *[10_000, 1000, 150].get(random.random_range(0..3)).unwrap(),
        headers: random.random_ratio(9, 10),
        limit_header: random.random_ratio(9, 10),
        cursor_header,
        cursor_on_empty: random.random(),
        faults: per_mille(random, 100),
        refused_cursors: per_mille(random, 50),
        repeated_cursors: per_mille(random, 50),
        shuffled_pages: if cursor_header { per_mille(random, 30) } else { 0 },
        cursor_bound: random.random(),
        snapshot: random.random(),
        pretty: random.random_ratio(1, 5),
        date_header: random.random(),
    }
}

/// One life: downtime, crashes, load; then a quiet time, after which all that was promised must have come, once.
fn live(seed: u64) {
    let mut random = SmallRng::seed_from_u64(seed);
    let overlap = *[0, 10 * MINUTE, 2 * HOUR].get(random.random_range(0..3)).unwrap();
    let settle = *[0, 5000, MINUTE].get(random.random_range(0..3)).unwrap();
    let sweep = *[MINUTE, 15 * MINUTE].get(random.random_range(0..2)).unwrap();
    let mut knobs = knobs(&mut random);
    // Where cursors cannot be relied on, a burst of one millisecond must fit into what the server gives at most.
    if !(knobs.headers && knobs.cursor_header && knobs.repeated_cursors == 0 && knobs.refused_cursors == 0) {
        knobs.server_limit = knobs.server_limit.max(1000);
    }
    let page_limit = random.random_range(1..60);
    let settings = support::settings(&format!(
        "start: -1d\nsettle: {settle}ms\noverlap: {overlap}ms\nsweep_interval: {sweep}ms\npoll_interval: 30s\npage_limit: {page_limit}\nrequest_budget: 100/s"
    ));
    let clock = ManualClock::new(DAY);
    let model = Model::new(clock.clone(), knobs.clone(), seed);
    let mut life =
        Life { promised: overlap.max(settle), overlap, settle, random, next_id: 0, expected: BTreeMap::new() };
    for _ in 0..200 {
        let millis = DAY - life.random.random_range(0..24 * HOUR - 5 * MINUTE);
        let visible = millis + life.random.random_range(0..=life.promised);
        life.add(&model, millis, visible);
    }
    let mut driver =
        Driver::new(support::lane(&settings, &support::surroundings(clock.clone(), model.clone())), clock.clone());
    let mut produced = clock.millis();
    for _ in 0..400 {
        if clock.millis() - produced > 20_000 {
            life.produce(&model, clock.millis(), 4);
            produced = clock.millis();
        }
        let _ = driver.step();
        let commits = life.random.random_range(0..3);
        driver.commit(commits);
        match life.random.random_range(0..300) {
            0..6 => driver.crash(),
            6..8 => {
                driver.crash();
                let down = life.random.random_range(0..6 * HOUR);
                for _ in 0..5 {
                    clock.advance(Duration::from_millis(u64::try_from(down / 5).unwrap()));
                    life.produce(&model, clock.millis(), 10);
                }
            }
            _ => {}
        }
    }
    {
        let mut state = model.state.lock().unwrap();
        state.knobs.faults = 0;
        state.knobs.refused_cursors = 0;
        state.knobs.repeated_cursors = 0;
        state.knobs.shuffled_pages = 0;
    }
    let quiet = clock.millis() + life.promised + 32 * HOUR;
    let mut pulls = 0;
    while clock.millis() < quiet {
        match driver.step() {
            Ok(Pulled::Wait(wait)) => {
                // Nothing happens any more: the time may go by faster.
                clock.advance(wait + Duration::from_secs(240));
            }
            Ok(_) => driver.commit_all(),
            // Without cursors, a burst is asked for as a whole, and this is said.
            Err(failure) if failure.kind == FailureKind::Protocol && !(knobs.headers && knobs.cursor_header) => {}
            Err(failure) => panic!("seed {seed}: quiet, and yet: {failure}"),
        }
        pulls += 1;
        assert!(pulls < 30_000, "seed {seed}: it never comes to rest");
    }
    check(seed, &life, &driver, &knobs);
}

fn check(seed: u64, life: &Life, driver: &Driver, knobs: &Knobs) {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for event in &driver.committed {
        *times.entry(&event.meta.id).or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "seed {seed}: delivered more than once: {twice:?}");
    for (id, (millis, visible)) in &life.expected {
        assert!(
            times.contains_key(id.as_str()),
            "seed {seed}: {id} of {} is missing; it was visible {} ms later; overlap {} settle {} {knobs:?}",
            support::rfc3339(*millis),
            visible - millis,
            life.overlap,
            life.settle
        );
    }
}

#[test]
fn every_event_comes_and_none_comes_twice() {
    if let Some(seed) = number("SEED") {
        return live(seed);
    }
    for seed in 0..number("LIVES").unwrap_or(300) {
        live(seed);
    }
}

#[expect(clippy::disallowed_methods, reason = "a test may be told its seed and its length")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
