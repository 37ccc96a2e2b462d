//! Pages of the sign-in, in the frame of the others.

use axum::Router;
use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::page::SIGN_IN;

/// What stands around the contents of a page.
///
/// It is taken from a page itself: the one that is shown to nobody in particular where there is no other. So style, header
/// and the choice of light or dark are those of the pages, whatever these are like.
pub(crate) struct Frame {
    before_title: String,
    before: String,
    after: String,
}

impl Frame {
    pub(crate) async fn of(pages: &Router) -> Self {
        // The pages have nothing at this address.
        let request = Request::get(SIGN_IN).body(Body::empty()).expect("the address is one");
        let Ok(response) = TowerToHyperService::new(pages.clone()).call(request).await;
        let text = response.into_body().collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        let text = String::from_utf8(text).unwrap_or_default();
        Self::cut(&text).unwrap_or_else(|| Self::cut(&bare().into_string()).expect("a bare page has all parts"))
    }

    fn cut(page: &str) -> Option<Self> {
        let (before_title, rest) = page.split_once("<title>")?;
        let (_, rest) = rest.split_once("</title>")?;
        let (before, rest) = rest.split_once("<main")?;
        let (_, after) = rest.split_once("</main>")?;
        Some(Self { before_title: before_title.to_owned(), before: before.to_owned(), after: after.to_owned() })
    }

    /// A page.
    pub(crate) fn draw(&self, title: &str, main: &Markup) -> Html<String> {
        let page = html! {
            (PreEscaped(&self.before_title))
            title { (title) " - jumpcloud-adr" }
            (PreEscaped(&self.before))
            main #main tabindex="-1" { (main) }
            (PreEscaped(&self.after))
        };
        Html(page.into_string())
    }

    /// A page that says why there is no other, and where to go instead.
    pub(crate) fn dead_end(&self, status: StatusCode, title: &str, message: &str, onward: (&str, &str)) -> Response {
        let main = html! {
            div.dead-end {
                p.code { (status.as_str()) }
                h1 { (title) }
                p { (message) }
                p { a.button href=(onward.1) { (onward.0) } }
            }
        };
        (status, self.draw(title, &main)).into_response()
    }
}

fn bare() -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; meta name="viewport" content="width=device-width, initial-scale=1"; title {} }
            body { main {} }
        }
    }
}
