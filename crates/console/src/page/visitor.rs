use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

/// Where the layer in front signs a visitor in: linked where there is a [`Visitor`] without a name.
pub const SIGN_IN: &str = "/sign-in";
/// Where it signs him out: a POST with the field `csrf`, offered where he has a name.
pub const SIGN_OUT: &str = "/sign-out";

/// Who is asking. The layer in front of the page finds that out and puts it into the request as an `Extension`; without one
/// it is a stranger who may read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// As the audit log knows him; None where nobody has signed in.
    pub name: Option<String>,
    /// What he may do.
    pub role: Role,
    /// What his forms must bring back, so that no other site can fill them in for him. Blank lets none through.
    pub csrf: String,
}

/// What a visitor may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// See everything.
    #[default]
    Viewer,
    /// Change devices as well.
    Administrator,
}

impl Visitor {
    pub(crate) fn is_administrator(&self) -> bool {
        self.role == Role::Administrator
    }

    /// Whether a form came from a page of this visitor. How long that takes says nothing of the right answer.
    pub(crate) fn has_sent(&self, csrf: &str) -> bool {
        let (right, given) = (self.csrf.as_bytes(), csrf.as_bytes());
        let differences = right.iter().zip(given).fold(0, |found, (a, b)| found | (a ^ b));
        !right.is_empty() && right.len() == given.len() && differences == 0
    }

    /// As the audit log knows him.
    pub(crate) fn who(&self) -> String {
        self.name.clone().unwrap_or_else(|| "administrator".to_owned())
    }
}

/// Who is asking, and whether there is a layer in front that knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guest {
    pub(crate) visitor: Visitor,
    pub(crate) known: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Guest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let visitor = parts.extensions.get::<Visitor>().cloned();
        Ok(Self { known: visitor.is_some(), visitor: visitor.unwrap_or_default() })
    }
}
