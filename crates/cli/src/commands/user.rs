//! `user`: who may sign in to the page.

use std::path::PathBuf;

use adr_console::{Role, Users};

use super::device::key;
use crate::args::{User, UserRole, UsersFile};
use crate::exit::Outcome;
use crate::out::answer;

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
            open(&args.file)?.add(&args.name, role, &key(&args.password, "Password")?)?;
            answer(&format!("{} may sign in\n", args.name))
        }
        User::List(file) => {
            let role = |role| if role == Role::Administrator { "administrator" } else { "viewer" };
            let users = open(file)?.list();
            let lines = users.iter().map(|(name, of)| format!("{name}  {}\n", role(*of)));
            answer(&if users.is_empty() { "nobody may sign in yet\n".to_owned() } else { lines.collect() })
        }
        User::Password(args) => {
            open(&args.file)?.change(&args.name, None, Some(&key(&args.password, "Password")?))?;
            answer(&format!("{} has another password\n", args.name))
        }
        User::Remove(args) => {
            open(&args.file)?.remove(&args.name)?;
            answer(&format!("{} may not sign in any more\n", args.name))
        }
    }
}

fn open(file: &UsersFile) -> Result<Users, adr_core::Failure> {
    let in_folder = file.devices.as_ref().map(|folder| folder.join(USERS));
    let path: PathBuf = file.users.clone().or(in_folder).unwrap_or_default();
    // A folder of devices is made by whoever comes first.
    if let Some(folder) = &file.devices {
        adr_devices::Folder::open(folder, None)?;
    }
    Users::open(path)
}
