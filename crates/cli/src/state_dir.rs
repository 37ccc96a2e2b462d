//! Where progress is kept, when nobody says.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Stop};

/// The state directory: the flag's, the file's, systemd's, or the user's own state folder.
pub(crate) fn state_dir(flag: Option<&Path>, file: Option<&Path>) -> Result<PathBuf, Stop> {
    choose(flag.or(file), variable)
}

fn choose(named: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, Stop> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    if let Some(list) = variable("STATE_DIRECTORY") {
        // systemd joins several with colons; the first is ours.
        if let Some(first) = std::env::split_paths(&list).find(|path| !path.as_os_str().is_empty()) {
            return Ok(first);
        }
    }
    // A relative path in XDG_STATE_HOME is to be ignored, says its specification.
    let absolute = |path: OsString| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    let home = || variable("HOME").and_then(absolute).map(|home| home.join(".local/state"));
    match variable("XDG_STATE_HOME").and_then(absolute).or_else(home) {
        Some(folder) => Ok(folder.join("jumpcloud-adr")),
        None => Err(Stop::new(
            Exit::Config,
            "there is no place to keep progress: set state_dir in the pipeline file, or --state-dir DIR",
        )),
    }
}

#[expect(clippy::disallowed_methods, reason = "where the state is kept is the program's own matter")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(named: Option<&str>, variables: &[(&str, &str)]) -> Option<String> {
        let variable = |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into());
        choose(named.map(Path::new), variable).ok().map(|path| path.display().to_string())
    }

    #[test]
    fn the_nearest_word_counts() {
        let all = [("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"), ("XDG_STATE_HOME", "/x"), ("HOME", "/home/u")];
        assert_eq!(chosen(Some("/here"), &all).as_deref(), Some("/here"));
        assert_eq!(chosen(None, &all).as_deref(), Some("/var/lib/a"));
        assert_eq!(chosen(None, &all[1..]).as_deref(), Some("/x/jumpcloud-adr"));
        assert_eq!(chosen(None, &all[2..]).as_deref(), Some("/home/u/.local/state/jumpcloud-adr"));
        let relative = [("XDG_STATE_HOME", "x"), ("HOME", "/home/u")];
        assert_eq!(chosen(None, &relative).as_deref(), Some("/home/u/.local/state/jumpcloud-adr"));
        assert_eq!(chosen(None, &[]), None);
    }
}
