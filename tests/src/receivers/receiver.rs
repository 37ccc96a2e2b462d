//! A running receiver.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::pki::{Identity, Pki};
use super::records::Records;
use super::setup::{Setup, Wire, install};
use super::{found, ports};
use crate::process::{Running, stands};

/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// A receiver in a folder of its own, on a port of its own. It is killed when it goes out of scope.
#[derive(Debug)]
pub struct Receiver {
    setup: Setup,
    program: found::Program,
    folder: TempDir,
    port: u16,
    /// The examples have a listener or two that a test has no use for.
    spare: u16,
    records: Records,
    process: Option<Running>,
}

impl Receiver {
    /// Starts it with this certificate, where the wire has TLS, and waits until it listens.
    pub fn start(setup: Setup, pki: &Pki, identity: &Identity) -> Self {
        let program = setup.product.program().unwrap_or_else(|missing| panic!("{missing}"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("tls")).expect("a folder");
        std::fs::copy(&pki.authority, folder.path().join("tls/ca.pem")).expect("the authority is put in place");
        install(identity, folder.path());
        let records = Records::of(folder.path().join("records"));
        let (port, spare) = (ports::free(), ports::free());
        let mut receiver = Self { setup, program, folder, port, spare, records, process: None };
        receiver.start_again();
        receiver
    }

    /// Starts it again after it was stopped, on the same port and with the same files.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let log = File::options().create(true).append(true).open(self.log_file()).expect("its log opens");
        let mut command = self.setup.command(&self.program, self.folder.path(), self.port, self.spare);
        command.env("TZ", "UTC").stdin(Stdio::null()).stdout(log.try_clone().expect("a handle")).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.program.path.display()));
        let process = self.process.insert(Running(child));
        let start = Instant::now();
        while !ports::bound(process.0.id(), self.port, self.setup.wire == Wire::Udp) {
            let ended = process.0.try_wait().expect("it can be waited for");
            let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(ended.is_none(), "the receiver ended at once ({ended:?}):\n{}", log());
            assert!(start.elapsed() < LIMIT, "the receiver does not listen:\n{}", log());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The port it listens at.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.process.take().expect("it runs").kill();
        self.records.mend();
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.signal("TERM");
        process.end(LIMIT);
    }

    /// Stops it from running (SIGSTOP), and waits until every thread stands: the kernel goes on taking in what its buffer
    /// holds.
    pub fn pause(&self) {
        let process = self.process.as_ref().expect("it runs");
        process.signal("STOP");
        let start = Instant::now();
        while !stands(process.0.id()) {
            assert!(start.elapsed() < LIMIT, "it does not stop");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets it run again (SIGCONT).
    pub fn resume(&self) {
        self.process.as_ref().expect("it runs").signal("CONT");
    }

    /// Bytes that its kernel has acknowledged and it has not read.
    pub fn unread(&self) -> u64 {
        ports::unread(self.port)
    }

    /// Puts another certificate in place; it is used from the next start.
    pub fn certificate(&self, identity: &Identity) {
        install(identity, self.folder.path());
    }

    /// What it has written down up to now.
    pub fn records(&mut self) -> &[Vec<u8>] {
        self.records.lines()
    }

    /// Waits until what it has written down is as wanted.
    pub fn until(&mut self, wanted: &str, mut is: impl FnMut(&[Vec<u8>]) -> bool) {
        let start = Instant::now();
        while !is(self.records.lines()) {
            if start.elapsed() > LIMIT {
                panic!("not {wanted} with {} records; its log:\n{}", self.records.lines().len(), self.log());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it has said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        Path::join(self.folder.path(), "log")
    }
}
