//! The key of hashes.

use std::fmt;

use adr_core::{ExposeSecret, Failure, FailureKind, SecretString};
use zeroize::Zeroizing;

/// A secret that is shorter can be found by trying.
const SHORTEST: usize = 16;

/// Derived from the secret; overwritten when dropped, never shown.
pub(crate) struct Key(Zeroizing<[u8; 32]>);

impl Key {
    pub(crate) fn new(secret: &SecretString) -> Result<Self, Failure> {
        let secret = secret.expose_secret();
        if secret.len() < SHORTEST {
            let message = format!(
                "the secret of `key` has fewer than {SHORTEST} bytes, so that it could be found by trying: make one by \
                 chance, such as with openssl rand -hex 32"
            );
            return Err(Failure::fatal(FailureKind::Config, message));
        }
        Ok(Self(Zeroizing::new(blake3::derive_key("jumpcloud-adr redact hash v1", secret.as_bytes()))))
    }

    /// What stands for the value.
    pub(crate) fn hash(&self, value: &str) -> String {
        let hash = blake3::keyed_hash(&self.0, value.as_bytes());
        format!("hash:{}", &hash.to_hex()[..16])
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}
