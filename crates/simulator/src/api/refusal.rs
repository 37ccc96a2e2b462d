use crate::Response;

/// Why a request gets no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    /// As Directory Insights says it: `{"message": ...}`.
    pub(super) fn into_insights(self) -> Response {
        Response::json(self.status, serde_json::json!({ "message": self.message }).to_string())
    }

    /// As the console's API v2 says it: `{"code", "message", "status"}`, with the codes of gRPC.
    pub(super) fn into_console(self) -> Response {
        let (code, status) = match self.status {
            400 => (3, "INVALID_ARGUMENT"),
            401 => (16, "UNAUTHENTICATED"),
            402 => (9, "FAILED_PRECONDITION"),
            403 => (7, "PERMISSION_DENIED"),
            404 => (5, "NOT_FOUND"),
            405 => (12, "UNIMPLEMENTED"),
            _ => (13, "INTERNAL"),
        };
        let body = serde_json::json!({ "code": code, "message": self.message, "status": status });
        Response::json(self.status, body.to_string())
    }
}
