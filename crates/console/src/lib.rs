//! What a running pipeline shows of itself to its user: counts, states, and events as they pass.
//!
//! It speaks HTTP over a Unix socket that only its own user can open (mode 0600), so that nothing of a pipeline is on any
//! network: `curl --unix-socket /var/lib/jumpcloud-adr/control.sock http://localhost/pipeline`.
//!
//! - `GET /pipeline`: a [`View`] of the moment, as JSON.
//! - `GET /status`: a [`Report`] on every device, as JSON: what ADR calls Collection Status.
//! - `GET /tap/{component}`: the events that leave a component (of a sink: that reach it) from now on, one in a line. A line
//!   that begins with `#` is a remark: how many events passed unseen, because the reader was too slow for all of them.

mod client;
mod desk;
mod devices;
mod page;
mod report;
mod server;
mod socket;
mod view;
mod web;

pub use client::Console;
pub use desk::{Change, Desk, Done, Field, Form, Graph, GraphNode, Refused, Sample};
pub use devices::{Board, DeviceStatus, Flow, History, Key, KeyFacts, Listing, Occurrence, Point, State};
pub use page::{CONTENT_SECURITY_POLICY, Role, SIGN_IN, SIGN_OUT, Visitor, routes};
pub use report::Report;
pub use server::serve;
pub use socket::Socket;
pub use view::{Component, Kind, Lane, View};
pub use web::{Door, TlsFiles, Users, Web};
