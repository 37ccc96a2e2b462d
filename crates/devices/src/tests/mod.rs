mod adding;
mod changes;
mod crashes;
mod links;
mod reading;
mod sealing;
mod secrets;
mod text;
mod turns;
mod watching;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use adr_core::{ExposeSecret, SecretString, Timestamp};
use tempfile::TempDir;

use crate::{Device, Folder, NewDevice, Seal};

pub(crate) const ORG: &str = "5a2af2a82cf2b0010053ea41";

/// A folder of its own, gone with it.
pub(crate) struct Scene {
    pub(crate) folder: Folder,
    root: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::sealed_by(None)
    }

    pub(crate) fn sealed_by(seal: Option<Seal>) -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(&root.path().join("devices"), seal).unwrap();
        Self { folder, root }
    }

    /// The same folder, as another process has it.
    pub(crate) fn again(&self, seal: Option<Seal>) -> Folder {
        Folder::open(self.folder.path(), seal).unwrap()
    }

    /// Beside the folder.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file as a person would.
    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn add(&self, form: &NewDevice) -> Device {
        self.folder.add(form, &key("key-of-a-device"), now()).unwrap()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.folder.read().unwrap().devices.into_iter().map(|device| device.id).collect()
    }

    /// What is wrong, but for the modes of what this machine's umask has made.
    pub(crate) fn problems(&self) -> Vec<String> {
        let problems = self.folder.read().unwrap().problems;
        problems.iter().map(ToString::to_string).filter(|problem| !problem.contains("other users")).collect()
    }

    pub(crate) fn key_files(&self) -> Vec<String> {
        files(&self.path("keys"))
    }

    pub(crate) fn files(&self) -> Vec<String> {
        files(self.folder.path())
    }
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A form of the organization `5a2a..` followed by the name in hexadecimal.
pub(crate) fn form(name: &str) -> NewDevice {
    let org_id = name.bytes().fold(String::from("5a2a"), |id, byte| format!("{id}{byte:02x}"));
    NewDevice {
        device_name: name.to_owned(),
        configuration: format!("{{ \"org_id\": \"{org_id}\"}}"),
        ..NewDevice::default()
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::parse(b"2026-12-05T00:00:00Z").unwrap()
}

pub(crate) fn later(seconds: u64) -> Timestamp {
    now().plus(std::time::Duration::from_secs(seconds))
}

pub(crate) fn key(text: &str) -> SecretString {
    SecretString::from(text)
}

pub(crate) fn shown(secret: &SecretString) -> &str {
    secret.expose_secret()
}

pub(crate) fn seal(text: &str) -> Seal {
    Seal::new(&SecretString::from(format!("{text:-<40}"))).unwrap()
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
