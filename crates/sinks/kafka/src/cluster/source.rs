use std::sync::Arc;

use adr_core::{BoxFuture, LaneChange, SourceComponent};
use tokio::sync::watch;

use super::Cluster;
use super::division::Division;
use super::owned::{Grants, Owned};

/// A source whose lanes are shared among instances.
pub(super) struct SharedSource {
    inner: Box<dyn SourceComponent>,
    inner_ended: bool,
    owned: watch::Receiver<Owned>,
    grants: Arc<dyn Grants>,
    division: Division,
    /// An instance stays in its group for as long as one of its sources is there.
    _cluster: Option<Arc<Cluster>>,
}

impl SharedSource {
    pub(super) fn new(
        inner: Box<dyn SourceComponent>,
        owned: watch::Receiver<Owned>,
        grants: Arc<dyn Grants>,
        cluster: Option<Arc<Cluster>>,
    ) -> Self {
        Self { inner, inner_ended: false, owned, grants, division: Division::default(), _cluster: cluster }
    }

    /// Dropping the future loses nothing: all it takes is kept in `self` before it waits again.
    async fn next(&mut self) -> Option<LaneChange> {
        loop {
            let owned = self.owned.borrow_and_update().clone();
            self.division.own(owned);
            if let Some(change) = self.division.next() {
                return Some(change);
            }
            if self.inner_ended {
                self.owned.changed().await.ok()?;
                continue;
            }
            tokio::select! {
                // The inner source is always asked first: one that hands a lane out as it makes its future must not
                // have that future dropped unasked.
                biased;
                change = self.inner.next_change() => match change {
                    Some(change) => self.division.change(change, |tenant| self.grants.of(tenant)),
                    None => self.inner_ended = true,
                },
                changed = self.owned.changed() => changed.ok()?,
            }
        }
    }
}

impl SourceComponent for SharedSource {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        Box::pin(self.next())
    }
}

#[cfg(test)]
mod tests;
