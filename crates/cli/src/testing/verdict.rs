//! Holds what came out of transforms against what a test expects.

use adr_core::{Event, Rejected};

use super::flow::Flowed;
use super::json::Json;
use super::{Condition, Detail, Expected, Fault, Test};
use crate::config::Suite;

/// What is not as it should be, in the order in which the test says it.
pub(super) fn faults(suite: &Suite, test: &Test, flowed: &Flowed) -> Vec<Fault> {
    let mut faults = Vec::new();
    for expected in &test.outputs {
        let came: Vec<&Event> = expected.of.iter().flat_map(|at| &flowed.made[*at]).collect();
        events(expected, &came, "came out", &mut faults);
    }
    for expected in &test.rejected {
        let came: Vec<&Rejected> = expected.of.iter().flat_map(|at| &flowed.rejected[*at]).collect();
        let bodies: Vec<&Event> = came.iter().map(|rejected| &rejected.event).collect();
        events(expected, &bodies, "was rejected", &mut faults);
        let Some(reason) = &expected.reason else { continue };
        for other in came.iter().filter(|rejected| !rejected.reason.contains(reason)) {
            let said = format!("`{}` rejected an event for another reason", expected.from);
            faults.push(expected.fault(said, Some(Detail::Differs(reason.clone(), other.reason.clone()))));
        }
    }
    let told = |at: &usize| test.rejected.iter().any(|expected| expected.of.contains(at));
    for at in (0..suite.graph).filter(|at| !told(at)) {
        for Rejected { event, reason } in &flowed.rejected[at] {
            let name = suite.pipeline.transforms[at].written();
            faults.push(Fault {
                spot: test.spot.clone(),
                said: format!("`{name}` rejected an event, which the test does not expect: {reason}"),
                detail: Some(Detail::Shown(lines(&json(event)))),
            });
        }
    }
    faults
}

/// `what`: that an event came out, or was rejected.
fn events(expected: &Expected, came: &[&Event], what: &str, faults: &mut Vec<Fault>) {
    let all: Vec<Json> = came.iter().copied().map(json).collect();
    let wanted = |texts: &[String]| -> Vec<Json> { texts.iter().map(|text| Json::of(text)).collect() };
    if let Some(texts) = &expected.events {
        differ(expected, &wanted(texts), &all, what, faults);
    }
    if let Some(texts) = &expected.contains {
        let wanted = wanted(texts);
        let part = |(at, json): (usize, &Json)| wanted.get(at).map_or_else(|| json.clone(), |like| json.only(like));
        let parts: Vec<Json> = all.iter().enumerate().map(part).collect();
        differ(expected, &wanted, &parts, what, faults);
    }
    let something = !expected.conditions.is_empty() || expected.reason.is_some();
    if something && came.is_empty() {
        faults.push(expected.fault(format!("`{}`: no event {what}", expected.from), None));
    }
    for condition in &expected.conditions {
        for (at, (event, json)) in came.iter().zip(&all).enumerate() {
            let Condition { text, spot, .. } = condition;
            let said = match condition.holds(event) {
                Ok(true) => continue,
                Ok(false) => format!("`{}`: {text} does not hold for {}", expected.from, numbered(at, came.len())),
                Err(reason) => format!("`{}`: {text} fails on {}: {reason}", expected.from, numbered(at, came.len())),
            };
            faults.push(Fault { spot: spot.clone(), said, detail: Some(Detail::Shown(lines(json))) });
        }
    }
}

fn numbered(at: usize, of: usize) -> String {
    if of == 1 { "the event".to_owned() } else { format!("event {} of {of}", at + 1) }
}

fn differ(expected: &Expected, wanted: &[Json], came: &[Json], what: &str, faults: &mut Vec<Fault>) {
    if wanted == came {
        return;
    }
    let events = |count: usize| match count {
        0 => "no event".to_owned(),
        1 => "1 event".to_owned(),
        count => format!("{count} events"),
    };
    let said = if wanted.len() == came.len() {
        format!("`{}`: what {what} is not what was expected", expected.from)
    } else {
        format!(
            "`{}`: {} {what}, {} expected",
            expected.from,
            events(came.len()),
            match wanted.len() {
                0 => "none was".to_owned(),
                1 => "1 was".to_owned(),
                count => format!("{count} were"),
            }
        )
    };
    let text = |list: &[Json]| list.iter().map(lines).collect::<Vec<_>>().join("\n");
    faults.push(expected.fault(said, Some(Detail::Differs(text(wanted), text(came)))));
}

fn json(event: &Event) -> Json {
    Json::of(&String::from_utf8_lossy(&event.body))
}

fn lines(json: &Json) -> String {
    json.lines()
}

impl Expected {
    fn fault(&self, said: String, detail: Option<Detail>) -> Fault {
        Fault { spot: self.spot.clone(), said, detail }
    }
}
