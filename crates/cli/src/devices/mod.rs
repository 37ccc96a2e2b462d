//! A folder of devices and the template of their pipelines: what `serve` runs, and what `device` and the page change.

mod audit;
mod change;
mod provider;
mod roll;
mod secrets;
mod verify;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adr_core::{Clock, SecretRef, Secrets, Timestamp};
use adr_devices::{Device, Folder, Problem, Seal};

use crate::clock::SystemClock;
use crate::config::{Findings, Paths, Pipeline, Template};
use crate::exit::Stop;
use crate::secrets::SecretReader;
use provider::Providers;
pub(crate) use roll::{Listed, Roll};
pub(crate) use secrets::DeviceSecrets;

/// Where devices are, and what becomes of them.
pub(crate) struct Site {
    folder: Arc<Folder>,
    secrets: Arc<DeviceSecrets>,
    template: TemplateFile,
    providers: Providers,
    /// What was told of the files already.
    told: Mutex<Vec<Problem>>,
}

/// Where the template is.
enum TemplateFile {
    BuiltIn,
    At(Paths),
}

/// Why the devices are not what runs.
pub(crate) enum Unready {
    /// The template has mistakes, or makes none of these devices.
    Template(Findings),
    /// The folder cannot be read.
    Folder(adr_core::Failure),
}

impl Site {
    /// The folder, made where it is missing. `seal` names what seals new keys.
    pub(crate) fn open(
        folder: &std::path::Path,
        template: Option<PathBuf>,
        seal: Option<&SecretRef>,
    ) -> Result<Self, Stop> {
        let reader = Arc::new(SecretReader::default());
        let seal = seal.map(|reference| reader.resolve(reference).and_then(|text| Seal::new(&text))).transpose()?;
        let folder = Arc::new(Folder::open(folder, seal)?);
        let template = template.map_or(TemplateFile::BuiltIn, |path| TemplateFile::At(Paths::file(&path)));
        let providers = Providers::new(folder.clone());
        let secrets = Arc::new(DeviceSecrets::new(folder.clone(), reader));
        Ok(Self { folder, secrets, template, providers, told: Mutex::default() })
    }

    /// The devices as they stand in the folder.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Reads their keys.
    pub(crate) fn secrets(&self) -> Arc<DeviceSecrets> {
        self.secrets.clone()
    }

    /// The pipeline of all devices that can run, and how all of them stand.
    pub(crate) fn load(&self) -> Result<(Pipeline, Roll), Unready> {
        let template = self.template().map_err(Unready::Template)?;
        let contents = self.folder.read().map_err(Unready::Folder)?;
        self.tell(&contents.problems);
        self.secrets.know(&contents.devices);
        let (seats, roll) = roll::of(self, &template, contents);
        let pipeline = template.pipeline(&seats).map_err(Unready::Template)?;
        Ok((pipeline, roll))
    }

    /// Another number once a device, a key or the template has changed.
    pub(crate) fn fingerprint(&self) -> u64 {
        let template = match &self.template {
            TemplateFile::BuiltIn => 0,
            TemplateFile::At(paths) => paths.fingerprint(),
        };
        self.folder.fingerprint().wrapping_add(template.rotate_left(7))
    }

    /// Asks JumpCloud for the organizations of every provider; says whether there are others than before.
    pub(crate) async fn look_for_organizations(&self) -> bool {
        let Ok(contents) = self.folder.read() else { return false };
        let mut changed = false;
        for device in contents.devices.iter().filter(|device| device.provider.is_some() && !device.paused) {
            let asked = match secret_of(self, device) {
                Ok(secret) => provider::ask(self, device, &secret).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = &asked {
                tracing::warn!(device = device.id, "the provider's organizations are not known anew: {failure}");
            }
            changed |= self.providers.note(&device.id, asked);
        }
        changed
    }

    fn template(&self) -> Result<Template, Findings> {
        match &self.template {
            TemplateFile::BuiltIn => Template::built_in(),
            TemplateFile::At(paths) => Template::load(paths),
        }
    }

    /// Each problem once, for as long as it is there.
    fn tell(&self, problems: &[Problem]) {
        let mut told = lock(&self.told);
        for problem in problems.iter().filter(|problem| !told.contains(problem)) {
            match problem.refused {
                true => tracing::error!("devices: {problem}"),
                false => tracing::warn!("devices: {problem}"),
            }
        }
        *told = problems.to_vec();
    }
}

/// A device's secret, wherever it is.
fn secret_of(site: &Site, device: &Device) -> Result<adr_core::SecretString, adr_core::Failure> {
    site.secrets.of(device)
}

fn now() -> Timestamp {
    SystemClock.now()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
