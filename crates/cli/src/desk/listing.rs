//! The devices of a pipeline: each is a tenant of one of its JumpCloud sources.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use adr_console::{KeyFacts, Listing};
use adr_core::{Failure, LaneId};
use adr_sink_cce_syslog as cce_syslog;
use adr_source_jumpcloud::{Settings, Tenant};

use crate::components::{Sink, Source};
use crate::config::{Component, Part, Pipeline};
use crate::desk::Types;
use crate::devices::{Listed, Roll};

/// The type of the source that reads devices.
const JUMPCLOUD: &str = "jumpcloud";

/// Every device: those of a folder by what the folder says of them, others by an id made of the names of source and tenant.
/// `types` are those of all components that there are or were.
pub(super) fn of(pipeline: &Pipeline, roll: Option<Roll>, types: &Types) -> Vec<Listing> {
    let listings = of_pipeline(pipeline);
    let Some(Roll(roll)) = roll else { return listings };
    let mut running: BTreeMap<Arc<str>, Listing> =
        listings.into_iter().map(|listing| (listing.lane.tenant.clone(), listing)).collect();
    // All devices have one source; while none is read there may be no pipeline.
    let source = types.iter().find(|(_, component_type)| **component_type == JUMPCLOUD).map(|(id, _)| id.clone());
    let source = source.unwrap_or_else(|| JUMPCLOUD.into());
    let troubled = roll.iter().filter(|listed| listed.is_provider);
    let troubled = troubled.filter_map(|listed| Some((listed.id.clone(), listed.trouble.clone()?))).collect();
    roll.into_iter().map(|listed| of_folder(listed, &source, &troubled, &mut running)).collect()
}

/// `troubled` are the providers with which something is wrong.
fn of_folder(
    listed: Listed,
    source: &Arc<str>,
    troubled: &BTreeMap<String, Failure>,
    running: &mut BTreeMap<Arc<str>, Listing>,
) -> Listing {
    let Listed { id, name, cce, org_id, provider, is_provider, key, paused, trouble } = listed;
    let runs = !paused && trouble.is_none() && !is_provider;
    let running = if runs { running.remove(&*org_id) } else { None };
    let is_read = running.is_some();
    // What keeps a provider from being read keeps its organizations from it.
    let of_provider = || provider.as_ref().and_then(|provider| troubled.get(provider)).filter(|_| !is_read).cloned();
    let trouble = trouble.or_else(of_provider);
    let (lane, sinks, delay, cce) = match running {
        Some(Listing { lane, sinks, delay, cce, .. }) => (lane, sinks, delay, cce),
        None => {
            let tenant = if org_id.is_empty() { &id } else { &org_id };
            (LaneId { source: source.clone(), tenant: Arc::from(&**tenant) }, Vec::new(), Duration::ZERO, cce)
        }
    };
    Listing { id, name, cce, org_id, provider, is_provider, lane, is_read, sinks, delay, key, paused, trouble }
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
        is_provider: false,
        lane: LaneId { source: source.clone(), tenant: tenant.name.clone() },
        is_read: true,
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

#[cfg(test)]
mod tests {
    use adr_core::FailureKind;

    use super::*;

    fn listed(id: &str, org_id: &str) -> Listed {
        Listed {
            id: id.to_owned(),
            name: id.to_owned(),
            cce: String::new(),
            org_id: org_id.to_owned(),
            provider: None,
            is_provider: false,
            key: KeyFacts::default(),
            paused: false,
            trouble: None,
        }
    }

    #[test]
    fn only_what_runs_takes_the_lane_of_an_organization_and_the_others_have_names_all_the_same() {
        let lane = |tenant: &str| LaneId::new("devices", tenant);
        let running = Listing {
            id: "devices/org".into(),
            name: "Acme".into(),
            cce: "192.0.2.5".into(),
            org_id: "org".into(),
            provider: None,
            is_provider: false,
            lane: lane("org"),
            is_read: true,
            sinks: vec!["cce".into()],
            delay: Duration::from_secs(1),
            key: KeyFacts::default(),
            paused: false,
            trouble: None,
        };
        let mut running = BTreeMap::from([(Arc::from("org"), running)]);
        let broken = Some(Failure::fatal(FailureKind::Config, "line 3: no colon"));
        let all = [
            Listed { paused: true, ..listed("a", "org") },
            listed("b", "org"),
            Listed { trouble: broken, ..listed("c", "") },
            Listed { is_provider: true, ..listed("msp", "") },
        ];
        let none = BTreeMap::new();
        let found = all.map(|listed| of_folder(listed, &"devices".into(), &none, &mut running));
        let found = found.map(|found| (found.lane, found.is_read, found.is_provider, found.cce));
        let cce = |text: &str| text.to_owned();
        assert_eq!(found[0], (lane("org"), false, false, cce("")));
        assert_eq!(found[1], (lane("org"), true, false, cce("192.0.2.5")));
        assert_eq!(found[2], (lane("c"), false, false, cce("")));
        assert_eq!(found[3], (lane("msp"), false, true, cce("")));
    }

    #[test]
    fn what_keeps_a_provider_from_being_read_is_told_of_its_organizations() {
        let of = |org_id: &str, is_read: bool| {
            let org = Listed { provider: Some("msp".to_owned()), ..listed(&format!("msp.{org_id}"), org_id) };
            let missing = Failure::fatal(FailureKind::Config, "there is no key");
            let troubled = BTreeMap::from([("msp".to_owned(), missing)]);
            let lane = LaneId::new("devices", org_id);
            let running = of_folder(listed("a", org_id), &"devices".into(), &BTreeMap::new(), &mut BTreeMap::new());
            let running = is_read.then(|| (Arc::from(org_id), Listing { lane, ..running }));
            of_folder(org, &"devices".into(), &troubled, &mut running.into_iter().collect()).trouble
        };
        assert!(of("1", false).is_some_and(|failure| failure.message.contains("no key")));
        assert!(of("2", true).is_none(), "it is read all the same");
    }
}
