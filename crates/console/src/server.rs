//! The side of the running pipeline.

use std::convert::Infallible;
use std::sync::Arc;

use adr_runtime::{Handle, Tap};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;
use http::{StatusCode, header};

use crate::desk::Desk;
use crate::report::Report;
use crate::socket::Socket;
use crate::view::View;

const NDJSON: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/x-ndjson");

/// Answers whoever can open the socket, until it is dropped.
pub async fn serve(socket: Socket, handle: Handle, desk: Arc<dyn Desk>) {
    let routes = Router::new().route("/pipeline", get(pipeline)).route("/tap/{component}", get(tap)).with_state(handle);
    let routes = routes.merge(status_route(desk));
    let Socket { listener, file: _file } = socket;
    // It accepts for ever; an error of one connection is that connection's.
    if let Err(error) = axum::serve(listener, routes).await {
        tracing::warn!("the control socket has ended: {error}");
    }
}

/// `GET /status`
pub(crate) fn status_route(desk: Arc<dyn Desk>) -> Router {
    Router::new().route("/status", get(status)).with_state(desk)
}

async fn status(State(desk): State<Arc<dyn Desk>>) -> impl IntoResponse {
    axum::Json(Report { at: desk.now().to_string(), devices: desk.devices() })
}

async fn pipeline(State(handle): State<Handle>) -> impl IntoResponse {
    axum::Json(View::of(&handle))
}

async fn tap(State(handle): State<Handle>, Path(component): Path<String>) -> Response {
    let Some(tap) = handle.tap(&component) else {
        let names: Vec<_> = handle.components().iter().map(ToString::to_string).collect();
        let text = format!("no component is named `{component}`; there are {}", names.join(", "));
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    // The headers go out at once: whoever reads knows that it looks.
    let lines =
        stream::unfold(tap, |mut tap| async move { line(&mut tap).await.map(|line| (Ok::<_, Infallible>(line), tap)) });
    ([NDJSON], Body::from_stream(lines)).into_response()
}

/// The next event, behind the remark that others were not seen.
async fn line(tap: &mut Tap) -> Option<Bytes> {
    let event = tap.next().await?;
    let missed = tap.missed();
    let mut line = BytesMut::with_capacity(event.len() + 1);
    if missed > 0 {
        line.put_slice(format!("# {missed} events passed unseen\n").as_bytes());
    }
    line.put_slice(&event);
    line.put_u8(b'\n');
    Some(line.freeze())
}
