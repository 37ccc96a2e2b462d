//! Transform `redact`: removes fields, or replaces them by keyed hashes or a text of one's own.
//!
//! # What it does
//!
//! - A named field is removed with its key, or its value replaced. All else of the text stays as it is, byte for byte, but for
//!   strings in which `everywhere` finds something. An event that has none of the fields goes on untouched.
//! - Keys are compared by what they mean, so that `"\u0065mail"` is `email`; of a key that stands twice both go.
//! - A key on a path also leads through arrays: `observables.value` is the `value` of each. A path that would silently miss
//!   is the worse mistake here.
//! - A hash is `hash:` and 16 hex digits, of BLAKE3 under a key derived from the secret: the same value under the same secret
//!   always gives the same hash, also of another field, pipeline or version, so that events can be joined on it. Without the
//!   secret, guesses cannot be tried. Two of a million different values share a hash with odds of 1 to 37 million. Numbers,
//!   objects and arrays are hashed as they are written; null stays null.
//! - With `everywhere` (the default) the string that stood in a named field is looked for in the whole event: where
//!   it is a whole string, the same is done to that; inside of strings that hold JSON (`raw_data`), the same again, three levels
//!   deep; where a longer string holds it as a word (`message`), that word is replaced. It is the default because an ADR
//!   event says most things more than once, and whoever redacts one place and overlooks the other has redacted nothing.
//!   Of an object or array that is redacted whole the strings of 3 bytes and more are followed as if they were named.
//! - The event's id, which also travels beside the text, follows it; its kind follows its own fields (`metadata.event_code`,
//!   `event_type`) where a path names them.
//!
//! # What it does not do
//!
//! - Keys are never changed by `everywhere`, nor numbers, nor the fixed words of an event, which others tell events apart by
//!   (its kind, `class_name`, `activity_name`, `status`, `severity`, `metadata.log_name` and their like): a user who calls
//!   himself `metadata`, `user_login_attempt` or `Failure` cannot take his events apart. A path that names such a field counts.
//!   Words of fewer than 3 bytes are replaced only where they are the whole string.
//! - Other forms of a value are other values: another case, base64, percent encoding, a part of it.
//! - `everywhere` follows strings: a number that was redacted may stand elsewhere.
//! - Time, tenant and severity travel beside the text and stay there.
//! - An event that is not a JSON object, or nested deeper than 128, is rejected, and so is one with more than 16
//!   values to look for that have more than 2 MiB together or are found millions of times: it is in the dead letter *as it
//!   came*.

mod beside;
mod config;
mod everywhere;
mod find;
mod json;
mod key;
mod path;
mod redact;
mod rewrite;
mod settings;
mod vocabulary;
mod words;

pub use config::RedactConfig;
pub use redact::{Factory, Redact};
pub use settings::Settings;
