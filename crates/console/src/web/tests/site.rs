//! A site that can be asked without a connection.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adr_core::Failure;
use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::desk::Fake;
use super::{HASH, Hand};
use crate::web::peer::Peer;
use crate::web::{Door, TlsFiles, Users, Web};

/// Which kind of site.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Loopback,
    Elsewhere,
    BehindProxy,
}

pub(super) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

pub(super) struct Site {
    pub(super) folder: TempDir,
    pub(super) desk: Arc<Fake>,
    pub(super) hand: Hand,
    pub(super) routes: Router,
    place: Place,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

/// A browser: it keeps cookies.
#[derive(Clone, Default)]
pub(super) struct Browser {
    pub(super) jar: Vec<(String, String)>,
}

pub(super) fn users_file(folder: &Path) -> PathBuf {
    let path = folder.join("users.yaml");
    let entry = |name: &str, role: &str| format!("  - {{name: {name}, role: {role}, password: \"{}\"}}\n", *HASH);
    fs::write(&path, format!("users:\n{}{}", entry("jane", "administrator"), entry("vic", "viewer"))).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// A certificate for `localhost`; its DER.
pub(super) fn tls_files(folder: &Path) -> (TlsFiles, Vec<u8>) {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = TlsFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    fs::write(&files.cert, pair.cert.pem()).unwrap();
    fs::write(&files.key, pair.signing_key.serialize_pem()).unwrap();
    (files, pair.cert.der().to_vec())
}

/// A page that only lacks what a test changes.
pub(super) async fn web(folder: &Path, place: Place, hand: &Hand, desk: &Arc<Fake>) -> Web {
    let host = if place == Place::Elsewhere { "0.0.0.0:0" } else { "127.0.0.1:0" };
    Web {
        listener: TcpListener::bind(host).await.unwrap(),
        desk: desk.clone(),
        clock: hand.clock(),
        tls: (place == Place::Elsewhere).then(|| tls_files(folder).0),
        users: Some(Users::open(users_file(folder)).unwrap()),
        token: Some(TOKEN.to_owned().into()),
        public_origin: (place == Place::BehindProxy).then(|| "https://adr.example.com".to_owned()),
        hosts: Vec::new(),
        more: Router::new()
            .route("/metrics", get(|| async { "figures" }).post(|| async { "sent" }))
            .route("/livez", get(|| async { "alive" }))
            .route("/stuck", get(std::future::pending::<()>))
            .route("/kept", get(|| async { ([(header::CACHE_CONTROL, "public, max-age=60")], "kept") }))
            .route("/health", get(|| async { "healthy" }))
            .route("/echo", post(|body: String| async move { body.len().to_string() })),
    }
}

pub(super) async fn open(change: impl FnOnce(&mut Web), place: Place) -> Result<(Door, TempDir), Failure> {
    let folder = tempfile::tempdir().unwrap();
    let mut web = web(folder.path(), place, &Hand::new(), &Arc::default()).await;
    change(&mut web);
    web.open().await.map(|door| (door, folder))
}

impl Site {
    pub(super) async fn new(place: Place) -> Self {
        let (folder, hand, desk) = (tempfile::tempdir().unwrap(), Hand::new(), Arc::default());
        let routes = web(folder.path(), place, &hand, &desk).await.open().await.unwrap().routes;
        Self { folder, desk, hand, routes, place }
    }

    /// One whose page a test has changed.
    pub(super) async fn changed(place: Place, change: impl FnOnce(&mut Web)) -> Self {
        let (door, folder) = open(change, place).await.unwrap();
        Self { folder, desk: Arc::default(), hand: Hand::new(), routes: door.routes, place }
    }

    pub(super) fn origin(&self) -> &'static str {
        match self.place {
            Place::Loopback => "http://localhost:8090",
            Place::Elsewhere | Place::BehindProxy => "https://adr.example.com",
        }
    }

    /// Sends a request as it is, from 192.0.2.1.
    pub(super) async fn send(&self, mut request: Request<Body>) -> Answer {
        let from = if self.place == Place::Loopback { [127, 0, 0, 1] } else { [192, 0, 2, 1] };
        request.extensions_mut().insert(Peer(SocketAddr::from((from, 40000))));
        let (parts, body) = self.routes.clone().oneshot(request).await.unwrap().into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(super) fn users(&self) -> Users {
        Users::open(self.folder.path().join("users.yaml")).unwrap()
    }
}

impl Browser {
    pub(super) async fn get(&mut self, site: &Site, path: &str) -> Answer {
        let request = self.request(site, "GET", path).body(Body::empty()).unwrap();
        self.take(site.send(request).await)
    }

    pub(super) async fn post(&mut self, site: &Site, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.request(site, "POST", path).header(header::ORIGIN, site.origin());
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.take(site.send(request.body(Body::from(body)).unwrap()).await)
    }

    pub(super) async fn sign_in(&mut self, site: &Site, name: &str, password: &str) -> Answer {
        let page = self.get(site, "/sign-in?next=/pipeline").await;
        let form = page.field("form");
        self.post(site, "/sign-in", &[("name", name), ("password", password), ("form", &form), ("next", "/pipeline")])
            .await
    }

    pub(super) fn request(&self, site: &Site, method: &str, path: &str) -> http::request::Builder {
        let host = site.origin().split_once("//").unwrap().1;
        let cookies: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, host)
            .header(header::COOKIE, cookies.join("; "))
    }

    fn take(&mut self, answer: Answer) -> Answer {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.jar.retain(|(kept, _)| kept != name);
            if !cookie.contains("Max-Age=0") {
                self.jar.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    /// The value of the cookie that says who is signed in.
    pub(super) fn session(&self) -> Option<&str> {
        self.jar.iter().find(|(name, _)| !name.ends_with("_form")).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    /// The value of a hidden field.
    pub(super) fn field(&self, name: &str) -> String {
        let (_, rest) = self.text.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or(("", "\""));
        rest.split('"').next().unwrap().to_owned()
    }

    pub(super) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |place| place.to_str().unwrap())
    }
}
