//! Log lines, on standard error or in a file.

use adr_telemetry::{Color, Format, InitError, Settings, Telemetry};

use crate::args::{self, LogFormat, Logging};
use crate::exit::{Exit, Stop};
use crate::out::tell;

/// Starts them; they run for as long as what it gives. Beside a command's `answer` only warnings are of interest.
pub(crate) fn start(logging: &Logging, answer: bool) -> Result<Telemetry, Stop> {
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
    adr_telemetry::init(&settings).map_err(|error| {
        let exit = if matches!(error, InitError::File { .. }) { Exit::Config } else { Exit::Usage };
        // There is no log to say it in.
        tell(&format!("error: {error}"));
        Stop::said(exit)
    })
}
