use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::directory::Access;
use crate::{Directory, OrganizationIndex, Request, Response};

/// `GET /api/v2/providers`
pub(super) fn providers(directory: &Directory, access: &Access, request: &Request) -> Response {
    let reached = directory.providers.iter().filter(|provider| directory.provider(access, &provider.id).is_ok());
    let all: Vec<Value> =
        reached.map(|provider| json!({ "id": provider.id, "name": provider.name, "type": "MSP" })).collect();
    let total = all.len();
    let mut response = Response::json(200, Value::Array(page(all, request)).to_string());
    response.set("X-Total-Count", total.to_string());
    response
}

/// `GET /api/v2/providers/{id}/organizations`
pub(super) fn provider_organizations(
    directory: &Directory,
    access: &Access,
    provider: &str,
    request: &Request,
) -> Result<Response, Refusal> {
    let provider = directory.provider(access, provider)?;
    let all: Vec<Value> = organizations(directory, access)
        .filter(|org| directory.organizations[org.0].provider == Some(provider))
        .map(|org| &directory.organizations[org.0])
        .map(|org| json!({ "id": org.id, "name": org.name }))
        .collect();
    Ok(listing(all, request))
}

/// `GET /api/organizations`
pub(super) fn own_organizations(directory: &Directory, access: &Access, request: &Request) -> Response {
    let all: Vec<Value> = organizations(directory, access)
        .map(|org| &directory.organizations[org.0])
        .map(|org| json!({ "_id": org.id, "displayName": org.name, "logoUrl": null }))
        .collect();
    listing(all, request)
}

fn organizations<'a>(directory: &'a Directory, access: &'a Access) -> impl Iterator<Item = OrganizationIndex> + 'a {
    (0..directory.organizations.len()).map(OrganizationIndex).filter(|org| Directory::reaches(access, *org))
}

fn listing(all: Vec<Value>, request: &Request) -> Response {
    let total = all.len();
    Response::json(200, json!({ "results": page(all, request), "totalCount": total }).to_string())
}

/// `limit` is 10 by default and 100 at most.
fn page(all: Vec<Value>, request: &Request) -> Vec<Value> {
    let number = |name: &str| request.query_value(name).and_then(|value| value.parse::<usize>().ok());
    let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(10).min(100);
    all.into_iter().skip(number("skip").unwrap_or(0)).take(limit).collect()
}
