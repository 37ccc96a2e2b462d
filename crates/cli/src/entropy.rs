//! Random bytes from the operating system.

use rustix::rand::{GetRandomFlags, getrandom};

/// Sixteen of them.
pub(crate) fn bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    // Requests of up to 256 bytes are filled whole once the system has started.
    getrandom(&mut bytes, GetRandomFlags::empty()).expect("the operating system has random bytes");
    bytes
}

/// A number of them.
pub(crate) fn seed() -> u64 {
    u64::from_le_bytes(bytes()[..8].try_into().expect("eight bytes"))
}
