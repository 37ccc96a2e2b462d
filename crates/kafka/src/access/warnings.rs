//! What is allowed, and should be known.

use super::{Access, Role};
use crate::security;

impl Access {
    /// What a person should know about it although it is allowed.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = security::warnings(self.tls.as_ref(), self.sasl.as_ref());
        let far: Vec<&str> = self.bootstrap_servers.split(',').filter(|server| !is_loopback(server)).collect();
        if self.tls.is_none() && !far.is_empty() {
            let way = match self.role {
                Role::Sink => "go in the clear to",
                Role::Source => "come in the clear from",
            };
            warnings.push(format!(
                "without `tls`, all events {way} {}: anybody in between can read and change them",
                far.join(", ")
            ));
        }
        warnings
    }
}

fn is_loopback(server: &str) -> bool {
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
