//! What the tests of the binary share: the command in a clean environment, and a simulated JumpCloud.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part of it")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use adr_core::{Clock, Timestamp};
use adr_simulator::{Server, SharedDirectory, SimulatorOptions};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A key that must be seen nowhere.
pub const CANARY: &str = "canary-5f3a91c0de77";

/// The binary, with nothing of the tester's own environment but what a process needs.
pub fn program() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("jumpcloud-adr"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent");
    command
}

/// What a command did.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Done {
    let output = command.output().expect("the binary starts");
    Done {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Runs the binary with arguments.
pub fn call(arguments: &[&str]) -> Done {
    run(program().args(arguments))
}

/// The machine's time.
pub struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "a test's simulator lives in real time")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Timestamp::from_millis(i64::try_from(since.as_millis()).expect("before 2262"))
    }
}

/// A simulated JumpCloud on threads of its own, with one organization.
pub struct JumpCloud {
    pub url: String,
    pub org_id: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl JumpCloud {
    /// With so many events, all older than an hour, behind the key [`CANARY`].
    pub fn with_events(events: u64) -> Self {
        Self::new(SimulatorOptions { events, ..SimulatorOptions::default() })
    }

    pub fn new(options: SimulatorOptions) -> Self {
        let until = options.until.unwrap_or_else(|| Now.now().minus(Duration::from_secs(3600)));
        let options = SimulatorOptions { key: CANARY.to_owned(), until: Some(until), ..options };
        let directory = options.directory(Now.now()).expect("good options");
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = tokio.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            tokio.block_on(async {
                let _server = Server::start(listener, SharedDirectory::new(directory), Arc::new(Now)).expect("serves");
                let _ = stopped.await;
            });
        });
        Self { url, org_id: options.organization_id(0), stop: Some(stop), thread: Some(thread) }
    }

    /// Changes the world: see the simulator's `/__sim/`. Gives what it answers.
    pub fn admin(&self, method: &str, path: &str, body: &str) -> String {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("it listens");
        let length = body.len();
        let request = format!(
            "{method} /__sim/{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        body.to_owned()
    }

    /// These faults and no others, such as `429:retry=5s`.
    pub fn faults(&self, faults: &[&str]) {
        self.admin("PUT", "faults", &serde_json::json!(faults).to_string());
    }

    /// A pipeline of this tenant: its file, in a folder.
    pub fn pipeline(&self, folder: &Path, secret: &str) -> PathBuf {
        let text = format!(
            "state_dir: {}\nsources:\n  jumpcloud:\n    type: jumpcloud\n    secret_key: {secret}\n    base_url: {}\n    \
             request_budget: 1000/s\n    configuration: {{ \"org_id\": \"{}\" }}\ntransforms:\n  adr: {{ type: adr, \
             inputs: [jumpcloud] }}\nsinks:\n  out: {{ type: stdout, inputs: [adr] }}\n",
            folder.join("state").display(),
            self.url,
            self.org_id
        );
        let file = folder.join("pipeline.yaml");
        std::fs::write(&file, text).expect("writes");
        file
    }
}

impl Drop for JumpCloud {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A folder that goes with the test.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
