//! What it costs to copy values, to go through them and to compare them.

use jaq_json::{Num, Rc, Val};

use super::Value;
use crate::meter::spend;

impl Value {
    /// Counts a copy of its array or object, if changing it would make one.
    pub(super) fn spend_copy(&self) {
        match &self.val {
            Val::Arr(items) if Rc::strong_count(items) > 1 => spend(items.len()),
            Val::Obj(entries) if Rc::strong_count(entries) > 1 => spend(2 * entries.len()),
            _ => {}
        }
    }
}

/// What it costs to read or write a number that keeps its text or has many digits, beside the step that every value costs.
#[inline]
pub(crate) fn number_cost(val: &Val) -> usize {
    match val {
        Val::Num(Num::Dec(text)) => text.len() / 16,
        // Some 3 bits a digit.
        Val::Num(Num::BigInt(number)) => usize::try_from(number.bits() / 48).unwrap_or(usize::MAX),
        _ => 0,
    }
}

/// Counts what it costs to go through the whole of a value.
pub(crate) fn spend_whole(val: &Val) {
    let costs = |item: &&Val| !matches!(item, Val::Null | Val::Bool(_) | Val::Num(Num::Int(_) | Num::Float(_)));
    match val {
        Val::Arr(items) => {
            spend(1 + items.len());
            items.iter().filter(costs).for_each(spend_whole);
        }
        Val::Obj(entries) => {
            spend(1 + 2 * entries.len());
            entries.values().filter(costs).for_each(spend_whole);
        }
        Val::TStr(text) | Val::BStr(text) => spend(text.len() / 32),
        Val::Num(_) => spend(number_cost(val)),
        Val::Null | Val::Bool(_) => {}
    }
}

/// Counts a comparison, which goes no further than the smaller of two values of a kind.
pub(crate) fn spend_compare(left: &Val, right: &Val) {
    spend(1);
    match (left, right) {
        (Val::Arr(a), Val::Arr(b)) => match a.len().min(b.len()) {
            0 => {}
            _ => spend_whole(if a.len() <= b.len() { left } else { right }),
        },
        (Val::Obj(a), Val::Obj(b)) => match a.len().min(b.len()) {
            0 => {}
            _ => {
                // Both are sorted by their keys.
                spend(a.len() + b.len());
                spend_whole(if a.len() <= b.len() { left } else { right });
            }
        },
        (Val::TStr(a), Val::TStr(b)) => spend(a.len().min(b.len()) / 32),
        (Val::Num(_), Val::Num(_)) => spend(number_cost(left) + number_cost(right)),
        _ => {}
    }
}
