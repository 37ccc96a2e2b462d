//! The settings as a pipeline file writes them, and what they mean.

use std::num::NonZeroU64;

use adr_core::{Failure, FailureKind, Severity};
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the transform `sample`: one of so many events goes on, the same ones every time.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleConfig {
    /// One of so many events goes on, such as 10; required.
    #[schemars(range(min = 1))]
    pub rate: Option<u64>,
    /// What the choice goes by: uid (default; the text where an event has none) or body (the text).
    pub by: Option<By>,
    /// Events of at least this severity always go on: informational, low, medium, high, critical or fatal; default: none does. Only events that have a severity, so set it behind a transform adr.
    pub keep_severity: Option<KeepSeverity>,
}

/// What the choice goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The event's id, or its text where it has none.
    #[default]
    Uid,
    /// The event's text.
    Body,
}

/// The least severity that always goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepSeverity {
    /// 1
    Informational,
    /// 2
    Low,
    /// 3
    Medium,
    /// 4
    High,
    /// 5
    Critical,
    /// 6
    Fatal,
}

/// The checked settings of a `sample`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// One of so many.
    pub rate: NonZeroU64,
    /// What the choice goes by.
    pub by: By,
    /// What always goes on.
    pub keep_severity: Option<Severity>,
}

impl From<KeepSeverity> for Severity {
    fn from(keep: KeepSeverity) -> Self {
        match keep {
            KeepSeverity::Informational => Self::Informational,
            KeepSeverity::Low => Self::Low,
            KeepSeverity::Medium => Self::Medium,
            KeepSeverity::High => Self::High,
            KeepSeverity::Critical => Self::Critical,
            KeepSeverity::Fatal => Self::Fatal,
        }
    }
}

impl TryFrom<SampleConfig> for Settings {
    type Error = Failure;

    fn try_from(raw: SampleConfig) -> Result<Self, Failure> {
        let config = |message: &str| Failure::fatal(FailureKind::Config, message);
        let Some(rate) = raw.rate else {
            return Err(config("`rate` is missing: one of how many events goes on, such as 10"));
        };
        let Some(rate) = NonZeroU64::new(rate) else {
            return Err(config("`rate` is zero: give 1 to let all events pass, 10 for one of 10"));
        };
        Ok(Self { rate, by: raw.by.unwrap_or_default(), keep_severity: raw.keep_severity.map(Severity::from) })
    }
}

impl Settings {
    /// What a person should know about these settings although they are allowed.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.rate.get() == 1 {
            warnings.push("`rate` is 1: all events pass".to_owned());
        } else if self.keep_severity.is_none() {
            warnings.push(format!(
                "of {} events {} are dropped, whatever their severity: `keep_severity: high` would keep the grave ones",
                self.rate,
                self.rate.get() - 1
            ));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        let raw: SampleConfig = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Settings::try_from(raw).map_err(|failure| failure.message)
    }

    #[test]
    fn settings_are_read_and_mistakes_are_named() {
        let rate = NonZeroU64::new(10).unwrap();
        assert_eq!(read(r#"{"rate":10}"#), Ok(Settings { rate, by: By::Uid, keep_severity: None }));
        let settings = read(r#"{"rate":10,"by":"body","keep_severity":"high"}"#).unwrap();
        assert_eq!(settings, Settings { rate, by: By::Body, keep_severity: Some(Severity::High) });
        assert!(settings.warnings().is_empty());
        assert!(read(r#"{"rate":1}"#).unwrap().warnings()[0].contains("all events pass"));
        assert!(read(r#"{"rate":2}"#).unwrap().warnings()[0].contains("keep_severity"));
        for (text, named) in [
            ("{}", "`rate`"),
            (r#"{"rate":0}"#, "`rate`"),
            (r#"{"rate":-1}"#, "-1"),
            (r#"{"rate":2,"by":"kind"}"#, "kind"),
            (r#"{"rate":2,"keep_severity":"other"}"#, "other"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(named), "{text}: {message}");
        }
    }
}
