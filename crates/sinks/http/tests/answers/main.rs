//! The sink against a receiver that answers in every way.

mod failures;
mod halves;
mod receiver;
mod requests;
mod scene;
mod tls;
