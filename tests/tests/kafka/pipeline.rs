//! The pipeline file that a site deploys, with the site's own values in it: the real binary, from a simulated JumpCloud to
//! a real broker, and what `check`, `status` and `verify` say of it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use adr_simulator::SimulatorOptions;
use adr_tests::kafka::{Broker, Listener, Message, PASSWORD, Security, USER, Version, read_all};
use adr_tests::process::{Simulator, appending, binary, source_id};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::Case;

mod outage;

/// Of each of the two organizations.
const EVENTS: usize = 400;

const SEED: u64 = 21;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Case::own("pipeline::every_event_of_the_deployed_file_is_there_once", deployed);
    cases.extend(Case::own("pipeline::an_outage_and_its_end_are_told_once", outage::told_once));
    cases
}

fn root(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Makes the topics by the commands that a text tells its readers to type.
fn make_topics(broker: &Broker, text: &str, rename: &str) {
    let text = text.replace("\\\n", " ").replace("\n#", "\n");
    let commands: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("kafka-topics.sh")).collect();
    assert_eq!(commands.len(), 3, "{text}");
    for command in commands {
        let mut words = command.split_whitespace().skip(1).filter(|word| *word != "#");
        let mut arguments = Vec::new();
        while let Some(word) = words.next() {
            match word {
                // Where the test's broker is, is put in by the tool.
                "--bootstrap-server" | "--command-config" => drop(words.next()),
                _ => arguments.push(word.replace("adr-", rename)),
            }
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        broker.tool("org.apache.kafka.tools.TopicCommand", &arguments);
    }
}

/// `pipelines/jumpcloud-to-kafka.yaml` with these in the place of its examples. Each of them must be there.
fn filled_in(values: &[(&str, &str)]) -> String {
    let mut text = root("pipelines/jumpcloud-to-kafka.yaml");
    for (example, value) in values {
        assert!(text.contains(example), "{example} is not in the file any more");
        text = text.replace(example, value);
    }
    text
}

struct Site {
    folder: tempfile::TempDir,
    pipeline: PathBuf,
    simulator: Simulator,
}

impl Site {
    fn new(broker: &Broker) -> Self {
        let (events, seed) = (EVENTS.to_string(), SEED.to_string());
        let simulator = Simulator::start(&["--tenants", "2", "--events", &events, "--seed", &seed]);
        let options = SimulatorOptions { seed: SEED, ..SimulatorOptions::default() };
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("the file is written");
            path.display().to_string()
        };
        let text = filled_in(&[
            ("    type: jumpcloud\n", &format!("    type: jumpcloud\n    base_url: {}\n", simulator.url)),
            ("/etc/jumpcloud-adr/acme.key", &path("acme.key", &simulator.key)),
            ("/etc/jumpcloud-adr/globex.key", &path("globex.key", &options.provider_key())),
            ("5a2af2a82cf2b0010053ea41", &options.organization_id(0)),
            ("5a2af2a82cf2b0010053ea42", &options.organization_id(1)),
            ("kafka-1.example.com:9093,kafka-2.example.com:9093", &broker.address(Listener::Sasl)),
            ("/etc/jumpcloud-adr/kafka-ca.pem", &broker.pki().authority.display().to_string()),
            ("username: jumpcloud-adr", &format!("username: {USER}")),
            ("/etc/jumpcloud-adr/kafka.password", &path("kafka.password", PASSWORD)),
        ]);
        let pipeline = folder.path().join("pipeline.yaml");
        std::fs::write(&pipeline, text).expect("the pipeline is written");
        Self { folder, pipeline, simulator }
    }

    /// What a command about the pipeline says on standard output, and its exit code.
    fn ask(&self, command: &str) -> (String, Option<i32>) {
        let done = Command::new(binary()).arg(command).arg("-c").arg(&self.pipeline).output().expect("it runs");
        (String::from_utf8(done.stdout).expect("text") + &String::from_utf8_lossy(&done.stderr), done.status.code())
    }
}

fn until(broker: &Broker, count: usize, log: &Path) -> Vec<Message> {
    let begin = Instant::now();
    loop {
        let messages = read_all(&broker.bootstrap(), "adr-events");
        if messages.len() >= count {
            return messages;
        }
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(begin.elapsed() < Duration::from_secs(120), "{} of {count} events; {}", messages.len(), said());
    }
}

fn deployed(version: Version) {
    let broker = Broker::start_with(version, Security::Listeners);
    make_topics(&broker, &root("pipelines/jumpcloud-to-kafka.yaml"), "adr-");
    make_topics(&broker, &root("docs/kafka.md"), "doc-");
    let site = Site::new(&broker);

    let (said, code) = site.ask("check");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 6, "{said}");
    assert!(said.contains("adr-checkpoints") && said.contains("adr-shards"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");

    let log = site.folder.path().join("log");
    let state = site.folder.path().join("state");
    let mut run = site.simulator.run(&site.pipeline, &state, &[], Stdio::null(), appending(&log));
    let messages = until(&broker, 2 * EVENTS, &log);
    let (said, code) = site.ask("cluster");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 instances, 16 shards") && !said.contains("nobody"), "{said}");
    let options = SimulatorOptions { seed: SEED, ..SimulatorOptions::default() };
    assert!((0..2).all(|number| said.contains(&options.organization_id(number))), "{said}");
    run.signal("TERM");
    let ended = run.end(Duration::from_secs(60));
    assert!(ended.success(), "{}", std::fs::read_to_string(&log).unwrap_or_default());

    let ids: HashSet<String> =
        messages.iter().map(|message| source_id(str::from_utf8(&message.payload).expect("UTF-8"))).collect();
    assert_eq!((messages.len(), ids.len()), (2 * EVENTS, 2 * EVENTS), "each once");
    let first = &messages[0];
    assert_eq!(first.header("schema"), Some("ocsf/1.8.0"));
    assert_eq!(first.header("tenant").map(str::as_bytes), first.key.as_deref());
    let body: serde_json::Value = serde_json::from_slice(&first.payload).expect("JSON");
    assert_eq!(first.header("uid"), body["metadata"]["uid"].as_str());

    let (said, code) = site.ask("verify");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\ncomplete\n"), "{said}");
    assert!(said.contains(&format!("expected {0} = in the topic {0} + missing 0 + still due 0", 2 * EVENTS)), "{said}");
    holes_and_repeats(&broker, &site, &messages);
}

fn write<'a>(broker: &Broker, topic: &str, messages: impl Iterator<Item = &'a Message>) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", broker.bootstrap()).create().expect("a producer");
    for message in messages {
        let uid = message.header("uid").expect("a uid");
        let headers = OwnedHeaders::new().insert(Header { key: "uid", value: Some(uid) });
        let record = BaseRecord::<(), [u8]>::to(topic).payload(&message.payload).headers(headers);
        assert!(producer.send(record).is_ok(), "the queue is large enough");
    }
    producer.flush(Duration::from_secs(30)).expect("all is written");
}

/// What `verify` says of a topic with an event more and one less than there should be.
fn holes_and_repeats(broker: &Broker, site: &Site, messages: &[Message]) {
    let topic = "doc-events";
    let uid = |message: &Message| message.header("uid").expect("a uid").to_owned();
    let copies = messages[1..].iter().chain([&messages[5]]);
    write(broker, topic, copies);
    let text = std::fs::read_to_string(&site.pipeline).expect("text").replace("topic: adr-events", "topic: doc-events");
    let other = site.folder.path().join("other.yaml");
    std::fs::write(&other, text).expect("written");
    let done = Command::new(binary()).args(["verify", "-c"]).arg(&other).output().expect("it runs");
    let said = String::from_utf8(done.stdout).expect("text");
    assert_eq!(done.status.code(), Some(65), "{said}");
    assert!(said.contains(&format!("missing  {}", uid(&messages[0]))), "{said}");
    assert!(said.contains(&format!("twice    {}  {topic} partition ", uid(&messages[5]))), "{said}");
    assert!(said.ends_with("NOT complete\n"), "{said}");

    // The same against a file: what is in it is what should be there.
    let file = site.folder.path().join("events.ndjson");
    let lines: Vec<u8> = messages[1..].iter().flat_map(|message| [&message.payload[..], b"\n"].concat()).collect();
    std::fs::write(&file, lines).expect("written");
    let done = Command::new(binary()).args(["verify", "-c"]).arg(&other).arg("--against").arg(&file).output();
    let said = String::from_utf8(done.expect("it runs").stdout).expect("text");
    assert!(said.contains(" + missing 0 + still due 0") && said.contains("1 of them again"), "{said}");
}
