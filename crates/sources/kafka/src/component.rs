//! The lanes come and go as the group gives and takes partitions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use adr_core::{BoxFuture, Failure, FailureKind, LaneChange, LaneId, SourceComponent};
use adr_kafka::{Connection, FAREWELL, Membership, Partition, Place, Tool, layout, machine_and_process};
use tokio::sync::watch;

use crate::held::{Held, View};
use crate::lane::{LeftOut, PartitionLane};
use crate::reader::Common;
use crate::settings::Settings;
use crate::store::ANSWER;

/// So many times in a row a run that is to end tries to be taken in by the group.
const ATTEMPTS: u32 = 3;

/// The source: as many lanes as the group has given it partitions.
pub struct KafkaSource {
    name: Arc<str>,
    common: Arc<Common>,
    group: Option<Group>,
    /// The lanes that were told of, with the number of their tenure.
    running: BTreeMap<Partition, u64>,
    /// It was told that the group does not take us in.
    left_out: bool,
}

struct Group {
    view: watch::Receiver<View>,
    joined: Arc<Joined>,
}

/// Membership in the group, for as long as the component or one of its lanes is there.
pub(crate) struct Joined(Mutex<Membership>);

impl Drop for Joined {
    fn drop(&mut self) {
        if !self.0.get_mut().is_ok_and(Membership::leave) {
            tracing::warn!(
                "the kafka group could not be left within {FAREWELL:?}: other instances take over when the session timeout has passed"
            );
        }
    }
}

impl KafkaSource {
    /// Connects to nothing yet: the group is joined when lanes are asked for. `once`: reads up to now, then ends.
    pub fn new(name: &str, connection: Connection, settings: Settings, once: bool) -> Self {
        let common = Arc::new(Common { connection, settings, once });
        Self { name: name.into(), common, group: None, running: BTreeMap::new(), left_out: false }
    }

    fn join(&self) -> Result<Group, Failure> {
        let Common { connection, settings, once } = &*self.common;
        let held = Arc::new(Held::new(&settings.group));
        let ready = {
            let (connection, settings) = (connection.clone(), settings.clone());
            move || settings.named_topics().try_for_each(|topic| require(&connection, topic).map(drop))
        };
        let place = Place {
            connection: connection.clone(),
            topics: settings.topics.clone(),
            group: settings.group.clone(),
            instance: settings.access.option("client.id").map_or_else(machine_and_process, str::to_owned),
            session_timeout: settings.session_timeout,
            drain: settings.session_timeout,
            options: settings.reading(*once),
            doing: format!("read kafka topics {} as group {}", settings.topics.join(", "), settings.group),
            missing: "no partitions can be had",
            ready: Box::new(ready),
        };
        let view = held.watch();
        let membership = Membership::start(place, held, "kafka-group")?;
        Ok(Group { view, joined: Arc::new(Joined(Mutex::new(membership))) })
    }

    /// Dropping the future loses nothing: all it takes is kept in `self` before it waits again.
    async fn next(&mut self) -> Option<LaneChange> {
        if self.group.is_none() {
            match self.join() {
                Ok(group) => self.group = Some(group),
                Err(failure) => return self.leave_out(failure),
            }
        }
        loop {
            let group = self.group.as_mut()?;
            let view = group.view.borrow_and_update().clone();
            if let Some(change) = self.change(&view) {
                return Some(change);
            }
            if self.left_out {
                return None;
            }
            if self.common.once {
                // What others have is theirs, and what they leave comes too late.
                if view.joined {
                    if view.tenures.is_empty() {
                        let group = &self.common.settings.group;
                        tracing::warn!(
                            group,
                            "this instance was given no partition: there is none, or others have them"
                        );
                    }
                    return None;
                }
                if let Some(failure) = view.failure.filter(|failure| view.failures >= ATTEMPTS || is_refusal(failure)) {
                    return self.leave_out(failure);
                }
            }
            self.group.as_mut()?.view.changed().await.ok()?;
        }
    }

    /// What is to be told next.
    fn change(&mut self, view: &View) -> Option<LaneChange> {
        let goes = |(partition, number): (&Partition, &u64)| {
            view.tenures.get(partition).is_none_or(|tenure| tenure.number != *number).then(|| partition.clone())
        };
        if let Some(partition) = self.running.iter().find_map(goes) {
            self.running.remove(&partition);
            return Some(LaneChange::Stop(self.id(&partition)));
        }
        let (partition, tenure) = view.tenures.iter().find(|(partition, _)| !self.running.contains_key(*partition))?;
        self.running.insert(partition.clone(), tenure.number);
        let (tenure, common) = (tenure.clone(), self.common.clone());
        let joined = self.group.as_ref()?.joined.clone();
        Some(LaneChange::Start(Arc::new(PartitionLane { id: self.id(partition), tenure, common, joined })))
    }

    /// A lane says why there is none.
    fn leave_out(&mut self, failure: Failure) -> Option<LaneChange> {
        if std::mem::replace(&mut self.left_out, true) {
            return None;
        }
        let id = LaneId::new(self.name.clone(), self.common.settings.topics.join(","));
        Some(LaneChange::Start(Arc::new(LeftOut { id, failure })))
    }

    fn id(&self, partition: &Partition) -> LaneId {
        LaneId::new(self.name.clone(), partition.to_string())
    }
}

impl SourceComponent for KafkaSource {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        Box::pin(self.next())
    }
}

/// Whether a run that is to end should not try again.
fn is_refusal(failure: &Failure) -> bool {
    use FailureKind::{Config, Forbidden, Unauthorized};
    matches!(failure.kind, Config | Forbidden | Unauthorized)
}

/// The partitions of a topic, which must be there. Blocks.
pub(crate) fn require(connection: &Connection, topic: &str) -> Result<u32, Failure> {
    let found = layout(connection, topic, ANSWER)?;
    found.partitions.ok_or_else(|| {
        let create = Tool { connection }.create(topic, 6, found.brokers, &[]);
        let message = format!(
            "kafka topic {topic} does not exist: correct `topics`, or create it with `{create}`, with as many partitions as \
             you need"
        );
        Failure::new(FailureKind::Config, message)
    })
}
