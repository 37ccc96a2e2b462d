//! A desk with made-up devices that change while one looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use adr_console::{
    Change, Desk, DeviceStatus, Done, Field, Form, Graph, GraphNode, History, Occurrence, Refused, Sample, State,
};
use adr_core::{BoxFuture, ExposeSecret, Timestamp};

use crate::story::{PROVIDER, Story};

/// Made-up devices.
pub(crate) struct Made {
    stories: Mutex<BTreeMap<String, Story>>,
    takes_changes: bool,
    begun: Timestamp,
}

impl Made {
    pub(crate) fn new(devices: usize, takes_changes: bool) -> Self {
        let stories = (0..devices).map(Story::new).chain((devices > 3).then(Story::provider));
        let stories = stories.map(|story| (story.id.clone(), story)).collect();
        Self { stories: Mutex::new(stories), takes_changes, begun: now() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut BTreeMap<String, Story>) -> T) -> T {
        look(&mut self.stories.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn save(&self, form: &Form, is_trial: bool) -> Result<Done, Refused> {
        let refuse = |field, message: &str| Err(Refused::field(field, message));
        if form.device_name.is_empty() {
            return refuse(Field::DeviceName, "the device name is blank: give the name that ADR shows for the device");
        }
        if form.secret_key.expose_secret().len() < 8 {
            return refuse(Field::SecretKey, "JumpCloud refuses the key: copy it again from Profile > My API Key");
        }
        if !form.provider && !form.configuration.contains("org_id") {
            return refuse(
                Field::Configuration,
                "the configuration is { \"org_id\": \"...\" }, with the Organization ID from JumpCloud",
            );
        }
        let id = form.device_name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let message = format!("JumpCloud takes the key of {}, and it reads the organization.", form.device_name);
        if !is_trial {
            self.with(|stories| {
                let story =
                    Story { id: id.clone(), name: form.device_name.clone(), cce: form.cce_ip.clone(), ..Story::new(3) };
                stories.insert(id.clone(), story)
            });
        }
        Ok(Done { id, message })
    }

    fn apply(&self, change: Change) -> Result<Done, Refused> {
        let done = |id: String, message: &str| Ok(Done { id, message: message.to_owned() });
        match change {
            Change::Add(form) => self.save(&form, false),
            Change::Try(form) => self.save(&form, true),
            Change::Test(id) => done(id, "JumpCloud takes the key, and it reads the organization"),
            Change::RotateKey { id, secret, .. } if secret.expose_secret().len() < 8 => {
                let message = format!("JumpCloud refuses the new key of {id}; the old one stays");
                Err(Refused::field(Field::SecretKey, message))
            }
            Change::RotateKey { id, .. } => done(id, "the new key is in place"),
            Change::Pause(id) | Change::Resume(id) => {
                let is_paused = self.with(|stories| {
                    let Some(story) = stories.get_mut(&id) else { return false };
                    story.state = if story.state == State::Paused { State::Active } else { State::Paused };
                    story.state == State::Paused
                });
                done(id, if is_paused { "collection is paused" } else { "collection goes on" })
            }
            Change::Remove(id) => {
                self.with(|stories| stories.remove(&id));
                done(id, "the device and its key are removed")
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a demonstration has no clock of its own")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

impl Desk for Made {
    fn devices(&self) -> Vec<DeviceStatus> {
        let now = now();
        self.with(|stories| {
            let organizations = stories.keys().filter(|id| id.starts_with(PROVIDER) && *id != PROVIDER).count() as u64;
            stories.values().map(|story| story.status(self.begun, now, organizations)).collect()
        })
    }

    fn device(&self, id: &str) -> Option<DeviceStatus> {
        self.devices().into_iter().find(|device| device.id == id)
    }

    fn history(&self, id: &str) -> Option<History> {
        self.with(|stories| stories.get(id).map(|story| story.history(now())))
    }

    fn occurrences(&self, id: &str) -> Vec<Occurrence> {
        self.with(|stories| stories.get(id).map(|story| story.occurrences(now())).unwrap_or_default())
    }

    fn sample(&self, id: &str) -> Option<Sample> {
        self.with(|stories| stories.get(id).and_then(|story| story.sample(now())))
    }

    fn graph(&self) -> Graph {
        let events = now().since(self.begun).as_millis() as u64;
        let node = |name: &str,
                    kind: &str,
                    component_type: &str,
                    inputs: &[&str],
                    counts: &[(&str, u64)],
                    failure: Option<&str>| {
            GraphNode {
                name: name.to_owned(),
                kind: kind.to_owned(),
                component_type: component_type.to_owned(),
                inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
                counts: counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
                failure: failure.map(str::to_owned),
            }
        };
        let flow = |events, dropped, waiting| {
            [
                ("received", events),
                ("sent", events - dropped - waiting),
                ("duplicates", 0),
                ("discarded", dropped),
                ("in_flight", waiting),
                ("rejected", 0),
                ("failed", 0),
            ]
        };
        let failure = "10.0.0.6:514: connection refused: see whether the CCE listens there";
        Graph {
            nodes: vec![
                node("jumpcloud", "source", "jumpcloud", &[], &[("sent", events), ("duplicates", events / 31)], None),
                node("stdin", "source", "stdin", &[], &[("sent", 412)], None),
                node("adr", "transform", "adr", &["jumpcloud", "stdin"], &flow(events + 412, 0, 0), None),
                node("by-severity", "transform", "route", &["adr"], &flow(events + 412, 40, 0), None),
                node("redact", "transform", "redact", &["by-severity.high"], &flow(events / 9, 0, 12), None),
                node("cce", "sink", "cce_syslog", &["redact", "by-severity._unmatched"], &flow(events, 0, 120), None),
                node(
                    "cce-standby",
                    "sink",
                    "cce_syslog",
                    &["redact"],
                    &[("received", events / 9), ("failed", 31), ("sent", 0)],
                    Some(failure),
                ),
                node("archive", "sink", "file", &["adr"], &flow(events + 412, 0, 0), None),
            ],
        }
    }

    fn now(&self) -> Timestamp {
        now()
    }

    fn takes_changes(&self) -> bool {
        self.takes_changes
    }

    fn change(self: Arc<Self>, _: String, change: Change) -> BoxFuture<'static, Result<Done, Refused>> {
        Box::pin(async move {
            // As long as JumpCloud takes to answer.
            tokio::time::sleep(Duration::from_millis(400)).await;
            self.apply(change)
        })
    }
}
