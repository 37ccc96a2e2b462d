//! `metadata`.

use super::Job;
use crate::homes;
use crate::json::text;
use crate::labels::Label;

impl Job<'_> {
    /// Writes `metadata`; labels and profiles are complete now.
    pub(super) fn metadata(&mut self) {
        self.key("metadata");
        self.out.extend_from_slice(
            br#"{"version":"1.8.0","product":{"name":"Directory Insights","vendor_name":"JumpCloud"}"#,
        );
        self.uid();
        self.put(&homes::ORIGINAL_UID);
        self.put(&homes::ORIGINAL_TIME);
        if self.put(&homes::EVENT_CODE).is_some() {
            self.kind = self.last_string(&homes::EVENT_CODE);
        }
        self.put(&homes::LOG_NAME);
        self.put(&homes::LOG_VERSION);
        self.put(homes::correlation(self.shape));
        if self.put(&homes::TENANT).is_none() {
            self.lane_tenant();
        }
        self.profiles_and_labels();
        self.close();
    }

    /// Writes `metadata.uid`: JumpCloud's id, or a hash of the event's exact text.
    pub(super) fn uid(&mut self) {
        self.key("uid");
        let start = self.out.len() + 1;
        if let Some(id) = self.string(homes::ORIGINAL_UID.source) {
            self.out.extend_from_slice(self.tape.raw(self.text, id));
        } else {
            self.label(Label::UidFromText);
            let hash = blake3::hash(self.text).to_hex();
            self.out.extend_from_slice(b"\"blake3:");
            self.out.extend_from_slice(&hash.as_bytes()[..32]);
            self.out.push(b'"');
        }
        self.id = start..self.out.len() - 1;
    }

    /// Writes `metadata.tenant_uid` as the tenant the event was polled for.
    pub(super) fn lane_tenant(&mut self) {
        self.label(Label::TenantFromLane);
        self.key("tenant_uid");
        // OCSF and ADR want a tenant; a lane without a name has none to give.
        text::quote(if self.tenant.is_empty() { "unknown" } else { self.tenant }, self.out);
    }

    /// Writes `metadata.profiles`, if there are any, and `metadata.labels`.
    pub(super) fn profiles_and_labels(&mut self) {
        match (self.profiles.host, self.profiles.security_control) {
            (true, true) => self.list("profiles", r#""host","security_control""#),
            (true, false) => self.list("profiles", r#""host""#),
            (false, true) => self.list("profiles", r#""security_control""#),
            (false, false) => {}
        }
        self.key("labels");
        self.out.push(b'[');
        self.labels.write(self.out);
        self.out.push(b']');
    }

    fn list(&mut self, key: &str, elements: &str) {
        self.key(key);
        self.out.push(b'[');
        self.out.extend_from_slice(elements.as_bytes());
        self.out.push(b']');
    }

    /// The inside of the string that was written last, from the home's leaf.
    pub(super) fn last_string(&self, home: &homes::Home) -> std::ops::Range<usize> {
        let length = self.leaf(home).map_or(0, |leaf| self.tape.inside(self.text, leaf).len());
        let end = self.out.len() - 1;
        end - length..end
    }
}
