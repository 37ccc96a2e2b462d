//! Values as words of longer texts: in time that follows the text, however many values there are and however often they
//! almost stand there.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memmem;

/// So many values are looked for one by one; an automaton for more.
const FEW: usize = 16;

/// A shorter value stands in too many texts by accident.
pub(crate) const SHORTEST: usize = 3;

/// So many bytes of values are looked for at once: an automaton takes a good many times as much memory.
const LARGEST: usize = 2 << 20;

/// So often values may stand in the texts of an event; those of which one begins with another may stand there very often.
const OFTEN: usize = 4_000_000;

/// There are too many values in an event, too long ones, or they stand in it too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

/// The values that are looked for as words, by their places in a list.
#[derive(Debug)]
pub(crate) enum Words {
    Few(Vec<Word>),
    Many(Many),
}

#[derive(Debug)]
pub(crate) struct Word {
    value: usize,
    length: usize,
    /// Prepared once: it looks into every string of the event.
    finder: memmem::Finder<'static>,
}

#[derive(Debug)]
pub(crate) struct Many {
    automaton: AhoCorasick,
    values: Vec<usize>,
    /// How often they may yet stand in a text.
    left: Cell<usize>,
}

/// A value that stands in a text as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) value: usize,
}

impl Default for Words {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Words {
    pub(crate) fn new<'a>(values: impl Iterator<Item = &'a str>) -> Result<Self, TooMuch> {
        let words: Vec<(usize, &str)> = values.enumerate().filter(|(_, text)| text.len() >= SHORTEST).collect();
        if words.len() <= FEW {
            let word = |(value, text): (usize, &str)| {
                let finder = memmem::Finder::new(text).into_owned();
                Word { value, length: text.len(), finder }
            };
            return Ok(Self::Few(words.into_iter().map(word).collect()));
        }
        if words.iter().map(|(_, text)| text.len()).sum::<usize>() > LARGEST {
            return Err(TooMuch);
        }
        let mut builder = AhoCorasick::builder();
        // The faster kind that it would choose for fewer takes a thousand times their bytes.
        builder.kind(Some(AhoCorasickKind::ContiguousNFA)).prefilter(false);
        let automaton = builder.build(words.iter().map(|(_, text)| text)).map_err(|_| TooMuch)?;
        let values = words.into_iter().map(|(value, _)| value).collect();
        Ok(Self::Many(Many { automaton, values, left: Cell::new(OFTEN) }))
    }

    /// Whether all were found in all texts.
    pub(crate) fn found_all(&self) -> Result<(), TooMuch> {
        match self {
            Self::Many(Many { left, .. }) if left.get() == 0 => Err(TooMuch),
            _ => Ok(()),
        }
    }

    /// Where they stand, none in another: the first, and of those that begin at one place the longest.
    pub(crate) fn find(&self, text: &str) -> Vec<Found> {
        match self {
            Self::Few(words) => few(words, text),
            Self::Many(words) => many(words, text),
        }
    }
}

impl Word {
    fn next(&self, text: &str, from: usize) -> Option<usize> {
        let mut places = self.finder.find_iter(&text.as_bytes()[from..]).map(|place| from + place);
        places.find(|place| stands_alone(text, *place, *place + self.length))
    }
}

fn few(words: &[Word], text: &str) -> Vec<Found> {
    let (mut found, mut next) = (Vec::new(), [None; FEW]);
    for (next, word) in next.iter_mut().zip(words) {
        *next = word.next(text, 0);
    }
    loop {
        let places = next.iter().zip(words).filter_map(|(next, word)| Some(((*next)?, word)));
        let Some((start, word)) = places.min_by_key(|(place, word)| (*place, Reverse(word.length))) else {
            return found;
        };
        let end = start + word.length;
        found.push(Found { start, end, value: word.value });
        // Only those that were passed look again, and only at what no one has taken.
        for (next, word) in next.iter_mut().zip(words) {
            if next.is_some_and(|place| place < end) {
                *next = word.next(text, end);
            }
        }
    }
}

fn many(Many { automaton, values, left }: &Many, text: &str) -> Vec<Found> {
    let mut longest: BTreeMap<usize, Found> = BTreeMap::new();
    for place in automaton.find_overlapping_iter(text) {
        left.set(left.get().saturating_sub(1));
        if left.get() == 0 {
            return Vec::new();
        }
        let (start, end) = (place.start(), place.end());
        if stands_alone(text, start, end) {
            // Places come in the order of their ends.
            longest.insert(start, Found { start, end, value: values[place.pattern().as_usize()] });
        }
    }
    let mut done = 0;
    let free = |found: &Found| {
        let free = found.start >= done;
        if free {
            done = found.end;
        }
        free
    };
    longest.into_values().filter(free).collect()
}

/// Whether what stands there is no part of a longer word.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let both = |one: Option<char>, other: Option<char>| {
        one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
    };
    let value = &text[start..end];
    !both(text[..start].chars().next_back(), value.chars().next())
        && !both(value.chars().next_back(), text[end..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of these words, and what is found there, whether few or many values are looked for.
    fn found<'a>(values: &[&'a str], text: &'a str) -> Vec<&'a str> {
        let found = |words: &Words| words.find(text).iter().map(|found| &text[found.start..found.end]).collect();
        let few: Vec<&str> = found(&Words::new(values.iter().copied()).unwrap());
        let others: Vec<String> = (0..FEW).map(|n| format!("no such word {n}")).collect();
        let all = values.iter().copied().chain(others.iter().map(String::as_str));
        let words = Words::new(all).unwrap();
        assert!(matches!(words, Words::Many(..)));
        assert_eq!(few, found(&words), "{values:?} in {text}");
        few
    }

    #[test]
    fn few_and_many_find_the_same() {
        assert_eq!(found(&["jane", "jane doe"], "jane doe, jane doer, janet, jane"), ["jane doe", "jane", "jane"]);
        assert_eq!(found(&["doe, jane", "jane doe"], "jane doe, jane doe, jane"), ["jane doe", "jane doe"]);
        assert_eq!(found(&["é--", "---"], "é---- x---"), ["é--", "---"]);
        assert_eq!(found(&["me", "bcd", "abcde"], "me bcd abcde bcde"), ["bcd", "abcde"]);
        assert!(found(&["jane"], "").is_empty());
    }

    #[test]
    fn more_than_can_be_held_is_too_much() {
        let values: Vec<String> = (0..FEW + 1).map(|n| format!("{n}{}", "x".repeat(LARGEST / FEW))).collect();
        assert_eq!(Words::new(values.iter().map(String::as_str)).err(), Some(TooMuch));
        assert!(Words::new(values[..FEW].iter().map(String::as_str)).is_ok());
    }
}
