use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use adr_core::Timestamp;
use bytes::Bytes;

use crate::faults::{Fault, FaultSpec, Twist};
use crate::random::{Random, object_id};
use crate::{Access, Directory, EventGenerator, Generated, Knobs, OrganizationIndex, ReplayError, Span, Twists};

/// The API key of a simulated tenant unless another is chosen. It opens nothing but a simulator.
pub const SIMULATED_KEY: &str = "simulated-key-not-a-secret";
/// The client id of the service account that every simulator has.
pub const SIMULATED_CLIENT: &str = "simulated-client";
/// Its first secret; the second one, for rotation, ends in `-2`.
pub const SIMULATED_CLIENT_SECRET: &str = "simulated-client-secret-not-a-secret";

/// What a person says about the simulator they want.
///
/// The result has `tenants` organizations (with files: one for each file), each with `events` events that end at
/// `until`. The first tenant's key is `key`, tenant `n` has `key-n`, and `key-msp` reads all of them by `x-org-id`,
/// as does the service account [`SIMULATED_CLIENT`]. All belong to one provider.
#[derive(Clone, Debug)]
pub struct SimulatorOptions {
    /// Events of each tenant.
    pub events: u64,
    /// Decides everything that is drawn.
    pub seed: u64,
    /// How many organizations.
    pub tenants: u32,
    /// NDJSON texts to replay, with the names to call them by in errors: one tenant each, in place of made-up events.
    pub files: Vec<(String, Bytes)>,
    /// What goes wrong.
    pub faults: Vec<FaultSpec>,
    /// How the API behaves.
    pub knobs: Knobs,
    /// The time over which events happen.
    pub span: Duration,
    /// When the last event happens; `now` if absent. In the future, the tenant is live until then.
    pub until: Option<Timestamp>,
    /// The first tenant's API key.
    pub key: String,
    /// How long a token of the service account lives.
    pub token_lifetime: Duration,
}

/// Why there is no simulator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// A file holds something that is no event.
    #[error("cannot replay {file}: {source}")]
    Replay {
        /// As it was named.
        file: String,
        /// Where and why.
        source: ReplayError,
    },
    /// No tenant was asked for.
    #[error("a simulator needs at least one tenant")]
    NoTenant,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        Self {
            events: 10_000,
            seed: 1,
            tenants: 1,
            files: Vec::new(),
            faults: Vec::new(),
            knobs: Knobs::default(),
            span: Duration::from_secs(30 * 86_400),
            until: None,
            key: SIMULATED_KEY.to_owned(),
            token_lifetime: Duration::from_secs(3600),
        }
    }
}

impl SimulatorOptions {
    /// The id of tenant `number`, counted from 0: 24 hexadecimal digits that follow from the seed.
    pub fn organization_id(&self, number: u32) -> String {
        let rest = Random::of_row(self.seed ^ 0x006f_7267, u64::from(number)).next();
        String::from_utf8_lossy(&object_id(0x5a2a_f2a8, rest)).into_owned()
    }

    /// The API key of tenant `number`, counted from 0.
    pub fn key_of(&self, number: u32) -> String {
        if number == 0 { self.key.clone() } else { format!("{}-{}", self.key, number + 1) }
    }

    /// The API key that reads every tenant.
    pub fn provider_key(&self) -> String {
        format!("{}-msp", self.key)
    }

    /// Builds the world as of `now`.
    pub fn directory(&self, now: Timestamp) -> Result<Directory, OptionsError> {
        let mut directory = Directory::new(self.seed);
        directory.knobs = self.knobs.clone();
        let tenants =
            if self.files.is_empty() { self.tenants } else { u32::try_from(self.files.len()).unwrap_or(u32::MAX) };
        if tenants == 0 {
            return Err(OptionsError::NoTenant);
        }
        let organizations: Vec<OrganizationIndex> =
            (0..tenants).map(|number| self.add_tenant(&mut directory, number)).collect();
        if self.files.is_empty() {
            self.generate(&mut directory, &organizations, now);
        }
        for ((file, text), organization) in self.files.iter().zip(&organizations) {
            directory
                .replay(*organization, text.clone())
                .map_err(|source| OptionsError::Replay { file: file.clone(), source })?;
        }
        let provider = object_id(0x5c86_b6cf, Random::of_row(self.seed, u64::MAX).next());
        directory.add_provider(&String::from_utf8_lossy(&provider), &organizations);
        directory.add_key(&self.provider_key(), Access::All);
        let second = format!("{SIMULATED_CLIENT_SECRET}-2");
        let secrets = [SIMULATED_CLIENT_SECRET, &second];
        directory.add_client(SIMULATED_CLIENT, &secrets, Access::All, self.token_lifetime);
        directory.set_faults(self.answer_faults());
        Ok(directory)
    }

    fn add_tenant(&self, directory: &mut Directory, number: u32) -> OrganizationIndex {
        let organization = directory.add_organization(&self.organization_id(number));
        directory.add_key(&self.key_of(number), Access::Organization(organization));
        organization
    }

    fn generate(&self, directory: &mut Directory, organizations: &[OrganizationIndex], now: Timestamp) {
        let (twists, generator) = self.twists();
        let generator = Arc::new(generator);
        let end = self.until.unwrap_or(now);
        let span = Span { start: end.minus(self.span), end };
        for (number, organization) in (0..).zip(organizations) {
            let id = self.organization_id(number);
            let events = Generated::new(Arc::clone(&generator), number, &id, self.events, span).with_twists(twists);
            directory.generate(*organization, events);
        }
    }

    fn twists(&self) -> (Twists, EventGenerator) {
        let mut twists = Twists::default();
        let mut generator = EventGenerator::new(self.seed);
        for spec in &self.faults {
            let FaultSpec::World(twist) = spec else { continue };
            match *twist {
                Twist::Late(share, by) => (twists.late_share, twists.late_by) = (share, by),
                Twist::Latency(by) => twists.latency = by,
                Twist::Duplicates(share) => twists.duplicate_share = share,
                Twist::Future(share, by) => (twists.future_share, twists.future_by) = (share, by),
                Twist::Burst(size, every) => (twists.burst_size, twists.burst_every) = (size, every),
                Twist::Large(share) => generator = generator.with_large_share(share),
                Twist::Unknown(share) => generator = generator.with_unknown_share(share),
            }
        }
        (twists, generator)
    }

    fn answer_faults(&self) -> Vec<Fault> {
        self.faults
            .iter()
            .filter_map(|spec| match spec {
                FaultSpec::Answer(fault) => Some(fault.clone()),
                FaultSpec::World(_) => None,
            })
            .collect()
    }
}

/// Parses a list of faults as a person writes them.
pub fn parse_faults<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<FaultSpec>, crate::ParseFaultError> {
    texts.into_iter().map(FaultSpec::from_str).collect()
}
