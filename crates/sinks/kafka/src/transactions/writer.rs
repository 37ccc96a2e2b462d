//! A lane's way to the thread of its shard.

use std::sync::Arc;

use adr_core::{BoxFuture, Committed, Failure, FailureKind, Group, LaneId, LaneWriter};
use tokio::sync::oneshot;

use super::shard::{Committing, Shard};

/// A lane's writer.
pub(crate) struct Writer {
    shard: Arc<Shard>,
    lane: LaneId,
    token: u64,
}

impl Writer {
    pub(crate) fn new(shard: &Arc<Shard>, lane: LaneId, token: u64) -> Self {
        shard.writer_made();
        Self { shard: shard.clone(), lane, token }
    }
}

impl LaneWriter for Writer {
    fn commit(&mut self, group: Group) -> BoxFuture<'_, Result<Committed, Failure>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.shard.commit(Committing { lane: self.lane.clone(), token: self.token, group, reply })?;
            let nobody = |_| {
                Err(Failure::new(
                    FailureKind::Internal,
                    format!(
                        "nobody committed for lane \
                         {}",
                        self.lane
                    ),
                ))
            };
            answer.await.unwrap_or_else(nobody)
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shard.writer_dropped();
    }
}
