//! Flags of devices that are files.

use std::path::PathBuf;

use adr_core::{SecretRef, Span};
use clap::{Args, Subcommand};

use super::{ControlSocket, Process, State, Web};

/// Where devices are, and what is made of them.
#[derive(Clone, Debug, Args)]
pub(crate) struct Devices {
    /// The folder of devices: a file for each, and their keys
    #[arg(long, env = "JUMPCLOUD_ADR_DEVICES", value_name = "DIR")]
    pub(crate) devices: PathBuf,
    /// The pipeline file that each device is put into [default: to the device's CCE over TLS]
    #[arg(long, env = "JUMPCLOUD_ADR_TEMPLATE", value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    /// What seals the keys of devices: credential:NAME (of systemd) or file:PATH, 32 characters or more [default: they are not sealed]
    #[arg(long, env = "JUMPCLOUD_ADR_SEAL", value_name = "WHERE", value_parser = place_of_secret)]
    pub(crate) seal: Option<SecretRef>,
}

/// `serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) devices: Devices,
    /// How often JumpCloud is asked for the organizations of providers
    #[arg(long, env = "JUMPCLOUD_ADR_PROVIDER_INTERVAL", value_name = "TIME", default_value = "15m")]
    pub(crate) provider_interval: Span,
    #[command(flatten)]
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) socket: ControlSocket,
    /// Show the page there, with /status, /metrics, /health, /livez and /readyz
    #[arg(
        long,
        env = "JUMPCLOUD_ADR_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8690",
        help_heading = "Page"
    )]
    pub(crate) listen: String,
    #[command(flatten)]
    pub(crate) web: Web,
    #[command(flatten)]
    pub(crate) process: Process,
}

/// `device`
#[derive(Debug, Subcommand)]
pub(crate) enum Device {
    /// Ask JumpCloud whether key and organization are right, then add a device
    Add(Box<Add>),
    /// List the devices of the folder
    List(List),
    /// Ask JumpCloud with the key that a device has
    Test(One),
    /// Stop reading a device until it is resumed
    Pause(One),
    /// Read a paused device again, from where it was
    Resume(One),
    /// Give a device another key, once JumpCloud has taken it
    RotateKey(RotateKey),
    /// Remove a device and its key; ADR keeps what it has
    Remove(One),
}

/// `device add`: the fields of ADR's Add-On Store form.
#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    pub(crate) devices: Devices,
    /// Device Name: how the organization is called in ADR
    #[arg(long, value_name = "NAME", help_heading = "Device")]
    pub(crate) device_name: String,
    /// CCE IP: an address or a host, with a port where it is not 514
    #[arg(long, value_name = "ADDRESS", default_value = "", help_heading = "Device")]
    pub(crate) cce_ip: String,
    /// Access ID / Username: blank for an API key; the client id of a service account
    #[arg(long, value_name = "ID", default_value = "", help_heading = "Device")]
    pub(crate) access_id: String,
    /// Configuration JSON: { "org_id": "..." }
    #[arg(long, value_name = "JSON", default_value = "", help_heading = "Device", conflicts_with = "org_id")]
    pub(crate) configuration: String,
    /// The Organization ID, in the place of a Configuration JSON
    #[arg(long, value_name = "ID", help_heading = "Device")]
    pub(crate) org_id: Option<String>,
    /// Where the organization's data is kept: us, eu or in [default: us]
    #[arg(long, value_name = "REGION", default_value = "", hide_default_value = true, help_heading = "Device")]
    pub(crate) region: String,
    /// Another address of the API, such as a simulator's
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true, help_heading = "Device")]
    pub(crate) base_url: String,
    /// When the key ends, where that is known: a date, or a time
    #[arg(long, value_name = "TIME", default_value = "", hide_default_value = true, help_heading = "Device")]
    pub(crate) key_expires: String,
    /// The key is a provider's: a device for each of its organizations, also for those that come later
    #[arg(long, help_heading = "Provider", conflicts_with_all = ["org_id", "configuration"])]
    pub(crate) provider: bool,
    /// Only organizations of this name or id, in which * is any text; may be given several times [default: all]
    #[arg(long, value_name = "PATTERN", help_heading = "Provider", requires = "provider")]
    pub(crate) include: Vec<String>,
    /// All but organizations of this name or id; may be given several times
    #[arg(long, value_name = "PATTERN", help_heading = "Provider", requires = "provider")]
    pub(crate) exclude: Vec<String>,
    #[command(flatten)]
    pub(crate) key: Key,
}

/// Where a new key is read from, once.
#[derive(Debug, Args)]
pub(crate) struct Key {
    /// Read the key from this file instead of asking for it (or, without a terminal, reading standard input)
    #[arg(long, value_name = "PATH", help_heading = "Key", conflicts_with = "secret_key_env")]
    pub(crate) secret_key_file: Option<PathBuf>,
    /// Read the key from this environment variable
    #[arg(long, value_name = "NAME", help_heading = "Key")]
    pub(crate) secret_key_env: Option<String>,
    /// Refused: a command line can be read by everybody on the machine
    #[arg(long, hide = true, num_args = 0..=1, allow_hyphen_values = true, alias = "api-key", alias = "key")]
    pub(crate) secret_key: Option<Option<String>>,
}

/// `device list`
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) devices: Devices,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A device.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// Its id: the name of its file without .yaml
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) devices: Devices,
}

/// `device rotate-key`
#[derive(Debug, Args)]
pub(crate) struct RotateKey {
    #[command(flatten)]
    pub(crate) one: One,
    /// When the new key ends, where that is known: a date, or a time
    #[arg(long, value_name = "TIME", default_value = "", hide_default_value = true)]
    pub(crate) key_expires: String,
    #[command(flatten)]
    pub(crate) key: Key,
}

/// A secret's place on a command line.
pub(super) fn place_of_secret(text: &str) -> Result<SecretRef, String> {
    match text.split_once(':') {
        Some(("credential", name)) if !name.is_empty() => Ok(SecretRef::Credential(name.to_owned())),
        Some(("file", path)) if !path.is_empty() => Ok(SecretRef::File(path.into())),
        // What was given may be the secret.
        _ => Err("write credential:NAME or file:PATH".to_owned()),
    }
}
