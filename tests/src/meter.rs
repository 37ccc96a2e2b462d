//! What a process costs, from outside: processor time and peak memory.

use std::fs;
use std::time::{Duration, Instant};

use crate::process::Running;

/// What a process has cost so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Time on the wall since it was first looked at.
    pub wall: Duration,
    /// Processor time, user and system, of all its threads.
    pub cpu: Duration,
    /// Resident memory now, in MiB.
    pub resident_mib: f64,
    /// The most resident memory it ever had, in MiB.
    pub peak_mib: f64,
}

/// Reads the cost of a process; `None` when it is gone.
pub fn cost(pid: u32, since: Instant) -> Option<Cost> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; the fields after it do not.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
    };
    // A tick is a hundredth of a second on every Linux of today.
    Some(Cost {
        wall: since.elapsed(),
        cpu: Duration::from_millis(ticks * 10),
        resident_mib: mib("VmRSS:")?,
        peak_mib: mib("VmHWM:")?,
    })
}

/// Watches a process until it ends; its last figures (at most a few milliseconds short).
pub fn until_end(running: &mut Running) -> Cost {
    let start = Instant::now();
    let mut last = Cost::default();
    while running.0.try_wait().expect("it can be waited for").is_none() {
        if let Some(now) = cost(running.0.id(), start) {
            last = now;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    last.wall = start.elapsed();
    last
}
