use std::str::FromStr;
use std::time::Duration;

use super::text::written_as_text;
use crate::{Failure, FailureKind};

/// A length of time: numbers with the units `d`, `h`, `m`, `s`, `ms`, such as `90d` or `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    /// The length of time of the setting `name`, in seconds where it is not given; zero is an error.
    pub fn positive(given: Option<Self>, name: &str, default: u64) -> Result<Duration, Failure> {
        match given {
            Some(Self(Duration::ZERO)) => {
                let message = format!("`{name}` is zero: give a length of time such as {default}s");
                Err(Failure::fatal(FailureKind::Config, message))
            }
            Some(span) => Ok(span.0),
            None => Ok(Duration::from_secs(default)),
        }
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault =
            || format!("`{text}` is no length of time: write a number and a unit, such as 90d, 2h, 15m, 60s or 500ms");
        let mut total = Duration::ZERO;
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(fault());
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest[..digits].parse().map_err(|_| fault())?;
            rest = &rest[digits..];
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let unit = match &rest[..letters] {
                "d" => 86_400_000,
                "h" => 3_600_000,
                "m" | "min" => 60_000,
                "s" => 1000,
                "ms" => 1,
                _ => return Err(fault()),
            };
            rest = rest[letters..].trim_start();
            let part = number.checked_mul(unit).ok_or_else(fault)?;
            total = total.checked_add(Duration::from_millis(part)).ok_or_else(fault)?;
        }
        // A century is more than anybody means, and keeps all sums in range.
        if total > Duration::from_secs(100 * 366 * 86_400) { Err(fault()) } else { Ok(Self(total)) }
    }
}

written_as_text!(
    Span,
    "a length of time",
    ["s", "m", "h"],
    "^([0-9]+ *(d|h|m|min|s|ms) *)+$",
    "90d, 2h, 15m, 60s or 500ms"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<f64> {
        text.parse::<Span>().ok().map(|span| span.0.as_secs_f64())
    }

    #[test]
    fn lengths_are_read_and_nonsense_is_refused() {
        assert_eq!(seconds("90d"), Some(7_776_000.0));
        assert_eq!(seconds("1h30m"), Some(5400.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds("0s"), Some(0.0));
        for text in ["", "90", "d", "-1s", "1 fortnight", "1.5h", "99999999999999999999s", "999999d"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_without_a_unit_is_told_the_units() {
        let error = serde_json::from_str::<Span>("60").unwrap_err().to_string();
        assert!(error.contains("`60s`, `60m` or `60h`"), "{error}");
    }
}
