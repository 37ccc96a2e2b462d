//! Random lives of a spool on a disk that fails, and of a process that is killed at any byte.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adr_core::{Clock, Encoding, Timestamp};
use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::disk::Kernel;
use crate::{Mode, Settings};

const MOST: u64 = 600;

/// What happens to the next group of batches.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Good,
    /// The disk is full after so many bytes; whether the part can be cut away at once.
    Full(usize, bool),
    NoSync(bool),
    /// The process is killed after so many bytes; so much of what was not durable goes with the power (in 255ths).
    Killed(usize, u8),
}

#[derive(Clone, Debug)]
enum Step {
    /// The lengths of the lines of each batch.
    Group(Vec<Vec<usize>>, Fate),
    Wait,
    Restart,
    Removed,
}

#[derive(Debug, Default)]
struct Fickle {
    room: Option<usize>,
    no_sync: bool,
    no_cut: bool,
}

impl Disk for Fickle {
    fn write(&mut self, file: &File, text: &[u8]) -> io::Result<usize> {
        let part = self.room.map_or(text.len(), |room| room.min(text.len()));
        if part == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room = self.room.map(|room| room - part);
        Kernel.write(file, &text[..part])
    }

    fn sync(&mut self, _: &File) -> io::Result<()> {
        // Power fails in the model only: a real fsync would take most of the time.
        if self.no_sync { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    }

    fn cut(&mut self, file: &File, size: u64) -> io::Result<()> {
        if self.no_cut { Err(io::Error::from_raw_os_error(5)) } else { Kernel.cut(file, size) }
    }
}

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// A line that was written, and whether it must be there.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    batch: usize,
    must: bool,
    /// It is to be cut away by the next group, unless the process ends before.
    uncut: bool,
}

struct Scene {
    folder: tempfile::TempDir,
    clock: Arc<Hand>,
    spool: Option<Spool<Fickle>>,
    /// In the order of writing.
    lines: Vec<Line>,
    batches: usize,
    /// The file that the last group ended in, and its length then.
    durable: (PathBuf, u64, u64),
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(Hand(AtomicI64::new(1_790_000_000)));
        let durable = (PathBuf::new(), 0, 0);
        Self { folder, clock, spool: None, lines: Vec::new(), batches: 0, durable }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("events.ndjson")
    }

    fn spool(&mut self) -> &mut Spool<Fickle> {
        let settings = Settings {
            path: self.path(),
            encoding: Encoding::Json,
            max_bytes: MOST,
            max_age: Some(Duration::from_secs(100)),
            keep: None,
            mode: Mode(0o600),
        };
        let clock = self.clock.clone();
        self.spool.get_or_insert_with(|| Spool::new(&settings, clock, Fickle::default()))
    }

    fn group(&mut self, lengths: &[Vec<usize>], fate: Fate) {
        let (mut group, mut answers, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for lengths in lengths {
            let batch = self.batches;
            self.batches += 1;
            let text =
                |(n, length): (usize, &usize)| format!("{{\"n\":\"{batch}.{n}\",\"x\":\"{}\"}}", "y".repeat(*length));
            let lines: Vec<String> = lengths.iter().enumerate().map(text).collect();
            let (answer, answered) = oneshot::channel();
            let bodies = lines.iter().map(|line| Bytes::from(line.clone())).collect();
            group.push(Request { batch: Batch::Bodies(bodies), answer });
            answers.push(answered);
            texts.push((batch, lines));
        }
        if self.spool.is_none() {
            self.lines.iter_mut().for_each(|line| line.uncut = false);
        }
        if matches!(fate, Fate::Good | Fate::Full(_, true) | Fate::NoSync(true)) {
            self.lines.retain(|line| !line.uncut);
        }
        let spool = self.spool();
        spool.disk = match fate {
            Fate::Good => Fickle::default(),
            Fate::Full(room, cut) => Fickle { room: Some(room), no_cut: !cut, no_sync: false },
            Fate::NoSync(cut) => Fickle { room: None, no_cut: !cut, no_sync: true },
            Fate::Killed(room, _) => Fickle { room: Some(room), no_cut: true, no_sync: true },
        };
        serve(spool, &mut group);
        let killed = matches!(fate, Fate::Killed(..));
        for ((batch, lines), mut answered) in texts.into_iter().zip(answers) {
            let must = answered.try_recv().expect("an answer to each").is_ok();
            assert!(must || !matches!(fate, Fate::Good), "failed on a sound disk");
            // A part that cannot be cut now is cut later, unless the process ends before.
            let cut = matches!(fate, Fate::Full(_, true) | Fate::NoSync(true));
            if must || !cut {
                self.lines.extend(lines.into_iter().map(|text| Line { text, batch, must, uncut: !must }));
            }
        }
        if let Fate::Killed(_, lost) = fate {
            self.spool = None;
            self.lose_power(lost);
        }
        let found = self.path().metadata();
        if let (Ok(found), false) = (found, killed) {
            self.durable = (self.path(), std::os::unix::fs::MetadataExt::ino(&found), found.len());
        }
    }

    fn lose_power(&self, lost: u8) {
        let Ok(file) = File::options().write(true).open(self.path()) else { return };
        let found = file.metadata().expect("looked at");
        let (_, inode, length) = self.durable;
        let safe = if std::os::unix::fs::MetadataExt::ino(&found) == inode { length.min(found.len()) } else { 0 };
        let left = found.len() - (found.len() - safe) * u64::from(lost) / 255;
        file.set_len(left).expect("cut");
    }

    fn remove(&mut self) {
        let path = self.path();
        let gone: BTreeSet<String> = fs::read_to_string(&path).unwrap_or_default().lines().map(str::to_owned).collect();
        let _ = fs::remove_file(path);
        self.lines.retain(|line| !gone.contains(&line.text));
    }

    /// The texts of all files in their order.
    fn files(&self) -> Vec<String> {
        let mut rotated: Vec<(String, PathBuf)> = Vec::new();
        for entry in fs::read_dir(self.folder.path()).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if let Some((_, number)) = name.split_once("Z-") {
                rotated.push((number.to_owned(), path));
            }
        }
        rotated.sort();
        let paths = rotated.into_iter().map(|(_, path)| path).chain([self.path()]);
        paths.map(|path| fs::read_to_string(path).unwrap_or_default()).collect()
    }

    fn check(&mut self) {
        // A good group of nothing mends what is left to mend.
        self.group(&[vec![]], Fate::Good);
        let files = self.files();
        let mut expected = self.lines.iter().peekable();
        let mut place = BTreeSet::new();
        for (number, text) in files.iter().enumerate() {
            assert!(text.is_empty() || text.ends_with('\n'), "a torn line in {text:?}");
            let mut batches = BTreeSet::new();
            for found in text.lines() {
                let line = loop {
                    let line = expected.next().unwrap_or_else(|| panic!("{found} is out of place or there twice"));
                    if line.text == found {
                        break line;
                    }
                    assert!(!line.must, "{} is missing before {found}", line.text);
                };
                batches.insert(line.batch);
                if line.must {
                    place.insert((line.batch, number));
                }
            }
            assert!(text.len() as u64 <= MOST || batches.len() == 1, "too large: {} bytes", text.len());
        }
        assert!(expected.all(|line| !line.must), "acknowledged, and not there");
        let batches: BTreeSet<usize> = place.iter().map(|(batch, _)| *batch).collect();
        assert_eq!(batches.len(), place.len(), "a batch in two files: {place:?}");
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Good),
        2 => (0..1500usize, any::<bool>()).prop_map(|(room, cut)| Fate::Full(room, cut)),
        1 => any::<bool>().prop_map(Fate::NoSync),
        3 => (0..1500usize, any::<u8>()).prop_map(|(room, lost)| Fate::Killed(room, lost)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let batch = prop::collection::vec(0..200usize, 0..5);
    prop_oneof![
        12 => (prop::collection::vec(batch, 1..5), fate()).prop_map(|(group, fate)| Step::Group(group, fate)),
        2 => Just(Step::Wait),
        2 => Just(Step::Restart),
        1 => Just(Step::Removed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_acknowledged_is_there_once_whole_and_in_order(steps in prop::collection::vec(step(), 1..25)) {
        let mut scene = Scene::new();
        for step in steps {
            match step {
                Step::Group(group, fate) => scene.group(&group, fate),
                Step::Wait => { scene.clock.0.fetch_add(70, Ordering::Relaxed); }
                Step::Restart => scene.spool = None,
                Step::Removed => scene.remove(),
            }
            if !matches!(scene.spool.as_ref().map(|spool| spool.disk.no_cut), Some(true)) {
                scene.check();
            }
        }
        scene.check();
    }
}

#[test]
fn the_disk_of_the_tests_tears_lines() {
    let mut scene = Scene::new();
    scene.group(&[vec![10, 10]], Fate::Killed(25, 0));
    assert_eq!(fs::read_to_string(scene.path()).expect("reads").len(), 25);
    scene.check();
    assert!(Path::new(&scene.path()).exists());
}
