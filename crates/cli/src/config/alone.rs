//! A component whose settings come from a command line.

use super::Findings;
use super::component::Part;
use super::files::{File, Files};
use super::mask;
use super::nearest::nearest;
use super::node::Node;
use super::problem::Problem;
use super::section::{alone, types};
use super::words::one_of;

/// Reads the settings of a component of that type as a pipeline file would have them, and checks them.
pub(crate) fn part<T: Part>(kind: &str, settings: &str) -> Result<T, Findings> {
    let types = types::<T>();
    if !types.contains(&kind) {
        let problem = Problem::new(format!("there is no {} of type `{kind}`", T::KIND));
        let problem = match nearest(kind, types.iter().copied()) {
            Some(name) => problem.help(format!("did you mean `{name}`?")),
            None => problem.help(one_of(&types)),
        };
        return Err(Findings::new(vec![problem.help("to run one of a pipeline by its name, give the file: -c FILE")]));
    }
    let mut file = File { path: "--settings".into(), text: settings.to_owned(), shown: String::new(), start: 0 };
    let problems = match Node::parse(settings) {
        Ok(node) => {
            file.shown = mask::mask(settings, &node);
            match alone(kind, node) {
                Ok(part) => return Ok(part),
                Err(problems) => problems,
            }
        }
        Err(problem) => {
            file.shown = mask::mask_lines(settings);
            vec![*problem]
        }
    };
    Err(Findings::sorted(Files(vec![file]), problems))
}
