//! What the settings mean, checked.

use adr_core::{Failure, FailureKind};

use crate::{By, DedupeConfig};

const MOST_EVENTS: usize = 10_000_000;

/// The checked settings of a `dedupe`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub(crate) key: Key,
    pub(crate) max_events: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Uid,
    Body,
    /// The keys on the way to each field.
    Fields(Vec<Vec<String>>),
}

impl TryFrom<DedupeConfig> for Settings {
    type Error = Failure;

    fn try_from(raw: DedupeConfig) -> Result<Self, Failure> {
        let max_events = raw.max_events.unwrap_or(100_000);
        if !(1..=MOST_EVENTS).contains(&max_events) {
            return Err(config(format!(
                "`max_events` is {max_events}: give a number from 1 to {MOST_EVENTS}, such as 100000"
            )));
        }
        let key = match raw.by.unwrap_or_default() {
            By::Uid => Key::Uid,
            By::Body => Key::Body,
            By::Fields(paths) if paths.is_empty() => {
                return Err(config("`by.fields` is empty: name at least one field, such as metadata.uid"));
            }
            By::Fields(paths) => Key::Fields(paths.iter().map(|path| keys(path)).collect::<Result<_, _>>()?),
        };
        Ok(Self { key, max_events })
    }
}

impl Settings {
    /// What a person should know about these settings although they are allowed.
    pub fn warnings(&self) -> Vec<String> {
        match &self.key {
            Key::Fields(paths)
                if paths.iter().all(|path| path.last().is_some_and(|key| key != "uid" && key != "id")) =>
            {
                vec![
                    "`by.fields` names no uid: of all events with the same values only the first passes, for as long as it is \
                     remembered; add a field that tells events apart, such as time or metadata.uid, if they are not the same"
                        .to_owned(),
                ]
            }
            _ => Vec::new(),
        }
    }
}

fn keys(path: &str) -> Result<Vec<String>, Failure> {
    let keys: Vec<String> = path.split('.').map(str::to_owned).collect();
    if keys.iter().any(|key| key.is_empty() || key.contains(['*', '[', ']'])) {
        return Err(config(format!(
            "`by.fields` has {path:?}, which is no path: write the keys on the way to the value with dots between them, such as \
             metadata.uid"
        )));
    }
    Ok(keys)
}

fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        let raw: DedupeConfig = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Settings::try_from(raw).map_err(|failure| failure.message)
    }

    #[test]
    fn settings_are_read_and_mistakes_are_named() {
        assert_eq!(read("{}"), Ok(Settings { key: Key::Uid, max_events: 100_000 }));
        assert_eq!(read(r#"{"by":"body","max_events":3}"#), Ok(Settings { key: Key::Body, max_events: 3 }));
        let fields = vec![vec!["user".to_owned(), "uid".to_owned()]];
        let settings = read(r#"{"by":{"fields":["user.uid"]}}"#).unwrap();
        assert_eq!((&settings.key, settings.warnings().len()), (&Key::Fields(fields), 0));
        assert_eq!(read(r#"{"by":{"fields":["user.name"]}}"#).unwrap().warnings().len(), 1);
        for (text, named) in [
            (r#"{"max_events":0}"#, "`max_events`"),
            (r#"{"max_events":10000001}"#, "`max_events`"),
            (r#"{"by":{"fields":[]}}"#, "`by.fields`"),
            (r#"{"by":{"fields":["a..b"]}}"#, "a..b"),
            (r#"{"by":{"fields":["a.*"]}}"#, "a.*"),
            (r#"{"by":"name"}"#, "name"),
            (r#"{"within":"5m"}"#, "within"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(named), "{text}: {message}");
        }
    }
}
