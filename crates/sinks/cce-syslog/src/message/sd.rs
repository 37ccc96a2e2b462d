//! Structured data: `[adr@32473 uid="..." tenant="..."]`.

use std::sync::Arc;

use adr_core::Meta;

/// A part of a split event: which one, and of how many. Counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) number: usize,
    pub(super) of: usize,
}

/// Writes the structured data of events.
#[derive(Debug)]
pub(super) struct StructuredData {
    /// `[adr@32473`
    opening: Box<[u8]>,
    /// `[adr@32473 uid="`
    opening_with_uid: Box<[u8]>,
    /// The tenant of the last event, and what is written for it: most events are of the same one.
    tenant: (Arc<str>, Vec<u8>),
}

impl StructuredData {
    pub(super) fn new(id: &str) -> Self {
        Self {
            opening: format!("[{id}").into_bytes().into(),
            opening_with_uid: format!("[{id} uid=\"").into_bytes().into(),
            tenant: ("".into(), Vec::new()),
        }
    }

    /// Appends an event's structured data; `-` where there is nothing to say.
    pub(super) fn write(&mut self, meta: &Meta, part: Option<Part>, out: &mut Vec<u8>) {
        if meta.id.is_empty() && meta.tenant.is_empty() && part.is_none() {
            out.push(b'-');
            return;
        }
        if meta.id.is_empty() {
            out.extend_from_slice(&self.opening);
        } else {
            out.extend_from_slice(&self.opening_with_uid);
            value(&meta.id, out);
        }
        if !Arc::ptr_eq(&self.tenant.0, &meta.tenant) {
            self.remember(&meta.tenant);
        }
        out.extend_from_slice(&self.tenant.1);
        if let Some(Part { number, of }) = part {
            out.extend_from_slice(format!(" part=\"{number}\" parts=\"{of}\"").as_bytes());
        }
        out.push(b']');
    }

    fn remember(&mut self, tenant: &Arc<str>) {
        let (of, text) = &mut self.tenant;
        *of = tenant.clone();
        text.clear();
        if !tenant.is_empty() {
            text.extend_from_slice(b" tenant=\"");
            value(tenant, text);
        }
    }
}

/// Appends a value and the quote that ends it.
fn value(value: &str, out: &mut Vec<u8>) {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && !matches!(byte, b'"' | b'\\' | b']');
    // Without an early end the compiler looks at many bytes at once.
    if value.bytes().fold(true, |all, byte| all & plain(byte)) {
        out.extend_from_slice(value.as_bytes());
    } else {
        escape(value, out);
    }
    out.push(b'"');
}

/// As RFC 5424 asks, and without control characters: a line feed would end the message where a receiver goes by lines,
/// and others change what a terminal shows. The event's text has the value as it is.
fn escape(value: &str, out: &mut Vec<u8>) {
    for char in value.chars() {
        match char {
            '"' | '\\' | ']' => out.extend_from_slice(&[b'\\', char as u8]),
            _ if char.is_control() => out.push(b'?'),
            _ => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adr_core::Severity;

    fn data(uid: &str, tenant: &str, part: Option<Part>) -> String {
        let meta = Meta {
            id: uid.to_owned().into(),
            time: None,
            tenant: tenant.into(),
            kind: "sso_auth".to_owned().into(),
            severity: Severity::Low,
        };
        let mut out = Vec::new();
        StructuredData::new("adr@32473").write(&meta, part, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn uid_and_tenant_stand_where_they_are_known() {
        assert_eq!(data("u1", "acme", None), r#"[adr@32473 uid="u1" tenant="acme"]"#);
        assert_eq!(data("", "acme", None), r#"[adr@32473 tenant="acme"]"#);
        assert_eq!(data("u1", "", None), r#"[adr@32473 uid="u1"]"#);
        assert_eq!(data("", "", None), "-");
        let part = Some(Part { number: 2, of: 10 });
        assert_eq!(data("u1", "", part), r#"[adr@32473 uid="u1" part="2" parts="10"]"#);
        assert_eq!(data("", "", part), r#"[adr@32473 part="2" parts="10"]"#);
    }

    #[test]
    fn values_cannot_leave_their_quotes() {
        assert_eq!(data(r#"a"b\c]d[e"#, "x", None), r#"[adr@32473 uid="a\"b\\c\]d[e" tenant="x"]"#);
        assert_eq!(data("ü€𝄞 =", "x", None), r#"[adr@32473 uid="ü€𝄞 =" tenant="x"]"#);
        assert_eq!(data("a\n\r\0\u{7f}\u{9b}\u{85}\t", "x", None), r#"[adr@32473 uid="a???????" tenant="x"]"#);
    }

    #[test]
    fn each_event_gets_its_own_tenant() {
        let mut data = StructuredData::new("a@1");
        let tenants: [Arc<str>; 4] = ["x".into(), "y".into(), "".into(), "x".into()];
        let mut texts = Vec::new();
        for tenant in [0, 0, 1, 0, 2, 3, 1].map(|index: usize| tenants[index].clone()) {
            let (id, kind) = ("u".to_owned().into(), String::new().into());
            let mut out = Vec::new();
            data.write(&Meta { id, time: None, tenant, kind, severity: Severity::Low }, None, &mut out);
            texts.push(String::from_utf8(out).unwrap());
        }
        let tenant = |name| format!("[a@1 uid=\"u\" tenant=\"{name}\"]");
        let expected =
            [tenant("x"), tenant("x"), tenant("y"), tenant("x"), "[a@1 uid=\"u\"]".into(), tenant("x"), tenant("y")];
        assert_eq!(texts, expected);
    }
}
