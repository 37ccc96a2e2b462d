use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// Everything a seed decides before the story begins.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) tenants: usize,
    pub(crate) events: usize,
    pub(crate) shape: Shape,
    /// A service account instead of an API key.
    pub(crate) token: bool,
    pub(crate) page_limit: u32,
    pub(crate) window: usize,
    pub(crate) workers: usize,
    pub(crate) in_flight: usize,
    /// The most events a sink takes in one write.
    pub(crate) at_once: usize,
    /// Memory for events in flight, in bytes.
    pub(crate) budget: usize,
    pub(crate) settle: Duration,
    pub(crate) overlap: Duration,
    pub(crate) sweep_interval: Duration,
    pub(crate) poll_interval: Duration,
    /// Lives that end in a kill before the last one, which runs to the end undisturbed.
    pub(crate) kills: usize,
    pub(crate) api: f64,
    pub(crate) late: f64,
    pub(crate) twins: f64,
    pub(crate) sink_errors: f64,
    pub(crate) sink_panics: f64,
    pub(crate) store_errors: f64,
    pub(crate) poison: f64,
    pub(crate) discards: f64,
    pub(crate) rejects: f64,
    pub(crate) source_panics: f64,
    /// Whether anything goes wrong at all.
    pub(crate) has_faults: bool,
    /// Whether the topology is exchanged while it runs.
    pub(crate) changes: bool,
}

/// What the events flow through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One transform, one sink.
    Chain,
    /// One transform, two sinks, one of which also gets the source's own events.
    FanOut,
    /// A sink whose reader keeps what it took only after a while: a pipe.
    Pipe,
    /// A sink that owns the checkpoint.
    Transactional,
    /// A sink that owns the checkpoint, beside a plain one.
    TransactionalBesidePlain,
}

impl Scenario {
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = SmallRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let shapes = [Shape::Chain, Shape::FanOut, Shape::Pipe, Shape::Transactional, Shape::TransactionalBesidePlain];
        let minutes = |random: &mut SmallRng, range| Duration::from_secs(60 * random.random_range::<u64, _>(range));
        // A part of the stories has no faults at all: in these nothing may ever be delivered twice.
        let faults = if random.random_bool(0.2) { 0.0 } else { 1.0 };
        let mut rate = |most: f64| if random.random_bool(0.5) { faults * random.random_range(0.0..most) } else { 0.0 };
        let (api, late, twins) = (rate(0.3), rate(0.3), rate(0.1));
        let (sink_errors, sink_panics, store_errors) = (rate(0.2), rate(0.02), rate(0.2));
        let (poison, discards, rejects, source_panics) = (rate(0.02), rate(0.2), rate(0.05), rate(0.02));
        Self {
            seed,
            tenants: random.random_range(1..=3),
            events: random.random_range(0..=120),
            shape: shapes[random.random_range(0..shapes.len())],
            token: random.random_bool(0.3),
            page_limit: random.random_range(1..=40),
            window: random.random_range(1..=4),
            workers: random.random_range(1..=2),
            in_flight: random.random_range(1..=4),
            at_once: if random.random_bool(0.5) { random.random_range(1..=8) } else { usize::MAX },
            budget: if random.random_bool(0.3) { 1 } else { 64 << 20 },
            settle: Duration::from_secs(random.random_range(0..=120)),
            overlap: if random.random_bool(0.1) { Duration::ZERO } else { minutes(&mut random, 10..=120) },
            sweep_interval: minutes(&mut random, 5..=30),
            poll_interval: Duration::from_secs(random.random_range(60..=600)),
            kills: if faults > 0.0 { random.random_range(0..=4) } else { 0 },
            api,
            late,
            twins,
            sink_errors,
            sink_panics,
            store_errors,
            poison,
            discards,
            rejects,
            source_panics,
            has_faults: faults > 0.0,
            changes: random.random_bool(0.4),
        }
    }

    /// Whether the plain sink named `name` is a pipe, and how long its reader may take.
    pub(crate) fn trail(&self) -> Option<Duration> {
        (self.shape == Shape::Pipe).then_some(Duration::from_secs(60))
    }
}
