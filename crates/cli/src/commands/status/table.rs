//! The devices in a table, and beneath it what is wrong with whom.

use std::fmt::Write;
use std::time::Duration;

use adr_console::{DeviceStatus, Report};
use adr_core::Timestamp;

use crate::columns::columns;

const HEADINGS: [&str; 10] =
    ["device", "status", "cce", "last event", "last poll", "events", "per second", "lag", "duplicates", "key age"];

/// Everything in a few lines.
pub(super) fn render(report: &Report) -> String {
    let now = instant(Some(&report.at));
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(report.devices.iter().map(|device| row(device, now)));
    let mut text = columns(&rows, 3);
    for device in &report.devices {
        let wrong = device.last_error.as_ref().filter(|last| last.over.is_none());
        if let Some(last) = wrong {
            let since = ago(now, instant(Some(&last.since)));
            write!(text, "\n{} has had this for {since}:\n  {}\n", device.name, last.message)
                .expect("a string takes it");
        }
    }
    text
}

fn row(device: &DeviceStatus, now: Option<Timestamp>) -> [String; 10] {
    let flow = &device.flow;
    let status = match device.caught_up_in_seconds {
        Some(seconds) => format!("{} ({} to go)", device.status, short(Duration::from_secs(seconds))),
        None if device.is_provider => format!("{} (provider of {})", device.status, device.organizations),
        None => device.status.clone(),
    };
    // Nothing is read for a provider itself.
    let of_flow = |text: String| if device.is_provider { "-".to_owned() } else { text };
    [
        device.name.clone(),
        status,
        device.cce.clone(),
        ago(now, instant(device.last_event.as_ref())),
        ago(now, instant(device.last_poll.as_ref())),
        of_flow(flow.events.to_string()),
        of_flow(format!("{:.1} (max {:.1})", flow.average, flow.maximum)),
        device.lag_seconds.map_or_else(|| "-".to_owned(), |lag| short(Duration::from_secs(lag))),
        of_flow(flow.duplicates.to_string()),
        key(device),
    ]
}

fn key(device: &DeviceStatus) -> String {
    let age = device.key.age_days.map_or_else(|| "-".to_owned(), |days| format!("{days} d"));
    match device.key.expires_in_days {
        Some(days) if days < 0 => format!("{age}, expired"),
        Some(days) => format!("{age}, {days} d left"),
        None => age,
    }
}

fn instant(text: Option<&String>) -> Option<Timestamp> {
    Timestamp::parse(text?.as_bytes()).ok()
}

fn ago(now: Option<Timestamp>, then: Option<Timestamp>) -> String {
    match (now, then) {
        (Some(now), Some(then)) => short(now.since(then)),
        _ => "-".to_owned(),
    }
}

/// A span in its largest unit that tells enough.
fn short(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use adr_console::{Occurrence, State};

    use super::*;

    #[test]
    fn a_provider_has_its_organizations_and_no_flow() {
        let status = State::Idle.label().into();
        let msp = DeviceStatus {
            name: "MSP".into(),
            status,
            is_provider: true,
            organizations: 12,
            ..DeviceStatus::default()
        };
        let text = render(&Report { at: Timestamp::from_secs(0).to_string(), devices: vec![msp] });
        let row: Vec<_> = text.lines().nth(1).expect("a row").split("  ").filter(|cell| !cell.is_empty()).collect();
        let row: Vec<_> = row.iter().map(|cell| cell.trim()).collect();
        assert_eq!(row[..2], ["MSP", "Connected/Idle (provider of 12)"], "{text}");
        assert!(row[2..].iter().all(|cell| *cell == "-"), "{text}");
    }

    #[test]
    fn who_is_in_trouble_is_named_with_what_to_do() {
        let at = |second: i64| Timestamp::from_secs(1_800_000_000 + second).to_string();
        let well = DeviceStatus {
            name: "Acme".into(),
            status: State::Active.label().into(),
            last_event: Some(at(-300)),
            last_poll: Some(at(-3)),
            lag_seconds: Some(75),
            last_error: Some(Occurrence { message: "it was slow".into(), over: Some(at(-9)), ..Occurrence::default() }),
            ..DeviceStatus::default()
        };
        let wrong =
            Occurrence { since: at(-7200), message: "the key is refused: rotate it".into(), ..Occurrence::default() };
        let mut refused = DeviceStatus { name: "Bolt".into(), last_error: Some(wrong), ..DeviceStatus::default() };
        refused.key.expires_in_days = Some(-1);
        let behind = DeviceStatus {
            name: "Crow".into(),
            status: State::CatchingUp.label().into(),
            caught_up_in_seconds: Some(600),
            ..DeviceStatus::default()
        };
        let text = render(&Report { at: at(0), devices: vec![well, refused, behind] });
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[1].contains("Connected/Active") && lines[1].contains("5 min") && lines[1].contains("75 s"),
            "{text}"
        );
        assert!(lines[2].ends_with("-, expired") && lines[3].contains("Catching up (10 min to go)"), "{text}");
        assert!(text.ends_with("\nBolt has had this for 2 h:\n  the key is refused: rotate it\n"), "{text}");
        assert!(!text.contains("it was slow"), "what is over is no trouble");
    }
}
