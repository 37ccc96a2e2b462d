//! The functions that programs have: jq's, without those that are impure or that need not end.

use bytes::Bytes;
use jaq_core::box_iter::box_once;
use jaq_core::load::{self, parse::Def};
use jaq_core::native::{Filter, Fun, bome, run, unary, v};
use jaq_core::{DataT, Error, Lut, RunPtr, ValR, ValXs, data};
use jaq_json::{Num, Val};
use jaq_std::ValT as _;

use crate::matches::{matches, search};
use crate::meter::spend;
use crate::regexes::Regexes;
use crate::value::{Value, number_cost, parse, spend_compare, spend_whole, write};

/// What programs run on.
#[derive(Debug)]
pub(crate) struct Jq;

/// What a run lends its functions.
#[derive(Clone, Copy)]
pub(crate) struct Tools<'a> {
    pub(crate) lut: &'a Lut<Jq>,
    pub(crate) regexes: &'a Regexes,
}

impl DataT for Jq {
    type V<'a> = Value;
    type Data<'a> = Tools<'a>;
}

impl<'a> data::HasLut<'a, Jq> for Tools<'a> {
    fn lut(&self) -> &'a Lut<Jq> {
        self.lut
    }
}

/// Functions that are known but not offered, with how many arguments, and why.
pub(crate) const REFUSED: [(&str, Option<usize>, &str); 26] = [
    ("now", None, IMPURE),
    ("env", None, IMPURE),
    ("localtime", None, IMPURE),
    ("strflocaltime", None, IMPURE),
    ("input", None, IMPURE),
    ("inputs", None, IMPURE),
    ("input_filename", None, IMPURE),
    ("input_line_number", None, IMPURE),
    ("debug", None, IMPURE),
    ("stderr", None, IMPURE),
    ("debug_empty", None, IMPURE),
    ("stderr_empty", None, IMPURE),
    ("halt", None, STOPS),
    ("halt_error", None, STOPS),
    ("repeat", None, ENDLESS),
    ("until", None, ENDLESS),
    ("while", None, ENDLESS),
    ("recurse", Some(1), ENDLESS),
    ("recurse", Some(2), ENDLESS),
    ("combinations", Some(1), ENDLESS),
    ("jn", None, ENDLESS),
    ("yn", None, ENDLESS),
    ("tobytes", None, NO_JSON),
    ("get_search_list", None, IMPURE),
    ("modulemeta", None, IMPURE),
    ("error_empty", None, "is jaq's own: use `error`"),
];

const IMPURE: &str = "is not offered, as the same event must always give the same result";
const STOPS: &str = "is not offered, as a program must not stop the process";
const ENDLESS: &str = "is not offered, as a program must always end";
const NO_JSON: &str = "is not offered, as JSON has no bytes";

/// Natives of jaq that are not there, or there in a form of our own.
const REPLACED: [&str; 17] = [
    "now",
    "env",
    "localtime",
    "strflocaltime",
    "debug_empty",
    "stderr_empty",
    "halt",
    "jn",
    "yn",
    "matches",
    "split_matches",
    "split_",
    "implode",
    "indices",
    "length",
    "contains",
    "has",
];
/// Definitions of jaq that are not there, or there in a form of our own.
const UNDEFINED: [&str; 13] = [
    "stderr",
    "debug",
    "halt",
    "halt_error",
    "nan",
    "infinite",
    "type",
    "isboolean",
    "isnumber",
    "isstring",
    "isarray",
    "isobject",
    "delpaths",
];

/// Everything that is defined in jq. A definition sees those before it, and the last of a name counts.
pub(crate) fn defs() -> impl Iterator<Item = Def<&'static str>> {
    let ours = |text| load::parse(text, |parser| parser.defs()).expect("our own definitions are jq");
    let theirs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let theirs =
        theirs.filter(|def| !UNDEFINED.contains(&def.name) && (def.name != "combinations" || def.args.is_empty()));
    ours(include_str!("types.jq")).into_iter().chain(theirs).chain(ours(include_str!("functions.jq")))
}

/// Everything that is not defined in jq.
pub(crate) fn natives() -> impl Iterator<Item = Fun<Jq>> {
    let theirs = jaq_core::funs().chain(jaq_std::funs()).filter(|(name, ..)| !REPLACED.contains(name));
    theirs.chain(ours().into_vec().into_iter().map(run::<Jq>))
}

fn ours() -> Box<[Filter<RunPtr<Jq>>]> {
    Box::new([
        ("type", v(0), |cv| bome(Ok(Value::text(kind(cv.1.val()))))),
        ("nan", v(0), |_| bome(Ok(Value::from(f64::NAN)))),
        ("infinite", v(0), |_| bome(Ok(Value::from(f64::INFINITY)))),
        ("length", v(0), |cv| bome(length(cv.1))),
        ("has", v(1), |cv| unary(cv, |value, key| has(&value, &key))),
        ("contains", v(1), |cv| {
            unary(cv, |value, part| match (value.val(), part.val()) {
                (a, b) if kind(a) == kind(b) => Ok(Value::from(contains(a, b))),
                _ => Err(Error::str(format_args!("cannot tell whether {value} contains {part}"))),
            })
        }),
        ("indices", v(1), |cv| unary(cv, |value, part| indices(&value, &part))),
        ("bsearch", v(1), |cv| {
            unary(cv, |value, item| {
                let items = value.clone().into_seq::<Vec<_>>().map_err(|value| Error::typ(value, "array"))?;
                let found = items.binary_search(&item);
                found.map_or_else(|at| -Value::from(at + 1), |at| Ok(Value::from(at)))
            })
        }),
        ("implode", v(0), |cv| bome(implode(cv.1))),
        ("fromjson", v(0), |cv| {
            bome(text(&cv.1).and_then(|text| {
                spend(text.len() / 4);
                parse(text).map_err(|reason| Error::str(format_args!("{} is {reason}", cv.1)))
            }))
        }),
        ("tojson", v(0), |cv| {
            let mut out = Vec::new();
            write(cv.1.val(), &mut out);
            bome(Ok(Value::text(out)))
        }),
        ("delpaths", v(1), |cv| unary(cv, delete_all)),
        ("test_", v(2), |cv| bome(search(cv, |regex, _, text| Ok(Value::from(regex.is_match(text.0)))))),
        ("matches", v(2), |cv| bome(search(cv, |regex, flags, text| matches(regex, flags, text, (false, true))))),
        ("split_matches", v(2), |cv| bome(search(cv, |regex, flags, text| matches(regex, flags, text, (true, true))))),
        ("split_", v(2), |cv| bome(search(cv, |regex, flags, text| matches(regex, flags, text, (true, false))))),
    ])
}

fn kind(val: &Val) -> &'static str {
    match val {
        Val::Null => "null",
        Val::Bool(_) => "boolean",
        Val::Num(_) => "number",
        Val::TStr(_) | Val::BStr(_) => "string",
        Val::Arr(_) => "array",
        Val::Obj(_) => "object",
    }
}

pub(crate) fn text(value: &Value) -> Result<&Bytes, Error<Value>> {
    match value.val() {
        Val::TStr(text) => Ok(text),
        _ => Err(Error::typ(value.clone(), "string")),
    }
}

fn length(value: Value) -> ValR<Value> {
    Ok(match value.val() {
        Val::Null => Value::from(0usize),
        Val::Bool(_) => return Err(Error::str(format_args!("{value} has no length"))),
        Val::Num(number) if Val::Num(number.clone()) < Val::from(0usize) => return -value,
        Val::Num(_) => value,
        Val::TStr(text) | Val::BStr(text) => {
            spend(text.len() / 32);
            Value::from(String::from_utf8_lossy(text).chars().count())
        }
        Val::Arr(items) => Value::from(items.len()),
        Val::Obj(entries) => Value::from(entries.len()),
    })
}

fn has(value: &Value, key: &Value) -> ValR<Value> {
    match (value.val(), key.val()) {
        (Val::Obj(entries), Val::TStr(_)) => Ok(Value::from(entries.contains_key(key.val()))),
        (Val::Arr(items), Val::Num(_)) => {
            let index = key.as_f64().unwrap_or(-1.0);
            #[expect(clippy::cast_precision_loss, reason = "no list is that long")]
            Ok(Value::from(index >= 0.0 && index < items.len() as f64))
        }
        _ => Err(Error::index(value.clone(), key.clone())),
    }
}

fn contains(whole: &Val, part: &Val) -> bool {
    spend(1);
    match (whole, part) {
        (Val::TStr(whole), Val::TStr(part)) => {
            spend(whole.len() / 32);
            memchr::memmem::find(whole, part).is_some()
        }
        (Val::Arr(whole), Val::Arr(part)) => part.iter().all(|part| whole.iter().any(|whole| contains(whole, part))),
        (Val::Obj(whole), Val::Obj(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part)))
        }
        (whole, part) => {
            spend_compare(whole, part);
            whole == part
        }
    }
}

/// Where a part begins in a text (in characters) or in a list.
pub(crate) fn indices(value: &Value, part: &Value) -> ValR<Value> {
    match (value.val(), part.val()) {
        (Val::Null, _) => Ok(Value::default()),
        (Val::TStr(_) | Val::Arr(_), Val::TStr(part)) if part.is_empty() => Ok(Value::default()),
        (Val::TStr(whole), Val::TStr(part)) => {
            spend(whole.len() / 4 * (1 + part.len() / 32));
            let starts = String::from_utf8_lossy(whole);
            let part = String::from_utf8_lossy(part);
            let starts = starts.char_indices().enumerate();
            let starts =
                starts.filter(|(_, (at, _))| whole.get(*at..).is_some_and(|rest| rest.starts_with(part.as_bytes())));
            Ok(starts.map(|(index, _)| Value::from(index)).collect())
        }
        (Val::Arr(_), Val::Arr(part)) if part.is_empty() => Ok(Value::default()),
        (Val::Arr(whole), Val::Arr(items)) => {
            // Each item is compared with almost every one of the list.
            for item in items.iter() {
                spend_whole(value.val());
                spend(whole.len().saturating_mul(number_cost(item)));
            }
            let windows = whole.windows(items.len()).enumerate();
            Ok(windows.filter(|(_, window)| *window == &items[..]).map(|(index, _)| Value::from(index)).collect())
        }
        (Val::Arr(whole), item) => {
            spend_whole(value.val());
            spend(whole.len().saturating_mul(number_cost(item)));
            let items = whole.iter().enumerate();
            Ok(items.filter(|(_, other)| *other == item).map(|(index, _)| Value::from(index)).collect())
        }
        _ => Err(Error::index(value.clone(), part.clone())),
    }
}

fn implode(value: Value) -> ValR<Value> {
    let items = value.into_seq::<Vec<Value>>().map_err(|value| Error::typ(value, "array"))?;
    let character = |item: &Value| {
        let code = item.as_isize().and_then(|code| u32::try_from(code).ok()).and_then(char::from_u32);
        code.ok_or_else(|| Error::str(format_args!("{item} is no character")))
    };
    let text: String = items.iter().map(character).collect::<Result<_, _>>()?;
    Ok(Value::from(text))
}

/// Deletes what all these paths lead to, as if at once.
fn delete_all(value: Value, paths: Value) -> ValR<Value> {
    let mut paths = paths.into_seq::<Vec<Value>>().map_err(|paths| Error::typ(paths, "array"))?;
    paths.sort();
    paths.into_iter().rev().try_fold(value, |value, path| {
        let path = path.into_seq::<Vec<Value>>().map_err(|path| Error::typ(path, "array"))?;
        delete(value, &path)
    })
}

fn delete(value: Value, path: &[Value]) -> ValR<Value> {
    use jaq_core::ValT as _;
    let Some((first, rest)) = path.split_first() else { return Ok(Value::default()) };
    let there = match (value.val(), first.val()) {
        (Val::Null, _) => false,
        (Val::Obj(_), Val::TStr(_)) | (Val::Arr(_), Val::Num(_)) => {
            !matches!(value.clone().index(first)?.val(), Val::Null) || rest.is_empty()
        }
        (Val::Arr(_), Val::Obj(_)) => true,
        _ => return Err(Error::str(format_args!("cannot delete {first} of {value}"))),
    };
    if !there || matches!(first.val(), Val::Num(Num::Int(at)) if out_of(value.val(), *at)) {
        return Ok(value);
    }
    let change = |child| -> ValXs<'static, Value> {
        match rest {
            [] => Box::new(std::iter::empty()),
            rest => box_once(delete(child, rest).map_err(Into::into)),
        }
    };
    let changed = value.map_index(first, jaq_core::path::Opt::Essential, change);
    changed.map_err(|exception| exception.get_err().unwrap_or_else(|_| Error::str("a path led nowhere")))
}

fn out_of(list: &Val, at: isize) -> bool {
    matches!(list, Val::Arr(items) if at.checked_add_unsigned(if at < 0 { items.len() } else { 0 }).is_none_or(|at| at < 0))
}

/// An object of texts for programs.
pub(crate) fn object<const N: usize>(entries: [(&'static str, Val); N]) -> Value {
    use jaq_core::ValT as _;
    let entries = entries.map(|(key, val)| (Value::text(key), Value::flat(val)));
    Value::from_map(entries).expect("keys are texts")
}
