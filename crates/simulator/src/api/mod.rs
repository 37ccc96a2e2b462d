//! The API itself: from a request to a response.

mod aggregate;
mod auth;
mod console;
mod events;
mod filter;
mod projection;
mod query;
mod refusal;
mod route;
mod selection;
mod services;
mod terms;
mod token;

pub use services::SERVICES;

use adr_core::Timestamp;

use crate::directory::Access;
use crate::faults::{Endpoint, FaultKind};
use crate::{Directory, Request, Response};
use auth::Scope;
use query::EventQuery;
use refusal::Refusal;
use route::{Query, Route, route};

impl Directory {
    /// Answers a request as of `now`.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Response {
        self.tally.requests += 1;
        let response = match route(request) {
            Ok(route) => self.answer(now, request, &route),
            Err((refusal, true)) => refusal.into_console(),
            Err((refusal, false)) => refusal.into_insights(),
        };
        let status = if response.hints.reset { 0 } else { response.status };
        *self.tally.by_status.entry(status).or_default() += 1;
        response
    }

    fn answer(&mut self, now: Timestamp, request: &Request, route: &Route) -> Response {
        let asker = self.asker(request).map(|org| self.organizations[org.0].id.clone());
        let strikes = self.faults.strike(route.endpoint(), asker.as_deref(), &mut self.random);
        for strike in &strikes {
            self.suffer(strike, request);
        }
        let replaced = strikes.iter().find_map(|strike| strike.replacement(now));
        let mut response = replaced.unwrap_or_else(|| self.plain_answer(now, request, route, &strikes));
        response.hints.gzip = self.knobs.gzip;
        for strike in &strikes {
            strike.bend_response(&mut response);
        }
        response
    }

    /// What a fault does to the world itself.
    fn suffer(&mut self, strike: &FaultKind, request: &Request) {
        match strike {
            FaultKind::KeyDies => {
                if let Some(key) = request.header("x-api-key") {
                    self.keys.remove(key);
                }
            }
            FaultKind::TokenDies => {
                if let Some(token) = auth::bearer(request) {
                    self.tokens.remove(token);
                }
            }
            FaultKind::CursorsExpire => self.cursors.clear(),
            _ => {}
        }
    }

    fn plain_answer(&mut self, now: Timestamp, request: &Request, route: &Route, strikes: &[FaultKind]) -> Response {
        let result = match route {
            Route::Token => return token::answer(self, now, request),
            Route::Query(query, provider) => self.query(now, request, *query, provider.as_deref(), strikes),
            Route::Providers => {
                self.authenticate(now, request).map(|access| console::providers(self, &access, request))
            }
            Route::Organizations => {
                self.authenticate(now, request).map(|access| console::own_organizations(self, &access, request))
            }
            Route::ProviderOrganizations(provider) => self
                .authenticate(now, request)
                .and_then(|access| console::provider_organizations(self, &access, provider, request)),
        };
        match result {
            Ok(response) => response,
            Err(refusal) if route.is_console() => refusal.into_console(),
            Err(refusal) => {
                let mut response = refusal.into_insights();
                events::sign(self, &mut response);
                response
            }
        }
    }

    fn query(
        &mut self,
        now: Timestamp,
        request: &Request,
        kind: Query,
        provider: Option<&str>,
        strikes: &[FaultKind],
    ) -> Result<Response, Refusal> {
        let access = self.authenticate(now, request)?;
        let query = EventQuery::parse(&request.body, now, &self.knobs);
        let without_provider = query.as_ref().is_ok_and(|query| query.without_provider);
        let scope = self.scope_of(&access, request, provider, without_provider)?;
        let query = query?;
        if strikes.contains(&FaultKind::CursorsExpire) && query.after.is_some() {
            return Err(Refusal::bad("search_after is not valid for this query any more"));
        }
        let mut response = match kind {
            Query::Events => return events::answer(self, now, &scope, query, strikes),
            Query::Count => aggregate::count(self, now, &scope, &query),
            Query::Distinct => aggregate::distinct(self, now, &scope, &query)?,
            Query::Interval => aggregate::interval(self, now, &scope, &query)?,
        };
        events::sign(self, &mut response);
        Ok(response)
    }

    fn scope_of(
        &self,
        access: &Access,
        request: &Request,
        provider: Option<&str>,
        without_provider: bool,
    ) -> Result<Scope, Refusal> {
        match provider {
            Some(provider) => self.provider_scope(access, provider, request, without_provider),
            None => self.scope(access, request),
        }
    }
}

impl Route {
    fn is_console(&self) -> bool {
        !matches!(self, Self::Query(_, None) | Self::Token)
    }

    fn endpoint(&self) -> Endpoint {
        match self {
            Self::Query(Query::Events, _) => Endpoint::Events,
            Self::Query(Query::Count, _) => Endpoint::Count,
            Self::Query(Query::Distinct, _) => Endpoint::Distinct,
            Self::Query(Query::Interval, _) => Endpoint::Interval,
            Self::Token => Endpoint::Token,
            Self::Providers | Self::ProviderOrganizations(_) | Self::Organizations => Endpoint::Console,
        }
    }
}
