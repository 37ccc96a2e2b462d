//! `user`: who may sign in to the page.

use std::path::PathBuf;

use adr_console::{Role, Users};
use adr_core::{Clock, Failure};
use adr_devices::Folder;

use super::device::{key, who};
use crate::args::{User, UserRole, UsersFile};
use crate::clock::SystemClock;
use crate::devices::audit;
use crate::exit::Outcome;
use crate::out::{answer, tell};

/// The file of users in a folder of devices.
pub(crate) const USERS: &str = "users";

/// Changes the file, or lists who is in it.
pub(super) fn user(args: &User) -> Outcome {
    match args {
        User::Add(args) => {
            let role = match args.role {
                UserRole::Viewer => Role::Viewer,
                UserRole::Administrator => Role::Administrator,
            };
            let (users, password) = (open(&args.file)?, key(&args.password, "Password")?);
            audited(&args.file, "user-add", &args.name, users.add(&args.name, role, &password))?;
            answer(&format!("{} may sign in\n", args.name))
        }
        User::List(file) => {
            let role = |role| if role == Role::Administrator { "administrator" } else { "viewer" };
            let users = open(file)?.list();
            let lines = users.iter().map(|(name, of)| format!("{name}  {}\n", role(*of)));
            answer(&if users.is_empty() { "nobody may sign in yet\n".to_owned() } else { lines.collect() })
        }
        User::Password(args) => {
            let (users, password) = (open(&args.file)?, key(&args.password, "Password")?);
            audited(&args.file, "user-password", &args.name, users.change(&args.name, None, Some(&password)))?;
            answer(&format!("{} has another password\n", args.name))
        }
        User::Remove(args) => {
            audited(&args.file, "user-remove", &args.name, open(&args.file)?.remove(&args.name))?;
            answer(&format!("{} may not sign in any more\n", args.name))
        }
    }
}

/// Writes down what was done, or why not, where devices have their audit log.
fn audited(file: &UsersFile, action: &str, name: &str, done: Result<(), Failure>) -> Result<(), Failure> {
    if let Some(folder) = &file.devices {
        let outcome = done.as_ref().map_or_else(|failure| failure.message.clone(), |()| "done".to_owned());
        let folder = Folder::open(folder, None)?;
        if let Err(error) = audit::write(&folder, SystemClock.now(), &who(), action, ("user", name), &outcome) {
            tell(&format!("warning: the audit log cannot be written: {error}"));
        }
    }
    done
}

fn open(file: &UsersFile) -> Result<Users, Failure> {
    let in_folder = file.devices.as_ref().map(|folder| folder.join(USERS));
    let path: PathBuf = file.users.clone().or(in_folder).unwrap_or_default();
    // A folder of devices is made by whoever comes first.
    if let Some(folder) = &file.devices {
        Folder::open(folder, None)?;
    }
    Users::open(path)
}
