use std::fmt::Write as _;

use adr_runtime::Input;

use crate::args::{Graph, GraphFormat, Logging};
use crate::config::{Part, Pipeline};
use crate::exit::Outcome;
use crate::out::answer;

/// `graph`: how the components are joined, for a page or a picture.
pub(super) fn graph(args: &Graph, logging: &Logging) -> Outcome {
    let drawing = Drawing::of(&super::load(&args.config.paths(), logging)?);
    answer(&match args.format {
        GraphFormat::Mermaid => drawing.mermaid(),
        GraphFormat::Dot => drawing.dot(),
    })
}

/// What is drawn: boxes, and which flows into which.
#[derive(Default)]
struct Drawing {
    boxes: Vec<Drawn>,
    arrows: Vec<(usize, usize)>,
    /// What is rejected flows into this one.
    dead_letter: Option<usize>,
}

struct Drawn {
    id: String,
    /// `source jumpcloud`
    kind: String,
    section: &'static str,
}

impl Drawing {
    fn of(pipeline: &Pipeline) -> Self {
        let mut drawing = Self::default();
        pipeline.sources.iter().for_each(|source| drawing.add(&source.id, &source.part));
        pipeline.transforms.iter().for_each(|transform| drawing.add(&transform.id, &transform.part));
        pipeline.sinks.iter().for_each(|sink| drawing.add(&sink.id, &sink.part));
        let sources = pipeline.sources.len();
        let inputs = pipeline.transforms.iter().map(|transform| &transform.inputs);
        for (to, inputs) in inputs.chain(pipeline.sinks.iter().map(|sink| &sink.inputs)).enumerate() {
            for input in inputs {
                let from = match *input {
                    Input::Source(at) => at,
                    Input::Transform(at) => sources + at,
                };
                drawing.arrows.push((from, sources + to));
            }
        }
        drawing.dead_letter = pipeline.dead_letter().map(|sink| sources + pipeline.transforms.len() + sink);
        drawing
    }

    fn add<T: Part>(&mut self, id: &str, part: &T) {
        let kind = format!("{} {}", T::KIND, part.type_name());
        self.boxes.push(Drawn { id: id.to_owned(), kind, section: T::KIND });
    }

    /// For GitHub, GitLab and <https://mermaid.live>.
    fn mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        for (number, drawn) in self.boxes.iter().enumerate() {
            // A sink is drawn as what stores, a source as where it begins.
            let (open, close) = match drawn.section {
                "source" => ("([", "])"),
                "sink" => ("[(", ")]"),
                _ => ("[", "]"),
            };
            let Drawn { id, kind, .. } = drawn;
            writeln!(text, "    c{number}{open}\"<b>{id}</b><br/>{kind}\"{close}").expect("a string takes it");
        }
        for (from, to) in &self.arrows {
            writeln!(text, "    c{from} --> c{to}").expect("a string takes it");
        }
        if let Some(to) = self.dead_letter {
            writeln!(text, "    rejected -.-> c{to}").expect("a string takes it");
        }
        text
    }

    /// For `dot -Tsvg`.
    fn dot(&self) -> String {
        let mut text = "digraph pipeline {\n    rankdir=LR;\n    node [fontname=\"sans-serif\"];\n".to_owned();
        for (number, drawn) in self.boxes.iter().enumerate() {
            let shape = match drawn.section {
                "source" => "ellipse",
                "sink" => "cylinder",
                _ => "box",
            };
            let Drawn { id, kind, .. } = drawn;
            writeln!(text, "    c{number} [shape={shape} label=\"{id}\\n{kind}\"];").expect("a string takes it");
        }
        for (from, to) in &self.arrows {
            writeln!(text, "    c{from} -> c{to};").expect("a string takes it");
        }
        if let Some(to) = self.dead_letter {
            writeln!(text, "    rejected [shape=plaintext];\n    rejected -> c{to} [style=dashed];")
                .expect("a string takes it");
        }
        text + "}\n"
    }
}
