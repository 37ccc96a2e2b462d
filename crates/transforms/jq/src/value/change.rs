//! Changes of a value's children, which is what `|=`, `=`, `+=` and their like come down to.
//!
//! As in jq: what is null becomes an object or array when a child of it is set, a list grows up to the index that is
//! set, and what is deleted leaves the order of the rest as it was.

use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Error, Exn, ValT as _, ValX};
use jaq_json::{Map, Rc, Val};

use super::{Value, bound, not_iterable, place, unshare};
use crate::meter::spend;

pub(super) fn values<'a, I: Iterator<Item = ValX<'a, Value>>>(
    value: Value,
    opt: Opt,
    change: impl Fn(Value) -> I,
) -> ValX<'a, Value> {
    value.spend_copy();
    let depth = value.depth.saturating_sub(1);
    let mut deepest = 0;
    let mut take = |made: Value| {
        spend(1);
        deepest = deepest.max(made.depth);
        made.val
    };
    match value.val {
        Val::Arr(items) => {
            let mut made = Vec::with_capacity(items.len());
            for val in unshare(items) {
                for item in change(Value { val, depth }) {
                    made.push(take(item?));
                }
            }
            Ok(Value::over(Val::Arr(made.into()), deepest))
        }
        Val::Obj(entries) => {
            let mut made = Map::default();
            for (key, val) in unshare(entries) {
                if let Some(item) = change(Value { val, depth }).next() {
                    made.insert(key, take(item?));
                }
            }
            Ok(Value::over(Val::obj(made), deepest))
        }
        _ => opt.fail(value, |value| Exn::from(not_iterable(value))),
    }
}

pub(super) fn index<'a, I: Iterator<Item = ValX<'a, Value>>>(
    mut value: Value,
    index: &Value,
    opt: Opt,
    change: &impl Fn(Value) -> I,
) -> ValX<'a, Value> {
    spend(1);
    value.spend_copy();
    let depth = value.depth.saturating_sub(1);
    let made = |val: Val| change(Value { val, depth }).next().transpose();
    match (&mut value.val, &index.val) {
        (Val::Arr(_) | Val::TStr(_) | Val::Null, Val::Obj(ends)) => {
            let (start, end) = (bound(ends, "start"), bound(ends, "end"));
            range(value, start.as_ref()..end.as_ref(), opt, change)
        }
        (Val::Null, Val::TStr(_)) => match made(Val::Null)? {
            Some(item) => Ok(Value::from_map([(index.clone(), item)])?),
            None => Ok(value),
        },
        (Val::Obj(entries), Val::TStr(_)) => {
            let entries = Rc::make_mut(entries);
            match entries.get_mut(&index.val).map(std::mem::take) {
                Some(old) => match made(old)? {
                    Some(item) => {
                        entries.insert(index.val.clone(), item.val);
                        Ok(grown(value, item.depth))
                    }
                    None => {
                        spend(entries.len() / 4);
                        entries.shift_remove(&index.val);
                        Ok(value)
                    }
                },
                None => match made(Val::Null)? {
                    Some(item) => {
                        entries.insert(index.val.clone(), item.val);
                        Ok(grown(value, item.depth))
                    }
                    None => Ok(value),
                },
            }
        }
        (Val::Null, Val::Num(_)) => {
            let empty = Value::over(Val::Arr(Rc::default()), 0);
            match self::index(empty, index, opt, change)? {
                // Nothing was set.
                Value { val: Val::Arr(items), .. } if items.is_empty() => Ok(value),
                made => Ok(made),
            }
        }
        (Val::Arr(items), Val::Num(number)) => {
            let Some(at) = place(number, items.len()) else {
                let out = || Error::str(format_args!("index {index} is out of bounds"));
                return opt.fail(value, |_| Exn::from(out()));
            };
            let items = Rc::make_mut(items);
            let item = made(items.get_mut(at).map(std::mem::take).unwrap_or_default())?;
            match item {
                Some(item) => {
                    if at >= items.len() {
                        spend(at - items.len());
                        items.resize(at + 1, Val::Null);
                    }
                    items[at] = item.val;
                    Ok(grown(value, item.depth))
                }
                None if at < items.len() => {
                    spend(items.len() / 4);
                    items.remove(at);
                    Ok(value)
                }
                None => Ok(value),
            }
        }
        _ => opt.fail(value, |value| Exn::from(Error::index(value, index.clone()))),
    }
}

pub(super) fn range<'a, I: Iterator<Item = ValX<'a, Value>>>(
    value: Value,
    range: Range<&Value>,
    opt: Opt,
    change: &impl Fn(Value) -> I,
) -> ValX<'a, Value> {
    let value = match value.val {
        Val::Null => Value::over(Val::Arr(Rc::default()), 0),
        Val::Arr(_) => value,
        _ => return opt.fail(value, |value| Exn::from(Error::typ(value, "array"))),
    };
    // What stands before, in and after the slice; jq's rules for its ends stand in one place.
    let part = value.clone().range(range.clone())?;
    let before = value.clone().range(None..range.start)?;
    let (Val::Arr(all), Val::Arr(slice), Val::Arr(head)) = (&value.val, &part.val, &before.val) else {
        return Ok(value);
    };
    let start = if range.start.is_none_or(|start| matches!(start.val, Val::Null)) { 0 } else { head.len() };
    let end = (start + slice.len()).min(all.len());
    let (start, all) = (start.min(end), all.clone());
    let made = change(part).next().transpose()?;
    let (new, depth) = match made {
        None => (Rc::default(), 0),
        Some(Value { val: Val::Arr(new), depth }) => (new, depth),
        Some(other) => return Err(Exn::from(Error::typ(other, "array"))),
    };
    spend(all.len() + new.len());
    let items = all[..start].iter().chain(new.iter()).chain(&all[end..]).cloned().collect::<Vec<_>>();
    Ok(grown(Value { val: Val::Arr(items.into()), depth: value.depth }, depth.saturating_sub(1)))
}

/// The value after it got a child so deep.
fn grown(value: Value, child: u16) -> Value {
    let depth = value.depth;
    let value = Value::over(value.val, child);
    Value { depth: depth.max(value.depth), ..value }
}
