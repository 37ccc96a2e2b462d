//! The page and what programs read beside it, while a pipeline runs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use adr_console::{TlsFiles, Users, Web};
use adr_core::{Failure, FailureKind, Secrets};
use adr_runtime::Handle;
use adr_telemetry::{Exposition, Metrics};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::args;
use crate::clock::SystemClock;
use crate::desk::PipelineDesk;

/// Where the page is, and for whom.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) listen: String,
    pub(crate) users: Option<PathBuf>,
    pub(crate) web: args::Web,
}

/// Opens the page. The future answers until it is dropped.
pub(crate) async fn open(
    page: Page,
    handle: Handle,
    desk: Arc<PipelineDesk>,
    metrics: Arc<Metrics>,
    secrets: Arc<dyn Secrets>,
) -> Result<(SocketAddr, impl Future<Output = ()> + Send), Failure> {
    let Page { listen, users, web } = page;
    let listener = TcpListener::bind(&listen).await.map_err(|error| {
        let message = format!("the page cannot be shown at {listen}: {error}; --listen takes another address");
        Failure::fatal(FailureKind::Config, message)
    })?;
    let token = web.web_token.as_ref().map(|reference| secrets.resolve(reference)).transpose()?;
    let door = Web {
        listener,
        desk,
        clock: Arc::new(SystemClock),
        tls: web.tls_cert.zip(web.tls_key).map(|(cert, key)| TlsFiles { cert, key }),
        users: users.map(Users::open).transpose()?,
        token,
        public_origin: web.public_origin,
        hosts: web.host,
        more: more(handle.clone(), metrics),
    };
    let door = door.open().await?;
    // As long as the process: how a stop goes on is what one wants to see.
    Ok((door.address(), door.serve(std::future::pending())))
}

/// What programs read: metrics, and whether all is well.
fn more(handle: Handle, metrics: Arc<Metrics>) -> Router {
    let health = Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/health", get(ready))
        .with_state(handle);
    health.merge(Router::new().route("/metrics", get(scrape)).with_state(metrics))
}

async fn ready(State(handle): State<Handle>) -> Response {
    let stopping = handle.is_stopping();
    let status = if stopping { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{{\"ok\":{}}}\n", !stopping)).into_response()
}

async fn scrape(State(metrics): State<Arc<Metrics>>, headers: HeaderMap) -> impl IntoResponse {
    let format = Exposition::accepted(headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()));
    ([(header::CONTENT_TYPE, format.content_type())], metrics.text(format))
}
