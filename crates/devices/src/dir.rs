//! What is written into a folder and removed from it: whole or not at all, and in this folder alone.
//!
//! The folder may be a service's while root is at work in it, and then its owner puts links wherever he likes, at any
//! moment. So a folder is opened once, nothing in it is followed that is a link, and nothing gets another owner but
//! what was made just now.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use crate::files::step;

const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// An open folder: it stays this one, wherever its path leads meanwhile.
#[derive(Debug)]
pub(crate) struct Dir(File);

impl Dir {
    /// The folder at a path, which may be a link: whoever named the path meant where it leads.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY.bits().cast_signed();
        Ok(Self(OpenOptions::new().read(true).custom_flags(flags).open(path)?))
    }

    /// A folder in it. A link is refused.
    pub(crate) fn sub(&self, name: &str) -> io::Result<Self> {
        match openat(
            &self.0,
            name,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        ) {
            Ok(folder) => Ok(Self(folder.into())),
            Err(Errno::NOTDIR | Errno::LOOP) => Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                format!("`{name}` in it is no folder of its own (links are not followed there)"),
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// A folder in it, which is made for this user alone where it is missing.
    pub(crate) fn sub_or_made(&self, name: &str) -> io::Result<Self> {
        step()?;
        match mkdirat(&self.0, name, Mode::RWXU) {
            Err(Errno::EXIST) => return self.sub(name),
            made => made?,
        }
        let made = self.sub(name)?;
        self.give_to_owner(&made.0)?;
        self.sync()?;
        Ok(made)
    }

    /// The names in it, in order.
    pub(crate) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            match entry?.file_name().to_bytes() {
                b"." | b".." => {}
                name => names.push(OsString::from_vec(name.to_vec())),
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Whether the name is given, be it to a link.
    pub(crate) fn has(&self, name: &str) -> bool {
        statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// A file in it to read and append to, made for this user alone where it is missing. Refused is what would be
    /// written elsewhere: a link, and another name of a file that is not the folder's owner's.
    pub(crate) fn append(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let refused = || {
            let message = format!("`{name}` in it is a link, or no file of its own: remove it");
            io::Error::new(io::ErrorKind::PermissionDenied, message)
        };
        match openat(&self.0, name, flags | OFlags::CREATE | OFlags::EXCL, PRIVATE) {
            Ok(made) => {
                let made = File::from(made);
                self.give_to_owner(&made)?;
                return Ok(made);
            }
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let there = match openat(&self.0, name, flags, Mode::empty()) {
            Err(Errno::LOOP) => return Err(refused()),
            there => File::from(there?),
        };
        let (found, folder) = (there.metadata()?, self.0.metadata()?);
        let is_its_own = found.is_file() && (found.nlink() <= 1 || found.uid() == folder.uid());
        if is_its_own { Ok(there) } else { Err(refused()) }
    }

    /// Writes a file in place of what is there: a file beside it, mode 0600, fsynced, renamed, and the folder fsynced.
    /// Two must not write one file at a time.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let new = format!(".{name}.new");
        let written = self.write_new(&new, content).and_then(|()| {
            step()?;
            Ok(renameat(&self.0, &new, &self.0, name)?)
        });
        match written {
            Ok(()) => self.sync(),
            Err(error) => {
                // Only tidiness: a rest of it is replaced by the next write.
                let _ = self.remove_if_there(&new);
                Err(error)
            }
        }
    }

    fn write_new(&self, new: &str, content: &[u8]) -> io::Result<()> {
        self.remove_if_there(new)?;
        step()?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.0, new, flags, PRIVATE)?);
        self.give_to_owner(&file)?;
        step()?;
        file.write_all(content)?;
        step()?;
        file.sync_all()
    }

    /// Removes a file for good: what is not there is removed.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        self.remove_if_there(name)?;
        self.sync()
    }

    fn remove_if_there(&self, name: &str) -> io::Result<()> {
        step()?;
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Err(error) if error != Errno::NOENT => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Makes lasting what was given or taken as a name in it.
    pub(crate) fn sync(&self) -> io::Result<()> {
        step()?;
        self.0.sync_all()
    }

    /// What root makes in a service's folder must stay legible to the service. Only for what was made just now.
    fn give_to_owner(&self, made: &File) -> io::Result<()> {
        let (own, folder) = (made.metadata()?, self.0.metadata()?);
        let is_new = own.is_dir() || (own.is_file() && own.nlink() == 1);
        if is_new && own.uid() != folder.uid() {
            // Refused to everybody but root, and everybody but root owns what he writes.
            let _ = fchown(made, Some(folder.uid()), Some(folder.gid()));
        }
        Ok(())
    }
}
