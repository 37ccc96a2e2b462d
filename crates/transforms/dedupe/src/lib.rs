//! Transform `dedupe`: drops events that came before. What it drops is counted as discarded.
//!
//! # When an event is dropped
//!
//! An event is dropped if another with the same [key](By) passed *in the same life of the same lane* and is still
//! remembered. A life is one run of a lane from its opening to its end or failure. An event without a key (no uid, none of
//! the fields) always passes.
//!
//! # Why only within a life
//!
//! Dropping a copy is a promise that the other one arrives. Within a life that holds whatever happens: progress is
//! committed in order and only once all of a page is delivered, so as long as the copy that passed is not delivered, its
//! page is not committed; if the life fails before, that page is read again, in a new life in which nothing is remembered, and
//! the copy passes again. It does not matter which of the two pages was mapped first.
//!
//! Of another life nobody here can know enough:
//!
//! - It may be an earlier life of this very lane, whose events were never delivered. Dropping what it let pass would lose
//!   them for good; this is what reading again after a failure is for.
//! - It may be a life of another lane (two sources fanned into one `dedupe`). As long as that lane lives on, its copy is
//!   read again after every failure. But it may be gone for good: it failed with what cannot be retried, its tenant was
//!   removed, or its source cannot be read again (standard input). Then the copy that was dropped here would
//!   have been the only one left, and its own lane has committed past it. And a life's number does not say whose it is, so that
//!   this case cannot be told from the one before.
//!
//! **The limit:** of an event that comes in two lanes, or once before and once after a lane failed or the
//! program was started anew, both copies pass.
//!
//! # What it remembers
//!
//! The first 128 bits of BLAKE3 over the life and the key, 16 bytes an event, about 50 with the tables; when `max_events` are
//! remembered, the oldest is forgotten. That one of a million million (10^12) new events is dropped because it has the hash of
//! one of 100,000 others has odds of 1 to 3 * 10^21; nobody can make two on purpose without 2^64 tries.
//!
//! All workers share one memory, since pages of one life are mapped side by side. It is divided by hash into parts, each with
//! a lock that is held for one look-up: this is the one place with a lock per event. It is all but never waited for, and by
//! the bench costs some nanoseconds of the several hundred that hash and table take.
//!
//! # After a panic
//!
//! The runtime drops a transform that panicked and gives the same events to a new one. A [`Dedupe`] that is dropped half way
//! through an event takes back what it remembered since the last `enter`, so that no event is taken for its own copy.

mod config;
mod dedupe;
mod fields;
mod memory;
mod settings;

pub use config::{By, DedupeConfig};
pub use dedupe::{Dedupe, Factory};
pub use settings::Settings;
