//! A running broker.

use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::files::{self, Listener, Ports, Security};
use super::java::Java;
use super::{Tied, Version, admin};
use crate::receivers::Pki;

/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A broker in a folder of its own, on ports of its own; or one that the user has. Ours is killed when it goes out of
/// scope, and when the test is killed.
#[derive(Debug)]
pub struct Broker {
    bootstrap: String,
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    process: Option<Tied>,
    java: Java,
    ports: Ports,
    pki: Pki,
    folder: TempDir,
}

impl Broker {
    /// Starts one with a plaintext listener, and waits until it answers.
    pub fn start(version: Version) -> Self {
        Self::start_with(version, Security::None)
    }

    /// Starts one with more listeners than the plaintext one.
    pub fn start_with(version: Version, security: Security) -> Self {
        Self::launch(version, security, false)
    }

    /// Starts one as [`start`](Self::start) does, but with the compiler that makes it quick for long: for benchmarks.
    pub fn start_for_speed(version: Version) -> Self {
        Self::launch(version, Security::None, true)
    }

    /// The broker of the user.
    pub(super) fn given(bootstrap: String) -> Self {
        Self { bootstrap, own: None }
    }

    fn launch(version: Version, security: Security, for_speed: bool) -> Self {
        let folder = tempfile::Builder::new().prefix("adr-kafka-").tempdir().expect("a temporary folder");
        let java = Java::new(version, folder.path(), for_speed);
        let (ports, pki) = (Ports::free(security), Pki::new());
        let properties = folder.path().join("server.properties");
        let text = files::properties(folder.path(), &ports, security, &pki);
        std::fs::write(&properties, text).expect("its properties are written");
        let properties = properties.to_str().expect("a path of text");
        // Any 16 bytes in base64; this begins with a letter, so that it is not taken for an option.
        let id = format!("adr{:019}", std::process::id());
        let scram = files::scram();
        let mut arguments = vec!["format", "--standalone", "--cluster-id", &id, "--config", properties];
        if security != Security::None {
            arguments.extend(scram.iter().map(String::as_str));
        }
        java.tool("kafka.tools.StorageTool", &arguments);
        let bootstrap = format!("127.0.0.1:{}", ports.of(Listener::Plaintext));
        let mut broker = Self { bootstrap, own: Some(Own { process: None, java, ports, pki, folder }) };
        broker.restart();
        broker
    }

    /// Where its plaintext listener is.
    pub fn bootstrap(&self) -> String {
        self.bootstrap.clone()
    }

    /// Where one of its listeners is.
    pub fn address(&self, listener: Listener) -> String {
        format!("127.0.0.1:{}", self.own().ports.of(listener))
    }

    /// The authority of its certificates: makes those of clients too.
    pub fn pki(&self) -> &Pki {
        &self.own().pki
    }

    /// Makes a topic, and waits until the broker serves it.
    pub fn create_topic(&self, name: &str, partitions: i32, settings: &[(&str, &str)]) {
        admin::create_topic(&self.bootstrap, name, partitions, settings);
    }

    /// Runs one of Kafka's own command line tools by its class; `--bootstrap-server` is put in. Returns what it said.
    pub fn tool(&self, class: &str, arguments: &[&str]) -> String {
        let mut all = vec!["--bootstrap-server", &self.bootstrap];
        all.extend(arguments);
        self.own().java.tool(class, &all)
    }

    /// Stops it from running (SIGSTOP), and waits until every thread stands.
    pub fn pause(&self) {
        self.process().pause();
    }

    /// Lets it run again (SIGCONT).
    pub fn resume(&self) {
        self.process().resume();
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        let process = self.own.as_mut().and_then(|own| own.process.take());
        drop(process.expect("it runs and is ours"));
    }

    /// Starts it again after it was killed, or kills it first: on the same ports and with the same data. Waits until it
    /// answers.
    pub fn restart(&mut self) {
        let own = self.own.as_mut().expect("it is ours");
        own.process = None;
        let log = File::options().create(true).append(true).open(own.log_file()).expect("its log opens");
        let mut command = own.java.command("512m", "kafka.Kafka");
        command.arg(own.folder.path().join("server.properties"));
        command.stdout(log.try_clone().expect("a handle")).stderr(log);
        own.process = Some(Tied::start(&mut command, Some(own.folder.path())));
        own.until_it_listens();
        admin::until_it_answers(&self.bootstrap, || self.log());
    }

    /// What it has said: warnings and errors.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.own().log_file()).unwrap_or_default()
    }

    fn own(&self) -> &Own {
        self.own.as_ref().expect("a broker of the user's has no process and no files here")
    }

    fn process(&self) -> &Tied {
        self.own().process.as_ref().expect("it runs")
    }
}

impl Own {
    fn log_file(&self) -> PathBuf {
        Path::join(self.folder.path(), "log")
    }

    fn until_it_listens(&mut self) {
        let port = self.ports.of(Listener::Plaintext);
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = self.process.as_mut().and_then(Tied::ended);
            let log = || std::fs::read_to_string(self.log_file()).unwrap_or_default();
            assert!(ended.is_none(), "the broker ended at once ({ended:?}):\n{}", log());
            assert!(start.elapsed() < LIMIT, "the broker does not listen:\n{}", log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
