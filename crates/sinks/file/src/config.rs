use std::path::PathBuf;

use adr_core::{Encoding, Size, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Mode;

/// Settings of the sink `file`. [`Settings`](crate::Settings) are what they mean.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// The file, from the root on, such as /var/spool/adr/events.ndjson. Its folder must be there.
    pub path: PathBuf,
    /// The form of a line: json (default; the event as it is), cef, leef or flat.
    pub encoding: Option<Encoding>,
    /// How many bytes a file may have before it is renamed and a new one is begun; default 100MiB, at least 64KiB. A batch
    /// that is larger has a file of its own.
    pub max_bytes: Option<Size>,
    /// How old a file may be before the next event begins a new one; default: any age. A file that nothing is written to is left as it is.
    pub max_age: Option<Span>,
    /// How many renamed files are kept; default: all of them, for their reader to delete. With a number the oldest is
    /// deleted whether it was read or not.
    #[schemars(range(min = 1))]
    pub keep: Option<usize>,
    /// Who may read the files, in octal between quotes; default "0640".
    pub mode: Option<Mode>,
}
