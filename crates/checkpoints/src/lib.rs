//! Durable state: where it lives, and the checkpoints in it.
//!
//! [`StateDir`] is the state directory of one process: private to its user, locked against a second process.
//! [`RedbStore`] keeps the checkpoints of all lanes in one file there, `checkpoints.redb`. Saves that come
//! together share one durable write, so that thousands of lanes cost few fsyncs.
//! [`MemoryStore`] forgets everything at the end of the process: for demonstrations, filters and tests.
//!
//! What `Ok` of a save proves: all of the checkpoint has been written and fsynced. After an error it may or may not
//! be there, but never half of it.

mod backend;
mod file;
mod key;
mod memory;
mod state_dir;
mod store;
mod writer;

pub use memory::MemoryStore;
pub use state_dir::StateDir;
pub use store::RedbStore;
