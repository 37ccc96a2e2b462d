//! Where the brokers are and who we are to them, checked.

mod options;
mod servers;
mod warnings;

use std::collections::BTreeMap;

use adr_core::Failure;

use crate::config::{SaslConfig, TlsConfig};
use crate::security;

/// What a component is to the brokers: it changes what a person is advised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It writes events.
    #[default]
    Sink,
    /// It reads events.
    Source,
}

impl Role {
    /// The word for it in a pipeline file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sink => "sink",
            Self::Source => "source",
        }
    }
}

/// Which of librdkafka's options a component has settings of its own for, or does not leave to anybody.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What it is.
    pub role: Role,
    /// Options that a setting of the component stands for, with that setting.
    pub ours: &'static [(&'static str, &'static str)],
    /// Options that what it promises rests on.
    pub promises: &'static [&'static str],
}

/// How the brokers are reached, as a pipeline file says it and as it was found right.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub(crate) role: Role,
    pub(crate) bootstrap_servers: String,
    pub(crate) tls: Option<TlsConfig>,
    pub(crate) sasl: Option<SaslConfig>,
    pub(crate) librdkafka_options: BTreeMap<String, String>,
    pub(crate) client_id: Option<String>,
}

impl Access {
    /// Checks what does not need a connection.
    ///
    /// # Errors
    /// [`FailureKind::Config`](adr_core::FailureKind::Config), with the setting in backquotes.
    pub fn new(
        rules: &Rules,
        bootstrap_servers: &str,
        tls: Option<TlsConfig>,
        sasl: Option<SaslConfig>,
        librdkafka_options: BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        options::check(rules, &librdkafka_options)?;
        security::check(tls.as_ref(), sasl.as_ref())?;
        let bootstrap_servers = servers::checked(bootstrap_servers)?;
        Ok(Self { role: rules.role, bootstrap_servers, tls, sasl, librdkafka_options, client_id: None })
    }

    /// The same under a name of its own, instead of the program's.
    #[must_use]
    pub fn named(self, client_id: Option<String>) -> Self {
        Self { client_id, ..self }
    }

    /// TLS to the brokers, where it is used.
    pub fn tls(&self) -> Option<&TlsConfig> {
        self.tls.as_ref()
    }

    /// The login, where there is one.
    pub fn sasl(&self) -> Option<&SaslConfig> {
        self.sasl.as_ref()
    }

    /// An option of librdkafka as the file sets it.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.librdkafka_options.get(name).map(String::as_str)
    }
}

impl AsRef<Self> for Access {
    fn as_ref(&self) -> &Self {
        self
    }
}
