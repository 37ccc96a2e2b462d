//! What connections fail of, as librdkafka reports it beside the calls, in words.

use adr_core::FailureKind;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::access::Role;
use crate::failure::meaning;

/// Why a connection failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) kind: FailureKind,
    pub(crate) text: String,
    /// A login or a certificate that is not accepted will not be a second later.
    pub(crate) lasts: bool,
}

/// How librdkafka begins when a token could not be had.
pub(crate) const NO_TOKEN: &str = "Failed to acquire SASL OAUTHBEARER token: ";

/// How we come: what a broker that merely hangs up may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    pub(crate) tls: bool,
    pub(crate) certificate: bool,
    pub(crate) login: bool,
    pub(crate) role: Role,
}

/// What an error comes to that librdkafka reports with these words.
pub(crate) fn cause(error: &KafkaError, reason: &str, manner: Manner) -> Cause {
    let Parts { place, what, stage } = Parts::of(reason);
    let at = if place.is_empty() { "the broker" } else { place };
    let fenced = || what.to_ascii_lowercase().contains("fenced");
    let hung_up = || what.starts_with("Disconnected").then(|| hung_up(at, stage, manner)).flatten();
    let (kind, text, lasts) = match error.rdkafka_error_code() {
        Some(Code::Fatal) if what.to_ascii_lowercase().contains("authorization failed") => {
            let (kind, next) = meaning(Code::ClusterAuthorizationFailed, manner.role);
            (kind, format!("{}{next}", fatal(what)), false)
        }
        Some(Code::Fatal) if fenced() => (FailureKind::Fenced, fatal(what).to_owned(), false),
        Some(Code::Fatal) => (FailureKind::Protocol, fatal(what).to_owned(), false),
        // It hung up before it said which mechanisms it has.
        Some(Code::Authentication) if what.ends_with("(n/a)") => {
            (FailureKind::Unreachable, format!("{at} hangs up during the login"), false)
        }
        Some(Code::Authentication) => (FailureKind::Unauthorized, refused(at, what), true),
        Some(Code::Resolve) => {
            let why = what.rsplit(": ").next().unwrap_or(what);
            let text = format!("the name of {at} cannot be resolved ({why}): see `bootstrap_servers`");
            (FailureKind::Unreachable, text, false)
        }
        Some(code) if is_answer(code) => {
            let (kind, next) = meaning(code, manner.role);
            (kind, format!("{at}: {}{next}", fatal(what)), false)
        }
        _ => match (hung_up(), tls(at, what, manner)) {
            (Some(text), _) | (None, Some(text)) => (FailureKind::Unreachable, text, true),
            (None, None) => (FailureKind::Unreachable, transport(at, what), false),
        },
    };
    Cause { kind, text, lasts }
}

/// `sasl_ssl://host:9093/bootstrap: what (after 3ms in state CONNECT)`.
struct Parts<'a> {
    place: &'a str,
    what: &'a str,
    /// Within the brackets.
    stage: &'a str,
}

impl<'a> Parts<'a> {
    fn of(reason: &'a str) -> Self {
        let (what, stage) = reason.rfind(" (after ").map_or((reason, ""), |end| reason.split_at(end));
        // A connection to whichever broker has that task: the same broker, and the same trouble, as by its own name.
        let task = ["TxnCoordinator: ", "GroupCoordinator: "].iter().find_map(|task| Some(what.split_once(task)?.1));
        let Some((head, rest)) = task.unwrap_or(what).split_once(": ") else { return Self { place: "", what, stage } };
        let name = head.rsplit_once("://").map_or(head, |(_, name)| name);
        match name.rsplit_once('/') {
            Some((place, _)) if !place.contains(' ') => Self { place, what: rest, stage },
            None if task.is_some() && !name.contains(' ') => Self { place: name, what: rest, stage },
            _ => Self { place: "", what, stage },
        }
    }

    /// How long the connection had been in its stage.
    fn milliseconds(stage: &str) -> Option<u64> {
        stage.strip_prefix(" (after ")?.split_once("ms")?.0.parse().ok()
    }
}

/// A broker that wants TLS or a login says so by hanging up at the first words.
fn hung_up(at: &str, stage: &str, manner: Manner) -> Option<String> {
    if !manner.tls && stage.contains("in state APIVERSION_QUERY") {
        return Some(format!("{at} hangs up at the first word: it may want TLS here; set `tls`, or use another port"));
    }
    let at_once = Parts::milliseconds(stage).is_some_and(|passed| passed < 2000);
    if !manner.login && at_once && stage.contains("in state UP") {
        return Some(format!("{at} hangs up: it may want a login here; set `sasl`, or use another port"));
    }
    None
}

/// Whether a broker has answered so: those are numbered from 1 on, what librdkafka finds by itself is negative.
fn is_answer(code: Code) -> bool {
    code as i32 > 0 && !matches!(code, Code::NetworkException | Code::RequestTimedOut)
}

/// `Fatal error: Broker: Cluster authorization failed: and on`.
fn fatal(what: &str) -> &str {
    what.strip_prefix("Fatal error: ").unwrap_or(what).trim_start_matches("Broker: ").trim_start_matches("Local: ")
}

fn refused(at: &str, what: &str) -> String {
    if let Some(why) = what.strip_prefix(NO_TOKEN) {
        return why.to_owned();
    }
    if let Some((_, offered)) = what.split_once("broker's supported mechanisms: ") {
        return if offered.is_empty() {
            format!(
                "{at} takes no login here, or not yet another one: leave out `sasl`, or use the port it has for that"
            )
        } else {
            format!("{at} does not offer this `mechanism` but {offered}: set `mechanism` to one of them")
        };
    }
    let why = what.strip_prefix("SASL authentication error: ").unwrap_or(what);
    let why = why.strip_prefix("Authentication failed: ").unwrap_or(why);
    format!("{at} refuses the login ({why}): see `sasl`")
}

/// What OpenSSL has met, in its words, which librdkafka passes on: `error:0A000086:SSL routines::certificate verify failed`.
fn tls(at: &str, what: &str, manner: Manner) -> Option<String> {
    let has = |words: &[&str]| words.iter().any(|word| what.contains(word));
    Some(if has(&["certificate verify failed", "Failed to verify broker certificate"]) {
        format!(
            "certificate verify failed: the certificate of {at} is from no authority that is trusted, or not for this name: \
             set `ca_file` to the authority's, and see that the names in `bootstrap_servers` and in the brokers' \
             advertised.listeners stand in the certificate"
        )
    } else if has(&["certificate required", "client SSL authentication might be required"])
        || (has(&["alert bad certificate"]) && !manner.certificate)
    {
        format!("{at} asks for a client certificate: set `crt_file` and `key_file`")
    } else if has(&[
        "alert bad certificate",
        "alert certificate",
        "alert unknown ca",
        "alert access denied",
        "alert decrypt",
    ]) {
        format!("{at} refuses our certificate ({}): see `crt_file`, and which authority the brokers trust", last(what))
    } else if has(&[
        "PLAINTEXT broker listener",
        "wrong version number",
        "packet length too long",
        "record layer failure",
    ]) {
        format!("{at} does not speak TLS here: use the port it has for TLS, or leave out `tls`")
    } else if has(&["alert protocol version", "unsupported protocol"]) {
        format!("{at} speaks no TLS version that is accepted here: TLS 1.2 or newer is needed")
    } else if has(&["alert handshake failure"]) {
        format!("{at} refuses the TLS handshake: it may ask for a client certificate (`crt_file`, `key_file`)")
    } else if has(&["SSL handshake failed", "SSL routines"]) {
        format!("{at}: {what}")
    } else {
        return None;
    })
}

fn transport(at: &str, what: &str) -> String {
    if let Some((_, why)) = what.strip_prefix("Connect to ").and_then(|rest| rest.split_once(" failed: ")) {
        return format!("{at} cannot be connected to ({why})");
    }
    format!("{at}: {what}")
}

/// The words of OpenSSL without its numbers.
fn last(what: &str) -> &str {
    let what = what.split(": SSL alert").next().unwrap_or(what);
    what.rsplit(':').next().unwrap_or(what).trim()
}

#[cfg(test)]
mod tests;
