//! Asks JumpCloud about a device before anything is saved.

use std::sync::Arc;

use adr_core::{Failure, SecretRef, SecretString, Secrets};
use adr_devices::Device;
use adr_source_jumpcloud::{CheckReport, JumpcloudLane};

use super::{Site, in_one_line, roll};
use crate::clock::SystemClock;
use crate::components::{Clients, Source, Surround, jumpcloud, process_requests};
use crate::config::{Pipeline, Seat};

/// A key that is not saved yet, whoever asks.
struct Given(SecretString);

impl Secrets for Given {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Ok(self.0.clone())
    }
}

/// One small request with this key, as the template's source would make it.
pub(super) async fn ask(site: &Site, device: &Device, secret: &SecretString) -> Result<CheckReport, Failure> {
    lane(site, device, secret)?.check().await
}

/// The lane of a device with this key.
pub(super) fn lane(site: &Site, device: &Device, secret: &SecretString) -> Result<Arc<JumpcloudLane>, Failure> {
    let pipeline = alone(site, device)?;
    let internal = || Failure::fatal(adr_core::FailureKind::Internal, "the template has no JumpCloud source");
    let source = pipeline.sources.first().ok_or_else(internal)?;
    let Source::Jumpcloud(config) = &source.part else { return Err(internal()) };
    let surround = Surround {
        clock: Arc::new(SystemClock),
        secrets: Arc::new(Given(secret.clone())),
        stdout: None,
        pipe_trail: pipeline.settings.pipe_trail.0,
        requests: process_requests(),
        clients: Clients::default(),
        once: true,
    };
    let source = jumpcloud(&source.id, config, &surround)?;
    source.lanes().next().cloned().ok_or_else(internal)
}

/// The pipeline of this device alone: what cannot be built is seen before it is saved.
fn alone(site: &Site, device: &Device) -> Result<Pipeline, Failure> {
    let config = |message: String| Failure::fatal(adr_core::FailureKind::Config, message);
    let template = site.template().map_err(|found| config(in_one_line(&found)))?;
    if device.cce_ip.is_none() && template.needs("DEVICE_CCE") {
        return Err(config(
            "`CCE IP` is blank, and the template delivers to it: give the address of the CCE".to_owned(),
        ));
    }
    // A provider's key asks for no organization.
    let org_id = device.configuration.org_id.as_deref().unwrap_or("provider");
    let seat: Seat = roll::of_device(site, device, org_id);
    template.pipeline(&[seat]).map_err(|found| config(in_one_line(&found)))
}
