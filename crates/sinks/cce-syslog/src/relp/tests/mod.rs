//! Sessions against a receiver that does what each test tells it to.

mod batches;
mod endings;
mod opening;
mod peer;
