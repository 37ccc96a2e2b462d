//! Changes of devices: asked for at JumpCloud first, saved then, and written to the audit log either way.

use std::sync::Arc;

use adr_console::{Change, Done, Field, Form, Refused};
use adr_core::{Failure, FailureKind, SecretString};
use adr_devices::{self as devices, Device, NewDevice, Provider, expiry};
use adr_source_jumpcloud::{CheckReport, Organization};
use tokio::task::spawn_blocking;

use super::{Site, audit, now, provider, secret_of, verify};

impl Site {
    /// Does it, or says why not. `who` asked for it.
    pub(crate) async fn change(self: Arc<Self>, who: &str, change: Change) -> Result<Done, Refused> {
        // No log line may show it from now on, whoever writes it, and in whichever field it was entered.
        if let Some(secret) = secret(&change) {
            adr_telemetry::register(secret);
        }
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
        let who = who.to_owned();
        let write = move || audit::write(&self.folder, now(), &who, action, ("device", &device), &outcome);
        if let Err(error) = spawn_blocking(write).await.unwrap_or_else(|error| Err(error.into())) {
            tracing::error!(
                "the audit log of the devices cannot be written: {error}; see that there is room and that this user may write there"
            );
        }
        done
    }

    async fn attempt(self: Arc<Self>, change: Change) -> Result<Done, Refused> {
        match change {
            Change::Try(form) => {
                let form = Arc::new(form);
                let device = self.checked(&form).await?;
                let answer = self.ask(&device, &form.secret_key).await?;
                Ok(Done { id: device.id, message: answer.said })
            }
            Change::Add(form) => {
                let form = Arc::new(form);
                let device = self.checked(&form).await?;
                let answer = self.ask(&device, &form.secret_key).await?;
                let add = move |site: &Site| site.folder.add(&new_device(&form), &form.secret_key, now());
                let added = self.blocking(add).await?;
                let message = format!("{} is saved: {}", added.device_name, answer.said);
                let id = added.id.clone();
                self.keep(added, answer.organizations).await;
                Ok(Done { id, message })
            }
            Change::Test(id) => {
                // An organization of a provider has the provider's key.
                let device = self.device(id.split('.').next().unwrap_or_default()).await?;
                let of = device.clone();
                let secret = self.blocking(move |site| secret_of(site, &of).map_err(Into::into)).await?;
                let answer = self.ask(&device, &secret).await?;
                self.keep(device, answer.organizations).await;
                Ok(Done { id, message: answer.said })
            }
            Change::RotateKey { id, secret, expires } => {
                self.own(&id)?;
                let expires = expiry(&expires).map_err(|message| Refused::field(Field::KeyExpires, message))?;
                let device = self.device(&id).await?;
                let answer = self.ask(&device, &secret).await?;
                let of = id.clone();
                let rotate = move |site: &Site| site.folder.rotate(&of, &secret, expires, now());
                let rotated = self.blocking(rotate).await?;
                let message = format!("{} has another key: {}", rotated.device_name, answer.said);
                self.keep(rotated, answer.organizations).await;
                Ok(Done { id, message })
            }
            Change::Pause(id) => self.pause(id, true).await,
            Change::Resume(id) => self.pause(id, false).await,
            Change::Remove(id) => {
                let of = id.clone();
                self.own(&id)?;
                let remove = move |site: &Site| {
                    site.folder.remove(&of)?;
                    site.providers.forget(&of);
                    Ok(())
                };
                self.blocking(remove).await?;
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

    async fn device(self: &Arc<Self>, id: &str) -> Result<Device, Refused> {
        let id = id.to_owned();
        self.blocking(move |site| site.folder.device(&id).map_err(Into::into)).await
    }

    /// The device that the form makes, of which nothing is saved.
    async fn checked(self: &Arc<Self>, form: &Arc<Form>) -> Result<Device, Refused> {
        let form = form.clone();
        self.blocking(move |site| site.folder.check_new(&new_device(&form), &form.secret_key, now())).await
    }

    /// Asks JumpCloud.
    async fn ask(&self, device: &Device, secret: &SecretString) -> Result<Answer, Refused> {
        let answer = match &device.provider {
            Some(chosen) => provider::ask(self, device, secret).await.map(|list| {
                let (count, all) = (provider::chosen(chosen, &list).len(), list.len());
                let said =
                    format!("JumpCloud takes the key; it reaches {all} organizations, of which {count} are read");
                Answer { said, organizations: Some(list) }
            }),
            None => verify::ask(self, device, secret).await.map(|report| Answer::of(&report)),
        };
        answer.map_err(|failure| {
            let fields = match failure.kind {
                FailureKind::Unauthorized | FailureKind::Forbidden => vec![Field::SecretKey],
                FailureKind::WrongOrganization => vec![Field::Configuration],
                FailureKind::Config if device.cce_ip.is_none() => vec![Field::CceIp],
                _ => Vec::new(),
            };
            Refused { fields, ..refused(failure) }
        })
    }

    /// What was asked for anyway is known.
    async fn keep(self: &Arc<Self>, device: Device, organizations: Option<Vec<Organization>>) {
        let access = self.providers.access(&device);
        if let Some(list) = organizations {
            self.note(device, access, Ok(list)).await;
        }
    }

    /// Files and locks are waited for elsewhere.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, devices::Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let site = self.clone();
        let done = spawn_blocking(move || work(&site)).await;
        done.map_err(|error| Refused::new(FailureKind::Internal, format!("the change ended: {error}")))?
            .map_err(of_form)
    }
}

/// What JumpCloud said.
struct Answer {
    /// For a person.
    said: String,
    /// Those that the key of a provider reaches.
    organizations: Option<Vec<Organization>>,
}

impl Answer {
    fn of(report: &CheckReport) -> Self {
        let recent = if report.recent_event { "events" } else { "no event" };
        let said = format!("JumpCloud takes key and organization; it had {recent} in the last 15 minutes");
        Self { said, organizations: None }
    }
}

/// The secret that comes with a change.
fn secret(change: &Change) -> Option<&SecretString> {
    match change {
        Change::Try(form) | Change::Add(form) => Some(&form.secret_key),
        Change::RotateKey { secret, .. } => Some(secret),
        Change::Test(_) | Change::Pause(_) | Change::Resume(_) | Change::Remove(_) => None,
    }
}

/// What is written to the audit log; nothing where nothing can change. What was entered in a form that is refused may be anything,
/// a key in the wrong field too.
fn named(change: &Change) -> (&'static str, String) {
    match change {
        Change::Try(_) | Change::Test(_) => ("", String::new()),
        Change::Add(_) => ("add", String::new()),
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
