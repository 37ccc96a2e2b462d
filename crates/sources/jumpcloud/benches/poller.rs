//! How fast a page is split and sifted, and what a lane costs while nothing happens.
//!
//! `cargo bench -p adr-source-jumpcloud` prints bytes a second for the split (beside serde_json's raw values, which
//! find the same texts), for a whole pull of a page, and nanoseconds for an id.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};

use adr_core::{BoxFuture, Budget, Lane, Pull, Source};
use adr_source_jumpcloud::{Jumpcloud, Request, Response, Room, Settings, Transport, TransportError};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::FutureExt;
use serde_json::value::RawValue;

/// Counts what is allocated.
struct Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);

#[expect(unsafe_code, reason = "an allocator that counts, in a benchmark only")]
// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size().cast_signed(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size().cast_signed(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// An event of about 1 KB, of the shape of a directory event.
fn event(number: usize) -> String {
    format!(
        r#"{{"initiated_by":{{"id":"5f3c2b1a{number:016x}","type":"admin","email":"admin{number}@example.com"}},"geoip":{{"country_code":"DE","timezone":"Europe/Berlin","latitude":52.52,"continent_code":"EU","region_name":"Land Berlin","longitude":13.40,"region_code":"BE"}},"useragent":{{"os":"Mac OS X","minor":"0","os_minor":"15","os_major":"10","os_version":"10.15.7","version":"120.0.0","os_patch":"7","patch":"0","os_full":"Mac OS X 10.15.7","major":"120","name":"Chrome","os_name":"Mac OS X","device":"Mac"}},"changes":[{{"field":"email","from":"old{number}@example.com","to":"new{number}@example.com"}},{{"field":"active","from":false,"to":true}},{{"field":"attributes","to":[{{"name":"team","value":"blue"}}]}}],"resource":{{"id":"6a4d3c2b{number:016x}","type":"user","username":"user{number}"}},"mfa":true,"event_type":"user_update","provider":null,"service":"directory","organization":"5a2af2a82cf2b0010053ea41","@version":"1","client_ip":"192.0.2.17","id":"65e8f7a6{number:016x}","timestamp":"{}","success":true}}"#,
        support::rfc3339(support::DAY - 3_600_000 + i64::try_from(number).unwrap()),
    )
}

fn page(events: usize) -> Vec<u8> {
    format!("[{}]", (0..events).map(event).collect::<Vec<_>>().join(",")).into_bytes()
}

/// Answers every request with the same page.
struct Same(Vec<u8>, usize);

impl Transport for Same {
    fn send<'a>(&'a self, _: Request, mut room: Room<'a>) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let mut response = Response { status: 200, ..Response::default() };
            response.headers.insert("x-limit", (self.1 + 1).into());
            room.append(&mut response.body, &self.0)?;
            Ok(response)
        })
    }
}

fn open(transport: Arc<dyn Transport>, extra: &str) -> (Box<dyn Source>, Arc<support::ManualClock>) {
    let clock = support::ManualClock::new(support::DAY);
    let settings = support::settings(&format!("request_budget: 100000/s\nstart: -1d\n{extra}"));
    let lane = support::lane(&settings, &support::surroundings(clock.clone(), transport));
    let mut source = lane.open(Vec::new()).unwrap();
    let budget = Budget::new(64 << 20);
    pull(&mut *source, &budget);
    (source, clock)
}

fn pull(source: &mut dyn Source, budget: &Budget) -> usize {
    let memory = budget.reserve(source.demand()).now_or_never().unwrap();
    match source.next(memory).now_or_never().unwrap().unwrap() {
        Pull::Page(page) => black_box(page).events.len(),
        _ => 0,
    }
}

fn split(c: &mut Criterion) {
    let text = page(4000);
    let mut group = c.benchmark_group("page");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("split", |b| b.iter(|| adr_source_jumpcloud::bench::split(black_box(&text))));
    group.bench_function("serde_json raw values", |b| {
        b.iter(|| serde_json::from_slice::<Vec<&RawValue>>(black_box(&text)).unwrap().len());
    });
    let same: Arc<dyn Transport> = Arc::new(Same(text, 4000));
    let budget = Budget::new(64 << 20);
    // Sizing wants no more than fits the page's target; the answer is the same whatever is asked for.
    for (name, extra) in [("pull, backfill", "overlap: 0s"), ("pull, ids kept", "overlap: 2h\nsettle: 1s")] {
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || open(same.clone(), extra).0,
                |source| assert_eq!(pull(&mut **source, &budget), 4000),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn ids(c: &mut Criterion) {
    let mut group = c.benchmark_group("dedupe");
    group.throughput(Throughput::Elements(1));
    for known in [1000, 100_000, 1_000_000] {
        let mut ids = adr_source_jumpcloud::bench::Ids::new(known);
        group.bench_function(format!("known id of {known} in 14 slices"), |b| b.iter(|| ids.known()));
        group.bench_function(format!("new id beside {known} in 14 slices"), |b| b.iter(|| ids.unknown()));
    }
    group.finish();
}

#[expect(clippy::print_stderr, reason = "a benchmark says what it measured")]
fn memory(_: &mut Criterion) {
    const LANES: usize = 1000;
    let tenants: String = (0..LANES)
        .map(|at| {
            format!("  - {{ device_name: T{at}, secret_key: {{ env: K }}, configuration: {{ org_id: {at:024x} }} }}\n")
        })
        .collect();
    let raw = support::config(&format!("base_url: http://127.0.0.1:9\ntenants:\n{tenants}")).unwrap();
    let clock = support::ManualClock::new(support::DAY);
    let nothing: Arc<dyn Transport> = Arc::new(Same(b"[]".to_vec(), 10));
    let surroundings = support::surroundings(clock.clone(), nothing);
    let budget = Budget::new(64 << 20);
    let before = HELD.load(Ordering::Relaxed);
    let settings = Settings::try_from(raw).unwrap();
    let component = Jumpcloud::new("jumpcloud", &settings, &surroundings);
    let mut sources: Vec<_> = component.lanes().map(|lane| lane.open(Vec::new()).unwrap()).collect();
    for source in &mut sources {
        for _ in 0..3 {
            pull(&mut **source, &budget);
        }
    }
    let held = HELD.load(Ordering::Relaxed) - before;
    eprintln!("an idle lane holds {} bytes, its settings included", held / LANES.cast_signed());
    let ids = adr_source_jumpcloud::bench::Ids::new(100_000);
    eprintln!(
        "100000 known ids hold {:.1} bytes each",
        (HELD.load(Ordering::Relaxed) - before - held) as f64 / 100_000.0
    );
    drop(ids);
}

criterion_group!(benches, memory, split, ids);
criterion_main!(benches);
