//! Writes a text that is known to be JSON anew, without what is redacted.

use crate::everywhere::{Fate, Values};
use crate::find::Place;
use crate::json::{DEEPEST, TooDeep, quote, skip_space, string_end, unescape, value_end};
use crate::vocabulary::Around;

/// What to do to a text.
pub(crate) struct Rewriter<'a> {
    /// The places that are redacted, in the order of the text.
    pub(crate) places: &'a [Place],
    /// For each place what stands there instead; `None`: it is removed.
    pub(crate) insteads: &'a [Option<String>],
    /// What is redacted wherever it stands.
    pub(crate) everywhere: Option<&'a Values>,
    /// How many strings the text stands in.
    pub(crate) level: usize,
    /// What the text is.
    pub(crate) around: Around,
}

impl Rewriter<'_> {
    /// Appends the new text. After an error, `out` holds half of it.
    pub(crate) fn rewrite(&self, text: &str, out: &mut Vec<u8>) -> Result<(), TooDeep> {
        let mut writing = Writing { rewriter: self, text, next: 0, keys: Vec::new(), out };
        let start = skip_space(text, 0);
        writing.copy(0, start);
        let (end, _) = writing.value(start, 0)?;
        writing.copy(end, text.len());
        Ok(())
    }
}

struct Writing<'a> {
    rewriter: &'a Rewriter<'a>,
    text: &'a str,
    /// The next place.
    next: usize,
    /// The keys that lead to where it is, as they are written; not kept where nobody asks for them.
    keys: Vec<&'a str>,
    out: &'a mut Vec<u8>,
}

impl Writing<'_> {
    fn copy(&mut self, from: usize, to: usize) {
        self.out.extend(&self.text.as_bytes()[from..to]);
    }

    /// Writes the value at `at`. Gives its end, and whether it stays; if it does not, nothing was written.
    fn value(&mut self, at: usize, depth: usize) -> Result<(usize, bool), TooDeep> {
        if let Some(place) = self.rewriter.places.get(self.next).filter(|place| place.start == at) {
            let instead = &self.rewriter.insteads[self.next];
            self.next += 1;
            if let Some(text) = instead {
                quote(text, self.out);
            }
            return Ok((place.end, instead.is_some()));
        }
        match (self.text.as_bytes()[at], self.rewriter.everywhere) {
            (open @ (b'{' | b'['), _) => Ok((self.container(at, open == b'{', depth)?, true)),
            (b'"', Some(values)) => {
                let end = string_end(self.text, at);
                Ok((end, self.string(&self.text[at..end], values)))
            }
            _ => {
                let end = value_end(self.text, at);
                self.copy(at, end);
                Ok((end, true))
            }
        }
    }

    /// Writes a string, still quoted, after its fate; false if it goes.
    fn string(&mut self, quoted: &str, values: &Values) -> bool {
        let Rewriter { level, around, .. } = *self.rewriter;
        let keys = || self.keys.iter().copied();
        let text = unescape(&quoted[1..quoted.len() - 1]);
        let fate = values.fate(&text, level, around.inside(keys()));
        if fate == Fate::Stays || around.is_fixed(keys(), !values.kind_is_named) {
            self.out.extend(quoted.as_bytes());
            return true;
        }
        if let Fate::Becomes(text) = &fate {
            quote(text, self.out);
        }
        fate != Fate::Goes
    }

    /// Writes an object or array with all of its white space; what goes takes its comma along.
    fn container(&mut self, at: usize, object: bool, depth: usize) -> Result<usize, TooDeep> {
        if depth == DEEPEST {
            return Err(TooDeep);
        }
        let bytes = self.text.as_bytes();
        self.out.push(bytes[at]);
        // What stands before a member: white space before the first, a comma and white space before the others.
        let (mut before, mut first, mut kept) = (at + 1, true, false);
        let mut member = skip_space(self.text, before);
        if matches!(bytes[member], b'}' | b']') {
            self.copy(before, member + 1);
            return Ok(member + 1);
        }
        loop {
            let mark = self.out.len();
            if first || kept {
                self.copy(before, member);
            }
            let mut value = member;
            let keyed = object && self.rewriter.everywhere.is_some();
            if object {
                let key_end = string_end(self.text, member);
                let colon = skip_space(self.text, key_end);
                value = skip_space(self.text, colon + 1);
                self.copy(member, value);
                if keyed {
                    self.keys.push(&self.text[member + 1..key_end - 1]);
                }
            }
            let (end, stays) = self.value(value, depth + 1)?;
            if keyed {
                self.keys.pop();
            }
            if stays {
                kept = true;
            } else {
                self.out.truncate(mark);
            }
            let comma = skip_space(self.text, end);
            if bytes[comma] != b',' {
                self.copy(end, comma + 1);
                return Ok(comma + 1);
            }
            (before, first) = (end, false);
            member = skip_space(self.text, comma + 1);
        }
    }
}
