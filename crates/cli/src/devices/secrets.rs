use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use adr_core::{Failure, SecretRef, SecretString, Secrets};
use adr_devices::{Device, Folder};

use super::lock;
use crate::secrets::SecretReader;

/// Reads secrets as every pipeline does, and key files of devices through the folder, which can open sealed ones.
pub(crate) struct DeviceSecrets {
    folder: Arc<Folder>,
    reader: Arc<SecretReader>,
    /// Whose key file is where.
    devices: Mutex<HashMap<PathBuf, Device>>,
}

impl DeviceSecrets {
    pub(super) fn new(folder: Arc<Folder>, reader: Arc<SecretReader>) -> Self {
        Self { folder, reader, devices: Mutex::default() }
    }

    /// These are the devices from now on.
    pub(super) fn know(&self, devices: &[Device]) {
        let of = |device: &Device| Some((self.folder.key_file(device)?, device.clone()));
        *lock(&self.devices) = devices.iter().filter_map(of).collect();
    }

    /// The secret of a device, wherever it is.
    pub(super) fn of(&self, device: &Device) -> Result<SecretString, Failure> {
        if self.folder.key_file(device).is_none() {
            return self.reader.resolve(&self.folder.secret_ref(device));
        }
        let secret = self.folder.secret(device)?;
        // No log line may show it from now on, whoever writes it.
        adr_telemetry::register(&secret);
        Ok(secret)
    }
}

impl Secrets for DeviceSecrets {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        let device = match reference {
            SecretRef::File(path) => lock(&self.devices).get(path).cloned(),
            SecretRef::Env(_) | SecretRef::Credential(_) => None,
        };
        match device {
            Some(device) => self.of(&device),
            None => self.reader.resolve(reference),
        }
    }
}
