use super::refusal::Refusal;
use crate::Request;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A query, of Directory Insights or (with a provider's id) of the console.
    Query(Query, Option<String>),
    Token,
    Providers,
    ProviderOrganizations(String),
    Organizations,
}

/// What a query is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Query {
    Events,
    Count,
    Distinct,
    Interval,
}

pub(super) fn route(request: &Request) -> Result<Route, (Refusal, bool)> {
    let path = request.path.trim_end_matches('/');
    let is_console = path.starts_with("/api/");
    let found = find(path).ok_or_else(|| (Refusal::new(404, "Not Found"), is_console))?;
    let method = if matches!(found, Route::Query(..) | Route::Token) { "POST" } else { "GET" };
    if request.method.eq_ignore_ascii_case(method) {
        Ok(found)
    } else {
        Err((Refusal::new(405, "Method Not Allowed"), is_console))
    }
}

fn find(path: &str) -> Option<Route> {
    if let Some(rest) = path.strip_prefix("/insights/directory/v1/") {
        return Some(Route::Query(query(rest)?, None));
    }
    match path {
        "/oauth2/token" => return Some(Route::Token),
        "/api/v2/providers" => return Some(Route::Providers),
        "/api/organizations" => return Some(Route::Organizations),
        _ => {}
    }
    let (provider, rest) = path.strip_prefix("/api/v2/providers/")?.split_once('/')?;
    if rest == "organizations" {
        return Some(Route::ProviderOrganizations(provider.to_owned()));
    }
    Some(Route::Query(query(rest.strip_prefix("directoryinsights/")?)?, Some(provider.to_owned())))
}

fn query(rest: &str) -> Option<Query> {
    match rest {
        "events" => Some(Query::Events),
        "events/count" => Some(Query::Count),
        "events/distinct" => Some(Query::Distinct),
        "events/interval" => Some(Query::Interval),
        _ => None,
    }
}
