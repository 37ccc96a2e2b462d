use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use adr_core::{BoxFuture, LaneChange, SourceComponent};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::lane::{FileLane, lane_id};
use crate::log::Manner;
use crate::patterns::Matches;
use crate::spot::Spot;
use crate::{Settings, StartAt};

/// The folders are searched for new logs after so many looks at those that are known.
const LOOKS: u32 = 5;

/// The source component `file`: a lane for each log.
pub struct FileSource {
    name: Arc<str>,
    settings: Settings,
    once: bool,
    /// The logs that have a lane, and whether their lane has anything left to do.
    logs: BTreeMap<PathBuf, Arc<AtomicBool>>,
    changes: VecDeque<LaneChange>,
    /// What was complained of.
    told: BTreeSet<PathBuf>,
    ticks: Option<Interval>,
}

impl FileSource {
    /// The source that the pipeline file calls `name`; with `once` it ends with the files as they are. Looks what is there.
    pub fn new(name: &str, settings: Settings, once: bool) -> Self {
        let (logs, changes, told) = Default::default();
        let mut source = Self { name: name.into(), settings, once, logs, changes, told, ticks: None };
        let found = source.settings.patterns.find();
        if found.logs.is_empty() {
            let next = if once { "there is nothing to do" } else { "waiting for one" };
            tracing::warn!(source = name, "no file fits `paths`: {next}");
        }
        source.take_in(found, source.settings.start);
        source
    }

    fn take_in(&mut self, found: Matches, start: StartAt) {
        self.complain(&found);
        for path in found.logs.keys() {
            if self.logs.contains_key(path) {
                continue;
            }
            let manner = Manner {
                tenant: self.settings.tenant.clone(),
                start,
                poll_interval: self.settings.poll_interval,
                once: self.once,
            };
            let lane = FileLane::new(&self.name, Spot::new(path.clone(), self.settings.patterns.clone()), manner);
            self.logs.insert(path.clone(), lane.empty.clone());
            self.changes.push_back(LaneChange::Start(Arc::new(lane)));
        }
        let gone: Vec<PathBuf> = (self.logs.iter())
            .filter(|(path, empty)| !found.logs.contains_key(*path) && empty.load(Ordering::Acquire))
            .map(|(path, _)| path.clone())
            .collect();
        for path in gone {
            self.logs.remove(&path);
            self.changes.push_back(LaneChange::Stop(lane_id(&self.name, &path)));
        }
    }

    /// Says once what is not read.
    fn complain(&mut self, found: &Matches) {
        let fresh = |told: &mut BTreeSet<PathBuf>, paths: &[PathBuf]| {
            paths.iter().filter(|path| told.insert((*path).clone())).cloned().collect::<Vec<_>>()
        };
        let first = self.told.is_empty();
        let compressed = fresh(&mut self.told, &found.compressed);
        if let Some(example) = compressed.first() {
            let (count, example) = (compressed.len(), example.display());
            let text = "files that fit `paths` are compressed and not read: let the pattern end in .ndjson, or rotate \
                        without compression";
            if first {
                tracing::warn!(source = &*self.name, count, %example, "{text}");
            } else {
                tracing::debug!(source = &*self.name, count, %example, "{text}");
            }
        }
        for path in fresh(&mut self.told, &found.illegible) {
            let file = path.display();
            tracing::warn!(source = &*self.name, %file, "the name of a file is not UTF-8: it is not read; rename it");
        }
        for fault in &found.faults {
            if self.told.insert(fault.path().to_owned()) {
                let folder = fault.path().display();
                tracing::warn!(source = &*self.name, "{folder} cannot be searched: {}", fault.error());
            }
        }
    }
}

impl SourceComponent for FileSource {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        Box::pin(async {
            loop {
                if let Some(change) = self.changes.pop_front() {
                    return Some(change);
                }
                if self.once || !self.settings.patterns.has_globs() {
                    return None;
                }
                let period = self.settings.poll_interval * LOOKS;
                let ticks = self.ticks.get_or_insert_with(|| {
                    let mut ticks = interval_at(Instant::now() + period, period);
                    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                    ticks
                });
                ticks.tick().await;
                let patterns = self.settings.patterns.clone();
                // A panic in there is a bug of ours; the next search may do better.
                if let Ok(found) = spawn_blocking(move || patterns.find()).await {
                    self.take_in(found, StartAt::Beginning);
                }
            }
        })
    }
}
