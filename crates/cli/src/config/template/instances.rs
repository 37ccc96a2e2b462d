//! What is made of a template's transforms and sinks.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::seat::{self, Seat};
use super::{Tenants, Values};
use crate::components::Sink;
use crate::config::interpolate::interpolate;
use crate::config::node::{Entry, Node, Value};
use crate::config::problem::Problem;
use crate::config::{Part, variable};

/// All instances, by the name of the component they are made of.
pub(super) struct Instances(BTreeMap<String, Vec<Instance>>);

/// A component as it is made for some devices.
pub(super) struct Instance {
    pub(super) name: String,
    /// The devices that reach it; of no meaning where all do.
    pub(super) tenants: Tenants,
    /// The values it is made with; None where it speaks of none.
    values: Option<Values>,
}

impl Instance {
    /// Whether it is there for certain devices alone.
    pub(super) fn is_own(&self) -> bool {
        self.values.is_some()
    }
}

impl Instances {
    pub(super) fn of<'a>(components: impl Iterator<Item = &'a Entry>, seats: &[Seat], text: &str) -> Self {
        let instances = components.map(|component| {
            let names = speaks_of(component, text);
            (component.key.clone(), of_component(&component.key, &names, seats))
        });
        Self(instances.collect())
    }

    /// What is made of a component.
    pub(super) fn of_component(&self, name: &str) -> &[Instance] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The component as this instance is written.
    pub(super) fn make(
        &self,
        section: &str,
        component: &Entry,
        instance: &Instance,
        text: &str,
        problems: &mut Vec<Problem>,
    ) -> Entry {
        let mut made = component.clone();
        self.join(&mut made.node, instance);
        let none = Values::new();
        let values = instance.values.as_ref().unwrap_or(&none);
        let of = |name: &str| values.get(name).cloned().or_else(|| variable(name).filter(|_| !seat::is_value(name)));
        let (mut made, found) = within(section, made, text, &of);
        problems.extend(found);
        made.key.clone_from(&instance.name);
        made
    }

    /// Takes its inputs from what was made of them for the same devices.
    fn join(&self, node: &mut Node, instance: &Instance) {
        let Value::Table(settings) = &mut node.value else { return };
        let inputs = settings.iter_mut().find(|entry| entry.key == "inputs").map(|entry| &mut entry.node.value);
        let Some(Value::List(inputs)) = inputs else { return };
        let joined = inputs.drain(..).flat_map(|input| {
            let Value::Text(name) = &input.value else { return vec![input] };
            let Some((of, output)) = self.find(name) else { return vec![input] };
            let shared =
                |made: &&Instance| !made.is_own() || !instance.is_own() || !made.tenants.is_disjoint(&instance.tenants);
            let made = self.of_component(of).iter().filter(shared);
            let name = |made: &Instance| Value::Text(format!("{}{output}", made.name));
            made.map(|made| Node { value: name(made), place: input.place.clone() }).collect()
        });
        *inputs = joined.collect();
    }

    /// The component that an input names, and the output of it with its dot.
    fn find<'a>(&'a self, input: &'a str) -> Option<(&'a str, &'a str)> {
        if let Some((name, _)) = self.0.get_key_value(input) {
            return Some((name, ""));
        }
        let of = |(name, _): (&'a String, &'a Vec<Instance>)| {
            let output = input.strip_prefix(&**name).filter(|output| output.starts_with('.'))?;
            Some((&**name, output))
        };
        self.0.iter().filter_map(of).max_by_key(|(name, _)| name.len())
    }
}

/// The values of devices that a component speaks of.
pub(super) fn speaks_of(component: &Entry, text: &str) -> BTreeSet<String> {
    let seen = RefCell::new(BTreeSet::new());
    let see = |name: &str| {
        if seat::is_value(name) {
            seen.borrow_mut().insert(name.to_owned());
        }
        Some("1".to_owned())
    };
    within(Sink::SECTION, component.clone(), text, &see);
    seen.into_inner()
}

/// Puts values into a component as into any of a whole file.
fn within(
    section: &str,
    component: Entry,
    text: &str,
    variables: &dyn Fn(&str) -> Option<String>,
) -> (Entry, Vec<Problem>) {
    let place = component.node.place.clone();
    let table = |key: &str, entries| {
        let node = Node { value: Value::Table(entries), place: place.clone() };
        Entry { key: key.to_owned(), key_place: place.clone(), node }
    };
    let mut root = table("", vec![table(section, vec![component])]).node;
    let problems = interpolate(&mut root, text, variables);
    let mut section = root.take(section).expect("it was put there");
    let Value::Table(components) = &mut section.node.value else { unreachable!("it is a table") };
    (components.remove(0), problems)
}

fn of_component(name: &str, speaks_of: &BTreeSet<String>, seats: &[Seat]) -> Vec<Instance> {
    if speaks_of.is_empty() {
        return vec![Instance { name: name.to_owned(), tenants: Tenants::new(), values: None }];
    }
    let mut groups: BTreeMap<Vec<Option<String>>, Vec<&Seat>> = BTreeMap::new();
    for seat in seats {
        let values = seat.values();
        let key = speaks_of.iter().map(|name| values.get(&**name).cloned()).collect();
        groups.entry(key).or_default().push(seat);
    }
    let own = speaks_of.iter().any(|name| seat::is_unique(name));
    let mut taken = BTreeSet::new();
    let instances = groups.into_iter().map(|(key, seats)| {
        let suffix = if own { seats[0].id.clone() } else { suffix(&key) };
        // A name is taken twice only where two hashes are the same.
        let mut full = format!("{name}.{suffix}");
        for number in 2.. {
            if taken.insert(full.clone()) {
                break;
            }
            full = format!("{name}.{suffix}-{number}");
        }
        let values = seats[0].values();
        Instance { name: full, tenants: seats.iter().map(|seat| seat.org_id.clone()).collect(), values: Some(values) }
    });
    instances.collect()
}

/// What names may be made of. It is of the values alone, whoever else is there: what is given a name that was another's takes over
/// what that one has not delivered.
fn suffix(key: &[Option<String>]) -> String {
    let parts: Vec<&str> = key.iter().map(|part| part.as_deref().unwrap_or("none")).collect();
    let sign = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c,
        ':' => '_',
        _ => '-',
    };
    let name: String = parts.join("-").chars().map(sign).collect();
    // A dot and the colon of a port are told apart; what else no name can have is not.
    if parts.iter().all(|part| part.chars().all(|c| c.is_ascii_alphanumeric() || ".:".contains(c))) {
        return name;
    }
    let hash = blake3::hash(parts.join("\n").as_bytes()).to_hex();
    format!("{name}-{}", &hash[..8])
}
