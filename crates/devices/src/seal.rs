//! Keys that are of no use to who has the files alone.

use std::fmt;

use adr_core::{ExposeSecret, Failure, FailureKind, SecretString};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// What every sealed file begins with, whatever its version.
const MARK: &str = "jumpcloud-adr-sealed:";
const VERSION: &str = "1:";
/// Never changed: the keys of all sealed files come from it.
const CONTEXT: &str = "jumpcloud-adr 2026-11-24 sealed key files of devices, version 1";
/// The derivation is quick: only what nobody can guess is good enough.
const SHORTEST: usize = 32;

/// Seals keys with AES-256-GCM before they are written, each for one device.
pub struct Seal(LessSafeKey);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(..)")
    }
}

impl Seal {
    /// From key material: at least 32 characters that nobody can guess, such as `openssl rand -base64 32` prints, with
    /// or without the line break after them.
    ///
    /// # Errors
    /// [`FailureKind::Config`] when it is too short.
    pub fn new(material: &SecretString) -> Result<Self, Failure> {
        let material = material.expose_secret().trim();
        if material.len() < SHORTEST {
            let message = format!(
                "the key that seals key files is shorter than {SHORTEST} characters; make one: openssl rand -base64 32"
            );
            return Err(config(message));
        }
        let key = Zeroizing::new(blake3::derive_key(CONTEXT, material.as_bytes()));
        let key = UnboundKey::new(&AES_256_GCM, key.as_slice())
            .map_err(|_| Failure::fatal(FailureKind::Internal, "the key that seals key files has the wrong length"))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// The sealed text of a key: one line that says what it is, good for the device `id` alone.
    ///
    /// # Errors
    /// [`FailureKind::Internal`] when the system has no randomness.
    pub fn seal(&self, secret: &SecretString, id: &str) -> Result<String, Failure> {
        let refused = |_| Failure::fatal(FailureKind::Internal, format!("the key of device {id} cannot be sealed"));
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(refused)?;
        let mut text = Zeroizing::new(secret.expose_secret().as_bytes().to_vec());
        let tag = self.0.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(id), &mut text);
        let tag = tag.map_err(refused)?;
        let sealed = [nonce.as_slice(), &text, tag.as_ref()].concat();
        Ok(format!("{MARK}{VERSION}{}", STANDARD.encode(sealed)))
    }

    /// The key in a sealed text of the device `id`.
    ///
    /// # Errors
    /// [`FailureKind::Config`] when it was sealed by another key or for another device, or is damaged: nobody can
    /// tell which. The text is never quoted.
    pub fn open(&self, sealed: &str, id: &str) -> Result<SecretString, Failure> {
        let Some(body) = sealed.trim().strip_prefix(MARK) else {
            return Err(config(format!("the key file of device {id} is not sealed; replace the key of the device")));
        };
        let Some(body) = body.strip_prefix(VERSION) else {
            return Err(config(format!(
                "the key file of device {id} was sealed by another version of this program; use that version, or replace \
                 the key of the device"
            )));
        };
        let opened = || {
            let mut body = Zeroizing::new(STANDARD.decode(body).ok()?);
            let (nonce, text) = body.split_at_mut_checked(NONCE_LEN)?;
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let text = self.0.open_in_place(nonce, Aad::from(id), text).ok()?;
            std::str::from_utf8(text).ok().map(SecretString::from)
        };
        opened().ok_or_else(|| {
            config(format!(
                "the key file of device {id} does not open: it was sealed with another key or for another device, or it is \
                 damaged; give the key it was sealed with, or replace the key of the device"
            ))
        })
    }
}

/// The key in the text of a key file of the device `id`, be it sealed or plain.
///
/// # Errors
/// [`FailureKind::Config`] when it is sealed and `seal` is not what sealed it, or when there is no key in it. The
/// text is never quoted.
pub fn unseal(text: &str, id: &str, seal: Option<&Seal>) -> Result<SecretString, Failure> {
    let text = text.trim();
    match seal {
        _ if text.is_empty() => {
            Err(config(format!("the key file of device {id} is empty; replace the key of the device")))
        }
        _ if !is_sealed(text) && text.contains(['\n', '\r']) => Err(config(format!(
            "the key file of device {id} holds more than one line; it must hold the key and nothing else"
        ))),
        _ if !is_sealed(text) => Ok(SecretString::from(text)),
        Some(seal) => seal.open(text, id),
        None => Err(config(format!(
            "the key file of device {id} is sealed and no key to open it was given; give the key it was sealed with, or \
             replace the key of the device"
        ))),
    }
}

pub(crate) fn is_sealed(text: &str) -> bool {
    text.starts_with(MARK)
}

fn config(message: String) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}
