use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The event with only these fields, in its own order; `a.b` keeps the member `b` of the object `a`.
pub(super) fn project(text: &[u8], fields: &[String]) -> Vec<u8> {
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let mut out = Vec::with_capacity(text.len());
    write(text, &fields, &mut out);
    out
}

fn write(text: &[u8], fields: &[&str], out: &mut Vec<u8>) {
    let Ok(members) = serde_json::from_slice::<Members<'_>>(text) else { return out.extend_from_slice(text) };
    out.push(b'{');
    let before = out.len();
    for (name, value) in &members.0 {
        let below: Vec<&str> =
            fields.iter().filter_map(|field| field.strip_prefix(name.as_str())?.strip_prefix('.')).collect();
        let is_whole = fields.contains(&name.as_str());
        if !is_whole && (below.is_empty() || !value.get().starts_with('{')) {
            continue;
        }
        if out.len() > before {
            out.push(b',');
        }
        out.extend_from_slice(serde_json::to_string(name).unwrap_or_default().as_bytes());
        out.push(b':');
        if is_whole {
            out.extend_from_slice(value.get().as_bytes());
        } else {
            write(value.get().as_bytes(), &below, out);
        }
    }
    out.push(b'}');
}

/// The members of an object in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_text() {
        let event = br#"{"b":{"x":1.50,"y":[2]},"a":"\u0041","c":{"d":{"e":null,"f":0}}}"#;
        let keep = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
            String::from_utf8(project(event, &fields)).expect("UTF-8")
        };
        assert_eq!(keep(&["a", "b.x", "unknown"]), r#"{"b":{"x":1.50},"a":"\u0041"}"#);
        assert_eq!(keep(&["c.d.f", "c.d.e", "b.z"]), r#"{"b":{},"c":{"d":{"e":null,"f":0}}}"#);
        assert_eq!(keep(&["c", "c.d"]), r#"{"c":{"d":{"e":null,"f":0}}}"#);
        assert_eq!(keep(&["ab"]), "{}");
    }
}
