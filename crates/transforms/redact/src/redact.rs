use std::ops::Range;
use std::sync::Arc;

use adr_core::{Emit, Event, Failure, Output, Secrets, Transform, Verdict};

use crate::Settings;
use crate::beside::{Redacted, homes};
use crate::everywhere::{Fate, Values};
use crate::find::Finder;
use crate::json::{TooDeep, skip_space, unescape};
use crate::key::Key;
use crate::path::Step;
use crate::rewrite::Rewriter;
use crate::settings::{Action, Rule};

/// Makes the transforms of all workers: they share one key.
#[derive(Clone, Debug)]
pub struct Factory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Those of the actions, then the homes of id and kind.
    paths: Vec<Vec<Step>>,
    actions: Vec<Action>,
    key: Option<Key>,
    everywhere: bool,
}

impl Factory {
    /// Reads the secret, once: all workers must write the same hashes.
    pub fn new(settings: Settings, secrets: &dyn Secrets) -> Result<Self, Failure> {
        let key = match &settings.key {
            Some(key) => {
                let secret = secrets.resolve(key).map_err(|failure| failure.at("`key`"))?;
                Some(Key::new(&secret)?)
            }
            None => None,
        };
        let (paths, actions): (Vec<_>, Vec<_>) =
            settings.rules.into_iter().map(|Rule { steps, action }| (steps, action)).unzip();
        let paths = paths.into_iter().chain(homes()).collect();
        Ok(Self(Arc::new(Shared { paths, actions, key, everywhere: settings.everywhere })))
    }

    /// The transform of one more worker.
    pub fn build(&self) -> Redact {
        Redact { shared: self.0.clone(), finder: Finder::default() }
    }
}

/// The transform `redact`, of one worker.
#[derive(Debug)]
pub struct Redact {
    shared: Arc<Shared>,
    finder: Finder,
}

/// Why a text cannot be redacted.
const NO_TEXT: &str = "the event is not UTF-8";
const NO_OBJECT: &str = "the event is JSON, but not an object";
const TOO_DEEP: &str = "the event is nested too deep to be redacted";

impl Redact {
    /// Finds what is to be redacted. Whether id and kind stand in their homes and stay there.
    fn find(&mut self, event: &Event, text: &str) -> Result<[bool; 2], String> {
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map_err(|error| format!("the event is not JSON: {error}"))?;
        if text.as_bytes().get(skip_space(text, 0)) != Some(&b'{') {
            return Err(NO_OBJECT.to_owned());
        }
        let count = self.shared.actions.len();
        self.finder.find(text, &self.shared.paths, count).map_err(|TooDeep| TOO_DEEP.to_owned())?;
        let mut stay = [false; 2];
        self.finder.places.retain(|place| {
            let Some(home) = place.path.checked_sub(count) else {
                let nothing =
                    self.shared.actions[place.path] == Action::Hash && &text[place.start..place.end] == "null";
                return !nothing;
            };
            let words = [&event.meta.id, &event.meta.kind];
            let found = text[place.start..place.end].strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            stay[home / 2] |= found.is_some_and(|text| *unescape(text) == **words[home / 2]);
            false
        });
        Ok(stay)
    }

    /// What stands for the value at each place (`None`: it goes), and the strings among them.
    fn judge(&self, text: &str) -> (Vec<Option<String>>, Values) {
        let (mut insteads, mut values) = (Vec::with_capacity(self.finder.places.len()), Values::default());
        for place in &self.finder.places {
            let quoted = &text[place.start..place.end];
            let inner = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(unescape);
            let instead = match &self.shared.actions[place.path] {
                Action::Remove => None,
                Action::Replace(text) => Some(text.clone()),
                Action::Hash => {
                    let key = self.shared.key.as_ref().expect("settings with `hash` have a key");
                    Some(key.hash(inner.as_deref().unwrap_or(quoted)))
                }
            };
            if let Some(inner) = inner {
                values.add(inner, instead.clone());
            }
            insteads.push(instead);
        }
        (insteads, values)
    }

    /// Appends the event without what is to be redacted.
    fn redact(&self, event: &Event, text: &str, stay: [bool; 2], buffer: &mut Vec<u8>) -> Result<Emit, TooDeep> {
        let everywhere = self.shared.everywhere;
        let (insteads, values) = self.judge(text);
        let (places, insteads) = (self.finder.places.as_slice(), insteads.as_slice());
        let start = buffer.len();
        let rewriter = Rewriter { places, insteads, everywhere: everywhere.then_some(&values), level: 0 };
        rewriter.rewrite(text, buffer)?;
        let body = start..buffer.len();
        let redacted = Redacted { text, places, insteads, values: &values, everywhere };
        // Behind the text, as nobody knows where in it they stand now.
        let mut beside = |word: &str, stays: bool| -> Range<usize> {
            let start = buffer.len();
            match redacted.fate(word, stays) {
                Fate::Stays => buffer.extend(word.as_bytes()),
                Fate::Becomes(word) => buffer.extend(word.as_bytes()),
                Fate::Goes => {}
            }
            start..buffer.len()
        };
        let (id, kind) = (beside(&event.meta.id, stay[0]), beside(&event.meta.kind, stay[1]));
        let (time, tenant, severity) = (event.meta.time, event.meta.tenant.clone(), event.meta.severity);
        Ok(Emit { body, id, kind, time, tenant, severity })
    }
}

impl Transform for Redact {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        let Ok(text) = std::str::from_utf8(&event.body) else { return out.reject(event.clone(), NO_TEXT) };
        let stay = match self.find(event, text) {
            Err(reason) => return out.reject(event.clone(), reason),
            Ok(_) if self.finder.places.is_empty() => return out.forward(event.clone()),
            Ok(stay) => stay,
        };
        let mark = out.buffer.len();
        match self.redact(event, text, stay, &mut out.buffer) {
            Ok(emit) => out.emit(emit),
            Err(TooDeep) => {
                out.buffer.truncate(mark);
                out.reject(event.clone(), TOO_DEEP)
            }
        }
    }
}
