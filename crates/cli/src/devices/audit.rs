//! Who changed what, and when: one line of JSON for each change that was asked for.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use adr_core::Timestamp;
use serde_json::json;

/// Its name in the folder of devices.
const NAME: &str = "audit.ndjson";

/// The log, which is only ever appended to.
pub(super) struct Audit(PathBuf);

impl Audit {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.join(NAME))
    }

    /// Writes a line: `outcome` is "done", or why not.
    pub(super) fn write(&self, at: Timestamp, who: &str, action: &str, device: &str, outcome: &str) -> io::Result<()> {
        let entry = json!({ "at": at.to_string(), "who": who, "action": action, "device": device, "outcome": outcome });
        let line = format!("{}\n", adr_telemetry::redact(&entry.to_string()));
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.0)?;
        // One write: lines of two processes do not mix.
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }
}
