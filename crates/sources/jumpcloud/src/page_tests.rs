use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::*;

fn bodies(text: &str) -> Result<Vec<&str>, SplitError> {
    split(text.as_bytes()).map(|rows| rows.into_iter().map(|row| &text[row.body]).collect())
}

fn picked(text: &str, field: Field) -> Option<&str> {
    let rows = split(text.as_bytes()).expect("a page");
    rows[0].raw(field, text.as_bytes()).map(|raw| std::str::from_utf8(raw).expect("text"))
}

#[test]
fn the_outline_of_an_array() {
    assert_eq!(bodies("[]"), Ok(vec![]));
    assert_eq!(bodies(" [ ] \n"), Ok(vec![]));
    assert_eq!(bodies(r#"[{"a":1},{"b":[2,{"c":"}],["}]}]"#), Ok(vec![r#"{"a":1}"#, r#"{"b":[2,{"c":"}],["}]}"#]));
    assert_eq!(bodies("[ {} , 1 ,\t\"a,]\" , null ]"), Ok(vec!["{}", "1", "\"a,]\"", "null"]));
    assert_eq!(bodies(r#"[{"a":"\"},{\\"},{}]"#), Ok(vec![r#"{"a":"\"},{\\"}"#, "{}"]));
    assert_eq!(bodies("[{},]"), Ok(vec!["{}"]), "nothing is there to lose");
}

#[test]
fn what_is_broken_inside_stays_inside() {
    assert_eq!(bodies(r#"[{"a" 1 tru},{}]"#), Ok(vec![r#"{"a" 1 tru}"#, "{}"]));
    assert_eq!(bodies("[{} {},{}]"), Ok(vec!["{} {}", "{}"]));
    assert_eq!(bodies(r#"[{"a":1}}, {}]"#), Ok(vec![r#"{"a":1}}"#, "{}"]));
    assert_eq!(bodies("[tru,{}]"), Ok(vec!["tru", "{}"]));
}

#[test]
fn what_is_no_array_is_refused() {
    for text in ["", " ", "{}", "null", "<html>"] {
        assert_eq!(bodies(text), Err(SplitError::NoArray), "{text}");
    }
    for text in ["[", "[{", "[{}", "[{},", r#"[{"a"#, r#"[{"a\"#, r#"[{"a":1},"#, "[{]}"] {
        assert!(matches!(bodies(text), Err(SplitError::Truncated(_))), "{text}");
    }
    assert_eq!(bodies("[] x"), Err(SplitError::Trailing(2)));
}

#[test]
fn fields_are_picked_at_the_first_level_in_any_order() {
    let text = r#"[{"changes":[{"id":"no"}],"x":{"timestamp":"no","id":"no"},"timestamp" : "t" ,"event_type":"e","organization":"o","id" : 7 }]"#;
    assert_eq!(picked(text, Field::Id), Some("7"));
    assert_eq!(picked(text, Field::Timestamp), Some("\"t\""));
    assert_eq!(picked(text, Field::EventType), Some("\"e\""));
    assert_eq!(picked(text, Field::Organization), Some("\"o\""));
    assert_eq!(picked(r#"[{"id":"a","id":"b"}]"#, Field::Id), Some("\"b\""), "the last one counts, as everywhere");
    assert_eq!(picked(r#"[{"\u0069d":"a"}]"#, Field::Id), Some("\"a\""), "an escaped name is the same name");
    assert_eq!(picked(r#"[{"a":"id","b":"id"}]"#, Field::Id), None, "a value is no name");
    assert_eq!(picked(r#"[{"id":{"id":[1, 2]}}]"#, Field::Id), Some(r#"{"id":[1, 2]}"#));
    assert_eq!(picked(r#"[{"id"}]"#, Field::Id), None);
    assert_eq!(picked(r#"[["id","a"]]"#, Field::Id), None);
}

#[test]
fn an_array_without_an_outline_is_one_row_at_last() {
    let text = b" [ {\"a\":[1} ] ";
    assert_eq!(whole(text).map(|row| &text[row.body]), Some(&b"{\"a\":[1}"[..]));
    assert_eq!(whole(b"[{\"a\":"), None);
    assert_eq!(whole(b"[ ]"), None);
    assert_eq!(whole(b"]["), None);
}

#[test]
fn compact_text_has_no_line_break_and_the_same_meaning() {
    let pretty = "[\r\n  {\n \"a b\" : [ 1 , -2.5e3 ,\ttrue ],\n \"c\":\"x \\\" \\\\\" }\n]";
    assert_eq!(compact(pretty.as_bytes()), br#"[{"a b":[1,-2.5e3,true],"c":"x \" \\"}]"#);
    assert_eq!(compact(b"[{\"a\":\"1\n2\r\\\n\"}]"), b"[{\"a\":\"1\\n2\\r\\\\n\"}]");
    assert_eq!(compact(b"[tr\nue]"), b"[tr ue]", "broken tokens do not grow together");
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~\u{e9}\u{1f600}\n\"\\\\{}\\[\\],:]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let name = prop_oneof!["id", "timestamp", "event_type", "organization", "[a-z\"\\\\{}]{0,6}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn valid_arrays_split_as_serde_json_splits_them(values in prop::collection::vec(json(), 0..8), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&values) } else { serde_json::to_string(&values) }.expect("json");
        let raw: Vec<&RawValue> = serde_json::from_str(&text).expect("json");
        let rows = split(text.as_bytes()).expect("a page");
        prop_assert_eq!(rows.len(), raw.len());
        for ((row, raw), value) in rows.iter().zip(&raw).zip(&values) {
            prop_assert_eq!(&text[row.body.clone()], raw.get());
            prop_assert_eq!(row.breaks, raw.get().contains('\n'));
            for (field, name) in [(Field::Id, "id"), (Field::Timestamp, "timestamp"), (Field::EventType, "event_type"), (Field::Organization, "organization")] {
                let picked: Option<Value> = row.raw(field, text.as_bytes()).map(|raw| serde_json::from_slice(raw).expect("a value"));
                let expected: Value = serde_json::from_str(raw.get()).expect("a value");
                prop_assert_eq!(picked.as_ref(), expected.as_object().and_then(|object| object.get(name)), "{} of {}", name, value);
            }
        }
        let compact = compact(text.as_bytes());
        prop_assert!(!compact.contains(&b'\n'));
        let compacted: Vec<Value> = serde_json::from_slice(&compact).expect("json");
        let original: Vec<Value> = serde_json::from_str(&text).expect("json");
        prop_assert_eq!(compacted, original);
    }

    #[test]
    fn any_bytes_split_or_are_refused_and_lose_nothing(text in prop::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b','), Just(b':'), Just(b' '), Just(b'\n'), any::<u8>()], 0..60)) {
        let text = [b"[", &text[..], b"]"].concat();
        let _ = compact(&text);
        let _ = whole(&text);
        if let Ok(rows) = split(&text) {
            // Between the rows stand separators and white space only.
            let mut at = 1;
            for row in &rows {
                prop_assert!(text[at..row.body.start].iter().all(|byte| byte.is_ascii_whitespace() || *byte == b','));
                for field in &row.fields {
                    prop_assert!(field.start <= field.end && (field.end == 0 || row.body.contains(&(field.end - 1))));
                }
                at = row.body.end;
            }
        }
    }

    #[test]
    fn a_cut_page_never_passes_for_a_whole_one(values in prop::collection::vec(json(), 1..4), cut in any::<prop::sample::Index>()) {
        let text = serde_json::to_string(&values).expect("json");
        let end = cut.index(text.len());
        prop_assert!(split(&text.as_bytes()[..end]).is_err());
    }
}
