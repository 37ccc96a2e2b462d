//! The organizations of providers: asked for at JumpCloud, and kept for the next start.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use adr_core::{Failure, FailureKind, SecretRef, SecretString};
use adr_devices::{Device, Folder, Provider};
use adr_source_jumpcloud::Organization;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{lock, verify};
use crate::devices::Site;

/// What is known of every provider, by the id of its device.
pub(super) struct Providers {
    folder: Arc<Folder>,
    known: Mutex<BTreeMap<String, Known>>,
    /// A provider is there that was not, or its key is another one.
    is_new: Notify,
}

/// What is known of a provider.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The last list that was whole; None before the first.
    pub(super) organizations: Option<Vec<Organization>>,
    /// Why there is no newer one.
    pub(super) failure: Option<Failure>,
    /// With what JumpCloud was asked, or is to be.
    access: Option<Access>,
}

/// With what a provider's organizations are asked for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    secret: SecretRef,
    access_id: String,
    region: Option<String>,
    base_url: Option<String>,
}

impl Providers {
    pub(super) fn new(folder: Arc<Folder>) -> Self {
        Self { folder, known: Mutex::default(), is_new: Notify::new() }
    }

    /// What is known of a provider: what was found last, be it by an earlier process.
    pub(super) fn of(&self, device: &Device) -> Known {
        let (id, access) = (&device.id, Some(self.access(device)));
        let mut known = lock(&self.known);
        let known =
            known.entry(id.clone()).or_insert_with(|| Known { organizations: self.read(id), ..Known::default() });
        if known.access != access {
            // The organizations of the key before it stay until there are others: a key is exchanged more often than a provider.
            (known.access, known.failure) = (access, None);
            self.is_new.notify_one();
        }
        known.clone()
    }

    /// With what this device is asked for.
    pub(super) fn access(&self, device: &Device) -> Access {
        Access {
            secret: self.folder.secret_ref(device),
            access_id: device.access_id.clone(),
            region: device.region.clone(),
            base_url: device.base_url.clone(),
        }
    }

    /// Until a provider comes, or gets another key.
    pub(super) async fn is_new(&self) {
        self.is_new.notified().await;
    }

    /// These are all providers there are.
    pub(super) fn keep(&self, devices: &[Device]) {
        let is_there = |id: &String| devices.iter().any(|device| device.id == *id && device.provider.is_some());
        lock(&self.known).retain(|id, _| is_there(id));
    }

    /// Takes in what JumpCloud said to who asked with this; says whether anything is another now.
    pub(super) fn note(&self, device: &Device, asked_with: Access, asked: Result<Vec<Organization>, Failure>) -> bool {
        let (id, before) = (&device.id, self.of(device));
        let access = Some(asked_with);
        if before.access != access {
            // It has another key by now, with which it will be asked for.
            return false;
        }
        let after = match asked {
            Ok(list) => Known { organizations: Some(list), failure: None, access },
            Err(failure) => Known { failure: Some(failure), ..before.clone() },
        };
        let same_list = before.organizations == after.organizations;
        if let Some(list) = after.organizations.as_ref().filter(|_| !same_list)
            && let Err(error) = self.write(id, list)
        {
            let folder = self.folder.path().display();
            tracing::warn!(
                "the organizations of {id} cannot be kept in {folder}: {error}; the next start asks for them again"
            );
        }
        let kind = |known: &Known| known.failure.as_ref().map(|failure| failure.kind);
        let changed = !same_list || kind(&before) != kind(&after);
        lock(&self.known).insert(id.clone(), after);
        changed
    }

    /// There is no such provider any more.
    pub(super) fn forget(&self, id: &str) {
        lock(&self.known).remove(id);
        // What stays is a list that nobody reads.
        let _ = self.folder.forget(&note(id));
    }

    fn read(&self, id: &str) -> Option<Vec<Organization>> {
        serde_json::from_slice(&self.folder.kept(&note(id))?).ok()
    }

    fn write(&self, id: &str, list: &[Organization]) -> io::Result<()> {
        let rows: Vec<Value> = list.iter().map(|found| json!({ "id": found.id, "name": found.name })).collect();
        self.folder.keep(&note(id), Value::Array(rows).to_string().as_bytes())
    }
}

/// The name of a provider's list in the folder of devices.
fn note(id: &str) -> String {
    format!("{id}.organizations")
}

/// The organizations of a list that become devices.
pub(super) fn chosen<'a>(provider: &Provider, list: &'a [Organization]) -> Vec<&'a Organization> {
    let any = |patterns: &[String], found: &Organization| {
        patterns.iter().any(|pattern| fits(pattern, &found.name) || fits(pattern, &found.id))
    };
    let is_chosen = |found: &&Organization| {
        (provider.include.is_empty() || any(&provider.include, found)) && !any(&provider.exclude, found)
    };
    list.iter().filter(is_chosen).collect()
}

/// Whether a text is as the pattern says, in which `*` is any text; upper and lower case are one.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = rest.split('*').collect();
    let (last, middle) = parts.split_last().expect("a split gives at least one");
    for part in middle {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.len() >= last.len() && text.ends_with(last)
}

/// Asks JumpCloud which organizations the key of a provider reaches.
pub(super) async fn ask(site: &Site, device: &Device, secret: &SecretString) -> Result<Vec<Organization>, Failure> {
    let lane = verify::lane(site, device, secret)?;
    let (providers, list) = lane.organizations().await?;
    if providers == 0 {
        let message = "this key is of no provider: it reaches no multi-tenant portal; give the key of a provider's admin, or add the \
                       organization as a device of its own";
        return Err(Failure::fatal(FailureKind::Forbidden, message));
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn patterns_fit_whole_names_and_ids() {
        for (pattern, text, wanted) in [
            ("acme", "Acme", true),
            ("acme", "Acme Inc", false),
            ("acme*", "Acme Inc", true),
            ("*inc", "Acme Inc", true),
            ("a*e*c", "Acme Inc", true),
            ("a*e*x", "Acme Inc", false),
            ("*", "", true),
            ("a*a", "a", false),
            ("*test*", "a test b", true),
        ] {
            assert_eq!(fits(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn excluded_goes_before_included() {
        let found = |id: &str, name: &str| Organization { id: id.into(), name: name.into() };
        let list = [found("1", "Acme"), found("2", "Acme Test"), found("3", "Bolt")];
        let ids = |include: &[&str], exclude: &[&str]| {
            let texts = |given: &[&str]| given.iter().map(|text| (*text).to_owned()).collect();
            let provider = Provider { include: texts(include), exclude: texts(exclude) };
            chosen(&provider, &list).iter().map(|found| found.id.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ids(&[], &[]), "1 2 3");
        assert_eq!(ids(&["acme*"], &["*test"]), "1");
        assert_eq!(ids(&["3", "acme"], &[]), "1 3");
        assert_eq!(ids(&[], &["*"]), "");
    }

    /// The provider of a folder, with its key under this name.
    fn provider(folder: &Folder, key: &str) -> Device {
        let text =
            format!("device_name: MSP\nsecret_key: {{ env: {key} }}\nprovider: {{ include: [], exclude: [] }}\n");
        std::fs::write(folder.path().join("msp.yaml"), text).unwrap();
        folder.device("msp").unwrap()
    }

    #[test]
    fn the_last_list_outlives_the_process_and_a_failure() {
        let root = tempfile::tempdir().unwrap();
        let folder = || Arc::new(Folder::open(root.path(), None).unwrap());
        let msp = provider(&folder(), "ONE");
        let list = vec![Organization { id: "1".into(), name: "Acme".into() }];
        let providers = Providers::new(folder());
        assert!(providers.of(&msp).organizations.is_none());
        let note = |asked| providers.note(&msp, providers.access(&msp), asked);
        assert!(note(Ok(list.clone())) && !note(Ok(list.clone())));
        let refused = || Err(Failure::new(FailureKind::Unauthorized, "no"));
        assert!(note(refused()) && !note(refused()));
        let known = providers.of(&msp);
        assert_eq!((known.organizations, known.failure.is_some()), (Some(list.clone()), true));
        assert_eq!(Providers::new(folder()).of(&msp).organizations, Some(list));
    }

    #[test]
    fn another_key_is_asked_with_at_once_and_what_the_old_one_brought_counts_no_more() {
        let root = tempfile::tempdir().unwrap();
        let providers = Providers::new(Arc::new(Folder::open(root.path(), None).unwrap()));
        let is_new = || providers.is_new().now_or_never().is_some();
        let old = provider(&providers.folder, "ONE");
        let list = |id: &str| vec![Organization { id: id.into(), name: "Acme".into() }];
        providers.of(&old);
        assert!(is_new() && !is_new(), "it was not there");
        providers.note(&old, providers.access(&old), Ok(list("1")));
        providers.of(&old);
        assert!(!is_new(), "it is known");

        let new = provider(&providers.folder, "TWO");
        assert_eq!(providers.of(&new).organizations, Some(list("1")), "they go on until there are others");
        assert!(is_new());
        let refused = Err(Failure::new(FailureKind::Unauthorized, "no"));
        assert!(!providers.note(&new, providers.access(&old), refused), "the old key was asked with");
        assert!(providers.of(&new).failure.is_none());
        assert!(providers.note(&new, providers.access(&new), Ok(list("2"))));

        providers.keep(&[]);
        let again = provider(&providers.folder, "TWO");
        providers.forget("msp");
        assert!(providers.of(&again).organizations.is_none() && is_new(), "it was removed and added");
    }
}
