//! `status` says how a device is, within two polls of whatever happens to it.

mod common;

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use adr_core::Clock;
use adr_simulator::SimulatorOptions;
use common::{CANARY, Done, JumpCloud, Now, folder, program, run};
use serde_json::Value;

/// How often the devices are polled.
const POLL: Duration = Duration::from_secs(2);

/// One device whose events happen now, delivered into a file.
struct Scene {
    jumpcloud: JumpCloud,
    folder: tempfile::TempDir,
    program: Option<Child>,
}

impl Scene {
    fn new(sink: &str, source: &str) -> Self {
        let hour = Duration::from_secs(3600);
        let until = Some(Now.now().plus(hour));
        let options = SimulatorOptions { events: 3600, span: 2 * hour, until, ..SimulatorOptions::default() };
        Self::of(JumpCloud::new(options), sink, source)
    }

    fn of(jumpcloud: JumpCloud, sink: &str, source: &str) -> Self {
        let folder = folder();
        let mut scene = Self { jumpcloud, folder, program: None };
        let org = scene.jumpcloud.org_id.clone();
        scene.write(sink, source, &org);
        scene
    }

    fn write(&mut self, sink: &str, source: &str, org: &str) {
        let text = format!(
            "sources:\n  jumpcloud: {{ type: jumpcloud, device_name: Acme, secret_key: {{ env: KEY }}, base_url: '{}', \
             poll_interval: {}s, settle: 0s, {source} configuration: {{ \"org_id\": \"{org}\" }} }}\nsinks:\n  out: {{ {sink}, \
             inputs: [jumpcloud] }}\n",
            self.jumpcloud.url,
            POLL.as_secs()
        );
        std::fs::write(self.file(), text).expect("writes");
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("pipeline.yaml")
    }

    fn start(&mut self, key: &str) {
        let mut command = program();
        command.args(["run", "-c", "pipeline.yaml", "--state-dir", "state"]).current_dir(self.folder.path());
        command.env("KEY", key).stdout(Stdio::null()).stderr(Stdio::null());
        self.program = Some(command.spawn().expect("it starts"));
    }

    fn ask(&self, more: &[&str]) -> Done {
        let mut command = program();
        command.args(["status", "--state-dir", "state"]).args(more).current_dir(self.folder.path());
        run(&mut command)
    }

    fn device(&self) -> Option<Value> {
        let done = self.ask(&["--json"]);
        let report: Value = (done.code == Some(0)).then(|| serde_json::from_str(&done.stdout).expect("JSON"))?;
        Some(report["devices"][0].clone())
    }

    /// Waits until the device is as it should be; gives it, and how long it took.
    fn until(&self, limit: Duration, what: &str, good: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        let mut last = None;
        while begun.elapsed() < limit {
            last = self.device();
            if let Some(device) = last.as_ref().filter(|device| good(device)) {
                return device.clone();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("not {what} within {limit:?}: {last:#?}");
    }

    fn state(&self, limit: Duration, state: &str) -> Value {
        self.until(limit, state, |device| device["state"] == state)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(mut program) = self.program.take() {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// What a start may take besides.
const START: Duration = Duration::from_secs(20);
/// Two polls, and what two cores may do besides.
const TWO_POLLS: Duration = Duration::from_secs(2 * POLL.as_secs() + 2);

fn error(device: &Value) -> String {
    device["last_error"]["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn what_jumpcloud_says_is_seen_within_two_polls_and_so_is_its_end() {
    let mut scene = Scene::new("type: stdout", "");
    scene.start(CANARY);
    let device = scene.state(START, "active");
    assert_eq!((&device["status"], &device["name"]), (&"Connected/Active".into(), &"Acme".into()));
    assert_eq!((&device["device_type"], &device["cce"]), (&"JumpCloud".into(), &"out (stdout)".into()));
    assert!(device["flow"]["events"].as_u64() > Some(1000) && device["last_error"].is_null(), "{device:#}");
    assert!(device["lag_seconds"].as_u64() < Some(20), "{device:#}");
    assert!(
        device["last_poll"].is_string() && device["last_event"].is_string() && device["complete_until"].is_string()
    );

    for (fault, state, advice) in
        [("429", "rate_limited", "request_budget"), ("503", "unreachable", "in trouble"), ("reset", "unreachable", "")]
    {
        scene.jumpcloud.faults(&[fault]);
        let device = scene.state(TWO_POLLS, state);
        assert!(error(&device).contains(advice) && device["last_error"]["over"].is_null(), "{fault}: {device:#}");
        scene.jumpcloud.faults(&[]);
        // What backs off comes back when its pause is over.
        let device = scene.state(START, "active");
        assert!(device["last_error"]["over"].is_string(), "it is kept, and over: {device:#}");
    }
    // These are looked at again slowly: each in its own time.
    scene.jumpcloud.faults(&["402"]);
    let device = scene.state(TWO_POLLS, "not_licensed");
    assert!(error(&device).contains("Directory Insights is not enabled"), "{device:#}");
    let said = scene.ask(&[]).stdout;
    assert!(said.contains("Not licensed (402)") && said.contains("Directory Insights is not enabled"), "{said}");
    assert!(scene.ask(&["nobody"]).stdout.contains("none is meant"), "words choose devices");
    assert!(scene.ask(&["licensed"]).stdout.contains("Acme"));
}

#[test]
fn a_revoked_key_has_failed() {
    let mut scene = Scene::new("type: stdout", "");
    scene.start(CANARY);
    scene.state(START, "active");
    scene.jumpcloud.admin("DELETE", "keys", &format!("{{\"key\": \"{CANARY}\"}}"));
    let device = scene.state(TWO_POLLS, "authentication_failed");
    assert!(error(&device).contains("My API Key") && !device.to_string().contains(CANARY), "{device:#}");
}

#[test]
fn a_key_or_an_organization_that_never_was_right_is_told_at_once() {
    let mut scene = Scene::new("type: stdout", "");
    scene.start("wrong-key-wrong-key");
    scene.state(START, "authentication_failed");

    let mut scene = Scene::new("type: stdout", "");
    scene.write("type: stdout", "", "ffffffffffffffffffffffff");
    scene.start(CANARY);
    let device = scene.state(START, "organization_mismatch");
    assert!(error(&device).contains("Organization Profile"), "{device:#}");
}

#[test]
fn a_cce_that_is_not_there_is_seen_and_so_is_its_return() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let cce = listener.local_addr().expect("an address");
    drop(listener);
    let mut scene = Scene::new(&format!("type: cce_syslog, mode: tcp, address: \"{cce}\""), "");
    scene.start(CANARY);
    let device = scene.state(START, "cce_unreachable");
    assert!(error(&device).contains(&cce.to_string()), "{device:#}");
    assert_eq!(device["cce"], cce.to_string());
    let listener = TcpListener::bind(cce).expect("the port is free");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || std::io::copy(&mut &stream, &mut std::io::sink()));
        }
    });
    scene.state(START, "active");
}

#[test]
fn what_happened_long_ago_is_caught_up_with_and_then_idle() {
    let hours = Duration::from_secs(6 * 3600);
    let options = SimulatorOptions { events: 400, span: 4 * hours, ..SimulatorOptions::default() };
    let jumpcloud = JumpCloud::new(SimulatorOptions { until: Some(Now.now().minus(hours)), ..options });
    jumpcloud.faults(&["delay:by=300ms"]);
    let mut scene = Scene::of(jumpcloud, "type: stdout", "page_limit: 20, request_budget: 1000/s,");
    scene.start(CANARY);
    let estimated = |device: &Value| device["state"] == "catching_up" && device["caught_up_in_seconds"].is_u64();
    let device = scene.until(START, "catching up with an estimate", estimated);
    assert!(device["lag_seconds"].as_u64() > Some(hours.as_secs()), "{device:#}");
    let said = scene.ask(&[]).stdout;
    assert!(said.contains("Catching up"), "{said}");
    let device = scene.state(START, "idle");
    assert_eq!(device["flow"]["events"], 400);
}

#[test]
fn nobody_to_ask_is_said() {
    let folder = folder();
    let done = run(program().args(["status", "--state-dir"]).arg(folder.path()));
    assert_eq!(done.code, Some(69), "{}", done.stderr);
    assert!(done.stderr.contains("no pipeline answers at"), "{}", done.stderr);
}
