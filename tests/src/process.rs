//! The binary as a user runs it: the simulator as another process, pipeline files, kills.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

/// The binary: as `cargo test --workspace` has just built it, else built now.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().expect("the path of this test");
        let profile = test.parent().and_then(Path::parent).expect("tests run below target/<profile>/deps");
        let binary = profile.join("jumpcloud-adr");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
        let built = std::fs::metadata(&binary).and_then(|file| file.modified()).ok();
        if built < Some(newest(&sources)) {
            build(profile);
        }
        binary
    })
}

/// When anything in a folder was last changed.
fn newest(folder: &Path) -> SystemTime {
    let entries = std::fs::read_dir(folder).expect("the sources are there").flatten();
    let changed = entries.map(|entry| match entry.metadata() {
        Ok(kind) if kind.is_dir() => newest(&entry.path()),
        Ok(file) => file.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        Err(_) => SystemTime::UNIX_EPOCH,
    });
    changed.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn build(profile: &Path) {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--locked", "--quiet", "--package", "jumpcloud-adr"]).arg("--target-dir");
    build.arg(profile.parent().expect("a target folder"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo runs").success(), "the binary does not build");
}

/// A child process that is killed when it goes out of scope.
#[derive(Debug)]
pub struct Running(pub Child);

impl Running {
    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.0.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Kills it with SIGKILL and waits until it is gone.
    pub fn kill(mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it is gone");
    }

    /// Waits until it ends by itself.
    pub fn end(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(start.elapsed() < limit, "still running after {limit:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether every thread of a process is stopped.
pub(crate) fn stands(process: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("its threads");
    threads.flatten().all(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // The state comes after the name, which may have anything in it.
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
    })
}

/// A simulated JumpCloud in a process of its own.
#[derive(Debug)]
pub struct Simulator {
    /// Where it listens.
    pub url: String,
    /// The organization it has.
    pub org_id: String,
    /// Its key, which opens nothing else.
    pub key: String,
    process: Running,
}

impl Simulator {
    /// Starts `simulate` with these arguments on a free port.
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(binary())
            .args(["simulate", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let mut greeting = String::new();
        while !greeting.contains("--org-id") {
            let line = lines.next().unwrap_or_else(|| panic!("the simulator ended: {greeting}"));
            greeting.push_str(&line.expect("text"));
            greeting.push('\n');
        }
        // Somebody must read on, or the simulator would wait for us.
        std::thread::spawn(move || lines.for_each(drop));
        let after = |mark: &str| {
            let text = greeting.split(mark).nth(1).unwrap_or_else(|| panic!("{mark} in {greeting}"));
            text.split_whitespace().next().expect("a word").trim_end_matches(';').to_owned()
        };
        Self {
            url: after("listens at "),
            org_id: after("--org-id "),
            key: after("JUMPCLOUD_API_KEY="),
            process: Running(child),
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Writes a pipeline file that reads it to standard output, with more settings of the source and of the program.
    pub fn pipeline(&self, folder: &Path, source: &str, program: &str) -> PathBuf {
        self.pipeline_to(folder, source, program, "type: stdout")
    }

    /// The same into another sink, whose settings are given.
    pub fn pipeline_to(&self, folder: &Path, source: &str, program: &str, sink: &str) -> PathBuf {
        let path = folder.join("pipeline.yaml");
        let indented: String = source.lines().map(|line| format!("    {}\n", line.trim())).collect();
        let text = format!(
            "{program}\nsources:\n  jumpcloud:\n    type: jumpcloud\n    device_name: JumpCloud\n    \
             secret_key: {{ env: SIMULATED_KEY }}\n    configuration: {{ \"org_id\": \"{}\" }}\n    base_url: {}\n{indented}\
             transforms:\n  adr: {{ type: adr, inputs: [jumpcloud] }}\nsinks:\n  out: {{ {sink}, inputs: [adr] }}\n",
            self.org_id, self.url
        );
        std::fs::write(&path, text).expect("the pipeline file is written");
        path
    }

    /// `run` of a pipeline file; standard output and standard error go where they are told.
    pub fn run(&self, pipeline: &Path, state: &Path, arguments: &[&str], stdout: Stdio, stderr: Stdio) -> Running {
        let mut command = Command::new(binary());
        command.arg("run").arg("-c").arg(pipeline).arg("--state-dir").arg(state).args(arguments);
        command.env("SIMULATED_KEY", &self.key).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        Running(command.spawn().expect("the binary starts"))
    }
}

/// A file that is appended to.
pub fn appending(path: &Path) -> Stdio {
    File::options().create(true).append(true).open(path).expect("the output file opens").into()
}

/// Reads a child's standard error to its end.
pub fn errors_of(child: &mut Running) -> String {
    let mut text = String::new();
    child.0.stderr.take().expect("stderr is piped").read_to_string(&mut text).expect("text");
    text
}

/// The JumpCloud event id of an ADR event.
pub fn source_id(line: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    let id = &event["metadata"]["original_event_uid"];
    id.as_str().unwrap_or_else(|| panic!("no original_event_uid in {line}")).to_owned()
}
