use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A syslog facility: its number, 0 to 23.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(u8);

/// By number, as RFC 5424 has them and as rsyslog and syslog-ng call them.
const NAMES: [&str; 24] = [
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "security",
    "console",
    "solaris-cron",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
];

impl Facility {
    /// The facility of programs that are no part of the operating system.
    pub const LOCAL0: Self = Self(16);

    /// Its number, 0 to 23.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Facility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES[usize::from(self.0)])
    }
}

impl FromStr for Facility {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let by_name = || (0u8..).zip(NAMES).find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(number, _)| number);
        text.parse().ok().or_else(by_name).filter(|number| *number <= 23).map(Self).ok_or_else(|| fault(&text))
    }
}

fn fault(given: &dyn fmt::Debug) -> String {
    format!("{given:?} is no facility: write a name such as local0 to local7, user or daemon, or a number from 0 to 23")
}

impl<'de> Deserialize<'de> for Facility {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrNumber;
        impl de::Visitor<'_> for NameOrNumber {
            type Value = Facility;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a syslog facility such as local0, or its number")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Facility, E> {
                let small = u8::try_from(number).ok().filter(|small| *small <= 23);
                small.map(Facility).ok_or_else(|| E::custom(fault(&number)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Facility, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(NameOrNumber)
    }
}

impl JsonSchema for Facility {
    fn schema_name() -> Cow<'static, str> {
        "Facility".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "a syslog facility by name or by number",
            "anyOf": [{ "enum": NAMES }, { "type": "integer", "minimum": 0, "maximum": 23 }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facilities_are_known_by_name_and_by_number() {
        for (number, name) in (0u8..).zip(NAMES) {
            assert_eq!(name.parse(), Ok(Facility(number)));
            assert_eq!(number.to_string().parse(), Ok(Facility(number)));
            assert_eq!(Facility(number).to_string(), name);
        }
        assert_eq!("Local7".parse(), Ok(Facility(23)));
        assert_eq!(serde_json::from_str::<Facility>("16").unwrap(), Facility::LOCAL0);
        for json in ["24", "-1", "\"24\"", "\"local8\"", "\"\"", "300"] {
            let error = serde_json::from_str::<Facility>(json).unwrap_err().to_string();
            assert!(error.contains("facility"), "{error}");
        }
    }
}
