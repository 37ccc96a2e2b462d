use std::hash::{DefaultHasher, Hash, Hasher};

use adr_core::Timestamp;
use serde_json::{Map, Value};

use super::filter::Filter;
use super::refusal::Refusal;
use super::services::Services;
use crate::knobs::{Knobs, OversizedLimit};

/// A query's body, checked.
#[derive(Clone, Debug)]
pub(super) struct EventQuery {
    pub(super) services: Services,
    pub(super) start: Timestamp,
    pub(super) end: Option<Timestamp>,
    pub(super) limit: u64,
    pub(super) skip: u64,
    pub(super) descending: bool,
    pub(super) after: Option<Cursor>,
    pub(super) fields: Option<Vec<String>>,
    pub(super) filter: Filter,
    pub(super) without_provider: bool,
    /// The same for the same question, wherever its cursor stands.
    pub(super) fingerprint: u64,
    /// The body itself, for what only some endpoints read.
    pub(super) body: Map<String, Value>,
}

/// Where a page begins: behind this row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) millis: i64,
    pub(super) doc: String,
    /// As the client sent it.
    pub(super) text: String,
}

impl EventQuery {
    pub(super) fn parse(body: &[u8], now: Timestamp, knobs: &Knobs) -> Result<Self, Refusal> {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Err(Refusal::bad("The request body is not a JSON object"));
        };
        let services = Services::of(&strings(&body, "service")?, knobs).map_err(Refusal::bad)?;
        let (start, end) = times(&body, now, knobs)?;
        let filter = Filter::parse(&body, knobs)?;
        let mut query = Self {
            services,
            start,
            end,
            limit: limit(body.get("limit"), knobs)?,
            skip: body.get("skip").and_then(Value::as_u64).unwrap_or(0),
            descending: body.get("sort").and_then(Value::as_str).is_some_and(|sort| sort.eq_ignore_ascii_case("desc")),
            after: cursor(body.get("search_after"))?,
            fields: fields(&body)?,
            filter,
            without_provider: body.get("exclude_provider_activity").and_then(Value::as_bool).unwrap_or(false),
            fingerprint: 0,
            body,
        };
        if query.skip > 0 && query.skip + query.limit > knobs.skip_reach {
            return Err(Refusal::bad(format!("skip + limit must not exceed {}", knobs.skip_reach)));
        }
        query.fingerprint = query.hash();
        Ok(query)
    }

    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.services, self.start, self.end, self.descending).hash(&mut hasher);
        for name in ["search_term", "q", "exact_match"] {
            self.body.get(name).map(Value::to_string).hash(&mut hasher);
        }
        hasher.finish()
    }
}

fn times(body: &Map<String, Value>, now: Timestamp, knobs: &Knobs) -> Result<(Timestamp, Option<Timestamp>), Refusal> {
    let start = time(body, "start_time")?.ok_or_else(|| Refusal::bad("start_time is required"))?;
    let end = time(body, "end_time")?;
    if start > now {
        return Err(Refusal::bad(format!("Start Time in the future {start} > {now}")));
    }
    if let Some(end) = end {
        if start > end || (start == end && !knobs.start_may_equal_end) {
            return Err(Refusal::bad(format!("Start Time not after End Time {start} > {end}")));
        }
        if end > now && !knobs.future_end {
            return Err(Refusal::bad(format!("End Time in the future {end} > {now}")));
        }
    }
    Ok((start, end))
}

fn time(body: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Timestamp::parse(text.as_bytes())
            .map(Some)
            .map_err(|_| Refusal::bad(format!("{name} is not a RFC3339 date: {text}"))),
        Some(_) => Err(Refusal::bad(format!("{name} is not a RFC3339 date"))),
    }
}

fn strings(body: &Map<String, Value>, name: &str) -> Result<Vec<String>, Refusal> {
    let refusal = || Refusal::bad(format!("{name} must be a list of strings"));
    match body.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(values)) => {
            values.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(refusal)).collect()
        }
        Some(_) => Err(refusal()),
    }
}

/// Nonsense gives the default number of rows.
fn limit(value: Option<&Value>, knobs: &Knobs) -> Result<u64, Refusal> {
    let asked = value.and_then(Value::as_u64).filter(|limit| *limit > 0);
    match (asked, knobs.oversized_limit) {
        (Some(limit), _) if limit <= knobs.max_limit => Ok(limit),
        (None, _) | (_, OversizedLimit::Default) => Ok(knobs.default_limit),
        (_, OversizedLimit::Clamp) => Ok(knobs.max_limit),
        (_, OversizedLimit::Refuse) => Err(Refusal::bad(format!("limit must not exceed {}", knobs.max_limit))),
    }
}

/// `[millis, doc id]`, each as a number or a string.
fn cursor(value: Option<&Value>) -> Result<Option<Cursor>, Refusal> {
    let value = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    let elements = value.as_array().map(Vec::as_slice);
    if let Some([millis, Value::String(doc)]) = elements {
        let millis = match millis {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        if let Some(millis) = millis
            && !doc.is_empty()
        {
            return Ok(Some(Cursor { millis, doc: doc.clone(), text: value.to_string() }));
        }
    }
    Err(Refusal::bad("search_after must be the value of an X-Search_after header"))
}

/// Top-level fields that some event has; a projection needs at least one of them.
const KNOWN_FIELDS: &str = "@version access_request_id account_id app_management_source application association attr \
    auth_context auth_meta auth_method auth_type base catalog_app_id category changes channel_object_id client_ip \
    command command_uuid config connection_id correlation deref description detail device_manager_object_id \
    device_object_id dn eap_type error_chain error_code error_message event_type filter geoip id idm_client_id \
    idp_initiated initiated_by jc_initiated_by_email login_identifier mdm_device_id mdm_device_manager_id mdm_type \
    mech message message_chain mfa mfa_meta nas_mfa_state number_of_results object_storage_item_object_id \
    object_storage_item_version_name object_storage_item_version_object_id oid operation_number organization outer pid \
    process_name profile_list provider referrer_object_id referrer_type request_type resource result scope service \
    severity src_ip sso_token_success start_tls status success system system_group system_object_id system_timestamp \
    target_resource timestamp tls_established total_software_item_count total_space_used type user_agent useragent \
    username windows_device_uuid windows_meta workflow";

fn fields(body: &Map<String, Value>) -> Result<Option<Vec<String>>, Refusal> {
    if matches!(body.get("fields"), None | Some(Value::Null)) {
        return Ok(None);
    }
    let fields = strings(body, "fields")?;
    let is_known = |field: &String| {
        let top = field.split('.').next().unwrap_or_default();
        KNOWN_FIELDS.split_ascii_whitespace().any(|known| known == top)
    };
    if fields.iter().any(is_known) { Ok(Some(fields)) } else { Err(Refusal::bad("fields names no known field")) }
}
