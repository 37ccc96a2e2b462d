//! The files that a pipeline is written in, as one text: a place in it is a place in one of them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use super::in_short;
use super::node::Place;
use super::problem::Problem;

/// Where a pipeline is written: files, and folders of which every `*.yaml` counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    /// Files by name.
    pub(crate) files: Vec<PathBuf>,
    /// Folders.
    pub(crate) folders: Vec<PathBuf>,
}

/// A file, and where its text begins in the text of all.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// The text without secrets.
    pub(super) shown: String,
    pub(super) start: usize,
}

/// All files of a pipeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Files(pub(super) Vec<File>);

impl Paths {
    /// The one file.
    pub(crate) fn file(path: &Path) -> Self {
        Self { files: vec![path.to_owned()], folders: Vec::new() }
    }

    /// Tells one state of the files from another: by their names and texts, as links are exchanged and clocks differ.
    pub(crate) fn fingerprint(&self) -> u64 {
        let all = self.all(&mut Vec::new());
        let texts: Vec<_> = all.into_iter().map(|path| (path.clone(), std::fs::read(path).ok())).collect();
        let mut hasher = DefaultHasher::new();
        texts.hash(&mut hasher);
        hasher.finish()
    }

    /// Every file, those of folders in the order of their names.
    fn all(&self, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
        let mut all = self.files.clone();
        for folder in &self.folders {
            match in_folder(folder) {
                Ok(files) if files.is_empty() => {
                    let problem = Problem::new("the folder of pipeline files holds no `*.yaml`").of(folder);
                    problems.push(problem.help("put at least one file into it, or name a file with -c FILE"));
                }
                Ok(files) => all.extend(files),
                Err(error) => {
                    let problem =
                        Problem::new(format!("the folder of pipeline files cannot be read: {}", in_short(&error)));
                    problems.push(problem.of(folder).help("name the folder with --config-dir DIR"));
                }
            }
        }
        all
    }
}

fn in_folder(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // Editors and configuration tools leave hidden files and links to folders. A link to nothing is no such: what it
        // should hold is missing.
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if yaml && !hidden && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Files {
    /// Reads them all; what cannot be read is a problem.
    pub(super) fn read(paths: &Paths, problems: &mut Vec<Problem>) -> Self {
        let mut files = Vec::new();
        let mut start = 0;
        for path in paths.all(problems) {
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    // One byte between two files, so that the end of one is not the beginning of the next.
                    let next = start + text.len() + 1;
                    files.push(File { path, text, shown: String::new(), start });
                    start = next;
                }
                Err(error) => {
                    let problem = Problem::new(format!("the pipeline file cannot be read: {}", in_short(&error)));
                    problems.push(problem.of(&path).help("name the file with -c FILE or JUMPCLOUD_ADR_CONFIG=FILE"));
                }
            }
        }
        Self(files)
    }

    /// The file a place is in.
    pub(super) fn of(&self, place: &Place) -> Option<&File> {
        self.0.iter().rev().find(|file| file.start <= place.start)
    }

    /// A place as `FILE:LINE`.
    pub(super) fn spot(&self, place: &Place) -> String {
        let Some(file) = self.of(place) else { return String::new() };
        let before = &file.text[..file.inside(place).start.min(file.text.len())];
        format!("{}:{}", file.path.display(), 1 + before.matches('\n').count())
    }

    /// The first of them: what is about none of them is told there.
    pub(super) fn first(&self) -> Option<&File> {
        self.0.first()
    }
}

impl File {
    /// A place of all the text as one in this file.
    pub(super) fn inside(&self, place: &Place) -> Place {
        place.start.saturating_sub(self.start)..place.end.saturating_sub(self.start)
    }
}
