use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

use crate::Body;

/// What a client asks: the parts of an HTTP request that matter here.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path, without host and query: `/insights/directory/v1/events`.
    pub path: String,
    /// What follows the `?`, without it.
    pub query: String,
    /// Names in any case; a name may occur more than once.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// A `POST` of a JSON body.
    pub fn post(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { method: "POST".into(), path: path.into(), headers, body: body.into(), ..Self::default() }
    }

    /// A `GET` of a path that may carry a query.
    pub fn get(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self { method: "GET".into(), path: path.into(), query: query.into(), ..Self::default() }
    }

    /// The same with one header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All values of a header.
    pub fn headers_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn query_value(&self, name: &str) -> Option<Cow<'_, str>> {
        form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// What the simulator answers.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The HTTP status code.
    pub status: u16,
    /// In the spelling that JumpCloud uses, unless a fault says otherwise.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body; events of a generated world are written only when it is read.
    pub body: Body,
    /// How it travels, where a fault or a knob has a say in it.
    pub hints: Hints,
}

impl Response {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = vec![(Cow::Borrowed("Content-Type"), content_type.to_owned())];
        Self { status, headers, body: Body::from(body.into()), hints: Hints::default() }
    }

    pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "application/json", body)
    }

    pub(crate) fn html(status: u16, title: &str) -> Self {
        let body = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body><center><h1>{title}</h1></center></body>\r\n</html>\r\n"
        );
        Self::new(status, "text/html", body)
    }

    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.headers.push((Cow::Borrowed(name), value.into()));
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }
}

/// How a response travels. A caller without a network does what fits its seam: wait, cut, or fail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Wait so long before the status line.
    pub delay: Duration,
    /// Break the connection without an answer.
    pub reset: bool,
    /// Break the connection after so many bytes of the body.
    pub cut_after: Option<u64>,
    /// Send the body no faster than this.
    pub bytes_per_second: Option<u64>,
    /// Compress the body if the client accepts gzip.
    pub gzip: bool,
}
