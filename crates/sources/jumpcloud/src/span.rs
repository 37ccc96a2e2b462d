//! Lengths of time and rates, as a configuration writes them: `90d`, `2h`, `1h30m`, `500ms`, `10/s`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::budget::Rate;

/// A length of time: numbers with the units `d`, `h`, `m`, `s`, `ms`, such as `90d` or `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// Requests in a time: `10/s`, `600/min`, `5000/h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateSetting(pub Rate);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault =
            || format!("`{text}` is no length of time: write a number and a unit, such as 90d, 2h, 15m, 60s or 500ms");
        let mut total = Duration::ZERO;
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(fault());
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest[..digits].parse().map_err(|_| fault())?;
            rest = &rest[digits..];
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let unit = match &rest[..letters] {
                "d" => 86_400_000,
                "h" => 3_600_000,
                "m" | "min" => 60_000,
                "s" => 1000,
                "ms" => 1,
                _ => return Err(fault()),
            };
            rest = rest[letters..].trim_start();
            let part = number.checked_mul(unit).ok_or_else(fault)?;
            total = total.checked_add(Duration::from_millis(part)).ok_or_else(fault)?;
        }
        // A century is more than anybody means, and keeps all sums in range.
        if total > Duration::from_secs(100 * 366 * 86_400) { Err(fault()) } else { Ok(Self(total)) }
    }
}

impl FromStr for RateSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault =
            || format!("`{text}` is no rate: write how many requests in what time, such as 10/s, 600/min or 5000/h");
        let (number, unit) = text.trim().split_once('/').ok_or_else(fault)?;
        let per = match unit.trim() {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            _ => return Err(fault()),
        };
        match number.trim().parse() {
            Ok(requests) if requests > 0 => Ok(Self(Rate { requests, per: Duration::from_secs(per) })),
            _ => Err(fault()),
        }
    }
}

macro_rules! written_as_text {
    ($type:ty, $name:literal, $what:literal, $pattern:literal, $example:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!($what, " such as ", $example))
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": concat!($what, " such as ", $example), "pattern": $pattern })
            }
        }
    };
}

written_as_text!(Span, "Span", "a length of time", "^([0-9]+ *(d|h|m|min|s|ms) *)+$", "90d, 2h, 15m, 60s or 500ms");
written_as_text!(RateSetting, "Rate", "a rate", "^[0-9]+ */ *(s|m|min|h)$", "10/s or 600/min");

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<f64> {
        text.parse::<Span>().ok().map(|span| span.0.as_secs_f64())
    }

    #[test]
    fn spans() {
        assert_eq!(seconds("90d"), Some(7_776_000.0));
        assert_eq!(seconds("1h30m"), Some(5400.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds("0s"), Some(0.0));
        for text in ["", "90", "d", "-1s", "1 fortnight", "1.5h", "99999999999999999999s", "999999d"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn rates() {
        assert_eq!("10/s".parse(), Ok(RateSetting(Rate::per_second(10))));
        assert_eq!("600 / min".parse(), Ok(RateSetting(Rate { requests: 600, per: Duration::from_secs(60) })));
        for text in ["10", "0/s", "-1/s", "10/d", "/s"] {
            assert!(text.parse::<RateSetting>().is_err(), "{text}");
        }
    }
}
