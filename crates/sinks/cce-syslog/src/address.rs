use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// The port of a CCE where none is given.
const DEFAULT_PORT: u16 = 514;

/// Where a CCE listens: `10.0.0.5`, `10.0.0.5:6514`, `[2001:db8::1]:514` or `cce.example.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// An IP address without brackets, or a name in lower case.
    pub host: String,
    /// Where none is given: 514.
    pub port: u16,
}

impl Address {
    /// The host as an IP address, if it is one without a zone.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether what is sent there never leaves this machine.
    pub fn is_loopback(&self) -> bool {
        match self.ip() {
            Some(IpAddr::V6(ip)) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
            Some(IpAddr::V4(ip)) => ip.is_loopback(),
            None => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.contains("://") {
            return Err(format!("{text:?} has a scheme: write host and port only, and the transport as mode"));
        }
        let (host, port) = split(text).ok_or_else(|| fault(text))?;
        let port = match port {
            None => DEFAULT_PORT,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => digits
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(|| format!("{text:?} has a port out of range: ports go from 1 to 65535"))?,
            Some(_) => return Err(fault(text)),
        };
        if is_ipv6(host) || (!host.contains(':') && is_name(host)) {
            return Ok(Self { host: host.to_ascii_lowercase(), port });
        }
        Err(fault(text))
    }
}

/// Host and port; a bare IPv6 address has no port.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest {
            _ if !is_ipv6(host) => None,
            "" => Some((host, None)),
            _ => Some((host, Some(rest.strip_prefix(':')?))),
        };
    }
    match text.split_once(':') {
        Some((_, rest)) if rest.contains(':') => Some((text, None)),
        Some((host, port)) => Some((host, Some(port))),
        None => Some((text, None)),
    }
}

fn is_ipv6(host: &str) -> bool {
    let (ip, zone) = host.split_once('%').map_or((host, None), |(ip, zone)| (ip, Some(zone)));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ip.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(|zone| !zone.is_empty() && zone.bytes().all(plain))
}

/// An IPv4 address or a DNS name. What ends in digits is meant as an address.
fn is_name(host: &str) -> bool {
    let labels = || host.strip_suffix('.').unwrap_or(host).split('.');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let last_is_number = labels().next_back().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if last_is_number {
        return host.parse::<IpAddr>().is_ok();
    }
    host.len() <= 253 && labels().all(|label| (1..=63).contains(&label.len()) && label.bytes().all(plain))
}

fn fault(text: &str) -> String {
    format!("{text:?} is no address: write it as 10.0.0.5, 10.0.0.5:514, [2001:db8::1]:514 or cce.example.com")
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Address {
    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "where a CCE listens, such as 10.0.0.5, 10.0.0.5:514, [2001:db8::1]:514 or cce.example.com; the port is 514 where none is given",
            "minLength": 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, u16), String> {
        text.parse().map(|address: Address| (address.host, address.port))
    }

    #[test]
    fn addresses_of_every_form_are_read() {
        for (text, host, port, shown) in [
            ("10.0.0.5", "10.0.0.5", 514, "10.0.0.5:514"),
            ("10.0.0.5:6514", "10.0.0.5", 6514, "10.0.0.5:6514"),
            (" [2001:db8::1]:514 ", "2001:db8::1", 514, "[2001:db8::1]:514"),
            ("[2001:db8::1]", "2001:db8::1", 514, "[2001:db8::1]:514"),
            ("2001:DB8::1", "2001:db8::1", 514, "[2001:db8::1]:514"),
            ("[fe80::1%eth0]:6514", "fe80::1%eth0", 6514, "[fe80::1%eth0]:6514"),
            ("CCE.example.com", "cce.example.com", 514, "cce.example.com:514"),
            ("cce.example.com.:65535", "cce.example.com.", 65535, "cce.example.com.:65535"),
            ("cce_1", "cce_1", 514, "cce_1:514"),
        ] {
            assert_eq!(read(text), Ok((host.to_owned(), port)), "{text}");
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(shown.parse(), Ok(address), "what is shown is read again");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        for text in [
            "",
            ":514",
            "10.0.0.5:",
            "10.0.0.256",
            "10.0.0",
            "10.0.0.5:x",
            "10.0.0.5:-1",
            "a b",
            "cce..example.com",
            ".",
            "[10.0.0.5]:514",
            "[2001:db8::1",
            "[2001:db8::1]514",
            "2001:db8::1::2",
            "cce.example.com/x",
            "münchen.example",
            "[fe80::1%]:514",
            "1:2:3",
            "\u{0}",
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains("is no address: write it as"), "{error}");
        }
        assert!(read("10.0.0.5:0").is_err_and(|error| error.contains("1 to 65535")));
        assert!(read("10.0.0.5:65536").is_err_and(|error| error.contains("1 to 65535")));
        assert!(read("tls://10.0.0.5").is_err_and(|error| error.contains("mode")));
        assert!(read(&"a".repeat(64)).is_err());
        assert!(read(&"a.".repeat(127)).is_err());
    }

    #[test]
    fn loopback_is_known_by_address_and_by_name() {
        let loopback = |text: &str| text.parse::<Address>().unwrap().is_loopback();
        for text in ["127.0.0.1", "127.9.9.9:1", "[::1]:514", "localhost", "cce.LOCALHOST", "::ffff:127.0.0.1"] {
            assert!(loopback(text), "{text}");
        }
        for text in ["10.0.0.5", "2001:db8::1", "localhost.example.com", "cce.example.com"] {
            assert!(!loopback(text), "{text}");
        }
    }
}
