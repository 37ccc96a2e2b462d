//! Paths to fields, as a person writes them.

/// One step from a value to those inside of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The member with this key.
    Key(String),
    /// Every member.
    AnyKey,
    /// Every element.
    Each,
}

/// Reads a path; says what is wrong with it.
pub(crate) fn parse(path: &str) -> Result<Vec<Step>, &'static str> {
    let mut steps = Vec::new();
    let mut rest = path;
    loop {
        rest = key(rest, &mut steps)?;
        while let Some(after) = rest.strip_prefix("[]").or_else(|| rest.strip_prefix("[*]")) {
            steps.push(Step::Each);
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(steps),
            None if rest.starts_with('[') => return Err("only [] or [*], each element, can stand in brackets"),
            None => return Err("there is no dot between two keys"),
        }
    }
}

/// One key; gives what comes after it.
fn key<'a>(text: &'a str, steps: &mut Vec<Step>) -> Result<&'a str, &'static str> {
    if text.starts_with('"') {
        let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let Some(Ok(key)) = strings.next() else { return Err("the closing quote is missing") };
        steps.push(Step::Key(key));
        return Ok(&text[strings.byte_offset()..]);
    }
    let (key, rest) = text.split_at(text.find(['.', '[']).unwrap_or(text.len()));
    steps.push(match key {
        "" => return Err("a key is empty"),
        "*" => Step::AnyKey,
        _ if key.contains(['*', '"', ']']) => {
            return Err("`*` stands for a whole key; a key with such a character stands in double quotes");
        }
        _ => Step::Key(key.to_owned()),
    });
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_and_nonsense_is_refused() {
        let key = |key: &str| Step::Key(key.to_owned());
        assert_eq!(parse("a"), Ok(vec![key("a")]));
        assert_eq!(parse("a.b_c.*"), Ok(vec![key("a"), key("b_c"), Step::AnyKey]));
        assert_eq!(parse("a[].b[*][]"), Ok(vec![key("a"), Step::Each, key("b"), Step::Each, Step::Each]));
        assert_eq!(parse(r#"a."b.c\"*"[].d"#), Ok(vec![key("a"), key("b.c\"*"), Step::Each, key("d")]));
        for path in ["", ".", "a.", ".a", "a..b", "a[", "a[0]", "a]", "a*", "[]", "a.[]", "\"a", "\"a\"b", "a\"b\""] {
            assert!(parse(path).is_err(), "{path}");
        }
    }
}
