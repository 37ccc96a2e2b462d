//! JSON as owned values, for what is not hot: rebuilding and checking.

use super::{Fault, Kind, Tape, text};

/// A JSON value whose numbers are kept as they are written and whose members keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string, escapes undone.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

/// The deepest nesting that is built: building is recursive.
const DEPTH: usize = 100;

impl Json {
    /// Reads one value, nested at most 100 deep.
    pub fn parse(source: &str) -> Result<Self, Fault> {
        let mut tape = Tape::default();
        tape.read(source.as_bytes())?;
        if tape.traits.depth > DEPTH {
            return Err(Fault::new("nested too deeply", 0));
        }
        Ok(Self::build(&tape, source.as_bytes(), 0))
    }

    fn build(tape: &Tape, source: &[u8], index: u32) -> Self {
        match tape.node(index).kind {
            Kind::Null => Self::Null,
            Kind::False => Self::Bool(false),
            Kind::True => Self::Bool(true),
            Kind::Number => Self::Number(String::from_utf8_lossy(tape.raw(source, index)).into_owned()),
            Kind::String | Kind::Lone => Self::String(text::decode(tape.inside(source, index))),
            Kind::Array => Self::Array(tape.members(index).map(|at| Self::build(tape, source, at)).collect()),
            Kind::Object => Self::Object(
                tape.members(index)
                    .map(|at| (text::decode(tape.key_of(source, at)), Self::build(tape, source, at)))
                    .collect(),
            ),
        }
    }

    /// The member or (by its number) the element at the end of a path such as `actor.user.uid`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, step| match value {
            Self::Object(members) => members.iter().find(|(key, _)| key == step).map(|(_, value)| value),
            Self::Array(elements) => elements.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Puts a value at a path of keys, making objects on the way; `false` where something else stands there.
    pub(crate) fn put(&mut self, path: &[&str], value: Self) -> bool {
        let Self::Object(members) = self else { return false };
        let Some((first, rest)) = path.split_first() else { return false };
        let position = members.iter().position(|(key, _)| key == first);
        match (position, rest) {
            (Some(_), []) => false,
            (Some(at), rest) => members[at].1.put(rest, value),
            (None, []) => {
                members.push(((*first).to_owned(), value));
                true
            }
            (None, rest) => {
                let mut inner = Self::Object(Vec::new());
                let done = inner.put(rest, value);
                members.push(((*first).to_owned(), inner));
                done
            }
        }
    }
}

/// One line, without spaces.
impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quoted = |plain: &str| {
            let mut out = Vec::with_capacity(plain.len() + 2);
            text::quote(plain, &mut out);
            String::from_utf8(out).expect("text stays text when it is quoted")
        };
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(written) => f.write_str(written),
            Self::String(plain) => f.write_str(&quoted(plain)),
            Self::Array(elements) => {
                f.write_str("[")?;
                for (at, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, (key, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if at == 0 { "" } else { "," }, quoted(key))?;
                }
                f.write_str("}")
            }
        }
    }
}
