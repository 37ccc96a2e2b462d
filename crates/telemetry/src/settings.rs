use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use adr_core::Timestamp;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::format::Look;
use crate::layer::Lines;
use crate::log_file::LogFile;
use crate::metrics::Metrics;
use crate::otlp::{Otlp, OtlpError, Pages, Push, Switch, Traces};
use crate::panics;

/// How to log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What lines look like.
    pub format: Format,
    /// Where lines are appended instead of standard error. It is made with mode 0600, and made anew when it was renamed.
    pub file: Option<PathBuf>,
    /// 0 says what matters; -1 (`-q`) warnings and errors, -2 errors, -3 nothing; 1 (`-v`) debug, 2 trace of this
    /// program, 3 trace of everything.
    pub verbosity: i8,
    /// A filter in the words of `tracing` (`debug`, `adr_source_jumpcloud=trace,hyper=debug`): replaces `verbosity`.
    pub filter: Option<String>,
    /// Whether text lines are coloured.
    pub color: Color,
}

/// What a log line looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: time, level, message, key=value.
    #[default]
    Text,
    /// For machines: one object a line with `timestamp`, `level`, `message`, `target` and `fields`.
    Json,
    /// For Telegraf, which takes the level from the beginning of a line: `E! message key=value`.
    Telegraf,
}

/// Whether text lines are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal only.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter is not one.
    #[error("log filter {filter:?}: {reason}; write a level such as debug, or target=level pairs")]
    Filter {
        /// As it was given.
        filter: String,
        /// What is wrong.
        reason: String,
    },
    /// The log file cannot be written.
    #[error("log file {}: {error}; name a file in a folder that this user may write", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What is wrong.
        error: io::Error,
    },
    /// Somebody else has set up `tracing` in this process.
    #[error("logging is set up already")]
    Twice,
}

/// How long the end of a push may take where nobody says.
const FAREWELL: Duration = Duration::from_secs(3);

/// Logging, and what is pushed, for as long as this is alive. Dropped at the end, it tells of repeats not told yet and sends
/// what was not pushed yet.
#[must_use = "dropped at once, it would end logging's counts at once"]
pub struct Telemetry {
    lines: Lines,
    switch: Switch,
    push: Option<Push>,
}

impl Telemetry {
    /// From now on metrics, traces and log lines are pushed, instead of what was before. The other side need not be there; what
    /// it does not take is dropped.
    ///
    /// # Errors
    /// A setting that cannot be used: then all is as before.
    pub fn push(&mut self, otlp: &Otlp, metrics: Arc<Metrics>) -> Result<(), OtlpError> {
        // One after the other: there is one switch, and lines go one way.
        let next = Push::prepare(otlp, metrics)?;
        self.stop_push(FAREWELL);
        self.push = Some(next.start(&self.switch, &self.lines));
        Ok(())
    }

    /// Sends what was not pushed yet, for so long at most, and pushes nothing more.
    pub fn stop_push(&mut self, within: Duration) {
        if let Some(push) = self.push.take() {
            push.stop(&self.switch, &self.lines, within);
        }
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        // Counts of repeats are lines that are pushed, too.
        self.lines.finish();
        self.stop_push(FAREWELL);
    }
}

/// Starts logging for the whole process, on standard error or in the settings' file. A panic becomes a log line, too.
///
/// # Errors
/// A filter that is none, a file that cannot be written, or a second call.
pub fn init(settings: &Settings) -> Result<Telemetry, InitError> {
    let (terminal, writer): (bool, Box<dyn Write + Send>) = match &settings.file {
        None => (io::stderr().is_terminal(), Box::new(io::stderr())),
        Some(path) => {
            let file = LogFile::open(path).map_err(|error| InitError::File { path: path.clone(), error })?;
            (false, Box::new(file))
        }
    };
    let (subscriber, telemetry) = build(settings, terminal, writer)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| InitError::Twice)?;
    panics::log_them();
    Ok(telemetry)
}

/// The same for a writer of one's own (one that steps around a progress bar, or a test's) whatever `file` says, not yet set up as the
/// process's subscriber. The writer gets one call of `write_all` a line.
///
/// # Errors
/// A filter that is none.
pub fn subscriber(
    settings: &Settings,
    writer: impl Write + Send + 'static,
) -> Result<(impl Subscriber + Send + Sync, Telemetry), InitError> {
    build(settings, false, Box::new(writer))
}

fn build(
    settings: &Settings,
    terminal: bool,
    writer: Box<dyn Write + Send>,
) -> Result<(impl Subscriber + Send + Sync + use<>, Telemetry), InitError> {
    let filter = match &settings.filter {
        Some(filter) => EnvFilter::try_new(filter)
            .map_err(|error| InitError::Filter { filter: filter.clone(), reason: error.to_string() })?,
        None => EnvFilter::new(directives(settings.verbosity)),
    };
    let color = match settings.color {
        Color::Auto => terminal,
        Color::Always => true,
        Color::Never => false,
    };
    let target = settings.verbosity > 0 || settings.filter.is_some();
    let lines = Lines::new(settings.format, Look { color, short_time: terminal, target }, now, writer);
    let switch = Switch::default();
    let traces = Traces(switch.clone()).with_filter(Pages(switch.clone()));
    let subscriber = Registry::default().with(traces).with(lines.clone().with_filter(filter));
    Ok((subscriber, Telemetry { lines, switch, push: None }))
}

/// This program's crates are called `adr_..` and `jumpcloud_adr`; libraries are heard only when in trouble.
fn directives(verbosity: i8) -> String {
    let level = match verbosity {
        ..=-3 => return "off".to_owned(),
        -2 => return "error".to_owned(),
        -1 => return "warn".to_owned(),
        0 => "info",
        1 => "debug",
        2 => "trace",
        3.. => return "trace".to_owned(),
    };
    format!("warn,adr={level},jumpcloud_adr={level}")
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "a log line's own time decides nothing")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
