//! A look at what is there, before anything is read.

use std::fs::{self, File};

use adr_core::{Failure, FailureKind};

use crate::{Settings, failure};

/// What was found for each of the paths and each folder, in words.
pub fn check(settings: &Settings) -> Vec<Result<String, Failure>> {
    let found = settings.patterns.find();
    let mut answers = Vec::new();
    for (path, files) in &found.logs {
        answers.push(match path.parent().map(fs::read_dir) {
            Some(Err(error)) => Err(failure::of(path.parent().unwrap_or(path), "listed", &error)),
            _ if files.is_empty() && path.exists() => {
                Err(Failure::fatal(FailureKind::Config, format!("{} is no regular file: name a file", path.display())))
            }
            _ if files.is_empty() => Ok(format!("{} is not there yet; its folder is", path.display())),
            _ => files
                .iter()
                .find_map(|file| File::open(file).err().map(|error| failure::of(file, "opened", &error)))
                .map_or_else(|| Ok(format!("{} can be read ({})", path.display(), count(files.len()))), Err),
        });
    }
    for fault in &found.faults {
        answers.push(Err(failure::of(fault.path(), "searched", fault.error())));
    }
    if let Some(example) = found.compressed.first() {
        let (compressed, example) = (count(found.compressed.len()), example.display());
        answers.push(Ok(format!("{compressed} compressed, such as {example}: not read")));
    }
    if answers.is_empty() {
        answers.push(Ok("no file fits `paths` yet".to_owned()));
    }
    answers
}

fn count(files: usize) -> String {
    format!("{files} file{}", if files == 1 { "" } else { "s" })
}
