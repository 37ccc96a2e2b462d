//! Who changed what, and when: one line of JSON for each change that was asked for.

use std::io;

use adr_core::Timestamp;
use adr_devices::Folder;
use serde_json::json;

/// Its name in the folder of devices.
const NAME: &str = "audit.ndjson";

/// Writes a line to the audit log: `subject` is a "device" or a "user" and which, `outcome` is "done" or why not.
pub(crate) fn write(
    folder: &Folder,
    at: Timestamp,
    who: &str,
    action: &str,
    subject: (&str, &str),
    outcome: &str,
) -> io::Result<()> {
    let (kind, name) = subject;
    let entry = json!({ "at": at.to_string(), "who": who, "action": action, kind: name, "outcome": outcome });
    folder.log(NAME, &adr_telemetry::redact(&entry.to_string()))
}
