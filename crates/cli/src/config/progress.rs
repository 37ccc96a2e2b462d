//! Who keeps the progress of which source: refuses what cannot be, and warns of what is less than it seems.

use super::Pipeline;
use super::component::Part;
use super::node::Place;
use super::problem::Problem;
use super::section::Written;

/// Where the components stand in the file, in its order.
pub(super) struct Places {
    sources: Vec<Place>,
    sinks: Vec<Place>,
}

impl Places {
    pub(super) fn of<S: Part, T: Part>(sources: &[Written<S>], sinks: &[Written<T>]) -> Self {
        Self {
            sources: sources.iter().map(|written| written.id_place.clone()).collect(),
            sinks: sinks.iter().map(|written| written.id_place.clone()).collect(),
        }
    }
}

/// Errors and warnings about sinks that commit events and progress together.
pub(super) fn check(pipeline: &Pipeline, places: &Places) -> Vec<Problem> {
    let mut problems = Vec::new();
    let topics: Vec<Option<&str>> = pipeline.sinks.iter().map(|sink| sink.part.checkpoint_topic()).collect();
    for (sink, topic) in topics.iter().enumerate() {
        if let Some(topic) = topic
            && let Some(first) = topics[..sink].iter().position(|other| *other == Some(topic))
        {
            let problem = Problem::new(format!(
                "two sinks keep their progress in the topic {topic}: they would fence each other"
            ));
            let problem = problem.at(&places.sinks[sink]).also(&places.sinks[first], "the first");
            problems.push(problem.help("give each a checkpoint topic of its own"));
        }
    }
    for (source, component) in pipeline.sources.iter().enumerate() {
        let reached: Vec<usize> =
            (0..pipeline.sinks.len()).filter(|sink| pipeline.sources_of(*sink).contains(&source)).collect();
        let owners: Vec<usize> =
            reached.iter().copied().filter(|sink| pipeline.sinks[*sink].part.owns_progress()).collect();
        let Some(&owner) = owners.first() else { continue };
        let name = &pipeline.sinks[owner].id;
        if let Some(&second) = owners.get(1) {
            let problem = Problem::new(format!(
                "source `{}` reaches two sinks with delivery exactly_once: only one can own its progress",
                component.id
            ));
            let problem = problem.at(&places.sinks[second]).also(&places.sinks[owner], "the first");
            problems.push(problem.help("make one of them at_least_once, or give it a source of its own"));
        }
        if pipeline.sinks[owner].part.is_shared() && !component.part.can_be_shared() {
            let problem = Problem::new(format!("source `{}` cannot be shared by a cluster", component.id));
            let problem = problem.at(&places.sources[source]).also(&places.sinks[owner], "which has a `cluster`");
            problems.push(problem.help(component.part.why_not_shared()));
        }
        for &other in reached.iter().filter(|sink| !owners.contains(sink)) {
            let problem = Problem::new(format!(
                "sink `{}` gets its events at least once, although sink `{name}` gets the same exactly once",
                pipeline.sinks[other].id
            ));
            let problem = problem.at(&places.sinks[other]).help(format!(
                "`{name}` commits what `{}` has taken already: a crash in between repeats it there, with the same uid",
                pipeline.sinks[other].id
            ));
            problems.push(problem.into_warning());
        }
    }
    problems
}
