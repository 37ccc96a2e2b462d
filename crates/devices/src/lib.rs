//! A folder of device files: ADR's Add-On Store form, a file for each device, with the keys beside.
//!
//! [`Folder`] reads the files that a person or a program has written and changes them whole or not at all. A device
//! file `acme.yaml` holds the fields of the form; its name is the device's id. The key itself stands in a file of
//! its own, `keys/acme-1796428800.key`, with mode 0600, in plain text or sealed by a [`Seal`].
//!
//! What a change does not change stays as somebody wrote it; only comments go, and the order of fields becomes that
//! of the form. What nobody may see (keys, and whatever stands in a field where a key may have been put by mistake)
//! is part of no message and of no `Debug`.
//!
//! Everything here blocks: on the disk, and on the lock that another process may hold for a moment.

mod beside;
mod change;
mod device;
mod dir;
mod fields;
mod files;
mod folder;
mod form;
mod id;
mod keys;
mod list;
mod lock;
mod memory;
mod parse;
mod problem;
mod seal;
mod words;

#[cfg(test)]
mod tests;

pub use device::{Configuration, Device, KeyTimes, NewDevice, Provider};
pub use fields::time as expiry;
pub use folder::{Contents, Folder};
pub use form::{Field, FieldFault, Refused};
pub use problem::Problem;
pub use seal::{Seal, unseal};
