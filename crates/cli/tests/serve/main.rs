//! A folder of devices: added, served, paused, given other keys and removed while it runs.

mod beside;
mod command;
#[path = "../common/mod.rs"]
mod common;
mod living;
mod provider;
mod scene;
mod unit;
