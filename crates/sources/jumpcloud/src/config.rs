//! The source's settings as a pipeline file writes them. [`Settings`](crate::Settings) are what they mean.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use adr_core::{Rate, SecretRef, Span, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// Settings of the source `jumpcloud`: one tenant by `device_name`, a key and `configuration`, as in ADR's Add-On
/// Store form, or several by `tenants`. Everything else applies to all of them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JumpcloudConfig {
    /// The Device Name of the form, such as JumpCloud.
    pub device_name: Option<String>,
    /// The API key: JumpCloud console, Profile > My API Key.
    pub secret_key: Option<SecretRef>,
    /// A service account instead of an API key.
    pub service_account: Option<ServiceAccountConfig>,
    /// The Configuration JSON of the form: { "org_id": "..." }.
    pub configuration: Option<Configuration>,
    /// Where the organization's data is kept: us (default), eu or in.
    pub region: Option<Region>,
    /// The address of Directory Insights, instead of the region's.
    pub base_url: Option<String>,
    /// The services to read; default: all.
    pub services: Option<Vec<String>>,
    /// Where a tenant that was never read begins: -90d (default), an RFC 3339 instant, or now.
    pub start: Option<Start>,
    /// How old an event must be before the tail reads it; default 60s.
    pub settle: Option<Span>,
    /// How late an event may become visible and still be delivered; default 2h. 0s: no second look.
    pub overlap: Option<Span>,
    /// How often the overlap is read again; default 15m.
    pub sweep_interval: Option<Span>,
    /// How often a tenant that is up to date is asked for news; default 60s.
    pub poll_interval: Option<Span>,
    /// How many events a request may bring at most, 1 to 10000 (default).
    #[schemars(range(min = 1, max = 10_000))]
    pub page_limit: Option<u32>,
    /// How many requests a tenant may make; default 10/s.
    pub request_budget: Option<Rate>,
    /// Several tenants.
    pub tenants: Option<Vec<TenantConfig>>,
    /// PEM certificates to trust besides the platform's.
    pub ca_file: Option<PathBuf>,
    /// Where a service account gets its tokens.
    pub token_url: Option<String>,
    /// How long the API may be silent; default 60s.
    pub timeout: Option<Span>,
    /// How many bytes an answer may have, before the page limit shrinks; default 33554432 (32 MiB).
    #[schemars(range(min = 65_536))]
    pub max_response_bytes: Option<usize>,
}

/// One of several tenants. What it does not set, it has from the source.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantConfig {
    /// The Device Name of the form, such as JumpCloud.
    pub device_name: Option<String>,
    /// The API key: JumpCloud console, Profile > My API Key.
    pub secret_key: Option<SecretRef>,
    /// A service account instead of an API key.
    pub service_account: Option<ServiceAccountConfig>,
    /// The Configuration JSON of the form: { "org_id": "..." }.
    pub configuration: Option<Configuration>,
    /// As of the source.
    pub region: Option<Region>,
    /// As of the source.
    pub base_url: Option<String>,
    /// As of the source.
    pub services: Option<Vec<String>>,
    /// As of the source.
    pub start: Option<Start>,
    /// As of the source.
    pub settle: Option<Span>,
    /// As of the source.
    pub overlap: Option<Span>,
    /// As of the source.
    pub sweep_interval: Option<Span>,
    /// As of the source.
    pub poll_interval: Option<Span>,
    /// As of the source.
    #[schemars(range(min = 1, max = 10_000))]
    pub page_limit: Option<u32>,
    /// As of the source.
    pub request_budget: Option<Rate>,
}

/// An OAuth client: JumpCloud console, service accounts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountConfig {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: SecretRef,
}

/// The Configuration JSON of ADR's form: an object, or its text as pasted from the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The Organization ID: JumpCloud console, Settings > Organization Profile.
    pub org_id: Option<String>,
}

/// Where an organization's data is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    /// api.jumpcloud.com
    #[default]
    Us,
    /// api.eu.jumpcloud.com
    Eu,
    /// api.in.jumpcloud.com
    In,
}

/// Where a tenant that was never read begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// So long before the first poll.
    Ago(Duration),
    /// An instant.
    At(Timestamp),
    /// The first poll.
    Now,
}

impl FromStr for Start {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "now" {
            return Ok(Self::Now);
        }
        if let Some(span) = text.strip_prefix('-') {
            return Ok(Self::Ago(span.parse::<Span>()?.0));
        }
        Timestamp::parse(text.as_bytes())
            .map(Self::At)
            .map_err(|_| format!("`{text}` is no start: write -90d, now, or an instant such as 2026-01-31T00:00:00Z"))
    }
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Start {
    fn schema_name() -> Cow<'static, str> {
        "Start".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "-90d (so long ago), now, or an RFC 3339 instant",
            "pattern": "^(now|-([0-9]+ *(d|h|m|min|s|ms) *)+|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*)$",
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigurationFields {
    org_id: Option<String>,
}

impl<'de> Deserialize<'de> for Configuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> de::Visitor<'de> for Form {
            type Value = Configuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the form's Configuration JSON: { \"org_id\": \"your organization id\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Configuration, E> {
                let fields: ConfigurationFields = serde_json::from_str(text)
                    .map_err(|error| E::custom(format!("the Configuration JSON cannot be read: {error}")))?;
                Ok(Configuration { org_id: fields.org_id })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Configuration, A::Error> {
                let fields = ConfigurationFields::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Configuration { org_id: fields.org_id })
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Configuration {
    fn schema_name() -> Cow<'static, str> {
        "Configuration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "the form's Configuration JSON, as an object or as its text",
            "anyOf": [
                {
                    "type": "object",
                    "properties": { "org_id": { "type": "string", "description": "the Organization ID: JumpCloud console, Settings > Organization Profile" } },
                    "additionalProperties": false,
                },
                { "type": "string" },
            ],
        })
    }
}
