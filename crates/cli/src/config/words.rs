//! What serde says of a mistake, in words for people who write pipelines.

use serde::de;

use super::nearest::nearest;
use super::problem::Problem;

/// A problem as serde carries it.
pub(super) type Wrong = Box<Problem>;

/// How the problem of a value of the wrong kind begins, until its key is known.
pub(super) const EXPECTED: &str = "expected ";
/// How the problem of a name that is none ends, until its key is known.
pub(super) const UNKNOWN: &str = " is not known here";
/// How serde's words for a value of the wrong kind begin; they are replaced where the place is known.
pub(super) const MISTAKEN: &str = "\u{1}";

impl de::Error for Wrong {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Box::new(Problem::new(message.to_string()))
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Box::new(Problem::new(format!("{MISTAKEN}{expected}")))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Box::new(Problem::new(format!("{EXPECTED}{}", in_words(&expected.to_string()))))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let problem = Problem::new(format!("`{variant}`{UNKNOWN}"));
        Box::new(match nearest(variant, expected.iter().copied()) {
            Some(name) => problem.help(format!("did you mean `{name}`?")),
            None => problem.help(one_of(expected)),
        })
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let problem = Problem::new(format!("unknown key `{field}`"));
        Box::new(match nearest(field, expected.iter().copied()) {
            Some(name) => problem.help(format!("did you mean `{name}`?")),
            None => problem.help(one_of(expected)),
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Box::new(Problem::new(format!("`{field}` is missing")).label(format!("needs `{field}`")))
    }
}

impl std::error::Error for Problem {}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// Names in backticks, joined, with a line break before a line would get too long.
pub(super) fn listed(names: &[&str], last_word: &str) -> String {
    let (mut text, mut width) = (String::new(), 0);
    for (at, name) in names.iter().enumerate() {
        let before = match at {
            0 => String::new(),
            _ if at + 1 == names.len() => format!(" {last_word} "),
            _ => ", ".to_owned(),
        };
        width += before.len() + name.len() + 2;
        text.push_str(&before);
        if width > 80 {
            text = format!("{}\n", text.trim_end());
            width = name.len();
        }
        text.push_str(&format!("`{name}`"));
    }
    text
}

/// What there is to choose from.
pub(crate) fn one_of(names: &[&str]) -> String {
    match names {
        [one] => format!("there is only `{one}`"),
        names => format!("write {}", listed(names, "or")),
    }
}

/// Rust's names for kinds of values in a person's words.
pub(super) fn in_words(expected: &str) -> String {
    match expected {
        "a string" | "a borrowed string" | "path string" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" | "u128" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" | "i128" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        other if other.starts_with("struct ") => "a mapping of settings".to_owned(),
        other if other.starts_with("enum ") || other == "variant identifier" => "a name".to_owned(),
        other => other.to_owned(),
    }
}
