//! What rotation makes of the name of a log.

const ENDINGS: [&str; 9] = ["gz", "zst", "xz", "bz2", "lz4", "lzma", "zip", "Z", "br"];

const WORDS: [&str; 5] = ["old", "bak", "backup", "prev", "previous"];

const SEPARATORS: [char; 3] = ['.', '-', '_'];

/// So many digits between a name and its ending are no number of a log that lives beside another.
const DIGITS_OF_A_DATE: usize = 6;

/// Whether a file of this name is packed.
pub(crate) fn is_compressed(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// The name of the log that a file belongs to: its own, unless it looks like that of a rotated one. Logs with numbers of
/// their own are thereby taken together, which costs nothing but their reading one after the other.
pub(crate) fn log_of(name: &str) -> String {
    let mut name = name.to_owned();
    while let Some(shorter) = without_mark(&name) {
        name = shorter;
    }
    name
}

/// Whether a log of the name `log` was renamed to `name`, as far as names tell. Refuses more than [`log_of`] does.
pub(crate) fn is_rotated(name: &str, log: &str) -> bool {
    if name.strip_prefix(log).is_some_and(is_mark) {
        return true;
    }
    let Some((stem, ending)) = log.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else { return false };
    let middle = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(ending)?.strip_suffix('.'));
    middle.is_some_and(|middle| {
        is_mark(middle) && middle.chars().filter(char::is_ascii_digit).count() >= DIGITS_OF_A_DATE
    })
}

/// Rotated files of one log in the order of their age, where their times do not tell: the higher of short numbers is the
/// older one, all else counts up.
pub(crate) fn age(name: &str) -> (std::cmp::Reverse<u32>, &str) {
    let digits = name.rsplit(SEPARATORS).next().unwrap_or_default();
    let short = digits.len() < DIGITS_OF_A_DATE;
    (std::cmp::Reverse(digits.parse().ok().filter(|_| short).unwrap_or_default()), name)
}

fn without_mark(name: &str) -> Option<String> {
    if let Some(at) = mark(name) {
        return Some(name[..at].to_owned());
    }
    let (stem, ending) = name.rsplit_once('.')?;
    mark(stem).map(|at| format!("{}.{ending}", &stem[..at]))
}

/// Where the mark begins that a name ends with, behind a name that says something itself.
fn mark(name: &str) -> Option<usize> {
    let at = name.char_indices().find(|(at, _)| is_mark(&name[*at..]))?.0;
    name[..at].chars().any(char::is_alphabetic).then_some(at)
}

/// `.1`, `-20260131`, `.20260131T080000Z-000001`, `.old`.
fn is_mark(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(SEPARATORS) else { return false };
    let part = |c: char| c.is_ascii_digit() || SEPARATORS.contains(&c) || matches!(c, 'T' | 'Z' | ':' | '+');
    WORDS.contains(&rest) || (rest.starts_with(|c: char| c.is_ascii_digit()) && rest.chars().all(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_belong_to_their_log() {
        for (name, log) in [
            ("app.log", "app.log"),
            ("app.log.1", "app.log"),
            ("app.log.old", "app.log"),
            ("app.log-20260131", "app.log"),
            ("app.log-20260131.1", "app.log"),
            ("app-2026-01-31T08-00-00.000.log", "app.log"),
            ("events.20260131T080000Z-000001.ndjson", "events.ndjson"),
            ("app-2.log", "app.log"),
            ("app-2.log.1", "app.log"),
            ("0.log.20260131-120000", "0.log"),
            ("0.log", "0.log"),
            ("2026-01-31.log", "2026-01-31.log"),
            ("app-error.log", "app-error.log"),
            ("Zürich.log.1", "Zürich.log"),
            ("app", "app"),
        ] {
            assert_eq!(log_of(name), log, "{name}");
            assert!(name == log || is_rotated(name, log) || name.starts_with("app-2"), "{name}");
        }
    }

    #[test]
    fn a_log_beside_another_is_not_taken_for_a_rotated_one() {
        for name in ["app-2.log", "app.2.log", "app-error.log", "app.log.audit", "app.logs", "app.log", "my-app.log.1"]
        {
            assert!(!is_rotated(name, "app.log"), "{name}");
        }
    }

    #[test]
    fn ages_follow_numbers_and_dates() {
        let mut names = ["a.log.2", "a.log.10", "a.log.1"];
        names.sort_by_key(|name| age(name));
        assert_eq!(names, ["a.log.10", "a.log.2", "a.log.1"]);
        let mut names = ["a.log-20260201", "a.log-20260131"];
        names.sort_by_key(|name| age(name));
        assert_eq!(names, ["a.log-20260131", "a.log-20260201"]);
    }
}
