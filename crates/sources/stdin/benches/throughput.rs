//! How fast lines come in: `cargo bench -p adr-source-stdin`. Prints one line a figure.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::io::{Read, Write, pipe};
use std::time::Instant;

use adr_core::{Budget, LaneChange, LaneId, Pull, SourceComponent};
use adr_source_stdin::StdinSource;

const LINES: usize = 600_000;

async fn measure(name: &str, input: impl Read + Send + 'static) {
    let mut component = StdinSource::new(LaneId::new("stdin", "-"), input);
    let Some(LaneChange::Start(lane)) = component.next_change().await else { panic!("one lane") };
    let mut source = lane.open(Vec::new()).unwrap();
    let budget = Budget::new(64 << 20);
    let (mut bytes, mut events, mut pages, start) = (0, 0, 0u32, Instant::now());
    while let Pull::Page(page) = source.next(budget.reserve(source.demand()).await).await.unwrap() {
        bytes += page.tally.bytes;
        events += page.events.len();
        pages += 1;
    }
    assert_eq!(events, LINES);
    println!("{name}: {:.0} MB/s, {pages} pages", bytes as f64 / start.elapsed().as_secs_f64() / 1e6);
}

#[tokio::main]
async fn main() {
    let line = format!("{{\"pad\":\"{}\"}}\n", "x".repeat(1013));
    let block = line.repeat(100);
    let whole = line.repeat(LINES);
    measure("memory", std::io::Cursor::new(whole)).await;
    let (reader, mut writer) = pipe().unwrap();
    let feed = std::thread::spawn(move || (0..LINES / 100).for_each(|_| writer.write_all(block.as_bytes()).unwrap()));
    measure("pipe of 64 KiB", reader).await;
    feed.join().unwrap();
}
