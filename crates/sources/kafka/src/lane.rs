//! A lane before it is opened: a partition that is ours.

use std::sync::Arc;

use adr_core::{CheckpointStore, Failure, Lane, LaneId, Records, Source};

use crate::component::Joined;
use crate::reader::{Common, Reader};
use crate::store::{OffsetStore, offset};
use crate::tenure::{Tenure, Use};

pub(crate) struct PartitionLane {
    pub(crate) id: LaneId,
    pub(crate) tenure: Arc<Tenure>,
    pub(crate) common: Arc<Common>,
    /// As long as a lane is there, its process stays in the group.
    pub(crate) joined: Arc<Joined>,
}

impl Lane for PartitionLane {
    fn id(&self) -> &LaneId {
        &self.id
    }

    fn store(&self) -> Option<Arc<dyn CheckpointStore>> {
        let using = self.tenure.begin(Use::Store).expect("a store is there as long as somebody asks for it");
        let Common { connection, settings, .. } = &*self.common;
        Some(Arc::new(OffsetStore {
            tenure: self.tenure.clone(),
            connection: connection.clone(),
            group: settings.group.as_str().into(),
            _using: using,
            _joined: self.joined.clone(),
        }))
    }

    fn open(&self, records: Records) -> Result<Box<dyn Source>, Failure> {
        let record = offset(&records)?;
        let using = self.tenure.begin(Use::Source)?;
        Ok(Box::new(Reader::new(self.common.clone(), self.tenure.clone(), using, record)))
    }
}

/// A lane of a source that the group does not take in, for a run that is to end.
pub(crate) struct LeftOut {
    pub(crate) id: LaneId,
    pub(crate) failure: Failure,
}

impl Lane for LeftOut {
    fn id(&self) -> &LaneId {
        &self.id
    }

    fn open(&self, _: Records) -> Result<Box<dyn Source>, Failure> {
        Err(Failure::fatal(self.failure.kind, self.failure.message.clone()))
    }
}
