//! What the whole program logs while its broker is away.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use adr_tests::kafka::{Broker, Tied, Version, read_all, unique};
use adr_tests::process::{Simulator, appending, binary};

/// How long the broker is away after everybody has noticed it: long enough to try again many times.
const AWAY: Duration = Duration::from_secs(8);

const LIMIT: Duration = Duration::from_secs(60);

/// A pipeline of its own into a topic of its own.
struct Instance {
    mode: &'static str,
    topic: String,
    log: PathBuf,
    process: Tied,
    _folder: tempfile::TempDir,
}

impl Instance {
    fn start(broker: &Broker, simulator: &Simulator, mode: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let topic = unique("outage");
        broker.create_topic(&topic, 1, &[]);
        let mut sink = format!("type: kafka, bootstrap_servers: \"{}\", topic: {topic}", broker.bootstrap());
        if mode == "exactly once" {
            let checkpoints = unique("checkpoints");
            broker.create_topic(&checkpoints, 1, &[("cleanup.policy", "compact")]);
            sink += &format!(", delivery: exactly_once, checkpoints: {{ topic: {checkpoints}, shards: 1 }}");
        }
        let source = "start: -10m\nsettle: 1s\nsweep_interval: 3s\npoll_interval: 400ms\npage_limit: 50";
        let pipeline = simulator.pipeline_to(folder.path(), source, "", &sink);
        let log = folder.path().join("log");
        let mut command = Command::new(binary());
        command.arg("run").arg("-c").arg(pipeline).arg("--state-dir").arg(folder.path().join("state"));
        command.args(["--log", "info", "--color", "never"]).env("SIMULATED_KEY", &simulator.key);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(appending(&log));
        Self { mode, topic, process: Tied::start(&mut command, None), log, _folder: folder }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn count(&self, words: &str) -> usize {
        self.said().matches(words).count()
    }

    #[track_caller]
    fn until(&self, what: &str, is: impl Fn() -> bool) {
        let start = Instant::now();
        while !is() {
            assert!(start.elapsed() < LIMIT, "{}: {what}; it says\n{}", self.mode, self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits for so many events more.
    fn until_more(&self, broker: &Broker, events: usize) {
        let there = || read_all(&broker.bootstrap(), &self.topic).len();
        let before = there();
        self.until("events go on", || there() >= before + events);
    }
}

const GONE: &str = "none of the brokers";
const WHY: &str = "Connection refused";
const BACK: &str = "answer again after";

/// Those three, and one about the transaction that was open.
const MOST: usize = 4;

pub(super) fn told_once(version: Version) {
    let mut broker = Broker::start(version);
    let simulator = Simulator::start(&["--events", "2400", "--live", "120s"]);
    let mut instances = ["at least once", "exactly once"].map(|mode| Instance::start(&broker, &simulator, mode));
    instances.iter().for_each(|instance| instance.until_more(&broker, 20));
    let before = instances.each_ref().map(|instance| instance.said().lines().count());

    broker.kill();
    instances.iter().for_each(|instance| instance.until("it tells of the outage", || instance.count(GONE) > 0));
    std::thread::sleep(AWAY);
    broker.restart();
    for instance in &instances {
        instance.until("it tells of the end", || instance.count(BACK) > 0);
        instance.until_more(&broker, 40);
    }
    for instance in &mut instances {
        instance.process.signal("TERM");
        assert!(instance.process.end(LIMIT).success(), "{}:\n{}", instance.mode, instance.said());
    }
    for (instance, before) in instances.iter().zip(before) {
        let said = instance.said();
        let told: Vec<&str> = said.lines().skip(before).filter(|line| is_of_it(line)).collect();
        let count = |words: &str| told.iter().filter(|line| line.contains(words)).count();
        // Whichever of its connections has failed, it is one outage.
        let counts = [GONE, WHY, BACK].map(count);
        assert!(counts == [1, 1, 1] && told.len() <= MOST, "{}: {counts:?} of {told:#?}", instance.mode);
    }
}

/// Whether a line is about the brokers, or a warning of whatever is in trouble without them.
fn is_of_it(line: &str) -> bool {
    ["adr_kafka", "adr_sink_kafka", "WARN", "ERROR"].iter().any(|words| line.contains(words))
}
