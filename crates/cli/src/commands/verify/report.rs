//! What a comparison found, in words.

use std::fmt;

use adr_core::Timestamp;

use super::expected::{Expected, Facts};
use super::ledger::Ledger;

/// So many of a kind are listed.
const LISTED: usize = 20;

/// What was found.
pub(super) struct Report {
    expected: usize,
    illegible: u64,
    ledger: Ledger,
    /// Should be there, and are not.
    missing: Vec<(Box<str>, Facts)>,
    /// Are not there yet, and may still come.
    due: usize,
    kept: usize,
    held_back: i64,
}

impl Report {
    /// Compares. What happened after `due_since` may still be on its way.
    pub(super) fn new(expected: Expected, ledger: Ledger, kept: usize, held_back: i64, due_since: Timestamp) -> Self {
        let Expected { events, illegible } = expected;
        let count = events.len();
        let absent = events.into_iter().filter(|(uid, _)| !ledger.has(uid));
        let (due, mut missing): (Vec<_>, Vec<_>) =
            absent.partition(|(_, facts)| facts.time.is_some_and(|time| time >= due_since));
        missing.sort_by(|(a, one), (b, other)| (&one.tenant, one.time, a).cmp(&(&other.tenant, other.time, b)));
        Self { expected: count, illegible, ledger, missing, due: due.len(), kept, held_back }
    }

    /// Nothing is missing, nothing is there twice, and all was looked at.
    pub(super) fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.ledger.twice.is_empty() && self.illegible == 0 && self.held_back == 0
    }
}

/// What somebody wrote into the topic, without what would drive a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (uid, facts) in self.missing.iter().take(LISTED) {
            let time = facts.time.map_or_else(|| "no time".to_owned(), |time| time.to_rfc3339_millis());
            writeln!(f, "missing  {}  {time}  {}", plain(uid), plain(&facts.tenant))?;
        }
        rest(f, self.missing.len())?;
        for twice in self.ledger.twice.iter().take(LISTED) {
            writeln!(f, "twice    {}  {}, and {}", plain(&twice.uid), twice.first, twice.again)?;
        }
        rest(f, self.ledger.twice.len())?;
        let Self { ledger, .. } = self;
        write!(f, "expected {} = in the topic {}", self.expected, self.expected - self.missing.len() - self.due)?;
        writeln!(f, " + missing {} + still due {}", self.missing.len(), self.due)?;
        write!(f, "the topic has {} records, {} uids", ledger.records, ledger.uids())?;
        writeln!(f, ", {} of them again", ledger.twice.len())?;
        for (count, words) in [
            (self.kept as u64, "refused by the sink; they are in the dead letter"),
            (self.illegible, "lines of the file are no ADR events, and cannot be looked for"),
            (ledger.nameless, "records have no header `uid`, and were not looked at"),
            (
                u64::try_from(self.held_back).unwrap_or(0),
                "offsets are held back by an open transaction: ask again later",
            ),
        ] {
            if count > 0 {
                writeln!(f, "{count} {words}")?;
            }
        }
        writeln!(f, "{}", if self.is_complete() { "complete" } else { "NOT complete" })
    }
}

fn rest(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    match count.saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(f, "         and {more} more"),
    }
}
