//! `kill -9` in a loop over the real binary: every event is delivered.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test or benchmark may panic, and says what it saw")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use adr_tests::process::{Simulator, appending, source_id};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

const KILLS: usize = 100;

/// Each id with the bytes it came as; a repeat must be the same bytes.
fn by_id<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, &'a str> {
    let mut seen = BTreeMap::new();
    for line in lines {
        let id = source_id(line);
        if let Some(before) = seen.insert(id.clone(), line) {
            assert_eq!(before, line, "{id} came again with other bytes");
        }
    }
    seen
}

#[test]
fn a_hundred_kills_lose_nothing_of_a_file() {
    const EVENTS: usize = 8_000;
    let simulator =
        Simulator::start(&["--events", "8000", "--seed", "11", "--fault", "delay:by=10ms", "--fault", "503:every=31"]);
    let folder = tempfile::tempdir().unwrap();
    let pipeline = simulator.pipeline(folder.path(), "page_limit: 20\nrequest_budget: 1000/s", "");
    let (state, output) = (folder.path().join("state"), folder.path().join("out.ndjson"));
    let mut random = SmallRng::seed_from_u64(11);
    let (mut grew, mut size) = (0, 0);
    for _ in 0..KILLS {
        let running = simulator.run(&pipeline, &state, &[], appending(&output), Stdio::null());
        std::thread::sleep(Duration::from_millis(random.random_range(20..250)));
        running.kill();
        let now = std::fs::metadata(&output).unwrap().len();
        grew += usize::from(now > size);
        size = now;
    }
    assert!(grew > KILLS / 4, "only {grew} of {KILLS} lives delivered anything: this proves too little");
    let mut last = simulator.run(&pipeline, &state, &["--once"], appending(&output), Stdio::inherit());
    assert!(last.end(Duration::from_secs(120)).success());
    let text = std::fs::read_to_string(&output).unwrap();
    let seen = by_id(text.lines());
    assert_eq!(seen.len(), EVENTS, "events are missing");
    let repeats = text.lines().count() - seen.len();
    println!(
        "{KILLS} kills, {grew} of them after deliveries: {EVENTS} events delivered, {repeats} of them more than once"
    );
    // A life repeats at most what it had in flight: a window of pages.
    assert!(repeats <= KILLS * 20 * 5, "{repeats} repeats are more than what was in flight");
}

#[test]
fn killing_writer_and_reader_together_loses_nothing_older_than_the_trail() {
    const EVENTS: usize = 3_000;
    let trail = Duration::from_secs(1);
    let simulator = Simulator::start(&["--events", "3000", "--seed", "12", "--fault", "delay:by=10ms"]);
    let folder = tempfile::tempdir().unwrap();
    let pipeline = simulator.pipeline(folder.path(), "page_limit: 20\nrequest_budget: 1000/s", "pipe_trail: 1s");
    let state = folder.path().join("state");
    let mut random = SmallRng::seed_from_u64(12);
    let mut kept: Vec<String> = Vec::new();
    let mut lost = 0;
    for _ in 0..12 {
        let mut running = simulator.run(&pipeline, &state, &[], Stdio::piped(), Stdio::null());
        let read = read_lines(&mut running);
        std::thread::sleep(Duration::from_millis(random.random_range(200..2_500)));
        running.kill();
        // The reader dies with it: what it took less than most of a trail ago was not kept anywhere.
        let died = Instant::now();
        let lines = read.join();
        let all = lines.len();
        let (survived, gone): (Vec<_>, Vec<_>) =
            lines.into_iter().partition(|(at, _)| died.duration_since(*at) > trail.mul_f64(0.9));
        lost += gone.len();
        assert_eq!(all, survived.len() + gone.len());
        kept.extend(survived.into_iter().map(|(_, line)| line));
    }
    assert!(lost > 100, "only {lost} lines were lost with their reader: this proves too little");
    let mut last = simulator.run(&pipeline, &state, &["--once"], Stdio::piped(), Stdio::inherit());
    let read = read_lines(&mut last);
    assert!(last.end(Duration::from_secs(120)).success());
    kept.extend(read.join().into_iter().map(|(_, line)| line));
    let seen = by_id(kept.iter().map(String::as_str));
    assert_eq!(seen.len(), EVENTS, "events are missing");
    println!("{lost} lines died with their reader; all {EVENTS} events are there");
}

/// Lines with the time of their arrival, gathered until the pipe ends.
struct Reading {
    lines: Arc<Mutex<Vec<(Instant, String)>>>,
    thread: std::thread::JoinHandle<()>,
}

fn read_lines(running: &mut adr_tests::process::Running) -> Reading {
    let stdout = BufReader::new(running.0.stdout.take().unwrap());
    let lines: Arc<Mutex<Vec<(Instant, String)>>> = Arc::default();
    let gathered = lines.clone();
    let thread = std::thread::spawn(move || {
        for line in stdout.split(b'\n').map_while(Result::ok) {
            // A line torn by the kill is no line.
            let Ok(line) = String::from_utf8(line) else { continue };
            if line.ends_with('}') {
                gathered.lock().unwrap().push((Instant::now(), line));
            }
        }
    });
    Reading { lines, thread }
}

impl Reading {
    fn join(self) -> Vec<(Instant, String)> {
        self.thread.join().unwrap();
        let mut lines = std::mem::take(&mut *self.lines.lock().unwrap());
        // Only whole events count; a torn one may end in a brace by chance.
        lines.retain(|(_, line)| serde_json::from_str::<serde_json::Value>(line).is_ok());
        lines
    }
}
