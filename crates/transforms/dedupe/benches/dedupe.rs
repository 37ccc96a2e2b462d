//! How fast events are told from their copies, and what the lock in it costs: `cargo bench -p adr-transform-dedupe`.
//! Prints one line a figure.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use adr_core::{Budget, Event, Meta, Output, Severity, Transform};
use adr_transform_dedupe::{Dedupe, DedupeConfig, Factory, Settings};

const EVENTS: usize = 50_000;
const SLICE: usize = 256;
const RUNS: u64 = 15;

fn events() -> Vec<Event> {
    let event = |number: usize| {
        let id = format!("{:024x}", number as u64 * 0x9e37_79b9);
        let body = format!(
            "{{\"metadata\":{{\"uid\":\"{id}\"}},\"user\":{{\"uid\":\"u{number}\"}},\"pad\":\"{}\"}}",
            "x".repeat(900)
        );
        let (time, tenant, kind) = (None, "t".into(), Default::default());
        Event { meta: Meta { id: id.into(), time, tenant, kind, severity: Severity::Unknown }, body: body.into() }
    };
    (0..EVENTS).map(event).collect()
}

fn factory(settings: &str) -> Factory {
    let config: DedupeConfig = serde_json::from_str(settings).unwrap();
    Factory::new(Settings::try_from(config).unwrap())
}

fn run(dedupe: &mut Dedupe, life: u64, events: &[Event]) {
    let mut out = Output::with_capacity(0, events.len());
    for slice in events.chunks(SLICE) {
        dedupe.enter(life);
        for event in slice {
            let _verdict = dedupe.apply(event, &mut out);
        }
    }
    black_box(out.finish(Budget::new(1).nothing()));
}

fn best(mut run: impl FnMut(u64)) -> Duration {
    let timed = |number| {
        let start = Instant::now();
        run(number);
        start.elapsed()
    };
    (1..=RUNS).map(timed).min().unwrap()
}

fn main() {
    let events = events();
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let line = |name: &str, time: Duration, count: usize| {
        println!("{name:<44}{:>8.0} ns an event", time.as_secs_f64() * 1e9 / count as f64);
    };
    let forward = best(|_| {
        let mut out = Output::with_capacity(0, events.len());
        for event in &events {
            let _verdict = out.forward(event.clone());
        }
        black_box(out.finish(Budget::new(1).nothing()));
    });
    line("forward alone", forward, EVENTS);
    let mut buffer = Vec::new();
    let hash = best(|life| {
        for event in &events {
            buffer.clear();
            buffer.extend(life.to_le_bytes());
            buffer.extend(event.meta.id.as_bytes());
            black_box(blake3::hash(&buffer));
        }
    });
    line("hash of a uid alone", hash, EVENTS);
    let lock = Mutex::new(0u64);
    let locked = best(|_| (0..EVENTS).for_each(|_| *black_box(&lock).lock().unwrap() += 1));
    line("a lock that nobody else wants, alone", locked, EVENTS);
    for (name, settings) in [
        ("by uid", "{}"),
        ("by body", r#"{"by":"body"}"#),
        ("by fields, two", r#"{"by":{"fields":["metadata.uid","user.uid"]}}"#),
    ] {
        let factory = factory(settings);
        let mut dedupe = factory.build();
        line(&format!("{name}, all new"), best(|life| run(&mut dedupe, life, &events)), EVENTS);
        run(&mut dedupe, 0, &events);
        line(&format!("{name}, all copies"), best(|_| run(&mut dedupe, 0, &events)), EVENTS);
    }
    let factory = factory("{}");
    let mut workers = [factory.build(), factory.build()];
    let two = best(|life| {
        std::thread::scope(|scope| {
            for (number, dedupe) in workers.iter_mut().enumerate() {
                let events = &events;
                scope.spawn(move || run(dedupe, 2 * life + number as u64, events));
            }
        });
    });
    line("by uid, all new, two workers side by side", two, 2 * EVENTS);
}
