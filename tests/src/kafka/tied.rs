//! Processes that do not outlive the test.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::process::{Running, stands};

/// A process that is killed when this goes out of scope, and also when the test itself is killed: a small shell beside
/// it waits for the end of a pipe that only this process holds.
#[derive(Debug)]
pub struct Tied {
    process: Running,
    watch: Child,
}

impl Tied {
    /// Starts it. Should the test be killed, the folder is removed as well.
    pub fn start(command: &mut Command, folder: Option<&Path>) -> Self {
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
        let process = Running(child);
        let mut watch = Command::new("sh");
        watch.args([
            "-c",
            r#"read -r said; [ "$said" = done ] || { kill -9 "$1"; sleep 1; [ -z "$2" ] || rm -rf "$2"; }"#,
            "sh",
        ]);
        watch.arg(process.0.id().to_string()).arg(folder.unwrap_or(Path::new("")));
        watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C at a terminal reaches the whole group; this one must outlive it for a moment.
        std::os::unix::process::CommandExt::process_group(&mut watch, 0);
        Self { process, watch: watch.spawn().expect("sh runs") }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Stops it from running (SIGSTOP), and waits until every thread stands.
    pub fn pause(&self) {
        self.signal("STOP");
        let start = Instant::now();
        while !stands(self.id()) {
            assert!(start.elapsed() < Duration::from_secs(30), "it does not stop");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets it run again (SIGCONT).
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.0.try_wait().expect("it can be waited for")
    }

    /// Waits until it ends by itself.
    pub fn end(&mut self, limit: Duration) -> ExitStatus {
        self.process.end(limit)
    }
}

impl Drop for Tied {
    fn drop(&mut self) {
        let _ = self.process.0.kill();
        let _ = self.process.0.wait();
        // Only now: the id may be somebody else's from here on.
        if let Some(mut pipe) = self.watch.stdin.take() {
            let _ = std::io::Write::write_all(&mut pipe, b"done\n");
        }
        let _ = self.watch.wait();
    }
}
