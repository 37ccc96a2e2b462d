//! A folder of devices: added, served, paused, given other keys and removed while it runs.

mod common;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use adr_core::Clock;
use adr_simulator::SimulatorOptions;
use common::{CANARY, Done, JumpCloud, Now, folder, program, run};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);
/// Each CCE has a file of its own here.
const TEMPLATE: &str = "\
sources:
  jumpcloud: { type: jumpcloud, poll_interval: 1s, settle: 0s }
sinks:
  cce: { type: file, inputs: [jumpcloud], path: \"FOLDER/${DEVICE_CCE}.ndjson\" }
";

struct Scene {
    jumpcloud: JumpCloud,
    options: SimulatorOptions,
    folder: tempfile::TempDir,
    serving: Option<Child>,
}

impl Scene {
    fn new(events: u64, seal: bool) -> Self {
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

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = program();
        command.args(words).args(["--devices", "devices", "--template", "template.yaml"]).current_dir(self.path());
        if self.path().join("seal").exists() {
            command.args(["--seal", "file:seal"]);
        }
        command
    }

    /// `device ...`, with a key on standard input.
    fn device(&self, words: &[&str], key: &str) -> Done {
        let mut command = self.command(&[&["device"], words].concat());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        // It may not ask for a key at all.
        let _ = child.stdin.take().expect("a pipe").write_all(key.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Done { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn add(&self, name: &str, cce: &str, number: u32) -> Done {
        let (org, key) = (self.options.organization_id(number), self.options.key_of(number));
        let url = self.jumpcloud.url.clone();
        self.device(&["add", "--device-name", name, "--cce-ip", cce, "--org-id", &org, "--base-url", &url], &key)
    }

    fn serve(&mut self) {
        let mut command =
            self.command(&["serve", "--state-dir", "state", "--provider-interval", "1s", "--listen", "127.0.0.1:0"]);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path().join("log")).expect("a log");
        self.serving = Some(command.stdout(Stdio::null()).stderr(log).spawn().expect("it starts"));
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }

    fn report(&self) -> Option<Value> {
        let mut command = program();
        let done = run(command.args(["status", "--json", "--state-dir", "state"]).current_dir(self.path()));
        (done.code == Some(0)).then(|| serde_json::from_str(&done.stdout).expect("JSON"))
    }

    fn until(&self, what: &str, good: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            if let Some(report) = self.report().filter(|report| good(&report["devices"])) {
                return report["devices"].clone();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("not {what}: {:#?}\n{}", self.report(), self.log());
    }

    fn state(&self, id: &str, state: &str) -> Value {
        let devices = self.until(&format!("{id} {state}"), |devices| find(devices, id)["state"] == state);
        find(&devices, id)
    }

    /// The ids of the events that reached a CCE, each as often as it did.
    fn delivered(&self, cce: &str) -> Vec<(String, String)> {
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

fn find(devices: &Value, id: &str) -> Value {
    let all = devices.as_array().cloned().unwrap_or_default();
    all.into_iter().find(|device| device["id"] == id).unwrap_or_default()
}

#[test]
fn devices_come_and_go_while_it_runs_and_each_reaches_its_cce_alone() {
    let mut scene = Scene::new(2_000, false);
    scene.serve();
    scene.until("running without a device", |devices| devices == &serde_json::json!([]));

    let added = scene.add("Acme", "192.0.2.5", 0);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    assert!(added.stdout.starts_with("acme: Acme is saved"), "{}", added.stdout);
    let device = scene.state("acme", "active");
    assert_eq!((&device["name"], &device["org_id"]), (&"Acme".into(), &scene.options.organization_id(0).into()));
    assert!(device["key"]["added"].is_string() && device["key"]["age_days"] == 0, "{device:#}");

    assert_eq!(scene.add("Bolt", "192.0.2.6", 1).code, Some(0));
    scene.state("bolt", "active");

    // Paused, nothing more comes; resumed, it goes on where it was.
    assert_eq!(scene.device(&["pause", "bolt"], "").code, Some(0));
    scene.state("bolt", "paused");
    scene.state("acme", "active");
    let paused_at = scene.delivered("192.0.2.6").len();
    assert_eq!(scene.device(&["resume", "bolt"], "").code, Some(0));
    scene.state("bolt", "active");
    let begun = Instant::now();
    while scene.delivered("192.0.2.6").len() <= paused_at {
        assert!(begun.elapsed() < LIMIT, "nothing more came: {}", scene.log());
        std::thread::sleep(Duration::from_millis(50));
    }

    assert_eq!(scene.device(&["remove", "acme"], "").code, Some(0));
    scene.until("acme gone", |devices| find(devices, "acme").is_null());
    assert!(std::fs::read_dir(scene.path().join("devices/keys")).expect("keys").count() == 1, "its key went with it");

    for (cce, number) in [("192.0.2.5", 0), ("192.0.2.6", 1)] {
        let delivered = scene.delivered(cce);
        let orgs: BTreeSet<_> = delivered.iter().map(|(org, _)| org.clone()).collect();
        assert_eq!(orgs, BTreeSet::from([scene.options.organization_id(number)]), "{cce} has its own events alone");
        let ids: BTreeSet<_> = delivered.iter().map(|(_, id)| id).collect();
        assert!(ids.len() == delivered.len() && ids.len() > 800, "each once: {} of {}", ids.len(), delivered.len());
    }
    let audit = std::fs::read_to_string(scene.path().join("devices/audit.ndjson")).expect("an audit log");
    let entries: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().expect("an action")).collect();
    assert_eq!(actions, ["add", "add", "pause", "resume", "remove"]);
    assert!(entries.iter().all(|entry| entry["outcome"] == "done" && entry["at"].is_string()), "{audit}");
    assert!(!audit.contains(CANARY) && !scene.log().contains(CANARY), "the key is nowhere");
}

#[test]
fn a_device_that_moves_to_another_cce_goes_on_where_it_was() {
    let mut scene = Scene::new(2_000, false);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    assert_eq!(scene.add("Bolt", "192.0.2.5", 1).code, Some(0));
    scene.serve();
    scene.state("acme", "active");
    scene.state("bolt", "active");
    let file = scene.path().join("devices/acme.yaml");
    let text = std::fs::read_to_string(&file).expect("reads").replace("192.0.2.5", "192.0.2.7");
    std::fs::write(scene.path().join("next"), text).expect("writes");
    std::fs::rename(scene.path().join("next"), &file).expect("renames");
    let begun = Instant::now();
    while scene.delivered("192.0.2.7").is_empty() {
        assert!(begun.elapsed() < LIMIT, "nothing came there: {}", scene.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    let acme = scene.options.organization_id(0);
    let mut ids: Vec<_> = [scene.delivered("192.0.2.5"), scene.delivered("192.0.2.7")].concat();
    ids.retain(|(org, _)| *org == acme);
    let once: BTreeSet<_> = ids.iter().collect();
    assert_eq!(once.len(), ids.len(), "nothing twice");
    assert!(scene.delivered("192.0.2.7").iter().all(|(org, _)| *org == acme));
    assert_eq!(scene.log().matches("no checkpoint yet").count(), 2, "each began once");
}

#[test]
fn a_key_that_dies_is_seen_and_another_one_takes_its_place_at_once() {
    let mut scene = Scene::new(2_000, true);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    let keys = |scene: &Scene| -> Vec<String> {
        let entries = std::fs::read_dir(scene.path().join("devices/keys")).expect("keys");
        entries.map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("reads")).collect()
    };
    assert!(keys(&scene)[0].starts_with("jumpcloud-adr-sealed:") && !keys(&scene)[0].contains(CANARY));
    scene.serve();
    scene.state("acme", "active");
    scene.jumpcloud.admin("POST", "keys", &format!("{{\"old\": \"{CANARY}\", \"new\": \"another-canary-77\"}}"));
    let device = scene.state("acme", "authentication_failed");
    assert!(device["last_error"]["message"].as_str().expect("why").contains("My API Key"), "{device:#}");

    let refused = scene.device(&["rotate-key", "acme"], "not-the-right-one");
    assert_eq!(refused.code, Some(77), "{}", refused.stderr);
    assert!(refused.stderr.contains("refused the API key") && !refused.stderr.contains("not-the-right-one"));
    let rotated = scene.device(&["rotate-key", "acme", "--key-expires", "2099-01-31"], "another-canary-77");
    assert_eq!(rotated.code, Some(0), "{}", rotated.stderr);
    let device = scene.state("acme", "active");
    assert!(device["key"]["expires"].as_str().expect("an end").starts_with("2099-01-31"), "{device:#}");
    assert_eq!(keys(&scene).len(), 1, "the old one is gone");
    assert_eq!(scene.device(&["test", "acme"], "").code, Some(0));
    let ids = scene.delivered("192.0.2.5");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "nothing twice");
}

#[test]
fn adding_says_which_of_key_and_organization_is_wrong_and_saves_nothing() {
    let scene = Scene::new(10, false);
    let url = scene.jumpcloud.url.clone();
    let org = scene.options.organization_id(0);
    let add = |org: &str, key: &str| {
        let words = ["add", "--device-name", "Acme", "--cce-ip", "192.0.2.5", "--org-id", org, "--base-url", &url];
        scene.device(&words, key)
    };
    for (org, key, says) in [
        (org.as_str(), "wrong-key-wrong-key", "refused the API key"),
        ("ffffffffffffffffffffffff", CANARY, "does not give this key that organization"),
        ("your_organization_id", CANARY, "org"),
    ] {
        let done = add(org, key);
        assert_eq!(done.code, Some(77), "{}", done.stderr);
        assert!(done.stderr.contains(says) && !done.stderr.contains(key), "{says}: {}", done.stderr);
    }
    assert_eq!(scene.device(&["list"], "").stdout, "no device yet: jumpcloud-adr device add\n");
    let refused = scene.device(&["add", "--device-name", "A", "--secret-key", "canary-in-argv"], "");
    assert_eq!(refused.code, Some(64), "{}", refused.stderr);
    assert!(!refused.stderr.contains("canary-in-argv"));

    assert_eq!(add(&org, CANARY).code, Some(0));
    assert_ne!(add(&org, CANARY).code, Some(0), "the same organization twice would deliver each event twice");
    let listed = scene.device(&["list"], "");
    assert!(listed.stdout.contains("acme") && listed.stdout.contains(&org) && !listed.stdout.contains(CANARY));
    let json: Value = serde_json::from_str(&scene.device(&["list", "--json"], "").stdout).expect("JSON");
    assert_eq!(json["devices"][0]["id"], "acme");
    assert!(!json.to_string().contains(CANARY));
}

#[test]
fn one_broken_device_harms_no_other_and_is_shown() {
    let mut scene = Scene::new(2_000, false);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    assert_eq!(scene.add("Bolt", "192.0.2.6", 1).code, Some(0));
    std::fs::write(scene.path().join("devices/broken.yaml"), "device_name: [\n").expect("writes");
    let file = scene.path().join("devices/bolt.yaml");
    let text = std::fs::read_to_string(&file).expect("reads");
    let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("cce_ip:")).collect();
    std::fs::write(&file, without.join("\n") + "\n").expect("writes");
    scene.serve();
    scene.state("acme", "active");
    let broken = scene.state("broken", "failed");
    assert!(broken["last_error"]["message"].as_str().expect("why").contains("broken.yaml:1:"), "{broken:#}");
    let bolt = scene.state("bolt", "failed");
    assert!(bolt["last_error"]["message"].as_str().expect("why").contains("no CCE IP"), "{bolt:#}");
    // Mended, it runs.
    let text = std::fs::read_to_string(&file).expect("reads") + "cce_ip: 192.0.2.6\n";
    std::fs::write(&file, text).expect("writes");
    scene.state("bolt", "active");
}

#[test]
fn a_provider_brings_its_organizations_and_those_that_come_later() {
    let mut scene = Scene::new(200, false);
    let url = scene.jumpcloud.url.clone();
    let add = |name: &str, key: &str, more: &[&str]| {
        let words = ["add", "--provider", "--device-name", name, "--cce-ip", "192.0.2.5", "--base-url", &url];
        scene.device(&[&words, more].concat(), key)
    };
    let refused = add("MSP", CANARY, &[]);
    assert_eq!(refused.code, Some(77), "{}", refused.stderr);
    assert!(refused.stderr.contains("this key is of no provider"), "{}", refused.stderr);
    let second = scene.options.organization_id(1);
    let added = add("MSP", &scene.options.provider_key(), &["--exclude", &second]);
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    assert!(added.stdout.contains("2 organizations, of which 1 are read"), "{}", added.stdout);

    scene.serve();
    let first = format!("msp.{}", scene.options.organization_id(0));
    let device = scene.state(&first, "active");
    assert_eq!((&device["provider"], &device["name"]), (&"msp".into(), &"Example Organization 1".into()));
    let new = "5a2af2a8aaaaaaaaaaaaaaaa";
    scene.jumpcloud.admin("POST", "organizations", &format!("{{\"id\": \"{new}\"}}"));
    let devices = scene.until("the new customer", |devices| find(devices, &format!("msp.{new}"))["state"] == "idle");
    assert_eq!(devices.as_array().expect("a list").len(), 2, "the excluded one is not there: {devices:#}");

    // Its key dies: its organizations fail, and the provider itself is shown. The last list is kept.
    let key = scene.options.provider_key();
    scene.jumpcloud.admin("DELETE", "keys", &format!("{{\"key\": \"{key}\"}}"));
    scene.state("msp", "failed");
    scene.state(&first, "authentication_failed");
    let refused = scene.device(&["pause", &first], "");
    assert!(refused.stderr.contains("exclude") && refused.code != Some(0), "{}", refused.stderr);
    assert_eq!(scene.device(&["pause", "msp"], "").code, Some(0));
    scene.state(&first, "paused");
}

/// The address of the page, once the log says it.
fn page(scene: &Scene) -> String {
    let begun = Instant::now();
    loop {
        if let Some((_, rest)) = scene.log().split_once("the page is there address=") {
            return rest.split_whitespace().next().expect("an address").to_owned();
        }
        assert!(begun.elapsed() < LIMIT, "no page: {}", scene.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn what_programs_read_stands_beside_the_page() {
    let mut scene = Scene::new(200, false);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    scene.serve();
    scene.state("acme", "active");
    let address = page(&scene);
    for path in ["/livez", "/readyz", "/health"] {
        assert!(get(&address, path).starts_with("HTTP/1.1 200"), "{path}");
    }
    let org = scene.options.organization_id(0);
    let metrics = get(&address, "/metrics");
    for line in [
        format!("jumpcloud_adr_tenant_state{{component_id=\"jumpcloud\",state=\"active\",tenant=\"{org}\"}} 1"),
        "jumpcloud_adr_tenants{state=\"active\"} 1".to_owned(),
        "jumpcloud_adr_component_sent_events_total{component_id=\"cce.192-0-2-5\",component_kind=\"sink\",component_type=\"file\"}"
            .to_owned(),
    ] {
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
    assert!(get(&address, "/status").contains("\"Connected/Active\""));
    let html = get(&address, "/devices/acme");
    assert!(html.contains("Acme") && !html.contains(CANARY), "{html}");
}

#[test]
fn away_from_loopback_it_starts_with_tls_alone() {
    let scene = Scene::new(1, false);
    let mut command = scene.command(&["serve", "--state-dir", "state", "--listen", "0.0.0.0:0"]);
    let done = run(&mut command);
    assert_eq!(done.code, Some(78), "{}", done.stderr);
    assert!(done.stderr.contains("without TLS"), "{}", done.stderr);
}

#[test]
fn metrics_traces_and_logs_are_pushed_where_the_variables_say() {
    let scene = Scene::new(200, false);
    assert_eq!(scene.add("Acme", "192.0.2.5", 0).code, Some(0));
    let collector = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", collector.local_addr().expect("an address"));
    let mut command = scene.command(&["serve", "--state-dir", "state", "--listen", "127.0.0.1:0"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url).env("OTEL_METRIC_EXPORT_INTERVAL", "500");
    let mut serving = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut missing = BTreeSet::from(["/v1/metrics", "/v1/traces", "/v1/logs"]);
    for stream in collector.incoming() {
        let mut stream = stream.expect("a connection");
        stream.set_read_timeout(Some(LIMIT)).expect("a limit");
        let mut head = [0; 64];
        let read = stream.read(&mut head).unwrap_or_default();
        let head = String::from_utf8_lossy(&head[..read]).into_owned();
        missing.retain(|path| !head.starts_with(&format!("POST {path} ")));
        // It shall come again on a connection of its own.
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        if missing.is_empty() {
            break;
        }
    }
    let _ = serving.kill();
    let _ = serving.wait();
    assert!(missing.is_empty());
}
