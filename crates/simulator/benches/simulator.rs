//! How fast the simulator is: `cargo bench -p adr-simulator`.

use std::hint::black_box;
use std::sync::Arc;

use adr_core::Timestamp;
use adr_simulator::{Access, Directory, EventGenerator, Generated, Request, Span};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const NOW: Timestamp = Timestamp::from_secs(1_769_418_000);
const ORG: &str = "5a2af2a82cf2b0010053ea41";

fn generator(criterion: &mut Criterion) {
    let generator = EventGenerator::new(1);
    let mut out = Vec::with_capacity(64 << 20);
    let write = |out: &mut Vec<u8>| {
        out.clear();
        for number in 0..10_000 {
            generator.write(number, NOW, ORG, out);
        }
        out.len() as u64
    };
    let mut group = criterion.benchmark_group("generator");
    group.throughput(Throughput::Bytes(write(&mut out)));
    group.bench_function("10,000 events", |bencher| bencher.iter(|| black_box(write(&mut out))));
    group.finish();
}

fn generated_world(count: u64) -> Directory {
    let mut directory = Directory::new(1);
    let org = directory.add_organization(ORG);
    directory.add_key("key", Access::Organization(org));
    let span = Span { start: Timestamp::from_secs(1_766_826_000), end: NOW };
    directory.generate(org, Generated::new(Arc::new(EventGenerator::new(1)), 0, ORG, count, span));
    directory
}

fn pages(criterion: &mut Criterion) {
    let mut directory = generated_world(1_000_000);
    let body = r#"{"service":["all"],"start_time":"2026-01-10T00:00:00Z","limit":10000}"#;
    let request = Request::post("/insights/directory/v1/events", body).with("x-api-key", "key");
    let mut group = criterion.benchmark_group("page of 10,000 among 1,000,000");
    group.bench_function("heads", |bencher| bencher.iter(|| black_box(directory.handle(NOW, &request))));
    let size = directory.handle(NOW, &request).body.into_bytes().len();
    group.throughput(Throughput::Bytes(size as u64));
    group.bench_function("with text", |bencher| {
        bencher.iter(|| {
            directory.handle(NOW, &request).body.into_chunks().map(|chunk| black_box(chunk.len())).sum::<usize>()
        });
    });
    group.finish();
}

fn model(criterion: &mut Criterion) {
    let generator = EventGenerator::new(1);
    let texts: Vec<_> = (0..100).map(|number| generator.event(number, NOW, ORG)).collect();
    let build = || {
        let mut directory = Directory::new(1);
        let org = directory.add_organization(ORG);
        directory.add_key("key", Access::Organization(org));
        for (text, time) in &texts {
            directory.insert(org, text.clone(), *time, *time);
        }
        directory
    };
    let body =
        r#"{"service":["all"],"start_time":"2026-01-10T00:00:00Z","end_time":"2026-01-27T00:00:00Z","limit":25}"#;
    let request = Request::post("/insights/directory/v1/events", body).with("x-api-key", "key");
    let mut group = criterion.benchmark_group("small model");
    group.bench_function("empty world", |bencher| bencher.iter(|| black_box(Directory::new(1))));
    group.bench_function("world of 100 events", |bencher| bencher.iter(|| black_box(build())));
    let mut directory = build();
    group.bench_function("page of 25", |bencher| {
        bencher.iter_batched(
            || (),
            |()| black_box(directory.handle(NOW, &request).body.into_bytes()),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("generator", |bencher| bencher.iter(|| black_box(EventGenerator::new(7))));
    group.finish();
}

criterion_group!(benches, generator, pages, model);
criterion_main!(benches);
