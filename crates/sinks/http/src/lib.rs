//! Sink `http`: events by POST to a receiver that answers when it has them, one a line (`application/x-ndjson`): Vector's
//! `http_server` source, Fluent Bit's `http` input
//! (which wants the header content-type: application/json), and whatever else takes lines.
//!
//! # What a resolved delivery proves
//!
//! The receiver has answered every request of it with 2xx. What that is worth is the receiver's affair: Vector answers when
//! the events are accepted by its own destinations if acknowledgements are on there, else when it has read them. The text of an
//! answer is not looked at, so that interfaces which answer 200 with errors inside (bulk interfaces of search engines) are
//! no places for this sink.
//!
//! # How often events come
//!
//! At least once. A request whose answer is lost (a timeout, a connection that ends) may have been taken, and is sent again,
//! as is a portion of which only some requests were answered. Events carry a uid by which repeats can be told.
//!
//! # Their order
//!
//! The requests of a delivery go one after the other. Up to `in_flight` deliveries are under way together, which the
//! receiver may take in any order. One that fails takes all later ones of its lane with it: those are given up at once and
//! sent again in order, so that the last copies of all events are in order. With `in_flight` 1 the order holds always.
//!
//! # What the receiver refuses
//!
//! - 413: the events are sent in halves, down to the single one, which goes to the dead letter. Later requests stay below
//!   what was too large, though not below what was taken; each hour it is tried whether twice as much is taken.
//! - 400, 422: in halves likewise, so that the one bad event goes to the dead letter and the others arrive.
//! - Where nine events in a row are refused, by either, it may be the receiver: one that it took before is sent once more, or
//!   one that stands later in the delivery, which so comes twice and out of its order. If that is taken, it is the
//!   events; if not, the delivery fails with nothing in the dead letter.
//! - 429, 5xx and no answer: sent again, no sooner than `Retry-After` asks.
//! - 401, 403: sent again slowly, with secrets read anew; one that is missing then is waited for. Other answers, redirects
//!   among them, are a fault in the settings: told, and looked at again slowly. A redirect is never followed: secrets
//!   must not travel.

mod answer;
mod body;
mod client;
mod config;
mod credentials;
mod delivery;
mod settings;
mod sink;
mod sizes;

pub use config::{AuthConfig, Compression, HttpConfig, TlsConfig};
pub use settings::{Auth, Settings, Tls};
pub use sink::Http;
