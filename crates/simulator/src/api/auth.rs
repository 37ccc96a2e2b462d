use adr_core::Timestamp;

use super::refusal::Refusal;
use crate::directory::{Access, Role};
use crate::{Directory, OrganizationIndex, Request};

const NO_ORGANIZATION: &str = "ID not included for multi-tenant admin";
const WRONG_ORGANIZATION: &str = "x-org-id and Organization path ID do not match";

/// Whose events a query is about.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) organizations: Vec<OrganizationIndex>,
    /// Whose provider-level events come with them.
    pub(super) providers: Vec<usize>,
}

impl Directory {
    /// What the caller may read, by `x-api-key` or a bearer token.
    pub(super) fn authenticate(&self, now: Timestamp, request: &Request) -> Result<Access, Refusal> {
        let unauthorized = || Refusal::new(401, "Unauthorized");
        if let Some(key) = request.header("x-api-key") {
            let key = self.keys.get(key).ok_or_else(unauthorized)?;
            if key.expires_at.is_some_and(|end| now >= end) {
                return Err(unauthorized());
            }
            if key.role == Role::CommandRunner {
                return Err(Refusal::new(403, "Forbidden"));
            }
            return Ok(key.access.clone());
        }
        let token = bearer(request).and_then(|token| self.tokens.get(token)).ok_or_else(unauthorized)?;
        if now >= token.expires_at {
            return Err(unauthorized());
        }
        // A service account always says for whom it asks.
        Ok(match &token.access {
            Access::Organization(index) => Access::Several(vec![*index]),
            access => access.clone(),
        })
    }

    /// The organizations of a query of Directory Insights: `x-org-id`, repeated; or a provider's own events.
    pub(super) fn scope(&self, access: &Access, request: &Request) -> Result<Scope, Refusal> {
        let mut asked: Vec<&str> = request.headers_of("x-org-id").map(str::trim).collect();
        if self.knobs.comma_separated_organizations {
            asked = asked.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
        }
        if asked.is_empty() {
            if let Some(provider) = request.header("x-provider-id") {
                return Ok(Scope { organizations: Vec::new(), providers: vec![self.provider(access, provider)?] });
            }
            let Access::Organization(own) = access else { return Err(Refusal::new(401, NO_ORGANIZATION)) };
            return self.with_providers(vec![*own]);
        }
        let organizations = self.allowed(access, &asked)?;
        self.with_providers(organizations)
    }

    /// The organizations of a query below a provider: `x-org-id`, separated by commas; without it, the provider.
    pub(super) fn provider_scope(
        &self,
        access: &Access,
        provider: &str,
        request: &Request,
        without_provider: bool,
    ) -> Result<Scope, Refusal> {
        let index = self.provider(access, provider)?;
        let asked: Vec<&str> = request.headers_of("x-org-id").flat_map(|list| list.split(',')).map(str::trim).collect();
        let organizations = self.allowed(access, &asked)?;
        if organizations.iter().any(|org| self.organizations[org.0].provider != Some(index)) {
            return Err(Refusal::new(self.knobs.wrong_organization_status, WRONG_ORGANIZATION));
        }
        if organizations.is_empty() && without_provider {
            return Err(Refusal::bad("exclude_provider_activity needs an organization in x-org-id"));
        }
        self.with_providers(organizations).map(|scope| Scope { providers: vec![index], ..scope })
    }

    /// Whether `access` reaches an organization.
    pub(super) fn reaches(access: &Access, organization: OrganizationIndex) -> bool {
        match access {
            Access::Organization(own) => *own == organization,
            Access::Several(several) => several.contains(&organization),
            Access::All => true,
        }
    }

    /// A provider is reached through any of its organizations.
    pub(super) fn provider(&self, access: &Access, id: &str) -> Result<usize, Refusal> {
        let index = self.providers.iter().position(|provider| provider.id == id);
        let index = index.ok_or_else(|| Refusal::new(404, "Not Found"))?;
        let is_reached = |(at, org): (usize, &crate::directory::Organization)| {
            org.provider == Some(index) && Self::reaches(access, OrganizationIndex(at))
        };
        let is_multi_tenant = !matches!(access, Access::Organization(_));
        if is_multi_tenant && self.organizations.iter().enumerate().any(is_reached) {
            Ok(index)
        } else {
            Err(Refusal::new(403, "Forbidden"))
        }
    }

    fn allowed(&self, access: &Access, asked: &[&str]) -> Result<Vec<OrganizationIndex>, Refusal> {
        let mut organizations = Vec::with_capacity(asked.len());
        for id in asked {
            let index = self.organization(id).filter(|index| Self::reaches(access, *index));
            let refusal = || Refusal::new(self.knobs.wrong_organization_status, WRONG_ORGANIZATION);
            organizations.push(index.ok_or_else(refusal)?);
        }
        organizations.sort_unstable();
        organizations.dedup();
        Ok(organizations)
    }

    fn with_providers(&self, organizations: Vec<OrganizationIndex>) -> Result<Scope, Refusal> {
        if organizations.iter().any(|org| !self.organizations[org.0].has_insights) {
            return Err(Refusal::new(402, "Directory Insights is not enabled for your organization"));
        }
        Ok(Scope { organizations, providers: Vec::new() })
    }

    /// For whom a request asks, as far as can be told before it is checked: faults are aimed by it.
    pub(super) fn asker(&self, request: &Request) -> Option<OrganizationIndex> {
        if let Some(id) = request.header("x-org-id") {
            return self.organization(id.split(',').next().unwrap_or_default().trim());
        }
        let access = match request.header("x-api-key") {
            Some(key) => &self.keys.get(key)?.access,
            None => match bearer(request) {
                Some(token) => &self.tokens.get(token)?.access,
                None => &self.clients.get(&super::token::client_of(request)?.0)?.access,
            },
        };
        match access {
            Access::Organization(own) => Some(*own),
            Access::Several(several) => several.first().copied(),
            Access::All => None,
        }
    }
}

pub(super) fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
