//! A site: a simulated JumpCloud with many tenants, live, and three instances that read it into the broker.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use adr_simulator::SimulatorOptions;
use adr_tests::kafka::{Broker, Tied, unique};
use adr_tests::process::{Simulator, appending, binary};
use rand::Rng;
use rand::rngs::SmallRng;

use super::verdict::Id;

pub(super) const TENANTS: u32 = 60;
pub(super) const INSTANCES: usize = 3;
/// Shards, in the mode that has them.
pub(super) const SHARDS: i32 = 12;
/// Events of a tenant in a second.
const RATE: u64 = 5;
/// How late the late ones are. Less than the overlap of the pipelines.
const LATE: Duration = Duration::from_secs(6);

/// What goes wrong between the instances and the API. Every event of the last three comes later than others of its time,
/// or twice.
const FAULTS: &[&str] = &[
    "503:every=31",
    "429:every=47,retry=1s",
    "reset:every=53",
    "cut:every=59,at-byte=700",
    "truncated:every=61",
    "empty-body:every=67",
    "cursors-expire:every=43",
    "late:share=0.05,by=6s",
    "duplicates:share=0.02",
    "large:share=0.0005",
];

/// How the instances work together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// All of them run the same file: each tenant is read by one of them.
    ExactlyOnce,
    /// Each has a file with a third of the tenants.
    AtLeastOnce,
}

/// An instance: its files outlive its process.
pub(super) struct Instance {
    pipeline: PathBuf,
    state: PathBuf,
    log: PathBuf,
    key: String,
    process: Option<Tied>,
}

impl Instance {
    pub(super) fn start(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let mut command = Command::new(binary());
        command.arg("run").arg("-c").arg(&self.pipeline).arg("--state-dir").arg(&self.state);
        command.env("SIMULATED_KEY", &self.key);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(appending(&self.log));
        self.process = Some(Tied::start(&mut command, None));
    }

    /// kill -9.
    pub(super) fn kill(&mut self) {
        drop(self.process.take().expect("it runs"));
    }

    pub(super) fn process(&self) -> &Tied {
        self.process.as_ref().expect("it runs")
    }

    /// SIGTERM, and waits for its end.
    pub(super) fn stop(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("it runs");
        process.signal("TERM");
        process.end(Duration::from_secs(60))
    }
}

pub(super) struct Site {
    pub(super) topic: String,
    pub(super) group: String,
    pub(super) session_timeout: Duration,
    pub(super) tenants: Vec<String>,
    pub(super) instances: Vec<Instance>,
    simulator: Simulator,
    folder: tempfile::TempDir,
}

impl Site {
    /// Makes the topics, starts the simulator (whose events begin now and end soon after `length`) and writes the pipeline
    /// files.
    pub(super) fn new(broker: &Broker, mode: Mode, random: &mut SmallRng, length: Duration) -> Self {
        let seed = random.random_range(1..1_000_000);
        let seconds = length.as_secs() + 5;
        let (events, live) = ((seconds * RATE).to_string(), format!("{seconds}s"));
        let (tenants, text) = (TENANTS.to_string(), seed.to_string());
        let mut arguments = vec!["--tenants", &tenants, "--events", &events, "--live", &live, "--seed", &text];
        FAULTS.iter().for_each(|fault| arguments.extend(["--fault", fault]));
        let simulator = Simulator::start(&arguments);
        let options = SimulatorOptions { seed, ..SimulatorOptions::default() };
        let tenants: Vec<String> = (0..TENANTS).map(|number| options.organization_id(number)).collect();
        assert_eq!(simulator.org_id, tenants[0]);

        let folder = tempfile::tempdir().expect("a folder");
        let topic = unique("events");
        broker.create_topic(&topic, 6, &[]);
        let session_timeout = Duration::from_secs(6);
        let group = unique("group");
        let sink = match mode {
            Mode::ExactlyOnce => cluster(broker, &topic, &group, random),
            Mode::AtLeastOnce => plain(broker, &topic),
        };
        let share = tenants.len().div_ceil(INSTANCES);
        let instances = (0..INSTANCES).map(|number| {
            let (name, tenants) = match mode {
                Mode::ExactlyOnce => ("pipeline.yaml".to_owned(), &tenants[..]),
                Mode::AtLeastOnce => {
                    (format!("pipeline-{number}.yaml"), tenants.chunks(share).nth(number).expect("some"))
                }
            };
            let pipeline = folder.path().join(name);
            std::fs::write(&pipeline, file(&simulator, tenants, &sink)).expect("the pipeline file is written");
            let at = |name: &str| folder.path().join(format!("{name}-{number}"));
            let key = options.provider_key();
            Instance { pipeline, state: at("state"), log: at("log"), key, process: None }
        });
        let instances = instances.collect();
        Self { topic, group, session_timeout, instances, tenants, simulator, folder }
    }

    pub(super) fn start_all(&mut self) {
        self.instances.iter_mut().for_each(Instance::start);
    }

    /// An instance must not end by itself.
    pub(super) fn assert_alive(&mut self) {
        let ends: Vec<_> =
            self.instances.iter_mut().map(|instance| instance.process.as_mut().and_then(Tied::ended)).collect();
        assert!(ends.iter().all(Option::is_none), "an instance ended by itself: {ends:?}\n{}", self.logs());
    }

    /// All at the same time: none shall take over what another gives up.
    pub(super) fn stop_all(&mut self) -> Vec<ExitStatus> {
        self.instances.iter().for_each(|instance| instance.process().signal("TERM"));
        self.instances.iter_mut().map(Instance::stop).collect()
    }

    /// The API fails no more.
    pub(super) fn calm(&self) {
        assert_eq!(self.ask("DELETE", "/__sim/faults"), "[]");
    }

    /// Every event there is, whether it was ever read.
    pub(super) fn ledger(&self) -> BTreeSet<Id> {
        let of = |tenant: &String| {
            let text = self.ask("GET", &format!("/__sim/ledger?org={tenant}"));
            let ids = text.lines().map(|line| {
                let entry: serde_json::Value = serde_json::from_str(line).expect("a line of the ledger");
                entry["id"].as_str().expect("generated events have ids").to_owned()
            });
            ids.map(|id| (tenant.clone(), id)).collect::<Vec<_>>()
        };
        self.tenants.iter().flat_map(of).collect()
    }

    /// What the instances have said last, with how often they were started.
    pub(super) fn logs(&self) -> String {
        let mut all = String::new();
        for (number, instance) in self.instances.iter().enumerate() {
            let text = std::fs::read_to_string(&instance.log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let last = lines[lines.len().saturating_sub(40)..].join("\n");
            writeln!(all, "--- instance {number}, the last of {} lines:\n{last}", lines.len())
                .expect("a string takes it");
        }
        keep(self.folder.path(), &all)
    }

    fn ask(&self, method: &str, path: &str) -> String {
        let host = self.simulator.url.strip_prefix("http://").expect("it has no TLS");
        let mut stream = TcpStream::connect(host).expect("the simulator listens");
        // The answer of HTTP/1.0 ends with the connection.
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("it takes the request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(" 200 "), "{path}: {head}");
        body.to_owned()
    }
}

/// Puts the logs where they can be read after the test.
fn keep(folder: &Path, shown: &str) -> String {
    let kept = std::env::temp_dir().join(unique("logs"));
    let copied = std::fs::create_dir_all(&kept).and_then(|()| {
        for file in std::fs::read_dir(folder)?.flatten().filter(|file| file.path().is_file()) {
            std::fs::copy(file.path(), kept.join(file.file_name()))?;
        }
        Ok(())
    });
    format!("{shown}--- all of it is in {} ({copied:?})", kept.display())
}

fn file(simulator: &Simulator, tenants: &[String], sink: &str) -> String {
    let mut text = format!(
        "sources:\n  jumpcloud:\n    type: jumpcloud\n    base_url: {}\n    \
         start: -10m\n    settle: 1s\n    overlap: {}s\n    sweep_interval: 3s\n    poll_interval: 400ms\n    page_limit: 50\n    \
         tenants:\n",
        simulator.url,
        LATE.as_secs() * 3
    );
    for (number, tenant) in tenants.iter().enumerate() {
        let key = "secret_key: { env: SIMULATED_KEY }";
        let id = format!("configuration: {{ \"org_id\": \"{tenant}\" }}");
        writeln!(text, "      - {{ device_name: Tenant {number}, {key}, {id} }}").expect("a string takes it");
    }
    text + "transforms:\n  adr: { type: adr, inputs: [jumpcloud] }\nsinks:\n  kafka:\n    type: kafka\n    inputs: [adr]\n"
        + sink
}

fn plain(broker: &Broker, topic: &str) -> String {
    format!("    bootstrap_servers: {}\n    topic: {topic}\n", broker.bootstrap())
}

fn cluster(broker: &Broker, topic: &str, group: &str, random: &mut SmallRng) -> String {
    let (checkpoints, assignment) = (unique("checkpoints"), unique("assignment"));
    // Compacted all the time, so that what is read at a start has been compacted.
    let compacted = [
        ("cleanup.policy", "compact"),
        ("segment.ms", "2000"),
        ("min.cleanable.dirty.ratio", "0.01"),
        ("delete.retention.ms", "1000"),
    ];
    broker.create_topic(&checkpoints, SHARDS, &compacted);
    broker.create_topic(&assignment, SHARDS, &[]);
    // Shorter than a zombie sleeps, or longer.
    let transaction_timeout = if random.random_bool(0.5) { "8s" } else { "60s" };
    plain(broker, topic)
        + &format!(
            "    delivery: exactly_once\n    transaction_timeout: {transaction_timeout}\n    checkpoints:\n      \
             topic: {checkpoints}\n      shards: {SHARDS}\n    cluster:\n      topic: {assignment}\n      \
             group: {group}\n      session_timeout: 6s\n"
        )
}
