//! Changes of devices: asked for at JumpCloud first, saved then, and written to the audit log either way.

use std::sync::Arc;

use adr_console::{Change, Done, Field, Form, Refused};
use adr_core::{Failure, FailureKind, SecretString};
use adr_devices::{self as devices, Device, NewDevice, Provider, expiry};
use adr_source_jumpcloud::CheckReport;

use super::{Site, audit, now, provider, secret_of, verify};

impl Site {
    /// Does it, or says why not. `who` asked for it.
    pub(crate) async fn change(self: Arc<Self>, who: &str, change: Change) -> Result<Done, Refused> {
        let (action, device) = named(&change);
        let done = self.clone().attempt(change).await;
        let (device, outcome) = match &done {
            Ok(done) => (done.id.clone(), "done".to_owned()),
            Err(refused) => (device, refused.message.clone()),
        };
        // What changes nothing is no change.
        if action.is_empty() {
            return done;
        }
        tracing::info!(who, action, device, outcome, "a change of devices was asked for");
        if let Err(error) = audit::write(&self.folder, now(), who, action, &device, &outcome) {
            tracing::error!(
                "the audit log of the devices cannot be written: {error}; see that there is room and that this user may write there"
            );
        }
        done
    }

    async fn attempt(self: Arc<Self>, change: Change) -> Result<Done, Refused> {
        match change {
            Change::Try(form) => {
                let (device, secret) = self.checked(&form)?;
                let said = self.ask(&device, &secret).await?;
                Ok(Done { id: device.id, message: said })
            }
            Change::Add(form) => {
                let (device, secret) = self.checked(&form)?;
                let said = self.ask(&device, &secret).await?;
                let added = self.blocking(move |site| site.folder.add(&new_device(&form), &secret, now())).await?;
                Ok(Done { message: format!("{} is saved: {said}", added.device_name), id: added.id })
            }
            Change::Test(id) => {
                // An organization of a provider has the provider's key.
                let device = self.device(id.split('.').next().unwrap_or_default())?;
                let secret = secret_of(&self, &device).map_err(refused)?;
                let said = self.ask(&device, &secret).await?;
                Ok(Done { id, message: said })
            }
            Change::RotateKey { id, secret, expires } => {
                self.own(&id)?;
                let expires = expiry(&expires).map_err(|message| Refused::field(Field::KeyExpires, message))?;
                let device = self.device(&id)?;
                let said = self.ask(&device, &secret).await?;
                let of = id.clone();
                let rotate = move |site: &Site| site.folder.rotate(&of, &secret, expires, now()).map_err(Into::into);
                let rotated = self.blocking(rotate).await?;
                let message = format!("{} has another key: {said}", rotated.device_name);
                Ok(Done { id, message })
            }
            Change::Pause(id) => self.pause(id, true).await,
            Change::Resume(id) => self.pause(id, false).await,
            Change::Remove(id) => {
                let of = id.clone();
                self.own(&id)?;
                self.blocking(move |site| site.folder.remove(&of).map_err(Into::into)).await?;
                self.providers.forget(&id);
                Ok(Done { message: format!("{id} is removed with its key; ADR keeps what it has"), id })
            }
        }
    }

    async fn pause(self: Arc<Self>, id: String, paused: bool) -> Result<Done, Refused> {
        self.own(&id)?;
        let of = id.clone();
        let device = self.blocking(move |site| site.folder.set_paused(&of, paused).map_err(Into::into)).await?;
        let what = if paused { "is paused: nothing is read until it is resumed" } else { "goes on where it was" };
        Ok(Done { id, message: format!("{} {what}", device.device_name) })
    }

    /// What a provider's key has found has no file of its own to change.
    fn own(&self, id: &str) -> Result<(), Refused> {
        let Some((provider, organization)) = id.split_once('.') else { return Ok(()) };
        let message = format!(
            "this organization is one that the key of {provider} reaches: change {provider} itself, or leave the organization out \
             by `exclude: [{organization}]` in {provider}.yaml"
        );
        Err(Refused::new(FailureKind::Config, message))
    }

    fn device(&self, id: &str) -> Result<Device, Refused> {
        self.folder.device(id).map_err(refused)
    }

    /// The device that the form makes, of which nothing is saved.
    fn checked(&self, form: &Form) -> Result<(Device, SecretString), Refused> {
        let device = self.folder.check_new(&new_device(form), &form.secret_key, now()).map_err(of_form)?;
        Ok((device, form.secret_key.clone()))
    }

    /// Asks JumpCloud; what it said, for a person.
    async fn ask(&self, device: &Device, secret: &SecretString) -> Result<String, Refused> {
        // No log line may show it from now on, whoever writes it.
        adr_telemetry::register(secret);
        let said = match &device.provider {
            Some(chosen) => provider::ask(self, device, secret).await.map(|list| {
                let (count, all) = (provider::chosen(chosen, &list).len(), list.len());
                self.providers.note(&device.id, Ok(list));
                format!("JumpCloud takes the key; it reaches {all} organizations, of which {count} are read")
            }),
            None => verify::ask(self, device, secret).await.map(|report| works(&report)),
        };
        said.map_err(|failure| {
            let fields = match failure.kind {
                FailureKind::Unauthorized | FailureKind::Forbidden => vec![Field::SecretKey],
                FailureKind::WrongOrganization => vec![Field::Configuration],
                FailureKind::Config if device.cce_ip.is_none() => vec![Field::CceIp],
                _ => Vec::new(),
            };
            Refused { fields, ..refused(failure) }
        })
    }

    /// Files and locks are waited for elsewhere.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, devices::Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let site = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&site)).await;
        done.map_err(|error| Refused::new(FailureKind::Internal, format!("the change ended: {error}")))?
            .map_err(of_form)
    }
}

fn works(report: &CheckReport) -> String {
    let recent = if report.recent_event {
        "it had events in the last 15 minutes"
    } else {
        "it had no event in the last 15 minutes"
    };
    format!("JumpCloud takes key and organization; {recent}")
}

/// What is written to the audit log; nothing where nothing can change.
fn named(change: &Change) -> (&'static str, String) {
    match change {
        Change::Try(_) | Change::Test(_) => ("", String::new()),
        Change::Add(form) => ("add", form.device_name.clone()),
        Change::RotateKey { id, .. } => ("rotate-key", id.clone()),
        Change::Pause(id) => ("pause", id.clone()),
        Change::Resume(id) => ("resume", id.clone()),
        Change::Remove(id) => ("remove", id.clone()),
    }
}

fn new_device(form: &Form) -> NewDevice {
    let provider = || Provider { include: form.include.clone(), exclude: form.exclude.clone() };
    NewDevice {
        device_name: form.device_name.clone(),
        cce_ip: form.cce_ip.clone(),
        access_id: form.access_id.clone(),
        configuration: form.configuration.clone(),
        region: form.region.clone(),
        base_url: form.base_url.clone(),
        key_expires: form.key_expires.clone(),
        provider: form.provider.then(provider),
    }
}

fn refused(failure: Failure) -> Refused {
    Refused::new(failure.kind, failure.message)
}

fn of_form(refused: devices::Refused) -> Refused {
    match refused {
        devices::Refused::Failed(failure) => self::refused(failure),
        devices::Refused::Form(faults) => {
            let fields = faults.iter().map(|fault| of_field(fault.field)).collect();
            let message = faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>().join("; ");
            Refused { fields, kind: FailureKind::Config, message }
        }
    }
}

fn of_field(field: devices::Field) -> Field {
    match field {
        devices::Field::DeviceName => Field::DeviceName,
        devices::Field::CceIp => Field::CceIp,
        devices::Field::AccessId => Field::AccessId,
        devices::Field::SecretKey => Field::SecretKey,
        devices::Field::Configuration => Field::Configuration,
        devices::Field::Region => Field::Region,
        devices::Field::BaseUrl => Field::BaseUrl,
        devices::Field::KeyExpires => Field::KeyExpires,
        devices::Field::Organizations => Field::Organizations,
    }
}
