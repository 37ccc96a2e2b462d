//! Sizes and lengths of time as a person writes them: `64MiB`, `60s`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A number of bytes: `64MiB`, `500kB`, or a plain number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) usize);

/// A length of time: `60s`, `1h30m`, `500ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("`{text}` is no size: write a number and a unit, such as 64MiB, 500kB or 1GiB");
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: usize = text[..digits].parse().map_err(|_| fault())?;
        let unit: usize = match text[digits..].trim_start() {
            "" | "B" => 1,
            "kB" | "KB" => 1_000,
            "KiB" | "K" | "k" => 1 << 10,
            "MB" => 1_000_000,
            "MiB" | "M" => 1 << 20,
            "GB" => 1_000_000_000,
            "GiB" | "G" => 1 << 30,
            _ => return Err(fault()),
        };
        number.checked_mul(unit).map(Self).ok_or_else(fault)
    }
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault =
            || format!("`{text}` is no length of time: write a number and a unit, such as 60s, 15m, 2h or 500ms");
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
                "ms" => 1,
                "s" => 1_000,
                "m" | "min" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(fault()),
            };
            rest = rest[letters..].trim_start();
            let part = number.checked_mul(unit).ok_or_else(fault)?;
            total = total.checked_add(Duration::from_millis(part)).ok_or_else(fault)?;
        }
        // A century is more than anybody means, and keeps sums of instants in range.
        if total > Duration::from_secs(100 * 366 * 86_400) { Err(fault()) } else { Ok(Self(total)) }
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as 64MiB")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Size, E> {
                usize::try_from(number).map(Size).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Bytes)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Length;
        impl Visitor<'_> for Length {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time such as 60s")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Time, E> {
                Err(E::custom(format!(
                    "the length of time {number} has no unit: write `{number}s`, `{number}m` or `{number}h`"
                )))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Length)
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "a number of bytes, such as 64MiB",
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9]+ *(B|[kK]B|[KMG]iB|[MG]B|[kKMG])?$" },
            ],
        })
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "a length of time, such as 60s or 1h30m",
            "pattern": "^([0-9]+ *(d|h|m|min|s|ms) *)+$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_read_and_nonsense_is_refused() {
        assert_eq!("64MiB".parse(), Ok(Size(64 << 20)));
        assert_eq!("1000".parse(), Ok(Size(1000)));
        assert_eq!("5 kB".parse(), Ok(Size(5000)));
        assert_eq!("1h30m".parse(), Ok(Time(Duration::from_secs(5400))));
        assert_eq!("0s".parse(), Ok(Time(Duration::ZERO)));
        for text in ["", "MiB", "5 apples", "99999999999999999999GiB", "-1"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        for text in ["", "5", "s", "1 week", "9999999d", "-1s", "18446744073709551615d"] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
    }
}
