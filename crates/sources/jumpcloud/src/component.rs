//! The source component: a lane for each tenant.

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use adr_core::{
    BoxFuture, Clock, Failure, FailureKind, Lane, LaneChange, LaneId, Pace, Records, Secrets, Source, SourceComponent,
    Timestamp,
};

use crate::auth::Auth;
use crate::client::Client;
use crate::config::Start;
use crate::dedupe::{self, Dedupe};
use crate::id_key::HashKey;
use crate::poller::{Opened, Poller};
use crate::progress::{self, Progress};
use crate::settings::{Settings, Tenant};
use crate::transport::Transport;

/// Where a lane's random bytes come from.
pub type Entropy = Arc<dyn Fn(&LaneId) -> [u8; 16] + Send + Sync>;

/// What the source needs from the program.
#[derive(Clone)]
pub struct Surroundings {
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// The way to the API.
    pub transport: Arc<dyn Transport>,
    /// Where secrets are read.
    pub secrets: Arc<dyn Secrets>,
    /// Random bytes for a lane that has no checkpoint yet. A simulation derives them from its seed.
    pub entropy: Entropy,
    /// How many requests all lanes of the process may make; lanes are served in the order they ask.
    pub process_budget: Option<Arc<Pace>>,
    /// Read up to now, then end.
    pub once: bool,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("once", &self.once).finish_non_exhaustive()
    }
}

/// The source component `jumpcloud`.
pub struct Jumpcloud {
    lanes: VecDeque<Arc<JumpcloudLane>>,
}

impl Jumpcloud {
    /// The source that the pipeline file calls `name`.
    pub fn new(name: &str, settings: &Settings, surroundings: &Surroundings) -> Self {
        let name: Arc<str> = name.into();
        for tenant in &settings.tenants {
            if is_open_to_others(&tenant.base_url) {
                tracing::warn!(
                    tenant = &*tenant.name,
                    base_url = tenant.base_url,
                    "the key travels unencrypted: use https in `base_url`"
                );
            }
        }
        let lanes = settings
            .tenants
            .iter()
            .map(|tenant| {
                let revision = settings.revision(tenant);
                Arc::new(JumpcloudLane::new(name.clone(), tenant.clone(), revision, surroundings.clone()))
            })
            .collect();
        Self { lanes }
    }

    /// The lanes that have not been handed out by [`SourceComponent::next_change`] yet.
    pub fn lanes(&self) -> impl Iterator<Item = &Arc<JumpcloudLane>> {
        self.lanes.iter()
    }
}

impl SourceComponent for Jumpcloud {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        // Only once it is waited for: a future that is dropped before takes no lane with it.
        Box::pin(async { self.lanes.pop_front().map(|lane| LaneChange::Start(lane)) })
    }
}

/// One tenant, before it is opened.
pub struct JumpcloudLane {
    id: LaneId,
    pub(crate) tenant: Arc<Tenant>,
    revision: u64,
    pub(crate) surroundings: Surroundings,
    budget: Arc<Pace>,
    /// With `once`: the instant of the first opening; a lane that is opened again still ends there.
    until: OnceLock<Timestamp>,
    /// Its secret was there once: one that is missing later is waited for.
    sound: Arc<AtomicBool>,
}

impl JumpcloudLane {
    fn new(source: Arc<str>, tenant: Arc<Tenant>, revision: u64, surroundings: Surroundings) -> Self {
        Self {
            id: LaneId { source, tenant: tenant.name.clone() },
            budget: Arc::new(Pace::new(tenant.request_budget)),
            until: OnceLock::new(),
            sound: Arc::default(),
            tenant,
            revision,
            surroundings,
        }
    }

    /// The settings of its tenant.
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    pub(crate) fn auth(&self) -> Auth {
        let Surroundings { clock, secrets, .. } = &self.surroundings;
        Auth::new(self.tenant.clone(), secrets.clone(), self.sound.clone(), clock.clone())
    }

    pub(crate) fn client(&self) -> Client {
        let Surroundings { clock, transport, secrets, .. } = &self.surroundings;
        Client::new(self.tenant.clone(), transport.clone(), secrets.clone(), self.sound.clone(), clock.clone())
    }

    fn restore(&self, records: Records) -> Result<Opened, Failure> {
        let Some((_, value)) = records.iter().find(|(key, _)| **key == *progress::KEY) else {
            if !records.is_empty() {
                return Err(damaged("its progress record is missing"));
            }
            return Ok(self.begin());
        };
        let (progress, hash_key) = progress::decode(value, &self.tenant.services)?;
        tracing::info!(
            tenant = &*self.tenant.name, watermark = %progress.front(),
            "going on from the checkpoint; `start` is for a tenant that has none"
        );
        let mut known = Dedupe::new(&hash_key);
        for (key, value) in &records {
            match key.first() {
                Some(&dedupe::PREFIX) => known.load(key, value)?,
                _ if **key == *progress::KEY => {}
                _ => return Err(damaged("it has a record of an unknown kind, perhaps of a newer version")),
            }
        }
        Ok(Opened { hash_key, progress, dedupe: known, saved: true })
    }

    fn begin(&self) -> Opened {
        let now = self.surroundings.clock.now();
        let start = match self.tenant.start {
            Start::Now => now,
            Start::Ago(span) => now.minus(span),
            Start::At(instant) => instant,
        };
        tracing::info!(tenant = &*self.tenant.name, %start, "no checkpoint yet, beginning at the start");
        if self.tenant.org_id.is_none() {
            tracing::warn!(
                tenant = &*self.tenant.name,
                "no Organization ID is configured: progress is kept under the Device Name, and a tenant with another name \
                 is read from its start; set configuration.org_id (JumpCloud console: Settings > Organization Profile)"
            );
        }
        let hash_key = HashKey((self.surroundings.entropy)(&self.id));
        Opened { progress: Progress::new(start), dedupe: Dedupe::new(&hash_key), hash_key, saved: false }
    }
}

impl Lane for JumpcloudLane {
    fn id(&self) -> &LaneId {
        &self.id
    }

    fn revision(&self) -> Option<u64> {
        Some(self.revision)
    }

    fn open(&self, records: Records) -> Result<Box<dyn Source>, Failure> {
        let opened = self.restore(records).map_err(|failure| failure.at(&self.id))?;
        let now = self.surroundings.clock.now();
        let until = self.surroundings.once.then(|| *self.until.get_or_init(|| now));
        let mut budgets = vec![self.budget.clone()];
        budgets.extend(self.surroundings.process_budget.clone());
        let clock = self.surroundings.clock.clone();
        Ok(Box::new(Poller::new(self.tenant.clone(), clock, self.client(), budgets, opened, until)))
    }
}

/// Whether others on the way could read what is sent.
fn is_open_to_others(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let near = match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    };
    url.scheme() == "http" && !near
}

fn damaged(how: &str) -> Failure {
    Failure::fatal(
        FailureKind::Storage,
        format!(
            "the checkpoint cannot be used: {how}: run the version that wrote it, restore the state directory from a \
             copy, or remove it to read again from `start`"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::is_open_to_others;

    #[test]
    fn plain_http_is_for_this_machine() {
        for (url, open) in [
            ("https://api.example.com", false),
            ("http://127.0.0.1:80/v1", false),
            ("http://[::1]:80/v1", false),
            ("http://localhost/v1", false),
            ("http://192.0.2.1/v1", true),
            ("http://localhost.example.com/v1", true),
        ] {
            assert_eq!(is_open_to_others(url), open, "{url}");
        }
    }
}
