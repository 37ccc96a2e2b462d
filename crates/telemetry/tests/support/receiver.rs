//! A receiver of OTLP over HTTP that keeps what it gets.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Not compressed any more.
    pub(crate) body: Vec<u8>,
}

impl Post {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }
}

#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: String,
    posts: Arc<(Mutex<Vec<Post>>, Condvar)>,
}

impl Receiver {
    /// Answers each request with this status; 0: with nothing at all.
    pub(crate) fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let receiver = Self { address, posts: Arc::default() };
        let kept = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = kept.clone();
                std::thread::spawn(move || kept.serve(stream, status));
            }
        });
        receiver
    }

    fn serve(&self, stream: TcpStream, status: u16) {
        let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
        while let Some(post) = read(&mut reader) {
            let (posts, came) = &*self.posts;
            posts.lock().expect("no panic").push(post);
            came.notify_all();
            if status != 0 {
                let answer = format!(
                    "HTTP/1.1 {status} Status\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n"
                );
                if (&stream).write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
        }
    }

    /// What has come so far.
    pub(crate) fn posts(&self) -> Vec<Post> {
        self.posts.0.lock().expect("no panic").clone()
    }

    /// Waits for so many requests.
    pub(crate) fn until(&self, count: usize) {
        let (posts, came) = &*self.posts;
        let guard = posts.lock().expect("no panic");
        let wait = came.wait_timeout_while(guard, Duration::from_secs(30), |posts| posts.len() < count);
        let (guard, _) = wait.expect("no panic");
        assert!(guard.len() >= count, "{} requests within half a minute", guard.len());
    }

    fn decoded<T: Message + Default>(&self, path: &str) -> Vec<T> {
        let posts = self.posts();
        posts.iter().filter(|post| post.path == path).map(|post| T::decode(&*post.body).expect("OTLP")).collect()
    }

    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let requests: Vec<ExportMetricsServiceRequest> = self.decoded("/v1/metrics");
        let resources = requests.into_iter().flat_map(|request| request.resource_metrics);
        resources.flat_map(|resource| resource.scope_metrics).flat_map(|scope| scope.metrics).collect()
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let requests: Vec<ExportTraceServiceRequest> = self.decoded("/v1/traces");
        let resources = requests.into_iter().flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// Log records, each with the name of its scope.
    pub(crate) fn logs(&self) -> Vec<(String, LogRecord)> {
        let requests: Vec<ExportLogsServiceRequest> = self.decoded("/v1/logs");
        let resources = requests.into_iter().flat_map(|request| request.resource_logs);
        let scopes = resources.flat_map(|resource| resource.scope_logs);
        let named = scopes.map(|scope| (scope.scope.map(|scope| scope.name).unwrap_or_default(), scope.log_records));
        named.flat_map(|(name, records)| records.into_iter().map(move |record| (name.clone(), record))).collect()
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Post> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut post = Post { path, headers, body: Vec::new() };
    post.body = vec![0; post.header("content-length")?.parse().ok()?];
    reader.read_exact(&mut post.body).ok()?;
    if post.header("content-encoding") == Some("gzip") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&*post.body).read_to_end(&mut plain).expect("gzip");
        post.body = plain;
    }
    Some(post)
}

/// A value as text.
pub(crate) fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(value)) => value.to_string(),
        Some(any_value::Value::BoolValue(value)) => value.to_string(),
        Some(any_value::Value::DoubleValue(value)) => value.to_string(),
        other => format!("{other:?}"),
    }
}

/// An attribute as text.
pub(crate) fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    attributes.iter().find(|pair| pair.key == name).map(|pair| text(pair.value.as_ref()))
}
