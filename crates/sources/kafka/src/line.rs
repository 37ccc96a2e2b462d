//! One event is one line.

/// What of a record's value is the event: without what surrounds it. `None`: there is none.
pub(crate) fn event(value: Option<&[u8]>) -> Option<&[u8]> {
    let value = value?.trim_ascii();
    (!value.is_empty()).then_some(value)
}

/// Appends an event as one line: white space with a line break in it becomes one space. A line break where JSON has none, within
/// a string, becomes a tab, which JSON does not have there either: what is broken stays broken.
pub(crate) fn append(event: &[u8], out: &mut Vec<u8>) {
    if memchr::memchr2(b'\n', b'\r', event).is_none() {
        out.extend_from_slice(event);
        return;
    }
    let (mut quoted, mut escaped) = (false, false);
    let mut rest = event;
    while let Some((&byte, after)) = rest.split_first() {
        if !quoted && is_blank(byte) {
            let length = rest.iter().take_while(|byte| is_blank(**byte)).count();
            let blank = &rest[..length];
            match memchr::memchr2(b'\n', b'\r', blank) {
                Some(_) => out.push(b' '),
                None => out.extend_from_slice(blank),
            }
            rest = &rest[length..];
            continue;
        }
        quoted ^= byte == b'"' && !escaped;
        escaped = quoted && byte == b'\\' && !escaped;
        out.push(if matches!(byte, b'\n' | b'\r') { b'\t' } else { byte });
        rest = after;
    }
}

/// White space between the parts of JSON.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn line(text: &str) -> String {
        let mut out = b"before".to_vec();
        append(text.as_bytes(), &mut out);
        String::from_utf8(out.split_off(6)).unwrap()
    }

    #[test]
    fn what_is_one_line_stays_as_it_is() {
        for text in [r#"{"a" : 1,  "b":"x y"}"#, "no JSON at all", "{\"a\":\t1}"] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn lines_that_lay_out_an_object_become_one() {
        let text = "{\r\n  \"a\": \"x \\\" y\\\\\",\n\t\"b\": [ 1,\n 2 ]\n}";
        assert_eq!(line(text), r#"{ "a": "x \" y\\", "b": [ 1, 2 ] }"#);
        assert_eq!(line("no event\n  at all"), "no event at all");
    }

    #[test]
    fn a_line_break_within_a_string_does_not_become_right() {
        let text = line("{\"a\":\"x\ny\"}");
        assert_eq!(text, "{\"a\":\"x\ty\"}");
        assert!(serde_json::from_str::<Value>(&text).is_err());
    }

    #[test]
    fn records_without_an_event_are_known() {
        assert_eq!(event(None), None);
        assert_eq!(event(Some(b"")), None);
        assert_eq!(event(Some(b" \r\n")), None);
        assert_eq!(event(Some(b" {}\r\n")), Some(&b"{}"[..]));
    }

    proptest! {
        #[test]
        fn an_object_means_the_same_in_one_line(keys in prop::collection::btree_map(".*", ".*", 0..5)) {
            let value = serde_json::to_value(&keys).unwrap();
            let text = line(&serde_json::to_string_pretty(&value).unwrap());
            prop_assert!(!text.contains(['\n', '\r']));
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }

        #[test]
        fn any_bytes_become_one_line(bytes: Vec<u8>) {
            let mut out = Vec::new();
            append(&bytes, &mut out);
            prop_assert!(!out.contains(&b'\n') && !out.contains(&b'\r') && out.len() <= bytes.len());
        }
    }
}
