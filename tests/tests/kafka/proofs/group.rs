//! Who owns which shards, as the broker's group coordinator says.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer};

/// Asks for one group.
pub(super) struct Group {
    client: BaseConsumer,
    name: String,
}

impl Group {
    pub(super) fn new(bootstrap: &str, name: &str) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap).set_log_level(RDKafkaLogLevel::Critical);
        Self { client: config.create().expect("a client"), name: name.to_owned() }
    }

    /// The partitions of each member; none while the group is between two states.
    pub(super) fn members(&self) -> Option<BTreeMap<String, Vec<i32>>> {
        let list = self.client.fetch_group_list(Some(&self.name), Duration::from_secs(5)).ok()?;
        let group = list.groups().iter().find(|group| group.name() == self.name && group.state() == "Stable")?;
        let member = |member: &rdkafka::groups::GroupMemberInfo| {
            (member.id().to_owned(), partitions(member.assignment().unwrap_or_default()))
        };
        Some(group.members().iter().map(member).collect())
    }

    /// Waits until its members are as wanted, and says how long that took.
    pub(super) fn until(&self, limit: Duration, is: impl Fn(&BTreeMap<String, Vec<i32>>) -> bool) -> Duration {
        let start = Instant::now();
        loop {
            let members = self.members();
            if members.as_ref().is_some_and(&is) {
                return start.elapsed();
            }
            assert!(start.elapsed() < limit, "after {limit:?} the members of the group are {members:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Reads the consumer protocol's assignment: a version, and a list of topics with their partitions.
fn partitions(bytes: &[u8]) -> Vec<i32> {
    let mut rest = bytes;
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at_checked(count)?;
        rest = left;
        Some(taken)
    };
    let mut read = || {
        let mut found = Vec::new();
        take(2)?;
        let topics = i32::from_be_bytes(take(4)?.try_into().ok()?);
        for _ in 0..topics {
            let name = i16::from_be_bytes(take(2)?.try_into().ok()?);
            take(usize::try_from(name).ok()?)?;
            for _ in 0..i32::from_be_bytes(take(4)?.try_into().ok()?) {
                found.push(i32::from_be_bytes(take(4)?.try_into().ok()?));
            }
        }
        Some(found)
    };
    read().unwrap_or_default()
}
