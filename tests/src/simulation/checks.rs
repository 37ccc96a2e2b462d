//! What must be true, whatever happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adr_core::{Checkpoint, LaneId};

use super::scenario::Shape;
use super::watched::PAGE;
use super::world::{Held, Key, World};

/// A checkpoint is about to become durable: everything it covers must be held by every plain sink (for as long as
/// its trail, where it has one), or be kept or discarded on purpose.
pub(crate) fn saved(world: &mut World, lane: &LaneId, checkpoint: &Checkpoint) {
    let number = checkpoint.writes.iter().rev().find(|write| write.key.as_ref() == PAGE);
    let Some(value) = number.and_then(|write| write.value.as_ref()) else { return };
    let read = |from: usize| u64::from_be_bytes(value[from..from + 8].try_into().expect("eight bytes"));
    let (life, pages) = (read(0), usize::try_from(read(8)).expect("few pages"));
    let covered: Vec<Key> = world.pages[&(lane.clone(), life)][..pages].concat();
    let trail = world.scenario.trail();
    let draining = !world.faults;
    let plain: Vec<Arc<str>> = plain_sinks(world.scenario.shape);
    for sink in plain {
        let held: BTreeSet<&Key> = world
            .sinks
            .get(&sink)
            .into_iter()
            .flatten()
            .filter(|held| {
                let settled = trail.is_none_or(|trail| held.time.plus(trail) <= world.now);
                held.process < world.process || settled || draining
            })
            .map(|held| &held.key)
            .collect();
        let missing = covered.iter().find(|key| !held.contains(key) && !excused(world, &sink, key));
        if let Some((tenant, id)) = missing.cloned() {
            world.complain(format!("checkpoint of {lane} covers {tenant}/{id}, which sink {sink} does not hold"));
            return;
        }
    }
}

/// The sinks of a shape that do not own the checkpoint.
pub(crate) fn plain_sinks(shape: Shape) -> Vec<Arc<str>> {
    match shape {
        Shape::Chain | Shape::Pipe | Shape::TransactionalBesidePlain => vec!["first".into()],
        Shape::FanOut => vec!["first".into(), "second".into()],
        Shape::Transactional => vec![],
    }
}

fn transactional(shape: Shape) -> bool {
    matches!(shape, Shape::Transactional | Shape::TransactionalBesidePlain)
}

/// The story is over: nothing is missing, no repeat is unexplained, texts are whole, memory was bounded.
pub(crate) fn ended(world: &mut World) {
    let expected = std::mem::take(&mut world.expected);
    let mut names = plain_sinks(world.scenario.shape);
    if transactional(world.scenario.shape) {
        names.push("transactions".into());
    }
    for name in names {
        let held = world.sinks.remove(&name).unwrap_or_default();
        let mut copies: BTreeMap<&Key, Vec<u64>> = BTreeMap::new();
        for held in &held {
            copies.entry(&held.key).or_default().push(held.step);
            if expected.get(&held.key).is_some_and(|body| *body != held.body) {
                let (tenant, id) = &held.key;
                world.complain(format!("sink {name} holds {tenant}/{id} with another text"));
            }
        }
        for (tenant, id) in expected.keys() {
            let key = (tenant.clone(), id.clone());
            if !copies.contains_key(&key) && !excused(world, &name, &key) {
                world.complain(format!("sink {name} misses {tenant}/{id}"));
            }
        }
        // With several deliveries open the simulated sink takes batches in the order in which they resolve.
        if world.incidents.is_empty() && world.scenario.in_flight == 1 {
            in_order(world, &name, &held);
        }
        for (key, steps) in copies.iter().filter(|(key, steps)| steps.len() > 1 && expected.contains_key(*key)) {
            let emitted = world.emitted.get(*key).copied().unwrap_or_default();
            let unexplained = steps[1..]
                .iter()
                .any(|step| !world.incidents.iter().any(|incident| (emitted..=*step).contains(incident)));
            if unexplained || &*name == "transactions" {
                let (tenant, id) = key;
                world.complain(format!(
                    "sink {name} holds {tenant}/{id} {} times, at the steps {steps:?}, and nothing explains it",
                    steps.len()
                ));
            }
        }
    }
    let (peak, most) = world.peak;
    if peak > most {
        world.complain(format!("{peak} bytes were held at once; {most} are allowed"));
    }
}

/// Whether an event need not be at a sink: kept in the dead letter on its way there, or discarded on purpose.
fn excused(world: &World, sink: &Arc<str>, key: &Key) -> bool {
    let mapped = &**sink != "second";
    world.dead.contains(&(sink.clone(), key.clone()))
        || (mapped && (world.dead.contains(&("map".into(), key.clone())) || world.discarded.contains(key)))
}

/// Without faults a sink holds every lane's events in the order in which its source gave them.
fn in_order(world: &mut World, sink: &Arc<str>, held: &[Held]) {
    let lanes: Vec<(LaneId, u64)> = world.pages.keys().cloned().collect();
    for (lane, life) in lanes {
        let read = world.pages[&(lane.clone(), life)].concat();
        let read = read.iter().filter(|key| !excused(world, sink, key));
        let holds = held.iter().map(|held| &held.key).filter(|(tenant, _)| *tenant == lane.tenant);
        if !read.eq(holds) {
            world.complain(format!("sink {sink} holds the events of {lane} in another order than they were read"));
        }
    }
}
