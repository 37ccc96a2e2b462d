//! A section of the file: its components by id, each read straight into its own struct.

use std::sync::Arc;

use adr_core::{Failure, FailureKind, SecretRef};

use super::buffer::Buffer;
use super::component::Part;
use super::dead_letter;
use super::identity;
use super::mask;
use super::node::{Entry, Node, Place, Value};
use super::pin::pin;
use super::problem::Problem;
use super::read::read;
use super::words::listed;

/// A component as the file has it, its inputs still names.
pub(super) struct Written<T> {
    pub(super) id: Arc<str>,
    pub(super) id_place: Place,
    /// None where its settings cannot be read: its name counts all the same.
    pub(super) part: Option<T>,
    pub(super) inputs: Vec<(String, Place)>,
    pub(super) buffer: Option<Buffer>,
    pub(super) warnings: Vec<Problem>,
    /// Its type and settings as text: what a later version of the file is compared with.
    pub(super) text: String,
    /// The secrets it refers to.
    pub(super) secrets: Vec<SecretRef>,
}

/// Reads the components of a section.
pub(super) fn section<T: Part>(root: &Node, problems: &mut Vec<Problem>) -> Vec<Written<T>> {
    let Some(entry) = root.get(T::SECTION) else { return Vec::new() };
    match &entry.node.value {
        Value::Null => Vec::new(),
        Value::Table(entries) => {
            let letters = dead_letter::name(root).map(|(_, name)| name);
            let takes_letters = |entry: &Entry| T::KIND == "sink" && letters == Some(&*entry.key);
            entries.iter().map(|entry| component(entry, takes_letters(entry), problems)).collect()
        }
        _ => {
            let problem = Problem::new(format!("`{}` must be a mapping of components by their names", T::SECTION));
            let example = format!("{}:\n  my_name:\n    type: ...", T::SECTION);
            problems.push(problem.at(&entry.node.place).label(entry.node.describe()).help(example));
            Vec::new()
        }
    }
}

fn component<T: Part>(entry: &Entry, takes_letters: bool, problems: &mut Vec<Problem>) -> Written<T> {
    let mut written = Written {
        id: entry.key.as_str().into(),
        id_place: entry.key_place.clone(),
        part: None,
        inputs: Vec::new(),
        buffer: None,
        warnings: Vec::new(),
        text: String::new(),
        secrets: Vec::new(),
    };
    let legible = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if entry.key.is_empty() || !entry.key.bytes().all(legible) {
        let problem = Problem::new(format!("`{}` is no name for a component", entry.key)).at(&entry.key_place);
        problems.push(problem.help("use letters, digits, `_`, `-` and `.`: the name is used in logs and metrics"));
    }
    let mut settings = entry.node.clone();
    if !matches!(settings.value, Value::Table(_) | Value::Null) {
        let problem = Problem::new(format!("{} `{}` must be a mapping of settings", T::KIND, entry.key));
        problems.push(problem.at(&settings.place).label(settings.describe()));
        return written;
    }
    let kind = settings.take("type");
    if takes_letters {
        if let Some(inputs) = settings.take("inputs") {
            let problem = Problem::new(format!("sink `{}` is the dead letter and takes no `inputs`", entry.key));
            let problem = problem.at(&inputs.key_place).blurs_graph();
            problems.push(problem.help("what is rejected flows into it, and nothing else"));
        }
    } else if T::KIND != "source" {
        written.inputs = inputs::<T>(entry, settings.take("inputs"), problems);
    } else if let Some(inputs) = settings.take("inputs") {
        let problem = Problem::new("a source takes no `inputs`: it is where events come from");
        problems.push(problem.at(&inputs.key_place).help("name the source in the `inputs` of a transform or a sink"));
    }
    if T::KIND == "sink"
        && let Some(buffer) = settings.take("buffer")
    {
        let what = format!("the `buffer` of sink `{}`", entry.key);
        match read::<Buffer>(&buffer.node, &what) {
            Ok(Buffer { max_events: 0, .. }) => {
                let problem = Problem::new("`max_events` must be 1 or more: nothing could ever flow");
                problems.push(problem.at(&buffer.node.place));
            }
            Ok(read) => written.buffer = Some(read),
            Err(found) => problems.extend(found),
        }
    }
    let Some(kind) = kind else {
        let problem = Problem::new(format!("{} `{}` has no `type`", T::KIND, entry.key)).at(&entry.key_place);
        problems.push(problem.label("what is it?").help(format!("add its `type`: {}", listed(&types::<T>(), "or"))));
        return written;
    };
    written.secrets = mask::references(&settings);
    written.text = format!("{} {}", identity::of(&kind.node), identity::of(&settings));
    match part::<T>(entry, kind, settings) {
        Ok((part, warnings)) => (written.part, written.warnings) = (Some(part), warnings),
        Err(found) => problems.extend(found),
    }
    written
}

/// Reads a component's settings into the struct of its type, and says what will hurt.
fn part<T: Part>(entry: &Entry, kind: Entry, mut settings: Node) -> Result<(T, Vec<Problem>), Vec<Problem>> {
    let Value::Text(name) = kind.node.value else {
        let problem = Problem::new(format!("the `type` of {} `{}` must be a name", T::KIND, entry.key));
        return Err(vec![problem.at(&kind.node.place).label(kind.node.describe())]);
    };
    // A missing key is shown at the component's name.
    settings.place = entry.key_place.clone();
    let what = format!("{} `{}`", T::KIND, entry.key);
    let tagged = Entry { key: name.clone(), key_place: kind.node.place.clone(), node: settings };
    let tree = Node { value: Value::Table(vec![tagged]), place: entry.key_place.clone() };
    let part: T = read(&tree, &what).map_err(|mut problems| {
        for problem in &mut problems {
            if problem.place.as_ref() == Some(&kind.node.place) && types::<T>().contains(&&*name) {
                // What is missing is missing in the component.
                problem.message = format!("{what}: {}", problem.message);
            } else if problem.place.as_ref() == Some(&kind.node.place) {
                problem.message = format!("there is no {} of type `{name}`", T::KIND);
            } else if problem.place.as_ref() == Some(&entry.key_place) {
                problem.message = format!("{what}: {}", problem.message);
            }
        }
        problems
    })?;
    let settings = &tree.entries().expect("made as a table")[0].node;
    part.check().map_err(|failure| vec![pin(&failure, &what, settings)])?;
    let warning = |text| pin(&Failure::fatal(FailureKind::Config, text), &what, settings).into_warning();
    let warnings = part.warnings().into_iter().map(warning).collect();
    Ok((part, warnings))
}

/// A component that stands in no file: its type and its settings, which may be none.
pub(super) fn alone<T: Part>(kind: &str, mut settings: Node) -> Result<T, Vec<Problem>> {
    if let Value::Null = settings.value {
        settings.value = Value::Table(Vec::new());
    }
    let place = settings.place.start..settings.place.start;
    if !matches!(settings.value, Value::Table(_)) {
        let problem = Problem::new("settings are a mapping, such as {name: value}").at(&settings.place);
        return Err(vec![problem.label(settings.describe())]);
    }
    let node = Node { value: Value::Text(kind.to_owned()), place: usize::MAX..usize::MAX };
    let of = Entry { key: "type".to_owned(), key_place: place.clone(), node };
    let entry = Entry { key: kind.to_owned(), key_place: place, node: settings.clone() };
    part::<T>(&entry, of, settings).map(|(part, _)| part)
}

fn inputs<T: Part>(component: &Entry, inputs: Option<Entry>, problems: &mut Vec<Problem>) -> Vec<(String, Place)> {
    let what = format!("{} `{}`", T::KIND, component.key);
    let Some(inputs) = inputs else {
        let problem = Problem::new(format!("{what} has no `inputs`")).at(&component.key_place);
        let problem = problem.label("nothing flows into it");
        problems
            .push(problem.help("name the sources or transforms it takes events from: inputs: [name]").blurs_graph());
        return Vec::new();
    };
    let place = &inputs.node.place;
    let Value::List(items) = inputs.node.value else {
        let problem = Problem::new(format!("the `inputs` of {what} must be a list of names")).at(place);
        problems.push(match inputs.node.value {
            Value::Text(name) => problem.help(format!("write inputs: [{name}]")).blurs_graph(),
            _ => problem.help("write inputs: [name]").blurs_graph(),
        });
        return Vec::new();
    };
    if items.is_empty() {
        let problem = Problem::new(format!("the `inputs` of {what} are empty")).at(&inputs.key_place).blurs_graph();
        problems.push(problem.help("name the sources or transforms it takes events from: inputs: [name]"));
    }
    let mut names: Vec<(String, Place)> = Vec::new();
    for item in items {
        match item.value {
            Value::Text(name) | Value::Integer(_, name) | Value::Float(_, name) => {
                if let Some((_, first)) = names.iter().find(|(other, _)| *other == name) {
                    let problem = Problem::new(format!("{what} names the input `{name}` twice")).at(&item.place);
                    problems.push(problem.also(first, "named here").help("every event would come twice: keep one"));
                } else {
                    names.push((name, item.place));
                }
            }
            _ => {
                let problem = Problem::new(format!("an input of {what} must be a name")).at(&item.place);
                problems.push(problem.help("write inputs: [name]").blurs_graph());
            }
        }
    }
    names
}

/// The names of all types of this kind, from the enum itself.
pub(super) fn types<T: Part>() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);
    impl<'de> serde::Deserializer<'de> for &mut Names {
        type Error = serde::de::value::Error;

        fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(serde::de::Error::custom("only the names are asked for"))
        }

        fn deserialize_enum<V: serde::de::Visitor<'de>>(
            self,
            _: &'static str,
            variants: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            self.0 = variants.to_vec();
            self.deserialize_any(visitor)
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct identifier ignored_any
        }
    }
    let mut names = Names(Vec::new());
    // It always fails: the names are what is wanted.
    let _ = T::deserialize(&mut names);
    names.0
}
