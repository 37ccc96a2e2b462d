//! A secret that is not there: at the start that is a fault, later it is waited for.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adr_core::{Failure, FailureKind, Retry, SecretRef, SecretString, Secrets};
use support::driver::{Driver, Pulled};
use support::script::{Script, event, page, response};
use support::{DAY, ManualClock};

/// A secret whose file is empty at times.
struct Emptied(AtomicBool);

impl Secrets for Emptied {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(Failure::fatal(FailureKind::Config, "secret file key is empty")),
            false => Ok(support::KEY.into()),
        }
    }
}

#[test]
fn a_secret_that_is_missing_for_a_moment_is_waited_for_by_all_lives_of_a_lane() {
    let (clock, script, secrets) = (ManualClock::new(DAY), Script::new([]), Arc::new(Emptied(true.into())));
    let mut surroundings = support::surroundings(clock.clone(), script.clone());
    surroundings.secrets = secrets.clone();
    let lane = support::lane(&support::settings("start: -1d"), &surroundings);
    let mut driver = Driver::new(lane.clone(), clock.clone());
    let mut failed = || loop {
        match driver.pull() {
            Ok(Pulled::Wait(wait)) => clock.advance(wait),
            // Where the lane begins.
            Ok(Pulled::Page(0)) => {}
            Ok(_) => panic!("there is no secret"),
            Err(failure) => return failure,
        }
    };
    assert_eq!(failed().retry, Retry::Never, "at the start");
    secrets.0.store(false, Ordering::Relaxed);
    script.then(Ok(response(401, &[], "")));
    assert_eq!(failed().kind, FailureKind::Unauthorized);
    secrets.0.store(true, Ordering::Relaxed);
    assert_eq!(failed().retry, Retry::After(Duration::from_secs(300)));
    clock.advance(Duration::from_secs(300));
    let mut again = Driver::new(lane, clock.clone());
    assert!(matches!(again.pull(), Ok(Pulled::Page(0))));
    assert_eq!(again.pull().err().unwrap().retry, Retry::After(Duration::from_secs(300)));
    secrets.0.store(false, Ordering::Relaxed);
    clock.advance(Duration::from_secs(300));
    script.then(Ok(page(&[event("a", DAY - 60_000)], 1000, "")));
    assert!(again.pull().is_ok() && script.left() == 0);
}
