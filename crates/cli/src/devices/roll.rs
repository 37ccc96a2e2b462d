//! Who is there: every device of the folder, be it read or not.

use std::collections::BTreeSet;
use std::sync::Arc;

use adr_console::KeyFacts;
use adr_core::{Failure, FailureKind};
use adr_devices::{Contents, Device, Provider};

use super::provider::{Known, chosen};
use super::{Site, secret_of};
use crate::config::{Seat, Template};

/// Every device there is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roll(pub(crate) Vec<Listed>);

/// A device, as the folder has it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) cce: String,
    pub(crate) org_id: String,
    pub(crate) provider: Option<String>,
    pub(crate) key: KeyFacts,
    pub(crate) paused: bool,
    /// Whether it is read itself, or is the key by which others are.
    pub(crate) is_provider: bool,
    /// Why it cannot be read at all.
    pub(crate) trouble: Option<Failure>,
}

/// The devices that can be read, and all there are.
pub(super) fn of(site: &Site, template: &Template, contents: Contents) -> (Vec<Seat>, Roll) {
    let needs_cce = template.needs("DEVICE_CCE");
    let (mut seats, mut roll) = (Vec::new(), Roll::default());
    let own = contents.devices.iter().filter_map(|device| device.configuration.org_id.as_deref());
    // A slip in a device's file makes its events no provider's.
    let refused = contents.problems.iter().filter_map(|problem| problem.organization.as_deref());
    let mut taken: BTreeSet<String> = own.chain(refused).map(str::to_lowercase).collect();
    for device in contents.devices {
        if let Some(provider) = &device.provider {
            let (of_provider, listed) = organizations(site, &device, provider, &mut taken, needs_cce);
            seats.extend(of_provider);
            roll.0.extend(listed);
            continue;
        }
        let seat = seat(site, &device, needs_cce);
        let mut listed = listed(&device);
        listed.trouble = seat.as_ref().err().cloned();
        seats.extend(seat.ok().filter(|_| !device.paused));
        roll.0.push(listed);
    }
    for problem in contents.problems.iter().filter(|problem| problem.refused) {
        roll.0.push(Listed {
            name: problem.name().to_owned(),
            // A name that is no id could be that of another device.
            id: problem.device.as_ref().unwrap_or(&problem.file).clone(),
            cce: String::new(),
            org_id: problem.organization.clone().unwrap_or_default(),
            provider: None,
            key: KeyFacts::default(),
            paused: false,
            is_provider: false,
            trouble: Some(Failure::fatal(FailureKind::Config, problem.to_string())),
        });
    }
    unique_names(&mut seats);
    (seats, roll)
}

/// A provider, and a device for each of its organizations, but for those that are devices already, of their own or of another
/// provider.
fn organizations(
    site: &Site,
    device: &Device,
    provider: &Provider,
    taken: &mut BTreeSet<String>,
    needs_cce: bool,
) -> (Vec<Seat>, Vec<Listed>) {
    let Known { organizations, failure, .. } = site.providers.of(device);
    let can_run = can_run(site, device, needs_cce);
    let runs = !device.paused && can_run.is_ok();
    let trouble = can_run.err().or(failure);
    let mut seats = Vec::new();
    let mut all = vec![Listed { trouble, ..listed(device) }];
    for found in chosen(provider, organizations.as_deref().unwrap_or_default()) {
        if !taken.insert(found.id.to_lowercase()) {
            continue;
        }
        let name = if found.name.trim().is_empty() { &found.id } else { found.name.trim() };
        let id = format!("{}.{}", device.id, found.id);
        all.push(Listed {
            id: id.clone(),
            name: name.to_owned(),
            org_id: found.id.clone(),
            provider: Some(device.id.clone()),
            is_provider: false,
            ..listed(device)
        });
        if runs {
            seats.push(Seat { id, device_name: name.to_owned(), ..of_device(site, device, &found.id) });
        }
    }
    (seats, all)
}

impl Roll {
    /// This one is not read, and why.
    pub(super) fn refuse(&mut self, id: &str, why: String) {
        if let Some(listed) = self.0.iter_mut().find(|listed| listed.id == id) {
            listed.trouble = Some(Failure::fatal(FailureKind::Config, why));
        }
    }
}

/// Names are for people; to tell devices of one name apart, all but the first have their ids behind them.
fn unique_names(seats: &mut [Seat]) {
    let mut taken = BTreeSet::new();
    for seat in seats {
        if !taken.insert(seat.device_name.clone()) {
            seat.device_name = format!("{} ({})", seat.device_name, seat.id);
            taken.insert(seat.device_name.clone());
        }
    }
}

/// The device in a pipeline, or why it has no place in one.
fn seat(site: &Site, device: &Device, needs_cce: bool) -> Result<Seat, Failure> {
    can_run(site, device, needs_cce)?;
    let Some(org_id) = &device.configuration.org_id else {
        let message = format!("the device has no Organization ID: write `configuration` into {}.yaml", device.id);
        return Err(Failure::fatal(FailureKind::Config, message));
    };
    Ok(of_device(site, device, org_id))
}

/// Whether it has all that the template needs of it, and a key.
fn can_run(site: &Site, device: &Device, needs_cce: bool) -> Result<(), Failure> {
    if needs_cce && device.cce_ip.is_none() {
        let message = "the device has no CCE IP, and the template delivers to it: write `cce_ip` into {id}.yaml";
        return Err(Failure::fatal(FailureKind::Config, message.replace("{id}", &device.id)));
    }
    secret_of(site, device).map(drop)
}

/// The same, whatever it lacks.
pub(super) fn of_device(site: &Site, device: &Device, org_id: &str) -> Seat {
    Seat {
        id: device.id.clone(),
        device_name: device.device_name.clone(),
        cce: device.cce_ip.clone(),
        access_id: device.access_id.clone(),
        secret_key: site.folder.secret_ref(device),
        org_id: Arc::from(org_id),
        region: device.region.clone(),
        base_url: device.base_url.clone(),
    }
}

fn listed(device: &Device) -> Listed {
    Listed {
        id: device.id.clone(),
        name: device.device_name.clone(),
        cce: device.cce_ip.clone().unwrap_or_default(),
        org_id: device.configuration.org_id.clone().unwrap_or_default(),
        provider: None,
        key: KeyFacts { added: device.key.added, expires: device.key.expires },
        paused: device.paused,
        is_provider: device.provider.is_some(),
        trouble: None,
    }
}
