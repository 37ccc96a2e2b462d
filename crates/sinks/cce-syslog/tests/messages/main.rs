//! Messages: what a receiver reads of them, whatever the event holds.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the right answer")]

mod framing;
mod headers;
mod receiver;
mod scene;
mod sizes;
