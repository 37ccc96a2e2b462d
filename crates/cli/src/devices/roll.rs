//! Who is there: every device of the folder, be it read or not.

use std::sync::Arc;

use adr_console::KeyFacts;
use adr_core::{Failure, FailureKind};
use adr_devices::{Contents, Device};

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
    /// Why it cannot be read at all.
    pub(crate) trouble: Option<Failure>,
}

/// The devices that can be read, and all there are.
pub(super) fn of(site: &Site, template: &Template, contents: Contents) -> (Vec<Seat>, Roll) {
    let needs_cce = template.needs("DEVICE_CCE");
    let (mut seats, mut roll) = (Vec::new(), Roll::default());
    for device in contents.devices {
        let seat = seat(site, &device, needs_cce);
        let mut listed = listed(&device);
        listed.trouble = seat.as_ref().err().cloned();
        seats.extend(seat.ok().filter(|_| !device.paused));
        roll.0.push(listed);
    }
    for problem in contents.problems.iter().filter(|problem| problem.refused) {
        let Some(id) = problem.device.clone() else { continue };
        roll.0.push(Listed {
            name: id.clone(),
            id,
            cce: String::new(),
            org_id: String::new(),
            provider: None,
            key: KeyFacts::default(),
            paused: false,
            trouble: Some(Failure::fatal(FailureKind::Config, problem.to_string())),
        });
    }
    (seats, roll)
}

/// The device in a pipeline, or why it has no place in one.
fn seat(site: &Site, device: &Device, needs_cce: bool) -> Result<Seat, Failure> {
    let config = |message: String| Failure::fatal(FailureKind::Config, message);
    if needs_cce && device.cce_ip.is_none() {
        let message = "the device has no CCE IP, and the template delivers to it: write `cce_ip` into {id}.yaml";
        return Err(config(message.replace("{id}", &device.id)));
    }
    let Some(org_id) = &device.configuration.org_id else {
        return Err(config(format!(
            "the device has no Organization ID: write `configuration` into {}.yaml",
            device.id
        )));
    };
    secret_of(site, device)?;
    Ok(of_device(site, device, org_id))
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
        trouble: None,
    }
}
