//! The side of who asks.

use std::path::{Path, PathBuf};

use adr_core::{Failure, FailureKind};
use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use crate::report::Report;
use crate::view::View;

/// A running pipeline, by its socket.
#[derive(Clone, Debug)]
pub struct Console {
    path: PathBuf,
}

impl Console {
    /// The pipeline behind that socket. Nothing is asked yet.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The pipeline at this moment.
    ///
    /// # Errors
    /// Where none runs there, or it does not answer as it should.
    pub async fn view(&self) -> Result<View, Failure> {
        self.read("/pipeline").await
    }

    /// Its devices at this moment.
    ///
    /// # Errors
    /// Where none runs there, or it does not answer as it should.
    pub async fn status(&self) -> Result<Report, Failure> {
        self.read("/status").await
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let body = self.get(path).await?.into_body().collect().await;
        let text = body.map_err(|error| self.fault(&error))?.to_bytes();
        serde_json::from_slice(&text).map_err(|error| self.fault(&error))
    }

    /// Gives each line of a component's, with its line break, as it comes, until `take` says that it has seen enough or the
    /// pipeline ends.
    ///
    /// # Errors
    /// Where none runs there, or it has no such component: the message says which there are.
    pub async fn tap(&self, component: &str, mut take: impl FnMut(&[u8]) -> bool) -> Result<(), Failure> {
        let mut body = self.get(&format!("/tap/{component}")).await?.into_body();
        let mut text = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.fault(&error))?;
            text.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
            while let Some(end) = memchr::memchr(b'\n', &text) {
                if !take(&text.split_to(end + 1)) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn get(&self, path: &str) -> Result<Response<Incoming>, Failure> {
        let stream = UnixStream::connect(&self.path).await.map_err(|error| {
            let message = format!(
                "no pipeline answers at {}: {error}; is it running, and with that state directory?",
                self.path.display()
            );
            Failure::new(FailureKind::Unreachable, message)
        })?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| self.fault(&error))?;
        tokio::spawn(connection);
        let request = Request::get(path).header(http::header::HOST, "localhost").body(Empty::<Bytes>::new());
        let request = request.map_err(|error| Failure::fatal(FailureKind::BadRequest, error.to_string()))?;
        let response = sender.send_request(request).await.map_err(|error| self.fault(&error))?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| self.fault(&error))?.to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        let text = if text.is_empty() { format!("it answered {status}") } else { text };
        Err(Failure::fatal(FailureKind::BadRequest, text))
    }

    fn fault(&self, error: &dyn std::fmt::Display) -> Failure {
        let message = format!("the pipeline at {} stopped answering: {error}", self.path.display());
        Failure::new(FailureKind::Unreachable, message)
    }
}
