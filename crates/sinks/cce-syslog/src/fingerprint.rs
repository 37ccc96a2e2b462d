use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// The SHA-256 of a certificate (of its DER form), as `openssl x509 -noout -fingerprint -sha256` shows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256")?;
        self.0.iter().try_for_each(|byte| write!(f, ":{byte:02X}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = |what: &str| {
            format!(
                "the fingerprint {what}: write sha256: and 64 hexadecimal digits, as \
                 `openssl x509 -in cce.pem -noout -fingerprint -sha256` shows them"
            )
        };
        let lower = text.trim().to_ascii_lowercase();
        if lower.starts_with("sha1") || lower.starts_with("md5") {
            return Err(fault("is not of SHA-256"));
        }
        let digits = lower.strip_prefix("sha256 fingerprint=").or_else(|| lower.strip_prefix("sha256:"));
        let digits: Vec<u8> = digits.unwrap_or(&lower).bytes().filter(|byte| *byte != b':').collect();
        let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let bytes: Option<Vec<u8>> =
            digits.chunks(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(*pair.get(1)?)?)).collect();
        let bytes = bytes.ok_or_else(|| fault("is not hexadecimal"))?;
        let count = bytes.len();
        bytes.try_into().map(Self).map_err(|_| fault(&format!("has {count} bytes instead of 32")))
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Fingerprint {
    fn schema_name() -> Cow<'static, str> {
        "Fingerprint".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "the SHA-256 of a certificate: sha256: and 64 hexadecimal digits, with or without colons",
            "pattern": "^([sS][hH][aA]256(:| [fF]ingerprint=))?([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1EFF";

    #[test]
    fn a_fingerprint_is_read_in_every_form_it_is_shown_in() {
        let colons =
            DIGITS.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap()).collect::<Vec<_>>().join(":");
        for text in [
            DIGITS.to_owned(),
            DIGITS.to_lowercase(),
            format!("sha256:{DIGITS}"),
            format!("SHA256:{colons}"),
            format!("sha256 Fingerprint={colons}\n"),
        ] {
            let fingerprint: Fingerprint = text.parse().unwrap();
            assert_eq!((fingerprint.0[1], fingerprint.0[10], fingerprint.0[31]), (1, 10, 255), "{text}");
            assert_eq!(fingerprint.to_string(), format!("sha256:{colons}"));
        }
    }

    #[test]
    fn what_is_none_is_refused_in_words() {
        for (text, expected) in [
            (&DIGITS[2..], "31 bytes instead of 32"),
            (&format!("{DIGITS}00"), "33 bytes"),
            (&DIGITS[1..], "not hexadecimal"),
            ("xyz", "not hexadecimal"),
            ("", "0 bytes"),
            ("sha1:AB:CD", "not of SHA-256"),
        ] {
            let error = text.parse::<Fingerprint>().unwrap_err();
            assert!(error.contains(expected) && error.contains("openssl"), "{error}");
        }
    }
}
