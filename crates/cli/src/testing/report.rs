//! What a person reads of a test.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use super::{Detail, Fault, Test};

/// How tests went, in words.
pub(crate) struct Report {
    color: bool,
    passed: usize,
    failed: usize,
}

impl Report {
    /// Of no test yet.
    pub(crate) fn new(color: bool) -> Self {
        Self { color, passed: 0, failed: 0 }
    }

    /// Whether every test passed.
    pub(crate) fn all_passed(&self) -> bool {
        self.failed == 0
    }

    /// Of a test, what is not as it should be.
    pub(crate) fn of(&mut self, test: &Test, faults: &[Fault]) -> String {
        if faults.is_empty() {
            self.passed += 1;
            return format!("{}      {}\n", self.paint("32", "ok"), test.name);
        }
        self.failed += 1;
        let mut text = format!("{}  {} ({})\n", self.paint("1;31", "FAILED"), test.name, test.spot);
        for fault in faults {
            self.fault(fault, &mut text);
        }
        text.push('\n');
        text
    }

    /// Of all tests.
    pub(crate) fn summary(&self) -> String {
        let tests = |count: usize| if count == 1 { "1 test".to_owned() } else { format!("{count} tests") };
        match self.failed {
            0 => format!("{} passed\n", tests(self.passed)),
            failed => format!("{failed} of {} failed\n", tests(self.passed + failed)),
        }
    }

    fn fault(&self, Fault { spot, said, detail }: &Fault, text: &mut String) {
        let _ = writeln!(text, "\n  {spot}: {said}");
        match detail {
            Some(Detail::Differs(expected, came)) => self.diff(expected, came, text),
            Some(Detail::Shown(shown)) => shown.lines().for_each(|line| {
                let _ = writeln!(text, "    {line}");
            }),
            None => {}
        }
    }

    fn diff(&self, expected: &str, came: &str, text: &mut String) {
        let ended = |side: &str| if side.is_empty() { String::new() } else { format!("{side}\n") };
        let (expected, came) = (ended(expected), ended(came));
        let diff = TextDiff::from_lines(&expected, &came);
        for (mark, code, what) in [("---", "31", "expected"), ("+++", "32", "came out")] {
            let _ = writeln!(text, "  {}", self.paint(code, &format!("{mark} {what}")));
        }
        for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
            let _ = writeln!(text, "  {}", self.paint("36", &hunk.header().to_string()));
            for change in hunk.iter_changes() {
                let line = change.value().trim_end_matches('\n');
                let _ = match change.tag() {
                    ChangeTag::Delete => writeln!(text, "  {}", self.paint("31", &format!("-{line}"))),
                    ChangeTag::Insert => writeln!(text, "  {}", self.paint("32", &format!("+{line}"))),
                    ChangeTag::Equal => writeln!(text, "   {line}"),
                };
            }
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
