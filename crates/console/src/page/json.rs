//! JSON as a person reads it. The text is laid out as it stands: nothing is reordered, no number changes its digits, and what
//! is no JSON stays as it is.

use maud::{Markup, html};

/// What is longer is cut: a page is no place for megabytes.
const LONGEST: usize = 128 * 1024;
const INDENT: usize = 2;
/// Deeper levels are not moved further to the right.
const DEEPEST: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Key,
    Text,
    Other,
    Layout,
}

/// The text in lines, with keys, texts and other values told apart.
pub(crate) fn laid_out(text: &str) -> Markup {
    let kept = text.floor_char_boundary(LONGEST);
    let pieces = pieces(&text[..kept]);
    html! {
        @for (sort, piece) in &pieces {
            @match sort {
                Sort::Key => span.key { (piece) },
                Sort::Text => span.text { (piece) },
                Sort::Other => span.value { (piece) },
                Sort::Layout => { (piece) },
            }
        }
        @if kept < text.len() { "\n… " (super::words::count((text.len() - kept) as u64)) " bytes more" }
    }
}

fn pieces(text: &str) -> Vec<(Sort, String)> {
    let mut pieces = Vec::new();
    let (mut depth, mut rest) = (0usize, text.trim());
    let line = |depth: usize| format!("\n{}", " ".repeat(INDENT * depth.min(DEEPEST)));
    while let Some(first) = rest.chars().next() {
        let (piece, after) = rest.split_at(token(rest));
        rest = after.trim_start();
        match first {
            '"' if rest.starts_with(':') => pieces.push((Sort::Key, piece.to_owned())),
            '"' => pieces.push((Sort::Text, piece.to_owned())),
            ':' => pieces.push((Sort::Layout, ": ".to_owned())),
            ',' => pieces.push((Sort::Layout, format!(",{}", line(depth)))),
            '{' | '[' if rest.starts_with(['}', ']']) => {
                pieces.push((Sort::Layout, format!("{first}{}", &rest[..1])));
                rest = rest[1..].trim_start();
            }
            '{' | '[' => {
                depth += 1;
                pieces.push((Sort::Layout, format!("{first}{}", line(depth))));
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                pieces.push((Sort::Layout, format!("{}{first}", line(depth))));
            }
            _ => pieces.push((Sort::Other, piece.to_owned())),
        }
    }
    pieces
}

/// How long the first token of a text is.
fn token(text: &str) -> usize {
    let is_sign = |byte: u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b':' | b',' | b'"');
    match text.as_bytes() {
        [b'"', rest @ ..] => {
            let mut escaped = false;
            let end = rest.iter().position(|byte| {
                let ends = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                ends
            });
            end.map_or(text.len(), |end| end + 2)
        }
        [first, ..] if is_sign(*first) => 1,
        rest => rest.iter().position(|byte| is_sign(*byte) || byte.is_ascii_whitespace()).unwrap_or(text.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        pieces(text).into_iter().map(|(_, piece)| piece).collect()
    }

    #[test]
    fn it_is_laid_out_as_it_stands() {
        let text = r#"{"b":1.50,"a":[{"x\"}":"\\"},[],{}],"n":null}"#;
        let expected = "{\n  \"b\": 1.50,\n  \"a\": [\n    {\n      \"x\\\"}\": \"\\\\\"\n    },\n    [],\n    {}\n  ],\n  \"n\": null\n}";
        assert_eq!(plain(text), expected);
        assert_eq!(plain(expected), expected);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&plain(text)).unwrap(),
            serde_json::from_str::<serde_json::Value>(text).unwrap()
        );
    }

    #[test]
    fn any_text_is_shown_and_escaped() {
        for text in ["", "no json <b>", "\"open", "]]}}{{[[", "{\"a\" \u{1F600} é", "\\", &"[".repeat(500)] {
            let drawn = laid_out(text).into_string();
            assert!(!drawn.contains("<b>"), "{drawn}");
        }
        let long = format!("\"{}\"", "é".repeat(LONGEST));
        let drawn = laid_out(&long).into_string();
        assert!(drawn.len() < LONGEST + 200 && drawn.contains("bytes more"));
    }
}
