//! What the settings mean, checked.

mod headers;

use std::path::PathBuf;
use std::time::Duration;

use adr_core::{Encoding, Failure, FailureKind, SecretRef, Size, Span};
use http::{HeaderMap, HeaderName};
use reqwest::Url;

use crate::config::{AuthConfig, Compression, HttpConfig, TlsConfig};

/// Less would be a request for every event.
const LEAST_BATCH: usize = 4 << 10;
/// More than receivers take.
const MOST_BATCH: usize = 64 << 20;

/// The checked settings of a sink.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to send.
    pub uri: Url,
    /// How to prove who we are.
    pub auth: Option<Auth>,
    /// Further headers.
    pub headers: HeaderMap,
    /// Further headers whose values are kept elsewhere.
    pub secret_headers: Vec<(HeaderName, SecretRef)>,
    /// The form of the events.
    pub encoding: Encoding,
    /// Of requests.
    pub compression: Compression,
    /// The most bytes of a request before compression, unless it is one event.
    pub batch_bytes: usize,
    /// For a request and its answer.
    pub timeout: Duration,
    /// Deliveries under way.
    pub in_flight: usize,
    /// For https.
    pub tls: Tls,
}

/// How to prove who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// A token.
    Bearer(SecretRef),
    /// A user and the password.
    Basic(String, SecretRef),
}

/// TLS to the receiver.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Certificates to trust instead of the platform's.
    pub ca_file: Option<PathBuf>,
    /// Our certificate; with `key_file` or not at all.
    pub crt_file: Option<PathBuf>,
    /// Our private key.
    pub key_file: Option<PathBuf>,
    /// Whether the receiver's certificate is checked.
    pub verify: bool,
}

impl Settings {
    /// How many events should share a delivery: about a request. What is taken of a delivery that fails is sent again.
    pub fn at_once(&self) -> usize {
        (self.batch_bytes / 2048).clamp(1, 1000)
    }

    /// What a person should know about these settings although they are allowed; for `validate`, every start and
    /// the status.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = headers::warnings(&self.headers);
        if self.uri.scheme() == "http" && !is_loopback(&self.uri) {
            warnings.push(format!(
                "`uri` is http: all events go in the clear to {}, and anybody in between can read and change them; use https",
                self.uri.host_str().unwrap_or_default()
            ));
        }
        if !self.tls.verify {
            warnings.push(
                "`verify` is false: anybody in between can pose as the receiver and read all events and secrets; name its \
                 authority in `ca_file` instead"
                    .to_owned(),
            );
        }
        warnings
    }
}

pub(crate) fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

/// Whether what is sent there stays on this machine. A name other than localhost may lead anywhere.
pub(crate) fn is_loopback(uri: &Url) -> bool {
    let host = uri.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl TryFrom<HttpConfig> for Settings {
    type Error = Failure;

    fn try_from(raw: HttpConfig) -> Result<Self, Failure> {
        let uri = uri(&raw.uri)?;
        if raw.tls.is_some() && uri.scheme() == "http" {
            return Err(config("`tls` has no effect with an http `uri`: write https, or leave `tls` out"));
        }
        let secret = if raw.auth.is_some() { Some("auth") } else { None };
        let secret = secret.or((!raw.secret_headers.is_empty()).then_some("secret_headers"));
        if let Some(name) = secret.filter(|_| uri.scheme() == "http" && !is_loopback(&uri)) {
            return Err(config(format!(
                "`{name}` would go in the clear to {}, where anybody in between could read it: write https in `uri`",
                uri.host_str().unwrap_or_default()
            )));
        }
        let headers = headers::plain(&raw.headers)?;
        Ok(Self {
            auth: raw.auth.map(auth).transpose()?,
            secret_headers: headers::secret(raw.secret_headers, &headers)?,
            headers,
            encoding: raw.encoding.unwrap_or_default(),
            compression: raw.compression.unwrap_or_default(),
            batch_bytes: batch_bytes(raw.batch_bytes)?,
            timeout: timeout(raw.timeout)?,
            in_flight: in_flight(raw.in_flight)?,
            tls: tls(raw.tls.unwrap_or_default())?,
            uri,
        })
    }
}

fn uri(given: &str) -> Result<Url, Failure> {
    const EXAMPLE: &str = "such as https://vector.example.com:8443/adr";
    if given.trim().is_empty() {
        return Err(config(format!("`uri` is missing: say where to send, {EXAMPLE}")));
    }
    // What was written is not repeated: it may hold a password.
    let uri = Url::parse(given.trim())
        .map_err(|error| config(format!("`uri` is no address of a web server ({error}): write one {EXAMPLE}")))?;
    if !matches!(uri.scheme(), "http" | "https") || uri.host_str().is_none_or(str::is_empty) {
        return Err(config(format!("`uri` is no address of a web server: write one {EXAMPLE}")));
    }
    if !uri.username().is_empty() || uri.password().is_some() {
        return Err(config(
            "`uri` has a user or a password in it: say who we are with `auth`, which refers to secrets",
        ));
    }
    if uri.fragment().is_some() {
        return Err(config("`uri` has a # in it, and what follows is never sent: leave it out"));
    }
    Ok(uri)
}

fn auth(raw: AuthConfig) -> Result<Auth, Failure> {
    match (raw.bearer, raw.username, raw.password) {
        (Some(token), None, None) => Ok(Auth::Bearer(token)),
        (None, Some(user), Some(_)) if user.is_empty() || user.contains(|c: char| c == ':' || c.is_control()) => {
            Err(config("`username` cannot be sent: give a name without colons and line breaks"))
        }
        (None, Some(user), Some(password)) => Ok(Auth::Basic(user, password)),
        (None, Some(_), None) => Err(config("`username` has no `password` beside it: refer to it as well")),
        (None, None, Some(_)) => Err(config("`password` has no `username` beside it: give it as well")),
        (Some(_), ..) => Err(config("`auth` has `bearer` and a user: give one of the two")),
        (None, None, None) => Err(config("`auth` is empty: give `bearer`, or `username` and `password`")),
    }
}

fn batch_bytes(given: Option<Size>) -> Result<usize, Failure> {
    let Size(bytes) = given.unwrap_or(Size(1 << 20));
    if (LEAST_BATCH..=MOST_BATCH).contains(&bytes) {
        return Ok(bytes);
    }
    Err(config(format!("`batch_bytes` is {bytes}: give 4KiB to 64MiB")))
}

fn timeout(given: Option<Span>) -> Result<Duration, Failure> {
    let timeout = Span::positive(given, "timeout", 30)?;
    if timeout > Duration::from_hours(1) {
        return Err(config("`timeout` is longer than an hour: give at most 1h; what is not answered is sent again"));
    }
    Ok(timeout)
}

fn in_flight(given: Option<usize>) -> Result<usize, Failure> {
    match given.unwrap_or(4) {
        number @ 1..=256 => Ok(number),
        number => Err(config(format!("`in_flight` is {number}: give 1 to 256"))),
    }
}

fn tls(raw: TlsConfig) -> Result<Tls, Failure> {
    match (&raw.crt_file, &raw.key_file) {
        (Some(_), None) => return Err(config("`crt_file` has no `key_file` beside it: name the key's file as well")),
        (None, Some(_)) => {
            return Err(config("`key_file` has no `crt_file` beside it: name the certificate's file as well"));
        }
        _ => {}
    }
    let verify = raw.verify.unwrap_or(true);
    if !verify && raw.ca_file.is_some() {
        return Err(config(
            "`verify` is false, so that `ca_file` would not be looked at: leave out `verify`, and it is",
        ));
    }
    for (name, file) in [("ca_file", &raw.ca_file), ("crt_file", &raw.crt_file), ("key_file", &raw.key_file)] {
        if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
            return Err(config(format!("`{name}` is empty: name a file, or leave it out")));
        }
    }
    Ok(Tls { ca_file: raw.ca_file, crt_file: raw.crt_file, key_file: raw.key_file, verify })
}
