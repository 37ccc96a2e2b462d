use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use adr_core::Timestamp;
use bytes::Bytes;

use crate::faults::{Fault, Faults};
use crate::random::Random;
use crate::store::{Generated, LedgerEntry, ReplayError, Row, Store, rows_of_text};
use crate::{Knobs, Tally};

/// A JumpCloud of one's own: organizations with their events, and who may read them.
///
/// It is a pure model: no clock, no I/O, no hidden randomness. The same seed, the same calls and the same times
/// give the same answers. Ask it with [`handle`](Directory::handle), or put it behind a [`Server`](crate::Server).
#[derive(Clone, Debug)]
pub struct Directory {
    /// How the API behaves where nobody says how it does.
    pub knobs: Knobs,
    pub(crate) organizations: Vec<Organization>,
    pub(crate) by_id: BTreeMap<String, OrganizationIndex>,
    pub(crate) providers: Vec<Provider>,
    pub(crate) keys: BTreeMap<String, Key>,
    pub(crate) clients: BTreeMap<String, Client>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) cursors: BTreeMap<(i64, String), (Timestamp, u64)>,
    pub(crate) faults: Faults,
    pub(crate) random: Random,
    pub(crate) tally: Tally,
}

/// An organization of a [`Directory`]; it is valid in that directory only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrganizationIndex(pub(crate) usize);

/// What a key or a service account may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// One organization; `x-org-id` is optional, and wrong unless it names that one.
    Organization(OrganizationIndex),
    /// Several organizations, as a multi-tenant admin has them; `x-org-id` is required.
    Several(Vec<OrganizationIndex>),
    /// Every organization; `x-org-id` is required.
    All,
}

/// What an admin may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// May read events.
    #[default]
    Administrator,
    /// Gets a 403.
    CommandRunner,
}

#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) provider: Option<usize>,
    pub(crate) has_insights: bool,
    pub(crate) store: Store,
}

#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) store: Store,
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) access: Access,
    pub(crate) role: Role,
    pub(crate) expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) secrets: Vec<String>,
    pub(crate) access: Access,
    pub(crate) token_lifetime: Duration,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) access: Access,
    pub(crate) expires_at: Timestamp,
}

impl Directory {
    /// A world without organizations. The seed decides row ids, request ids, tokens and what faults draw.
    pub fn new(seed: u64) -> Self {
        Self {
            knobs: Knobs::default(),
            organizations: Vec::new(),
            by_id: BTreeMap::new(),
            providers: Vec::new(),
            keys: BTreeMap::new(),
            clients: BTreeMap::new(),
            tokens: BTreeMap::new(),
            cursors: BTreeMap::new(),
            faults: Faults::default(),
            random: Random::new(seed),
            tally: Tally::default(),
        }
    }

    /// Adds an organization, or gives the one with this id.
    pub fn add_organization(&mut self, id: &str) -> OrganizationIndex {
        if let Some(index) = self.by_id.get(id) {
            return *index;
        }
        let index = OrganizationIndex(self.organizations.len());
        self.organizations.push(Organization {
            id: id.to_owned(),
            name: format!("Example Organization {}", index.0 + 1),
            provider: None,
            has_insights: true,
            store: Store::default(),
        });
        self.by_id.insert(id.to_owned(), index);
        index
    }

    /// Whether Directory Insights is enabled there; without it every query is a 402.
    pub fn set_insights(&mut self, organization: OrganizationIndex, enabled: bool) {
        self.organizations[organization.0].has_insights = enabled;
    }

    /// Adds a provider (MSP) with these organizations.
    pub fn add_provider(&mut self, id: &str, organizations: &[OrganizationIndex]) {
        let index = self.providers.len();
        let name = format!("Example Provider {}", index + 1);
        self.providers.push(Provider { id: id.to_owned(), name, store: Store::default() });
        for organization in organizations {
            self.organizations[organization.0].provider = Some(index);
        }
    }

    /// Adds an organization to the provider that was added first, as if it had won a customer.
    pub fn add_organization_of_provider(&mut self, id: &str) -> OrganizationIndex {
        let index = self.add_organization(id);
        self.organizations[index.0].provider = (!self.providers.is_empty()).then_some(0);
        index
    }

    /// Adds an API key of an administrator.
    pub fn add_key(&mut self, key: &str, access: Access) {
        self.add_key_with(key, access, Role::Administrator, None);
    }

    /// Adds an API key of that role, which dies at that time.
    pub fn add_key_with(&mut self, key: &str, access: Access, role: Role, expires_at: Option<Timestamp>) {
        self.keys.insert(key.to_owned(), Key { access, role, expires_at });
    }

    /// Revokes an API key at once, as disabling the admin does. False if there was none.
    pub fn remove_key(&mut self, key: &str) -> bool {
        self.keys.remove(key).is_some()
    }

    /// Puts a new key in the place of an old one, which dies at once. False if there was none.
    pub fn rotate_key(&mut self, old: &str, new: &str) -> bool {
        let Some(key) = self.keys.remove(old) else { return false };
        self.keys.insert(new.to_owned(), key);
        true
    }

    /// Adds a service account whose client has these secrets, any of which gives tokens of that lifetime.
    pub fn add_client(&mut self, id: &str, secrets: &[&str], access: Access, token_lifetime: Duration) {
        let secrets = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        self.clients.insert(id.to_owned(), Client { secrets, access, token_lifetime });
    }

    /// Takes a secret from a service account; tokens already given live on. False if it was not there.
    pub fn remove_client_secret(&mut self, id: &str, secret: &str) -> bool {
        let Some(client) = self.clients.get_mut(id) else { return false };
        let before = client.secrets.len();
        client.secrets.retain(|other| other != secret);
        client.secrets.len() < before
    }

    /// Ends all tokens given so far.
    pub fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Adds an event. It is returned from `visible_at` on; where it stands among others follows `timestamp` (to
    /// the millisecond) and a random row id. The text goes out verbatim, and may be anything. The same event
    /// inserted twice is two rows. An organization with generated events keeps none of its own: they are replaced.
    pub fn insert(
        &mut self,
        organization: OrganizationIndex,
        text: impl Into<Bytes>,
        timestamp: Timestamp,
        visible_at: Timestamp,
    ) {
        let row = self.row(text.into(), timestamp, visible_at);
        self.organizations[organization.0].store.stored().insert(row);
    }

    /// Adds many events at once: (text, timestamp, visible_at).
    pub fn insert_all(
        &mut self,
        organization: OrganizationIndex,
        events: impl IntoIterator<Item = (Bytes, Timestamp, Timestamp)>,
    ) {
        let rows: Vec<Row> = events.into_iter().map(|(text, time, visible)| self.row(text, time, visible)).collect();
        self.organizations[organization.0].store.stored().extend(rows);
    }

    /// Adds an event of the provider itself, not of an organization. False if there is no such provider.
    pub fn insert_at_provider(
        &mut self,
        provider: &str,
        text: impl Into<Bytes>,
        timestamp: Timestamp,
        visible_at: Timestamp,
    ) -> bool {
        let row = self.row(text.into(), timestamp, visible_at).at_provider_level();
        let Some(provider) = self.providers.iter_mut().find(|other| other.id == provider) else { return false };
        provider.store.stored().insert(row);
        true
    }

    /// Gives an organization generated events in place of what it has.
    pub fn generate(&mut self, organization: OrganizationIndex, events: Generated) {
        self.organizations[organization.0].store = Store::Generated(Arc::new(events));
    }

    /// Adds the events of an NDJSON text, verbatim, all visible at once.
    pub fn replay(&mut self, organization: OrganizationIndex, ndjson: impl Into<Bytes>) -> Result<(), ReplayError> {
        let rows = rows_of_text(&ndjson.into(), &mut self.random)?;
        self.organizations[organization.0].store.stored().extend(rows);
        Ok(())
    }

    /// Everything that an organization holds, visible or not, in the API's order.
    pub fn ledger(&self, organization: OrganizationIndex) -> impl Iterator<Item = LedgerEntry> + '_ {
        let store = &self.organizations[organization.0].store;
        (0..store.len()).map(|index| store.ledger_entry(index))
    }

    /// The organizations, with their ids.
    pub fn organizations(&self) -> impl Iterator<Item = (OrganizationIndex, &str)> {
        self.organizations.iter().enumerate().map(|(index, org)| (OrganizationIndex(index), org.id.as_str()))
    }

    /// The organization with this id.
    pub fn organization(&self, id: &str) -> Option<OrganizationIndex> {
        self.by_id.get(id).copied()
    }

    /// Switches faults: these and no others, counted anew.
    pub fn set_faults(&mut self, faults: Vec<Fault>) {
        self.faults = Faults::new(faults);
    }

    /// Switches one fault on, beside those that are.
    pub fn add_fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// The faults that are on, with how often each has struck.
    pub fn faults(&self) -> impl Iterator<Item = (&Fault, u64)> {
        self.faults.iter()
    }

    /// What was asked and answered so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn row(&mut self, text: Bytes, timestamp: Timestamp, visible_at: Timestamp) -> Row {
        let doc = self.random.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
        Row::new(text, timestamp, visible_at, doc)
    }
}
