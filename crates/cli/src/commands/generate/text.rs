//! Words as YAML, TOML and shells read them.

use std::path::Path;

use crate::exit::{Exit, Stop};

/// A path that means the same in every host's configuration: quotes, dollar signs, line breaks and the like mean
/// something else in one or the other.
pub(super) fn plain(path: &Path) -> Result<String, Stop> {
    let legible = |character: char| character.is_alphanumeric() || "/._-+@,=: ".contains(character);
    match path.to_str().filter(|path| path.chars().all(legible)) {
        Some(path) => Ok(path.to_owned()),
        None => {
            let message = format!(
                "the path {} has characters that mean something in hosts' configurations; use letters, digits, spaces and \
                 any of /._-+@,=:",
                path.display()
            );
            Err(Stop::new(Exit::Config, message))
        }
    }
}

/// A value in YAML or TOML, in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// A value in YAML, in quotes where it needs them.
pub(super) fn yaml(text: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/') || text.starts_with("--");
    if begins && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

/// A word of a shell command.
pub(super) fn shell(text: &str) -> String {
    if text.contains(' ') { format!("'{text}'") } else { text.to_owned() }
}
