//! Changes of the folder: one at a time, whole or not at all.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use adr_core::{ExposeSecret, Failure, SecretRef, SecretString, Timestamp};
use zeroize::Zeroizing;

use crate::folder::{self, Folder, config, failed};
use crate::form::{Faults, Field, FieldFault, Refused, check};
use crate::id::{free_id, is_id};
use crate::list::names;
use crate::lock::Lock;
use crate::parse::{parse, render};
use crate::seal::is_sealed;
use crate::{Device, KeyTimes, NewDevice, fields, files, keys};

impl Folder {
    /// The device that [`add`](Self::add) would make of the form and its key, of which nothing is saved.
    ///
    /// # Errors
    /// [`Refused::Form`] with every field that is wrong. A device of the same name or organization must not be there.
    pub fn check_new(&self, form: &NewDevice, secret: &SecretString, now: Timestamp) -> Result<Device, Refused> {
        let (mut device, mut faults) = check(form, secret, now);
        self.same_as_another(&device, &mut faults)?;
        faults.none_or_refused()?;
        let taken = |id: &str| self.path.join(file_of(id)).symlink_metadata().is_ok();
        device.id = free_id(&device.device_name, taken);
        device.secret_key = keys::reference(&keys::free_name(&self.path, &device.id, None, now));
        // What is not read as it is written can only be a text that is free.
        render(&device).map_err(|message| Refused::Form(vec![FieldFault { field: Field::DeviceName, message }]))?;
        Ok(device)
    }

    /// Adds a device with its key.
    ///
    /// # Errors
    /// As [`check_new`](Self::check_new), and [`Refused::Failed`] when the files cannot be written.
    pub fn add(&self, form: &NewDevice, secret: &SecretString, now: Timestamp) -> Result<Device, Refused> {
        let mut lock = self.lock()?;
        let device = self.check_new(form, secret, now)?;
        Ok(self.save_with_key(&mut lock, device, None, secret, now)?)
    }

    /// Gives a device another key. The former key file goes, unless it is not in `keys` or another device needs it.
    ///
    /// # Errors
    /// [`Refused::Form`] when the key cannot be one or has ended, [`Refused::Failed`] when there is no such device or
    /// when the files cannot be written.
    pub fn rotate(
        &self,
        id: &str,
        secret: &SecretString,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Device, Refused> {
        let mut lock = self.lock()?;
        let device = self.device(id)?;
        let mut faults = Faults::default();
        faults.take(Field::SecretKey, keys::checked(secret).map(drop));
        let expires = faults.take(Field::KeyExpires, fields::to_come(expires, now));
        faults.none_or_refused()?;
        let former = keys::own(&self.path, &device.secret_key);
        let device = Device { key: KeyTimes { added: Some(now), expires }, ..device };
        Ok(self.save_with_key(&mut lock, device, former, secret, now)?)
    }

    /// Says whether a device is read.
    ///
    /// # Errors
    /// When there is no such device, or when its file cannot be written.
    pub fn set_paused(&self, id: &str, paused: bool) -> Result<Device, Failure> {
        let lock = self.lock()?;
        let device = self.device(id)?;
        if device.paused == paused {
            return Ok(device);
        }
        let device = Device { paused, ..device };
        let text = render(&device).map_err(|message| config(format!("{id}.yaml: {message}")))?;
        lock.folder().write(&file_of(id), text.as_bytes()).map_err(|error| self.unwritten(&error))?;
        Ok(device)
    }

    /// Removes a device, then its key if that is in `keys` and no other device needs it. Its file may be wrong.
    ///
    /// # Errors
    /// When there is no such device, or when a file cannot be removed.
    pub fn remove(&self, id: &str) -> Result<(), Failure> {
        let mut lock = self.lock()?;
        let keys = match self.device(id) {
            Ok(device) => keys::own(&self.path, &device.secret_key).into_iter().collect(),
            // Which key it refers to nobody can tell; those that were made for it are named after it.
            Err(_) if is_id(id) && lock.folder().has(&file_of(id)) => self.keys_of(id),
            Err(unknown) => return Err(unknown),
        };
        let removed = lock.note(&keys).and_then(|()| lock.folder().remove(&file_of(id)));
        removed.map_err(|error| self.unwritten(&error))?;
        self.tidy(&mut lock).map_err(|error| {
            let message = format!(
                "device {id} is removed, but its key file is not: {}; remove what is left of it in {}",
                files::said(&error),
                self.path.join(keys::FOLDER).display()
            );
            failed(&error, message)
        })
    }

    /// First the new key, then the device file that refers to it: whenever the process ends, there is a key.
    fn save_with_key(
        &self,
        lock: &mut Lock,
        mut device: Device,
        former: Option<String>,
        secret: &SecretString,
        now: Timestamp,
    ) -> Result<Device, Failure> {
        let secret = keys::checked(secret).map_err(|message| config(message.to_owned()))?;
        let name = keys::free_name(&self.path, &device.id, former.as_deref(), now);
        device.secret_key = keys::reference(&name);
        let text = render(&device).map_err(|message| config(format!("{}.yaml: {message}", device.id)))?;
        let key = Zeroizing::new(match &self.seal {
            Some(seal) => seal.seal(&secret, &device.id)?,
            None if self.has_sealed() => {
                return Err(config(format!(
                    "keys in {} are sealed, and this one would not be: give the seal that `serve` has (--seal)",
                    self.path.join(keys::FOLDER).display()
                )));
            }
            None => secret.expose_secret().to_owned(),
        });
        let key = Zeroizing::new(format!("{}\n", *key));
        let noted: Vec<String> = former.into_iter().chain([name.clone()]).collect();
        let saved = lock
            .note(&noted)
            .and_then(|()| lock.folder().sub_or_made(keys::FOLDER))
            .and_then(|keys| keys.write(&name, key.as_bytes()))
            .and_then(|()| lock.folder().write(&file_of(&device.id), text.as_bytes()));
        // The former key goes, or the new one where it came to nothing. What stays is the next change's.
        let _ = self.tidy(lock);
        saved.map_err(|error| self.unwritten(&error))?;
        Ok(device)
    }

    /// Holds a device against those that are there.
    fn same_as_another(&self, device: &Device, faults: &mut Faults) -> Result<(), Failure> {
        let (organization, name) = (folder::organization(device), folder::name(device));
        for other in self.read()?.devices {
            if organization.is_some() && folder::organization(&other) == organization {
                let message = format!(
                    "device {} is the same organization, and each event would be delivered twice: give that device this \
                     key instead, or another organization here",
                    other.id
                );
                faults.add(Field::Configuration, message);
            }
            if !name.is_empty() && folder::name(&other) == name {
                faults.add(Field::DeviceName, format!("device {} has this name already: give another one", other.id));
            }
        }
        Ok(())
    }

    /// Waits for the lock, and looks after what a change before may have left.
    fn lock(&self) -> Result<Lock, Failure> {
        let mut lock = Lock::take(&self.path).map_err(|error| self.unwritten(&error))?;
        // What cannot be tidied now does not keep anybody from a change.
        let _ = self.tidy(&mut lock);
        Ok(lock)
    }

    /// Removes key files that were noted and that no device file needs, and what was written beside a file and never
    /// took its place.
    fn tidy(&self, lock: &mut Lock) -> io::Result<()> {
        let keys = keys::open_folder(lock.folder())?;
        for (folder, ending) in [(Some(lock.folder()), ".yaml.new"), (keys.as_ref(), ".key.new")] {
            let Some(folder) = folder else { continue };
            for name in folder.names().unwrap_or_default() {
                if let Some(name) = name.to_str().filter(|name| name.starts_with('.') && name.ends_with(ending)) {
                    folder.remove(name)?;
                }
            }
        }
        let noted = lock.noted()?;
        if noted.is_empty() {
            return Ok(());
        }
        // No key goes before it is certain that the file which no longer needs it will be there after a power cut.
        lock.folder().sync()?;
        let needs = self.needs()?;
        for name in &noted {
            let keys = keys.as_ref().filter(|keys| keys.has(name));
            if let Some(keys) = keys.filter(|_| !needs.iter().any(|need| need.may_be(name))) {
                keys.remove(name)?;
            }
        }
        // A file that could not be read may be the one that needs them; or none does, which is seen another time.
        if needs.iter().any(|need| matches!(need, Need::Unknown)) { Ok(()) } else { lock.forget() }
    }

    /// Of all device files, and of what may be meant as one.
    fn needs(&self) -> io::Result<Vec<Need>> {
        let paths = names(&self.path)?.into_iter().map(|name| self.path.join(name));
        let paths = paths.filter(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"));
        Ok(paths.map(|path| Need::of(&path)).collect())
    }

    fn keys_of(&self, id: &str) -> Vec<String> {
        let names = names(&self.path.join(keys::FOLDER)).unwrap_or_default();
        names
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .filter(|name| keys::second_of(name, id).is_some())
            .collect()
    }

    /// Whether there is a sealed key.
    fn has_sealed(&self) -> bool {
        let keys = self.path.join(keys::FOLDER);
        let holds_one = |name: OsString| {
            let text = files::read(&keys.join(name), keys::LARGEST).ok().flatten().map(Zeroizing::new);
            text.is_some_and(|text| std::str::from_utf8(&text).is_ok_and(is_sealed))
        };
        names(&keys).unwrap_or_default().into_iter().any(holds_one)
    }

    fn unwritten(&self, error: &io::Error) -> Failure {
        let next = "see that this user may write there and that the disk is not full";
        failed(error, format!("devices folder {}: {}; {next}", self.path.display(), files::said(error)))
    }
}

fn file_of(id: &str) -> String {
    format!("{id}.yaml")
}

/// Which key file a device file needs.
enum Need {
    /// This one, wherever its path leads; or none.
    Key(Option<OsString>),
    /// One of those that its text mentions: it cannot be read as a device.
    Mentioned(Vec<u8>),
    /// Any.
    Unknown,
}

impl Need {
    fn of(file: &Path) -> Self {
        const LARGEST: u64 = 16 << 20;
        let text = match files::read(file, LARGEST) {
            Ok(Some(text)) => text,
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::IsADirectory | io::ErrorKind::Unsupported => {
                    return Self::Key(None);
                }
                _ => return Self::Unknown,
            },
            Ok(None) => return Self::Unknown,
        };
        match std::str::from_utf8(&text).ok().and_then(|text| parse("any", text).ok()) {
            Some(Device { secret_key: SecretRef::File(path), .. }) => {
                Self::Key(path.file_name().map(ToOwned::to_owned))
            }
            Some(_) => Self::Key(None),
            None => Self::Mentioned(text),
        }
    }

    fn may_be(&self, name: &str) -> bool {
        match self {
            Self::Key(key) => key.as_ref().is_some_and(|key| key == name),
            Self::Mentioned(text) => text.windows(name.len()).any(|part| part == name.as_bytes()),
            Self::Unknown => true,
        }
    }
}
