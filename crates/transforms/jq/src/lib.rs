//! Transforms `filter`, `route` and `remap`: conditions and programs in jq, run by jaq.
//!
//! A program always ends and does nothing but give values: functions that read a clock, the environment or other
//! events, and those that need not end, are not offered; functions of the user's that call themselves are refused. As
//! events are written by strangers, that is not relied upon: what a program does with values is counted, the depth of
//! values and of the stack is bounded, and an event that takes too much is treated like one on which the program fails.
//!
//! Numbers that no calculation has touched keep their text: 64-bit ids, longer integers, 1.10 and 1E400 come out as
//! they went in; one of more than 1,000 characters is not read. Whole numbers are calculated with exactly, others as doubles. What does not survive a `remap`: the
//! form of escapes and spaces, all but the last of several equal keys, half surrogate pairs and bytes that are no UTF-8
//! (both become U+FFFD).

mod condition;
mod config;
mod filter;
mod functions;
mod matches;
mod meter;
mod program;
mod regexes;
mod remap;
mod route;
mod value;

pub use config::{FilterConfig, LeastSeverity, OnError, RemapConfig, RouteConfig, Routes};
pub use filter::{Filter, FilterSettings};
pub use remap::{Remap, RemapSettings};
pub use route::{RouteBranch, RouteSettings, UNMATCHED};
