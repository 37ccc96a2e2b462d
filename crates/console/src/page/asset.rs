//! The files beside the pages. Their names change with their contents, so that they may be kept for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

struct Asset {
    path: String,
    media_type: &'static str,
    text: &'static str,
}

impl Asset {
    fn new(name: &str, extension: &str, media_type: &'static str, text: &'static str) -> Self {
        Self { path: format!("/assets/{name}-{:016x}.{extension}", hash(text.as_bytes())), media_type, text }
    }
}

/// In this order: what comes later holds.
const STYLES: &str = concat!(
    include_str!("../../assets/style/frame.css"),
    include_str!("../../assets/style/parts.css"),
    include_str!("../../assets/style/media.css"),
);

static STYLE: LazyLock<Asset> = LazyLock::new(|| Asset::new("page", "css", "text/css; charset=utf-8", STYLES));
static THEME: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("theme", "js", "text/javascript; charset=utf-8", include_str!("../../assets/theme.js"))
});
static LIVE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("live", "js", "text/javascript; charset=utf-8", include_str!("../../assets/live.js")));
static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("mark", "svg", "image/svg+xml", include_str!("../../assets/mark.svg")));

/// The style of every page.
pub(crate) fn style() -> &'static str {
    &STYLE.path
}

/// Light or dark, before anything is drawn.
pub(crate) fn theme() -> &'static str {
    &THEME.path
}

/// What keeps a page up to date.
pub(crate) fn live() -> &'static str {
    &LIVE.path
}

/// The mark in a browser's tab.
pub(crate) fn mark() -> &'static str {
    &MARK.path
}

/// `GET /assets/{name}`
pub(crate) async fn give(Path(name): Path<String>) -> Response {
    let asset = [&*STYLE, &*THEME, &*LIVE, &*MARK].into_iter().find(|asset| asset.path["/assets/".len()..] == name);
    let Some(asset) = asset else { return StatusCode::NOT_FOUND.into_response() };
    let headers =
        [(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.text).into_response()
}

/// FNV-1a: it tells versions of a file apart, and no more is asked of it.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
