//! The door asked as browsers, programs and strangers ask it.

mod desk;
mod heard;
mod requests;
mod server;
mod sign_in;
mod site;
mod who;

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use adr_core::{Clock, SecretString, Timestamp};

use super::users;

pub(super) const PASSWORD: &str = "correct horse battery";

/// A hash of it, made once.
pub(super) static HASH: LazyLock<String> = LazyLock::new(|| users::hashed(&SecretString::from(PASSWORD.to_owned())));

/// A clock that a test moves.
#[derive(Clone)]
pub(super) struct Hand(Arc<Mutex<Timestamp>>);

impl Hand {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Timestamp::from_secs(1_800_000_000))))
    }

    pub(super) fn pass(&self, time: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(time);
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clone())
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}
