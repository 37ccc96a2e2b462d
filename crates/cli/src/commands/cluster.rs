use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use adr_core::Clock;
use serde_json::json;

use crate::args::{Cluster, Logging};
use crate::clock::SystemClock;
use crate::components::kafka::{self, Ownership};
use crate::components::{Clients, Sink, Source, Surround, jumpcloud, process_requests};
use crate::config::Pipeline;
use crate::exit::{Exit, Outcome, Stop};
use crate::out::answer;
use crate::secrets::SecretReader;

/// `cluster`: who owns which shards and tenants of a cluster, as the brokers know it.
pub(super) fn cluster(args: &Cluster, logging: &Logging) -> Outcome {
    let pipeline = super::load(&args.config.paths(), logging)?;
    let secrets = Arc::new(SecretReader::default());
    let mut clusters = Vec::new();
    for (index, sink) in pipeline.sinks.iter().enumerate() {
        if let Sink::Kafka(config) = &sink.part
            && let Some(ownership) = kafka::cluster(&sink.id, config, secrets.clone())?
        {
            clusters.push((index, sink.id.clone(), ownership));
        }
    }
    if clusters.is_empty() {
        let message = "the pipeline file has no `cluster`: its one instance owns all tenants, and `jumpcloud-adr status` says how they are";
        return Err(Stop::new(Exit::Usage, message));
    }
    for (index, sink, ownership) in &clusters {
        let tenants = tenants(&pipeline, *index, secrets.clone())?;
        let text = if args.json { in_json(sink, ownership, &tenants) } else { in_words(sink, ownership, &tenants) };
        answer(&text)?;
    }
    Ok(())
}

/// Every tenant that reaches a sink, by the name that its events carry.
fn tenants(pipeline: &Pipeline, sink: usize, secrets: Arc<SecretReader>) -> Result<Vec<Arc<str>>, Stop> {
    let surround = Surround {
        clock: Arc::new(SystemClock),
        secrets,
        stdout: None,
        pipe_trail: pipeline.settings.pipe_trail.0,
        requests: process_requests(),
        clients: Clients::default(),
        once: true,
    };
    let mut tenants = Vec::new();
    for source in pipeline.sources_of(sink).into_iter().map(|index| &pipeline.sources[index]) {
        if let Source::Jumpcloud(config) = &source.part {
            let lanes = jumpcloud(&source.id, config, &surround)?;
            tenants.extend(lanes.lanes().map(|lane| adr_core::Lane::id(&**lane).tenant.clone()));
        }
    }
    Ok(tenants)
}

fn by_shard<'a>(ownership: &Ownership, tenants: &'a [Arc<str>]) -> BTreeMap<u32, Vec<&'a str>> {
    let mut shards: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for tenant in tenants {
        shards.entry(ownership.shard_of(tenant)).or_default().push(tenant);
    }
    shards
}

fn in_words(sink: &str, ownership: &Ownership, tenants: &[Arc<str>]) -> String {
    let shards = by_shard(ownership, tenants);
    let status = &ownership.status;
    let mut text = format!(
        "sink {sink}: group {}, {} instances, {} shards\n",
        status.group,
        status.instances.len(),
        status.shards.len()
    );
    let now = SystemClock.now();
    for shard in &status.shards {
        let owner = match &shard.owner {
            Some(owner) => format!("{} at {}", owner.instance, owner.host),
            None => "nobody".to_owned(),
        };
        let committed = match shard.committed {
            Some(time) => format!("committed {} s ago", now.since(time).as_secs()),
            None => "nothing committed".to_owned(),
        };
        let tenants = named(shards.get(&shard.shard).map_or(&[], Vec::as_slice));
        let _ = writeln!(text, "  shard {:>3}  {owner}  {committed}  {tenants}", shard.shard);
    }
    text
}

/// The first of them by name.
fn named(tenants: &[&str]) -> String {
    const NAMED: usize = 8;
    match tenants.len() {
        0 => "no tenants".to_owned(),
        count if count <= NAMED => tenants.join(" "),
        count => format!("{} and {} more", tenants[..NAMED].join(" "), count - NAMED),
    }
}

fn in_json(sink: &str, ownership: &Ownership, tenants: &[Arc<str>]) -> String {
    let shards = by_shard(ownership, tenants);
    let list: Vec<_> = (ownership.status.shards.iter())
        .map(|shard| {
            json!({
                "shard": shard.shard,
                "instance": shard.owner.as_ref().map(|owner| &owner.instance),
                "host": shard.owner.as_ref().map(|owner| &owner.host),
                "committed": shard.committed.map(|time| time.to_string()),
                "tenants": shards.get(&shard.shard).cloned().unwrap_or_default(),
            })
        })
        .collect();
    let instances: Vec<_> = ownership
        .status
        .instances
        .iter()
        .map(|owner| json!({ "instance": owner.instance, "host": owner.host }))
        .collect();
    format!(
        "{}\n",
        json!({ "sink": sink, "group": ownership.status.group.to_string(), "instances": instances, "shards": list })
    )
}
