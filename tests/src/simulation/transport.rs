//! The poller's way to the API, without a network: its requests go to the model.

use std::sync::Arc;
use std::time::Duration;

use adr_core::{BoxFuture, Clock, Failure, SecretRef, SecretString, Secrets, SourceComponent};
use adr_simulator as simulator;
use adr_source_jumpcloud::{
    Jumpcloud, JumpcloudConfig, Request, Response, Room, Settings, Surroundings, Transport, TransportError,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use tokio::time::sleep;

use super::world::Shared;

/// A key that opens nothing.
pub(super) const KEY: &str = "simulated-key-not-a-secret";
/// A service account that opens nothing.
pub(super) const CLIENT: &str = "simulated-client";
const HOST: &str = "http://insights.example.com";
/// How long the poller waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

struct ModelTransport(Shared);

impl Transport for ModelTransport {
    fn send<'a>(&'a self, request: Request, mut room: Room<'a>) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            self.0.kill_point().await;
            self.0.dawdle(300).await;
            let answer = {
                let mut world = self.0.lock();
                let now = world.now;
                let answer = world.directory.handle(now, &translate(&request));
                world.mark("answer", u64::from(answer.status));
                answer
            };
            let hints = answer.hints;
            if hints.delay > PATIENCE {
                sleep(PATIENCE).await;
                return Err(TransportError::Timeout);
            }
            sleep(hints.delay).await;
            if hints.reset {
                return Err(TransportError::Cut("connection reset".into()));
            }
            let mut headers = HeaderMap::new();
            for (name, value) in &answer.headers {
                let name = HeaderName::from_bytes(name.as_bytes()).expect("the simulator's header names");
                headers.append(name, HeaderValue::from_str(value).expect("the simulator's header values"));
            }
            let whole = answer.body.into_bytes();
            let success = (200..300).contains(&answer.status);
            let wanted = if success { whole.len() } else { whole.len().min(Room::ERROR_BODY) };
            let sent = hints.cut_after.map_or(wanted, |cut| wanted.min(usize::try_from(cut).unwrap_or(usize::MAX)));
            let mut body = Vec::new();
            for chunk in whole[..sent].chunks(16 << 10) {
                room.append(&mut body, chunk)?;
            }
            if sent < wanted {
                return Err(TransportError::Cut("connection closed in the middle".into()));
            }
            Ok(Response { status: answer.status, headers, body })
        })
    }
}

fn translate(request: &Request) -> simulator::Request {
    let target = request.url.strip_prefix(HOST).expect("the poller asks the host it was told");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let text = |value: &HeaderValue| value.to_str().expect("header values are text").to_owned();
    simulator::Request {
        method: request.method.to_string(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: request.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: request.body.clone(),
    }
}

struct Fixed;

impl Secrets for Fixed {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        Ok(match reference {
            SecretRef::Env(name) if name == "CLIENT_SECRET" => CLIENT.into(),
            _ => KEY.into(),
        })
    }
}

/// The source under test: the real poller, with the settings of the scenario.
pub(super) fn source(world: &Shared, clock: Arc<dyn Clock>) -> Box<dyn SourceComponent> {
    let scenario = world.lock().scenario.clone();
    let tenants: Vec<_> = (0..scenario.tenants)
        .map(|tenant| {
            let mut settings = json!({
                "device_name": format!("Tenant {tenant}"),
                "configuration": { "org_id": super::story::organization(tenant) },
            });
            if scenario.token {
                settings["service_account"] =
                    json!({ "client_id": CLIENT, "client_secret": { "env": "CLIENT_SECRET" } });
            } else {
                settings["secret_key"] = json!({ "env": "KEY" });
            }
            settings
        })
        .collect();
    let seconds = |duration: Duration| format!("{}s", duration.as_secs());
    let config: JumpcloudConfig = serde_json::from_value(json!({
        "tenants": tenants,
        "base_url": format!("{HOST}/insights/directory/v1"),
        "token_url": format!("{HOST}/oauth2/token"),
        "start": super::story::start().to_string(),
        "settle": seconds(scenario.settle),
        "overlap": seconds(scenario.overlap),
        "sweep_interval": seconds(scenario.sweep_interval),
        "poll_interval": seconds(scenario.poll_interval),
        "page_limit": scenario.page_limit,
    }))
    .expect("settings that the source knows");
    let settings = Settings::try_from(config).expect("settings that the source takes");
    let seed = scenario.seed;
    let surroundings = Surroundings {
        clock,
        transport: Arc::new(ModelTransport(world.clone())),
        secrets: Arc::new(Fixed),
        entropy: Arc::new(move |_| u128::from(seed).to_le_bytes()),
        process_budget: None,
        once: false,
    };
    Box::new(Jumpcloud::new("jumpcloud", &settings, &surroundings))
}
