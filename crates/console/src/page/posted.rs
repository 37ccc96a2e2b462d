//! Forms that come in.

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use http::StatusCode;

use super::layout::dead_end;
use super::visitor::Guest;

/// A form that an administrator has sent from a page of this program. What else comes in is refused before its handler is
/// reached, so that no handler can forget to ask.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) guest: Guest,
    fields: Vec<(String, String)>,
}

impl Posted {
    /// Takes a field out; blank where it is not there. Its value is held nowhere else then.
    pub(crate) fn take(&mut self, name: &str) -> String {
        let place = self.fields.iter().position(|(field, _)| field == name);
        place.map(|place| self.fields.swap_remove(place).1).unwrap_or_default()
    }

    /// The lines of a field that are not blank.
    pub(crate) fn take_lines(&mut self, name: &str) -> Vec<String> {
        let text = self.take(name);
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let visitor = request.extensions().get::<super::Visitor>().cloned();
        let guest = Guest { known: visitor.is_some(), visitor: visitor.unwrap_or_default() };
        let refused = |title: &str, message: &str| dead_end(StatusCode::FORBIDDEN, &guest, title, message);
        if !guest.visitor.is_administrator() {
            let message = "Changes are made by administrators. Sign in as one and try again.";
            return Err(refused("Administrators only", message));
        }
        let Ok(Form(fields)) = Form::<Vec<(String, String)>>::from_request(request, state).await else {
            let message =
                "What came in is not a form of this page. Go back, load the page again and repeat the change.";
            return Err(dead_end(StatusCode::BAD_REQUEST, &guest, "Not a form", message));
        };
        let csrf = fields.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.as_str());
        if !guest.visitor.has_sent(csrf.unwrap_or_default()) {
            let message = "The page that this form stood on is out of date, or it was not a page of this program. Nothing was \
                           changed. Go back, load it again and repeat the change.";
            return Err(refused("Form out of date", message));
        }
        Ok(Self { guest, fields })
    }
}
