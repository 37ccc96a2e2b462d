use std::error::Error as _;
use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use adr_core::ExposeSecret;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use reqwest::blocking;
use reqwest::{Certificate, Url};

use super::url::is_loopback;
use super::{Otlp, OtlpError};
use crate::redact::register;

/// How often it is said that telemetry does not arrive.
const TELL: Duration = Duration::from_secs(600);

/// As much of an answer is read.
const ANSWER: u64 = 64 << 10;

/// Sends the requests of one signal. Address and headers are ours: what the exporter makes of the environment does not count.
pub(crate) struct Client {
    http: blocking::Client,
    url: Url,
    headers: HeaderMap,
    signal: &'static str,
    told: Told,
}

/// What was said of failures.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Failing>>);

#[derive(Default)]
struct Failing {
    /// Requests in a row that have failed.
    times: u64,
    last: Option<Instant>,
    /// It was said, and not yet that it is over.
    open: bool,
}

impl Client {
    pub(crate) fn new(otlp: &Otlp, signal: &'static str, url: Url) -> Result<Self, OtlpError> {
        let headers = headers(otlp)?;
        let http = build(otlp, is_loopback(&url))?;
        Ok(Self { http, url, headers, signal, told: Told::default() })
    }

    pub(crate) fn address(&self) -> String {
        self.url.to_string()
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, reqwest::Error> {
        let (parts, body) = request.into_parts();
        let mut headers = self.headers.clone();
        for name in [CONTENT_TYPE, CONTENT_ENCODING] {
            if let Some(value) = parts.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        let answer = self.http.post(self.url.clone()).headers(headers).body(body).send();
        let answer = answer.map_err(reqwest::Error::without_url)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        // An answer that breaks off is as good as its status.
        let _ = answer.take(ANSWER).read_to_end(&mut body);
        let mut response = Response::new(Bytes::from(body));
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        Ok(response)
    }
}

/// What the trait's future is: requests are made by the exporters' own threads, which may wait.
type Sent<'a> = std::pin::Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Client {
    fn send_bytes<'a, 'b>(&'a self, request: Request<Bytes>) -> Sent<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        let sent = self.send(request);
        match &sent {
            Ok(answer) if answer.status().is_success() => self.told.works(self.signal),
            Ok(answer) => self.told.fails(self.signal, &format!("it answers {}", answer.status())),
            Err(error) => self.told.fails(self.signal, &chain(error)),
        }
        Box::pin(std::future::ready(sent.map_err(Into::into)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("signal", &self.signal).finish_non_exhaustive()
    }
}

impl Told {
    fn fails(&self, signal: &str, why: &str) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failing.times += 1;
        if failing.last.is_none_or(|last| last.elapsed() >= TELL) {
            (failing.last, failing.open) = (Some(Instant::now()), true);
            let times = failing.times;
            tracing::warn!(
                signal,
                times,
                error_type = "telemetry",
                "{signal} do not arrive over OTLP: {why}; the pipeline goes on, what is not pushed is dropped"
            );
        }
    }

    fn works(&self, signal: &str) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failing.times = 0;
        if std::mem::take(&mut failing.open) {
            tracing::info!(signal, "{signal} arrive over OTLP again");
        }
    }
}

fn headers(otlp: &Otlp) -> Result<HeaderMap, OtlpError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &otlp.headers {
        register(value);
        let wrong = |what: &str| OtlpError::new("headers", format!("{name:?}: {what}"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("is no name of a header"))?;
        let value = HeaderValue::from_str(value.expose_secret());
        let mut value = value.map_err(|_| wrong("its value has characters that a header cannot have"))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

/// reqwest over rustls, without redirects; the proxy is the environment's. It has a thread of its own, which cannot be started
/// inside an async runtime.
fn build(otlp: &Otlp, stays_here: bool) -> Result<blocking::Client, OtlpError> {
    let mut builder = blocking::Client::builder()
        .user_agent(concat!("jumpcloud-adr/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .timeout(otlp.timeout);
    if stays_here {
        builder = builder.no_proxy();
    }
    if let Some(path) = &otlp.ca_file {
        let wrong = |what: String| OtlpError::new("ca_file", format!("{}: {what}", path.display()));
        let pem = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let certificates = Certificate::from_pem_bundle(&pem).ok().filter(|certificates| !certificates.is_empty());
        builder = builder.tls_certs_only(certificates.ok_or_else(|| wrong("has no certificate in PEM".to_owned()))?);
    }
    let built = std::thread::spawn(move || builder.build()).join();
    let wrong = |why: &str| OtlpError::new("endpoint", format!("the HTTP client cannot be set up: {why}"));
    built.map_err(|_| wrong("it panicked"))?.map_err(|error| wrong(&chain(&error)))
}

/// An error and its causes in one line: reqwest's own text says too little.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::*;
    use crate::{Settings, subscriber};

    #[derive(Clone, Default)]
    struct Sheet(Arc<Mutex<Vec<u8>>>);

    impl Write for Sheet {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_goes_wrong_is_said_once_and_that_it_is_over() {
        let sheet = Sheet::default();
        let (subscriber, telemetry) = subscriber(&Settings::default(), sheet.clone()).expect("sets up");
        tracing::subscriber::with_default(subscriber, || {
            let told = Told::default();
            told.works("traces");
            (0..50).for_each(|n| told.fails("traces", &format!("it answers {n}")));
            (0..2).for_each(|_| told.works("traces"));
            told.fails("traces", "it answers 503");
            told.works("traces");
        });
        drop(telemetry);
        let text = String::from_utf8(sheet.0.lock().expect("no panic").clone()).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].contains("WARN traces do not arrive over OTLP: it answers 0; the pipeline goes on"), "{text}");
        assert!(lines[1].contains("INFO traces arrive over OTLP again"), "{text}");
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named_without_its_value() {
        let mut otlp = Otlp::new("http://localhost:4318");
        otlp.headers.push(("api-key".to_owned(), "s3cret\nvalue".into()));
        let error = headers(&otlp).expect_err("no line end in a header").to_string();
        assert!(error.contains("api-key") && !error.contains("s3cret"), "{error}");
    }
}
