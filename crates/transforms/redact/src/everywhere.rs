//! Redacted values wherever they stand.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::rewrite::Rewriter;
use crate::vocabulary::Around;
use crate::words::{TooMuch, Words};

/// Strings inside of strings are read to this depth.
const LEVELS: usize = 3;

/// So many values are told apart by looking at each.
const FEW: usize = 16;

const REMOVED: &str = "[removed]";

/// The values that were redacted in one event.
#[derive(Debug, Default)]
pub(crate) struct Values {
    all: Vec<Value>,
    /// Where each stands in `all`, once they are more than a few.
    places: HashMap<String, usize>,
    words: Words,
    /// A path names the event's kind: it is followed as well.
    pub(crate) kind_is_named: bool,
}

#[derive(Debug)]
struct Value {
    text: String,
    /// What stands for it; `None`: it is removed.
    instead: Option<String>,
}

/// What becomes of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Stays,
    Goes,
    Becomes(String),
}

impl Values {
    /// Adds a value, unless it is there already.
    pub(crate) fn add(&mut self, text: Cow<'_, str>, instead: Option<String>) {
        if text.is_empty() || self.value(&text).is_some() {
            return;
        }
        self.all.push(Value { text: text.into_owned(), instead });
        let new = match self.all.len() {
            0..=FEW => return,
            length if self.places.is_empty() => 0..length,
            length => length - 1..length,
        };
        self.places.extend(new.map(|place| (self.all[place].text.clone(), place)));
    }

    /// All values are there: they can be looked for in texts.
    pub(crate) fn complete(&mut self) -> Result<(), TooMuch> {
        self.words = Words::new(self.all.iter().map(|value| &*value.text))?;
        Ok(())
    }

    /// Whether they were found wherever they stand in the texts so far.
    pub(crate) fn found_all(&self) -> Result<(), TooMuch> {
        self.words.found_all()
    }

    fn value(&self, text: &str) -> Option<&Value> {
        if self.places.is_empty() {
            return self.all.iter().find(|value| value.text == text);
        }
        self.places.get(text).map(|place| &self.all[*place])
    }

    /// What becomes of a string that is one of the values.
    pub(crate) fn whole(&self, text: &str) -> Option<Fate> {
        let value = self.value(text)?;
        Some(value.instead.clone().map_or(Fate::Goes, Fate::Becomes))
    }

    /// What becomes of a string that may hold one of the values. `inside`: what it is if it holds JSON.
    pub(crate) fn fate(&self, text: &str, level: usize, inside: Around) -> Fate {
        if let Some(fate) = self.whole(text) {
            return fate;
        }
        if level < LEVELS && text.trim_start().starts_with(['{', '[']) && is_json(text) {
            let mut out = Vec::with_capacity(text.len());
            let everywhere = Some(self);
            let rewriter = Rewriter { places: &[], insteads: &[], everywhere, level: level + 1, around: inside };
            if rewriter.rewrite(text, &mut out).is_ok() {
                let changed = out != text.as_bytes();
                let new = changed.then(|| String::from_utf8(out).ok()).flatten();
                return new.map_or(Fate::Stays, Fate::Becomes);
            }
        }
        self.without_words(text).map_or(Fate::Stays, Fate::Becomes)
    }

    /// The text without the values that stand in it as words.
    fn without_words(&self, text: &str) -> Option<String> {
        let found = self.words.find(text);
        let (mut new, mut done) = (String::new(), 0);
        for found in &found {
            new.push_str(&text[done..found.start]);
            new.push_str(self.all[found.value].instead.as_deref().unwrap_or(REMOVED));
            done = found.end;
        }
        (!found.is_empty()).then(|| new + &text[done..])
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
