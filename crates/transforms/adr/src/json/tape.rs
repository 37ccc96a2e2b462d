use std::cmp::Ordering;

use super::names::COUNT;
use super::{Fault, Name, scan, text};

/// In `top`: the event has that key more than once, so none of them counts.
const TWICE: u32 = u32::MAX;

/// Nodes kept between events: what an event of some hundred kilobytes needs.
const KEPT: usize = 1 << 14;

/// A text as a list of its values, in order of their beginnings: a value's members follow it.
#[derive(Debug)]
pub(crate) struct Tape {
    nodes: Vec<Node>,
    open: Vec<Open>,
    order: Vec<u32>,
    top: [u32; COUNT],
    /// All bits of all strings.
    bits: u64,
    /// Whether repeated keys outside the vocabulary are not looked for.
    lax: bool,
    /// What sets the text apart from plain, short JSON.
    pub(crate) traits: Traits,
}

/// What an event's text may have that its values do not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// White space between tokens.
    pub(crate) spaced: bool,
    /// An object has a key twice.
    pub(crate) duplicate: bool,
    /// The deepest nesting.
    pub(crate) depth: usize,
    /// A string with half a surrogate pair.
    pub(crate) lone: bool,
    /// A character that is not ASCII: whether the text is UTF-8 remains to be seen.
    pub(crate) wide: bool,
}

/// One value and its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// The key's opening quote; equal to `start` where there is no key.
    pub(crate) key: u32,
    /// The value's first byte.
    pub(crate) start: u32,
    /// Just after the value's last byte.
    pub(crate) end: u32,
    /// The node after this value and all its members.
    pub(crate) next: u32,
    pub(crate) kind: Kind,
    pub(crate) name: Name,
    pub(crate) state: State,
    /// The value is a string with escapes.
    pub(crate) escaped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    /// A string with half a surrogate pair.
    Lone,
    Array,
    Object,
}

/// Whether a value has gone into an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Untouched,
    /// Something inside it has.
    Partial,
    Consumed,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    node: u32,
    object: bool,
    known: [u64; 2],
    unknown: u32,
}

#[derive(Clone, Copy)]
struct Key {
    at: u32,
    name: Name,
}

impl Default for Tape {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            open: Vec::new(),
            order: Vec::new(),
            top: [0; COUNT],
            bits: 0,
            lax: false,
            traits: Traits::default(),
        }
    }
}

impl Tape {
    /// A tape whose [`Traits::duplicate`] says nothing: for callers who notice what is repeated themselves.
    pub(crate) fn lax() -> Self {
        Self { lax: true, ..Self::default() }
    }

    /// Reads `text`, which must be below 4 GiB. Where [`Traits::wide`] says so afterwards, whether it is UTF-8 is
    /// for the caller to check.
    pub(crate) fn read(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.nodes.clear();
        self.nodes.shrink_to(KEPT);
        self.open.clear();
        self.open.shrink_to(KEPT);
        self.top = [0; COUNT];
        self.bits = 0;
        self.traits = Traits::default();
        if u32::try_from(text.len()).is_err() {
            return Err(Fault::new("4 GiB or more", 0));
        }
        let read = self.values(text);
        self.traits.wide = !scan::is_ascii(self.bits);
        let end = read?;
        if end == text.len() { Ok(()) } else { Err(Fault::new("something after the value", end)) }
    }

    fn values(&mut self, text: &[u8]) -> Result<usize, Fault> {
        let mut at = self.space(text, 0);
        // In an object, a key is due before its value.
        let mut in_object = false;
        loop {
            let mut key = None;
            if in_object {
                (at, key) = self.key(text, at)?;
            }
            let (after, opened) = self.value(text, at, key)?;
            at = self.space(text, after);
            if opened {
                in_object = text[after - 1] == b'{';
                if text.get(at) != Some(if in_object { &b'}' } else { &b']' }) {
                    continue;
                }
            }
            // After a value: what closes closes, a comma goes on.
            loop {
                let Some(open) = self.open.last() else { return Ok(at) };
                in_object = open.object;
                match (text.get(at), in_object) {
                    (Some(b','), _) => {
                        at = self.space(text, at + 1);
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => {
                        self.close(text, at + 1);
                        at = self.space(text, at + 1);
                    }
                    (Some(_), _) => return Err(Fault::new("no comma or end after a value", at)),
                    (None, _) => return Err(Fault::new("the text ends inside a value", at)),
                }
            }
        }
    }

    /// Reads a scalar, or opens a container (then the second answer is true).
    #[inline(always)]
    fn value(&mut self, text: &[u8], at: usize, key: Option<Key>) -> Result<(usize, bool), Fault> {
        let mut escaped = false;
        let (kind, end) = match text.get(at) {
            Some(b'"') => {
                let (mut end, bits) = scan::plain(text, at + 1);
                let mut kind = Kind::String;
                self.bits |= bits;
                if text.get(end) != Some(&b'"') {
                    let scanned = self.escaped(text, end)?;
                    if scanned.lone {
                        kind = Kind::Lone;
                    }
                    (end, escaped) = (scanned.end, true);
                }
                (kind, end + 1)
            }
            Some(b'{') => (Kind::Object, at + 1),
            Some(b'[') => (Kind::Array, at + 1),
            Some(b't') => (Kind::True, literal(text, at, b"true")?),
            Some(b'f') => (Kind::False, literal(text, at, b"false")?),
            Some(b'n') => (Kind::Null, literal(text, at, b"null")?),
            Some(_) => (Kind::Number, scan::number(text, at)?),
            None => return Err(Fault::new("the text ends where a value is due", at)),
        };
        let index = small(self.nodes.len());
        let name = key.map_or(Name::Unknown, |key| key.name);
        if self.open.len() == 1 && name != Name::Unknown {
            let top = &mut self.top[name.index()];
            *top = if *top == 0 { index } else { TWICE };
        }
        self.nodes.push(Node {
            key: key.map_or(small(at), |key| key.at),
            start: small(at),
            end: small(end),
            next: index + 1,
            kind,
            name,
            state: State::Untouched,
            escaped,
        });
        let opened = matches!(kind, Kind::Object | Kind::Array);
        if opened {
            self.open.push(Open { node: index, object: kind == Kind::Object, known: [0; 2], unknown: 0 });
            self.traits.depth = self.traits.depth.max(self.open.len());
        }
        Ok((end, opened))
    }

    /// Reads a key and its colon.
    #[inline(always)]
    fn key(&mut self, text: &[u8], at: usize) -> Result<(usize, Option<Key>), Fault> {
        if text.get(at) != Some(&b'"') {
            return Err(Fault::new("no key where one is due", at));
        }
        let (mut end, bits) = scan::plain(text, at + 1);
        self.bits |= bits;
        let name = if text.get(end) == Some(&b'"') {
            Name::of(&text[at + 1..end])
        } else {
            end = self.escaped(text, end)?.end;
            Name::of(text::decode(&text[at + 1..end]).as_bytes())
        };
        let open = self.open.last_mut().expect("a key stands in an object");
        if name == Name::Unknown {
            open.unknown += 1;
        } else {
            let (word, bit) = (&mut open.known[name.index() / 64 % 2], 1 << (name.index() % 64));
            self.traits.duplicate |= *word & bit != 0;
            *word |= bit;
        }
        let colon = self.space(text, end + 1);
        if text.get(colon) != Some(&b':') {
            return Err(Fault::new("no colon after a key", colon));
        }
        Ok((self.space(text, colon + 1), Some(Key { at: small(at), name })))
    }

    fn escaped(&mut self, text: &[u8], at: usize) -> Result<scan::Scanned, Fault> {
        let scanned = scan::escaped(text, at)?;
        self.traits.lone |= scanned.lone;
        self.bits |= scanned.high;
        Ok(scanned)
    }

    #[inline(always)]
    fn space(&mut self, text: &[u8], mut at: usize) -> usize {
        while matches!(text.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.traits.spaced = true;
            at += 1;
        }
        at
    }

    #[inline]
    fn close(&mut self, text: &[u8], end: usize) {
        let open = self.open.pop().expect("only what is open is closed");
        let next = small(self.nodes.len());
        let node = &mut self.nodes[open.node as usize];
        (node.end, node.next) = (small(end), next);
        if open.unknown > 1 && !self.traits.duplicate && !self.lax {
            self.traits.duplicate = self.repeats_unknown_key(text, open.node);
        }
    }

    /// Whether two keys outside the vocabulary are the same, escapes undone.
    fn repeats_unknown_key(&mut self, text: &[u8], object: u32) -> bool {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(self.members(object).filter(|index| self.node(*index).name == Name::Unknown));
        let same = |a: &u32, b: &u32| self.compare_keys(text, *a, *b);
        let repeats = if order.len() <= 8 {
            order.iter().enumerate().any(|(at, a)| order[..at].iter().any(|b| same(a, b) == Ordering::Equal))
        } else {
            order.sort_unstable_by(same);
            order.windows(2).any(|pair| same(&pair[0], &pair[1]) == Ordering::Equal)
        };
        order.shrink_to(KEPT);
        self.order = order;
        repeats
    }

    fn compare_keys(&self, text: &[u8], a: u32, b: u32) -> Ordering {
        let (a, b) = (self.key_of(text, a), self.key_of(text, b));
        if a.contains(&b'\\') || b.contains(&b'\\') {
            return text::decode(a).cmp(&text::decode(b));
        }
        a.cmp(b)
    }

    /// A node.
    #[inline]
    pub(crate) fn node(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    /// Changes a node's state.
    #[inline]
    pub(crate) fn set_state(&mut self, index: u32, state: State) {
        self.nodes[index as usize].state = state;
    }

    /// Makes every node untouched again.
    pub(crate) fn reset_states(&mut self) {
        for node in &mut self.nodes {
            node.state = State::Untouched;
        }
    }

    /// The event's own member of that name.
    #[inline]
    pub(crate) fn top(&self, name: Name) -> Option<u32> {
        let index = self.top[name.index()];
        (index != 0 && index != TWICE).then_some(index)
    }

    /// A value's member of that name.
    #[inline]
    pub(crate) fn member(&self, of: u32, name: Name) -> Option<u32> {
        let object = self.node(of);
        if object.kind != Kind::Object {
            return None;
        }
        let mut at = of + 1;
        while at < object.next {
            let node = self.node(at);
            if node.name == name {
                return Some(at);
            }
            at = node.next;
        }
        None
    }

    /// The members or elements of a value, in order.
    #[inline]
    pub(crate) fn members(&self, of: u32) -> impl Iterator<Item = u32> {
        let end = self.node(of).next;
        let mut at = of + 1;
        std::iter::from_fn(move || {
            let here = at;
            (here < end).then(|| {
                at = self.node(here).next;
                here
            })
        })
    }

    /// A value as it is written.
    #[inline]
    pub(crate) fn raw<'a>(&self, text: &'a [u8], index: u32) -> &'a [u8] {
        let node = self.node(index);
        &text[node.start as usize..node.end as usize]
    }

    /// The inside of a string as it is written, without its quotes.
    #[inline]
    pub(crate) fn inside<'a>(&self, text: &'a [u8], index: u32) -> &'a [u8] {
        let raw = self.raw(text, index);
        &raw[1..raw.len() - 1]
    }

    /// The inside of a member's key as it is written.
    pub(crate) fn key_of<'a>(&self, text: &'a [u8], index: u32) -> &'a [u8] {
        let at = self.node(index).key as usize + 1;
        // The key was scanned before, so it has an end.
        let (mut end, _) = scan::plain(text, at);
        if text.get(end) != Some(&b'"') {
            end = scan::escaped(text, end).map_or(at, |scanned| scanned.end);
        }
        &text[at..end]
    }
}

fn literal(text: &[u8], at: usize, word: &'static [u8]) -> Result<usize, Fault> {
    let end = at + word.len();
    if text.get(at..end) == Some(word) { Ok(end) } else { Err(Fault::new("no value", at)) }
}

/// Texts of 4 GiB are refused before a place in them is taken.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "places lie in a text below 4 GiB")]
const fn small(place: usize) -> u32 {
    place as u32
}
