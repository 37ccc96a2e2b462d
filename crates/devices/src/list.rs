//! Which files are in the folder, and what one device file holds.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::id::is_id;
use crate::parse::parse;
use crate::{Device, Problem, files};

/// More is no device file.
const LARGEST: u64 = 256 << 10;

/// What the folder holds.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Of files that are device files by their names, in order.
    pub(crate) ids: Vec<String>,
    /// Files that somebody may have meant as device files.
    pub(crate) problems: Vec<Problem>,
}

pub(crate) fn list(folder: &Path) -> io::Result<Listed> {
    let mut listed = Listed::default();
    for name in settled_names(folder)? {
        let shown = name.to_string_lossy().escape_debug().to_string();
        let hidden = name.as_bytes().starts_with(b".");
        let stem = |ending: &str| shown.strip_suffix(ending).map(str::to_owned);
        match (stem(".yaml"), stem(".yml")) {
            _ if hidden => {}
            (Some(id), _) if is_id(&id) => listed.ids.push(id),
            (Some(_), _) => listed.problems.push(Problem {
                refused: true,
                ..Problem::warning(
                    shown,
                    None,
                    "this is no name of a device: rename the file with lower-case letters, digits, `-` and `_` before .yaml",
                )
            }),
            (_, Some(_)) => {
                listed.problems.push(Problem::warning(shown, None, "it is not read: device files end in .yaml; rename it"));
            }
            _ => {}
        }
    }
    listed.ids.sort_unstable();
    Ok(listed)
}

/// The names in a folder, the same twice: a listing may overlook a file whose name is given while it is made.
fn settled_names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut before = names(folder)?;
    // A folder that never settles is told by its fingerprint, and read again.
    for _ in 0..8 {
        let now = names(folder)?;
        if now == before {
            break;
        }
        before = now;
    }
    Ok(before)
}

pub(crate) fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}

/// The device of that id; None where there is no such file.
pub(crate) fn load(folder: &Path, id: &str) -> Result<Option<Device>, Box<Problem>> {
    let fault = |message: String| Problem::refusal(id, message);
    let text = match files::read(&folder.join(format!("{id}.yaml")), LARGEST) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let next = "see that it is a file that this user may read";
            return Err(Box::new(fault(format!("{}; {next}", files::said(&error)))));
        }
        Ok(text) => text,
    };
    let Some(text) = text else {
        let message = "it is too large for a device file: it must hold the fields of one device";
        return Err(Box::new(fault(message.to_owned())));
    };
    let text = std::str::from_utf8(&text).map_err(|error| {
        let line = text[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        let column = text[..error.valid_up_to()].iter().rev().take_while(|byte| **byte != b'\n').count() as u64 + 1;
        fault("this is not UTF-8: save the file as UTF-8".to_owned()).at(Some((line, column)))
    })?;
    parse(id, text).map(Some).map_err(|wrong| {
        let problem = fault(wrong.message).at(wrong.place);
        Box::new(Problem { organization: mentioned(text), ..problem })
    })
}

/// What looks like an Organization ID in a file that is not right otherwise.
fn mentioned(text: &str) -> Option<String> {
    let words = text.split(|sign: char| !sign.is_ascii_alphanumeric());
    let mut ids = words.filter(|word| word.len() == 24 && word.bytes().all(|byte| byte.is_ascii_hexdigit()));
    ids.next().map(str::to_ascii_lowercase)
}
