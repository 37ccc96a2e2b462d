use std::collections::HashMap;
use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adr_core::{Failure, FailureKind, SecretRef, SecretString};
use zeroize::Zeroizing;

use crate::list::{list, load, names};
use crate::memory::{Memory, state};
use crate::{Device, Problem, Seal, files, keys, unseal};

/// A folder of device files.
#[derive(Debug)]
pub struct Folder {
    /// Absolute.
    pub(crate) path: PathBuf,
    pub(crate) seal: Option<Seal>,
    memory: Mutex<Memory>,
}

/// What a folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// By id.
    pub devices: Vec<Device>,
    /// What is wrong; none of it harms a device that is among `devices`.
    pub problems: Vec<Problem>,
}

impl Folder {
    /// The folder at `path`, which is made, for this user alone, where it is missing. With a `seal` new keys are
    /// sealed; those that are there are read, be they sealed or plain.
    ///
    /// # Errors
    /// [`FailureKind::Config`] when the path cannot be such a folder for this user, else [`FailureKind::Storage`].
    pub fn open(path: &Path, seal: Option<Seal>) -> Result<Self, Failure> {
        let refused = |error: io::Error| {
            let next = "name a folder that this user may read and write";
            failed(&error, format!("devices folder {}: {}; {next}", path.display(), files::said(&error)))
        };
        let path = std::path::absolute(path).map_err(refused)?;
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(refused)?;
            }
            there => {
                if !there.map_err(refused)?.is_dir() {
                    return Err(refused(io::ErrorKind::NotADirectory.into()));
                }
            }
        }
        Ok(Self { path, seal, memory: Mutex::default() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads all device files. A file that is wrong harms no other: it becomes a [`Problem`].
    ///
    /// Of two devices of one organization the one that is later by its id is refused: each event would be delivered
    /// twice. Two devices of one name are a warning only: a name is for people, what is delivered is told apart by the
    /// organization, and to stop reading one for the sake of a name would lose more than it saves.
    ///
    /// # Errors
    /// When the folder itself cannot be listed, which is not the same as a folder without devices.
    pub fn read(&self) -> Result<Contents, Failure> {
        let listed = list(&self.path).map_err(|error| self.unlisted(&error))?;
        let mut contents = Contents { devices: Vec::new(), problems: listed.problems };
        let mut organizations = HashMap::<String, String>::new();
        let mut device_names = HashMap::<String, String>::new();
        let (mut of_devices, mut outside) = (HashMap::new(), Vec::new());
        for id in &listed.ids {
            let device = match load(&self.path, id) {
                Ok(Some(device)) => device,
                // Removed since it was listed.
                Ok(None) => continue,
                Err(problem) => {
                    let organization = self.memory().organization(id).cloned().or(problem.organization.clone());
                    of_devices.extend(organization.clone().map(|organization| (id.clone(), organization)));
                    contents.problems.push(Problem { organization, ..*problem });
                    continue;
                }
            };
            let org_id = device.configuration.org_id.clone();
            of_devices.extend(org_id.clone().map(|org_id| (id.clone(), org_id)));
            if keys::own(&self.path, &device.secret_key).is_none() {
                outside.extend(self.key_file(&device));
            }
            let organization = organization(&device);
            if let Some(other) = organization.as_ref().and_then(|organization| organizations.get(organization)) {
                let problem = Problem::refusal(id, same_organization(other));
                contents.problems.push(Problem { organization: org_id, ..problem });
                continue;
            }
            if let Some(organization) = organization {
                organizations.insert(organization, id.clone());
            }
            if let Some(other) = device_names.get(&name(&device)) {
                let message = format!("{other}.yaml has the same Device Name: give each device a name of its own");
                contents.problems.push(Problem::warning(format!("{id}.yaml"), Some(id), message));
            } else {
                device_names.insert(name(&device), id.clone());
            }
            contents.devices.push(device);
        }
        self.memory().keep(of_devices, outside.into_iter());
        self.open_to_others(&contents.devices, &mut contents.problems);
        contents.problems.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(contents)
    }

    /// One device, also one that [`read`](Self::read) refuses because of another.
    ///
    /// # Errors
    /// [`FailureKind::Config`] when there is none of that id (says which there are), or when its file is wrong.
    pub fn device(&self, id: &str) -> Result<Device, Failure> {
        let found = if crate::id::is_id(id) { load(&self.path, id) } else { Ok(None) };
        let found = found.map_err(|problem| config(format!("{problem}; mend the file first")))?;
        found.ok_or_else(|| self.unknown(id))
    }

    /// A number that is another one once a device file or a file in `keys` has come, gone or changed, or a key that is
    /// kept elsewhere, if this folder has [`read`](Self::read) the device that it is for. Take it before reading, so
    /// that nothing which changes meanwhile is missed. It reads no file.
    pub fn fingerprint(&self) -> u64 {
        let keys = self.path.join(keys::FOLDER);
        let device_file = |name: &[u8]| name.ends_with(b".yaml") || name.ends_with(b".yml");
        let modes = [&self.path, &keys].map(|folder| fs::metadata(folder).map(|folder| folder.mode()).ok());
        let outside = self.memory().changes().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let inside = seen(&self.path, device_file).wrapping_add(seen(&keys, |_| true).rotate_left(1));
        hashed(&modes).wrapping_add(inside).wrapping_add(outside)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the key of a device is kept, with an absolute path where that is a file.
    pub fn secret_ref(&self, device: &Device) -> SecretRef {
        match &device.secret_key {
            SecretRef::File(path) => SecretRef::File(self.path.join(path)),
            elsewhere => elsewhere.clone(),
        }
    }

    /// The absolute path of a device's key file; None where the key is kept elsewhere.
    pub fn key_file(&self, device: &Device) -> Option<PathBuf> {
        match self.secret_ref(device) {
            SecretRef::File(path) => Some(path),
            _ => None,
        }
    }

    /// The key of a device, opened if it is sealed.
    ///
    /// # Errors
    /// [`FailureKind::Config`] when it is not kept in a file, when there is no such file or no key in it, or when the
    /// folder's seal does not open it.
    pub fn secret(&self, device: &Device) -> Result<SecretString, Failure> {
        let Some(path) = self.key_file(device) else {
            return Err(config(format!("the key of device {} is not kept in a file", device.id)));
        };
        // A path that somebody wrote may be the key itself; one of the folder's own is none.
        let place = keys::own(&self.path, &device.secret_key).map(|name| format!(" ({}/{name})", keys::FOLDER));
        let what = format!("the key file of device {}{}", device.id, place.unwrap_or_default());
        let next = "give the device its key anew, or mend `secret_key` in its file";
        let text = files::read(&path, keys::LARGEST)
            .map_err(|error| failed(&error, format!("{what}: {}; {next}", files::said(&error))))?
            .map(Zeroizing::new)
            .ok_or_else(|| config(format!("{what} is too large for a key; {next}")))?;
        let text = std::str::from_utf8(&text).map_err(|_| config(format!("{what} is not UTF-8; {next}")))?;
        unseal(text, &device.id, self.seal.as_ref())
    }

    /// Tells of what others may read or write, and how to end it.
    fn open_to_others(&self, devices: &[Device], problems: &mut Vec<Problem>) {
        let others = |path: &Path| fs::metadata(path).is_ok_and(|there| there.mode() & 0o077 != 0);
        for folder in [self.path.clone(), self.path.join(keys::FOLDER)] {
            if others(&folder) {
                let message = format!("other users have access to it; run: chmod 700 {}", folder.display());
                problems.push(Problem::warning(folder.display().to_string(), None, message));
            }
        }
        for device in devices {
            let Some(name) = keys::own(&self.path, &device.secret_key) else { continue };
            let path = self.path.join(keys::FOLDER).join(&name);
            if others(&path) {
                let message = format!("other users have access to this key; run: chmod 600 {}", path.display());
                problems.push(Problem::warning(format!("{}/{name}", keys::FOLDER), Some(&device.id), message));
            }
        }
    }

    pub(crate) fn unlisted(&self, error: &io::Error) -> Failure {
        let next = "see that it is a folder that this user may read";
        failed(error, format!("devices folder {}: {}; {next}", self.path.display(), files::said(error)))
    }

    /// Does not repeat the id: what stands in its place may be anything.
    fn unknown(&self, id: &str) -> Failure {
        const SHOWN: usize = 5;
        let mut ids = match list(&self.path) {
            Ok(listed) => listed.ids,
            Err(error) => return self.unlisted(&error),
        };
        let common = |other: &str| other.bytes().zip(id.bytes()).take_while(|(one, two)| one == two).count();
        ids.sort_by_key(|other| std::cmp::Reverse(common(other)));
        let there = match ids.len() {
            0 => "there is none yet".to_owned(),
            count if count <= SHOWN => format!("there is {}", ids.join(", ")),
            count => format!("there is {} and {} more", ids[..SHOWN].join(", "), count - SHOWN),
        };
        config(format!("no device of that id: {there}"))
    }
}

/// By what devices of one organization are told.
pub(crate) fn organization(device: &Device) -> Option<String> {
    device.configuration.org_id.as_ref().map(|org_id| org_id.to_ascii_lowercase())
}

/// By what devices of one name are told.
pub(crate) fn name(device: &Device) -> String {
    device.device_name.to_lowercase()
}

pub(crate) fn same_organization(other: &str) -> String {
    format!("{other}.yaml is the same organization, and each event would be delivered twice: keep one of the two")
}

pub(crate) fn config(message: String) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

pub(crate) fn failed(error: &io::Error, message: String) -> Failure {
    use io::ErrorKind as Kind;
    let kind = match error.kind() {
        Kind::PermissionDenied
        | Kind::NotADirectory
        | Kind::IsADirectory
        | Kind::NotFound
        | Kind::ReadOnlyFilesystem => FailureKind::Config,
        _ => FailureKind::Storage,
    };
    Failure::fatal(kind, message)
}

/// A number for the files in a folder, whatever their order.
fn seen(folder: &Path, counts: impl Fn(&[u8]) -> bool) -> u64 {
    let names = match names(folder) {
        Ok(names) => names,
        Err(error) => return hashed(&error.raw_os_error()),
    };
    let counted = names.into_iter().filter(|name| !name.as_bytes().starts_with(b".") && counts(name.as_bytes()));
    counted.fold(0, |sum, name| {
        let file = state(&folder.join(&name));
        sum.wrapping_add(hashed(&(name, file)))
    })
}

fn hashed(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
