//! `bootstrap_servers`.

use adr_core::{Failure, FailureKind};

fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

/// The list without spaces around its commas.
pub(super) fn checked(given: &str) -> Result<String, Failure> {
    let mut servers = Vec::new();
    for server in given.split(',').map(str::trim) {
        if server.is_empty() && given.trim().is_empty() {
            return Err(config("`bootstrap_servers` is missing: list brokers, such as kafka1.example.com:9092"));
        }
        if server.contains("://") {
            return Err(config(format!(
                "`bootstrap_servers` has {server:?}: write host:port alone, and say how to talk to it with `tls` and `sasl`"
            )));
        }
        let sound = server.rsplit_once(':').is_some_and(|(host, port)| {
            let bare = !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
            let printable = host.bytes().all(|byte| byte.is_ascii_graphic());
            bare && printable && !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if !sound {
            return Err(config(format!(
                "`bootstrap_servers` has {server:?}, which is no host:port: write one such as kafka1.example.com:9092 or \
                 [2001:db8::1]:9092"
            )));
        }
        servers.push(server);
    }
    Ok(servers.join(","))
}
