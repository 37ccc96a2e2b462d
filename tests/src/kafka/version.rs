//! Which versions of Kafka the tests run against, and where their jars are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A version of Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The last line of Kafka 3.
    V3_9,
    /// Kafka 4: new transactions (which librdkafka does not use yet), new group protocol.
    V4,
}

impl Version {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::V3_9, Self::V4];

    /// As `tests/kafka/fetch` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::V3_9 => "3.9.2",
            Self::V4 => "4.2.1",
        }
    }

    /// The folder of its jars.
    ///
    /// # Errors
    /// What is missing and what to type.
    pub fn libs(self) -> Result<PathBuf, String> {
        const GET_IT: &str = "type tests/kafka/fetch";
        let folder = cache().join(self.name());
        if !folder.join(".complete").exists() {
            return Err(format!("no Kafka {} in {}; {GET_IT}", self.name(), folder.display()));
        }
        let java = Command::new("java").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        match java {
            Ok(status) if status.success() => Ok(folder.join("lib")),
            _ => Err(format!("no java that runs; {GET_IT}")),
        }
    }

    /// The option that names the file of logging settings, and what stands in it: warnings to standard output.
    pub(super) fn logging(self) -> (&'static str, &'static str) {
        match self {
            Self::V3_9 => (
                "-Dlog4j.configuration=file:",
                "log4j.rootLogger=WARN, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n\
                 log4j.appender.out.layout=org.apache.log4j.PatternLayout\n\
                 log4j.appender.out.layout.ConversionPattern=%d %p %c: %m%n\n",
            ),
            Self::V4 => (
                "-Dlog4j2.configurationFile=",
                "status = error\nrootLogger.level = warn\nrootLogger.appenderRef.out.ref = out\n\
                 appender.out.type = Console\nappender.out.name = out\nappender.out.layout.type = PatternLayout\n\
                 appender.out.layout.pattern = %d %p %c: %m%n\n",
            ),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "where tests/kafka/fetch has put them")]
fn cache() -> PathBuf {
    if let Some(folder) = std::env::var_os("JUMPCLOUD_ADR_KAFKA") {
        return folder.into();
    }
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home);
    cache.unwrap_or_default().join("jumpcloud-adr/kafka")
}
