//! The pure model: what each rule, knob and fault does, without a network.

mod access;
mod common;
mod faults;
mod generated;
mod openapi;
mod options;
mod pages;
mod queries;
