//! Redacted values wherever they stand.

use std::borrow::Cow;

use memchr::memmem;

use crate::json;
use crate::rewrite::Rewriter;

/// Strings inside of strings are read to this depth.
const LEVELS: usize = 3;

/// A shorter value stands in too many texts by accident.
const SHORTEST_WORD: usize = 3;

const REMOVED: &str = "[removed]";

/// The values that were redacted in one event.
#[derive(Debug, Default)]
pub(crate) struct Values(Vec<Value>);

#[derive(Debug)]
struct Value {
    text: String,
    /// Prepared once: it looks into every string of the event.
    finder: memmem::Finder<'static>,
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
        if !text.is_empty() && self.whole(&text).is_none() {
            let finder = memmem::Finder::new(&*text).into_owned();
            self.0.push(Value { text: text.into_owned(), finder, instead });
        }
    }

    /// What becomes of a string that is one of the values.
    pub(crate) fn whole(&self, text: &str) -> Option<Fate> {
        let value = self.0.iter().find(|value| value.text == text)?;
        Some(value.instead.clone().map_or(Fate::Goes, Fate::Becomes))
    }

    /// What becomes of a string that may hold one of the values.
    pub(crate) fn fate(&self, text: &str, level: usize) -> Fate {
        if let Some(fate) = self.whole(text) {
            return fate;
        }
        if level < LEVELS && text.trim_start().starts_with(['{', '[']) && is_json(text) {
            let mut out = Vec::with_capacity(text.len());
            let rewriter = Rewriter { places: &[], insteads: &[], everywhere: Some(self), level: level + 1 };
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
        let mut new = String::new();
        let mut done = 0;
        while let Some((start, value)) = self.next_word(text, done) {
            new.push_str(&text[done..start]);
            new.push_str(value.instead.as_deref().unwrap_or(REMOVED));
            done = start + value.text.len();
        }
        (done > 0).then(|| new + &text[done..])
    }

    /// The first value from `from` on; the longest, if several begin there.
    fn next_word(&self, text: &str, from: usize) -> Option<(usize, &Value)> {
        let words = self.0.iter().filter(|value| value.text.len() >= SHORTEST_WORD && value.text.len() < text.len());
        let found = words.filter_map(|value| {
            let places = value.finder.find_iter(&text.as_bytes()[from..]).map(|place| from + place);
            let mut places = places.filter(|place| stands_alone(text, *place, &value.text));
            Some((places.next()?, value))
        });
        found.min_by_key(|(place, value)| (*place, std::cmp::Reverse(value.text.len())))
    }
}

/// Whether the value at `start` is no part of a longer word.
fn stands_alone(text: &str, start: usize, value: &str) -> bool {
    let both = |one: Option<char>, other: Option<char>| {
        one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
    };
    !both(text[..start].chars().next_back(), value.chars().next())
        && !both(value.chars().next_back(), text[start + value.len()..].chars().next())
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// The string in `inner`, still quoted as it was, after its fate; false if it goes.
pub(crate) fn write_string(values: &Values, quoted: &str, level: usize, out: &mut Vec<u8>) -> bool {
    match values.fate(&json::unescape(&quoted[1..quoted.len() - 1]), level) {
        Fate::Stays => out.extend(quoted.as_bytes()),
        Fate::Becomes(text) => json::quote(&text, out),
        Fate::Goes => return false,
    }
    true
}
