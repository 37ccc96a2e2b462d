//! One broker a version for all tests that leave it as it is.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Broker, Version};

static SHARED: [Mutex<Option<Arc<Broker>>>; 2] = [Mutex::new(None), Mutex::new(None)];

/// The broker of the user's that `KAFKA_BOOTSTRAP` names, if it does.
#[expect(clippy::disallowed_methods, reason = "how a developer or CI names a broker")]
pub fn given() -> Option<String> {
    std::env::var("KAFKA_BOOTSTRAP").ok().filter(|bootstrap| !bootstrap.is_empty())
}

/// The shared broker of a version, plaintext: started when it is first asked for. It is the user's own if there is one.
pub fn shared(version: Version) -> Arc<Broker> {
    let mut place = SHARED[version as usize].lock().unwrap_or_else(PoisonError::into_inner);
    let start = || Arc::new(given().map_or_else(|| Broker::start(version), Broker::given));
    Arc::clone(place.get_or_insert_with(start))
}

/// Stops the shared brokers: statics are not dropped.
pub fn stop_shared() {
    for place in &SHARED {
        place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
