//! Random names, and texts compared in a time that says nothing of where they differ.

use aws_lc_rs::{constant_time, digest, rand};

/// 256 random bits in hex.
pub(crate) fn token() -> String {
    let bytes: [u8; 32] = bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system has random bytes");
    bytes
}

/// SHA-256
pub(crate) fn digest(text: &str) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// Whether both are the same text; blank is never right.
pub(crate) fn is_same(right: &str, given: &str) -> bool {
    !right.is_empty() && constant_time::verify_slices_are_equal(&digest(right), &digest(given)).is_ok()
}
