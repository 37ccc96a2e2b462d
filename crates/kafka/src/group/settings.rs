//! Settings that everything has which is a member of a group.

use std::time::Duration;

use adr_core::{Failure, FailureKind, Span};

/// Below this, brokers refuse to keep a member (`group.min.session.timeout.ms`).
const LEAST: Duration = Duration::from_secs(6);

/// Beyond this, they refuse as well (`group.max.session.timeout.ms`).
const MOST: Duration = Duration::from_mins(30);

/// After how long without a sign of life a member is taken for dead; 10 s by default.
///
/// # Errors
/// [`FailureKind::Config`] if brokers would not take it.
pub fn session_timeout(given: Option<Span>, setting: &str) -> Result<Duration, Failure> {
    let timeout = Span::positive(given, setting, 10)?;
    if !(LEAST..=MOST).contains(&timeout) {
        let message = format!("`{setting}` is out of what brokers take: give 6s to 30m");
        return Err(Failure::fatal(FailureKind::Config, message));
    }
    Ok(timeout)
}

/// Whether a group or a member can be called so.
pub fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
