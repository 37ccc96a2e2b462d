//! `kill -9` in a loop over the real binary that reads files while they are written and rotated: every line is delivered.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test or benchmark may panic, and says what it saw")]

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use adr_tests::process::{Running, binary};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

const KILLS: usize = 60;

fn line(log: &str, number: u32) -> String {
    format!("{{\"log\":\"{log}\",\"n\":{number},\"pad\":\"{}\"}}", "x".repeat((number % 97) as usize))
}

/// Writes a log without rest, half lines among the whole ones, and rotates it all the time.
fn write(folder: PathBuf, log: &'static str, ended: Arc<AtomicBool>) -> JoinHandle<u32> {
    let open =
        |path: &Path| BufWriter::with_capacity(300, OpenOptions::new().create(true).append(true).open(path).unwrap());
    std::thread::spawn(move || {
        let current = folder.join(format!("{log}.log"));
        let (mut random, mut file) = (SmallRng::seed_from_u64(3), open(&current));
        let (mut number, mut rotated) = (0, 0);
        while !ended.load(Ordering::Acquire) {
            for _ in 0..random.random_range(1..300) {
                number += 1;
                writeln!(file, "{}", line(log, number)).unwrap();
            }
            file.flush().unwrap();
            std::thread::sleep(Duration::from_millis(random.random_range(1..6)));
            if random.random_range(0..6) == 0 {
                rotated += 1;
                if log == "shifted" {
                    for old in (1..rotated).rev() {
                        let name = |number| folder.join(format!("{log}.log.{number}"));
                        fs::rename(name(old), name(old + 1)).unwrap();
                    }
                    fs::rename(&current, folder.join(format!("{log}.log.1"))).unwrap();
                } else {
                    fs::rename(&current, folder.join(format!("{log}.20260131T000000Z-{rotated:06}.log"))).unwrap();
                }
                // What was begun in the old file is ended there.
                number += 1;
                writeln!(file, "{}", line(log, number)).unwrap();
                file.flush().unwrap();
                file = open(&current);
            }
        }
        number
    })
}

fn run(folder: &Path, arguments: &[&str], stderr: Stdio) -> Running {
    let mut command = Command::new(binary());
    command.arg("run").arg("-c").arg(folder.join("pipeline.yaml")).arg("--state-dir").arg(folder.join("state"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    Running(command.spawn().expect("the binary starts"))
}

/// How many bytes were delivered.
fn delivered(folder: &Path) -> u64 {
    let files = fs::read_dir(folder.join("out")).unwrap().flatten();
    files.map(|file| file.metadata().map_or(0, |file| file.len())).sum()
}

#[test]
fn kills_lose_nothing_of_files_that_are_written_and_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let logs = path.join("logs");
    fs::create_dir_all(&logs).unwrap();
    fs::create_dir_all(path.join("out")).unwrap();
    let pipeline = format!(
        "sources:\n  one: {{ type: file, paths: [{0}/shifted.log], poll_interval: 10ms }}\n  \
         many: {{ type: file, paths: ['{0}/dated*.log'], poll_interval: 10ms }}\n\
         sinks:\n  out: {{ type: file, inputs: [one, many], path: {1}/out/lines.ndjson, max_bytes: 256KiB }}\n",
        logs.display(),
        path.display()
    );
    fs::write(path.join("pipeline.yaml"), pipeline).unwrap();
    // A file counts from when its beginning is saved.
    File::create(logs.join("shifted.log")).unwrap();
    assert!(run(path, &["--once"], Stdio::inherit()).end(Duration::from_secs(60)).success());
    let ended = Arc::new(AtomicBool::new(false));
    let writers = ["shifted", "dated"].map(|log| (log, write(logs.clone(), log, ended.clone())));
    let mut random = SmallRng::seed_from_u64(5);
    let (mut grew, mut size) = (0, 0);
    for _ in 0..KILLS {
        let running = run(path, &[], Stdio::null());
        std::thread::sleep(Duration::from_millis(random.random_range(20..250)));
        running.kill();
        let now = delivered(path);
        grew += usize::from(now > size);
        size = now;
    }
    assert!(grew > KILLS / 4, "only {grew} of {KILLS} lives delivered anything: this proves too little");
    ended.store(true, Ordering::Release);
    let writers = writers.map(|(log, writer)| (log, writer.join().unwrap()));
    assert!(run(path, &["--once"], Stdio::inherit()).end(Duration::from_secs(120)).success());
    let mut seen: BTreeMap<(String, u32), u32> = BTreeMap::new();
    let mut repeats = 0;
    for file in fs::read_dir(path.join("out")).unwrap().flatten() {
        for text in fs::read_to_string(file.path()).unwrap().lines() {
            let event: serde_json::Value =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
            let (log, number) = (event["log"].as_str().unwrap(), u32::try_from(event["n"].as_u64().unwrap()).unwrap());
            assert_eq!(text, line(log, number), "a line has other bytes");
            let times = seen.entry((log.to_owned(), number)).or_default();
            repeats += u32::from(*times > 0);
            *times += 1;
        }
    }
    for (log, written) in writers {
        let missing: Vec<u32> = (1..=written).filter(|number| !seen.contains_key(&(log.to_owned(), *number))).collect();
        assert!(missing.is_empty(), "{} lines of {log} are missing, such as {:?}", missing.len(), missing.first());
        let files =
            fs::read_dir(&logs).unwrap().flatten().filter(|file| file.file_name().to_string_lossy().starts_with(log));
        println!("{log}: {written} lines in {} files", files.count());
    }
    println!("{KILLS} kills, {grew} of them after deliveries; {repeats} lines came more than once");
}
