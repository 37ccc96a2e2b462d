//! What the settings mean, checked: one [`Tenant`] for each lane.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Failure, FailureKind, Rate, SecretRef, Span};

use crate::config::{JumpcloudConfig, Region, ServiceAccountConfig, Start, TenantConfig};

/// The API gives no more rows a request.
pub(crate) const API_MAX_LIMIT: u32 = 10_000;

/// Where Directory Insights is on its host.
pub(crate) const INSIGHTS_PATH: &str = "/insights/directory/v1";
const DEFAULT_TOKEN_URL: &str = "https://admin-oauth.id.jumpcloud.com/oauth2/token";

/// The checked settings of a source.
#[derive(Clone, Debug)]
pub struct Settings {
    /// One lane each.
    pub tenants: Vec<Arc<Tenant>>,
    /// PEM certificates to trust besides the platform's.
    pub ca_file: Option<PathBuf>,
    /// How long the API may be silent.
    pub timeout: Duration,
}

impl Settings {
    /// A number for all settings by which a tenant is read. References to secrets count, secrets do not.
    pub(crate) fn revision(&self, tenant: &Tenant) -> u64 {
        let mut hasher = DefaultHasher::new();
        (format!("{tenant:?}"), &self.ca_file, self.timeout).hash(&mut hasher);
        hasher.finish()
    }
}

/// The checked settings of one tenant. Holds references to secrets, no secret.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The lane's name: the organization id, or the device name where there is none.
    pub name: Arc<str>,
    /// The form's Device Name.
    pub device_name: Arc<str>,
    /// Sent as `x-org-id`.
    pub org_id: Option<Arc<str>>,
    /// How it proves who it is.
    pub credentials: Credentials,
    /// The address below which `/events` is.
    pub base_url: String,
    /// The query's services, at least one.
    pub services: Vec<String>,
    /// Where to begin.
    pub start: Start,
    /// How old an event must be before the tail reads it.
    pub settle: Duration,
    /// How late an event may become visible and still be delivered.
    pub overlap: Duration,
    /// How often the overlap is read again.
    pub sweep_interval: Duration,
    /// How often to ask for news.
    pub poll_interval: Duration,
    /// Rows a request, 1 to 10,000.
    pub page_limit: u32,
    /// Requests in a time.
    pub request_budget: Rate,
    /// Bytes of an answer.
    pub max_response_bytes: usize,
}

/// How a tenant proves who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An admin's API key.
    ApiKey(SecretRef),
    /// An OAuth client.
    ServiceAccount {
        /// The client id.
        client_id: String,
        /// The client secret.
        client_secret: SecretRef,
        /// Where the tokens are.
        token_url: String,
    },
}

impl Credentials {
    /// The secret it needs.
    pub fn secret(&self) -> &SecretRef {
        match self {
            Self::ApiKey(secret) | Self::ServiceAccount { client_secret: secret, .. } => secret,
        }
    }
}

fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

impl TryFrom<JumpcloudConfig> for Settings {
    type Error = Failure;

    fn try_from(raw: JumpcloudConfig) -> Result<Self, Failure> {
        let single = raw.device_name.is_some()
            || raw.secret_key.is_some()
            || raw.service_account.is_some()
            || raw.configuration.is_some();
        let forms = match &raw.tenants {
            Some(_) if single => {
                return Err(config(
                    "give either `tenants` or `device_name`, `secret_key` and `configuration`, not both: move the one \
                     tenant into the list",
                ));
            }
            Some(tenants) if tenants.is_empty() => return Err(config("`tenants` is empty: list at least one tenant")),
            Some(tenants) => tenants.clone(),
            None => vec![TenantConfig {
                device_name: raw.device_name.clone().or_else(|| Some("JumpCloud".to_owned())),
                secret_key: raw.secret_key.clone(),
                service_account: raw.service_account.clone(),
                configuration: raw.configuration.clone(),
                ..TenantConfig::default()
            }],
        };
        let tenants = forms
            .into_iter()
            .enumerate()
            .map(|(index, form)| {
                let place = match &form.device_name {
                    Some(name) => format!("tenant `{name}`"),
                    None => format!("tenants[{index}]"),
                };
                tenant(form, &raw).map(Arc::new).map_err(|failure| failure.at(place))
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        unique(&tenants)?;
        Ok(Self { tenants, ca_file: raw.ca_file, timeout: Span::positive(raw.timeout, "timeout", 60)? })
    }
}

fn tenant(form: TenantConfig, shared: &JumpcloudConfig) -> Result<Tenant, Failure> {
    let device_name = form.device_name.as_deref().map(str::trim).unwrap_or_default();
    if device_name.is_empty() {
        return Err(config("`device_name` is missing: name it as the Device Name in the Add-On Store form"));
    }
    let org_id = org_id(form.configuration.and_then(|form| form.org_id))?;
    let token_url = shared.token_url.clone().unwrap_or_else(|| DEFAULT_TOKEN_URL.to_owned());
    let credentials = credentials(form.secret_key, form.service_account, org_id.is_some(), token_url)?;
    let page_limit = form.page_limit.or(shared.page_limit).unwrap_or(API_MAX_LIMIT);
    if !(1..=API_MAX_LIMIT).contains(&page_limit) {
        return Err(config(format!("`page_limit` {page_limit} is out of range: the API takes 1 to {API_MAX_LIMIT}")));
    }
    let max_response_bytes = shared.max_response_bytes.unwrap_or(32 << 20);
    if max_response_bytes < 64 << 10 {
        return Err(config("`max_response_bytes` is too small: give at least 65536"));
    }
    let seconds = |own: Option<Span>, shared: Option<Span>, default: u64| {
        own.or(shared).map_or(Duration::from_secs(default), |span| span.0)
    };
    Ok(Tenant {
        name: org_id.as_deref().unwrap_or(device_name).into(),
        device_name: device_name.into(),
        base_url: base_url(
            form.base_url.as_ref().or(shared.base_url.as_ref()),
            form.region.or(shared.region).unwrap_or_default(),
        )?,
        services: services(form.services.as_ref().or(shared.services.as_ref()))?,
        org_id,
        credentials,
        start: form.start.or(shared.start).unwrap_or(Start::Ago(Duration::from_secs(90 * 86_400))),
        settle: seconds(form.settle, shared.settle, 60),
        overlap: seconds(form.overlap, shared.overlap, 2 * 3600),
        sweep_interval: Span::positive(form.sweep_interval.or(shared.sweep_interval), "sweep_interval", 15 * 60)?,
        poll_interval: Span::positive(form.poll_interval.or(shared.poll_interval), "poll_interval", 60)?,
        page_limit,
        request_budget: form.request_budget.or(shared.request_budget).unwrap_or(Rate::per_second(10)),
        max_response_bytes,
    })
}

const ORG_ID_PLACE: &str = "copy it from the JumpCloud console, Settings > Organization Profile";

fn org_id(given: Option<String>) -> Result<Option<Arc<str>>, Failure> {
    let Some(given) = given else { return Ok(None) };
    let id = given.trim();
    if id.is_empty() || id == "your_organization_id" {
        return Err(config(format!("`org_id` is still to be filled in: {ORG_ID_PLACE}")));
    }
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
        return Err(config(format!("`org_id` has a character that no Organization ID has: {ORG_ID_PLACE}")));
    }
    Ok(Some(id.into()))
}

fn credentials(
    key: Option<SecretRef>,
    account: Option<ServiceAccountConfig>,
    has_org_id: bool,
    token_url: String,
) -> Result<Credentials, Failure> {
    match (key, account) {
        (Some(key), None) => Ok(Credentials::ApiKey(key)),
        (None, Some(_)) if !has_org_id => Err(config(format!(
            "a service account needs the Organization ID: set configuration {{ \"org_id\": \"...\" }}; {ORG_ID_PLACE}"
        ))),
        (None, Some(ServiceAccountConfig { client_id, client_secret })) => {
            if client_id.trim().is_empty() {
                return Err(config("`client_id` is empty: copy it from the service account in the JumpCloud console"));
            }
            url(&token_url, "token_url")?;
            Ok(Credentials::ServiceAccount { client_id: client_id.trim().to_owned(), client_secret, token_url })
        }
        (Some(_), Some(_)) => Err(config("give either `secret_key` or `service_account`, not both")),
        (None, None) => Err(config(
            "no credentials: set `secret_key` (API key: JumpCloud console, Profile > My API Key), such as \
             { env: JUMPCLOUD_API_KEY }, or `service_account`",
        )),
    }
}

fn url(text: &str, name: &str) -> Result<reqwest::Url, Failure> {
    let url = reqwest::Url::parse(text)
        .map_err(|error| config(format!("`{name}` is no address: {error}: write it as https://host/path")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(config(format!("`{name}` must begin with https://")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(config(format!("`{name}` holds a user or password: credentials belong in `secret_key`")));
    }
    Ok(url)
}

fn base_url(given: Option<&String>, region: Region) -> Result<String, Failure> {
    let Some(given) = given else {
        let host = match region {
            Region::Us => "api.jumpcloud.com",
            Region::Eu => "api.eu.jumpcloud.com",
            Region::In => "api.in.jumpcloud.com",
        };
        return Ok(format!("https://{host}{INSIGHTS_PATH}"));
    };
    let url = url(given, "base_url")?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(config("`base_url` ends with a query or a fragment: write it as https://host/path"));
    }
    let text = url.as_str().trim_end_matches('/');
    // A bare host means the API's own path on it.
    Ok(if url.path() == "/" { format!("{text}{INSIGHTS_PATH}") } else { text.to_owned() })
}

/// The set of services is open: what the API does not know, it says.
fn services(given: Option<&Vec<String>>) -> Result<Vec<String>, Failure> {
    let Some(given) = given else { return Ok(vec!["all".to_owned()]) };
    let mut services: Vec<String> = given.iter().map(|name| name.trim().to_owned()).collect();
    services.sort();
    services.dedup();
    if services.is_empty() || services.iter().any(String::is_empty) {
        return Err(config(
            "`services` has nothing in it: name services such as directory and sso, or leave it out for all",
        ));
    }
    Ok(services)
}

fn unique(tenants: &[Arc<Tenant>]) -> Result<(), Failure> {
    let mut seen: HashMap<&str, &Tenant> = HashMap::new();
    for tenant in tenants {
        if let Some(other) = seen.insert(&tenant.name, tenant) {
            let (first, second) = (&other.device_name, &tenant.device_name);
            return Err(config(format!(
                "tenants `{first}` and `{second}` are the same organization ({}): every event would be delivered twice; \
                 keep one of them",
                tenant.name
            )));
        }
    }
    let mut seen = HashMap::new();
    for tenant in tenants {
        if let Some(other) = seen.insert(&*tenant.device_name, &tenant.name) {
            return Err(config(format!(
                "organizations {other} and {} have the same device_name `{}`: give each its own",
                tenant.name, tenant.device_name
            )));
        }
    }
    Ok(())
}
