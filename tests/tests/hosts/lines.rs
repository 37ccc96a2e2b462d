//! What a host takes for an event: long lines, and what is said on standard error.

use adr_tests::hosts::{Lines, Manners, Stderr, Stream};
use adr_tests::process::Simulator;
use serde_json::Value;

use crate::Case;
use crate::guest::{As, Guest};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = As::ALL
        .into_iter()
        .map(|host| Case::new(&format!("a line of a megabyte passes, as {host:?}"), None, move || long_line(host)))
        .collect();
    cases.push(Case::new("a log file keeps the log out of mixed events", None, log_file));
    cases.push(Case::new("a log in JSON among the events can be told from them", None, json_log));
    cases
}

fn long_line(host: As) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("events.ndjson");
    let event = |id: &str, name: &str| {
        format!(
            "{{\"id\":\"{id}\",\"event_type\":\"user_create\",\"service\":\"directory\",\"timestamp\":\"2026-01-31T00:00:00Z\",\
             \"resource\":{{\"type\":\"user\",\"id\":\"{id}\",\"username\":\"{name}\"}}}}\n"
        )
    };
    let long = "x".repeat(1 << 20);
    let text = [event("1", "short"), event("2", &long), event("3", "short")].concat();
    std::fs::write(&file, text).expect("writes");
    let simulator = Simulator::start(&["--file", file.to_str().expect("UTF-8")]);
    let guest = Guest::new(host, &simulator, "start: 2026-01-01T00:00:00Z", "");
    let reference: Vec<String> = guest.reference().lines().map(str::to_owned).collect();
    assert!(reference.len() == 3 && reference.iter().any(|line| line.len() > 1 << 20));

    let running = guest.start(host.manners());
    running.record.until("all events", |seen| seen.lines.len() >= 3);
    let mut events = running.stop().events();
    events.sort();
    let mut expected = reference;
    expected.sort();
    assert!(events == expected, "as they were written");

    // The stand-in does have the traps that the stanzas avoid.
    let guest = Guest::new(host, &simulator, "start: 2026-01-01T00:00:00Z", "");
    let pieces = guest.start(Manners { lines: Lines::InPieces(4096), ..host.manners() });
    pieces.record.until("the long line in pieces", |seen| seen.lines.len() >= 258);
    let pieces = pieces.stop().events();
    assert_eq!(pieces.iter().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count(), 2);
    let guest = Guest::new(host, &simulator, "start: 2026-01-01T00:00:00Z", "");
    let dropping = guest.start(Manners { lines: Lines::Upto(64 << 10), ..host.manners() });
    dropping.record.until("the short lines", |seen| seen.lines.len() >= 2);
    assert_eq!(dropping.stop().events().len(), 2);
}

/// As Vector's stanza has it, under a Vector that was told to include standard error all the same.
fn log_file() {
    let simulator = Simulator::start(&["--events", "200"]);
    let guest = Guest::new(As::Vector, &simulator, "", "");
    let host = guest.start(Manners { stderr: Stderr::Mixed, ..Manners::VECTOR });
    host.record.until("all events", |seen| seen.lines.len() >= 200);
    let record = host.stop();
    record.look(|seen| {
        assert!(seen.lines.iter().all(|line| line.stream == Stream::Out), "{:?}", seen.lines.last());
        assert_eq!(seen.lines.len(), 200);
    });
    let log = std::fs::read_to_string(guest.folder.path().join("state/jumpcloud-adr.log")).expect("the log is there");
    assert!(log.contains("stopping: delivering what was read"), "{log}");
}

/// For those who want the log in Vector: `include_stderr: true` and `--log-format json` instead of `--log-file`.
fn json_log() {
    let simulator = Simulator::start(&["--events", "200"]);
    let guest = Guest::new(As::Vector, &simulator, "", "").but(|word| match &*word {
        "--log-file" => vec!["--log-format".to_owned()],
        word if word.ends_with("jumpcloud-adr.log") => vec!["json".to_owned()],
        word => vec![word.to_owned()],
    });
    let host = guest.start(Manners { stderr: Stderr::Mixed, ..Manners::VECTOR });
    host.record.until("all events", |seen| seen.lines.iter().filter(|line| line.stream == Stream::Out).count() >= 200);
    let record = host.stop();
    record.look(|seen| {
        let said = seen.lines.iter().filter(|line| line.stream == Stream::Err).count();
        assert!(said > 0, "it says that it stops, at least");
        for line in &seen.lines {
            let value: Value = serde_json::from_str(&line.text).expect("JSON, one as the other");
            let is_event = value.get("class_uid").is_some() && value.get("level").is_none();
            assert_eq!(is_event, line.stream == Stream::Out, "{value}");
        }
    });
    assert_eq!(record.events().len(), 200);
}
