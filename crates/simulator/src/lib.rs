//! A faithful JumpCloud Directory Insights, with faults on a switch.
//!
//! - [`Directory`] is the API as a pure model: organizations, keys, service accounts and events in, a
//!   [`Request`] and the time in, a [`Response`] out. No clock, no I/O; the same calls give the same answers.
//! - [`Server`] puts a directory behind HTTP.
//! - [`EventGenerator`] writes realistic events, [`Generated`] makes a tenant of millions of them that takes no memory.
//! - [`Fault`] and [`Knobs`] say what goes wrong, and how the API behaves where nobody says how it does.
//! - [`SimulatorOptions`] builds all of it from what a person types.
//!
//! ```
//! use adr_core::Timestamp;
//! use adr_simulator::{Access, Directory, Fault, FaultKind, Request, When};
//!
//! let now = Timestamp::from_secs(1_769_418_000);
//! let mut directory = Directory::new(1);
//! let organization = directory.add_organization("5a2af2a82cf2b0010053ea41");
//! directory.add_key("simulated-key-not-a-secret", Access::Organization(organization));
//! directory.insert(organization, r#"{"id":"a","service":"sso"}"#, now, now);
//! directory.add_fault(Fault::new(FaultKind::InternalError).when(When::first(1)));
//!
//! let query = r#"{"service":["all"],"start_time":"2026-01-01T00:00:00Z"}"#;
//! let request = Request::post("/insights/directory/v1/events", query).with("x-api-key", "simulated-key-not-a-secret");
//! assert_eq!(directory.handle(now, &request).status, 500);
//! let page = directory.handle(now, &request);
//! assert_eq!(page.header("X-Result-Count"), Some("1"));
//! assert_eq!(page.body.into_bytes(), r#"[{"id":"a","service":"sso"}]"#);
//! ```
//!
//! The facts come from JumpCloud's OpenAPI description of Directory Insights and from what collectors observed.

mod api;
mod body;
mod directory;
mod faults;
mod generator;
mod knobs;
mod message;
mod options;
mod random;
mod server;
mod store;
mod tally;

pub use api::SERVICES;
pub use body::{Body, CHUNK, Chunks};
pub use directory::{Access, Directory, OrganizationIndex, Role};
pub use faults::{
    Endpoint, Fault, FaultInfo, FaultKind, FaultSpec, HeaderCase, ParseFaultError, RetryAfter, Twist, When,
    list_of_faults,
};
pub use generator::EventGenerator;
pub use knobs::{AlertName, Compare, DistinctShape, EmptyPageCursor, Knobs, OversizedLimit};
pub use message::{Hints, Request, Response};
pub use options::{
    OptionsError, SIMULATED_CLIENT, SIMULATED_CLIENT_SECRET, SIMULATED_KEY, SimulatorOptions, parse_faults,
};
pub use server::{Server, SharedDirectory};
pub use store::{Generated, LedgerEntry, ReplayError, Span, Twists};
pub use tally::Tally;
