//! The file of users: there whole or not at all, and for this user alone.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

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

/// The users of a file; none where it is not there. An error quotes nothing of the file.
pub(super) fn read(path: &Path) -> Result<Vec<User>, String> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.map_err(|error| format!("cannot be read: {error}"))?,
    };
    let metadata = file.metadata().map_err(|error| format!("cannot be read: {error}"))?;
    is_private(&metadata)?;
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| format!("cannot be read: {error}"))?;
    if read as u64 > LARGEST {
        return Err("is larger than 1 MiB".to_owned());
    }
    parse(&text)
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
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(lock)?;
        give_to_folders_owner(path, &file);
        file.lock().map(|()| file)
    });
    locked.map_err(|error| format!("cannot be locked: {error}"))
}

/// What root writes into a service's folder must stay legible to the service.
fn give_to_folders_owner(path: &Path, file: &File) {
    let (Ok(folder), Ok(own)) = (fs::metadata(folder(path)), file.metadata()) else { return };
    if own.uid() != folder.uid() {
        // Refused to everybody but root, and everybody but root owns what he writes.
        let _ = fchown(file, Some(folder.uid()), Some(folder.gid()));
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
