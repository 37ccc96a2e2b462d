//! The devices of a pipeline: each is a tenant of one of its JumpCloud sources.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use adr_console::{KeyFacts, Listing};
use adr_core::LaneId;
use adr_sink_cce_syslog as cce_syslog;
use adr_source_jumpcloud::{Settings, Tenant};

use crate::components::{Sink, Source};
use crate::config::{Component, Part, Pipeline};
use crate::devices::{Listed, Roll};

/// Every device: those of a folder by what the folder says of them, others by an id made of the names of source and tenant.
pub(super) fn of(pipeline: &Pipeline, roll: Option<Roll>) -> Vec<Listing> {
    let listings = of_pipeline(pipeline);
    let Some(Roll(roll)) = roll else { return listings };
    let mut running: BTreeMap<Arc<str>, Listing> =
        listings.into_iter().map(|listing| (listing.lane.tenant.clone(), listing)).collect();
    roll.into_iter().map(|listed| of_folder(listed, &mut running)).collect()
}

fn of_folder(listed: Listed, running: &mut BTreeMap<Arc<str>, Listing>) -> Listing {
    let Listed { id, name, cce, org_id, provider, key, paused, trouble } = listed;
    let running = running.remove(&*org_id).filter(|_| !paused && trouble.is_none());
    let (lane, sinks, delay, cce) = match running {
        Some(Listing { lane, sinks, delay, cce, .. }) => (lane, sinks, delay, cce),
        None => (LaneId::new("", &*id), Vec::new(), Duration::ZERO, cce),
    };
    Listing { id, name, cce, org_id, provider, lane, sinks, delay, key, paused, trouble }
}

fn of_pipeline(pipeline: &Pipeline) -> Vec<Listing> {
    let mut listings = Vec::new();
    for (at, source) in pipeline.sources.iter().enumerate() {
        let Source::Jumpcloud(config) = &source.part else { continue };
        // They were found right when the pipeline was read.
        let Ok(settings) = Settings::try_from((**config).clone()) else { continue };
        let reached: Vec<&Component<Sink>> = (pipeline.sinks.iter().enumerate())
            .filter_map(|(sink, component)| pipeline.sources_of(sink).contains(&at).then_some(component))
            .collect();
        listings.extend(settings.tenants.iter().map(|tenant| listing(pipeline, &source.id, &reached, tenant)));
    }
    listings
}

fn listing(pipeline: &Pipeline, source: &Arc<str>, reached: &[&Component<Sink>], tenant: &Tenant) -> Listing {
    let of_all = |sink: &Component<Sink>| pipeline.tenants_of(&sink.id).is_none_or(|own| own.contains(&tenant.name));
    let sinks: Vec<&Component<Sink>> = reached.iter().copied().filter(|sink| of_all(sink)).collect();
    Listing {
        id: format!("{source}/{}", tenant.name),
        name: tenant.device_name.to_string(),
        cce: destinations(&sinks),
        org_id: tenant.org_id.as_deref().unwrap_or_default().to_owned(),
        provider: None,
        lane: LaneId { source: source.clone(), tenant: tenant.name.clone() },
        sinks: sinks.iter().map(|sink| sink.id.clone()).collect(),
        delay: tenant.settle + tenant.poll_interval,
        key: KeyFacts::default(),
        paused: false,
        trouble: None,
    }
}

/// The addresses of CCEs; of other sinks what they are.
fn destinations(sinks: &[&Component<Sink>]) -> String {
    let of = |sink: &&Component<Sink>| match &sink.part {
        Sink::CceSyslog(config) => match cce_syslog::Settings::try_from((**config).clone()) {
            Ok(settings) => settings.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            Err(_) => sink.id.to_string(),
        },
        other => format!("{} ({})", sink.id, other.type_name()),
    };
    sinks.iter().map(of).collect::<Vec<_>>().join(", ")
}
