//! What the devices are, as counts that filter, and the form that searches.

use maud::{Markup, html};

use super::badge::{Tone, look};
use super::column::Column;
use super::icon::Icon;
use super::selection::{NO_PROVIDER, Selection, TROUBLE};
use super::words::count;

/// The states with their counts.
pub(crate) fn chips(selection: &Selection) -> Markup {
    let chosen = selection.asked.state.as_str();
    let all: usize = selection.states.iter().map(|(_, count)| count).sum();
    let troubled = selection.troubled();
    html! {
        nav.chips #chips data-live aria-label="Filter by state" {
            (chip(selection, chosen, "", "All", None, all))
            @if troubled > 0 || chosen == TROUBLE {
                (chip(selection, chosen, TROUBLE, "Needs attention", Some((Tone::Bad, Icon::Warning)), troubled))
            }
            @for (state, number) in &selection.states {
                @let look = look(*state);
                (chip(selection, chosen, state.as_str(), state.label(), Some((look.tone, look.icon)), *number))
            }
        }
    }
}

fn chip(
    selection: &Selection,
    chosen: &str,
    word: &str,
    label: &str,
    look: Option<(Tone, Icon)>,
    number: usize,
) -> Markup {
    // The one that is chosen leads back to all.
    let is_chosen = chosen == word;
    let target = selection.with_state(if is_chosen { "" } else { word });
    html! {
        a.chip href=(target) data-key=(word) aria-current=[is_chosen.then_some("true")] {
            @if let Some((tone, icon)) = look { span.sign.(tone.class()) { (icon.draw()) } }
            (label) " " b { (count(number as u64)) }
        }
    }
}

/// Search, provider, and the order where there are no heads of columns.
pub(crate) fn search(selection: &Selection) -> Markup {
    let asked = &selection.asked;
    let order = if selection.descending { "desc" } else { "asc" };
    html! {
        form.search role="search" method="get" action="/" {
            @if !asked.state.is_empty() { input type="hidden" name="state" value=(asked.state); }
            div.box {
                (Icon::Search.draw())
                label.unseen for="q" { "Search devices" }
                input #q type="search" name="q" value=(asked.q) placeholder="Name, organization, CCE IP" autocomplete="off";
            }
            @if !selection.providers.is_empty() {
                label.unseen for="provider" { "Provider" }
                select #provider name="provider" {
                    option value="" selected[asked.provider.is_empty()] { "All providers" }
                    option value=(NO_PROVIDER) selected[asked.provider == NO_PROVIDER] { "Without provider" }
                    @for provider in &selection.providers {
                        option value=(provider) selected[&asked.provider == provider] { (provider) }
                    }
                }
            }
            div.order {
                label.unseen for="sort" { "Sort by" }
                select #sort name="sort" {
                    @for column in Column::ALL {
                        option value=(column.word()) selected[column == selection.sort] { "By " (column.label()) }
                    }
                }
                label.unseen for="order" { "Order" }
                select #order name="order" {
                    option value="asc" selected[order == "asc"] { "Ascending" }
                    option value="desc" selected[order == "desc"] { "Descending" }
                }
            }
            button type="submit" { "Search" }
            @if !asked.q.is_empty() || !asked.provider.is_empty() || !asked.state.is_empty() {
                a.clear href="/" { "Clear" }
            }
        }
    }
}
