use std::ops::Range;
use std::sync::Arc;

use adr_core::{Emit, Event, Failure, Output, Secrets, Transform, Verdict};

use crate::Settings;
use crate::beside::{Redacted, holds_kind, homes, is_home_of_id};
use crate::everywhere::{Fate, Values};
use crate::find::Finder;
use crate::json::{TooDeep, each_string, skip_space, unescape};
use crate::key::Key;
use crate::path::Step;
use crate::rewrite::Rewriter;
use crate::settings::{Action, Rule};
use crate::vocabulary::{Around, is_common};
use crate::words::{SHORTEST, TooMuch};

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
const TOO_MUCH: &str = "the event has more to be redacted than can be looked for everywhere in it";

impl Redact {
    /// Finds what is to be redacted. Whether the id stands in its home and stays there.
    fn find(&mut self, event: &Event, text: &str) -> Result<bool, String> {
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map_err(|error| format!("the event is not JSON: {error}"))?;
        if text.as_bytes().get(skip_space(text, 0)) != Some(&b'{') {
            return Err(NO_OBJECT.to_owned());
        }
        let count = self.shared.actions.len();
        self.finder.find(text, &self.shared.paths, count).map_err(|TooDeep| TOO_DEEP.to_owned())?;
        let mut stays = false;
        self.finder.places.retain(|place| {
            let Some(home) = place.path.checked_sub(count) else {
                let nothing =
                    self.shared.actions[place.path] == Action::Hash && &text[place.start..place.end] == "null";
                return !nothing;
            };
            let found = text[place.start..place.end].strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            stays |= is_home_of_id(home) && found.is_some_and(|text| *unescape(text) == *event.meta.id);
            false
        });
        Ok(stays)
    }

    /// What stands for the value at each place (`None`: it goes), and the strings among them and in them.
    fn judge(&self, text: &str) -> Result<(Vec<Option<String>>, Values), TooMuch> {
        let (mut insteads, mut values) = (Vec::with_capacity(self.finder.places.len()), Values::default());
        for place in &self.finder.places {
            let quoted = &text[place.start..place.end];
            let inner = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(unescape);
            let action = &self.shared.actions[place.path];
            let instead = self.instead(action, inner.as_deref().unwrap_or(quoted));
            values.kind_is_named |= holds_kind(place);
            if let Some(inner) = inner {
                values.add(inner, instead.clone());
            } else if self.shared.everywhere {
                each_string(quoted, |key, inner| {
                    let inner = unescape(inner);
                    if inner.len() >= SHORTEST && !is_common(key) {
                        let instead = self.instead(action, &inner);
                        values.add(inner, instead);
                    }
                });
            }
            insteads.push(instead);
        }
        if self.shared.everywhere {
            values.complete()?;
        }
        Ok((insteads, values))
    }

    /// What stands for a value.
    fn instead(&self, action: &Action, value: &str) -> Option<String> {
        match action {
            Action::Remove => None,
            Action::Replace(text) => Some(text.clone()),
            Action::Hash => Some(self.shared.key.as_ref().expect("settings with `hash` have a key").hash(value)),
        }
    }

    /// Appends the event without what is to be redacted; says why it cannot. `stays`: the id, in its home.
    fn redact(&self, event: &Event, text: &str, stays: bool, buffer: &mut Vec<u8>) -> Result<Emit, &'static str> {
        let everywhere = self.shared.everywhere;
        let (insteads, values) = self.judge(text).map_err(|TooMuch| TOO_MUCH)?;
        let (places, insteads) = (self.finder.places.as_slice(), insteads.as_slice());
        let start = buffer.len();
        let (followed, around) = (everywhere.then_some(&values), Around::Event);
        let rewriter = Rewriter { places, insteads, everywhere: followed, level: 0, around };
        rewriter.rewrite(text, buffer).map_err(|TooDeep| TOO_DEEP)?;
        let body = start..buffer.len();
        let redacted = Redacted { text, places, insteads, values: &values, everywhere };
        // Behind the text, as nobody knows where in it they stand now.
        let mut beside = |word: &str, fate: Fate| -> Range<usize> {
            let start = buffer.len();
            match fate {
                Fate::Stays => buffer.extend(word.as_bytes()),
                Fate::Becomes(word) => buffer.extend(word.as_bytes()),
                Fate::Goes => {}
            }
            start..buffer.len()
        };
        let (id, kind) = (&event.meta.id, &event.meta.kind);
        let (id, kind) = (beside(id, redacted.id(id, stays)), beside(kind, redacted.kind(kind)));
        values.found_all().map_err(|TooMuch| TOO_MUCH)?;
        let (time, tenant, severity) = (event.meta.time, event.meta.tenant.clone(), event.meta.severity);
        Ok(Emit { body, id, kind, time, tenant, severity })
    }
}

impl Transform for Redact {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        let Ok(text) = std::str::from_utf8(&event.body) else { return out.reject(event.clone(), NO_TEXT) };
        let stays = match self.find(event, text) {
            Err(reason) => return out.reject(event.clone(), reason),
            Ok(_) if self.finder.places.is_empty() => return out.forward(event.clone()),
            Ok(stays) => stays,
        };
        let mark = out.buffer.len();
        match self.redact(event, text, stays, &mut out.buffer) {
            Ok(emit) => out.emit(emit),
            Err(reason) => {
                out.buffer.truncate(mark);
                out.reject(event.clone(), reason)
            }
        }
    }
}
