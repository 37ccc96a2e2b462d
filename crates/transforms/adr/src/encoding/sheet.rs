//! An event, sorted: which attributes it has, and what is left over.

use super::attributes::{ATTRIBUTES, Kind as Is, id};
use super::plain::squeeze;
use super::tree::{EVENT, Target, Tree};
use crate::json::{Kind, State, Tape, text};

/// The node of each attribute; 0, the event itself, where there is none.
pub(super) type Found = [u32; ATTRIBUTES.len()];

/// One event. What [`Sheet::take`] has not taken in the end is [`Sheet::other`].
pub(super) struct Sheet<'a> {
    text: &'a [u8],
    tape: &'a mut Tape,
    found: &'a mut Found,
    scratch: &'a mut Vec<u8>,
    /// Whether something is left over.
    left: bool,
}

impl<'a> Sheet<'a> {
    /// Sorts the event that `tape` has read from `text`. Attributes are found in an event that has a class and
    /// metadata and none of them twice; all else (a JumpCloud event, say) is left over as a whole.
    pub(super) fn sort(text: &'a [u8], tape: &'a mut Tape, found: &'a mut Found, scratch: &'a mut Vec<u8>) -> Self {
        found.fill(0);
        scratch.clear();
        scratch.shrink_to(super::input::KEPT);
        let mut sheet = Self { text, tape, found, scratch, left: false };
        let unique = sheet.sort_members(0, EVENT, &mut 0);
        if !unique || sheet.found(id::CLASS_UID).is_none() || !sheet.has_metadata() {
            sheet.found.fill(0);
            sheet.tape.reset_states();
            sheet.left = true;
        }
        sheet
    }

    fn has_metadata(&self) -> bool {
        ATTRIBUTES.iter().zip(self.found.iter()).any(|(at, node)| *node != 0 && at.path.starts_with("metadata."))
    }

    /// `false` if an attribute, or an object that has some, is there twice. `seen` are such objects, by bit.
    fn sort_members(&mut self, of: u32, object: u8, seen: &mut u64) -> bool {
        let end = self.tape.node(of).next;
        let mut at = of + 1;
        let mut unique = true;
        while at < end {
            let node = self.tape.node(at);
            let (kind, next) = (node.kind, node.next);
            match self.target(at, object) {
                Some(Target::Attribute(number)) if fits(ATTRIBUTES[usize::from(number)].kind, kind) => {
                    let found = &mut self.found[usize::from(number)];
                    unique &= *found == 0;
                    *found = at;
                }
                Some(Target::Object(inner)) if kind == Kind::Object && next > at + 1 => {
                    unique &= *seen & 1 << inner == 0;
                    *seen |= 1 << inner;
                    self.tape.set_state(at, State::Partial);
                    unique &= self.sort_members(at, inner, seen);
                }
                _ => self.left = true,
            }
            at = next;
        }
        unique
    }

    fn target(&self, member: u32, object: u8) -> Option<Target> {
        let key = self.tape.key_of(self.text, member);
        if key.contains(&b'\\') {
            return Tree::all().find(object, text::decode(key).as_bytes());
        }
        Tree::all().find(object, key)
    }

    /// Whether it has attributes at all.
    pub(super) fn has_attributes(&self) -> bool {
        self.found(id::CLASS_UID).is_some()
    }

    /// The node of an attribute.
    #[inline]
    pub(super) fn found(&self, number: usize) -> Option<u32> {
        let node = self.found[number];
        (node != 0).then_some(node)
    }

    /// Notes that a value is in the record.
    #[inline]
    pub(super) fn take(&mut self, node: u32) {
        self.tape.set_state(node, State::Consumed);
    }

    /// Notes that a value cannot stand in the record by itself.
    pub(super) fn leave(&mut self) {
        self.left = true;
    }

    /// A value as it is written.
    #[inline]
    pub(super) fn raw(&self, node: u32) -> &'a [u8] {
        self.tape.raw(self.text, node)
    }

    /// A value as it is written, without white space between tokens.
    pub(super) fn json(&mut self, node: u32) -> &[u8] {
        let raw = self.raw(node);
        if !self.tape.traits.spaced {
            return raw;
        }
        self.scratch.clear();
        squeeze(raw, self.scratch);
        self.scratch
    }

    /// Whether a string is written with escapes.
    #[inline]
    pub(super) fn is_escaped(&self, node: u32) -> bool {
        self.tape.node(node).escaped
    }

    /// The characters of a string.
    #[inline]
    pub(super) fn characters(&mut self, node: u32) -> &[u8] {
        let inside = self.tape.inside(self.text, node);
        if !self.tape.node(node).escaped {
            return inside;
        }
        self.scratch.clear();
        text::decode_into(inside, self.scratch);
        self.scratch
    }

    /// What was not taken, as a JSON object, if there is anything.
    pub(super) fn other(&mut self) -> Option<&[u8]> {
        if !self.left {
            return None;
        }
        self.scratch.clear();
        self.scratch.push(b'{');
        self.rest(0);
        self.scratch.push(b'}');
        Some(self.scratch)
    }

    fn rest(&mut self, object: u32) {
        let end = self.tape.node(object).next;
        let mut at = object + 1;
        while at < end {
            let node = *self.tape.node(at);
            let start = self.scratch.len();
            if node.state != State::Consumed {
                if self.scratch.last() != Some(&b'{') {
                    self.scratch.push(b',');
                }
                self.scratch.push(b'"');
                self.scratch.extend_from_slice(self.tape.key_of(self.text, at));
                self.scratch.extend_from_slice(b"\":");
                if node.state == State::Untouched {
                    squeeze(self.tape.raw(self.text, at), self.scratch);
                } else {
                    self.scratch.push(b'{');
                    let inside = self.scratch.len();
                    self.rest(at);
                    if self.scratch.len() == inside {
                        self.scratch.truncate(start);
                    } else {
                        self.scratch.push(b'}');
                    }
                }
            }
            at = node.next;
        }
    }
}

/// Whether a value is of an attribute's kind. Half surrogates have no character: such a string is not.
fn fits(kind: Is, value: Kind) -> bool {
    match kind {
        Is::Text => value == Kind::String,
        Is::Number => value == Kind::Number,
        Is::Flag => matches!(value, Kind::True | Kind::False),
        Is::List => value == Kind::Array,
        Is::Open => value == Kind::Object,
    }
}
