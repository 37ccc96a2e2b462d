//! The live check: does a tenant's key, organization and region work?

use std::time::Duration;

use adr_core::{Failure, FailureKind, LaneId};

use crate::client::Query;
use crate::component::{Jumpcloud, JumpcloudLane};
use crate::page::{self, Field};
use crate::transport::Room;

/// An event can be so large, and a check reads one at most.
const ANSWER: usize = 4 << 20;
const LOOK_BACK: Duration = Duration::from_secs(900);

/// What a check of one tenant found.
#[derive(Debug)]
pub struct Checked {
    /// The tenant's lane.
    pub lane: LaneId,
    /// Its Device Name.
    pub device_name: String,
    /// What the API answered, or why it did not.
    pub outcome: Result<CheckReport, Failure>,
}

/// What a working tenant answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// The address that answered.
    pub base_url: String,
    /// Whether there was an event in the last 15 minutes.
    pub recent_event: bool,
}

impl Jumpcloud {
    /// Makes one small request for each tenant: one event of the last 15 minutes. Saves nothing.
    pub async fn check(&self) -> Vec<Checked> {
        let mut checked = Vec::new();
        for lane in self.lanes() {
            checked.push(Checked {
                lane: adr_core::Lane::id(&**lane).clone(),
                device_name: lane.tenant.device_name.to_string(),
                outcome: lane.check().await,
            });
        }
        checked
    }
}

impl JumpcloudLane {
    /// One small request.
    pub async fn check(&self) -> Result<CheckReport, Failure> {
        let now = self.surroundings.clock.now();
        let query = Query { start: now.minus(LOOK_BACK), end: None, limit: 1, cursor: None };
        let reply = self.client().fetch(&query, Room::fixed(ANSWER)).await.map_err(|error| error.failure())?;
        let place = &self.tenant.device_name;
        let rows = page::split(&reply.body)
            .map_err(|error| Failure::new(FailureKind::Protocol, format!("{error}: check `base_url`")).at(place))?;
        let organization = rows.first().and_then(|row| row.plain(Field::Organization, &reply.body));
        if let (Some(inside), Some(org_id)) = (organization, &self.tenant.org_id)
            && reply.body[inside.clone()] != *org_id.as_bytes()
        {
            let message = format!(
                "the key reads organization {}, but `org_id` is {org_id}: copy the Organization ID from Settings > \
                 Organization Profile",
                String::from_utf8_lossy(&reply.body[inside])
            );
            return Err(Failure::new(FailureKind::WrongOrganization, message).at(place));
        }
        Ok(CheckReport { base_url: self.tenant.base_url.clone(), recent_event: !rows.is_empty() })
    }
}
