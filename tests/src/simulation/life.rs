use std::sync::Arc;
use std::time::Duration;

use adr_core::{Budget, Sink, Timestamp, Transform};
use adr_runtime::{Handle, Input, Limits, Report, Runtime, SinkKind, SinkNode, SourceNode, Topology, TransformNode};
use rand::Rng;
use tokio::time::{Instant, sleep, sleep_until};

use super::clock::SimulatedClock;
use super::scenario::{Scenario, Shape};
use super::transform::SimulatedTransform;
use super::watched::Watched;
use super::world::{Shared, World};
use super::{checks, dead_letter, sinks, store, story, transactional, transport};

/// What came of a story.
#[derive(Debug)]
pub struct Summary {
    /// How many processes lived in it.
    pub lives: usize,
    /// A hash over everything that happened.
    pub trace: u64,
    /// Steps taken.
    pub steps: u64,
    /// Broken promises; empty when all is well.
    pub complaints: Vec<String>,
}

/// Plays the story of a seed. `told` prints every step.
#[expect(clippy::print_stderr, reason = "a told story is for a person")]
pub fn play(seed: u64, told: bool) -> Summary {
    let scenario = Scenario::of(seed);
    if told {
        eprintln!("{scenario:#?}");
    }
    let (kills, end) = (scenario.kills, story::end(&scenario));
    let mut world = story::begin(scenario);
    world.told = told;
    let world = Shared::new(world);
    for _ in 0..kills {
        live(&world, None);
        if world.lock().now >= end {
            break;
        }
    }
    let report = live(&world, Some(end));
    let mut world = world.lock();
    match report {
        Some(report) => drained(&mut world, &report),
        None => world.complain("the last life did not end".into()),
    }
    checks::ended(&mut world);
    Summary {
        lives: kills + 1,
        trace: world.trace,
        steps: world.step,
        complaints: std::mem::take(&mut world.complaints),
    }
}

/// One process, from start to kill, or (with `until`) to that time and a clean drain.
fn live(world: &Shared, until: Option<Timestamp>) -> Option<Report> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let report = tokio.expect("a runtime").block_on(async {
        let clock = SimulatedClock::starting_at(world.lock().now);
        let (limit, killed) = {
            let mut world = world.lock();
            world.clock = Some(clock.clone());
            world.mark("start", 0);
            let kill_in = world.random.random_range(1..400);
            world.kill_in = until.is_none().then_some(kill_in);
            world.killed = Arc::default();
            let seconds = world.random.random_range(60..7_200);
            (Duration::from_secs(seconds), world.killed.clone())
        };
        let budget = Budget::new(world.lock().scenario.budget);
        let running = match runtime(world, clock.clone(), budget.clone()).start(topology(world, clock.clone())) {
            Ok(running) => running,
            Err(failure) => panic!("the pipeline does not start: {failure}"),
        };
        let handle = running.handle();
        if world.lock().scenario.changes {
            tokio::spawn(changes(world.clone(), clock.clone(), handle.clone()));
        }
        let report = match until {
            None => tokio::select! {
                biased;
                () = killed.notified() => None,
                () = sleep(limit) => None,
                report = running.finish() => Some(report),
            },
            Some(end) => {
                let left = end.since(world.lock().now);
                let calm = world.clone();
                let stop_at = Instant::now() + left;
                tokio::spawn(async move {
                    // The last hours pass without faults, so that all can be set right.
                    sleep_until(stop_at - story::CALM.min(left)).await;
                    calm.lock().calm_down();
                    sleep_until(stop_at).await;
                    handle.stop();
                });
                tokio::select! {
                    biased;
                    report = running.finish() => Some(report),
                    () = sleep(left + Duration::from_secs(7_200)) => None,
                }
            }
        };
        let mut world = world.lock();
        world.clock = None;
        world.peak.0 = world.peak.0.max(budget.peak());
        // One page passes alone where even it is more than the budget.
        world.peak.1 = budget.limit().max(world.largest_page);
        report
    });
    if report.is_none() {
        story::kill(&mut world.lock());
    }
    world.lock().process += 1;
    report
}

/// Goes over to the same topology now and then, with other parts of it made anew each time, as a reload does.
async fn changes(world: Shared, clock: Arc<SimulatedClock>, handle: Handle) {
    loop {
        let pause = world.lock().random.random_range(10..1_800);
        sleep(Duration::from_secs(pause)).await;
        let mut next = topology(&world, clock.clone());
        {
            let mut world = world.lock();
            world.mark("change", 0);
            // A write that is broken off may have been taken: without faults nothing may come twice.
            let sinks = world.scenario.has_faults;
            let mut stays = |likelihood| world.random.random_bool(likelihood);
            if stays(0.5) {
                next.sources[0].component = None;
            }
            next.transforms.iter_mut().filter(|_| stays(0.5)).for_each(|node| node.factory = None);
            for node in &mut next.sinks {
                let plain = matches!(node.kind, Some(SinkKind::Plain { .. }));
                if stays(0.5) || (plain && !sinks) {
                    node.kind = None;
                }
            }
            // The same sinks in another order are another way.
            if stays(0.3) {
                next.sinks.reverse();
            }
        }
        if handle.change(next).await.is_err() {
            return;
        }
    }
}

fn runtime(world: &Shared, clock: Arc<SimulatedClock>, budget: Budget) -> Runtime {
    let scenario = world.lock().scenario.clone();
    Runtime {
        clock,
        store: Arc::new(store::SimulatedStore(world.clone())),
        dead_letter: Arc::new(dead_letter::SimulatedDeadLetter(world.clone())),
        budget,
        limits: Limits {
            workers: scenario.workers,
            window: scenario.window,
            drain: Duration::from_secs(3_600),
            ..Limits::default()
        },
        seed: scenario.seed,
    }
}

fn topology(world: &Shared, clock: Arc<SimulatedClock>) -> Topology {
    let scenario = world.lock().scenario.clone();
    let edition = world.lock().random.random_range(0..2);
    let inner = transport::source(world, clock);
    let component = Box::new(Watched { world: world.clone(), inner, edition });
    let mapping = world.clone();
    let map = TransformNode {
        name: "map".into(),
        inputs: vec![Input::Source(0)],
        factory: Some(Arc::new(move || Ok(Box::new(SimulatedTransform(mapping.clone())) as Box<dyn Transform>))),
    };
    let mut topology = Topology {
        sources: vec![SourceNode { name: "jumpcloud".into(), component: Some(component) }],
        transforms: vec![map],
        sinks: Vec::new(),
        dead_letter: None,
        only: None,
    };
    for name in checks::plain_sinks(scenario.shape) {
        let (world, trail, raw) = (world.clone(), scenario.trail(), &*name == "second");
        let named = name.clone();
        let factory = move || {
            let sink = sinks::SimulatedSink { world: world.clone(), name: named.clone(), trail };
            Ok(Box::new(sink) as Box<dyn Sink>)
        };
        topology.sinks.push(SinkNode {
            name,
            inputs: vec![if raw { Input::Source(0) } else { Input::Transform(0) }],
            kind: Some(SinkKind::Plain {
                factory: Arc::new(factory),
                in_flight: scenario.in_flight,
                at_once: scenario.at_once,
            }),
            buffer: None,
            caveats: Vec::new(),
        });
    }
    if matches!(scenario.shape, Shape::Transactional | Shape::TransactionalBesidePlain) {
        let sink = transactional::SimulatedTransactions { world: world.clone(), name: "transactions".into() };
        topology.sinks.push(SinkNode {
            name: "transactions".into(),
            inputs: vec![Input::Transform(0)],
            kind: Some(SinkKind::Transactional(Arc::new(sink))),
            buffer: None,
            caveats: Vec::new(),
        });
    }
    topology
}

/// After a clean drain, every component's books must balance.
fn drained(world: &mut World, report: &Report) {
    if !report.drained {
        world.complain("the drain did not end in time".into());
    }
    for (lane, failure) in report.lanes.iter().filter_map(|(lane, failure)| Some((lane, failure.as_ref()?))) {
        world.complain(format!("lane {lane} stopped: {failure}"));
    }
    for failure in &report.sinks {
        world.complain(format!("a sink stopped: {failure}"));
    }
    for (name, counts) in &report.counts {
        if counts.in_flight() != 0 || counts.excess() != 0 {
            world.complain(format!("{name} does not balance: {counts:?}"));
        }
    }
}
