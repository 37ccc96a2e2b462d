//! Readings to tell of, and programs to tell them to.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use adr_telemetry::{Component, Errors, Kind, Process, Readings, Tenant};

/// A pipeline of three with two tenants; every metric has a value.
pub(crate) fn readings() -> Readings {
    let source = Component {
        id: "jc".into(),
        kind: Kind::Source,
        component_type: "jumpcloud".into(),
        received_events: 110,
        received_bytes: 11_000,
        sent_events: 100,
        sent_bytes: 10_000,
        duplicates: 10,
        ..Component::default()
    };
    let transform = Component {
        id: "adr".into(),
        kind: Kind::Transform,
        component_type: "adr".into(),
        received_events: 100,
        sent_events: 90,
        discarded: 6,
        rejected: 4,
        ..Component::default()
    };
    let sink = Component {
        id: "out".into(),
        kind: Kind::Sink,
        component_type: "cce_syslog".into(),
        received_events: 90,
        received_bytes: 9000,
        sent_events: 70,
        sent_bytes: 7000,
        rejected: 5,
        failed: 3,
        retries: 4,
        in_flight: 12,
        stalled: true,
        errors: vec![Errors { error_type: "timeout", stage: "sending", count: 7 }],
        ..Component::default()
    };
    let acme = Tenant {
        source: "jc".into(),
        tenant: "acme".into(),
        state: "active",
        events: 80,
        duplicates: 10,
        opened: 1,
        last_event_age: Some(Duration::from_secs(30)),
        read_lag: Some(Duration::from_secs(10)),
        complete_lag: Some(Duration::from_millis(20_500)),
        last_poll_age: Some(Duration::from_secs(2)),
        ..Tenant::default()
    };
    let globex = Tenant {
        source: "jc".into(),
        tenant: "glob\"ex\\\n".into(),
        state: "catching_up",
        events: 20,
        opened: 2,
        failures: 3,
        read_lag: Some(Duration::from_secs(120)),
        last_poll_age: Some(Duration::from_secs(3)),
        ..Tenant::default()
    };
    Readings {
        process: Process {
            version: "1.2.3",
            uptime: Duration::from_millis(61_500),
            reloads: 2,
            reload_errors: 1,
            memory_used: 1000,
            memory_limit: 1_000_000,
        },
        components: vec![source, transform, sink],
        tenants: vec![acme, globex],
        states: vec!["active", "catching_up", "paused"],
    }
}

/// A program: on the `PATH`, else where `tests/hosts/fetch` puts those that it builds.
#[expect(clippy::disallowed_methods, reason = "programs are looked for as a shell does")]
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home).unwrap_or_default();
    let built = std::env::var_os("JUMPCLOUD_ADR_HOSTS").map_or(cache.join("jumpcloud-adr/hosts"), PathBuf::from);
    let mut folders = std::env::split_paths(&path).chain([built]);
    folders.find_map(|folder| Some(folder.join(name)).filter(|path| path.is_file()))
}

/// The folder of examples.
pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}
