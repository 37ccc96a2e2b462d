//! What happened to a device lately: what went wrong, and the last event that came.

use adr_core::Timestamp;
use maud::{Markup, html};

use super::json::laid_out;
use super::words::{ago, clock, sentence, span};
use crate::desk::Sample;
use crate::devices::Occurrence;

/// What went wrong, newest first.
pub(crate) fn occurrences(now: Timestamp, occurrences: &[Occurrence]) -> Markup {
    html! {
        section.panel #errors data-live aria-labelledby="errors-title" {
            h2 #errors-title { "Errors" }
            @if occurrences.is_empty() {
                p.nothing { "Nothing has gone wrong since this program was started." }
            } @else {
                div.table-box tabindex="0" role="region" aria-label="Errors" data-key="errors-box" {
                    table.errors {
                        thead { tr {
                            th scope="col" { "Since" } th scope="col" { "Until" } th scope="col" { "Lasted" }
                            th scope="col" { "Kind" } th scope="col" { "What it is and what to do" }
                        } }
                        tbody { @for occurrence in occurrences { (row(now, occurrence)) } }
                    }
                }
            }
        }
    }
}

fn row(now: Timestamp, occurrence: &Occurrence) -> Markup {
    let since = Timestamp::parse(occurrence.since.as_bytes()).ok();
    let until = occurrence.over.as_ref().map_or(Some(now), |over| Timestamp::parse(over.as_bytes()).ok());
    let lasted = since.zip(until).map(|(since, until)| span(until.since(since).as_secs()));
    html! {
        tr data-key=(occurrence.since) {
            td data-label="Since" { div { (clock(now, Some(&occurrence.since))) } }
            td data-label="Until" { div {
                @match &occurrence.over {
                    Some(over) => { (clock(now, Some(over))) },
                    None => { b { "now" } small { "seen " (ago(now, Some(&occurrence.at))) } },
                }
            } }
            td data-label="Lasted" { div { (lasted.unwrap_or_default()) } }
            td data-label="Kind" { div { code { (occurrence.kind) } } }
            td.message data-label="What it is" { div { (sentence(&occurrence.message)) } }
        }
    }
}

/// The last event as it came and as it went on.
pub(crate) fn sample(sample: Option<&Sample>, is_read: bool) -> Markup {
    html! {
        section.panel #sample data-live aria-labelledby="sample-title" {
            h2 #sample-title { "Last event" }
            @match sample {
                None if !is_read => p.nothing { "This device is not being read." },
                None => p.nothing { "No event has come since this program was started." },
                Some(sample) => div.pair {
                    div {
                        h3 { "From JumpCloud" }
                        pre.json tabindex="0" aria-label="The event as JumpCloud sent it" data-key="raw" { code { (laid_out(&sample.raw)) } }
                    }
                    div {
                        h3 { "To ADR" }
                        @match &sample.mapped {
                            Some(mapped) => pre.json tabindex="0" aria-label="The event as it went on to ADR" data-key="mapped" { code { (laid_out(mapped)) } },
                            None => p.nothing { "It did not go on: the pipeline's own filters have discarded it, or it could not be mapped and is in the dead letter." },
                        }
                    }
                },
            }
        }
    }
}
