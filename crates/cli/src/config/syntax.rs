//! Text that is no YAML, said in words for people who write pipelines.

use super::node::{Place, range};
use super::problem::Problem;

/// The problem that the YAML reader found.
pub(super) fn problem(text: &str, error: &serde_saphyr::Error) -> Problem {
    use serde_saphyr::Error;
    let at = error.location().map(|location| range(&location, text));
    let problem = match error.without_snippet() {
        Error::DuplicateMappingKey { key, .. } => {
            let name = key.as_deref().map_or_else(|| "a key".to_owned(), |key| format!("`{key}`"));
            let problem = Problem::new(format!("{name} is given twice")).label("the second time");
            problem.help("keep one of the two")
        }
        Error::MultipleDocuments { .. } => Problem::new("the file holds more than one YAML document")
            .label("the second begins here")
            .help("a pipeline file is one document: remove the line `---` and join the two"),
        Error::UnknownAnchor { .. } => Problem::new("this alias refers to an anchor that is not there")
            .label("no `&` of this name stands before it")
            .help("text that begins with `*` needs quotes"),
        _ => {
            // The reader's own words end in the place, which is shown beside them.
            let words = error.without_snippet().to_string();
            let words = words.split(" at line ").next().unwrap_or(&words);
            let problem = Problem::new(format!("this is not YAML: {words}"));
            if tab_indented(text, at.as_ref()) {
                problem.help("indent with spaces: YAML takes no tabs")
            } else if line(text, at.as_ref()).contains("${") {
                problem.help("between brackets and braces a variable needs quotes: [\"${NAME}\"]")
            } else {
                problem
            }
        }
    };
    match at {
        Some(at) => problem.at(&at),
        None => problem,
    }
}

/// Whether the line at the place begins with a tab: a mistake that cannot be seen.
fn tab_indented(text: &str, place: Option<&Place>) -> bool {
    line(text, place).trim_start_matches(' ').starts_with('\t')
}

/// The line at the place.
fn line<'a>(text: &'a str, place: Option<&Place>) -> &'a str {
    let start = place.map_or(0, |place| place.start.min(text.len()));
    let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    text[line..].lines().next().unwrap_or_default()
}
