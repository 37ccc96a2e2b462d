use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use adr_core::{Failure, Timestamp};
use rustix::fs::OFlags;

use crate::settings::config;
use crate::{Mode, failure};

/// Where the files are, and what they are called.
#[derive(Debug)]
pub(crate) struct Place {
    /// The current file.
    pub(crate) path: PathBuf,
    folder: PathBuf,
    stem: String,
    /// With its dot; empty where there is none.
    ending: String,
    mode: Mode,
}

impl Place {
    /// Of a path that was checked to have a folder and a name in UTF-8.
    pub(crate) fn new(path: &Path, mode: Mode) -> Self {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let (stem, ending) = match name.rfind('.') {
            Some(dot) if dot > 0 => name.split_at(dot),
            _ => (name, ""),
        };
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        Self { path: path.to_owned(), folder, stem: stem.to_owned(), ending: ending.to_owned(), mode }
    }

    /// The file that is locked instead of the current one, which changes.
    pub(crate) fn lock(&self) -> PathBuf {
        self.folder.join(format!(".{}{}.lock", self.stem, self.ending))
    }

    /// Opens the current file, made if it is missing. Its name is durable afterwards.
    pub(crate) fn open(&self) -> Result<File, Failure> {
        let fault = |error: &io::Error| failure::of(&self.path, "opened", error);
        self.look()?;
        let mut options = OpenOptions::new();
        options.read(true).append(true).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
        let file = match options.open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file =
                    options.create_new(true).mode(self.mode.0).open(&self.path).map_err(|error| fault(&error))?;
                // What the umask took away was asked for.
                file.set_permissions(fs::Permissions::from_mode(self.mode.0)).map_err(|error| fault(&error))?;
                file
            }
            opened => opened.map_err(|error| fault(&error))?,
        };
        self.sync()?;
        Ok(file)
    }

    /// What stands at the path must be a file, and its folder must be there.
    pub(crate) fn look(&self) -> Result<(), Failure> {
        if !self.folder.is_dir() {
            return Err(config(format!(
                "`path` {}: its folder is not there: make it, or see whether its disk is mounted",
                self.path.display()
            )));
        }
        match self.path.symlink_metadata() {
            Ok(found) if found.is_file() => Ok(()),
            Ok(found) => {
                let what = match found.file_type() {
                    kind if kind.is_dir() => "a folder",
                    kind if kind.is_symlink() => "a symbolic link, which cannot be rotated: name what it leads to",
                    _ => "no regular file: use the sink stdout for a pipe or a device",
                };
                Err(config(format!("`path` {} is {what}", self.path.display())))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failure::of(&self.path, "opened", &error)),
        }
    }

    /// Renames the current file. The new name is durable with the next [`open`](Self::open).
    pub(crate) fn rotate(&self, now: Timestamp) -> Result<(), Failure> {
        let fault = |error: &io::Error| failure::of(&self.path, "renamed", error);
        let last = self.rotated().map_err(|error| fault(&error))?.last().map_or(0, |(number, _)| *number);
        let time: String = now.to_rfc3339_millis().chars().filter(|c| !matches!(c, '-' | ':')).take(15).collect();
        let name = format!("{}.{time}Z-{:06}{}", self.stem, last + 1, self.ending);
        fs::rename(&self.path, self.folder.join(name)).map_err(|error| fault(&error))
    }

    /// Deletes the oldest renamed files but for `keep`.
    pub(crate) fn prune(&self, keep: usize) -> io::Result<()> {
        let rotated = self.rotated()?;
        for (_, path) in &rotated[..rotated.len().saturating_sub(keep)] {
            fs::remove_file(path)?;
            tracing::warn!(file = %path.display(), "deleted the oldest file, as `keep` says");
        }
        Ok(())
    }

    /// The renamed files, in the order of their numbers: clocks are set back.
    fn rotated(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            if let Some(number) = name.to_str().and_then(|name| self.number(name)) {
                found.push((number, self.folder.join(name)));
            }
        }
        found.sort();
        Ok(found)
    }

    /// The number of a renamed file; `None` for all others.
    fn number(&self, name: &str) -> Option<u64> {
        let middle = name.strip_prefix(&self.stem)?.strip_prefix('.')?.strip_suffix(&self.ending)?;
        let (time, number) = middle.split_once("Z-")?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (date, of_day) = time.split_once('T')?;
        let sound = digits(date) && date.len() == 8 && digits(of_day) && of_day.len() == 6;
        if sound && digits(number) && number.len() >= 6 { number.parse().ok() } else { None }
    }

    /// Makes names durable.
    fn sync(&self) -> Result<(), Failure> {
        let synced = File::open(&self.folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| failure::of(&self.folder, "fsynced", &error))
    }
}
