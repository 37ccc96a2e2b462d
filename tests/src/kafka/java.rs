//! `java` with Kafka's jars.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::version::Version;

/// How a virtual machine is started.
#[derive(Clone, Debug)]
pub(super) struct Java {
    class_path: String,
    options: Vec<String>,
}

impl Java {
    /// Jars of this version, logging into the folder. Quick to start or quick for long.
    pub(super) fn new(version: Version, folder: &Path, for_speed: bool) -> Self {
        let libs: PathBuf = version.libs().unwrap_or_else(|missing| panic!("{missing}"));
        let (option, text) = version.logging();
        let file = folder.join("log4j.properties");
        std::fs::write(&file, text).expect("the logging settings are written");
        let mut options = vec!["-XX:+UseSerialGC".into(), format!("{option}{}", file.display())];
        if !for_speed {
            options.push("-XX:TieredStopAtLevel=1".into());
        }
        Self { class_path: libs.join("*").display().to_string(), options }
    }

    /// A command that runs a class.
    pub(super) fn command(&self, heap: &str, class: &str) -> Command {
        let mut command = Command::new("java");
        command.arg(format!("-Xmx{heap}")).args(&self.options).arg("-cp").arg(&self.class_path).arg(class);
        command.stdin(Stdio::null());
        command
    }

    /// Runs one of Kafka's tools to its end and returns what it said.
    pub(super) fn tool(&self, class: &str, arguments: &[&str]) -> String {
        let output = self.command("256m", class).args(arguments).output().expect("java runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{class} {arguments:?}: {}:\n{said}", output.status);
        said
    }
}
