//! The section `tests`: read, and joined to the transforms that it speaks of.
//!
//! A test is data: variables stay as they are written in it, and `run` does not look at it.

mod event;
mod written;

use adr_core::{ByteString, Event, Timestamp};
use bytes::Bytes;

use super::files::Files;
use super::names::{self, Meant, Names};
use super::node::{Node, Place, Value};
use super::problem::Problem;
use super::read::read;
use super::{Pipeline, Suite};
use crate::facts::{facts, severity};
use crate::testing::{Condition, Expected, Inserted, Test};
use written::MetaConfig;
pub(crate) use written::TestConfig;

/// The section's name.
pub(super) const SECTION: &str = "tests";

/// A test whose shape is right, and where it stands.
pub(super) struct Written<'a> {
    config: TestConfig,
    node: &'a Node,
}

/// Reads the tests of a file.
pub(super) fn written<'a>(root: &'a Node, problems: &mut Vec<Problem>) -> Vec<Written<'a>> {
    let Some(entry) = root.get(SECTION) else { return Vec::new() };
    match &entry.node.value {
        Value::Null => Vec::new(),
        Value::List(items) => items.iter().filter_map(|node| one(node, problems)).collect(),
        _ => {
            let problem = Problem::new(format!("`{SECTION}` must be a list of tests")).at(&entry.node.place);
            let example = format!("{SECTION}:\n  - name: ...\n    inputs: ...\n    outputs: ...");
            problems.push(problem.label(entry.node.describe()).help(example));
            Vec::new()
        }
    }
}

fn one<'a>(node: &'a Node, problems: &mut Vec<Problem>) -> Option<Written<'a>> {
    let what = match node.get("name").map(|entry| &entry.node.value) {
        Some(Value::Text(name)) => format!("test `{name}`"),
        _ => "a test".to_owned(),
    };
    if !matches!(node.value, Value::Table(_)) {
        let problem = Problem::new("a test is a mapping with `name`, `inputs` and `outputs`").at(&node.place);
        problems.push(problem.label(node.describe()));
        return None;
    }
    match read::<TestConfig>(node, &what) {
        Ok(config) => Some(Written { config, node }),
        Err(found) => {
            problems.extend(found.into_iter().map(|problem| match problem.place == Some(node.place.clone()) {
                true => Problem { message: format!("{what}: {}", problem.message), ..problem },
                false => problem,
            }));
            None
        }
    }
}

/// Joins tests to the pipeline, to which every output of a route is added that only a test may look at.
pub(super) fn suite(
    written: Vec<Written<'_>>,
    mut pipeline: Pipeline,
    files: &Files,
    problems: &mut Vec<Problem>,
) -> Suite {
    let graph = pipeline.transforms.len();
    names::add_unread_outputs(&mut pipeline);
    let mut join = Join { names: Names::of(&pipeline), files, problems };
    let tests: Vec<Test> = written.into_iter().map(|written| join.test(written)).collect();
    Suite { pipeline, graph, tests }
}

struct Join<'a> {
    names: Names<'a>,
    files: &'a Files,
    problems: &'a mut Vec<Problem>,
}

impl Join<'_> {
    fn test(&mut self, Written { config, node }: Written<'_>) -> Test {
        let before = self.problems.len();
        let metas = config.inputs.iter().map(|input| input.meta.as_ref());
        let inputs: Vec<Inserted> =
            items(node, "inputs").iter().zip(metas).map(|(node, meta)| self.input(node, meta)).collect();
        self.some(node, "inputs", config.inputs.is_empty(), "nothing flows in");
        let mut outputs: Vec<Expected> = Vec::new();
        for (node, config) in items(node, "outputs").iter().zip(config.outputs) {
            let of = self.of(node.get("extract_from").map(|entry| &entry.node), Meant::Output);
            let expected = [config.events.is_some(), config.contains.is_some()];
            outputs.push(self.expected(node, of, expected, config.conditions, None));
        }
        for (node, name) in items(node, "no_outputs_from").iter().zip(config.no_outputs_from) {
            let of = self.of(Some(node), Meant::Output);
            outputs.push(Expected { events: Some(Vec::new()), ..Expected::new(name, of, self.spot(&node.place)) });
        }
        let mut rejected: Vec<Expected> = Vec::new();
        for (node, config) in items(node, "rejected").iter().zip(config.rejected) {
            let of = self.of(node.get("extract_from").map(|entry| &entry.node), Meant::Whole);
            let expected = [config.events.is_some(), config.contains.is_some()];
            rejected.push(self.expected(node, of, expected, config.conditions, config.reason));
        }
        if outputs.is_empty() && rejected.is_empty() {
            let problem = Problem::new(format!("test `{}` expects nothing", config.name)).at(&node.place);
            self.problems.push(problem.help("say what comes out: `outputs`, `no_outputs_from` or `rejected`"));
        }
        // What follows from a name that is wrong is not worth telling.
        if self.problems.len() == before {
            self.reached(node, &inputs, &outputs, &rejected);
        }
        let place = node.get("name").map_or(&node.place, |entry| &entry.key_place);
        Test { name: config.name, spot: self.spot(place), inputs, outputs, rejected }
    }

    fn input(&mut self, node: &Node, meta: Option<&MetaConfig>) -> Inserted {
        let at = match node.get("insert_at").map(|entry| &entry.node) {
            Some(Node { value: Value::List(names), .. }) => {
                names.iter().flat_map(|name| self.of(Some(name), Meant::Whole)).collect()
            }
            name => self.of(name, Meant::Whole),
        };
        self.some(node, "insert_at", matches!(node.get("insert_at").map(|entry| &entry.node.value), Some(Value::List(names)) if names.is_empty()), "the events flow nowhere");
        self.some(node, "events", items(node, "events").is_empty(), "nothing flows in");
        let texts = self.texts(node, "events");
        let meta = meta.map(|meta| (meta, node.get("meta").map_or(&node.place, |entry| &entry.node.place)));
        Inserted { at, events: texts.into_iter().map(|text| self.event(text, meta)).collect() }
    }

    fn expected(
        &mut self,
        node: &Node,
        of: Vec<usize>,
        [events, contains]: [bool; 2],
        conditions: Vec<String>,
        reason: Option<String>,
    ) -> Expected {
        let from = node.get("extract_from").map(|entry| &entry.node.value);
        let from = if let Some(Value::Text(name)) = from { name.clone() } else { String::new() };
        if !events && !contains && conditions.is_empty() && reason.is_none() {
            let problem = Problem::new(format!("what is expected of `{from}` is not said")).at(&node.place);
            self.problems.push(problem.help("give `events`, `contains` or `conditions`"));
        }
        let compiled = items(node, "conditions").iter().zip(conditions).filter_map(|(node, text)| {
            let spot = self.spot(&node.place);
            let failed = |failure: adr_core::Failure| Problem::new(failure.message).at(&node.place).with_next_step();
            Condition::new(text, spot).map_err(|failure| self.problems.push(failed(failure))).ok()
        });
        let conditions = compiled.collect();
        let spot = self.spot(&node.place);
        Expected {
            events: events.then(|| self.texts(node, "events")),
            contains: contains.then(|| self.texts(node, "contains")),
            conditions,
            reason,
            ..Expected::new(from, of, spot)
        }
    }

    /// The texts of a list of events.
    fn texts(&mut self, node: &Node, key: &str) -> Vec<String> {
        let texts = items(node, key).iter().map(event::text);
        texts.filter_map(|text| text.map_err(|problem| self.problems.push(*problem)).ok()).collect()
    }

    fn event(&mut self, text: String, meta: Option<(&MetaConfig, &Place)>) -> Event {
        let body = Bytes::from(text);
        let mut beside = facts(&body, "");
        let Some((meta, place)) = meta else { return Event { meta: beside, body } };
        let text = |given: &Option<String>| given.as_deref().map(ByteString::from);
        beside.id = text(&meta.id).unwrap_or(beside.id);
        beside.kind = text(&meta.kind).unwrap_or(beside.kind);
        beside.tenant = meta.tenant.as_deref().map_or(beside.tenant, Into::into);
        let mut wrong = |what: &str, right: &str| {
            let problem = Problem::new(what).at(place).help(right);
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        };
        if let Some(time) = &meta.time {
            beside.time = Timestamp::parse(time.as_bytes()).ok();
            if beside.time.is_none() {
                wrong("`time` is no instant", "write it as 2026-01-31T00:00:00Z");
            }
        }
        if let Some(number) = meta.severity {
            match severity(number.into()) {
                Some(severity) => beside.severity = severity,
                None => wrong("`severity` is none of OCSF's", "write 0 to 6, or 99"),
            }
        }
        Event { meta: beside, body }
    }

    /// The transforms that a name means.
    fn of(&mut self, name: Option<&Node>, meant: Meant) -> Vec<usize> {
        let Some(node) = name else { return Vec::new() };
        let (Value::Text(name) | Value::Integer(_, name) | Value::Float(_, name)) = &node.value else {
            return Vec::new();
        };
        match self.names.find(name, meant) {
            Ok(of) => of,
            Err(problem) => {
                self.problems.push(problem.at(&node.place));
                Vec::new()
            }
        }
    }

    /// Refuses what can never come: where nothing that is inserted flows, nothing can be seen.
    fn reached(&mut self, node: &Node, inputs: &[Inserted], outputs: &[Expected], rejected: &[Expected]) {
        let reached = self.names.reached(inputs.iter().flat_map(|input| &input.at).copied());
        let nodes = ["outputs", "rejected"]
            .map(|key| items(node, key).iter().filter_map(|node| Some(&node.get("extract_from")?.node)));
        let [outs, rejects] = nodes;
        let places = outs.chain(items(node, "no_outputs_from")).chain(rejects).map(|node| &node.place);
        for (expected, place) in outputs.iter().chain(rejected).zip(places) {
            if !expected.of.iter().any(|at| reached[*at]) {
                let problem =
                    Problem::new(format!("nothing that this test inserts reaches `{}`", expected.from)).at(place);
                self.problems.push(problem.help("insert at it, or at what stands before it"));
            }
        }
    }

    fn some(&mut self, node: &Node, key: &str, empty: bool, label: &str) {
        if let Some(entry) = node.get(key).filter(|_| empty) {
            self.problems.push(Problem::new(format!("`{key}` is empty")).at(&entry.key_place).label(label));
        }
    }

    fn spot(&self, place: &Place) -> String {
        self.files.spot(place)
    }
}

/// The items of a list under a key.
fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    match node.get(key).map(|entry| &entry.node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}
