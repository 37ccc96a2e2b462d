//! Who owns which shard, asked of the brokers.

use std::fmt;
use std::time::{Duration, Instant};

use adr_core::{Failure, FailureKind, Timestamp};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::groups::GroupInfo;

use super::last_commit::{last_commits, left};
use super::{assignment, required};
use crate::{Connection, Settings};
use adr_kafka::Told;

/// A rebalance is soon over: so often it is looked again.
const AGAIN: Duration = Duration::from_millis(200);

/// What the brokers know of the instances that share a pipeline's tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterStatus {
    /// How the group is.
    pub group: GroupState,
    /// Every instance that is a member of the group.
    pub instances: Vec<Owner>,
    /// Every shard, in order.
    pub shards: Vec<ShardStatus>,
}

/// How the group of instances is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupState {
    /// Every shard has its owner.
    Stable,
    /// Shards are being divided anew; who owns what is not known now.
    Rebalancing,
    /// No instance runs.
    Empty,
    /// The brokers know no such group: no instance has run yet, or not for a long time.
    Dead,
}

/// A shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardStatus {
    /// Its number, which is that of its partitions too.
    pub shard: u32,
    /// Which instance has it.
    pub owner: Option<Owner>,
    /// When something was last committed in it; `None` if nothing was yet.
    pub committed: Option<Timestamp>,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The instance's name.
    pub instance: String,
    /// The address that the brokers see it at.
    pub host: String,
}

/// Asks the brokers who owns which shard, and when each was last committed. Blocks. It works from any machine and
/// joins nothing. A rebalance under way is waited for, half of `limit` at most.
///
/// It needs the right to read only: `Describe` on the group, and `Read` on the checkpoint topic (which includes `Describe`).
/// Without the first, Kafka says that there is no such group.
///
/// # Errors
/// [`FailureKind::Config`] if the settings name no cluster; else what the brokers said, or that they said nothing in time.
/// All brokers have to be there: each is asked for the groups that it has.
pub fn status(connection: &Connection, settings: &Settings, limit: Duration) -> Result<ClusterStatus, Failure> {
    let (exactly_once, cluster) = required(settings)?;
    let start = Instant::now();
    let until = start + limit;
    let doing = format!("ask who is in kafka group {}", cluster.group);
    let config = connection.config()?;
    let client = BaseConsumer::from_config_and_context(&config, connection.context())
        .map_err(|error| connection.failure(&error, &doing))?;
    let mut status = loop {
        let status = ask(connection, &client, &cluster.group, &cluster.topic, exactly_once.shards, until, &doing)?;
        if status.group != GroupState::Rebalancing || start.elapsed() > limit / 2 {
            break status;
        }
        client.poll(AGAIN);
    };
    let times = last_commits(connection, &exactly_once.topic, &cluster.group, exactly_once.shards, until)?;
    for (shard, committed) in status.shards.iter_mut().zip(times) {
        shard.committed = committed;
    }
    Ok(status)
}

fn ask(
    connection: &Connection,
    client: &BaseConsumer<Told>,
    group: &str,
    topic: &str,
    shards: u32,
    until: Instant,
    doing: &str,
) -> Result<ClusterStatus, Failure> {
    let groups = client.fetch_group_list(Some(group), left(until)).map_err(|error| {
        // What is wrong with the connection is told only to those who poll.
        client.poll(Duration::ZERO);
        connection.failure(&error, doing)
    })?;
    let unowned = |shard| ShardStatus { shard, owner: None, committed: None };
    let shards = (0..shards).map(unowned).collect();
    let mut status = ClusterStatus { group: GroupState::Dead, instances: Vec::new(), shards };
    if let Some(info) = groups.groups().iter().find(|info| info.name() == group) {
        fill(&mut status, info, topic).map_err(|failure| failure.at(format!("kafka group {group}")))?;
    }
    Ok(status)
}

fn fill(status: &mut ClusterStatus, info: &GroupInfo, topic: &str) -> Result<(), Failure> {
    status.group = state(info.state());
    for member in info.members() {
        let host = member.client_host().trim_start_matches('/').to_owned();
        let owner = Owner { instance: member.client_id().to_owned(), host };
        let bytes = member.assignment().unwrap_or_default();
        let owned = assignment::partitions(bytes, topic).ok_or_else(|| {
            let text = format!("the assignment of instance {} is not what the consumer protocol says", owner.instance);
            Failure::new(FailureKind::Protocol, format!("{text}: is the group used by other programs?"))
        })?;
        for shard in status.shards.iter_mut().filter(|shard| owned.contains(&shard.shard)) {
            shard.owner = Some(owner.clone());
        }
        status.instances.push(owner);
    }
    status.instances.sort_unstable_by(|a, b| a.instance.cmp(&b.instance));
    Ok(())
}

/// A broker that has just become the group's, and does not know it yet, gives no state: that passes, like a rebalance.
fn state(word: &str) -> GroupState {
    match word {
        "Stable" => GroupState::Stable,
        "Empty" => GroupState::Empty,
        "Dead" => GroupState::Dead,
        _ => GroupState::Rebalancing,
    }
}

impl fmt::Display for GroupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stable => "stable",
            Self::Rebalancing => "rebalancing",
            Self::Empty => "empty",
            Self::Dead => "dead",
        })
    }
}
