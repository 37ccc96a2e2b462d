//! The sink's settings as a pipeline file writes them. [`Settings`](crate::Settings) are what they mean.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use adr_core::{Encoding, Rate, Size, Span};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::{Address, Facility, Fingerprint};

/// Settings of the sink `cce_syslog`: where the CCE is, and how it wants its events.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CceSyslogConfig {
    /// The CCE IP of the form, with a port where it is not 514: 10.0.0.5, 10.0.0.5:6514 or cce.example.com.
    pub address: Option<Address>,
    /// Several addresses instead of one: the first that answers is used, and an earlier one again as soon as it answers.
    #[schemars(length(min = 1))]
    pub addresses: Option<Vec<Address>>,
    /// How to send: tls (default), tcp, udp (proves nothing), relp (over TLS; the receiver acknowledges each event) or relp_tcp.
    pub mode: Option<Mode>,
    /// How the CCE proves who it is, and we to it; for the modes tls and relp.
    pub tls: Option<TlsConfig>,
    /// What parts messages on tls and tcp: octet_counting (default; RFC 6587, RFC 5425) or newline.
    pub framing: Option<Framing>,
    /// The syslog header: rfc5424 (default) or rfc3164.
    pub header: Option<HeaderKind>,
    /// The syslog facility by name or number; default local0.
    pub facility: Option<Facility>,
    /// HOSTNAME of every message; default jumpcloud. It does not follow the machine's name, so that it stays the same wherever this runs.
    #[schemars(length(min = 1, max = 255))]
    pub hostname: Option<String>,
    /// APP-NAME of every message, default jumpcloud-adr; with rfc3164 the TAG: at most 32 letters and digits, default jumpcloudadr.
    #[schemars(length(min = 1, max = 48))]
    pub app_name: Option<String>,
    /// The name of the structured data that holds an event's uid and tenant; default adr@32473.
    #[schemars(length(min = 1, max = 32))]
    pub structured_data_id: Option<String>,
    /// Whether a text that is not pure ASCII begins with a byte order mark, as RFC 5424 asks; default true. Set false for receivers that take it for a part of the event.
    pub bom: Option<bool>,
    /// The form of the events: json (default), cef, leef or flat.
    pub encoding: Option<Encoding>,
    /// How many bytes a message may have, header included; default 64KiB, with udp 65507. Never more than the receiver takes: rsyslog takes 8096 and makes several records of a longer one unless it is told otherwise.
    pub max_message_bytes: Option<Size>,
    /// What becomes of a longer message: dead_letter (default; kept there whole), shorten (without unmapped, then without raw_data, with a label that says so) or split (into several messages; rfc5424 only).
    pub when_too_long: Option<TooLong>,
    /// How long connecting may take, the TLS handshake included; default 10s.
    pub connect_timeout: Option<Span>,
    /// How long a connection may be idle before the CCE is asked whether it is still there, and how long data may stay unacknowledged; default 60s.
    pub keepalive: Option<Span>,
    /// How often an earlier address is tried while a later one is in use; default 30s.
    pub health_check_interval: Option<Span>,
    /// How many events may be sent in what time, such as 500/s, for a small CCE; default: no limit.
    pub rate_limit: Option<Rate>,
}

/// How the CCE proves who it is, and we to it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM certificates to trust instead of the platform's: the CCE's authority, or its own self-signed certificate.
    pub ca_file: Option<PathBuf>,
    /// Our certificate with its chain, as PEM, where the CCE asks for one.
    pub crt_file: Option<PathBuf>,
    /// The private key of our certificate, as PEM.
    pub key_file: Option<PathBuf>,
    /// The name in the CCE's certificate, where it is not the host of the address.
    pub server_name: Option<String>,
    /// The SHA-256 of the CCE's certificate, or a list of them: this very certificate is trusted, whoever signed it.
    pub fingerprint: Option<Fingerprints>,
    /// Whether the certificate is checked at all; default true. With false anybody in between can pose as the CCE and read all events.
    pub verify: Option<bool>,
    /// The oldest TLS version to accept: 1.2 (default) or 1.3.
    pub min_version: Option<TlsVersion>,
}

/// How messages travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Syslog over TLS over TCP.
    #[default]
    Tls,
    /// Syslog over TCP, in the clear.
    Tcp,
    /// Syslog over UDP: nothing is acknowledged, anything may be lost.
    Udp,
    /// RELP over TLS: the receiver acknowledges each event.
    Relp,
    /// RELP over TCP, in the clear.
    RelpTcp,
}

/// What parts messages of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// The length in bytes and a space before each message.
    #[default]
    OctetCounting,
    /// A line feed after each message.
    Newline,
}

/// The header of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeaderKind {
    /// With structured data, a full timestamp and the kind of event.
    #[default]
    Rfc5424,
    /// The old one of BSD.
    Rfc3164,
}

/// What becomes of a message that is longer than `max_message_bytes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TooLong {
    /// Its event goes to the dead letter, whole.
    #[default]
    DeadLetter,
    /// It goes without `unmapped`, then without `raw_data`, with a label that says so; else to the dead letter.
    Shorten,
    /// It goes in several messages.
    Split,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// 1.2
    #[default]
    V1_2,
    /// 1.3
    V1_3,
}

/// One fingerprint or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprints(pub Vec<Fingerprint>);

impl<'de> Deserialize<'de> for Fingerprints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> de::Visitor<'de> for OneOrMany {
            type Value = Fingerprints;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a fingerprint such as \"sha256:AB:CD:...\", or a list of them")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Fingerprints, E> {
                text.parse().map(|one| Fingerprints(vec![one])).map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Fingerprints, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = list.next_element()? {
                    all.push(one);
                }
                Ok(Fingerprints(all))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Fingerprints {
    fn schema_name() -> Cow<'static, str> {
        "Fingerprints".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Fingerprint>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

impl<'de> Deserialize<'de> for TlsVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// In YAML, 1.2 without quotes is a number.
        struct TextOrNumber;
        impl de::Visitor<'_> for TextOrNumber {
            type Value = TlsVersion;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a TLS version: 1.2 or 1.3")
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<TlsVersion, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TlsVersion, E> {
                match text {
                    "1.2" => Ok(TlsVersion::V1_2),
                    "1.3" => Ok(TlsVersion::V1_3),
                    _ => Err(E::custom(format!("{text:?} is no TLS version that is spoken here: write 1.2 or 1.3"))),
                }
            }
        }
        deserializer.deserialize_any(TextOrNumber)
    }
}

impl JsonSchema for TlsVersion {
    fn schema_name() -> Cow<'static, str> {
        "TlsVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "a TLS version", "enum": ["1.2", "1.3", 1.2, 1.3] })
    }
}
