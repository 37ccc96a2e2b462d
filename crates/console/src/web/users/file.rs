//! The file of users: there whole or not at all, and for this user alone.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::{User, name, password};
use crate::page::Role;

const LARGEST: u64 = 1024 * 1024;
const HEAD: &str =
    "# Who may sign in to the page of jumpcloud-adr. Passwords are hashes: `jumpcloud-adr user` changes them.\n";

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    users: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    role: RoleName,
    password: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RoleName {
    Viewer,
    Administrator,
}

/// Why there are no users of a file, in words that quote nothing of it.
#[derive(Debug)]
pub(super) enum Unread {
    /// The same file may be read the next time.
    Failed(String),
    /// As it is, it will not do.
    Wrong(String),
}

impl Unread {
    pub(super) fn what(&self) -> &str {
        match self {
            Self::Failed(what) | Self::Wrong(what) => what,
        }
    }
}

/// The users of a file; none where it is not there.
pub(super) fn read(path: &Path) -> Result<Vec<User>, Unread> {
    let failed = |error: io::Error| {
        let what = format!("cannot be read: {error}");
        if error.kind() == io::ErrorKind::InvalidData { Unread::Wrong(what) } else { Unread::Failed(what) }
    };
    // A named pipe in its place must not hold the whole program.
    let file = match OpenOptions::new().read(true).custom_flags(flags(OFlags::NONBLOCK)).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.map_err(failed)?,
    };
    is_private(&file.metadata().map_err(failed)?).map_err(Unread::Wrong)?;
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
    if read as u64 > LARGEST {
        return Err(Unread::Wrong("is larger than 1 MiB".to_owned()));
    }
    parse(&text).map_err(Unread::Wrong)
}

fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

fn is_private(metadata: &Metadata) -> Result<(), String> {
    if !metadata.is_file() {
        return Err("is no file".to_owned());
    }
    if metadata.mode() & 0o077 == 0 { Ok(()) } else { Err("is open to other users: chmod 600".to_owned()) }
}

fn parse(text: &str) -> Result<Vec<User>, String> {
    // What is only comments has no users.
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Vec::new());
    }
    let options = serde_saphyr::options! { with_snippet: false };
    let content: Content = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map(|place| format!(" (line {})", place.line())).unwrap_or_default();
        format!("is not a list `users` whose entries have name, role (viewer or administrator) and password{line}")
    })?;
    let mut users: Vec<User> = Vec::with_capacity(content.users.len());
    for (index, Entry { name, role, password }) in content.users.into_iter().enumerate() {
        let place = || format!("user {} of the file", index + 1);
        name::check(&name).map_err(|what| format!("{}: the name {what}", place()))?;
        password::check(&password).map_err(|what| format!("{}: the password {what}", place()))?;
        if users.iter().any(|user| name::is_same(&user.name, &name)) {
            return Err(format!("{}: the name is there already", place()));
        }
        users.push(User { name, role: role.into(), password });
    }
    Ok(users)
}

/// Writes the file in place of what is there. Only who holds the lock may call it.
pub(super) fn write(path: &Path, users: &[User]) -> Result<(), String> {
    let entry =
        |user: &User| Entry { name: user.name.clone(), role: user.role.into(), password: user.password.clone() };
    let content = Content { users: users.iter().map(entry).collect() };
    let text = serde_saphyr::to_string(&content).map_err(|error| format!("cannot be written as YAML: {error}"))?;
    let text = format!("{HEAD}{text}");
    if parse(&text)? != users {
        return Err("would not be read as it is written".to_owned());
    }
    replace(path, text.as_bytes()).map_err(|error| format!("cannot be written: {error}"))
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = beside(path, "new")?;
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    give_to_folders_owner(path, &file);
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(folder(path))?.sync_all()
}

/// Waits until nobody else changes the file. The lock lies beside it, as the file itself is replaced.
pub(super) fn lock(path: &Path) -> Result<File, String> {
    let locked = beside(path, "lock").and_then(|lock| {
        let file = open_or_make(&lock)?;
        file.lock().map(|()| file)
    });
    locked.map_err(|error| format!("cannot be locked: {error}"))
}

/// The file of the lock, for this user alone. Root may be the one who opens it in a folder of somebody who puts links
/// there: only what is made here changes hands, and what is there must be a file of its own.
fn open_or_make(lock: &Path) -> io::Result<File> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(lock) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => {
            let made = made?;
            give_to_folders_owner(lock, &made);
            return Ok(made);
        }
    }
    let refused = || {
        let message = format!("{} is a link, or no file of its own: remove it", lock.display());
        io::Error::new(io::ErrorKind::PermissionDenied, message)
    };
    // Not through the name, which may lead elsewhere.
    let (named, folder) = (fs::symlink_metadata(lock)?, fs::metadata(folder(lock))?);
    if !named.is_file() || (named.nlink() > 1 && named.uid() != folder.uid()) {
        return Err(refused());
    }
    let unlinked = flags(OFlags::NOFOLLOW | OFlags::NONBLOCK);
    let opened = OpenOptions::new().write(true).custom_flags(unlinked).open(lock)?;
    // The name may have become another's meanwhile.
    let found = opened.metadata()?;
    if (found.dev(), found.ino()) == (named.dev(), named.ino()) { Ok(opened) } else { Err(refused()) }
}

/// What root makes in a service's folder must stay legible to the service. Only for a file that was made just now.
fn give_to_folders_owner(path: &Path, made: &File) {
    let (Ok(folder), Ok(own)) = (fs::metadata(folder(path)), made.metadata()) else { return };
    if own.is_file() && own.nlink() == 1 && own.uid() != folder.uid() {
        // Refused to everybody but root, and everybody but root owns what he writes.
        let _ = fchown(made, Some(folder.uid()), Some(folder.gid()));
    }
}

fn beside(path: &Path, what: &str) -> io::Result<PathBuf> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidFilename)?;
    Ok(path.with_file_name(format!(".{name}.{what}")))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Administrator => Self::Administrator,
        }
    }
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::Viewer => Self::Viewer,
            RoleName::Administrator => Self::Administrator,
        }
    }
}
