//! The form, checked.

use std::fmt;

use adr_core::{ExposeSecret, Failure, FailureKind, SecretRef, SecretString, Timestamp};

use crate::fields::{self, Told};
use crate::{Configuration, Device, KeyTimes, NewDevice, Provider, keys};

/// A key this short may stand in other words by chance.
const TELLING: usize = 12;

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Device Name
    DeviceName,
    /// CCE IP
    CceIp,
    /// Access ID / Username
    AccessId,
    /// Password / Secret Key
    SecretKey,
    /// Configuration JSON
    Configuration,
    /// Region
    Region,
    /// Another address of the API
    BaseUrl,
    /// Key expiry
    KeyExpires,
    /// Include or exclude, of a provider
    Organizations,
}

/// What is wrong with a field of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The field.
    pub field: Field,
    /// What is wrong and what to do; quotes nothing of the field.
    pub message: String,
}

/// Why a device was not added, or its key not exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The form is not filled in right: at least one fault, in the order of the form.
    Form(Vec<FieldFault>),
    /// The folder did not take it.
    Failed(Failure),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(faults) => {
                let messages: Vec<&str> = faults.iter().map(|fault| &*fault.message).collect();
                f.write_str(&messages.join("; "))
            }
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Form(_) => Self::fatal(FailureKind::Config, refused.to_string()),
            Refused::Failed(failure) => failure,
        }
    }
}

/// Collects what is wrong.
#[derive(Default)]
pub(crate) struct Faults(Vec<FieldFault>);

impl Faults {
    pub(crate) fn add(&mut self, field: Field, message: impl Into<String>) {
        self.0.push(FieldFault { field, message: message.into() });
    }

    /// The value; where there is none, why is kept.
    pub(crate) fn take<T: Default, E: Into<String>>(&mut self, field: Field, told: Result<T, E>) -> T {
        told.unwrap_or_else(|message| {
            self.add(field, message);
            T::default()
        })
    }

    pub(crate) fn none_or_refused(mut self) -> Result<(), Refused> {
        self.0.sort_by_key(|fault| fault.field);
        if self.0.is_empty() { Ok(()) } else { Err(Refused::Form(self.0)) }
    }
}

/// The device that the form makes, yet without an id and a place for its key, and what is wrong with the form by itself.
pub(crate) fn check(form: &NewDevice, secret: &SecretString, now: Timestamp) -> (Device, Faults) {
    let mut faults = Faults::default();
    let expires = fields::time(&form.key_expires).and_then(|expires| fields::to_come(expires, now));
    let device = Device {
        id: String::new(),
        device_name: faults.take(Field::DeviceName, fields::device_name(&form.device_name)),
        cce_ip: faults.take(Field::CceIp, fields::cce_ip(&form.cce_ip)),
        access_id: faults.take(Field::AccessId, fields::access_id(&form.access_id)),
        secret_key: SecretRef::File(keys::FOLDER.into()),
        configuration: faults.take(Field::Configuration, configuration(form)),
        region: faults.take(Field::Region, fields::region(&form.region)),
        base_url: faults.take(Field::BaseUrl, fields::base_url(&form.base_url)),
        key: KeyTimes { added: Some(now), expires: faults.take(Field::KeyExpires, expires) },
        paused: false,
        provider: form.provider.as_ref().map(|provider| faults.take(Field::Organizations, organizations(provider))),
    };
    faults.take(Field::SecretKey, keys::checked(secret).map(drop));
    misplaced(form, secret.expose_secret().trim(), &mut faults);
    (device, faults)
}

fn configuration(form: &NewDevice) -> Result<Configuration, String> {
    let Configuration { org_id, .. } = Configuration::from_text(&form.configuration)?;
    fields::organization(org_id.as_deref(), form.provider.is_some())?;
    Ok(Configuration { org_id, text: None })
}

fn organizations(provider: &Provider) -> Told<Provider> {
    let patterns = |given: &[String]| given.iter().map(|text| fields::pattern(text)).collect::<Told<Vec<_>>>();
    Ok(Provider { include: patterns(&provider.include)?, exclude: patterns(&provider.exclude)? })
}

/// A key in another field would be kept in the device file, in plain text.
fn misplaced(form: &NewDevice, secret: &str, faults: &mut Faults) {
    let provider = form.provider.iter().flat_map(|provider| provider.include.iter().chain(&provider.exclude));
    let fields = [
        (Field::DeviceName, &form.device_name),
        (Field::CceIp, &form.cce_ip),
        (Field::AccessId, &form.access_id),
        (Field::Configuration, &form.configuration),
        (Field::BaseUrl, &form.base_url),
    ];
    for (field, text) in fields.into_iter().chain(provider.map(|text| (Field::Organizations, text))) {
        if secret.len() >= TELLING && text.contains(secret) && !faults.0.iter().any(|fault| fault.field == field) {
            faults.add(field, "the key stands here as well: it belongs into Password / Secret Key alone");
        }
    }
}
