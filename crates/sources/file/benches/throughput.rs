//! How fast a file is read: `cargo bench -p adr-source-file`. Prints one line a figure.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::fs;
use std::time::Instant;

use adr_core::{Budget, LaneChange, Pull, SourceComponent};
use adr_source_file::{FileConfig, FileSource, Settings};

const BYTES: usize = 300_000_000;

async fn measure(line: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.ndjson");
    let text = format!("{{\"pad\":\"{}\"}}\n", "x".repeat(line - 11));
    let lines = BYTES / text.len();
    fs::write(&path, text.repeat(lines)).unwrap();
    let config = FileConfig { paths: vec![path.to_str().unwrap().to_owned()], ..FileConfig::default() };
    let mut component = FileSource::new("logs", Settings::try_from(config).unwrap(), true);
    let Some(LaneChange::Start(lane)) = component.next_change().await else { panic!("one log") };
    let mut source = lane.open(Vec::new()).unwrap();
    let budget = Budget::new(64 << 20);
    let (mut bytes, mut events, mut pages, start) = (0, 0, 0u32, Instant::now());
    while let Pull::Page(page) = source.next(budget.reserve(source.demand()).await).await.unwrap() {
        bytes += page.tally.bytes;
        events += page.events.len();
        pages += 1;
    }
    assert_eq!(events, lines);
    println!("lines of {line} bytes: {:.0} MB/s, {pages} pages", bytes as f64 / start.elapsed().as_secs_f64() / 1e6);
}

#[tokio::main]
async fn main() {
    measure(1024).await;
    measure(100).await;
}
