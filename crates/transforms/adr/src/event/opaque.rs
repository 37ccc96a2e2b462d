//! Events that JSON allows and its readers do not agree on: kept whole, as text.

use adr_core::{Severity, Timestamp};

use super::Job;
use crate::classes::{BASE, OTHER};
use crate::homes;
use crate::labels::Label;

/// The deepest nesting that is mapped.
const DEPTH: usize = 64;

impl Job<'_> {
    /// Why the event must be kept as text, if it must.
    pub(super) fn opaque(&self) -> Option<Label> {
        let traits = self.tape.traits;
        if traits.duplicate {
            Some(Label::DuplicateKey)
        } else if traits.depth > DEPTH {
            Some(Label::TooDeep)
        } else if traits.lone {
            Some(Label::LoneSurrogate)
        } else {
            None
        }
    }

    /// Writes a Base Event of the few facts that are beyond doubt; the caller adds `raw_data`.
    pub(super) fn write_opaque(&mut self, label: Label, time: Option<Timestamp>) -> Severity {
        self.label(label);
        if time.is_none() {
            self.label(Label::TimeMissing);
        }
        self.out.push(b'{');
        self.number("class_uid", i64::from(BASE.uid));
        self.word("class_name", BASE.caption);
        self.number("category_uid", i64::from(BASE.category));
        self.number("activity_id", i64::from(OTHER));
        self.number("type_uid", i64::from(OTHER));
        self.number("severity_id", Severity::Informational as i64);
        self.word("severity", "Informational");
        self.number("status_id", 0);
        self.word("status", "Unknown");
        self.number("time", time.map_or(0, Timestamp::as_millis));
        self.key("metadata");
        self.out.extend_from_slice(
            br#"{"version":"1.8.0","product":{"name":"Directory Insights","vendor_name":"JumpCloud"}"#,
        );
        self.uid();
        for home in [&homes::ORIGINAL_UID, &homes::ORIGINAL_TIME, &homes::EVENT_CODE, &homes::LOG_NAME] {
            if let Some(leaf) = self.leaf(home) {
                self.copy(home.key, leaf);
                if home.key == homes::EVENT_CODE.key {
                    self.kind = self.last_string(home);
                }
            }
        }
        match self.leaf(&homes::TENANT) {
            Some(leaf) => self.copy(homes::TENANT.key, leaf),
            None => self.lane_tenant(),
        }
        self.profiles_and_labels();
        self.close();
        Severity::Informational
    }
}
