use adr_core::Severity;

use crate::Facility;

/// The syslog severity of an event. OCSF and syslog rank alike but for the ends: emergency (0) is kept for systems
/// that are down, and debug (7) for nobody.
pub(super) const fn syslog_severity(severity: Severity) -> u8 {
    match severity {
        Severity::Fatal => 1,
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Informational | Severity::Unknown | Severity::Other => 6,
    }
}

/// What a message begins with, for every syslog severity: `<134>` and what comes after it in every header.
#[derive(Debug)]
pub(super) struct Priorities([Box<[u8]>; 8]);

impl Priorities {
    pub(super) fn new(facility: Facility, after: &str) -> Self {
        Self(std::array::from_fn(|severity| {
            format!("<{}>{after}", usize::from(facility.number()) * 8 + severity).into_bytes().into()
        }))
    }

    pub(super) fn of(&self, severity: Severity) -> &[u8] {
        &self.0[usize::from(syslog_severity(severity))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_priority_is_facility_and_severity() {
        let local0 = Priorities::new(Facility::LOCAL0, "1 ");
        for (severity, expected) in [
            (Severity::Unknown, "<134>1 "),
            (Severity::Informational, "<134>1 "),
            (Severity::Other, "<134>1 "),
            (Severity::Low, "<133>1 "),
            (Severity::Medium, "<132>1 "),
            (Severity::High, "<131>1 "),
            (Severity::Critical, "<130>1 "),
            (Severity::Fatal, "<129>1 "),
        ] {
            assert_eq!(local0.of(severity), expected.as_bytes(), "{severity:?}");
        }
        let priority = |facility: &str, severity| {
            String::from_utf8(Priorities::new(facility.parse().unwrap(), "").of(severity).to_vec()).unwrap()
        };
        assert_eq!(priority("kern", Severity::Fatal), "<1>", "no leading zero");
        assert_eq!(priority("local7", Severity::Other), "<190>");
    }
}
