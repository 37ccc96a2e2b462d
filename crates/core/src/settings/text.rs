//! Settings that are written as one word with a unit.

/// Reads a type from text by its `FromStr`, and describes it for editors. A bare number is refused with the units
/// it could have meant.
macro_rules! written_as_text {
    ($type:ident, $what:literal, $units:expr, $pattern:literal, $example:literal) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!($what, " such as ", $example))
                    }

                    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<$type, E> {
                        let [first, second, third] = $units;
                        Err(E::custom(format!(
                            "the number {number} has no unit: write `{number}{first}`, `{number}{second}` or `{number}{third}`"
                        )))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_any(Text)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": concat!($what, " such as ", $example),
                    "pattern": $pattern,
                })
            }
        }
    };
}

pub(super) use written_as_text;
