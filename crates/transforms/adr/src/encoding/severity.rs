//! OCSF severity on the scales of other formats.

use adr_core::Severity;

/// From 0 to 10, in CEF's four steps: low to 3, medium to 6, high to 8, very high above. A severity of the source's
/// own, 99, is taken for a medium one: nobody knows how bad it is.
pub(super) fn scale(severity: Severity) -> u8 {
    match severity {
        Severity::Unknown => 0,
        Severity::Informational => 1,
        Severity::Low => 3,
        Severity::Medium | Severity::Other => 5,
        Severity::High => 8,
        Severity::Critical => 9,
        Severity::Fatal => 10,
    }
}

/// The severity of a `severity_id` as it is written.
pub(super) fn of(written: &[u8]) -> Option<Severity> {
    Some(match written {
        b"0" => Severity::Unknown,
        b"1" => Severity::Informational,
        b"2" => Severity::Low,
        b"3" => Severity::Medium,
        b"4" => Severity::High,
        b"5" => Severity::Critical,
        b"6" => Severity::Fatal,
        b"99" => Severity::Other,
        _ => return None,
    })
}
