//! What librdkafka tells beside the answers of its calls: log lines, errors of connections, the wish for a token.

mod by;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use adr_core::{ExposeSecret, Failure, FailureKind, SecretString, Secrets};
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientContext, Statistics};

use crate::access::Access;
use crate::cause::{Cause, Manner, NO_TOKEN, cause};
use crate::oauth::Tokens;

/// The same line is not said again sooner.
const AGAIN: Duration = Duration::from_secs(600);

/// Different lines that are remembered for it.
const MOST_LINES: usize = 32;

/// Secrets that are remembered: tokens come and go.
const MOST_SECRETS: usize = 16;

/// Where the clients of one component report to. Cheap to clone: all clones are one.
#[derive(Clone)]
pub struct Told(Arc<Shared>);

struct Shared {
    name: String,
    bootstrap: String,
    manner: Manner,
    /// Whether the brokers have let us in before: then one that hangs up wants nothing that we lack.
    let_in: AtomicBool,
    tokens: Option<Tokens>,
    /// Whether something has been wrong since all was well.
    wrong: AtomicBool,
    state: Mutex<State>,
}

/// What was said, and when.
type Lines = Vec<(String, Instant)>;

#[derive(Default)]
struct State {
    /// What a connection failed of last.
    last: Option<Cause>,
    /// Since when no broker at all can be reached.
    outage: Option<Instant>,
    said: Lines,
    /// Apart, so that no flood of other lines hides that we are not let in.
    refusals: Lines,
    /// What no line may show.
    secrets: Vec<SecretString>,
}

impl Told {
    pub(crate) fn new(name: &str, access: &Access, secrets: &Arc<dyn Secrets>) -> Self {
        Self(Arc::new(Shared {
            name: name.to_owned(),
            bootstrap: access.bootstrap_servers.clone(),
            manner: Manner {
                tls: access.tls.is_some(),
                certificate: access.tls.as_ref().is_some_and(|tls| tls.crt_file.is_some()),
                login: access.sasl.is_some(),
                role: access.role,
            },
            tokens: access.sasl.as_ref().and_then(|sasl| Tokens::new(sasl, access.tls.as_ref(), secrets)),
            let_in: AtomicBool::new(false),
            wrong: AtomicBool::new(false),
            state: Mutex::default(),
        }))
    }

    /// A broker has taken what was sent, or answered: an outage is over. Costs next to nothing where there was none.
    pub fn well(&self) {
        if !self.0.let_in.load(Ordering::Relaxed) {
            self.0.let_in.store(true, Ordering::Relaxed);
        }
        if self.0.wrong.load(Ordering::Relaxed) {
            self.recovered();
        }
    }

    /// Whether the secrets are there that tokens need.
    pub(crate) fn ready(&self) -> Result<(), Failure> {
        self.0.tokens.as_ref().map_or(Ok(()), |tokens| tokens.ready(&|secret| self.conceal(secret)))
    }

    /// A token, if the settings say where to have it.
    pub(crate) fn token(&self) -> Result<OAuthToken, Failure> {
        let Some(tokens) = &self.0.tokens else {
            return Err(Failure::fatal(FailureKind::Config, "neither `token` nor `token_endpoint` is set"));
        };
        tokens.next(&|secret| self.conceal(secret)).map_err(|failure| {
            let mut state = self.state();
            let text = state.clean(&failure.message);
            self.failed(&mut state, Cause { kind: failure.kind, text: text.clone(), lasts: true });
            Failure { message: text, ..failure }
        })
    }

    fn manner(&self) -> Manner {
        match self.0.let_in.load(Ordering::Relaxed) {
            true => Manner { tls: true, login: true, ..self.0.manner },
            false => self.0.manner,
        }
    }

    fn recovered(&self) {
        self.0.wrong.store(false, Ordering::Relaxed);
        let mut state = self.state();
        state.last = None;
        if let Some(since) = state.outage.take() {
            // The next outage is another one, and is told.
            state.said.clear();
            state.refusals.clear();
            let seconds = since.elapsed().as_secs();
            tracing::info!(component_id = %self.0.name, "the brokers at {} answer again after {seconds} s", self.0.bootstrap);
        }
    }

    /// Whether it has been told of something that waiting does not mend.
    pub fn is_refused(&self) -> bool {
        self.state().last.as_ref().is_some_and(|last| last.lasts)
    }

    /// What was told before is of no matter for what comes now.
    pub fn forget(&self) {
        self.state().last = None;
    }

    /// The failure with its true cause, if one was told.
    pub(crate) fn explain(&self, failure: Failure, doing: &str) -> Failure {
        let told = self.state().last.clone();
        match told {
            Some(cause) => Failure { kind: cause.kind, message: format!("cannot {doing}: {}", cause.text), ..failure },
            None => failure,
        }
    }

    fn failed(&self, state: &mut State, cause: Cause) {
        self.0.wrong.store(true, Ordering::Relaxed);
        let (name, error_type) = (&self.0.name, cause.kind.as_str());
        let news = if cause.lasts { add(&mut state.refusals, &cause.text) } else { state.is_news(&cause.text) };
        if news {
            tracing::warn!(component_id = %name, error_type, "{}", cause.text);
        } else {
            tracing::debug!(component_id = %name, error_type, "{}", cause.text);
        }
        state.last = Some(cause);
    }

    /// From now on no line shows it.
    pub(crate) fn conceal(&self, secret: &SecretString) {
        let mut state = self.state();
        // So short a secret stands in every other word, and hides nothing there.
        let telling = secret.expose_secret().len() >= 4;
        if telling && !state.secrets.iter().any(|known| known.expose_secret() == secret.expose_secret()) {
            if state.secrets.len() == MOST_SECRETS {
                state.secrets.remove(0);
            }
            state.secrets.push(secret.clone());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the line is to be said now.
    fn is_news(&mut self, line: &str) -> bool {
        add(&mut self.said, line)
    }

    /// The line without anything secret.
    fn clean(&self, line: &str) -> String {
        self.secrets.iter().fold(line.to_owned(), |line, secret| line.replace(secret.expose_secret(), "***"))
    }
}

/// Whether the line was not among them, and there is room for it.
fn add(lines: &mut Lines, line: &str) -> bool {
    let now = Instant::now();
    lines.retain(|(_, at)| now.duration_since(*at) < AGAIN);
    if lines.iter().any(|(said, _)| said == line) || lines.len() == MOST_LINES {
        return false;
    }
    lines.push((line.to_owned(), now));
    true
}

/// A line for those who look for it.
fn quiet(name: &str, facility: &str, line: &str) {
    tracing::debug!(component_id = %name, facility, "librdkafka: {line}");
}

impl ClientContext for Told {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        let mut state = self.state();
        let line = state.clean(line);
        // Which of its threads says so is of no use to a person.
        let line = line.strip_prefix("[thrd:").and_then(|line| line.split_once("]: ")).map_or(&*line, |(_, line)| line);
        let name = &self.0.name;
        match level {
            // A broker that hangs up is no error to librdkafka, but may be all there is to know.
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Notice | RDKafkaLogLevel::Warning if facility == "FAIL" => {
                let gone = KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure);
                let cause = cause(&gone, line, self.manner());
                if cause.lasts {
                    self.failed(&mut state, cause);
                } else {
                    quiet(name, facility, line);
                    self.0.wrong.store(true, Ordering::Relaxed);
                    state.last = Some(cause);
                }
            }
            // Each comes as an error as well.
            RDKafkaLogLevel::Error if facility == "FAIL" => quiet(name, facility, line),
            // It goes on by itself: a coordinator that loads is no news. Where it lasts, calls fail and say so.
            RDKafkaLogLevel::Warning if line.ends_with("retrying") => quiet(name, facility, line),
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning
                if state.is_news(line) =>
            {
                tracing::warn!(component_id = %name, facility, "librdkafka: {line}");
            }
            _ => quiet(name, facility, line),
        }
    }

    fn stats(&self, _: Statistics) {}

    fn stats_raw(&self, _: &[u8]) {}

    fn error(&self, error: KafkaError, reason: &str) {
        // The end of a partition is what a reader waits for.
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        let name = &self.0.name;
        if reason.contains(NO_TOKEN) {
            // It was told where the token was asked for, and better: nobody has refused a login.
            return quiet(name, "error", &self.state().clean(reason));
        }
        let mut state = self.state();
        let reason = state.clean(reason);
        self.0.wrong.store(true, Ordering::Relaxed);
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            if state.outage.is_none() {
                state.outage = Some(Instant::now());
                tracing::warn!(component_id = %name, "none of the brokers at {} can be used", self.0.bootstrap);
            }
            return;
        }
        let cause = cause(&error, &reason, self.manner());
        if cause.kind == FailureKind::Unauthorized
            && let Some(tokens) = &self.0.tokens
        {
            tokens.refused();
        }
        if state.last.as_ref().is_some_and(|last| last.text == cause.text) {
            // It was told where it was met, and better.
            return;
        }
        self.failed(&mut state, cause);
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        self.token().map_err(Into::into)
    }
}

impl ConsumerContext for Told {}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").field("name", &self.0.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod refusals;
