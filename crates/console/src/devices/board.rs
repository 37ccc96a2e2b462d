//! Watches devices while they run, and says how each is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adr_core::{Failure, LaneId, Timestamp};
use adr_runtime::Handle;
use tokio::time::{MissedTickBehavior, interval};

use super::place::{self, Place};
use super::{DeviceStatus, History, Occurrence, State};

/// How often devices are looked at, asked or not.
const LOOK: Duration = Duration::from_secs(10);

/// A device to watch.
#[derive(Clone, Debug)]
pub struct Listing {
    /// What it is called in addresses and files.
    pub id: String,
    /// Device Name
    pub name: String,
    /// Where its events go.
    pub cce: String,
    /// The organization.
    pub org_id: String,
    /// The provider whose key found the organization.
    pub provider: Option<String>,
    /// It is a provider itself: its organizations are devices of their own, and it has no lane.
    pub is_provider: bool,
    /// Its lane; where it has none, what metrics call it.
    pub lane: LaneId,
    /// Whether it has a lane.
    pub is_read: bool,
    /// The sinks that its events reach.
    pub sinks: Vec<Arc<str>>,
    /// How far behind it is although nothing is wrong.
    pub delay: Duration,
    /// What is known of its key.
    pub key: KeyFacts,
    /// A person wants no more to be read.
    pub paused: bool,
    /// Why it cannot be read at all.
    pub trouble: Option<Failure>,
}

/// What is known of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyFacts {
    /// Since when it is here.
    pub added: Option<Timestamp>,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

/// All devices of a running pipeline.
#[derive(Clone)]
pub struct Board {
    handle: Handle,
    places: Arc<Mutex<BTreeMap<String, Place>>>,
}

impl Board {
    /// No device yet.
    pub fn new(handle: Handle) -> Self {
        Self { handle, places: Arc::default() }
    }

    /// These are the devices from now on. What is known of those that stay is kept.
    pub fn list(&self, listings: Vec<Listing>) {
        let now = self.handle.status().now();
        let mut places = self.places();
        let mut before = std::mem::take(&mut *places);
        for listing in listings {
            let id = listing.id.clone();
            let place = match before.remove(&id) {
                Some(place) => place.keep(listing),
                None => Place::new(listing, now),
            };
            places.insert(id, place);
        }
        let mut organizations = BTreeMap::<String, u64>::new();
        for provider in places.values().filter_map(|place| place.listing.provider.clone()) {
            *organizations.entry(provider).or_default() += 1;
        }
        for (id, place) in places.iter_mut() {
            place.organizations = organizations.get(id).copied().unwrap_or_default();
        }
    }

    /// Looks at all devices, again and again.
    pub async fn watch(self) {
        let mut tick = interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.devices();
        }
    }

    /// Every device as it is now, by its id.
    pub fn devices(&self) -> Vec<DeviceStatus> {
        let status = self.handle.status();
        let (now, lanes, sinks) = (status.now(), status.lanes(), status.sinks());
        let mut places = self.places();
        places.values_mut().map(|place| place.look(now, lanes.get(&place.listing.lane), &sinks)).collect()
    }

    /// One device as it is now.
    pub fn device(&self, id: &str) -> Option<DeviceStatus> {
        let status = self.handle.status();
        let (now, lanes, sinks) = (status.now(), status.lanes(), status.sinks());
        let mut places = self.places();
        let place = places.get_mut(id)?;
        Some(place.look(now, lanes.get(&place.listing.lane), &sinks))
    }

    /// The lane of a device that is read.
    pub fn lane(&self, id: &str) -> Option<LaneId> {
        self.places().get(id).filter(|place| place.listing.is_read).map(|place| place.listing.lane.clone())
    }

    /// How every device was when it was last looked at, be it read or not. A provider is no tenant, and is among them only
    /// while something is wrong with it.
    pub fn states(&self) -> BTreeMap<LaneId, State> {
        place::states(&self.places())
    }

    /// What flowed through a device lately.
    pub fn history(&self, id: &str) -> Option<History> {
        self.places().get(id).map(|place| place.history())
    }

    /// What went wrong with a device lately, newest first.
    pub fn occurrences(&self, id: &str) -> Vec<Occurrence> {
        let places = self.places();
        let place = places.get(id).into_iter();
        place.flat_map(Place::occurrences).collect()
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<String, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
