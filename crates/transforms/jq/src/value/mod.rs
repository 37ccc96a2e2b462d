//! The values that programs work on: jaq's, which count what is done with them and know how deep they are.

mod arithmetic;
mod change;
mod cost;
mod read;
mod write;

use std::fmt;

use bytes::Bytes;
use jaq_core::val::Range;
use jaq_core::{Error, ValR, ValX, path};
use jaq_json::{Map, Num, Rc, Val};
use jaq_std::ValT as _;

use crate::meter::{Stop, spend, stop};

pub(crate) use cost::{number_cost, spend_compare, spend_whole};
pub(crate) use read::parse;
pub(crate) use write::{write, write_up_to};

/// How deep a value may become that a program makes: whoever walks it recurses so far.
const MAX_MADE_DEPTH: u16 = 256;
/// How much of a value stands in an error.
const SHOWN: usize = 120;

/// A value of jaq's, always made of what JSON knows: texts, not bytes, and keys that are texts.
#[derive(Debug)]
pub(crate) struct Value {
    val: Val,
    /// No smaller than how many arrays and objects stand in one another here.
    depth: u16,
}

impl Value {
    /// A value without children.
    pub(crate) fn flat(val: Val) -> Self {
        Self { val, depth: 0 }
    }

    pub(crate) fn text(text: impl Into<Bytes>) -> Self {
        Self::flat(Val::utf8_str(text))
    }

    /// An array or object whose children are so deep at most.
    fn over(val: Val, children: u16) -> Self {
        if children >= MAX_MADE_DEPTH {
            stop(Stop::Depth);
        }
        Self { val, depth: children + 1 }
    }

    pub(crate) fn val(&self) -> &Val {
        &self.val
    }

    /// One of its children.
    fn child(&self, val: Val) -> Self {
        Self { val, depth: self.depth.saturating_sub(1) }
    }
}

/// A type error of jaq's own values; these hold scalars only.
pub(crate) fn plain(error: Error<Val>) -> Error<Value> {
    Error::new(Value::flat(error.into_val()))
}

/// The number that a text in JSON's grammar stands for. One that a double or a small integer would damage keeps its text.
pub(crate) fn number(text: &str) -> Num {
    const DIGITS: usize = 40;
    let integer = text.len() <= DIGITS && text != "-0" && !text.contains(['.', 'e', 'E']);
    integer.then(|| Num::from_str_radix(text, 10)).flatten().unwrap_or_else(|| Num::Dec(Rc::new(text.to_owned())))
}

impl Clone for Value {
    #[inline]
    fn clone(&self) -> Self {
        spend(1);
        Self { val: self.val.clone(), depth: self.depth }
    }
}

impl Default for Value {
    fn default() -> Self {
        Self::flat(Val::Null)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        spend(1);
        Self::flat(Val::Bool(flag))
    }
}

impl From<isize> for Value {
    fn from(number: isize) -> Self {
        spend(1);
        Self::flat(Val::from(number))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::flat(Val::from(number))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::flat(Val::from(number))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        spend(1 + text.len() / 16);
        Self::text(text.into_bytes())
    }
}

impl From<Range<Self>> for Value {
    fn from(range: Range<Self>) -> Self {
        let ends = [("start", range.start), ("end", range.end)];
        let ends = ends.into_iter().filter_map(|(key, end)| end.map(|end| (Self::text(key), end)));
        jaq_core::ValT::from_map(ends).unwrap_or_default()
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<T: IntoIterator<Item = Self>>(items: T) -> Self {
        let mut deepest = 0;
        let items: Vec<Val> = items
            .into_iter()
            .map(|item| {
                spend(1);
                deepest = deepest.max(item.depth);
                item.val
            })
            .collect();
        Self::over(Val::Arr(items.into()), deepest)
    }
}

/// For errors: the beginning of a large value is enough.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write::shortened(&self.val, SHOWN))
    }
}

impl jaq_core::ValT for Value {
    fn from_num(text: &str) -> ValR<Self> {
        let number = match parse(&Bytes::copy_from_slice(text.as_bytes())) {
            Ok(Self { val: Val::Num(number), .. }) => number,
            // A program may write numbers that JSON does not know.
            _ => Num::from_dec_str(text),
        };
        Ok(Self::flat(Val::Num(number)))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> ValR<Self> {
        let mut deepest = 0;
        let mut map = Map::default();
        for (key, value) in entries {
            spend(2);
            if !matches!(key.val, Val::TStr(_)) {
                return Err(Error::str(format_args!("object keys must be strings, not {key}")));
            }
            deepest = deepest.max(value.depth);
            map.insert(key.val, value.val);
        }
        Ok(Self::over(Val::obj(map), deepest))
    }

    fn key_values(self) -> Box<dyn Iterator<Item = ValR<(Self, Self), Self>>> {
        self.spend_copy();
        let depth = self.depth.saturating_sub(1);
        let child = move |val| Self { val, depth };
        match self.val {
            Val::Arr(items) => {
                let entries = unshare(items).into_iter().enumerate();
                Box::new(entries.map(move |(index, val)| Ok((Self::from(index), child(val)))))
            }
            Val::Obj(entries) => {
                Box::new(unshare(entries).into_iter().map(move |(key, val)| Ok((Self::flat(key), child(val)))))
            }
            _ => Box::new(std::iter::once(Err(not_iterable(self)))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        self.spend_copy();
        let depth = self.depth.saturating_sub(1);
        let child = move |val| {
            spend(1);
            Ok(Self { val, depth })
        };
        match self.val {
            Val::Arr(items) => Box::new(unshare(items).into_iter().map(child)),
            Val::Obj(entries) => Box::new(unshare(entries).into_iter().map(|(_, val)| val).map(child)),
            _ => Box::new(std::iter::once(Err(not_iterable(self)))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        spend(1);
        match (&self.val, &index.val) {
            (Val::Null, Val::TStr(_) | Val::Num(_) | Val::Null | Val::Obj(_)) => Ok(Self::default()),
            (Val::Obj(entries), Val::TStr(_)) => {
                Ok(entries.get(&index.val).map_or_else(Self::default, |val| self.child(val.clone())))
            }
            (Val::Arr(items), Val::Num(number)) => {
                let item = place(number, items.len()).and_then(|place| items.get(place));
                Ok(item.map_or_else(Self::default, |val| self.child(val.clone())))
            }
            (Val::Arr(_), Val::Arr(_)) => crate::functions::indices(&self, index),
            (Val::Arr(_) | Val::TStr(_), Val::Obj(ends)) => {
                let (start, end) = (bound(ends, "start"), bound(ends, "end"));
                self.range(start.as_ref()..end.as_ref())
            }
            _ => Err(Error::index(self, index.clone())),
        }
    }

    fn range(self, range: Range<&Self>) -> ValR<Self> {
        let ends = [range.start, range.end];
        if ends.iter().flatten().any(|end| !matches!(end.val, Val::Null | Val::Num(_))) {
            return Err(Error::str("the ends of a slice must be numbers"));
        }
        match &self.val {
            Val::Null => return Ok(self),
            Val::TStr(text) => spend(1 + text.len() / 4),
            Val::Arr(items) => spend(1 + items.len()),
            _ => return Err(Error::typ(self, "array or string")),
        }
        let depth = self.depth;
        let whole = |end: Option<&Self>, up| end.map(|end| rounded(&end.val, up));
        let (start, end) = (whole(ends[0], false), whole(ends[1], true));
        match jaq_core::ValT::range(self.val, start.as_ref()..end.as_ref()) {
            Ok(val) => Ok(Self { val, depth }),
            Err(error) => Err(plain(error)),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: path::Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        change::values(self, opt, change)
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: path::Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        change::index(self, index, opt, &change)
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: path::Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        change::range(self, range, opt, &change)
    }

    fn as_bool(&self) -> bool {
        !matches!(self.val, Val::Null | Val::Bool(false))
    }

    fn into_string(self) -> Self {
        match self.val {
            Val::TStr(_) => self,
            val => Self::text(write::to_vec(&val)),
        }
    }
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        let depth = self.depth.saturating_sub(1);
        match self.val {
            Val::Arr(items) => {
                spend(items.len());
                Ok(unshare(items).into_iter().map(|val| Self { val, depth }).collect())
            }
            _ => Err(self),
        }
    }

    fn is_int(&self) -> bool {
        self.val.is_int()
    }

    fn as_isize(&self) -> Option<isize> {
        spend(number_cost(&self.val));
        self.val.as_isize()
    }

    fn as_f64(&self) -> Option<f64> {
        spend(number_cost(&self.val));
        self.val.as_f64()
    }

    fn is_utf8_str(&self) -> bool {
        self.val.is_utf8_str()
    }

    /// Whoever asks goes through the text.
    fn as_bytes(&self) -> Option<&[u8]> {
        let text = self.val.as_bytes()?;
        spend(1 + text.len() / 32);
        Some(text)
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        spend(1);
        Self::flat(self.val.as_sub_str(part))
    }

    fn from_utf8_bytes(text: impl AsRef<[u8]> + Send + 'static) -> Self {
        spend(1 + text.as_ref().len() / 16);
        Self::flat(Val::from_utf8_bytes(text))
    }
}

fn not_iterable(value: Value) -> Error<Value> {
    Error::typ(value, "iterable (array or object)")
}

fn unshare<T: Clone>(shared: Rc<T>) -> T {
    Rc::try_unwrap(shared).unwrap_or_else(|shared| (*shared).clone())
}

/// The end of a slice that a path holds as `{"start": .., "end": ..}`.
fn bound(ends: &Map, name: &'static str) -> Option<Value> {
    ends.get(&Val::utf8_str(name)).cloned().map(Value::flat)
}

/// Where an index leads in a list; before its beginning, nowhere.
fn place(index: &Num, len: usize) -> Option<usize> {
    let index = match index {
        Num::Int(index) => *index,
        Num::BigInt(_) => return None,
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and so leads nowhere")]
        Num::Float(index) => index.floor() as isize,
        Num::Dec(text) => match Num::from_dec_str(text) {
            Num::Float(index) if !index.is_nan() => return place(&Num::Float(index), len),
            _ => return None,
        },
    };
    if index < 0 { len.checked_sub(index.unsigned_abs()) } else { usize::try_from(index).ok() }
}

/// The end of a slice as jaq takes it: an integer.
fn rounded(end: &Val, up: bool) -> Val {
    match end {
        Val::Num(Num::Float(_) | Num::Dec(_)) => {
            let number = end.as_f64().unwrap_or(0.0);
            #[expect(clippy::cast_possible_truncation, reason = "saturates: past either end of any list")]
            Val::from(if up { number.ceil() } else { number.floor() } as isize)
        }
        // The negation of the smallest integer is none.
        Val::Num(Num::Int(isize::MIN)) => Val::from(-isize::MAX),
        end => end.clone(),
    }
}
