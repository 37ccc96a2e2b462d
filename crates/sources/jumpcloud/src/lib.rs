//! Source `jumpcloud`: polls JumpCloud Directory Insights completely and without repeats.
//!
//! One lane for each tenant ([`Jumpcloud`], a [`SourceComponent`](adr_core::SourceComponent)); each pull of a lane
//! makes at most one request for a page. What it promises and how:
//!
//! - The **tail** reads window after window, `[watermark, now - settle]`, page by page by the API's own cursor.
//! - The **sweep** reads the trailing overlap again every `sweep_interval`: what became visible within `overlap` of
//!   its time is delivered, across stops and crashes.
//! - The ids of all events that may be read again are kept, on disk with the cursor: nothing is delivered twice.
//! - Every page carries the checkpoint that is true once it is delivered, as a delta whose size follows the page.
//!
//! The network is behind [`Transport`], the time behind [`adr_core::Clock`], randomness behind
//! [`Surroundings::entropy`]: a simulation can own all three.

mod auth;
#[doc(hidden)]
pub mod bench;
mod check;
mod client;
mod component;
mod config;
mod dedupe;
mod http_transport;
mod id_key;
mod intake;
mod organizations;
mod page;
mod poller;
mod progress;
mod refusal;
mod settings;
mod sizing;
mod transport;
mod warnings;

pub use check::{CheckReport, Checked};
pub use component::{Entropy, Jumpcloud, JumpcloudLane, Surroundings};
pub use config::{Configuration, JumpcloudConfig, Region, ServiceAccountConfig, Start, TenantConfig};
pub use http_transport::{HttpOptions, HttpTransport};
pub use organizations::Organization;
pub use settings::{Credentials, Settings, Tenant};
pub use transport::{Request, Response, Room, Transport, TransportError};
