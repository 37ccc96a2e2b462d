//! Two topics, a group, and instances between them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use adr_tests::kafka::{Broker, Message, PASSWORD, Tied, read_all, unique};
use adr_tests::process::{appending, binary, source_id};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

pub(super) const LIMIT: Duration = Duration::from_secs(60);

pub(super) struct Scene<'a> {
    pub(super) broker: &'a Broker,
    pub(super) raw: String,
    pub(super) out: String,
    pub(super) group: String,
    /// Where the source finds the brokers.
    pub(super) servers: String,
    /// More settings of the sink.
    pub(super) sink: String,
    /// More settings of the source, a line each.
    pub(super) source: Vec<String>,
    partitions: i32,
    producer: ThreadedProducer<DefaultProducerContext>,
    folder: tempfile::TempDir,
}

impl<'a> Scene<'a> {
    pub(super) fn new(broker: &'a Broker, partitions: i32) -> Self {
        let (raw, out, group) = (unique("raw"), unique("out"), unique("group"));
        broker.create_topic(&raw, partitions, &[]);
        broker.create_topic(&out, 1, &[]);
        let mut config = ClientConfig::new();
        let producer = config.set("bootstrap.servers", broker.bootstrap()).set("linger.ms", "0").create();
        Self {
            broker,
            raw,
            out,
            group,
            servers: broker.bootstrap(),
            sink: String::new(),
            source: vec!["session_timeout: 6s".to_owned()],
            partitions,
            producer: producer.expect("a producer"),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// Has the sink commit in transactions.
    pub(super) fn exactly_once(&mut self) {
        let checkpoints = unique("checkpoints");
        self.broker.create_topic(&checkpoints, 2, &[("cleanup.policy", "compact")]);
        self.sink = format!(", delivery: exactly_once, checkpoints: {{ topic: {checkpoints}, shards: 2 }}");
    }

    /// Writes events with these numbers, each into the partition of its number.
    pub(super) fn write(&self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            self.write_text(i32::try_from(number).expect("small") % self.partitions, Some(event(number).as_bytes()));
        }
        self.producer.flush(LIMIT).expect("all is written");
    }

    pub(super) fn write_text(&self, partition: i32, text: Option<&[u8]>) {
        let mut record = BaseRecord::<(), [u8]>::to(&self.raw).partition(partition);
        record.payload = text;
        self.producer.send(record).map_err(|(error, _)| error).expect("the queue has room");
    }

    pub(super) fn flush(&self) {
        self.producer.flush(LIMIT).expect("all is written");
    }

    fn pipeline(&self) -> PathBuf {
        let path = self.folder.path().join("pipeline.yaml");
        let Self { raw, out, group, servers, sink, .. } = self;
        let brokers = self.broker.bootstrap();
        let source = self.source.iter().fold(String::new(), |mut lines, line| {
            let _ = writeln!(lines, "    {line}");
            lines
        });
        let text = format!(
            "sources:\n  raw:\n    type: kafka\n    bootstrap_servers: \"{servers}\"\n    topics: [{raw}]\n    group_id: \
             {group}\n{source}transforms:\n  adr: {{ type: adr, inputs: [raw] }}\nsinks:\n  out: {{ type: kafka, inputs: \
             [adr], bootstrap_servers: \"{brokers}\", topic: {out}{sink} }}\n"
        );
        std::fs::write(&path, text).expect("the pipeline file is written");
        path
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(binary());
        command.arg(verb).arg("-c").arg(self.pipeline()).args(["--log", "info", "--color", "never"]);
        command.env("KAFKA_PASSWORD", PASSWORD).stdin(Stdio::null());
        command
    }

    /// Reads to the end; what it says and its exit code.
    pub(super) fn once(&self) -> (String, Option<i32>) {
        let mut command = self.command("run");
        let done =
            command.arg("--once").arg("--state-dir").arg(self.folder.path().join("once")).output().expect("it runs");
        (String::from_utf8_lossy(&done.stderr).into_owned(), done.status.code())
    }

    /// What `check` says, and its exit code.
    pub(super) fn check(&self) -> (String, Option<i32>) {
        let done = self.command("check").output().expect("it runs");
        let said = [done.stdout, done.stderr].concat();
        (String::from_utf8_lossy(&said).into_owned(), done.status.code())
    }

    pub(super) fn start(&self, name: &'static str) -> Instance {
        let log = self.folder.path().join(format!("{name}.log"));
        let mut command = self.command("run");
        command.arg("--state-dir").arg(self.folder.path().join(name)).stdout(Stdio::null()).stderr(appending(&log));
        Instance { name, log, process: Tied::start(&mut command, None) }
    }

    /// Has an instance take over the settings as they are now.
    pub(super) fn reload(&self, instance: &Instance) {
        self.pipeline();
        instance.process.signal("HUP");
    }

    /// Lines of the dead letter of runs to the end.
    pub(super) fn rejected(&self) -> Vec<String> {
        let file = self.folder.path().join("once/dead-letter/rejected.ndjson");
        std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// What has been delivered.
    pub(super) fn delivered(&self) -> Vec<Message> {
        read_all(&self.broker.bootstrap(), &self.out)
    }

    /// How often each event was delivered.
    pub(super) fn counts(&self) -> BTreeMap<usize, usize> {
        let mut counts = BTreeMap::new();
        for message in self.delivered() {
            let id = source_id(str::from_utf8(&message.payload).expect("UTF-8"));
            *counts.entry(id.parse().expect("a number")).or_default() += 1;
        }
        counts
    }

    /// Waits until so many different events are delivered.
    #[track_caller]
    pub(super) fn until(&self, count: usize, instances: &[&Instance]) -> BTreeMap<usize, usize> {
        let start = Instant::now();
        loop {
            let counts = self.counts();
            if counts.len() >= count {
                return counts;
            }
            let said = || instances.iter().map(|instance| instance.said()).collect::<Vec<_>>().join("\n----\n");
            assert!(start.elapsed() < LIMIT, "{} of {count} are there:\n{}", counts.len(), said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The group's offsets, for each partition.
    pub(super) fn committed(&self) -> Vec<Option<i64>> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.broker.bootstrap()).set("group.id", &self.group);
        let client: BaseConsumer = config.create().expect("a client");
        let mut list = TopicPartitionList::new();
        for partition in 0..self.partitions {
            list.add_partition(&self.raw, partition);
        }
        let found = client.committed_offsets(list, LIMIT).expect("the broker answers");
        let offset = |offset| if let Offset::Offset(offset) = offset { Some(offset) } else { None };
        found.elements().iter().map(|one| offset(one.offset())).collect()
    }
}

/// A raw event.
pub(super) fn event(number: usize) -> String {
    format!(
        r#"{{"id":"{number}","event_type":"sso_auth","service":"sso","timestamp":"2026-01-31T08:15:00.{:03}Z","organization":"5a2af2a82cf2b0010053ea41"}}"#,
        number % 1000
    )
}

/// The binary that runs.
pub(super) struct Instance {
    name: &'static str,
    log: PathBuf,
    pub(super) process: Tied,
}

impl Instance {
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has said so.
    #[track_caller]
    pub(super) fn until_says(&self, words: &str) {
        let start = Instant::now();
        while !self.said().contains(words) {
            assert!(start.elapsed() < LIMIT, "{} does not say {words:?} but\n{}", self.name, self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it, and says how long that took.
    #[track_caller]
    pub(super) fn stop(&mut self) -> Duration {
        let start = Instant::now();
        self.process.signal("TERM");
        assert!(self.process.end(LIMIT).success(), "{}:\n{}", self.name, self.said());
        start.elapsed()
    }
}
