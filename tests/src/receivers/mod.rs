//! Real syslog receivers on loopback: Debian's `rsyslog` and `syslog-ng`, each test with one of its own.
//!
//! `tests/receivers/fetch` gets them. They run from the files in `examples/receivers`, with only addresses, ports,
//! paths and what a [`Setup`] names put in, so that the examples are what is tested. [`Receiver`] starts, pauses,
//! kills and restarts one and reads what it wrote; [`Proxy`] breaks connections on the way to it; [`Pki`] makes
//! certificates. Linux only, as the receivers are.

mod example;
mod found;
mod pki;
pub(crate) mod ports;
mod proxy;
mod receiver;
mod records;
mod setup;

pub use pki::{CLIENT, Identity, Pki, SERVER};
pub use proxy::{Break, Passed, Proxy};
pub use receiver::Receiver;
pub use records::Records;
pub use setup::{Clients, Framing, Product, Reading, Setup, Version, Wire};
