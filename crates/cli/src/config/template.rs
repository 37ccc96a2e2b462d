//! A pipeline file for devices that it does not name: its one JumpCloud source reads all of them, and a transform or sink
//! that speaks of `${DEVICE_...}` is there once for each value of that.
//!
//! So no event can reach what was made for another device: what stands for one value is reached only by the lanes of the
//! devices that have it.

mod instances;
mod seat;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use adr_runtime::Only;

use super::component::Part;
use super::files::{File, Files};
use super::graph;
use super::interpolate::interpolate;
use super::mask;
use super::node::{Entry, Node, Value};
use super::problem::Problem;
use super::settings::Settings;
use super::{Component, Findings, Paths, Pipeline, parse_all, variable};
use crate::components::{Sink, Source, Transform};
use instances::Instances;
pub(crate) use seat::Seat;

/// The name that problems of the template show which is part of the program.
const BUILT_IN: &str = "the built-in template";
/// The template that is part of the program: one that a site can deploy as it stands.
pub(crate) const TEXT: &str = include_str!("../../../../pipelines/devices.yaml");

/// A pipeline file for devices that it does not name.
pub(crate) struct Template {
    /// Without the variables' values.
    root: Node,
    files: Files,
    /// The text of all files.
    text: String,
    settings: Settings,
}

impl Template {
    /// The one that is part of the program.
    pub(crate) fn built_in() -> Result<Self, Findings> {
        let root = Node::parse(TEXT).map_err(|problem| Findings::new(vec![*problem]))?;
        let shown = mask::mask(TEXT, &root);
        let file = File { path: Path::new(BUILT_IN).to_owned(), text: TEXT.to_owned(), shown, start: 0 };
        Self::new(root, Files(vec![file]), Vec::new())
    }

    /// Reads the files, and tries them with a device that does not exist.
    pub(crate) fn load(paths: &Paths) -> Result<Self, Findings> {
        let (root, files, problems) = parse_all(paths, None)?;
        Self::new(root, files, problems)
    }

    fn new(root: Node, files: Files, mut problems: Vec<Problem>) -> Result<Self, Findings> {
        let texts: Vec<&str> = files.0.iter().map(|file| &*file.text).collect();
        let text = texts.join("\n");
        let mut template = Self { root, files, text, settings: Settings::default() };
        problems.extend(template.misused());
        match template.expand(&[Seat::example()]) {
            Ok(pipeline) if problems.is_empty() => template.settings = pipeline.settings,
            Ok(_) => return Err(Findings::sorted(template.files, problems)),
            Err(more) => return Err(Findings::sorted(template.files, [problems, more].concat())),
        }
        Ok(template)
    }

    /// The pipeline of these devices.
    pub(crate) fn pipeline(&self, seats: &[Seat]) -> Result<Pipeline, Findings> {
        if seats.is_empty() {
            let (sources, transforms, sinks) = Default::default();
            let settings = self.settings.clone();
            let warnings = Findings::default();
            return Ok(Pipeline { settings, sources, transforms, sinks, only: Some(Only::new()), warnings });
        }
        self.expand(seats).map_err(|problems| Findings::sorted(self.files.clone(), problems))
    }

    /// Which of the devices' values it speaks of, such as `DEVICE_CCE`, and whether it can do without.
    pub(crate) fn needs(&self, name: &str) -> bool {
        let seen = RefCell::new(false);
        let mut root = self.root.clone();
        // What has a default is not missed.
        let problems = interpolate(&mut root, &self.text, &|asked| {
            if asked == name {
                *seen.borrow_mut() = true;
                return None;
            }
            Some("1".to_owned())
        });
        *seen.borrow() && !problems.is_empty()
    }

    fn expand(&self, seats: &[Seat]) -> Result<Pipeline, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut root = self.root.clone();
        let (transforms, sinks) = (take(&mut root, Transform::SECTION), take(&mut root, Sink::SECTION));
        let found = interpolate(&mut root, &self.text, &variable);
        problems.extend(found);
        self.seat(&mut root, seats, &mut problems);
        let instances = Instances::of(transforms.iter().chain(&sinks), seats, &self.text);
        let mut own = BTreeMap::new();
        for (section, components) in [(Transform::SECTION, transforms), (Sink::SECTION, sinks)] {
            let mut made = Vec::new();
            for component in &components {
                for instance in instances.of_component(&component.key) {
                    made.push(instances.make(section, component, instance, &self.text, &mut problems));
                    if instance.is_own() {
                        own.insert(instance.name.clone(), instance.tenants.clone());
                    }
                }
            }
            put(&mut root, section, made);
        }
        let pipeline = graph::pipeline(&root);
        let told: Vec<Problem> = std::mem::take(&mut problems);
        match pipeline {
            Ok(pipeline) if told.is_empty() => {
                let only = Some(reached_by(&pipeline, &own));
                let warnings = Findings { files: self.files.clone(), ..pipeline.warnings };
                Ok(Pipeline { only, warnings, ..pipeline })
            }
            Ok(_) => Err(each_once(told)),
            // What follows from a variable that is not set is not worth telling.
            Err(more) => {
                let follows = |problem: &Problem| told.iter().any(|told| told.place == problem.place);
                let more: Vec<Problem> = more.into_iter().filter(|problem| !follows(problem)).collect();
                Err(each_once([told, more].concat()))
            }
        }
    }

    /// Gives the source its tenants.
    fn seat(&self, root: &mut Node, seats: &[Seat], problems: &mut Vec<Problem>) {
        let Value::Table(sections) = &mut root.value else { return };
        let Some(sources) = sections.iter_mut().find(|section| section.key == Source::SECTION) else { return };
        let place = sources.key_place.clone();
        let Value::Table(sources) = &mut sources.node.value else { return };
        let [source] = sources.as_mut_slice() else {
            let problem = Problem::new("a template has one source, which reads all devices").at(&place);
            problems.push(problem.help("keep the one of type jumpcloud"));
            return;
        };
        let of_type = source.node.get("type").map(|entry| &entry.node.value);
        if !matches!(of_type, Some(Value::Text(name)) if name == "jumpcloud") {
            let problem = Problem::new("the source of a template reads devices").at(&source.key_place);
            problems.push(problem.help("write type: jumpcloud"));
            return;
        }
        for key in seat::OF_DEVICES {
            if let Some(entry) = source.node.get(key) {
                let problem = Problem::new(format!("`{key}` is what each device has itself")).at(&entry.key_place);
                problems.push(problem.help("remove it: `device add` asks for it"));
            }
        }
        let place = source.key_place.clone();
        if let Value::Table(settings) = &mut source.node.value {
            settings.push(seat::tenants(seats, &place));
        }
    }

    /// Values of devices where they have none.
    fn misused(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let letters = super::dead_letter::name(&self.root).map(|(_, name)| name.to_owned());
        let Some(sections) = self.root.entries() else { return problems };
        for section in sections.iter().filter(|section| section.key != super::unit_tests::SECTION) {
            let of_devices = [Transform::SECTION, Sink::SECTION].contains(&&*section.key);
            for component in section.node.entries().unwrap_or_default() {
                let names = instances::speaks_of(component, &self.text);
                let Some(name) = names.first() else { continue };
                let is_letters = section.key == Sink::SECTION && letters.as_deref() == Some(&*component.key);
                if !of_devices || is_letters {
                    let problem =
                        Problem::new(format!("`${{{name}}}` has no value here: this is there once for all devices"));
                    let problem = problem.at(&component.key_place);
                    problems.push(problem.help("only transforms and sinks with `inputs` can be of one device"));
                }
            }
        }
        problems
    }
}

/// Who reaches what is there for certain devices alone. An output of a route is a component of its own.
fn reached_by(pipeline: &Pipeline, own: &BTreeMap<String, Tenants>) -> Only {
    fn of<T: Part>(components: &[Component<T>]) -> impl Iterator<Item = (&Arc<str>, &str)> {
        components.iter().map(|component| (&component.id, component.written()))
    }
    let all = of(&pipeline.transforms).chain(of(&pipeline.sinks));
    all.filter_map(|(id, written)| Some((id.clone(), own.get(written)?.clone()))).collect()
}

/// Takes the components of a section out.
fn take(root: &mut Node, section: &str) -> Vec<Entry> {
    let Value::Table(sections) = &mut root.value else { return Vec::new() };
    let found = sections.iter_mut().find(|entry| entry.key == section);
    match found.map(|entry| &mut entry.node.value) {
        Some(Value::Table(components)) => std::mem::take(components),
        _ => Vec::new(),
    }
}

/// Puts components into their section.
fn put(root: &mut Node, section: &str, components: Vec<Entry>) {
    let Value::Table(sections) = &mut root.value else { return };
    let found = sections.iter_mut().find(|entry| entry.key == section);
    if let Some(Value::Table(empty)) = found.map(|entry| &mut entry.node.value) {
        *empty = components;
    }
}

/// What is wrong with a component is told once, however many were made of it.
fn each_once(problems: Vec<Problem>) -> Vec<Problem> {
    let mut told: Vec<Problem> = Vec::new();
    for problem in problems {
        if problem.place.is_none()
            || !told.iter().any(|told| told.place == problem.place && told.label == problem.label)
        {
            told.push(problem);
        }
    }
    told
}

type Tenants = BTreeSet<Arc<str>>;
type Values = BTreeMap<&'static str, String>;

#[cfg(test)]
mod tests;
