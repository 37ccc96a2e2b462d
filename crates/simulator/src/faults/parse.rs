use std::str::FromStr;
use std::time::Duration;

use super::kind::{Endpoint, FaultKind, HeaderCase, RetryAfter};
use super::list::list_of_faults;
use super::schedule::{Fault, When};
use super::settings::Settings;

/// A fault as a person writes it: `429:every=10,retry=5s` or `late:share=0.01,by=1h`.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultSpec {
    /// It strikes answers.
    Answer(Fault),
    /// It is a property of generated events.
    World(Twist),
}

/// A peculiarity of generated events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Twist {
    /// This share of events becomes visible so much later than it happened.
    Late(f64, Duration),
    /// Every event becomes visible so much later than it happened.
    Latency(Duration),
    /// This share of rows is the event of the row before, once more.
    Duplicates(f64),
    /// This share of events, the last ones, carries a timestamp so far ahead of the time it appears at.
    Future(f64, Duration),
    /// Of each `.1` events, the first `.0` happen in one millisecond.
    Burst(u64, u64),
    /// This share of events is an MDM profile list of about 76 KB.
    Large(f64),
    /// This share of events has a type that nobody documented.
    Unknown(f64),
}

/// Why a text names no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultError {
    /// There is no fault of this name.
    #[error("no fault is called `{name}`; there are: {known}")]
    Unknown {
        /// As it was given.
        name: String,
        /// All names.
        known: String,
    },
    /// A setting is wrong.
    #[error("fault `{name}`: {problem}")]
    Setting {
        /// The fault's name.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

impl FromStr for FaultSpec {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let name = name.trim();
        if !list_of_faults().iter().any(|info| info.name == name) {
            let known = list_of_faults().iter().map(|info| info.name).collect::<Vec<_>>().join(", ");
            return Err(ParseFaultError::Unknown { name: name.to_owned(), known });
        }
        let read = || {
            let mut settings = Settings::of(settings)?;
            let spec = match twist(name, &mut settings)? {
                Some(twist) => Self::World(twist),
                None => Self::Answer(fault(name, &mut settings)?),
            };
            settings.finish()?;
            Ok(spec)
        };
        read().map_err(|problem: String| ParseFaultError::Setting { name: name.to_owned(), problem })
    }
}

fn twist(name: &str, settings: &mut Settings<'_>) -> Result<Option<Twist>, String> {
    const HOUR: Duration = Duration::from_secs(3600);
    Ok(Some(match name {
        "late" => Twist::Late(settings.share("share")?.unwrap_or(0.01), settings.duration("by")?.unwrap_or(HOUR)),
        "latency" => Twist::Latency(settings.duration("by")?.unwrap_or(Duration::from_secs(10))),
        "duplicates" => Twist::Duplicates(settings.share("share")?.unwrap_or(0.01)),
        "future" => Twist::Future(settings.share("share")?.unwrap_or(0.001), settings.duration("by")?.unwrap_or(HOUR)),
        "burst" => Twist::Burst(settings.count("size")?.unwrap_or(2_000), settings.count("every")?.unwrap_or(20_000)),
        "large" => Twist::Large(settings.share("share")?.unwrap_or(0.001)),
        "unknown-types" => Twist::Unknown(settings.share("share")?.unwrap_or(0.01)),
        _ => return Ok(None),
    }))
}

fn fault(name: &str, settings: &mut Settings<'_>) -> Result<Fault, String> {
    let kind = kind(name, settings)?;
    let when = When {
        after: settings.count("after")?.unwrap_or(0),
        every: settings.take("every", |value| value.parse().ok().filter(|n| *n > 0), "a whole number above 0")?,
        first: settings.count("first")?,
        share: settings.share("share")?,
        times: settings.count("times")?,
    };
    let form = "one of events, count, distinct, interval, token, console, any";
    let at = settings.take("at", endpoints, form)?.unwrap_or_default();
    let organization = settings.take("org", |value| Some(value.to_owned()), "an organization id")?;
    Ok(Fault { kind, when, at, organization })
}

fn endpoints(text: &str) -> Option<Vec<Endpoint>> {
    use Endpoint::{Console, Count, Distinct, Events, Interval, Token};
    Some(match text {
        "events" => vec![Events],
        "count" => vec![Count],
        "distinct" => vec![Distinct],
        "interval" => vec![Interval],
        "token" => vec![Token],
        "console" => vec![Console],
        "any" => vec![Events, Count, Distinct, Interval, Token, Console],
        _ => return None,
    })
}

fn kind(name: &str, settings: &mut Settings<'_>) -> Result<FaultKind, String> {
    Ok(match name {
        "429" => FaultKind::TooManyRequests(retry_after(settings)?),
        "500" => FaultKind::InternalError,
        "502" => FaultKind::BadGateway,
        "503" => FaultKind::Unavailable(retry_after(settings)?),
        "504" => FaultKind::GatewayTimeout,
        "400" => FaultKind::BadRequest,
        "401" => FaultKind::Unauthorized,
        "402" => FaultKind::PaymentRequired,
        "403" => FaultKind::Forbidden,
        "firewall" => FaultKind::Firewall,
        "redirect" => {
            let to = settings.take("to", |value| Some(value.to_owned()), "a URL")?;
            FaultKind::Redirect(to.unwrap_or_else(|| "http://elsewhere.example.com".to_owned()))
        }
        "not-json" => FaultKind::NotJson,
        "reset" => FaultKind::Reset,
        "delay" => FaultKind::Delay(settings.duration("by")?.unwrap_or(Duration::from_secs(2))),
        "hang" => FaultKind::Delay(Duration::from_secs(86_400)),
        "slow" => FaultKind::SlowBody(settings.size("rate")?.unwrap_or(10_000)),
        "cut" => FaultKind::Cut(settings.size("at-byte")?.unwrap_or(4_096)),
        "truncated" => FaultKind::Truncated,
        "garbage" => FaultKind::Garbage,
        "not-object" => FaultKind::NotObject,
        "no-id" => FaultKind::NoId,
        "empty-body" => FaultKind::EmptyBody,
        "unsorted" => FaultKind::Unsorted,
        "oversized" => FaultKind::Oversized(settings.size("size")?.unwrap_or(100_000_000)),
        "repeated-cursor" => FaultKind::RepeatedCursor,
        "stuck" => FaultKind::Stuck,
        "cursors-expire" => FaultKind::CursorsExpire,
        "no-header" => {
            let name = settings.take("name", |value| Some(value.to_owned()), "a header's name")?;
            FaultKind::NoHeader(name.unwrap_or_else(|| "X-Search_after".to_owned()))
        }
        "header-case" => {
            let read = |value: &str| match value {
                "lower" => Some(HeaderCase::Lower),
                "upper" => Some(HeaderCase::Upper),
                _ => None,
            };
            FaultKind::HeaderCase(settings.take("to", read, "lower or upper")?.unwrap_or(HeaderCase::Lower))
        }
        "key-dies" => FaultKind::KeyDies,
        "token-dies" => FaultKind::TokenDies,
        _ => return Err("it is not built".to_owned()),
    })
}

fn retry_after(settings: &mut Settings<'_>) -> Result<RetryAfter, String> {
    let (seconds, date) = (settings.duration("retry")?, settings.duration("date")?);
    match (seconds, date) {
        (Some(_), Some(_)) => Err("`retry` and `date` exclude each other".to_owned()),
        (Some(time), None) => Ok(RetryAfter::Seconds(time.as_secs())),
        (None, Some(time)) => Ok(RetryAfter::Date(time)),
        (None, None) => Ok(RetryAfter::Absent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_list_is_built_and_takes_the_settings_it_lists() {
        for info in list_of_faults() {
            info.name.parse::<FaultSpec>().expect(info.name);
            let example = format!("{}:{}", info.name, info.example);
            example.parse::<FaultSpec>().unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }

    #[test]
    fn settings_are_read() {
        let spec: FaultSpec = "429:every=10,retry=5s,org=5a2a".parse().expect("a fault");
        let kind = FaultKind::TooManyRequests(RetryAfter::Seconds(5));
        assert_eq!(spec, FaultSpec::Answer(Fault::new(kind).when(When::every(10)).only_for("5a2a")));
        let spec: FaultSpec = "late:share=0.25,by=90m".parse().expect("a twist");
        assert_eq!(spec, FaultSpec::World(Twist::Late(0.25, Duration::from_secs(5400))));
        let spec: FaultSpec = "401:at=token,first=1".parse().expect("a fault");
        let fault = Fault::new(FaultKind::Unauthorized).when(When::first(1)).at(Endpoint::Token);
        assert_eq!(spec, FaultSpec::Answer(fault));
    }

    #[test]
    fn errors_name_what_is_wrong_and_what_would_be_right() {
        let error = |text: &str| text.parse::<FaultSpec>().expect_err(text).to_string();
        assert!(error("418").contains("no fault is called `418`"));
        assert!(error("418").contains("429, 500"));
        assert_eq!(
            error("429:retry=soon"),
            "fault `429`: `retry=soon` is not a duration such as 500ms, 5s, 2m, 1h or 7d"
        );
        assert!(error("reset:size=3").contains("it has no setting `size`, but after, every"));
        assert_eq!(error("late:share=2"), "fault `late`: `share=2` is not a share between 0 and 1");
        assert_eq!(error("reset:every"), "fault `reset`: `every` is not of the form name=value");
        assert_eq!(error("reset:every=2,every=3"), "fault `reset`: `every` is given twice");
        assert_eq!(error("reset:every=0"), "fault `reset`: `every=0` is not a whole number above 0");
        assert_eq!(error("503:retry=1s,date=1s"), "fault `503`: `retry` and `date` exclude each other");
    }
}
