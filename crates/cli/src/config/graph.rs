//! Joins the components by their inputs, and refuses graphs that cannot be meant.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adr_runtime::Input;

use super::component::Part;
use super::dead_letter;
use super::hurts;
use super::nearest::nearest;
use super::node::{Node, Place, Value};
use super::problem::Problem;
use super::progress::{self, Places};
use super::read::read;
use super::section::{Written, section};
use super::settings::Settings;
use super::words::one_of;
use super::{Component, Findings, Output, Pipeline};
use crate::args::DRAIN_SECS;
use crate::components::{Sink, Source, Transform};

/// Checks a whole file and makes a pipeline of it, or says all that is wrong.
pub(super) fn pipeline(root: &Node) -> Result<Pipeline, Vec<Problem>> {
    if matches!(root.value, Value::Null) || root.entries().is_some_and(<[_]>::is_empty) {
        let problem = Problem::new("the pipeline file is empty");
        return Err(vec![problem.help("it needs `sources:` and `sinks:`; see pipelines/jumpcloud-to-stdout.yaml")]);
    }
    if root.entries().is_none() {
        let problem = Problem::new("a pipeline file is a mapping with `sources:` and `sinks:`").at(&root.place);
        return Err(vec![problem.label(root.describe())]);
    }
    let mut problems = Vec::new();
    let settings = read::<Settings>(root, "a pipeline file").unwrap_or_else(|found| {
        // A section that is not known by its name has components that are not known either.
        let misspelt = |problem: Problem| {
            if problem.message.starts_with("unknown key") { problem.blurs_graph() } else { problem }
        };
        problems.extend(found.into_iter().map(misspelt));
        Settings::default()
    });
    let mut sources = section::<Source>(root, &mut problems);
    let mut transforms = section::<Transform>(root, &mut problems);
    let mut sinks = section::<Sink>(root, &mut problems);
    dead_letter::check(root, &sinks, &mut problems);
    check_buffers(&sinks, &mut problems);
    let warnings: Vec<Problem> =
        [warnings(&mut sources), warnings(&mut transforms), warnings(&mut sinks), slow(&sources, &sinks)].concat();
    let outputs = Outputs::of(&transforms);
    if !blurred(&problems) {
        for (name, empty) in [("sources", sources.is_empty()), ("sinks", sinks.is_empty())] {
            problems.extend(empty.then(|| without(name, root)));
        }
    }
    let names = Names::of(&sources, &transforms, &sinks, &mut problems);
    if !blurred(&problems) {
        check_inputs(&transforms, &names, &outputs, &mut problems);
        check_inputs(&sinks, &names, &outputs, &mut problems);
    }
    if !blurred(&problems) {
        check_used(&sources, &transforms, &sinks, &outputs, &mut problems);
    }
    check_alone(&sources, &mut problems);
    check_alone(&sinks, &mut problems);
    let order = if blurred(&problems) { Vec::new() } else { order(&transforms, &outputs, &mut problems) };
    if !problems.is_empty() {
        problems.extend(warnings);
        return Err(problems);
    }
    let warnings = [warnings, unread(&transforms, &sinks, &outputs)].concat();
    let places = Places::of(&sources, &sinks);
    let pipeline = join(settings, sources, transforms, sinks, &order, &outputs);
    let (more, warned): (Vec<_>, Vec<_>) = progress::check(&pipeline, &places).into_iter().partition(Problem::is_error);
    let warnings = [warnings, warned, hurts::check(root, &pipeline)].concat();
    if more.is_empty() {
        return Ok(Pipeline { warnings: Findings::new(warnings), ..pipeline });
    }
    Err([more, warnings].concat())
}

fn warnings<T>(components: &mut [Written<T>]) -> Vec<Problem> {
    components.iter_mut().flat_map(|written| std::mem::take(&mut written.warnings)).collect()
}

/// Sinks whose `rate_limit` is so low that one page of each tenant takes longer than a stop waits.
fn slow(sources: &[Written<Source>], sinks: &[Written<Sink>]) -> Vec<Problem> {
    let limits: Vec<u32> =
        sources.iter().filter_map(|written| written.part.as_ref()).flat_map(Source::page_limits).collect();
    let limit = DRAIN_SECS;
    let slow = |written: &Written<Sink>| {
        let (largest, rate) = (*limits.iter().max()?, written.part.as_ref()?.rate_limit()?);
        let events = limits.iter().fold(0, |sum: u32, page| sum.saturating_add(*page));
        let seconds = rate.interval().saturating_mul(events).as_secs();
        let fits = u64::from(largest) * limit / seconds.max(1) / 2;
        let problem = Problem::new(format!(
            "sink `{}`: at its `rate_limit` one page of each tenant ({events} events) takes {seconds} s, and a stop waits \
             for {limit} s",
            written.id
        ));
        let help = format!(
            "what is delivered of an unfinished page is sent again after the next start: set `page_limit` of the source \
             to {} or less",
            fits.max(1)
        );
        (seconds > limit).then(|| problem.at(&written.id_place).help(help).into_warning())
    };
    sinks.iter().filter_map(slow).collect()
}

/// A limit of what waits where nothing waits.
fn check_buffers(sinks: &[Written<Sink>], problems: &mut Vec<Problem>) {
    let owners = sinks.iter().filter(|written| written.part.as_ref().is_some_and(Sink::owns_progress));
    for written in owners.filter(|written| written.buffer.is_some()) {
        let problem = Problem::new(format!(
            "sink `{}` has no `buffer`: it commits events and progress together, and nothing waits in between",
            written.id
        ));
        problems.push(problem.at(&written.id_place).help("leave it out, or set delivery: at_least_once"));
    }
}

/// Whether how the components are joined is an open question.
fn blurred(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.blurs_graph)
}

fn without(section: &str, root: &Node) -> Problem {
    let problem = Problem::new(format!("the pipeline has no {section}")).blurs_graph();
    let problem = match root.get(section) {
        Some(entry) => problem.at(&entry.key_place),
        None => problem,
    };
    problem.help(format!("add one under `{section}:`; every pipeline needs a source and a sink"))
}

/// The outputs of transforms that have several, by the transform's index.
struct Outputs(BTreeMap<usize, Several>);

struct Several {
    id: Arc<str>,
    place: Place,
    names: BTreeSet<String>,
}

impl Outputs {
    fn of(transforms: &[Written<Transform>]) -> Self {
        let several = transforms.iter().enumerate().filter_map(|(at, written)| {
            let names = written.part.as_ref()?.outputs();
            let (id, place) = (written.id.clone(), written.id_place.clone());
            (!names.is_empty()).then_some((at, Several { id, place, names }))
        });
        Self(several.collect())
    }

    /// The transform that an input names an output of, and the output.
    fn find<'a>(&self, input: &'a str) -> Option<(usize, &'a str)> {
        self.0.iter().find_map(|(at, several)| {
            let output = input.strip_prefix(&*several.id)?.strip_prefix('.')?;
            several.names.contains(output).then_some((*at, output))
        })
    }

    /// The transform of that name, where it has several outputs.
    fn whole(&self, input: &str) -> Option<&Several> {
        self.0.values().find(|several| &*several.id == input)
    }
}

/// Outputs that nobody reads: their events are dropped.
fn unread(transforms: &[Written<Transform>], sinks: &[Written<Sink>], outputs: &Outputs) -> Vec<Problem> {
    let inputs = transforms.iter().flat_map(|written| &written.inputs);
    let inputs = inputs.chain(sinks.iter().flat_map(|written| &written.inputs));
    let read: BTreeSet<&str> = inputs.map(|(name, _)| name.as_str()).collect();
    let mut problems = Vec::new();
    for several in outputs.0.values() {
        let named = several.names.iter().map(|name| format!("{}.{name}", several.id));
        let unread: Vec<String> =
            named.filter(|name| !read.contains(&**name)).map(|name| format!("`{name}`")).collect();
        if !unread.is_empty() {
            let problem = Problem::new(format!("nothing takes events from {}: they are dropped", unread.join(" and ")));
            problems
                .push(problem.at(&several.place).help("name it in some `inputs`, or take it as meant").into_warning());
        }
    }
    problems
}

/// Every component's name: its kind and its place.
struct Names(BTreeMap<String, (&'static str, Place)>);

impl Names {
    fn of(
        sources: &[Written<Source>],
        transforms: &[Written<Transform>],
        sinks: &[Written<Sink>],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let sources = sources.iter().map(|written| (Source::KIND, &*written.id, &written.id_place));
        let transforms = transforms.iter().map(|written| (Transform::KIND, &*written.id, &written.id_place));
        let sinks = sinks.iter().map(|written| (Sink::KIND, &*written.id, &written.id_place));
        let mut names: BTreeMap<String, (&'static str, Place)> = BTreeMap::new();
        for (kind, id, place) in sources.chain(transforms).chain(sinks) {
            if let Some((other, first)) = names.get(id) {
                let problem =
                    Problem::new(format!("the name `{id}` is used twice")).at(place).label(format!("a {kind}"));
                let problem = problem.also(first, format!("and a {other}"));
                let problem = problem.blurs_graph();
                problems.push(problem.help("give each component its own name: inputs, logs and metrics use it"));
                continue;
            }
            names.insert(id.to_owned(), (kind, place.clone()));
        }
        Self(names)
    }
}

fn check_inputs<T: Part>(components: &[Written<T>], names: &Names, outputs: &Outputs, problems: &mut Vec<Problem>) {
    for written in components {
        for (input, place) in &written.inputs {
            if let Some(several) = outputs.whole(input) {
                let named: Vec<String> = several.names.iter().map(|name| format!("{input}.{name}")).collect();
                let named: Vec<&str> = named.iter().map(String::as_str).collect();
                let problem = Problem::new(format!("`{input}` has several outputs: name the one that is meant"));
                problems.push(problem.at(place).help(one_of(&named)).blurs_graph());
                continue;
            }
            if outputs.find(input).is_some() {
                continue;
            }
            match names.0.get(input) {
                Some(("sink", _)) => {
                    let problem = Problem::new(format!("`{input}` is a sink: nothing flows out of it")).at(place);
                    problems.push(problem.help("name a source or a transform").blurs_graph());
                }
                Some(_) => {}
                None => problems.push(dangling(input, place, names, outputs, T::KIND, &written.id)),
            }
        }
    }
}

fn dangling(input: &str, place: &Place, names: &Names, outputs: &Outputs, kind: &str, id: &str) -> Problem {
    let problem = Problem::new(format!("no source or transform is named `{input}`")).at(place).blurs_graph();
    let problem = problem.label(format!("an input of {kind} `{id}`"));
    let others = names.0.iter().filter(|(name, (kind, _))| *kind != "sink" && *name != id);
    let single = others.map(|(name, _)| name.clone()).filter(|name| outputs.whole(name).is_none());
    let several = outputs.0.values().filter(|several| &*several.id != id);
    let several = several.flat_map(|several| several.names.iter().map(|name| format!("{}.{name}", several.id)));
    let others: Vec<String> = single.chain(several).collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    match nearest(input, others.iter().copied()) {
        Some(name) => problem.help(format!("did you mean `{name}`?")),
        None if others.is_empty() => problem,
        None => problem.help(one_of(&others)),
    }
}

fn check_used(
    sources: &[Written<Source>],
    transforms: &[Written<Transform>],
    sinks: &[Written<Sink>],
    outputs: &Outputs,
    problems: &mut Vec<Problem>,
) {
    let inputs = transforms.iter().flat_map(|written| &written.inputs);
    let used = inputs.chain(sinks.iter().flat_map(|written| &written.inputs)).map(|(name, _)| name.as_str());
    let of = |name| outputs.find(name).map_or(name, |(at, _)| &*outputs.0[&at].id);
    let used: BTreeSet<&str> = used.map(of).collect();
    let sources = sources.iter().map(|written| (Source::KIND, &*written.id, &written.id_place));
    let transforms = transforms.iter().map(|written| (Transform::KIND, &*written.id, &written.id_place));
    for (kind, id, place) in sources.chain(transforms).filter(|(_, id, _)| !used.contains(id)) {
        let problem = Problem::new(format!("nothing takes events from {kind} `{id}`")).at(place);
        let input = match outputs.whole(id).and_then(|several| several.names.first()) {
            Some(output) => format!("{id}.{output}"),
            None => id.to_owned(),
        };
        problems.push(
            problem.help(format!("name it in the `inputs` of a transform or a sink: inputs: [{input}], or remove it")),
        );
    }
}

fn check_alone<T: Part>(components: &[Written<T>], problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<Cow<'_, str>, &Written<T>> = BTreeMap::new();
    for written in components {
        let Some(what) = written.part.as_ref().and_then(Part::alone) else { continue };
        if let Some(first) = seen.insert(what.clone(), written) {
            let problem = Problem::new(format!("two {}s share {what}: their lines would mix", T::KIND));
            let problem = problem.at(&written.id_place).also(&first.id_place, "the first");
            problems.push(problem.help(format!("keep one {}, and give it both inputs", T::KIND)));
        }
    }
}

/// The transforms in the order of the flow, by index. A cycle has none.
fn order(transforms: &[Written<Transform>], outputs: &Outputs, problems: &mut Vec<Problem>) -> Vec<usize> {
    let mut index: BTreeMap<&str, usize> =
        transforms.iter().enumerate().map(|(at, written)| (&*written.id, at)).collect();
    let inputs = transforms.iter().flat_map(|written| &written.inputs);
    index.extend(inputs.filter_map(|(name, _)| Some((name.as_str(), outputs.find(name)?.0))));
    let mut order: Vec<usize> = Vec::new();
    while order.len() < transforms.len() {
        let ready = (0..transforms.len()).find(|at| {
            let before = |(name, _): &(String, Place)| index.get(name.as_str()).is_none_or(|at| order.contains(at));
            !order.contains(at) && transforms[*at].inputs.iter().all(before)
        });
        let Some(ready) = ready else {
            problems.push(cycle(transforms, &index, &order));
            break;
        };
        order.push(ready);
    }
    order
}

fn cycle(transforms: &[Written<Transform>], index: &BTreeMap<&str, usize>, done: &[usize]) -> Problem {
    let back = |at: usize| {
        transforms[at].inputs.iter().find_map(|(name, place)| {
            let next = *index.get(name.as_str())?;
            (!done.contains(&next)).then_some((next, place))
        })
    };
    let mut at = (0..transforms.len()).find(|at| !done.contains(at)).expect("not all are done");
    // Walk against the flow until a transform comes again: from there on it is the circle.
    let mut path: Vec<usize> = Vec::new();
    while !path.contains(&at) {
        path.push(at);
        at = back(at).expect("what is not done waits for another that is not").0;
    }
    let start = path.iter().position(|other| *other == at).expect("the walk ended on it");
    let circle = path[start..=start].iter().chain(path[start + 1..].iter().rev()).chain([&at]);
    let names: Vec<String> = circle.map(|at| format!("`{}`", transforms[*at].id)).collect();
    let place = back(at).expect("it is in the circle").1;
    let problem = Problem::new(format!("events would run in a circle: {}", names.join(" -> "))).at(place);
    problem.label("this closes the circle").help("take one of these names out of the other's `inputs`")
}

fn join(
    settings: Settings,
    sources: Vec<Written<Source>>,
    transforms: Vec<Written<Transform>>,
    sinks: Vec<Written<Sink>>,
    order: &[usize],
    outputs: &Outputs,
) -> Pipeline {
    let all = transforms.iter().flat_map(|written| &written.inputs);
    let all = all.chain(sinks.iter().flat_map(|written| &written.inputs)).map(|(name, _)| name.as_str());
    let mut read: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (at, output) in all.filter_map(|name| outputs.find(name)) {
        read.entry(at).or_default().insert(output.to_owned());
    }
    let mut inputs: BTreeMap<String, Input> = BTreeMap::new();
    for (at, written) in sources.iter().enumerate() {
        inputs.insert(written.id.to_string(), Input::Source(at));
    }
    let mut transforms: Vec<Option<Written<Transform>>> = transforms.into_iter().map(Some).collect();
    let mut joined: Vec<Component<Transform>> = Vec::new();
    for index in order {
        let written = transforms[*index].take().expect("each stands in the order once");
        let component = component(written, &inputs);
        let Some(read) = read.get(index) else {
            inputs.insert(component.id.to_string(), Input::Transform(joined.len()));
            joined.push(component);
            continue;
        };
        // Each output that is read is a component of its own.
        for name in read {
            let id = format!("{}.{name}", component.id);
            inputs.insert(id.clone(), Input::Transform(joined.len()));
            let output = Output { name: name.clone(), read: read.clone() };
            let same = component.with(component.part.clone(), component.inputs.clone());
            joined.push(Component { id: id.into(), output: Some(output), ..same });
        }
    }
    Pipeline {
        settings,
        sources: sources.into_iter().map(|written| component(written, &inputs)).collect(),
        transforms: joined,
        sinks: sinks.into_iter().map(|written| component(written, &inputs)).collect(),
        only: None,
        warnings: Findings::default(),
    }
}

fn component<T>(written: Written<T>, inputs: &BTreeMap<String, Input>) -> Component<T> {
    Component {
        id: written.id,
        part: written.part.expect("a part that cannot be read is a problem"),
        inputs: written.inputs.iter().map(|(name, _)| inputs[name]).collect(),
        output: None,
        buffer: written.buffer,
        secrets: written.secrets,
        text: written.text,
    }
}
