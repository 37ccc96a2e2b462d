//! Answers on standard output, and words on standard error.

use std::io::{self, IsTerminal, Write};

use crate::args::{Color, Logging};
use crate::exit::{Exit, Outcome, Stop};

/// Writes an answer to standard output. A reader that has gone away has seen enough.
pub(crate) fn answer(text: &str) -> Outcome {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Stop::new(Exit::Temporary, format!("cannot write to standard output: {error}; make room there")))
        }
        _ => Ok(()),
    }
}

/// Writes words for a person to standard error. Where nobody listens, nothing is lost.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", adr_telemetry::redact(text));
}

/// Whether words on standard error are in color.
pub(crate) fn color(when: Color) -> bool {
    colors(when, io::stderr().is_terminal())
}

/// Whether an answer on standard output is in color.
pub(crate) fn color_of_answer(when: Color) -> bool {
    colors(when, io::stdout().is_terminal())
}

fn colors(when: Color, terminal: bool) -> bool {
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && !no_color(),
    }
}

#[expect(clippy::disallowed_methods, reason = "https://no-color.org")]
fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Says why a command ends, and gives its exit code.
pub(crate) fn conclude(outcome: Outcome, logging: &Logging) -> Exit {
    let Err(stop) = outcome else { return Exit::Ok };
    if !stop.message.is_empty() && logging.quiet < 3 {
        if logging.in_lines() {
            tracing::error!("{}", stop.message);
        } else if stop.message.contains("error: ") || stop.message.contains("error\u{1b}") {
            // Problems of a file come with their own heading.
            tell(&stop.message);
        } else if color(logging.color) {
            tell(&format!("\u{1b}[1;31merror\u{1b}[0m: {}", stop.message));
        } else {
            tell(&format!("error: {}", stop.message));
        }
    }
    stop.exit
}
