//! The table against the event types that JumpCloud documents, and those seen live.

mod support;

use std::collections::BTreeSet;

use support::shared;

/// Event types, one a line, as service and name.
const DOCUMENTED: &str = include_str!("fixtures/event-types.tsv");

/// Known to exist, with nothing known of what they mean: Base Events, on purpose.
const UNKNOWN: [&str; 7] = [
    "bulk_delete_alerts",
    "bulk_update_alerts",
    "group_warning",
    "scheduled_report_run_failed",
    "scheduled_report_run_success",
    "slack_notification_sent",
    "software_status_update",
];

#[test]
fn every_documented_event_type_has_a_row() {
    let rows: BTreeSet<_> = adr_transform::event_types().collect();
    assert_eq!(rows.len(), 386);
    let mut documented = BTreeSet::new();
    for line in DOCUMENTED.lines() {
        let (service, event_type) = line.split_once('\t').expect("service and event type");
        assert_eq!(rows.contains(&(service, event_type)), !UNKNOWN.contains(&event_type), "{line}");
        documented.insert((service, event_type));
    }
    let invented: Vec<_> = rows.difference(&documented).collect();
    assert!(invented.is_empty(), "rows that nobody documents: {invented:?}");
}

#[test]
fn the_reference_lists_agree_where_they_are_here() {
    let rows: BTreeSet<_> = adr_transform::event_types().map(|(_, event_type)| event_type).collect();
    if let Some(path) = shared("jumpcloud/event-types.tsv") {
        for line in std::fs::read_to_string(path).expect("a readable list").lines().skip(1) {
            let event_type = line.split('\t').nth(1).expect("an event type");
            assert!(rows.contains(event_type) || UNKNOWN.contains(&event_type), "{line}");
        }
    }
    if let Some(path) = shared("adr/event-map.tsv") {
        let ours = include_str!("../src/table/event-map.tsv");
        for line in std::fs::read_to_string(path).expect("a readable list").lines().skip(1) {
            let proposed: Vec<&str> = line.split('\t').collect();
            let own = ours.lines().map(|line| line.split('\t').collect::<Vec<_>>());
            let own = own.into_iter().find(|own| own.get(..2) == Some(&proposed[..2])).expect(line);
            // Rules in place of numbers are the same rules; numbers must be the same numbers.
            for (own, proposed) in [(own[2], proposed[2]), (own[3], proposed[4]), (own[4], proposed[5])] {
                let plain = own.parse::<u16>().is_ok() && proposed.parse::<u16>().is_ok();
                let connection = line.contains("association_change");
                assert!(!plain || connection || own == proposed, "{line}: {own}");
            }
        }
    }
}
