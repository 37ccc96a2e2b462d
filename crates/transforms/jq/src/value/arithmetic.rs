//! Sums, products and comparisons: jaq's own, once it is known that they cannot grow without bound.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use jaq_core::ops::Math;
use jaq_core::{Error, ValR};
use jaq_json::{Num, Val};
use jaq_std::ValT as _;

use super::{Value, number_cost, plain, spend_compare, spend_whole};
use crate::meter::{Stop, spend, stop};

/// The widest whole number that a program may make.
const MAX_BITS: u64 = 4096;

impl Value {
    /// The result of two values, no deeper than either.
    fn with(self, other: Self, run: impl FnOnce(Val, Val) -> Result<Val, Error<Val>>) -> ValR<Self> {
        let depth = self.depth.max(other.depth);
        spend(number_cost(&self.val) + number_cost(&other.val));
        match run(self.val, other.val) {
            Ok(Val::Num(Num::BigInt(number))) if number.bits() > MAX_BITS => stop(Stop::Digits),
            Ok(val) => Ok(Self { val, depth }),
            Err(error) => Err(plain(error)),
        }
    }
}

impl Add for Value {
    type Output = ValR<Self>;

    fn add(self, other: Self) -> Self::Output {
        spend(1);
        self.spend_copy();
        match (&self.val, &other.val) {
            (Val::Null, _) => return Ok(other),
            (_, Val::Null) => return Ok(self),
            (Val::Num(_), Val::Num(_)) => {}
            (Val::TStr(left), Val::TStr(right)) => {
                spend(right.len() / 16 + if left.is_unique() { 0 } else { left.len() / 16 });
            }
            (Val::Arr(_), Val::Arr(right)) => spend(right.len()),
            (Val::Obj(_), Val::Obj(right)) => spend(2 * right.len()),
            _ => return Err(Error::math(self, Math::Add, other)),
        }
        self.with(other, Add::add)
    }
}

impl Sub for Value {
    type Output = ValR<Self>;

    fn sub(self, other: Self) -> Self::Output {
        spend(1);
        match (&self.val, &other.val) {
            (Val::Num(_), Val::Num(_)) => {}
            (Val::Arr(_), Val::Arr(right)) => {
                // Each item is looked up in a sorted set.
                for _ in 0..=right.len().checked_ilog2().unwrap_or(0) {
                    spend_whole(&self.val);
                    spend_whole(&other.val);
                }
            }
            _ => return Err(Error::math(self, Math::Sub, other)),
        }
        self.with(other, Sub::sub)
    }
}

impl Mul for Value {
    type Output = ValR<Self>;

    fn mul(self, other: Self) -> Self::Output {
        spend(1);
        match (&self.val, &other.val) {
            (Val::Num(_), Val::Num(_)) => {}
            (Val::TStr(text), Val::Num(times)) | (Val::Num(times), Val::TStr(text)) => return repeat(text, times),
            (Val::Obj(_), Val::Obj(_)) => {
                spend_whole(&self.val);
                spend_whole(&other.val);
            }
            _ => return Err(Error::math(self, Math::Mul, other)),
        }
        self.with(other, Mul::mul)
    }
}

/// A text so many times; as in jq, nothing where that is none.
fn repeat(text: &[u8], times: &Num) -> ValR<Value> {
    let times = Val::Num(times.clone()).as_f64().unwrap_or(0.0);
    if times.is_nan() || times <= 0.0 {
        return Ok(Value::default());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and saturates")]
    let times = times.max(1.0) as usize;
    spend(text.len().saturating_mul(times) / 16);
    Ok(Value::text(text.repeat(if text.is_empty() { 0 } else { times })))
}

impl Div for Value {
    type Output = ValR<Self>;

    fn div(self, other: Self) -> Self::Output {
        spend(1);
        match (&self.val, &other.val) {
            (Val::Num(_), Val::Num(_)) => {
                if other.val.as_f64() == Some(0.0) {
                    return Err(Error::str(format_args!("{self} cannot be divided by zero")));
                }
            }
            (Val::TStr(text), Val::TStr(_)) => {
                spend(text.len());
                return self.with(other, Div::div).map(|list| Self { depth: 1, ..list });
            }
            _ => return Err(Error::math(self, Math::Div, other)),
        }
        self.with(other, Div::div)
    }
}

impl Rem for Value {
    type Output = ValR<Self>;

    fn rem(self, other: Self) -> Self::Output {
        spend(1);
        match (&self.val, &other.val) {
            (Val::Num(_), Val::Num(_)) if other.val.as_f64() != Some(0.0) => self.with(other, Rem::rem),
            _ => Err(Error::math(self, Math::Rem, other)),
        }
    }
}

impl Neg for Value {
    type Output = ValR<Self>;

    fn neg(self) -> Self::Output {
        spend(1 + number_cost(&self.val));
        match self.val {
            Val::Num(number) => Ok(Self::flat(Val::Num(-number))),
            _ => Err(Error::typ(self, "number")),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        spend_compare(&self.val, &other.val);
        self.val == other.val
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        spend_compare(&self.val, &other.val);
        self.val.cmp(&other.val)
    }
}
