//! Logs that live on while their reader dies again and again.
//!
//! `SEED=n` plays one story again and prints it.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use support::{Folder, Log, numbered, read};

/// How a log is rotated.
#[derive(Clone, Copy, Debug)]
enum Naming {
    /// `app.log.1` becomes `app.log.2`.
    Shifted,
    /// `app.20260131T000001Z-000001.log`.
    Dated,
}

struct Writer {
    folder: Arc<Folder>,
    naming: Naming,
    rotated: u32,
    written: u32,
    /// Half of the next line is written.
    half: bool,
}

impl Writer {
    fn write(&mut self, lines: u32) {
        for _ in 0..lines {
            self.written += 1;
            let line = numbered([self.written]);
            let begin = if std::mem::take(&mut self.half) { 3 } else { 0 };
            self.folder.append("app.log", &line[begin..]);
        }
    }

    fn write_half(&mut self) {
        if !self.half {
            self.half = true;
            self.folder.append("app.log", &numbered([self.written + 1])[..3]);
        }
    }

    fn rotate(&mut self) {
        if self.half {
            self.write(1);
        }
        self.rotated += 1;
        match self.naming {
            Naming::Shifted => {
                for old in (1..self.rotated).rev() {
                    self.folder.rename(&format!("app.log.{old}"), &format!("app.log.{}", old + 1));
                }
                self.folder.rename("app.log", "app.log.1");
            }
            Naming::Dated => {
                let name = format!("app.20260131T000000Z-{:06}.log", self.rotated);
                self.folder.rename("app.log", &name);
            }
        }
        self.folder.append("app.log", "");
    }
}

#[expect(clippy::print_stdout, reason = "a story that is played again is told")]
async fn story(seed: u64, steps: usize, tell: bool) {
    let mut random = SmallRng::seed_from_u64(seed);
    let folder = Arc::new(Folder::new());
    let naming = if random.random() { Naming::Shifted } else { Naming::Dated };
    let pattern = if random.random() { "app.log" } else { "app*log*" };
    let mut writer = Writer { folder: folder.clone(), naming, rotated: 0, written: 0, half: false };
    writer.write(1);
    let mut log = Log::of(folder.config(&[pattern]), false).await;
    let mut delivered = log.lines().await;
    let mut pages = Vec::new();
    for _ in 0..steps {
        let step = random.random_range(0..100);
        if tell {
            println!("{step} after {} lines, {} delivered", writer.written, delivered.len());
        }
        match step {
            0..30 => writer.write(random.random_range(1..5)),
            30..40 => writer.write_half(),
            40..60 => writer.rotate(),
            // In flight for a while.
            60..75 => pages.extend(log.page().await),
            75..90 => {
                for page in pages.drain(..) {
                    delivered.extend(page.events.iter().map(|event| String::from_utf8_lossy(&event.body).into_owned()));
                    log.store.save(page.checkpoint);
                }
            }
            _ => {
                pages.clear();
                log = log.again();
            }
        }
    }
    pages.clear();
    log = log.again();
    if writer.half {
        writer.write(1);
    }
    delivered.extend(log.lines().await);
    assert_eq!(delivered, read(1..=writer.written), "seed {seed}, {naming:?}, {pattern}");
}

#[tokio::test]
async fn whatever_happens_each_line_is_delivered_once_and_in_its_order() {
    #[expect(clippy::disallowed_methods, reason = "a test is told which story to play")]
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    match seed {
        Some(seed) => story(seed, 60, true).await,
        None => {
            for seed in 0..300 {
                story(seed, 60, false).await;
            }
        }
    }
}

/// A folder that changes while it is listed, files that are renamed while they are opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_never_rests_loses_nothing_to_rotations_and_restarts() {
    for (round, naming) in [Naming::Shifted, Naming::Dated].into_iter().enumerate() {
        const LINES: u32 = 20_000;
        let folder = Arc::new(Folder::new());
        let mut writer = Writer { folder: folder.clone(), naming, rotated: 0, written: 0, half: false };
        writer.write(1);
        let mut log = folder.log("app.log").await;
        let mut delivered = log.lines().await;
        let ended = Arc::new(AtomicBool::new(false));
        let end = ended.clone();
        let thread = std::thread::spawn(move || {
            let mut random = SmallRng::seed_from_u64(round as u64);
            while writer.written < LINES {
                let lines = random.random_range(1..400);
                writer.write(lines);
                writer.rotate();
            }
            end.store(true, Ordering::Release);
            writer.written
        });
        let mut random = SmallRng::seed_from_u64(7);
        let mut lives = 0;
        let mut pages = 0;
        loop {
            let last = ended.load(Ordering::Acquire);
            match log.page().await {
                None if last => break,
                None => {}
                Some(page) => {
                    pages += 1;
                    if random.random_range(0..4) == 0 {
                        // It dies with the page in flight.
                        log = log.again();
                        lives += 1;
                        continue;
                    }
                    delivered.extend(page.events.iter().map(|event| String::from_utf8_lossy(&event.body).into_owned()));
                    log.store.save(page.checkpoint);
                }
            }
        }
        let written = thread.join().unwrap();
        assert!(lives > 10, "only {lives} lives: this proves too little");
        println!("{naming:?}: {written} lines in {pages} pages, {lives} lives");
        if matches!(naming, Naming::Shifted) {
            // Files that are made and renamed within a tick of the file system's clock have no order, and names that
            // change meanwhile give them none.
            delivered.sort_by_key(|line| (line.len(), line.clone()));
        }
        assert!(delivered == read(1..=written), "{naming:?}: {} of {written} lines", delivered.len());
    }
}
