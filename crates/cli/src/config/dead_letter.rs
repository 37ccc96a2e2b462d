//! The sink that takes what is rejected.

use adr_core::Encoding;

use super::component::Part;
use super::nearest::nearest;
use super::node::{Entry, Node, Value};
use super::problem::Problem;
use super::section::Written;
use crate::components::Sink;

/// The name of that sink, where the file has one.
pub(super) fn name(root: &Node) -> Option<(&Entry, &str)> {
    let entry = root.get("dead_letter")?;
    match &entry.node.value {
        Value::Text(name) => Some((entry, name)),
        _ => None,
    }
}

/// What keeps that sink from being one.
pub(super) fn check(root: &Node, sinks: &[Written<Sink>], problems: &mut Vec<Problem>) {
    let Some((entry, name)) = name(root) else { return };
    let Some(written) = sinks.iter().find(|written| &*written.id == name) else {
        let problem = Problem::new(format!("no sink is named `{name}`")).at(&entry.node.place).blurs_graph();
        let help = match nearest(name, sinks.iter().map(|written| &*written.id)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add it under `{}:`, without `inputs`: what is rejected flows into it", Sink::SECTION),
        };
        problems.push(problem.label("serves as the dead letter").help(help));
        return;
    };
    let Some(part) = &written.part else { return };
    let mut refuse = |why: String, help: &str| {
        let problem = Problem::new(format!("sink `{name}` cannot be the dead letter: {why}"));
        problems.push(problem.at(&written.id_place).also(&entry.node.place, "named here").help(help));
    };
    if part.owns_progress() {
        refuse("it commits events and progress together".to_owned(), "set delivery: at_least_once");
    }
    if part.encoding() != Encoding::Json {
        refuse("what is rejected is no ADR event, and its `encoding` takes no other".to_owned(), "set encoding: json");
    }
    let owner = sinks.iter().find(|sink| sink.part.as_ref().is_some_and(Sink::owns_progress));
    if let Some(owner) = owner.filter(|_| matches!(part, Sink::Stdout(_))) {
        let why = format!("a pipe cannot acknowledge, and sink `{}` commits at once", owner.id);
        refuse(why, "take a sink of another type, or leave `dead_letter` out: a file in `state_dir` takes its place");
    }
}
