//! What is wrong with a pipeline file, said as a good compiler says it.

use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::files::{File, Files};
use super::mask::in_words;
use super::node::Place;

/// One thing that is wrong, where, and what would be right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problem {
    /// What is wrong, in one line.
    pub(crate) message: String,
    /// Where in the text of all files; none when it is about a file as a whole.
    pub(crate) place: Option<Place>,
    /// Which file, where that is not the first.
    pub(crate) file: Option<PathBuf>,
    /// What stands at the place.
    pub(crate) label: String,
    /// A second place that belongs to it, with what stands there.
    pub(crate) also: Option<(Place, String)>,
    /// What would be right.
    pub(crate) help: Vec<String>,
    /// It works, and will hurt all the same.
    pub(crate) warning: bool,
    /// It leaves open how the components are joined: what follows from that is not worth telling.
    pub(crate) blurs_graph: bool,
}

impl Problem {
    /// A problem without a place yet.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// The same problem, here, unless it knows its place already.
    #[must_use]
    pub(crate) fn at(mut self, place: &Place) -> Self {
        self.place.get_or_insert_with(|| place.clone());
        self
    }

    /// About this file or folder as a whole.
    #[must_use]
    pub(super) fn of(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// The same problem, its text standing behind others.
    #[must_use]
    pub(super) fn shift(mut self, by: usize) -> Self {
        let shift = |place: &mut Place| *place = place.start + by..place.end + by;
        self.place.iter_mut().for_each(shift);
        self.also.iter_mut().for_each(|(place, _)| shift(place));
        self
    }

    /// With a few words beneath its place.
    #[must_use]
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With a second place that belongs to it.
    #[must_use]
    pub(crate) fn also(mut self, place: &Place, label: impl Into<String>) -> Self {
        self.also = Some((place.clone(), label.into()));
        self
    }

    /// With a line that says what would be right.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// A problem after which nothing can be said of how the components are joined.
    #[must_use]
    pub(crate) fn blurs_graph(mut self) -> Self {
        self.blurs_graph = true;
        self
    }

    /// The same, as a warning.
    #[must_use]
    pub(crate) fn into_warning(mut self) -> Self {
        self.warning = true;
        self
    }

    /// Whether the file cannot be used because of it.
    pub(crate) fn is_error(&self) -> bool {
        !self.warning
    }

    /// The same problem, its next step (what stands behind the first colon) as help of its own.
    #[must_use]
    pub(crate) fn with_next_step(mut self) -> Self {
        if self.help.is_empty()
            && let Some((message, help)) = split(&self.message)
        {
            (self.message, self.help) = (message.to_owned(), vec![help.to_owned()]);
        }
        self
    }

    /// In one line, without its place.
    pub(crate) fn line(&self) -> String {
        let parts: Vec<&str> = std::iter::once(&self.message).chain(&self.help).map(String::as_str).collect();
        in_words(&parts.join(": "))
    }

    /// The text a person reads.
    pub(super) fn render(&self, files: &Files, color: bool) -> String {
        let level = if self.warning { Level::WARNING } else { Level::ERROR };
        let mut group: Group<'_> =
            level.primary_title(in_words(&self.message)).elements(Vec::<annotate_snippets::Message<'_>>::new());
        let also = self.also.as_ref().and_then(|(place, label)| Some((files.of(place)?, place, label)));
        if let Some((place, file)) = self.place.as_ref().and_then(|place| Some((place, files.of(place)?))) {
            let mut primary = AnnotationKind::Primary.span(widen(&file.inside(place), &file.shown));
            if !self.label.is_empty() {
                primary = primary.label(&*self.label);
            }
            let mut snippet = snippet(file).annotation(primary);
            if let Some((at, also, label)) = also {
                let context = AnnotationKind::Context.span(widen(&at.inside(also), &at.shown)).label(&**label);
                if std::ptr::eq(at, file) {
                    snippet = snippet.annotation(context);
                    group = group.element(snippet);
                } else {
                    group = group.element(snippet).element(self::snippet(at).annotation(context));
                }
            } else {
                group = group.element(snippet);
            }
        } else {
            let path = self.file.as_deref().or_else(|| files.first().map(|file| &*file.path));
            group = group.elements(path.map(|path| annotate_snippets::Origin::path(path.display().to_string())));
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(in_words(help)));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

fn snippet(file: &File) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(&*file.shown).path(file.path.display().to_string())
}

/// Splits at the first colon that stands in no brackets and no backquotes: what is wrong, and the next step.
pub(super) fn split(message: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quoted) = (0, false);
    let colon = message.char_indices().find(|(at, character)| {
        match character {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            '`' => quoted = !quoted,
            _ => {}
        }
        *at > 0 && *character == ':' && depth == 0 && !quoted && message[*at..].starts_with(": ")
    });
    colon.map(|(at, _)| (&message[..at], &message[at + 2..]))
}

/// At least one character, at most one line: a mapping is pointed at by its beginning.
fn widen(place: &Place, text: &str) -> Place {
    let start = place.start.min(text.len());
    let line_end = text[start..].find('\n').map_or(text.len(), |offset| start + offset);
    let end = place.end.min(line_end).max(start);
    if end > start {
        return start..end;
    }
    let width = text[start..].chars().next().filter(|first| *first != '\n').map_or(0, char::len_utf8);
    start..start + width
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[(&str, &str)]) -> Files {
        let mut start = 0;
        let file = |(path, text): &(&str, &str)| {
            let file = File { path: path.into(), text: (*text).into(), shown: (*text).into(), start };
            start += text.len() + 1;
            file
        };
        Files(texts.iter().map(file).collect())
    }

    #[test]
    fn it_shows_file_line_column_and_the_line() {
        let problem = Problem::new("unknown key `b`").at(&(5..6)).label("not a setting").help("did you mean `c`?");
        let text = problem.render(&files(&[("x.yaml", "a: 1\nb: 2\n")]), false);
        assert!(text.contains("x.yaml:2:1") && text.contains("b: 2") && text.contains("^ not a setting"), "{text}");
        assert!(text.contains("help: did you mean `c`?"), "{text}");
    }

    #[test]
    fn two_places_may_be_in_two_files() {
        let files = files(&[("x.yaml", "a: 1\n"), ("y.yaml", "# y\na: 2\n")]);
        let problem = Problem::new("`a` is given twice").at(&(10..11)).also(&(0..1), "the first");
        let text = problem.render(&files, false);
        assert!(text.contains("y.yaml:2:1") && text.contains("a: 2"), "{text}");
        assert!(text.contains("x.yaml:1:1") && text.contains("- the first"), "{text}");
    }

    #[test]
    fn a_place_at_the_end_of_the_text_is_no_panic() {
        for place in [0..0, 4..4, 5..9, 3..400] {
            Problem::new("x").at(&place).render(&files(&[("x.yaml", "a: 1")]), false);
        }
        Problem::new("x").at(&(0..0)).render(&files(&[("x.yaml", "")]), false);
        Problem::new("x").at(&(0..0)).render(&files(&[]), false);
    }
}
