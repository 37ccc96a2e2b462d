//! Log lines, on standard error or in a file.

use std::sync::{Arc, Mutex, PoisonError};

use adr_telemetry::{Color, Format, InitError, Metrics, Otlp, OtlpError, Settings, Telemetry};

use crate::args::{self, LogFormat, Logging};
use crate::exit::{Exit, Stop};
use crate::out::tell;

/// There for as long as the process runs.
static TELEMETRY: Mutex<Option<Telemetry>> = Mutex::new(None);

/// Pushes them with metrics and traces where the `OTEL_` variables say so, from now on.
pub(crate) fn push(metrics: &Arc<Metrics>) -> Result<(), OtlpError> {
    let Some(otlp) = Otlp::from_variables(variable)? else { return Ok(()) };
    let mut telemetry = TELEMETRY.lock().unwrap_or_else(PoisonError::into_inner);
    telemetry.as_mut().map_or(Ok(()), |telemetry| telemetry.push(&otlp, metrics.clone()))
}

/// Says and sends what was not yet.
pub(crate) fn finish() {
    drop(TELEMETRY.lock().unwrap_or_else(PoisonError::into_inner).take());
}

#[expect(clippy::disallowed_methods, reason = "the variables by which every program is told where to push")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Starts them; they run until [`finish`]. Beside a command's `answer` only warnings are of interest.
pub(crate) fn start(logging: &Logging, answer: bool) -> Result<(), Stop> {
    let level = |count: u8| i8::try_from(count).unwrap_or(i8::MAX);
    let settings = Settings {
        format: match logging.log_format {
            LogFormat::Text => Format::Text,
            LogFormat::Json => Format::Json,
            LogFormat::Telegraf => Format::Telegraf,
        },
        file: logging.log_file.clone(),
        verbosity: level(logging.verbose) - level(logging.quiet) - i8::from(answer),
        filter: logging.log.clone().filter(|filter| !filter.trim().is_empty()),
        color: match logging.color {
            args::Color::Auto => Color::Auto,
            args::Color::Always => Color::Always,
            args::Color::Never => Color::Never,
        },
    };
    let telemetry = adr_telemetry::init(&settings).map_err(|error| {
        let exit = if matches!(error, InitError::File { .. }) { Exit::Config } else { Exit::Usage };
        // There is no log to say it in.
        tell(&format!("error: {error}"));
        Stop::said(exit)
    })?;
    *TELEMETRY.lock().unwrap_or_else(PoisonError::into_inner) = Some(telemetry);
    Ok(())
}
