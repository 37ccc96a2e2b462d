//! Finds the places of named fields in a text that is known to be JSON.

use crate::json::{DEEPEST, TooDeep, skip_space, string_end, unescape, value_end};
use crate::path::Step;

/// A value that a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Which of the paths.
    pub(crate) path: usize,
    /// Which of the paths that are only asked for lead here or, where it is an object or array, farther in: a bit for each.
    pub(crate) homes: u8,
}

/// Looks for paths. Its memory is used again.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    /// Which paths lead on from the values that are being looked into, and by which step: those of the innermost come last.
    ways: Vec<(usize, usize)>,
    /// In the order of the text; none inside of another.
    pub(crate) places: Vec<Place>,
}

impl Finder {
    /// Finds all places that `paths` lead to. Of several paths to one place the first counts. Those after the first `whole`
    /// paths are only asked for what they lead to, if that is no object or array.
    pub(crate) fn find(&mut self, text: &str, paths: &[Vec<Step>], whole: usize) -> Result<(), TooDeep> {
        self.places.clear();
        self.ways.clear();
        self.ways.extend((0..paths.len()).map(|path| (path, 0)));
        Search { text, paths, whole, finder: self }.value(skip_space(text, 0), 0, 0).map(|_| ())
    }
}

struct Search<'a> {
    text: &'a str,
    paths: &'a [Vec<Step>],
    whole: usize,
    finder: &'a mut Finder,
}

impl Search<'_> {
    /// A value to which the ways from `from` on lead; gives its end.
    fn value(&mut self, at: usize, from: usize, depth: usize) -> Result<usize, TooDeep> {
        let ways = &self.finder.ways[from..];
        let open = self.text.as_bytes()[at];
        let container = matches!(open, b'{' | b'[');
        let ends =
            |(path, step): &&(usize, usize)| *step == self.paths[*path].len() && (*path < self.whole || !container);
        if let Some(path) = ways.iter().filter(ends).map(|way| way.0).min() {
            let asked =
                |(path, step): &&(usize, usize)| *path >= self.whole && (*step == self.paths[*path].len()) != container;
            let homes = ways.iter().filter(asked).fold(0, |homes, (path, _)| homes | 1 << (path - self.whole));
            let end = value_end(self.text, at);
            self.finder.places.push(Place { start: at, end, path, homes });
            return Ok(end);
        }
        if ways.is_empty() || !container {
            return Ok(value_end(self.text, at));
        }
        if depth == DEEPEST {
            return Err(TooDeep);
        }
        let to = self.finder.ways.len();
        let mut at = skip_space(self.text, at + 1);
        while !matches!(self.text.as_bytes()[at], b'}' | b']') {
            if open == b'{' {
                let end = string_end(self.text, at);
                self.ways_by_key(from..to, at + 1..end - 1);
                at = skip_space(self.text, skip_space(self.text, end) + 1);
            } else {
                self.ways_to_each(from..to);
            }
            at = skip_space(self.text, self.value(at, to, depth + 1)?);
            self.finder.ways.truncate(to);
            if self.text.as_bytes()[at] == b',' {
                at = skip_space(self.text, at + 1);
            }
        }
        Ok(at + 1)
    }

    fn ways_by_key(&mut self, ways: std::ops::Range<usize>, key: std::ops::Range<usize>) {
        let key = unescape(&self.text[key]);
        for way in ways {
            let (path, mut step) = self.finder.ways[way];
            // As a key is looked for through arrays, an object may stand where an array of them was thought of.
            while self.paths[path].get(step) == Some(&Step::Each) {
                step += 1;
            }
            let leads_on = match self.paths[path].get(step) {
                Some(Step::Key(wanted)) => *wanted == key,
                Some(Step::AnyKey) => true,
                Some(Step::Each) | None => false,
            };
            if leads_on {
                self.finder.ways.push((path, step + 1));
            }
        }
    }

    fn ways_to_each(&mut self, ways: std::ops::Range<usize>) {
        for way in ways {
            let (path, step) = self.finder.ways[way];
            match self.paths[path].get(step) {
                Some(Step::Each) => self.finder.ways.push((path, step + 1)),
                // A key is looked for through arrays.
                Some(Step::Key(_) | Step::AnyKey) => self.finder.ways.push((path, step)),
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::parse;

    fn find(text: &str, paths: &[&str]) -> Vec<(String, usize)> {
        let paths: Vec<_> = paths.iter().map(|path| parse(path).unwrap()).collect();
        let mut finder = Finder::default();
        finder.find(text, &paths, paths.len()).unwrap();
        finder.places.iter().map(|place| (text[place.start..place.end].to_owned(), place.path)).collect()
    }

    #[test]
    fn places_are_found_by_key_by_star_and_in_arrays() {
        let text = r#" { "a" : {"b":1,"c":[{"d":2},{"d":[3]}, 4 ],"\u0062": "5"}, "e":[[6,7],[]], "a":{"b":8} } "#;
        let found = |paths: &[&str]| find(text, paths).into_iter().map(|(text, _)| text).collect::<Vec<_>>();
        assert_eq!(found(&["a.b"]), ["1", "\"5\"", "8"]);
        assert_eq!(found(&["a.c[].d"]), ["2", "[3]"]);
        assert_eq!(found(&["a.c.d"]), ["2", "[3]"]);
        assert_eq!(found(&["a.c.d[]"]), ["3"]);
        assert_eq!(found(&["e[][]"]), ["6", "7"]);
        assert_eq!(found(&["e[]"]), ["[6,7]", "[]"]);
        assert_eq!(found(&["*.b", "e"]), ["1", "\"5\"", "[[6,7],[]]", "8"]);
        assert_eq!(found(&["a[].b", "a[][].c[].d[]"]), ["1", "3", "\"5\"", "8"]);
        assert!(found(&["a[]", "a.c[].d[].b", "b[]"]).is_empty());
        assert!(found(&["b", "a.b.c", "a.x", "e.f", "c.d"]).is_empty());
        assert_eq!(find(r#"{"a":{"b":1}}"#, &["a.b", "a"]), [(r#"{"b":1}"#.into(), 1)], "the outer one");
        assert_eq!(find(r#"{"a":{"b":1}}"#, &["*.b", "a.b"]), [("1".into(), 0)], "the first one");
    }

    #[test]
    fn what_is_nested_too_deep_is_not_followed() {
        let text = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let path = parse("a.b").unwrap();
        assert_eq!(Finder::default().find(&text, &[path], 1), Err(TooDeep));
        let path = parse("b").unwrap();
        assert_eq!(Finder::default().find(&text, &[path], 1), Ok(()));
    }

    #[test]
    fn what_is_only_asked_for_hides_nothing() {
        let paths = [parse("id.name").unwrap(), parse("id").unwrap()];
        let mut finder = Finder::default();
        finder.find(r#"{"id":{"name":1},"id":2}"#, &paths, 1).unwrap();
        assert_eq!(finder.places.iter().map(|place| place.path).collect::<Vec<_>>(), [0, 1]);
    }
}
