use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use adr_core::{BoxFuture, Clock, Delivery, Encoder, Encoding, Event, Failure, FailureKind, Retry, Secrets, Sink};
use http::HeaderValue;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use crate::answer::SLOWLY;
use crate::body;
use crate::credentials::Credentials;
use crate::delivery::{Receiver, Sending};
use crate::sizes::Sizes;
use crate::{Settings, client};

/// Sends events by POST. The crate's doc says what its deliveries prove.
pub struct Http {
    settings: Settings,
    secrets: Arc<dyn Secrets>,
    encoder: Option<Box<dyn Encoder>>,
    receiver: Arc<Receiver>,
    credentials: Option<Arc<Credentials>>,
    /// The secrets were there once.
    sound: bool,
    room: Arc<Semaphore>,
}

impl Http {
    /// Each event in the form that `encoder` gives it, else as it is. Reads the TLS files; secrets are read and connections
    /// made when there is something to write. The settings' [`warnings`](Settings::warnings) are for the caller to tell.
    ///
    /// # Errors
    /// A TLS file that cannot be used: the failure names it, its setting, and the next step.
    pub fn new(
        settings: &Settings,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
        encoder: Option<Box<dyn Encoder>>,
    ) -> Result<Self, Failure> {
        let mut place = settings.uri.clone();
        place.set_query(None);
        let content_type = match settings.encoding {
            Encoding::Json | Encoding::Flat => "application/x-ndjson",
            Encoding::Cef | Encoding::Leef => "text/plain; charset=utf-8",
        };
        let receiver = Receiver {
            client: client::build(settings)?,
            uri: settings.uri.clone(),
            place: place.into(),
            content_type: HeaderValue::from_static(content_type),
            compression: settings.compression,
            clock,
            sizes: Sizes::new(settings.batch_bytes),
            refused: AtomicUsize::new(0),
            witness: Mutex::default(),
            unauthorized: AtomicBool::new(false),
        };
        Ok(Self {
            settings: settings.clone(),
            secrets,
            encoder,
            receiver: Arc::new(receiver),
            credentials: None,
            sound: false,
            room: Arc::new(Semaphore::new(settings.in_flight)),
        })
    }

    /// Read when first needed, and again once they were refused: a secret changed in its place is picked up.
    fn credentials(&mut self) -> Result<Arc<Credentials>, Failure> {
        if self.receiver.unauthorized.swap(false, Ordering::Relaxed) {
            self.credentials = None;
        }
        if let Some(credentials) = &self.credentials {
            return Ok(credentials.clone());
        }
        let read = Credentials::read(&self.settings, &*self.secrets).map_err(|failure| match failure.retry {
            // Whoever writes a new secret into its file may have emptied it first.
            Retry::Never if self.sound => failure.after(SLOWLY),
            _ => failure,
        });
        let read = Arc::new(read?);
        self.sound = true;
        Ok(self.credentials.insert(read).clone())
    }
}

impl Sink for Http {
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        Box::pin(async move {
            let credentials = self.credentials()?;
            let mut headers = self.settings.headers.clone();
            headers.extend(credentials.headers.clone());
            let room = self.room.clone().acquire_owned().await.map_err(|_| stopped(&"closed"))?;
            let (lines, rejected) = body::lines(events, self.encoder.as_deref_mut());
            let sending = Sending { receiver: self.receiver.clone(), credentials, headers, lines: Arc::new(lines) };
            let task = tokio::spawn(async move {
                let delivered = sending.deliver(rejected).await;
                drop(room);
                delivered
            });
            // A delivery that is withdrawn is given up: it is sent again after what failed before it.
            let task = AbortOnDropHandle::new(task);
            let delivery: Delivery = Box::pin(async move { task.await.unwrap_or_else(|error| Err(stopped(&error))) });
            Ok(delivery)
        })
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn stopped(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Internal, format!("a request of the http sink has ended ({error}): this is a bug"))
}
