use std::sync::{Arc, Mutex};

use adr_core::{BoxFuture, Timestamp};

use crate::desk::{Change, Desk, Done, Graph, Refused, Sample};
use crate::devices::{DeviceStatus, History, Occurrence};

/// Has one device, and remembers who asked for a change.
#[derive(Default)]
pub(super) struct Fake {
    pub(super) asked: Mutex<Vec<String>>,
}

impl Desk for Fake {
    fn devices(&self) -> Vec<DeviceStatus> {
        vec![DeviceStatus { id: "acme".to_owned(), name: "Acme Inc.".to_owned(), ..DeviceStatus::default() }]
    }

    fn device(&self, id: &str) -> Option<DeviceStatus> {
        self.devices().into_iter().find(|device| device.id == id)
    }

    fn history(&self, _: &str) -> Option<History> {
        None
    }

    fn occurrences(&self, _: &str) -> Vec<Occurrence> {
        Vec::new()
    }

    fn sample(&self, _: &str) -> Option<Sample> {
        None
    }

    fn graph(&self) -> Graph {
        Graph::default()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_800_000_000)
    }

    fn takes_changes(&self) -> bool {
        true
    }

    fn change(self: Arc<Self>, who: String, _: Change) -> BoxFuture<'static, Result<Done, Refused>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(who);
            Ok(Done { id: "acme".to_owned(), message: "it is done".to_owned() })
        })
    }
}
