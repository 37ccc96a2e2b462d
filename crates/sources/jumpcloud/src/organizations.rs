//! The organizations that a provider's key reaches.

use adr_core::{Failure, FailureKind};
use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::auth::Auth;
use crate::component::JumpcloudLane;
use crate::refusal;
use crate::settings::INSIGHTS_PATH;
use crate::transport::{Request, Room};

/// The API gives no more rows a request.
const PAGE: usize = 100;
/// A page of names and ids, with room for what is not read.
const ANSWER: usize = 4 << 20;
/// More is no list but a circle.
const MOST: usize = 100_000;

/// An organization of a provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Organization {
    /// Its Organization ID.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

#[derive(Deserialize)]
struct Provider {
    id: String,
}

#[derive(Deserialize)]
struct Organizations {
    results: Vec<Organization>,
    #[serde(rename = "totalCount")]
    total: Option<usize>,
}

impl JumpcloudLane {
    /// Every organization of every provider that the tenant's key reaches, by id, each once. Says how many providers there
    /// are, too: a key of a single organization reaches none.
    ///
    /// # Errors
    /// Where JumpCloud refuses the key or cannot be reached. Half a list is no list.
    pub async fn organizations(&self) -> Result<(usize, Vec<Organization>), Failure> {
        let mut asker = Asker { lane: self, auth: self.auth(), console: console(&self.tenant().base_url) };
        let mut providers: Vec<Provider> = Vec::new();
        loop {
            let page: Vec<Provider> = asker.get(&format!("providers?limit={PAGE}&skip={}", providers.len())).await?;
            let last = page.len() < PAGE || providers.len() >= MOST;
            providers.extend(page);
            if last {
                break;
            }
        }
        let mut all: Vec<Organization> = Vec::new();
        for Provider { id } in &providers {
            let mut seen = 0;
            loop {
                // By id, so that pages do not shift while somebody adds one.
                let path = format!("providers/{id}/organizations?limit={PAGE}&skip={seen}&sort=id");
                let Organizations { results, total } = asker.get(&path).await?;
                let last = results.is_empty() || seen >= MOST;
                seen += results.len();
                all.extend(results);
                match total {
                    Some(total) if seen >= total => break,
                    Some(total) if last => {
                        let message = format!("provider {id} has {total} organizations and lists {seen} of them");
                        return Err(Failure::new(FailureKind::Protocol, message).at(&self.tenant().device_name));
                    }
                    None if last => break,
                    _ => {}
                }
            }
        }
        all.sort();
        all.dedup_by(|one, other| one.id == other.id);
        Ok((providers.len(), all))
    }
}

struct Asker<'a> {
    lane: &'a JumpcloudLane,
    auth: Auth,
    console: String,
}

impl Asker<'_> {
    async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, Failure> {
        let surroundings = &self.lane.surroundings;
        let url = format!("{}/api/v2/{path}", self.console);
        let place = &self.lane.tenant().device_name;
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        self.auth.apply(&mut headers, &*surroundings.transport).await.map_err(|failure| failure.at(place))?;
        let request = Request { method: Method::GET, url: url.clone(), headers, body: Bytes::new() };
        let sent = surroundings.transport.send(request, Room::fixed(ANSWER)).await;
        let response = sent.map_err(|error| refusal::of_transport(&error, &url).at(place))?;
        if response.status != 200 {
            let bearer = self.auth.is_bearer();
            let mut failure = refusal::of_events(&response, &url, bearer, surroundings.clock.now());
            failure.message = self.auth.redact(failure.message);
            return Err(failure.at(place));
        }
        serde_json::from_slice(&response.body).map_err(|_| {
            let message = format!("{url} gave no list that can be read: check `region` and `base_url`");
            Failure::new(FailureKind::Protocol, message).at(place)
        })
    }
}

/// The address of the console's API, which stands beside that of Directory Insights.
fn console(base_url: &str) -> String {
    let host = base_url.strip_suffix(INSIGHTS_PATH).unwrap_or(base_url);
    match host.strip_prefix("https://api.").filter(|rest| rest.ends_with("jumpcloud.com")) {
        Some(rest) => format!("https://console.{rest}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::console;

    #[test]
    fn the_console_stands_beside_directory_insights() {
        for (base, wanted) in [
            ("https://api.jumpcloud.com/insights/directory/v1", "https://console.jumpcloud.com"),
            ("https://api.eu.jumpcloud.com/insights/directory/v1", "https://console.eu.jumpcloud.com"),
            ("http://127.0.0.1:80/insights/directory/v1", "http://127.0.0.1:80"),
            ("https://proxy.example.com/jumpcloud", "https://proxy.example.com/jumpcloud"),
        ] {
            assert_eq!(console(base), wanted);
        }
    }
}
