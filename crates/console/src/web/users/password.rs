//! Passwords: how they are hashed, and how one is held against a hash.

use std::sync::Arc;

use adr_core::{ExposeSecret, SecretString};
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use super::User;
use crate::web::random;

/// Memory in KiB and passes, in one lane: half as much again as OWASP asks for in each.
const MEMORY: u32 = 32 * 1024;
const PASSES: u32 = 3;

/// What OWASP's smallest parameters come to. What is below is no hash that this program has made.
const LEAST_MEMORY: u32 = 7 * 1024;
const LEAST_WORK: u64 = 7 * 1024 * 5;
/// What one attempt may need at most: 256 MiB.
const MOST_MEMORY: u32 = 256 * 1024;
const MOST_WORK: u64 = 4 * 1024 * 1024;

/// So many are worked out at a time, so that attempts cost no more memory and no more than two cores.
const AT_ONCE: usize = 2;

/// A new hash, in the form of the PHC strings.
pub(crate) fn hash(password: &SecretString) -> String {
    let params = Params::new(MEMORY, PASSES, 1, None).expect("the parameters are within Argon2's limits");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt: [u8; 16] = random::bytes();
    let hash = argon2.hash_password_with_salt(password.expose_secret().as_bytes(), &salt);
    hash.expect("salt and output have usual lengths").to_string()
}

/// What is wrong with a hash.
pub(super) fn check(hash: &str) -> Result<(), &'static str> {
    let parsed = PasswordHash::new(hash).map_err(|_| "is no hash: set it by `user add`")?;
    if parsed.algorithm.as_str() != "argon2id" || parsed.hash.is_none() || parsed.salt.is_none() {
        return Err("is no hash by argon2id: set it by `user add`");
    }
    let params = Params::try_from(&parsed).map_err(|_| "has no parameters of argon2id: set it by `user add`")?;
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    if params.m_cost() < LEAST_MEMORY || work < LEAST_WORK {
        return Err("is too cheap a hash to guess at: set it anew by `user add`");
    }
    if params.m_cost() > MOST_MEMORY || work > MOST_WORK {
        return Err("is too expensive a hash to check: set it anew by `user add`");
    }
    Ok(())
}

/// Checks passwords, a few at a time.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    /// Of a password that nobody knows: names that are not there cost as much as those that are.
    nobodys: String,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), nobodys: hash(&random::token().into()) }
    }

    /// Whether that is the password of `user`.
    pub(crate) async fn is_right(&self, user: Option<&User>, password: SecretString) -> bool {
        let (is_known, hash) =
            (user.is_some(), user.map_or_else(|| self.nobodys.clone(), |user| user.password.clone()));
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("it is never closed");
        // The turn goes along: whoever goes away leaves the work behind, and it still counts.
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            Argon2::default().verify_password(password.expose_secret().as_bytes(), hash.as_str()).is_ok()
        });
        work.await.unwrap_or(false) && is_known
    }

    #[cfg(test)]
    pub(crate) fn turns(&self) -> &Arc<Semaphore> {
        &self.turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_argon2id_with_more_than_owasp_asks_for() {
        let made = hash(&"a password of many words".to_owned().into());
        assert!(made.starts_with("$argon2id$v=19$m=32768,t=3,p=1$"), "{made}");
        assert_ne!(made, hash(&"a password of many words".to_owned().into()), "each has a salt of its own");
        assert_eq!(check(&made), Ok(()));
    }

    #[test]
    fn hashes_of_others_are_taken_if_they_are_worth_something_and_can_be_paid() {
        let rest = "c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";
        for good in ["m=19456,t=2,p=1", "m=47104,t=1,p=1", "m=7168,t=5,p=1", "m=65536,t=3,p=4"] {
            assert_eq!(check(&format!("$argon2id$v=19${good}${rest}")), Ok(()), "{good}");
        }
        for bad in ["m=19456,t=1,p=1", "m=4096,t=100,p=1", "m=4194304,t=1,p=1", "m=65536,t=1000,p=1"] {
            assert!(check(&format!("$argon2id$v=19${bad}${rest}")).is_err(), "{bad}");
        }
        assert!(check(&format!("$argon2i$v=19$m=19456,t=2,p=1${rest}")).is_err());
        assert!(check("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA").is_err());
        assert!(check("a password").is_err());
    }
}
