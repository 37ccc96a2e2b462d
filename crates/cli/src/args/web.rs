//! Flags of the page.

use std::path::PathBuf;

use adr_core::SecretRef;
use clap::{Args, Subcommand, ValueEnum};

use super::Key;
use super::devices::place_of_secret;

/// The page, and what programs read beside it.
#[derive(Clone, Debug, Default, Args)]
#[group(skip)]
pub(crate) struct Web {
    /// The certificate of the page, PEM; needed but on loopback
    #[arg(long, env = "JUMPCLOUD_ADR_TLS_CERT", value_name = "FILE", requires = "tls_key", help_heading = "Page")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, env = "JUMPCLOUD_ADR_TLS_KEY", value_name = "FILE", requires = "tls_cert", help_heading = "Page")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Who may sign in: see `user` [default: `users` in the folder of devices]
    #[arg(long, env = "JUMPCLOUD_ADR_USERS", value_name = "FILE", help_heading = "Page")]
    pub(crate) users: Option<PathBuf>,
    /// Where a proxy that ends TLS is reached, such as `https://adr.example.com`: then everything needs a login
    #[arg(long, env = "JUMPCLOUD_ADR_PUBLIC_ORIGIN", value_name = "URL", help_heading = "Page")]
    pub(crate) public_origin: Option<String>,
    /// A name by which the page is reached; may be given several times [default: any, but on loopback]
    #[arg(long, env = "JUMPCLOUD_ADR_HOSTS", value_name = "NAME", value_delimiter = ',', help_heading = "Page")]
    pub(crate) host: Vec<String>,
    /// What programs send to read /metrics and /status without a login: credential:NAME or file:PATH, 32 characters or more
    #[arg(long, env = "JUMPCLOUD_ADR_WEB_TOKEN", value_name = "WHERE", value_parser = place_of_secret, help_heading = "Page")]
    pub(crate) web_token: Option<SecretRef>,
}

/// `user`
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add somebody who may sign in; the password is asked for, or read from standard input
    Add(AddUser),
    /// List who may sign in
    List(UsersFile),
    /// Give somebody another password
    Password(OneUser),
    /// Remove somebody: his sessions end at once
    Remove(OneUser),
}

/// Where users are kept.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct UsersFile {
    /// The file of users
    #[arg(long, env = "JUMPCLOUD_ADR_USERS", value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,
    /// The folder of devices, in which the file is called `users`
    #[arg(long, env = "JUMPCLOUD_ADR_DEVICES", value_name = "DIR")]
    pub(crate) devices: Option<PathBuf>,
}

/// `user add`
#[derive(Debug, Args)]
pub(crate) struct AddUser {
    /// Letters, digits, `.`, `_`, `-` and `@`
    pub(crate) name: String,
    /// What he may do
    #[arg(long, default_value = "viewer")]
    pub(crate) role: UserRole,
    #[command(flatten)]
    pub(crate) file: UsersFile,
    #[command(flatten)]
    pub(crate) password: Key,
}

/// A user.
#[derive(Debug, Args)]
pub(crate) struct OneUser {
    /// His name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) file: UsersFile,
    #[command(flatten)]
    pub(crate) password: Key,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UserRole {
    /// See everything
    Viewer,
    /// Change devices as well
    Administrator,
}
