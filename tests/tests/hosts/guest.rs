//! The program as `generate` has a host start it, and what a host got of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use adr_tests::hosts::{Manners, Record, StandIn};
use adr_tests::process::{Simulator, binary, source_id};

/// A host whose manners the stand-in has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum As {
    Vector,
    FluentBit,
    Telegraf,
}

impl As {
    pub(crate) const ALL: [Self; 3] = [Self::Vector, Self::FluentBit, Self::Telegraf];

    pub(crate) fn manners(self) -> Manners {
        match self {
            Self::Vector => Manners::VECTOR,
            Self::FluentBit => Manners::FLUENT_BIT,
            Self::Telegraf => Manners::TELEGRAF,
        }
    }

    fn host(self) -> &'static str {
        match self {
            Self::Vector => "vector",
            Self::FluentBit => "fluent-bit",
            Self::Telegraf => "telegraf",
        }
    }

    /// The command in what `generate` prints.
    fn command_in(self, stanza: &str) -> Vec<String> {
        let unquoted = |word: &str| word.trim_matches('"').to_owned();
        match self {
            Self::Vector => {
                let list = stanza.lines().skip_while(|line| line.trim() != "command:").skip(1);
                list.map_while(|line| line.strip_prefix("      - ")).map(unquoted).collect()
            }
            Self::FluentBit => {
                let line = stanza.lines().find_map(|line| line.trim().strip_prefix("command: ")).expect("a command");
                vec!["/bin/sh".to_owned(), "-c".to_owned(), unquoted(line)]
            }
            Self::Telegraf => {
                let list = stanza.lines().skip_while(|line| line.trim() != "command = [").skip(1);
                list.map_while(|line| line.strip_prefix("    "))
                    .map(|word| unquoted(word.trim_end_matches(',')))
                    .collect()
            }
        }
    }
}

/// A pipeline of a simulated tenant, and how a host starts it.
pub(crate) struct Guest {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) pipeline: PathBuf,
    pub(crate) key: String,
    command: Vec<String>,
}

impl Guest {
    /// With more settings of the source and of the program. The key is in a file.
    pub(crate) fn new(host: As, simulator: &Simulator, source: &str, program: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let pipeline = simulator.pipeline(folder.path(), source, program);
        let stanza = generated(host.host(), &pipeline, &simulator.key);
        let command = host.command_in(&stanza);
        assert!(command.iter().any(|word| word.contains("--hosted")), "{command:?}");
        Self { folder, pipeline, key: simulator.key.clone(), command }
    }

    /// The same with another command line.
    pub(crate) fn but(mut self, change: impl Fn(String) -> Vec<String>) -> Self {
        self.command = self.command.into_iter().flat_map(change).collect();
        self
    }

    /// Starts a host.
    pub(crate) fn start(&self, manners: Manners) -> StandIn {
        let (command, key) = (self.command.clone(), self.key.clone());
        StandIn::start(manners, move || {
            let mut child = Command::new(&command[0]);
            child.args(&command[1..]).env("SIMULATED_KEY", &key);
            child
        })
    }

    /// All events as a run to the present writes them.
    pub(crate) fn reference(&self) -> String {
        let mut run = Command::new(binary());
        run.args(["run", "--once", "-c"]).arg(&self.pipeline).env("SIMULATED_KEY", &self.key);
        let done = run.arg("--state-dir").arg(self.folder.path().join("reference")).output().expect("it starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text")
    }
}

fn generated(host: &str, pipeline: &Path, key: &str) -> String {
    let state = pipeline.with_file_name("state");
    let mut generate = Command::new(binary());
    generate.args(["generate", host, "-c"]).arg(pipeline).arg("--state-dir").arg(state).env("SIMULATED_KEY", key);
    let done = generate.output().expect("it starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let stanza = String::from_utf8(done.stdout).expect("text");
    assert!(stanza.contains("SIMULATED_KEY") && !stanza.contains(key), "the name and never the value: {stanza}");
    stanza
}

/// Each event's text by its id; a repeat must be the same bytes.
pub(crate) fn by_id<'a>(lines: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, &'a String> {
    let mut seen = BTreeMap::new();
    for line in lines {
        let id = source_id(line);
        if let Some(before) = seen.insert(id.clone(), line) {
            assert_eq!(before, line, "{id} came again with other bytes");
        }
    }
    seen
}

/// Every child of a record ended by itself and well.
pub(crate) fn ended_well(record: &Record, children: usize) {
    record.look(|seen| {
        assert_eq!(seen.children.len(), children, "{:?}", seen.ends);
        assert!(seen.ends.iter().all(std::process::ExitStatus::success), "{:?}", seen.ends);
    });
}
