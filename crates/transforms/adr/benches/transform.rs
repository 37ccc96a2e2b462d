//! How fast events are mapped, against `serde_json::Value` in and out on the same bytes in the same run.
//!
//! `cargo bench -p adr-transform` prints criterion's figures, then one table: events and bytes a second, the ratio,
//! allocations an event, and what a second thread adds; then the same for encoding what was mapped.
#![allow(clippy::print_stdout, reason = "its figures are what it is for")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use adr_core::{ByteString, Detail, Encoder, Encoding, Event, Meta, Severity, Timestamp};
use adr_simulator::EventGenerator;
use adr_transform::{Adr, AdrConfig, encoder};
use criterion::{Criterion, Throughput};

const TENANT: &str = "5f0c1d2e3f4a5b6c7d8e9f01";

/// Counts what is asked of the system's allocator.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator that counts; it passes every call on unchanged")]
// SAFETY: every call goes to the system's allocator with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// 10,000 events of the simulator's realistic mix, about 1 KB each.
fn events() -> Vec<String> {
    let generator = EventGenerator::new(7);
    (0..10_000u64)
        .map(|number| {
            let time = Timestamp::from_secs(1_767_225_600).plus(Duration::from_millis(number * 250));
            let (text, _) = generator.event(number, time, TENANT);
            String::from_utf8(text).expect("the simulator writes UTF-8")
        })
        .collect()
}

fn map_all(adr: &mut Adr, events: &[String], out: &mut Vec<u8>) {
    out.clear();
    for event in events {
        let mapped = adr.map(event.as_bytes(), TENANT, out).expect("every sample is an event");
        black_box(mapped);
        out.push(b'\n');
    }
}

fn value_all(events: &[String], out: &mut Vec<u8>) {
    out.clear();
    for event in events {
        let value: serde_json::Value = serde_json::from_str(event).expect("every sample is JSON");
        serde_json::to_writer(&mut *out, &value).expect("writing to memory");
        out.push(b'\n');
    }
}

/// The events as a sink gets them.
fn mapped(events: &[String]) -> Vec<Event> {
    let mut adr = AdrConfig::default().build();
    let tenant: Arc<str> = Arc::from(TENANT);
    let event = |text: &String| {
        let mut out = Vec::new();
        let mapped = adr.map(text.as_bytes(), TENANT, &mut out).expect("every sample is an event");
        let part = |range| ByteString::try_from(&out[range]).expect("ADR events are text");
        let (id, kind) = (part(mapped.id), part(mapped.kind));
        let meta = Meta { id, time: mapped.time, tenant: Arc::clone(&tenant), kind, severity: Severity::Informational };
        Event { meta, body: out.into() }
    };
    events.iter().map(event).collect()
}

fn encode_all(encoder: &mut dyn Encoder, events: &[Event], out: &mut Vec<u8>) {
    out.clear();
    for event in events {
        encoder.encode(event, Detail::Whole, out).expect("every ADR event can be written");
        out.push(b'\n');
    }
}

/// Prints how fast events are encoded, against `serde_json::Value` in and out on the same ADR events.
fn encodings(events: &[String], out: &mut Vec<u8>) {
    let adr = mapped(events);
    let texts: Vec<String> =
        adr.iter().map(|event| String::from_utf8(event.body.to_vec()).expect("ADR events are text")).collect();
    let mut other = Vec::with_capacity(64 << 20);
    println!("\nencoding          events/s of a processor   bytes each   over Value   allocations an event");
    for (name, encoding) in
        [("json", Encoding::Json), ("cef", Encoding::Cef), ("leef", Encoding::Leef), ("flat", Encoding::Flat)]
    {
        let mut encoder = encoder(encoding);
        let (ours, value) =
            best(processor_time, || encode_all(&mut *encoder, &adr, out), || value_all(&texts, &mut other));
        let allocations = allocations(adr.len() as u64, || encode_all(&mut *encoder, &adr, out));
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let (rate, ratio) = (adr.len() as f64 / ours.as_secs_f64(), value.as_secs_f64() / ours.as_secs_f64());
        println!("{name:<16}{rate:>26.0}{:>13}{ratio:>13.2}{allocations:>23.4}", out.len() / adr.len());
    }
}

/// The best times of two runs that take turns, so that a busy machine is busy for both.
fn best(clock: impl Fn() -> Duration, mut one: impl FnMut(), mut other: impl FnMut()) -> (Duration, Duration) {
    let timed = |run: &mut dyn FnMut()| {
        let start = clock();
        run();
        clock() - start
    };
    (0..25).fold((Duration::MAX, Duration::MAX), |(a, b), _| (a.min(timed(&mut one)), b.min(timed(&mut other))))
}

/// What this thread has had of a processor, where Linux says so; else the time of day.
fn processor_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

fn threaded(events: &[String], threads: usize) {
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let (mut adr, mut out) = (AdrConfig::default().build(), Vec::with_capacity(32 << 20));
                for _ in 0..5 {
                    map_all(&mut adr, events, &mut out);
                }
            });
        }
    });
}

fn allocations(events: u64, mut run: impl FnMut()) -> f64 {
    run();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    run();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    {
        (ALLOCATIONS.load(Ordering::Relaxed) - before) as f64 / events as f64
    }
}

fn main() {
    let events = events();
    let bytes: usize = events.iter().map(String::len).sum();
    let (mut adr, mut out) = (AdrConfig::default().build(), Vec::with_capacity(64 << 20));

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("transform");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("adr", |bencher| bencher.iter(|| map_all(&mut adr, &events, &mut out)));
    group.bench_function("serde_json_value", |bencher| bencher.iter(|| value_all(&events, &mut out)));
    let adr_events = mapped(&events);
    for (name, encoding) in [("cef", Encoding::Cef), ("leef", Encoding::Leef), ("flat", Encoding::Flat)] {
        let mut encoder = encoder(encoding);
        group.bench_function(name, |bencher| bencher.iter(|| encode_all(&mut *encoder, &adr_events, &mut out)));
    }
    group.finish();
    criterion.final_summary();

    let count = events.len() as u64;
    let mut other = Vec::with_capacity(64 << 20);
    let (ours, value) =
        best(processor_time, || map_all(&mut adr, &events, &mut out), || value_all(&events, &mut other));
    let grown = out.len();
    let start = Instant::now();
    let (one, two) = best(|| start.elapsed(), || threaded(&events, 1), || threaded(&events, 2));
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let line = |name: &str, time: Duration, of: u64| {
        let seconds = time.as_secs_f64();
        let events = (count * of) as f64 / seconds;
        println!("{name:<28}{events:>12.0} events/s {:>8.1} MB/s", bytes as f64 * of as f64 / seconds / 1e6);
    };
    println!("\n{count} events, {} bytes each, {} bytes each when mapped", bytes / events.len(), grown / events.len());
    line("adr, of a processor", ours, 1);
    line("serde_json::Value, the same", value, 1);
    println!("ratio                       {:>12.2}", value.as_secs_f64() / ours.as_secs_f64());
    line("adr, 1 thread", one, 5);
    line("adr, 2 threads", two, 10);
    println!("2 threads over 1            {:>12.2}", 2.0 * one.as_secs_f64() / two.as_secs_f64());
    println!("allocations an event, adr   {:>12.4}", allocations(count, || map_all(&mut adr, &events, &mut out)));
    println!("allocations an event, Value {:>12.4}", allocations(count, || value_all(&events, &mut out)));
    encodings(&events, &mut out);
}
