//! A folder of devices, a simulated JumpCloud, and a CCE that is a file.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use adr_core::Clock;
use adr_simulator::SimulatorOptions;
use serde_json::Value;

use crate::common::{CANARY, Done, JumpCloud, Now, folder, program, run};

pub(super) const LIMIT: Duration = Duration::from_secs(20);
/// Each CCE has a file of its own here.
const TEMPLATE: &str = "\
sources:
  jumpcloud: { type: jumpcloud, poll_interval: 1s, settle: 0s }
sinks:
  cce: { type: file, inputs: [jumpcloud], path: \"FOLDER/${DEVICE_CCE}.ndjson\" }
";

pub(super) struct Scene {
    pub(super) jumpcloud: JumpCloud,
    pub(super) options: SimulatorOptions,
    folder: tempfile::TempDir,
    serving: Option<Child>,
}

impl Scene {
    pub(super) fn new(events: u64, seal: bool) -> Self {
        let until = Some(Now.now().plus(Duration::from_secs(3600)));
        let options = SimulatorOptions {
            events,
            tenants: 2,
            key: CANARY.to_owned(),
            span: Duration::from_secs(7200),
            until,
            ..SimulatorOptions::default()
        };
        let (jumpcloud, folder) = (JumpCloud::new(options.clone()), folder());
        let template = TEMPLATE.replace("FOLDER", &folder.path().display().to_string());
        std::fs::write(folder.path().join("template.yaml"), template).expect("writes");
        if seal {
            std::fs::write(folder.path().join("seal"), "not-a-secret-but-long-enough-to-be-one\n").expect("writes");
        }
        Self { jumpcloud, options, folder, serving: None }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = program();
        command.args(words).args(["--devices", "devices", "--template", "template.yaml"]).current_dir(self.path());
        if self.path().join("seal").exists() {
            command.args(["--seal", "file:seal"]);
        }
        command
    }

    /// `device ...`, with a key on standard input.
    pub(super) fn device(&self, words: &[&str], key: &str) -> Done {
        Self::told(self.command(&[&["device"], words].concat()), key)
    }

    /// A command in the folder, with a secret on standard input.
    pub(super) fn ask(&self, words: &[&str], secret: &str) -> Done {
        let mut command = program();
        command.args(words).current_dir(self.path());
        Self::told(command, secret)
    }

    fn told(mut command: Command, key: &str) -> Done {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        // It may not ask for a key at all.
        let _ = child.stdin.take().expect("a pipe").write_all(key.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Done { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    pub(super) fn add(&self, name: &str, cce: &str, number: u32) -> Done {
        let (org, key) = (self.options.organization_id(number), self.options.key_of(number));
        let url = self.jumpcloud.url.clone();
        self.device(&["add", "--device-name", name, "--cce-ip", cce, "--org-id", &org, "--base-url", &url], &key)
    }

    pub(super) fn serve(&mut self) {
        self.start(self.command(&[
            "serve",
            "--state-dir",
            "state",
            "--provider-interval",
            "1s",
            "--listen",
            "127.0.0.1:0",
        ]));
    }

    /// Serves as this command does; its log is kept.
    pub(super) fn start(&mut self, mut command: Command) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path().join("log")).expect("a log");
        self.serving = Some(command.stdout(Stdio::null()).stderr(log).spawn().expect("it starts"));
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }

    pub(super) fn report(&self) -> Option<Value> {
        let mut command = program();
        let done = run(command.args(["status", "--json", "--state-dir", "state"]).current_dir(self.path()));
        (done.code == Some(0)).then(|| serde_json::from_str(&done.stdout).expect("JSON"))
    }

    pub(super) fn until(&self, what: &str, good: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            if let Some(report) = self.report().filter(|report| good(&report["devices"])) {
                return report["devices"].clone();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("not {what}: {:#?}\n{}", self.report(), self.log());
    }

    pub(super) fn state(&self, id: &str, state: &str) -> Value {
        let devices = self.until(&format!("{id} {state}"), |devices| find(devices, id)["state"] == state);
        find(&devices, id)
    }

    /// The ids of the events that reached a CCE, each as often as it did.
    pub(super) fn delivered(&self, cce: &str) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(self.path().join(format!("{cce}.ndjson"))).unwrap_or_default();
        let of = |line: &str| {
            let event: Value = serde_json::from_str(line).expect("JSON");
            (event["organization"].as_str().expect("whose").to_owned(), event["id"].as_str().expect("an id").to_owned())
        };
        text.lines().map(of).collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            let _ = serving.kill();
            let _ = serving.wait();
        }
    }
}

/// The device of this id in a report.
pub(super) fn find(devices: &Value, id: &str) -> Value {
    let all = devices.as_array().cloned().unwrap_or_default();
    all.into_iter().find(|device| device["id"] == id).unwrap_or_default()
}
