//! Two looks at a pipeline, and what flowed in between.

use std::collections::BTreeMap;
use std::fmt::Write;

use adr_console::{Component, View};

use crate::columns::columns;

/// How many tenants in trouble are named.
const NAMED: usize = 10;

const HEADINGS: [&str; 9] = ["component", "", "in/s", "out/s", "MB/s", "in flight", "rejected", "dropped", "retries"];

/// The table, and what the tenants do.
pub(super) fn render(last: &View, next: &View, seconds: f64) -> String {
    let mut rows: Vec<(&String, &Component)> = next.components.iter().collect();
    rows.sort_by_key(|(name, component)| (component.kind, *name));
    let rows = rows.into_iter().map(|(name, now)| row(name, last.components.get(name), now, seconds));
    let mut all = vec![HEADINGS.map(str::to_owned)];
    all.extend(rows);
    let mut text = columns(&all, 2);
    tenants(next, &mut text);
    text
}

fn row(name: &str, last: Option<&Component>, now: &Component, seconds: f64) -> [String; 9] {
    let rate = |count: fn(&Component) -> u64| {
        let before = last.map_or(0, count);
        // Counts of another process, should it have been started again meanwhile, begin at nothing.
        count(now).saturating_sub(before) as f64 / seconds.max(0.001)
    };
    [
        name.to_owned(),
        if now.stalled.is_some() { "stalled".to_owned() } else { String::new() },
        number(rate(|counts| counts.received)),
        number(rate(|counts| counts.sent)),
        format!("{:.1}", rate(|counts| counts.sent_bytes) / 1e6),
        now.in_flight.to_string(),
        now.rejected.to_string(),
        (now.discarded + now.duplicates).to_string(),
        now.retries.to_string(),
    ]
}

/// A rate: small ones to a tenth.
fn number(rate: f64) -> String {
    if rate < 10.0 && rate.fract() != 0.0 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}

/// How many are in which state, and who is in trouble.
fn tenants(view: &View, text: &mut String) {
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for lane in &view.lanes {
        *states.entry(&lane.state).or_default() += 1;
    }
    let states: Vec<String> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    if !states.is_empty() {
        writeln!(text, "\ntenants: {}", states.join(", ")).expect("a string takes it");
    }
    let troubled: Vec<_> = view.lanes.iter().filter(|lane| lane.failure.is_some()).collect();
    for lane in troubled.iter().take(NAMED) {
        let failure = lane.failure.as_deref().unwrap_or_default();
        writeln!(text, "  {}/{} since {}: {failure}", lane.source, lane.tenant, lane.since).expect("a string takes it");
    }
    if troubled.len() > NAMED {
        writeln!(text, "  and {} more", troubled.len() - NAMED).expect("a string takes it");
    }
}

#[cfg(test)]
mod tests {
    use adr_console::{Kind, Lane};

    use super::*;

    fn component(kind: Kind, received: u64, sent: u64) -> Component {
        let (sent_bytes, rejected, in_flight) = (sent * 1000, received - sent, 0);
        let (duplicates, discarded, failed, retries) = (0, 2, 0, 3);
        let (stalled, failure) = (None, None);
        Component {
            kind,
            received,
            sent,
            sent_bytes,
            duplicates,
            discarded,
            rejected,
            failed,
            retries,
            in_flight,
            stalled,
            failure,
        }
    }

    fn view(received: u64) -> View {
        let components = [
            ("cce".to_owned(), component(Kind::Sink, received, received)),
            ("adr".to_owned(), component(Kind::Transform, received, received - 1)),
            ("a_source".to_owned(), component(Kind::Source, received, received)),
        ];
        let lane = |tenant: &str, failure: Option<&str>| Lane {
            source: "a_source".into(),
            tenant: tenant.into(),
            state: if failure.is_some() { "retrying" } else { "idle" }.into(),
            failure: failure.map(str::to_owned),
            since: "2026-01-31T08:00:00Z".into(),
            last_event: None,
            answered: None,
            delivered_until: None,
            events: 7,
        };
        View { components: components.into(), lanes: vec![lane("t1", None), lane("t2", Some("no such key"))] }
    }

    #[test]
    fn rates_are_of_the_time_between_and_components_stand_in_the_order_of_the_flow() {
        let text = render(&view(1000), &view(21_000), 2.0);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["a_source", "10000", "10000", "10.0", "0", "0", "2", "3"], "{text}");
        assert_eq!((lines[2][0], lines[3][0]), ("adr", "cce"), "{text}");
        assert!(
            text.contains("\ntenants: 1 idle, 1 retrying\n  a_source/t2 since 2026-01-31T08:00:00Z: no such key\n")
        );
        assert!(text.lines().all(|line| !line.ends_with(' ')));
    }

    #[test]
    fn a_process_that_was_started_again_flows_forward() {
        let text = render(&view(1000), &view(10), 1.0);
        assert!(text.lines().nth(1).is_some_and(|line| line.contains(" 0 ")), "{text}");
    }
}
