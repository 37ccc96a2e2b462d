//! A folder of devices and the template of their pipelines: what `serve` runs, and what `device` and the page change.

pub(crate) mod audit;
mod change;
mod provider;
mod roll;
mod secrets;
mod verify;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adr_core::{Clock, Failure, SecretRef, Secrets, Timestamp};
use adr_devices::{Device, Folder, Problem, Seal};
use adr_source_jumpcloud::Organization;
use tokio::task::spawn_blocking;

use crate::clock::SystemClock;
use crate::config::{Findings, Paths, Pipeline, Seat, Template};
use crate::exit::Stop;
use crate::secrets::SecretReader;
use provider::{Access, Providers};
pub(crate) use roll::{Listed, Roll};
pub(crate) use secrets::DeviceSecrets;

/// Where devices are, and what becomes of them.
pub(crate) struct Site {
    folder: Arc<Folder>,
    secrets: Arc<DeviceSecrets>,
    template: TemplateFile,
    providers: Providers,
    /// What was told already.
    told: Mutex<Told>,
}

/// What was told of the folder already.
#[derive(Default)]
struct Told {
    warnings: Vec<Problem>,
    /// Why devices are not read, by their ids.
    troubles: BTreeMap<String, String>,
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
    Folder(Failure),
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
        let warnings = contents.problems.iter().filter(|problem| !problem.refused).cloned().collect();
        self.secrets.know(&contents.devices);
        self.providers.keep(&contents.devices);
        let (seats, mut roll) = roll::of(self, &template, contents);
        let pipeline = of_seats(&template, seats, &mut roll).map_err(Unready::Template)?;
        self.tell(warnings, &roll);
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

    /// Asks JumpCloud for the organizations of every provider.
    pub(crate) async fn look_for_organizations(self: &Arc<Self>) -> Looked {
        let mut looked = Looked::default();
        let site = self.clone();
        let Ok(Ok(contents)) = spawn_blocking(move || site.folder.read()).await else {
            return Looked { failed: true, ..looked };
        };
        for device in contents.devices.into_iter().filter(|device| device.provider.is_some() && !device.paused) {
            let access = self.providers.access(&device);
            let (site, of) = (self.clone(), device.clone());
            let asked = match spawn_blocking(move || secret_of(&site, &of)).await {
                Ok(Ok(secret)) => provider::ask(self, &device, &secret).await,
                Ok(Err(failure)) => Err(failure),
                // The program ends.
                Err(_) => return looked,
            };
            looked.failed |= asked.is_err();
            looked.changed |= self.note(device, access, asked).await;
        }
        looked
    }

    /// Until a provider comes, or gets another key.
    pub(crate) async fn has_new_provider(&self) {
        self.providers.is_new().await;
    }

    /// Takes in what JumpCloud said of a provider; says whether anything is another now.
    async fn note(
        self: &Arc<Self>,
        device: Device,
        asked_with: Access,
        asked: Result<Vec<Organization>, Failure>,
    ) -> bool {
        let site = self.clone();
        spawn_blocking(move || site.providers.note(&device, asked_with, asked)).await.unwrap_or_default()
    }

    fn template(&self) -> Result<Template, Findings> {
        match &self.template {
            TemplateFile::BuiltIn => Template::built_in(),
            TemplateFile::At(paths) => Template::load(paths),
        }
    }

    /// Each problem once, for as long as it is there.
    fn tell(&self, warnings: Vec<Problem>, roll: &Roll) {
        let mut told = lock(&self.told);
        warnings
            .iter()
            .filter(|warning| !told.warnings.contains(warning))
            .for_each(|warning| tracing::warn!("devices: {warning}"));
        let troubles = roll.0.iter().filter_map(|device| Some((&device.id, &device.trouble.as_ref()?.message)));
        let troubles: BTreeMap<String, String> = troubles.map(|(id, why)| (id.clone(), why.clone())).collect();
        for (device, why) in troubles.iter().filter(|(id, why)| told.troubles.get(*id) != Some(why)) {
            tracing::error!(device, "not as it should be: {why}");
        }
        *told = Told { warnings, troubles };
    }
}

/// What came of asking for the organizations of providers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looked {
    /// There are others than before, or another reason why there are none.
    pub(crate) changed: bool,
    /// Some were not told.
    pub(crate) failed: bool,
}

/// The pipeline of these devices. One that can have no place in it takes nobody else's.
fn of_seats(template: &Template, seats: Vec<Seat>, roll: &mut Roll) -> Result<Pipeline, Findings> {
    let found = match template.pipeline(&seats) {
        Ok(pipeline) => return Ok(pipeline),
        Err(found) => found,
    };
    let (all, mut good) = (seats.len(), Vec::new());
    for seat in seats {
        match template.pipeline(slice::from_ref(&seat)) {
            Ok(_) => good.push(seat),
            Err(found) => roll.refuse(&seat.id, in_one_line(&found)),
        }
    }
    // Where each alone is right it is about all of them.
    if good.len() == all { Err(found) } else { template.pipeline(&good) }
}

/// The problems of a template for who sees no file.
fn in_one_line(found: &Findings) -> String {
    found.in_lines().collect::<Vec<_>>().join("; ")
}

/// A device's secret, wherever it is.
fn secret_of(site: &Site, device: &Device) -> Result<adr_core::SecretString, Failure> {
    site.secrets.of(device)
}

fn now() -> Timestamp {
    SystemClock.now()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
