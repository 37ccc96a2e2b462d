//! A log in a folder, and a source that reads it as the runtime would: page by page, progress saved with delivery.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part of it")]

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use adr_core::{
    Budget, Checkpoint, Failure, Lane, LaneChange, Page, Pull, Records, Size, Source, SourceComponent, Span,
};
use adr_source_file::{FileConfig, FileSource, Settings, StartAt};
use bytes::Bytes;
use tempfile::TempDir;

/// A folder of logs.
pub struct Folder(pub TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.path(name)).expect("opens");
        file.write_all(text.as_ref()).expect("writes");
    }

    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("renames");
    }

    pub fn truncate(&self, name: &str) {
        File::options().write(true).truncate(true).open(self.path(name)).expect("truncates");
    }

    pub fn config(&self, paths: &[&str]) -> FileConfig {
        let path = |name: &&str| self.path(name).to_str().expect("UTF-8").to_owned();
        let poll_interval = Some(Span(std::time::Duration::from_millis(10)));
        FileConfig { paths: paths.iter().map(path).collect(), poll_interval, ..FileConfig::default() }
    }

    /// The one log, read from its beginning.
    pub async fn log(&self, name: &str) -> Log {
        Log::of(self.config(&[name]), false).await
    }
}

/// Durable records.
#[derive(Clone, Default)]
pub struct Store(pub BTreeMap<Bytes, Bytes>);

impl Store {
    pub fn save(&mut self, checkpoint: Checkpoint) {
        for write in checkpoint.writes {
            match write.value {
                Some(value) => drop(self.0.insert(write.key, value)),
                None => drop(self.0.remove(&write.key)),
            }
        }
    }

    pub fn records(&self) -> Records {
        self.0.clone().into_iter().collect()
    }
}

/// An open lane and its records.
pub struct Log {
    pub lane: Arc<dyn Lane>,
    pub source: Box<dyn Source>,
    pub store: Store,
    pub budget: Budget,
}

pub async fn lanes(config: FileConfig, once: bool) -> Vec<Arc<dyn Lane>> {
    let mut source = FileSource::new("logs", Settings::try_from(config).expect("settings"), once);
    let mut lanes = Vec::new();
    while let Some(Some(LaneChange::Start(lane))) = futures_util::FutureExt::now_or_never(source.next_change()) {
        lanes.push(lane);
    }
    lanes
}

pub fn end(mut config: FileConfig) -> FileConfig {
    config.start = Some(StartAt::End);
    config
}

impl Log {
    pub async fn of(config: FileConfig, once: bool) -> Self {
        let lanes = lanes(config, once).await;
        assert_eq!(lanes.len(), 1, "one log");
        Self::open(lanes[0].clone(), Store::default())
    }

    pub fn open(lane: Arc<dyn Lane>, store: Store) -> Self {
        let source = lane.open(store.records()).expect("opens");
        Self { lane, source, store, budget: Budget::new(Size(64 << 20).0) }
    }

    /// As after a crash: only what was saved is known.
    pub fn again(self) -> Self {
        Self::open(self.lane, self.store)
    }

    pub async fn pull(&mut self) -> Result<Pull, Failure> {
        let memory = self.budget.reserve(self.source.demand()).await;
        self.source.next(memory).await
    }

    /// The next page that has events, with all progress before it; not saved. `None`: nothing to do, for more than one look.
    pub async fn page(&mut self) -> Option<Page> {
        let mut before = Checkpoint::default();
        for _ in 0..8 {
            match self.pull().await.expect("reads") {
                Pull::Page(page) => {
                    before.merge(page.checkpoint);
                    if !page.events.is_empty() {
                        return Some(Page { checkpoint: before, ..page });
                    }
                }
                Pull::Wait(_) => {}
                Pull::End => break,
            }
        }
        (!before.writes.is_empty()).then(|| Page { checkpoint: before, ..Page::default() })
    }

    /// All lines there are, delivered.
    pub async fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(page) = self.page().await {
            lines.extend(page.events.iter().map(|event| String::from_utf8_lossy(&event.body).into_owned()));
            self.store.save(page.checkpoint);
        }
        lines
    }
}

/// `{"n":1}` and so on, a line each.
pub fn numbered(numbers: impl IntoIterator<Item = u32>) -> String {
    numbers.into_iter().map(|number| format!("{{\"n\":{number}}}\n")).collect()
}

/// The same as they are read.
pub fn read(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbered(numbers).lines().map(str::to_owned).collect()
}
