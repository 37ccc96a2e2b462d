use std::collections::{BTreeMap, HashMap};

use adr_core::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use super::auth::Scope;
use super::filter::lowercase_text;
use super::query::EventQuery;
use super::refusal::Refusal;
use super::selection::Selection;
use super::terms::collect;
use crate::knobs::DistinctShape;
use crate::{Directory, Response};

/// An Elasticsearch back end refuses more buckets than this.
const MOST_BUCKETS: i64 = 65_536;

/// `{"count": n}`
pub(super) fn count(directory: &Directory, now: Timestamp, scope: &Scope, query: &EventQuery) -> Response {
    let count = Selection::new(directory, scope, query, now).count();
    Response::json(200, json!({ "count": count }).to_string())
}

/// How often each value of `field` occurs, the most frequent first.
pub(super) fn distinct(
    directory: &Directory,
    now: Timestamp,
    scope: &Scope,
    query: &EventQuery,
) -> Result<Response, Refusal> {
    let field = query.body.get("field").and_then(Value::as_str).filter(|field| !field.is_empty());
    let field = field.ok_or_else(|| Refusal::bad("field is required"))?;
    let mut counts: HashMap<String, u64> = HashMap::new();
    let mut text = Vec::new();
    for found in Selection::new(directory, scope, query, now) {
        let known = match field {
            "service" => found.head.service,
            "event_type" => found.head.event_type,
            _ => {
                text.clear();
                found.store.text(found.index).append_to(&mut text);
                let event: Value = serde_json::from_slice(&text).unwrap_or_default();
                let mut values = Vec::new();
                collect(&event, field, &mut values);
                values.iter().for_each(|value| *counts.entry(lowercase_text(value)).or_default() += 1);
                None
            }
        };
        if let Some(value) = known {
            match counts.get_mut(value) {
                Some(count) => *count += 1,
                None => drop(counts.insert(value.to_owned(), 1)),
            }
        }
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let buckets: Vec<Value> =
        counts.into_iter().map(|(key, count)| json!({ "key": key, "doc_count": count })).collect();
    let body = match directory.knobs.distinct_shape {
        DistinctShape::Buckets => {
            json!({ "buckets": buckets, "doc_count_error_upper_bound": 0, "sum_other_doc_count": 0 })
        }
        DistinctShape::ByField => json!({ field: buckets }),
    };
    Ok(Response::json(200, body.to_string()))
}

/// How many events each interval holds, from the first event's to the last one's, empty ones included.
pub(super) fn interval(
    directory: &Directory,
    now: Timestamp,
    scope: &Scope,
    query: &EventQuery,
) -> Result<Response, Refusal> {
    let width = width(query)?;
    let offset = offset(query.body.get("timezone").and_then(Value::as_str).unwrap_or("+0000"))?;
    let shift = i64::from(offset.seconds()) * 1_000;
    // Weeks begin on Monday; 1970 began on a Thursday.
    let origin = if width % WEEK == 0 { -3 * DAY - shift } else { -shift };
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for found in Selection::new(directory, scope, query, now) {
        *counts.entry((found.head.key.millis - origin).div_euclid(width)).or_default() += 1;
    }
    let mut buckets = Vec::new();
    if let (Some((first, _)), Some((last, _))) = (counts.first_key_value(), counts.last_key_value()) {
        if last - first >= MOST_BUCKETS {
            return Err(Refusal::bad(format!("more than {MOST_BUCKETS} buckets; choose a longer interval")));
        }
        for bucket in *first..=*last {
            let key = bucket * width + origin;
            let name = name(key, offset);
            buckets.push(json!({ "key": key, "key_as_string": name, "doc_count": counts.get(&bucket).unwrap_or(&0) }));
        }
    }
    Ok(Response::json(200, json!({ "buckets": buckets }).to_string()))
}

const DAY: i64 = 86_400_000;
const WEEK: i64 = 7 * DAY;

/// Milliseconds of `interval_value` times `interval_unit`.
fn width(query: &EventQuery) -> Result<i64, Refusal> {
    let unit = match query.body.get("interval_unit").and_then(Value::as_str) {
        Some("s") => 1_000,
        Some("m") => 60_000,
        Some("h") => 3_600_000,
        Some("d") => DAY,
        Some("w") => WEEK,
        Some(_) => return Err(Refusal::bad("interval_unit must be one of s, m, h, d, w")),
        None => return Err(Refusal::bad("interval_unit is required")),
    };
    let value = match query.body.get("interval_value") {
        None | Some(Value::Null) => Some(1),
        Some(Value::String(text)) => text.parse::<u32>().ok(),
        Some(_) => None,
    };
    let value = value.filter(|value| (1..=1_000_000).contains(value));
    value
        .map(|value| i64::from(value) * unit)
        .ok_or_else(|| Refusal::bad("interval_value must be a string with a whole number above 0"))
}

/// `-0500`
fn offset(text: &str) -> Result<Offset, Refusal> {
    let parse = || {
        let (sign, digits) = text.split_at_checked(1)?;
        let sign = if sign == "-" { -1 } else { 1 };
        let digits = digits.replace(':', "");
        if !text.starts_with(['+', '-']) || digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: i32 = digits.parse().ok()?;
        Offset::from_seconds(sign * (number / 100 * 3600 + number % 100 * 60)).ok()
    };
    parse().ok_or_else(|| Refusal::bad(format!("timezone is not of the form -0500: {text}")))
}

fn name(millis: i64, offset: Offset) -> String {
    let Ok(time) = jiff::Timestamp::from_millisecond(millis) else { return String::new() };
    let suffix = if offset.seconds() == 0 { "Z" } else { "%:z" };
    time.to_zoned(TimeZone::fixed(offset)).strftime(&format!("%Y-%m-%dT%H:%M:%S.%3f{suffix}")).to_string()
}
