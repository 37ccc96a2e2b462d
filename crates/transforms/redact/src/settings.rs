//! What the settings mean, checked.

use std::collections::HashSet;

use adr_core::{Failure, FailureKind, SecretRef};

use crate::RedactConfig;
use crate::path::{Step, parse};

/// The checked settings of a `redact`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is removed, then what is hashed, then what is replaced: of two that name one field the first wins.
    pub(crate) rules: Vec<Rule>,
    pub(crate) key: Option<SecretRef>,
    pub(crate) everywhere: bool,
    paths: Vec<String>,
}

/// What becomes of the fields at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) steps: Vec<Step>,
    pub(crate) action: Action,
}

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Remove,
    Hash,
    Replace(String),
}

impl TryFrom<RedactConfig> for Settings {
    type Error = Failure;

    fn try_from(raw: RedactConfig) -> Result<Self, Failure> {
        for (name, empty) in [
            ("remove", raw.remove.as_ref().is_some_and(Vec::is_empty)),
            ("hash", raw.hash.as_ref().is_some_and(Vec::is_empty)),
            ("replace", raw.replace.as_ref().is_some_and(|map| map.is_empty())),
        ] {
            if empty {
                return Err(config(format!(
                    "`{name}` is empty: name a field, such as actor.user.name, or leave it out"
                )));
            }
        }
        match (&raw.hash, &raw.key) {
            (Some(_), None) => {
                return Err(config(
                    "`key` is missing, which `hash` needs: without a secret anybody can hash all names there are and compare; \
                     refer to one, such as { file: /etc/jumpcloud-adr/redact-key }",
                ));
            }
            (None, Some(_)) => {
                return Err(config("`key` has no effect without `hash`: leave it out, or name the fields to hash"));
            }
            _ => {}
        }
        let removed = raw.remove.unwrap_or_default().into_iter().map(|path| ("remove", path, Action::Remove));
        let hashed = raw.hash.unwrap_or_default().into_iter().map(|path| ("hash", path, Action::Hash));
        let replaced = raw.replace.unwrap_or_default().into_iter();
        let replaced = replaced.map(|(path, text)| ("replace", path, Action::Replace(text)));
        let (mut rules, mut paths): (Vec<Rule>, Vec<String>) = Default::default();
        for (setting, path, action) in removed.chain(hashed).chain(replaced) {
            let steps = parse(&path).map_err(|fault| {
                config(format!("`{setting}` has {path:?}, which is no path: {fault}; write it as actor.user.name"))
            })?;
            if rules.iter().any(|rule| rule.steps == steps) {
                return Err(config(format!(
                    "`{setting}` has {path:?}, which was named before: say once what becomes of it"
                )));
            }
            rules.push(Rule { steps, action });
            paths.push(path);
        }
        if rules.is_empty() {
            return Err(config(
                "neither `remove`, `hash` nor `replace` is given: name at least one field, such as actor.user.name",
            ));
        }
        Ok(Self { rules, key: raw.key, everywhere: raw.everywhere.unwrap_or(true), paths })
    }
}

impl Settings {
    /// What a person should know about these settings although they are allowed; for `validate` and every start.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.everywhere {
            warnings.push(
                "`everywhere` is false: what is redacted in the named fields may still stand elsewhere in the same event \
                 (user and actor.user, raw_data, message, observables, unmapped)"
                    .to_owned(),
            );
        }
        let mut said = HashSet::new();
        for (rule, path) in self.rules.iter().zip(&self.paths) {
            let key = |at: usize| match rule.steps.get(at) {
                Some(Step::Key(key)) => Some(key.as_str()),
                _ => None,
            };
            let warning = match (key(0), key(1)) {
                (Some("metadata"), Some("tenant_uid")) => format!(
                    "{path} is redacted in the text only: the tenant also travels beside it (syslog structured data, Kafka \
                     keys and topics, names of files)"
                ),
                (Some("time"), None) | (Some("metadata"), Some("original_time")) => format!(
                    "{path} is redacted in the text only: the time also travels beside it (header of syslog messages, \
                     timestamp of Kafka records)"
                ),
                (Some("metadata"), Some("uid")) => format!(
                    "{path} is redacted, the id that receivers tell repeated events by: hash it rather than remove or replace it"
                ),
                (Some("raw_data"), _) if rule.steps.len() > 1 => format!(
                    "{path} names nothing: raw_data is a text, not an object; remove raw_data, or name the field that has \
                     the value and leave `everywhere` true"
                ),
                _ => continue,
            };
            if said.insert(path) {
                warnings.push(warning);
            }
        }
        warnings
    }
}

fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}
