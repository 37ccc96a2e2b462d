//! Regular expressions, compiled once for many events.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

use crate::meter::spend;

/// How many are kept.
const KEPT: usize = 64;
/// How large one may become, and what its search may keep for speed, in bytes.
const SIZE: usize = 1 << 20;
/// What the first use of one counts in a run, whether it was kept from an earlier run or not: the same event costs the same.
const FIRST_USE: usize = 1000;

/// The compiled expressions of one worker, the ones used last first.
#[derive(Debug, Default)]
pub(crate) struct Regexes {
    kept: RefCell<Vec<Kept>>,
    run: Cell<u64>,
}

#[derive(Debug)]
struct Kept {
    pattern: Box<str>,
    flags: Box<str>,
    regex: Arc<Regex>,
    /// The run that used it last.
    run: u64,
}

impl Regexes {
    /// Another run begins.
    pub(crate) fn next_run(&self) {
        self.run.set(self.run.get() + 1);
    }

    pub(crate) fn get(&self, pattern: &str, flags: &str) -> Result<Arc<Regex>, String> {
        let run = self.run.get();
        let mut kept = self.kept.borrow_mut();
        if let Some(index) = kept.iter().position(|kept| *kept.pattern == *pattern && *kept.flags == *flags) {
            if index > KEPT / 2 {
                kept[..=index].rotate_right(1);
            }
            let found = &mut kept[if index > KEPT / 2 { 0 } else { index }];
            if found.run != run {
                spend(FIRST_USE);
                found.run = run;
            }
            return Ok(found.regex.clone());
        }
        spend(FIRST_USE);
        let regex = Arc::new(build(pattern, flags)?);
        kept.truncate(KEPT - 1);
        kept.insert(0, Kept { pattern: pattern.into(), flags: flags.into(), regex: regex.clone(), run });
        Ok(regex)
    }
}

fn build(pattern: &str, flags: &str) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(SIZE).dfa_size_limit(SIZE);
    for flag in flags.chars() {
        match flag {
            // Told apart by whoever searches.
            'g' | 'n' => &mut builder,
            'i' => builder.case_insensitive(true),
            'm' => builder.multi_line(true),
            's' => builder.dot_matches_new_line(true),
            'p' => builder.multi_line(true).dot_matches_new_line(true),
            'l' => builder.swap_greed(true),
            'x' => builder.ignore_whitespace(true),
            other => return Err(format!("`{other}` is no flag of a regular expression")),
        };
    }
    builder.build().map_err(|error| format!("no regular expression: {error}"))
}
