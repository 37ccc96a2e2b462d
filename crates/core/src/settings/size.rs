use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A number of bytes: `64MiB`, `500kB`, or a plain number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub usize);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_nonsense_is_refused() {
        assert_eq!("64MiB".parse(), Ok(Size(64 << 20)));
        assert_eq!("1000".parse(), Ok(Size(1000)));
        assert_eq!("5 kB".parse(), Ok(Size(5000)));
        for text in ["", "MiB", "5 apples", "99999999999999999999GiB", "-1"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
