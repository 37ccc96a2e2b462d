//! Flags of sources that run alone.

use std::path::PathBuf;

use adr_core::{Rate, SecretRef, Span};
use adr_source_jumpcloud::{Configuration, JumpcloudConfig, Region, ServiceAccountConfig, Start};
use clap::{Args, Subcommand};

use super::{Given, Guest, Process, State};
use crate::exit::{Exit, Stop};

/// `source`
#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// JumpCloud Directory Insights
    Jumpcloud(Box<JumpcloudArgs>),
}

/// `source jumpcloud`
#[derive(Debug, Args)]
pub(crate) struct JumpcloudArgs {
    #[command(flatten)]
    pub(crate) given: Given,
    #[command(flatten)]
    flags: Flags,

    /// End when everything up to now is written, instead of waiting for more
    #[arg(long)]
    pub(crate) once: bool,
    /// How long after a write into a pipe progress becomes durable [default: 60s]
    #[arg(long, value_name = "TIME")]
    pub(crate) pipe_trail: Option<Span>,
    #[command(flatten)]
    pub(crate) guest: Guest,
    #[command(flatten)]
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) process: Process,
}

/// Its settings, where they do not stand in a file.
#[derive(Debug, Args)]
#[group(conflicts_with = "Given")]
struct Flags {
    /// The environment variable that holds the API key [default: JUMPCLOUD_API_KEY]
    #[arg(long, value_name = "NAME", help_heading = "Credentials")]
    secret_key_env: Option<String>,
    /// The file that holds the API key
    #[arg(long, value_name = "PATH", help_heading = "Credentials", conflicts_with = "secret_key_env")]
    secret_key_file: Option<PathBuf>,
    /// The client id of a service account, instead of an API key
    #[arg(long, value_name = "ID", help_heading = "Credentials", conflicts_with_all = ["secret_key_env", "secret_key_file"])]
    client_id: Option<String>,
    /// The environment variable that holds the client secret [default: JUMPCLOUD_CLIENT_SECRET]
    #[arg(long, value_name = "NAME", help_heading = "Credentials", requires = "client_id")]
    client_secret_env: Option<String>,
    /// The file that holds the client secret
    #[arg(
        long,
        value_name = "PATH",
        help_heading = "Credentials",
        requires = "client_id",
        conflicts_with = "client_secret_env"
    )]
    client_secret_file: Option<PathBuf>,
    /// Refused: a command line can be read by everybody on the machine
    #[arg(long, hide = true, num_args = 0..=1, allow_hyphen_values = true, alias = "api-key", alias = "key")]
    secret_key: Option<Option<String>>,
    /// Refused, as --secret-key
    #[arg(long, hide = true, num_args = 0..=1, allow_hyphen_values = true)]
    client_secret: Option<Option<String>>,

    /// The Organization ID
    #[arg(long, env = "JUMPCLOUD_ADR_ORG_ID", value_name = "ID", help_heading = "Tenant")]
    org_id: Option<String>,
    /// The Device Name of the tenant
    #[arg(long, env = "JUMPCLOUD_ADR_DEVICE_NAME", value_name = "NAME", help_heading = "Tenant")]
    device_name: Option<String>,
    /// Where the organization's data is kept: us, eu or in [default: us]
    #[arg(long, env = "JUMPCLOUD_ADR_REGION", value_name = "REGION", value_parser = region, help_heading = "Tenant")]
    region: Option<Region>,
    /// The address of Directory Insights, instead of the region's
    #[arg(long, env = "JUMPCLOUD_ADR_BASE_URL", value_name = "URL", help_heading = "Tenant")]
    base_url: Option<String>,
    /// Where a service account gets its tokens
    #[arg(long, value_name = "URL", help_heading = "Tenant")]
    token_url: Option<String>,
    /// PEM certificates to trust besides the platform's
    #[arg(long, value_name = "PATH", help_heading = "Tenant")]
    ca_file: Option<PathBuf>,

    /// The services to read, joined by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "What to read")]
    services: Option<Vec<String>>,
    /// Where to begin: -90d, an RFC 3339 instant, or now [default: -90d]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, help_heading = "What to read")]
    start: Option<Start>,
    /// How old an event must be before it is read [default: 60s]
    #[arg(long, value_name = "TIME", help_heading = "What to read")]
    settle: Option<Span>,
    /// How late an event may become visible and still be read [default: 2h]
    #[arg(long, value_name = "TIME", help_heading = "What to read")]
    overlap: Option<Span>,
    /// How often the overlap is read again [default: 15m]
    #[arg(long, value_name = "TIME", help_heading = "What to read")]
    sweep_interval: Option<Span>,
    /// How often to ask for news [default: 60s]
    #[arg(long, value_name = "TIME", help_heading = "What to read")]
    poll_interval: Option<Span>,
    /// How many events a request may bring, 1 to 10000 [default: 10000]
    #[arg(long, value_name = "N", help_heading = "What to read")]
    page_limit: Option<u32>,
    /// How many requests to make, such as 10/s [default: 10/s]
    #[arg(long, value_name = "RATE", help_heading = "What to read")]
    request_budget: Option<Rate>,
}

impl JumpcloudArgs {
    /// The settings, as a pipeline file would have them.
    pub(crate) fn config(&self) -> Result<JumpcloudConfig, Stop> {
        self.flags.config()
    }
}

impl Flags {
    fn config(&self) -> Result<JumpcloudConfig, Stop> {
        if self.secret_key.is_some() || self.client_secret.is_some() {
            let (flag, variable) = if self.secret_key.is_some() {
                ("secret-key", "JUMPCLOUD_API_KEY")
            } else {
                ("client-secret", "JUMPCLOUD_CLIENT_SECRET")
            };
            return Err(Stop::new(
                Exit::Usage,
                format!(
                    "a secret on the command line can be read by everybody on this machine; use --{flag}-env NAME \
                     (the default is {variable}) or --{flag}-file PATH instead, and exchange the secret if it was real"
                ),
            ));
        }
        let reference = |file: &Option<PathBuf>, name: &Option<String>, default: &str| match file {
            Some(path) => SecretRef::File(path.clone()),
            None => SecretRef::Env(name.clone().unwrap_or_else(|| default.to_owned())),
        };
        let key = || reference(&self.secret_key_file, &self.secret_key_env, "JUMPCLOUD_API_KEY");
        let secret = || reference(&self.client_secret_file, &self.client_secret_env, "JUMPCLOUD_CLIENT_SECRET");
        Ok(JumpcloudConfig {
            device_name: self.device_name.clone(),
            secret_key: self.client_id.is_none().then(key),
            service_account: self
                .client_id
                .clone()
                .map(|client_id| ServiceAccountConfig { client_id, client_secret: secret() }),
            configuration: self.org_id.clone().map(|org_id| Configuration { org_id: Some(org_id) }),
            region: self.region,
            base_url: self.base_url.clone(),
            services: self.services.clone(),
            start: self.start,
            settle: self.settle,
            overlap: self.overlap,
            sweep_interval: self.sweep_interval,
            poll_interval: self.poll_interval,
            page_limit: self.page_limit,
            request_budget: self.request_budget,
            ca_file: self.ca_file.clone(),
            token_url: self.token_url.clone(),
            ..JumpcloudConfig::default()
        })
    }
}

fn region(text: &str) -> Result<Region, String> {
    match text {
        "us" => Ok(Region::Us),
        "eu" => Ok(Region::Eu),
        "in" => Ok(Region::In),
        _ => Err("write us, eu or in".to_owned()),
    }
}
