//! The shards that tenants are divided into, and which of them this instance may use.

use std::sync::Arc;
use std::time::{Duration, Instant};

use adr_core::{Failure, FailureKind, LaneId, OwnedLane};
use siphasher::sip::SipHasher13;

use super::common::Common;
use super::records;
use super::shard::Shard;
use crate::Settings;
use crate::record::Form;
use adr_kafka::{Connection, FAREWELL, wait_here};

/// The shards that tenants are divided into. Each has a producer, and a partition of the checkpoint topic.
pub struct Shards {
    shards: Vec<Arc<Shard>>,
}

impl Shards {
    pub(crate) fn new(connection: &Connection, settings: &Settings, form: &Form) -> Result<Arc<Self>, Failure> {
        let common = Arc::new(Common::new(connection, settings, form)?);
        let granted = common.exactly_once.cluster.is_none();
        let shards = (0..common.exactly_once.shards).map(|number| Arc::new(Shard::new(&common, number, granted)));
        Ok(Arc::new(Self { shards: shards.collect() }))
    }

    /// The shard of a tenant: the same in every version of this program, or tenants would lose their place.
    pub fn of(&self, tenant: &str) -> u32 {
        shard_of(tenant, self.count())
    }

    /// How many shards there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.shards.len()).unwrap_or(u32::MAX)
    }

    /// From now on lanes of the shard may be opened.
    pub(crate) fn grant(&self, shard: u32) {
        if let Some(shard) = self.shards.get(shard as usize) {
            shard.grant();
        }
    }

    /// Takes shards away: no lane of them is opened any more. Those that are open may commit until they have ended or
    /// time is up; then the producers are closed. Blocks.
    pub(crate) fn revoke(&self, shards: &[u32], within: Duration) {
        let deadline = Instant::now() + within;
        let shards = self.some(shards);
        shards.iter().for_each(|shard| shard.drain());
        shards.iter().for_each(|shard| shard.wait_for_writers(deadline));
        shards.iter().for_each(|shard| shard.close());
        shards.iter().for_each(|shard| shard.wait_for_end(deadline));
    }

    /// Takes shards away at once, because another instance may have them already.
    pub(crate) fn lose(&self, shards: &[u32]) {
        self.some(shards).iter().for_each(|shard| shard.close());
    }

    pub(crate) async fn open(&self, lane: &LaneId) -> Result<OwnedLane, Failure> {
        records::check_lane(lane)?;
        let answer = self.shards[self.of(&lane.tenant) as usize].open(lane)?;
        answer.await.unwrap_or_else(|_| Err(Failure::new(FailureKind::Internal, format!("nobody opened lane {lane}"))))
    }

    /// No lane is opened any more; the producers go once no lane needs them. Waits until those have gone that none needs
    /// now, so that a process that ends does not end in the middle of their farewell.
    pub(crate) fn retire(&self) {
        self.shards.iter().for_each(|shard| shard.retire());
        let deadline = Instant::now() + FAREWELL;
        wait_here(|| self.shards.iter().for_each(|shard| shard.wait_for_idle_thread(deadline)));
    }

    fn some(&self, shards: &[u32]) -> Vec<&Shard> {
        shards.iter().filter_map(|number| self.shards.get(*number as usize)).map(|shard| &**shard).collect()
    }
}

fn shard_of(tenant: &str, shards: u32) -> u32 {
    // Fixed keys: any, but never others.
    let hash = SipHasher13::new_with_keys(0x6a75_6d70_636c_6f75, 0x642d_6164_7220_7631).hash(tenant.as_bytes());
    u32::try_from(hash % u64::from(shards.max(1))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use adr_core::{SecretRef, SecretString, Secrets};
    use serde_json::json;

    use super::*;
    use crate::KafkaConfig;

    #[test]
    fn a_tenant_keeps_its_shard_for_ever() {
        let tenants = ["", "a", "5f1e0c0ffee0000000000001", "organization/ä"];
        assert_eq!(tenants.map(|tenant| shard_of(tenant, 16)), [1, 2, 3, 11]);
        assert_eq!(tenants.map(|tenant| shard_of(tenant, 64)), [1, 50, 35, 43]);
    }

    struct Missing;

    impl Secrets for Missing {
        fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
            Err(Failure::new(FailureKind::Config, format!("{reference} is not set")))
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn whoever_retires_the_shards_waits_for_their_threads() {
        let raw = json!({
            "bootstrap_servers": "127.0.0.1:9", "topic": "adr", "delivery": "exactly_once",
            "checkpoints": {"topic": "progress"},
            "sasl": {"mechanism": "plain", "username": "sender", "password": {"env": "HERE"}},
        });
        let settings = Settings::try_from(serde_json::from_value::<KafkaConfig>(raw).unwrap()).unwrap();
        let connection = Connection::new("out", &settings, Arc::new(Missing));
        let form = Form { schema: "".into(), encoder: Arc::new(|| None) };
        let shards = Shards::new(&connection, &settings, &form).unwrap();
        for tenant in 0..100 {
            shards.open(&LaneId::new("source", tenant.to_string())).await.map(drop).expect_err("no secret");
        }
        assert!(shards.shards.iter().all(|shard| shard.is_running()), "they are kept for a while");
        shards.retire();
        assert!(shards.shards.iter().all(|shard| !shard.is_running()));
    }

    #[test]
    fn tenants_are_spread_evenly() {
        let mut counts = [0_u32; 16];
        for tenant in 0..16_000 {
            counts[shard_of(&format!("{tenant:024x}"), 16) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
