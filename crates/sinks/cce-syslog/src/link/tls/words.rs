//! What went wrong in TLS, in words.

use std::io;

use jiff::Timestamp;
use rustls::{AlertDescription, CertificateError, Error};
use rustls_pki_types::UnixTime;

use super::judge::Seen;

/// Names of a certificate that are told.
const MOST_NAMES: usize = 5;

/// What TLS says in an error on a connection, if it is from TLS at all.
pub(in super::super) fn said(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::AlertReceived(alert) => alerted(*alert),
        Error::InvalidMessage(_) => {
            "the receiver does not speak TLS here: is mode tcp meant, or another port?".to_owned()
        }
        Error::PeerIncompatible(what) => {
            format!("the receiver offers no TLS that is accepted here ({what:?}): see `min_version`")
        }
        error => format!("TLS failed: {error}"),
    })
}

/// Why the handshake failed, and what to do.
pub(super) fn no_handshake(error: &io::Error, seen: Option<&Seen>) -> String {
    let tls = error.get_ref().and_then(|error| error.downcast_ref::<Error>());
    if let (Some(Error::InvalidCertificate(fault)), Some(seen)) = (tls, seen) {
        return refused(fault, seen);
    }
    if let Some(said) = said(error) {
        return said;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the receiver ended the TLS handshake without a word: see whether it speaks TLS on this port, and its own log"
                .to_owned()
        }
        _ => format!("TLS handshake failed: {error}"),
    }
}

/// The certificate is not accepted: what is wrong with it, which one it is, and the way out.
fn refused(error: &CertificateError, seen: &Seen) -> String {
    let print = &seen.fingerprint;
    if seen.accepted {
        return format!(
            "the receiver shows the certificate {print}, but cannot prove that it is its own ({error}): see whether \
             somebody else answers at this address"
        );
    }
    if *error == CertificateError::ApplicationVerificationFailure {
        return format!(
            "the CCE's certificate is none of those in `fingerprint`: it is {print}; if the CCE has a new certificate and \
             you can see there that this is it, set `fingerprint` to it"
        );
    }
    let next = match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "set `server_name` to a name it has"
        }
        CertificateError::UnknownIssuer => "set `ca_file` to its issuer's certificate",
        error if is_authority(error) => "set `ca_file` to it",
        CertificateError::BadSignature => {
            "its issuer may have been renewed under the same name: set `ca_file` to the new one"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "see this machine's clock",
        _ => "give the CCE a sound one",
    };
    format!(
        "the CCE's certificate {}: {next}, or, if you can see on the CCE that it is its own, set `fingerprint` to {print}",
        fault(error)
    )
}

/// What is wrong with a certificate, after "the certificate".
pub(super) fn fault(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired => "has expired".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => format!("has expired since {}", date(*not_after)),
        CertificateError::NotValidYet => "is not valid yet".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => format!("is not valid before {}", date(*not_before)),
        CertificateError::UnknownIssuer => "has an unknown issuer".to_owned(),
        CertificateError::NotValidForName => "is not valid for the name of the address".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } if presented.is_empty() => {
            format!("is not valid for {}: it has no subject alternative name", expected.to_str())
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            // As webpki writes them: DnsName("cce.example.com"), IpAddress(192.0.2.7).
            let plain = |name: &String| {
                name.split_once('(').map_or(name.as_str(), |(_, rest)| rest.trim_end_matches(')')).replace('"', "")
            };
            // A certificate that nobody trusts yet may have any number of names.
            let mut names: Vec<String> = presented.iter().take(MOST_NAMES).map(plain).collect();
            if presented.len() > MOST_NAMES {
                names.push(format!("{} more", presented.len() - MOST_NAMES));
            }
            format!("is not valid for {}: it is for {}", expected.to_str(), names.join(", "))
        }
        CertificateError::BadSignature => "is not signed by the issuer it names".to_owned(),
        error if is_authority(error) => "is an authority's own, self-signed it seems, and not known here".to_owned(),
        error => format!("is not sound ({error})"),
    }
}

/// What openssl makes when it is asked for a self-signed certificate.
fn is_authority(error: &CertificateError) -> bool {
    // webpki's own error is not re-exported.
    matches!(error, CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity"))
}

fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).map_or_else(|_| format!("second {seconds}"), |time| time.to_string())
}

/// The receiver has refused us.
fn alerted(alert: AlertDescription) -> String {
    let name = format!("alert {alert:?}");
    match alert {
        AlertDescription::CertificateRequired => {
            format!("the receiver asks for a client certificate ({name}): set `crt_file` and `key_file`")
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => {
            format!(
                "the receiver refuses our certificate ({name}): see `crt_file`, and which authority the receiver trusts"
            )
        }
        AlertDescription::HandshakeFailure => format!(
            "the receiver refuses the handshake ({name}): it may ask for a client certificate (`crt_file`, `key_file`), or \
             have no cipher in common"
        ),
        AlertDescription::ProtocolVersion => {
            format!("the receiver speaks no TLS version that is accepted here ({name}): see `min_version`")
        }
        AlertDescription::UnrecognisedName => {
            format!("the receiver does not know the name it was asked for ({name}): set `server_name`")
        }
        _ => format!("the receiver ended TLS ({name}): see its own log"),
    }
}
