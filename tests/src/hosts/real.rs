//! A real host with the configuration that `generate` prints, and an output of its own into a file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::found::Program;
use crate::process::{Running, binary};

/// A real host.
#[derive(Debug)]
pub struct Real {
    program: Program,
    path: PathBuf,
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Real {
    /// One that takes the events of a pipeline, with its files in a folder and these variables in its environment.
    pub fn new(program: Program, path: PathBuf, pipeline: &Path, folder: &Path, environment: &[(&str, &str)]) -> Self {
        let mut generate = Command::new(binary());
        generate
            .arg("generate")
            .arg(program.host())
            .arg("-c")
            .arg(pipeline)
            .arg("--state-dir")
            .arg(folder.join("state"));
        let printed = generate.envs(environment.iter().copied()).output().expect("the binary starts");
        assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
        let ours = String::from_utf8(printed.stdout).expect("text");
        // Where packages let it write is not where a test may.
        let at = folder.display().to_string();
        let ours = ours.replace(&format!("/var/lib/{}", program.names()[0]), &at).replace("/var/lib/otelcol", &at);
        let real = Self {
            program,
            path,
            folder: folder.to_owned(),
            environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        std::fs::write(real.ours(), ours).expect("writes");
        std::fs::write(real.theirs(), real.around()).expect("writes");
        real
    }

    fn ending(&self) -> &'static str {
        if self.program == Program::Telegraf { "conf" } else { "yaml" }
    }

    fn ours(&self) -> PathBuf {
        self.folder.join(format!("jumpcloud-adr.{}", self.ending()))
    }

    fn theirs(&self) -> PathBuf {
        self.folder.join(format!("host.{}", self.ending()))
    }

    /// Where its output goes.
    pub fn output(&self) -> PathBuf {
        self.folder.join("out.ndjson")
    }

    /// Where its own log goes.
    pub fn log(&self) -> PathBuf {
        self.folder.join("host.log")
    }

    /// What a user would have beside the generated file.
    fn around(&self) -> String {
        let (folder, out) = (self.folder.display(), self.output().display().to_string());
        match self.program {
            Program::Vector => format!(
                "data_dir: {folder}\nsinks:\n  out:\n    type: file\n    inputs: [jumpcloud_adr]\n    path: {out}\n    encoding: {{ \
                 codec: json }}\n"
            ),
            Program::FluentBit => format!(
                "includes:\n  - {}\nservice:\n  flush: 0.2\n  storage.path: {folder}/storage\npipeline:\n  outputs:\n    - name: \
                 file\n      match: jumpcloud.adr\n      path: {folder}\n      file: out.ndjson\n      format: plain\n      \
                 retry_limit: no_limits\n",
                self.ours().display()
            ),
            Program::Telegraf => format!(
                "[agent]\n  omit_hostname = true\n  flush_interval = \"200ms\"\n  metric_buffer_limit = 1000000\n[[outputs.file]]\n  \
                 files = [\"{out}\"]\n  data_format = \"json\"\n"
            ),
            Program::Otelcol => format!(
                "exporters:\n  file: {{ path: \"{out}\", append: true, flush_interval: 100ms }}\nservice:\n  telemetry: {{ metrics: {{ \
                 level: none }} }}\n  pipelines:\n    logs/jumpcloud_adr: {{ exporters: [file] }}\n"
            ),
        }
    }

    /// Starts it.
    pub fn start(&self) -> Running {
        let mut command = Command::new(&self.path);
        match self.program {
            Program::FluentBit => command.arg("-c").arg(self.theirs()),
            _ => command.arg("--config").arg(self.theirs()).arg("--config").arg(self.ours()),
        };
        let log = File::options().create(true).append(true).open(self.log()).expect("its log opens");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        Running(command.spawn().expect("the host starts"))
    }

    /// Waits until the output has so many events, and gives them.
    pub fn until(&self, count: usize) -> Vec<String> {
        self.wait(&format!("{count} events"), || Some(self.events()).filter(|events| events.len() >= count))
    }

    /// Waits until its log has these words so often.
    pub fn until_logged(&self, words: &str, times: usize) -> String {
        self.wait(words, || {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            Some(log).filter(|log| log.matches(words).count() >= times)
        })
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            let log = || std::fs::read_to_string(self.log()).unwrap_or_default();
            assert!(start.elapsed() < Duration::from_secs(60), "{:?}: no {what}: {}", self.program, log());
            // A file tells nobody that it grows.
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The events in the output so far, each as it was written by us, where the host keeps that.
    pub fn events(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.output()).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        whole.lines().flat_map(|line| self.in_line(line)).collect()
    }

    fn in_line(&self, line: &str) -> Vec<String> {
        let text =
            |value: &serde_json::Value| value.as_str().unwrap_or_else(|| panic!("no event in {line}")).to_owned();
        match self.program {
            Program::Vector | Program::FluentBit => vec![line.to_owned()],
            Program::Telegraf => {
                let metric: serde_json::Value = serde_json::from_str(line).expect("JSON");
                vec![text(&metric["fields"]["event"])]
            }
            Program::Otelcol => {
                let batch: serde_json::Value = serde_json::from_str(line).expect("JSON");
                let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
                let scopes =
                    list(&batch["resourceLogs"]).into_iter().flat_map(move |resource| list(&resource["scopeLogs"]));
                let records = scopes.flat_map(move |scope| list(&scope["logRecords"]));
                records.map(|record| text(&record["body"]["stringValue"])).collect()
            }
        }
    }
}
