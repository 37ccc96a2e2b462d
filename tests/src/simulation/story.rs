//! How a story begins, what is killed in it, and when it ends.

use std::time::Duration;

use adr_core::Timestamp;
use adr_simulator::{Access, Directory, Fault, FaultSpec, Knobs};
use bytes::Bytes;
use rand::Rng;
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::scenario::Scenario;
use super::transport::{CLIENT, KEY};
use super::world::World;

/// When the first process starts.
const DAWN: Timestamp = Timestamp::from_secs(1_768_435_200);
/// Events are spread from so long before the first start...
const HISTORY: Duration = Duration::from_secs(3 * 3_600);
/// ...until so long after it.
const FUTURE: Duration = Duration::from_secs(2 * 3_600);
/// The end of every story, without faults.
pub(super) const CALM: Duration = Duration::from_secs(2 * 3_600);

/// When the story ends: all events are there, and every sweep that could find one has run.
pub(super) fn end(scenario: &Scenario) -> Timestamp {
    DAWN.plus(FUTURE).plus(scenario.overlap).plus(CALM).plus(scenario.settle)
}

/// The world before the first process.
pub(super) fn begin(scenario: Scenario) -> World {
    let mut random = SmallRng::seed_from_u64(scenario.seed ^ 0x5707);
    let mut directory = Directory::new(scenario.seed);
    directory.knobs = Knobs { gzip: false, ..Knobs::seeded(scenario.seed) };
    directory.add_key(KEY, Access::All);
    directory.add_client(CLIENT, &[CLIENT], Access::All, Duration::from_secs(600));
    directory.set_faults(faults(&scenario));
    let mut world = World::new(scenario.clone(), directory, DAWN);
    for tenant in 0..scenario.tenants {
        let id = organization(tenant);
        let organization = world.directory.add_organization(&id);
        for number in 0..scenario.events {
            let time = moment(&mut random);
            let late = scenario.overlap > Duration::ZERO && random.random_bool(scenario.late);
            let visible = time.plus(
                scenario
                    .settle
                    .max(if late { scenario.overlap } else { Duration::ZERO })
                    .mul_f64(random.random_range(0.0..0.99)),
            );
            let (event, text) = text(&mut random, tenant, number, time, &id);
            world.directory.insert(organization, text.clone(), time, visible);
            if random.random_bool(scenario.twins) {
                world.directory.insert(organization, text.clone(), time, visible);
            }
            world.expected.insert((id.as_str().into(), event), text);
        }
    }
    world
}

/// Where the poller begins: before the first event.
pub(super) fn start() -> Timestamp {
    DAWN.minus(HISTORY)
}

/// The id of a tenant's organization.
pub(super) fn organization(tenant: usize) -> String {
    format!("{:024x}", 0x5eed_0000 + tenant)
}

/// Everything that the API may do wrong without losing events for good, each with an equal share.
fn faults(scenario: &Scenario) -> Vec<Fault> {
    const KINDS: [&str; 28] = [
        "429",
        "429:retry=30s",
        "429:date=30s",
        "500",
        "502",
        "503",
        "504",
        "400",
        "401",
        "402",
        "403",
        "firewall",
        "redirect",
        "not-json",
        "reset",
        "delay:by=20s",
        "hang",
        "cut:at-byte=100",
        "truncated",
        "garbage",
        "not-object",
        "no-id",
        "empty-body",
        "oversized:size=300kB",
        "repeated-cursor",
        "stuck",
        "cursors-expire",
        "no-header:name=X-Result-Count",
    ];
    if scenario.api == 0.0 {
        return Vec::new();
    }
    let share = scenario.api / KINDS.len() as f64;
    let fault = |kind: &&str| {
        let text = format!("{kind}{}share={share:.6}", if kind.contains(':') { "," } else { ":" });
        match text.parse() {
            Ok(FaultSpec::Answer(fault)) => fault,
            other => unreachable!("{text} is a fault of answers: {other:?}"),
        }
    };
    KINDS.iter().map(fault).collect()
}

/// Most events stand alone; some share one millisecond with many others.
fn moment(random: &mut SmallRng) -> Timestamp {
    let span = (HISTORY + FUTURE).as_nanos();
    let from = DAWN.minus(HISTORY);
    let offset = if random.random_bool(0.3) {
        let burst = random.random_range(1..4u64);
        Duration::from_millis(burst * 3_600_000 + 500)
    } else {
        Duration::from_nanos(random.random_range(0..u64::try_from(span).expect("hours")))
    };
    from.plus(offset)
}

/// Timestamps of 0 to 9 digits, ids of both forms. Timestamps are cut to their digits before use by the caller's text.
fn text(random: &mut SmallRng, tenant: usize, number: usize, time: Timestamp, organization: &str) -> (String, Bytes) {
    let id = if random.random_bool(0.2) {
        format!("{:08X}-0000-4000-8000-{:012X}", tenant, number)
    } else {
        format!("{:012x}{:012x}", tenant + 1, number)
    };
    let padding = "x".repeat(random.random_range(0..40));
    let text = format!(
        r#"{{"id":"{id}","timestamp":"{time}","organization":"{organization}","service":"directory","event_type":"user_update","padding":"{padding}"}}"#
    );
    (id, Bytes::from(text))
}

/// The process is gone, and with it what a pipe's reader had not kept.
pub(super) fn kill(world: &mut World) {
    world.incident("killed");
    let Some(trail) = world.scenario.trail() else { return };
    let lag = trail.mul_f64(world.random.random_range(0.0..1.0));
    let (process, lost_from) = (world.process, world.now.minus(lag));
    for held in world.sinks.values_mut() {
        held.retain(|held| held.process != process || held.time <= lost_from);
    }
}
