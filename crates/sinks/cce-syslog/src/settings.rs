//! What the settings mean, checked.

use std::path::PathBuf;
use std::time::Duration;

use adr_core::{Encoding, Failure, FailureKind, Rate, Size, Span};
use rustls_pki_types::ServerName;

use crate::config::{CceSyslogConfig, Fingerprints, Framing, HeaderKind, Mode, TlsConfig, TlsVersion, TooLong};
use crate::message::MOST_MESSAGES;
use crate::{Address, Facility, Fingerprint};

/// The most that one IPv4 datagram holds.
pub(crate) const DATAGRAM: usize = 65_507;

/// What RFC 5424 lets every receiver count on: shorter than this, a message has no room beside its header.
const LEAST_MESSAGE: usize = 480;

/// More than any receiver takes; also what a RELP frame can say of its length, with room to spare.
const MOST_MESSAGE: usize = 256 << 20;

/// The checked settings of a sink.
#[derive(Clone, Debug)]
pub struct Settings {
    /// In order of preference, at least one.
    pub addresses: Vec<Address>,
    /// How messages travel.
    pub mode: Mode,
    /// For the modes tls and relp.
    pub tls: Tls,
    /// For the modes tls and tcp.
    pub framing: Framing,
    /// The header of a message.
    pub header: HeaderKind,
    /// With the event's severity: PRI.
    pub facility: Facility,
    /// HOSTNAME.
    pub hostname: String,
    /// APP-NAME, or TAG.
    pub app_name: String,
    /// SD-ID of the structured data.
    pub structured_data_id: String,
    /// Whether texts that are not ASCII begin with a byte order mark. Never with rfc3164.
    pub bom: bool,
    /// The form of the events.
    pub encoding: Encoding,
    /// The most bytes of a message, framing not counted.
    pub max_message_bytes: usize,
    /// What becomes of a longer one.
    pub when_too_long: TooLong,
    /// For connecting and the TLS handshake together.
    pub connect_timeout: Duration,
    /// Idle time before a keep-alive probe; the longest that data may stay unacknowledged.
    pub keepalive: Duration,
    /// How often an earlier address is tried while a later one is in use.
    pub health_check_interval: Duration,
    /// Events in a time.
    pub rate_limit: Option<Rate>,
}

/// How the CCE proves who it is, and we to it.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Certificates to trust instead of the platform's.
    pub ca_file: Option<PathBuf>,
    /// Our certificate; with `key_file` or not at all.
    pub crt_file: Option<PathBuf>,
    /// Our private key.
    pub key_file: Option<PathBuf>,
    /// The name in the CCE's certificate, where it is not the host of the address.
    pub server_name: Option<String>,
    /// Certificates that are trusted whoever signed them; empty: none.
    pub fingerprint: Vec<Fingerprint>,
    /// Whether the CCE's certificate is checked.
    pub verify: bool,
    /// The oldest version to accept.
    pub min_version: TlsVersion,
}

impl Mode {
    /// Whether it goes over TLS.
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Tls | Self::Relp)
    }

    /// The word for it in a pipeline file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Relp => "relp",
            Self::RelpTcp => "relp_tcp",
        }
    }
}

impl Settings {
    /// How many events should share a delivery: what is acknowledged of a delivery that fails is sent again with the rest
    /// of it. A RELP receiver answers each message, so each has its own; elsewhere no more than a second takes under
    /// `rate_limit`.
    pub fn at_once(&self) -> usize {
        match self.mode {
            Mode::Relp | Mode::RelpTcp => 1,
            Mode::Tls | Mode::Tcp | Mode::Udp => {
                let second = |rate: Rate| 1_000_000_000 / rate.interval().as_nanos().max(1);
                self.rate_limit.map_or(MOST_MESSAGES, |rate| {
                    usize::try_from(second(rate)).unwrap_or(MOST_MESSAGES).clamp(1, MOST_MESSAGES)
                })
            }
        }
    }

    /// What a person should know about these settings although they are allowed; for `validate`, every start and
    /// the status.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let far: Vec<String> =
            self.addresses.iter().filter(|address| !address.is_loopback()).map(Address::to_string).collect();
        if self.mode == Mode::Udp {
            warnings.push(
                "`mode` udp proves nothing: events may be lost without notice, and count as delivered; use tls, tcp or \
                 relp where the receiver can"
                    .to_owned(),
            );
        } else if !self.mode.is_tls() && !far.is_empty() {
            let better = if self.mode == Mode::Tcp { "tls" } else { "relp" };
            warnings.push(format!(
                "`mode` {} sends all events in the clear to {}: anybody in between can read and change them; use {better}",
                self.mode.as_str(),
                far.join(", ")
            ));
        }
        if self.mode.is_tls() && !self.tls.verify {
            warnings.push(
                "`verify` is false: anybody in between can pose as the CCE and read all events; pin its certificate \
                 with `fingerprint` instead"
                    .to_owned(),
            );
        }
        warnings
    }
}

fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

impl TryFrom<CceSyslogConfig> for Settings {
    type Error = Failure;

    fn try_from(raw: CceSyslogConfig) -> Result<Self, Failure> {
        let mode = raw.mode.unwrap_or_default();
        let header = raw.header.unwrap_or_default();
        refuse_what_does_not_apply(&raw, mode, header)?;
        Ok(Self {
            addresses: addresses(raw.address, raw.addresses)?,
            mode,
            tls: tls(raw.tls.unwrap_or_default())?,
            framing: raw.framing.unwrap_or_default(),
            header,
            facility: raw.facility.unwrap_or(Facility::LOCAL0),
            hostname: hostname(raw.hostname, header)?,
            app_name: app_name(raw.app_name, header)?,
            structured_data_id: structured_data_id(raw.structured_data_id)?,
            bom: raw.bom.unwrap_or(true) && header == HeaderKind::Rfc5424,
            encoding: raw.encoding.unwrap_or_default(),
            max_message_bytes: max_message_bytes(raw.max_message_bytes, mode)?,
            when_too_long: raw.when_too_long.unwrap_or_default(),
            connect_timeout: Span::positive(raw.connect_timeout, "connect_timeout", 10)?,
            keepalive: Span::positive(raw.keepalive, "keepalive", 60)?,
            health_check_interval: Span::positive(raw.health_check_interval, "health_check_interval", 30)?,
            rate_limit: raw.rate_limit,
        })
    }
}

/// A setting without effect is a mistake: whoever wrote it believes in one.
fn refuse_what_does_not_apply(raw: &CceSyslogConfig, mode: Mode, header: HeaderKind) -> Result<(), Failure> {
    let word = mode.as_str();
    if raw.tls.is_some() && !mode.is_tls() {
        let better = if mode == Mode::RelpTcp { "relp" } else { "tls" };
        return Err(config(format!(
            "`tls` has no effect with mode {word}, which sends in the clear: set mode {better}, or leave `tls` out"
        )));
    }
    if raw.framing.is_some() && !matches!(mode, Mode::Tls | Mode::Tcp) {
        return Err(config(format!(
            "`framing` has no effect with mode {word}, which parts messages by itself: leave it out"
        )));
    }
    if raw.keepalive.is_some() && mode == Mode::Udp {
        return Err(config("`keepalive` has no effect with mode udp, which has no connection: leave it out"));
    }
    if header == HeaderKind::Rfc5424 {
        return Ok(());
    }
    if raw.when_too_long == Some(TooLong::Split) {
        return Err(config(
            "`when_too_long` cannot be split with header rfc3164, which has no place for the numbers of the parts: use \
             header rfc5424, or dead_letter or shorten",
        ));
    }
    if raw.structured_data_id.is_some() {
        return Err(config("`structured_data_id` has no effect with header rfc3164: leave it out"));
    }
    if raw.bom == Some(true) {
        return Err(config("`bom` has no effect with header rfc3164, which knows no byte order mark: leave it out"));
    }
    Ok(())
}

fn addresses(one: Option<Address>, many: Option<Vec<Address>>) -> Result<Vec<Address>, Failure> {
    let addresses = match (one, many) {
        (Some(_), Some(_)) => {
            return Err(config("give either `address` or `addresses`, not both: move the one address into the list"));
        }
        (None, None) => {
            return Err(config("`address` is missing: set the CCE IP of the Add-On Store form, such as 10.0.0.5"));
        }
        (Some(address), None) => vec![address],
        (None, Some(addresses)) => addresses,
    };
    if addresses.is_empty() {
        return Err(config("`addresses` is empty: list at least one address"));
    }
    for (place, address) in addresses.iter().enumerate() {
        if addresses[..place].contains(address) {
            return Err(config(format!("`addresses` has {address} twice: keep the first")));
        }
    }
    Ok(addresses)
}

fn tls(raw: TlsConfig) -> Result<Tls, Failure> {
    match (&raw.crt_file, &raw.key_file) {
        (Some(_), None) => return Err(config("`crt_file` has no `key_file` beside it: name the key's file as well")),
        (None, Some(_)) => {
            return Err(config("`key_file` has no `crt_file` beside it: name the certificate's file as well"));
        }
        _ => {}
    }
    let files = [("ca_file", &raw.ca_file), ("crt_file", &raw.crt_file), ("key_file", &raw.key_file)];
    for (name, file) in files {
        if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
            return Err(config(format!("`{name}` is empty: name a file, or leave it out")));
        }
    }
    if raw.fingerprint.as_ref().is_some_and(|given| given.0.is_empty()) {
        return Err(config("`fingerprint` is empty: list at least one, or leave it out"));
    }
    let verify = raw.verify.unwrap_or(true);
    let pinned = [("ca_file", raw.ca_file.is_some()), ("fingerprint", raw.fingerprint.is_some())];
    if !verify && let Some((name, _)) = pinned.into_iter().find(|(_, given)| *given) {
        return Err(config(format!(
            "`verify` is false, so that `{name}` would not be looked at: leave out `verify`, and it is"
        )));
    }
    if let Some(name) = &raw.server_name
        && ServerName::try_from(name.as_str()).is_err()
    {
        return Err(config(format!(
            "`server_name` {name:?} is no name that a certificate can have: write a DNS name or an IP address"
        )));
    }
    Ok(Tls {
        ca_file: raw.ca_file,
        crt_file: raw.crt_file,
        key_file: raw.key_file,
        server_name: raw.server_name,
        fingerprint: raw.fingerprint.map(|Fingerprints(list)| list).unwrap_or_default(),
        verify,
        min_version: raw.min_version.unwrap_or_default(),
    })
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn hostname(given: Option<String>, header: HeaderKind) -> Result<String, Failure> {
    let Some(name) = given else { return Ok("jumpcloud".to_owned()) };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    if name.is_empty() || name.len() > 255 || !is_printable(&name) {
        return Err(config("`hostname` cannot stand in a syslog header: give 1 to 255 printable ASCII characters"));
    }
    if header == HeaderKind::Rfc3164 && !name.bytes().all(plain) {
        return Err(config(
            "`hostname` would be misread in a header of rfc3164: give letters, digits, dots, dashes and underscores",
        ));
    }
    Ok(name)
}

fn app_name(given: Option<String>, header: HeaderKind) -> Result<String, Failure> {
    match (given, header) {
        (None, HeaderKind::Rfc5424) => Ok("jumpcloud-adr".to_owned()),
        (None, HeaderKind::Rfc3164) => Ok("jumpcloudadr".to_owned()),
        (Some(name), HeaderKind::Rfc5424) if name.is_empty() || name.len() > 48 || !is_printable(&name) => {
            Err(config("`app_name` cannot stand in a syslog header: give 1 to 48 printable ASCII characters"))
        }
        (Some(name), HeaderKind::Rfc3164)
            if name.is_empty() || name.len() > 32 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            Err(config("`app_name` cannot be the TAG of rfc3164: give 1 to 32 letters and digits"))
        }
        (Some(name), _) => Ok(name),
    }
}

/// A name of one's own has an enterprise number behind it: RFC 5424, section 6.3.2.
fn structured_data_id(given: Option<String>) -> Result<String, Failure> {
    let Some(id) = given else { return Ok("adr@32473".to_owned()) };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let sound = id.len() <= 32
        && is_printable(&id)
        && !id.contains(['=', ']', '"'])
        && id.split_once('@').is_some_and(|(name, number)| !name.is_empty() && number.split('.').all(is_number));
    if sound {
        return Ok(id);
    }
    Err(config(
        "`structured_data_id` is no SD-ID: write a name, @ and an enterprise number, at most 32 characters, such as \
         adr@32473",
    ))
}

fn max_message_bytes(given: Option<Size>, mode: Mode) -> Result<usize, Failure> {
    let udp = mode == Mode::Udp;
    let Some(Size(bytes)) = given else { return Ok(if udp { DATAGRAM } else { 64 << 10 }) };
    if bytes < LEAST_MESSAGE {
        return Err(config(format!("`max_message_bytes` {bytes} is too small: give at least {LEAST_MESSAGE}")));
    }
    if udp && bytes > DATAGRAM {
        return Err(config(format!(
            "`max_message_bytes` {bytes} is more than a datagram of udp holds: give at most {DATAGRAM}, or use tls or \
             tcp"
        )));
    }
    if bytes > MOST_MESSAGE {
        return Err(config(format!("`max_message_bytes` {bytes} is too large: give at most {MOST_MESSAGE}")));
    }
    Ok(bytes)
}
