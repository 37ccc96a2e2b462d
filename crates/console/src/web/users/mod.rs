//! Who may sign in: a file that is read again whenever it has changed.

mod file;
mod name;
mod password;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use adr_core::{ExposeSecret, Failure, FailureKind, SecretString};

use super::stamp::Stamp;
use crate::page::Role;

use file::Unread;
pub(crate) use password::Passwords;
#[cfg(test)]
pub(crate) use password::hash as hashed;
#[cfg(test)]
pub(super) use tests::few_files;

/// A password has so many characters at least,
const SHORTEST: usize = 12;
/// and so many bytes at most.
const LONGEST: usize = 1024;

/// The users of a file. Its functions block: on the disk, on who else changes the file, and on the work of a hash.
pub struct Users {
    path: PathBuf,
    known: Mutex<Known>,
}

struct Known {
    /// Of the file that was read, be it as it should.
    stamp: Option<Stamp>,
    /// Whether it was said that the file cannot be read now.
    told: bool,
    users: Arc<[User]>,
}

/// A user, as the file has him.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The hash of his password.
    pub(crate) password: String,
}

impl Users {
    /// Reads the file; one that is not there has no users. Fails where it is broken, or open to other users of the machine.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Failure> {
        let path = path.into();
        let stamp = Stamp::of(&path);
        let users = file::read(&path).map_err(|unread| fault(&path, unread.what()))?.into();
        Ok(Self { path, known: Mutex::new(Known { stamp, told: false, users }) })
    }

    /// Name and role of each, in the order of the file.
    pub fn list(&self) -> Vec<(String, Role)> {
        self.current().iter().map(|user| (user.name.clone(), user.role)).collect()
    }

    /// Adds a user. Fails where there is one of this name, or where name or password will not do.
    pub fn add(&self, name: &str, role: Role, password: &SecretString) -> Result<(), Failure> {
        name::check(name).map_err(|what| refused(&format!("the name {what}")))?;
        let user = User { name: name.to_owned(), role, password: hash(name, password)? };
        self.rewrite(|users| {
            if users.iter().any(|user| name::is_same(&user.name, name)) {
                return Err(format!(
                    "there is a user `{name}` already: `user password` gives him another password; for another role \
                     remove him by `user remove`, and add him anew"
                ));
            }
            users.push(user);
            Ok(())
        })
    }

    /// Gives a user another role, another password, or both. With another password his sessions end.
    pub fn change(&self, name: &str, role: Option<Role>, password: Option<&SecretString>) -> Result<(), Failure> {
        let password = password.map(|password| hash(name, password)).transpose()?;
        self.rewrite(|users| {
            let user = users.iter_mut().find(|user| name::is_same(&user.name, name)).ok_or_else(|| nobody(name))?;
            user.role = role.unwrap_or(user.role);
            user.password = password.unwrap_or_else(|| user.password.clone());
            Ok(())
        })
    }

    /// Removes a user; his sessions end.
    pub fn remove(&self, name: &str) -> Result<(), Failure> {
        self.rewrite(|users| {
            let place = users.iter().position(|user| name::is_same(&user.name, name)).ok_or_else(|| nobody(name))?;
            users.remove(place);
            Ok(())
        })
    }

    /// The users now. It costs a look at the file's times. A file that has become broken changes nothing, which is said once;
    /// one that has gone away leaves nobody. One that cannot be read now (too many open files) is read the next time.
    pub(crate) fn current(&self) -> Arc<[User]> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the file is read: what changes meanwhile is seen the next time.
        let stamp = Stamp::of(&self.path);
        if stamp != known.stamp {
            let read = file::read(&self.path);
            if let Err(unread) = &read
                && !known.told
            {
                tracing::error!("{}; the users that were there stay", fault(&self.path, unread.what()).message);
            }
            known.told = matches!(read, Err(Unread::Failed(_)));
            if !known.told {
                known.stamp = stamp;
            }
            if let Ok(users) = read {
                known.users = users.into();
            }
        }
        Arc::clone(&known.users)
    }

    fn rewrite(&self, change: impl FnOnce(&mut Vec<User>) -> Result<(), String>) -> Result<(), Failure> {
        let told = |what: String| fault(&self.path, &what);
        let _lock = file::lock(&self.path).map_err(told)?;
        let mut users = file::read(&self.path).map_err(|unread| told(unread.what().to_owned()))?;
        change(&mut users).map_err(|what| refused(&what))?;
        file::write(&self.path, &users).map_err(told)
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Whether a text can be the name of a user.
pub(crate) fn is_name(text: &str) -> bool {
    name::check(text).is_ok()
}

/// The user of that name.
pub(crate) fn find<'a>(users: &'a [User], name: &str) -> Option<&'a User> {
    users.iter().find(|user| name::is_same(&user.name, name))
}

fn hash(name: &str, password: &SecretString) -> Result<String, Failure> {
    let text = password.expose_secret();
    if text.chars().count() < SHORTEST {
        return Err(refused(&format!("the password has fewer than {SHORTEST} characters: take a longer one")));
    }
    if text.len() > LONGEST {
        return Err(refused(&format!("the password is longer than {LONGEST} bytes: take a shorter one")));
    }
    if name::is_same(text.trim(), name) {
        return Err(refused("the password is the name: take another one"));
    }
    Ok(password::hash(password))
}

fn fault(path: &Path, what: &str) -> Failure {
    Failure::fatal(FailureKind::Config, format!("the file of users {} {what}", path.display()))
}

fn refused(what: &str) -> Failure {
    Failure::fatal(FailureKind::Config, what)
}

fn nobody(name: &str) -> String {
    format!("there is no user `{name}`")
}
