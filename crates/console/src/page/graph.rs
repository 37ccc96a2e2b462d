//! The pipeline: its components, how they are joined, and what flows.

use std::fmt::Write;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::Site;
use super::flow::{Edge, HEIGHT, Places, WIDTH, places};
use super::icon::Icon;
use super::layout::{Fragment, Section, Sheet, heading};
use super::visitor::Guest;
use super::words::{beginning, count, counted, sentence};
use crate::desk::{Graph, GraphNode};

/// More components are told by the table alone.
const DRAWN: usize = 80;
/// The counts of the table, in its order.
const COUNTS: [(&str, &str); 7] = [
    ("received", "In"),
    ("sent", "Out"),
    ("in_flight", "In flight"),
    ("discarded", "Discarded"),
    ("duplicates", "Duplicates"),
    ("rejected", "Rejected"),
    ("failed", "Failed"),
];

/// `GET /pipeline`
pub(crate) async fn show(State(site): State<Site>, guest: Guest, fragment: Fragment) -> Response {
    let graph = site.desk.graph();
    let main = html! {
        (heading("Pipeline", &lead(&graph), &html! {}))
        @if graph.nodes.is_empty() {
            section.empty { h2 { "Nothing runs yet" } p { "The components of the pipeline stand here once there are some." } }
        } @else {
            div #drawing data-live {
                @if graph.nodes.len() <= DRAWN {
                    div.drawing tabindex="0" role="region" aria-label="Drawing of the pipeline" data-key="drawing" { (drawing(&graph)) }
                } @else {
                    p.nothing { "There are too many components to draw. All of them stand in the table." }
                }
            }
            section.panel #components data-live aria-labelledby="components-title" {
                h2 #components-title { "Components" }
                (table(&graph))
            }
        }
    };
    let section = Some(Section::Pipeline);
    Sheet { title: "Pipeline", section, live: Some(5), notice: None, guest: &guest }.answer(fragment, &main)
}

fn lead(graph: &Graph) -> Markup {
    let failing = graph.nodes.iter().filter(|node| node.failure.is_some()).count();
    html! {
        p.lead #lead data-live {
            (counted(graph.nodes.len(), "component", "components")) ". Counts are events since the program was started. "
            @if failing > 0 { b { (counted(failing, "component does", "components do")) " not work." } }
        }
    }
}

fn drawing(graph: &Graph) -> Markup {
    let places = places(graph);
    html! {
        svg.graph viewBox={ "0 0 " (places.width) " " (places.height) } width=(places.width) height=(places.height)
            role="img" aria-labelledby="graph-title graph-about" {
            title #graph-title { "The pipeline from left to right" }
            desc #graph-about { "Components and what flows between them. The same stands in the table below." }
            defs {
                marker #arrow viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" markerUnits="userSpaceOnUse" {
                    path.arrow-head d="M0 0.5 7.5 4 0 7.5Z" {}
                }
            }
            @for edge in &places.edges { (line(&places, edge)) }
            @for (node, place) in graph.nodes.iter().zip(&places.nodes) { (node_box(node, *place)) }
        }
    }
}

fn line(places: &Places, edge: &Edge) -> Markup {
    let ((from_x, from_y), (to_x, to_y)) = (places.nodes[edge.from], places.nodes[edge.to]);
    let mut path = format!("M{} {}", from_x + WIDTH, from_y + HEIGHT / 2);
    let mut at = (from_x + WIDTH, from_y + HEIGHT / 2);
    let mut middle = None;
    // Straight through a layer, in a bow between two.
    for (x, y) in edge.past.iter().copied().chain([(to_x - 2, to_y + HEIGHT / 2)]) {
        let bend = ((x - at.0) / 2).max(24);
        write!(path, "C{} {} {} {y} {x} {y}", at.0 + bend, at.1, x - bend).unwrap_or_default();
        // The middle of such a bow is the middle of its ends.
        middle = middle.or(Some(((at.0 + x) / 2, (at.1 + y) / 2)));
        at = (x + WIDTH, y);
        if x != to_x - 2 {
            write!(path, "H{}", at.0).unwrap_or_default();
        }
    }
    html! {
        path.edge d=(path) marker-end="url(#arrow)" {}
        @if let Some((output, (x, y))) = edge.output.as_ref().zip(middle) {
            text.output x=(x) y=(y + 4) text-anchor="middle" {
                (beginning(output, 12))
                title { (output) }
            }
        }
    }
}

fn node_box(node: &GraphNode, (x, y): (i32, i32)) -> Markup {
    let of = |name: &str| node.counts.get(name).copied().unwrap_or(0);
    let lost = of("rejected") + of("failed");
    html! {
        g.node.(kind_class(node)) .failing[node.failure.is_some()] transform={ "translate(" (x) " " (y) ")" } {
            title { (node.name) @if let Some(failure) = &node.failure { ": " (failure) } }
            rect.frame width=(WIDTH) height=(HEIGHT) rx="8" {}
            rect.edge-of-kind width="4" height=(HEIGHT - 16) x="0" y="8" rx="2" {}
            text.name x="16" y="25" { (beginning(&node.name, 22)) }
            text.kind x="16" y="42" { (beginning(&format!("{} {}", node.component_type, node.kind), 28)) }
            line.rule x1="16" x2=(WIDTH - 14) y1="53" y2="53" {}
            @match &node.failure {
                Some(failure) => text.failure x="16" y="90" { (beginning(failure, 25)) },
                None => {
                    @if lost > 0 { text.failure x="16" y="90" { (count(lost)) " rejected or failed" } }
                    @else if of("in_flight") > 0 { text.note x="16" y="90" { (count(of("in_flight"))) " in flight" } }
                    @else if of("duplicates") > 0 { text.note x="16" y="90" { (count(of("duplicates"))) " duplicates dropped" } }
                    @else if of("discarded") > 0 { text.note x="16" y="90" { (count(of("discarded"))) " discarded by choice" } }
                },
            }
            text.count x="16" y="72" {
                @if node.kind != "source" { tspan.word { "in " } (count(of("received"))) }
                @else { tspan.word { "out " } (count(of("sent"))) }
            }
            @if node.kind != "source" {
                text.count x=(WIDTH - 14) y="72" text-anchor="end" { tspan.word { "out " } (count(of("sent"))) }
            }
        }
    }
}

/// The kind, as far as it is one that the style knows.
fn kind_class(node: &GraphNode) -> &'static str {
    match node.kind.as_str() {
        "source" => "source",
        "sink" => "sink",
        _ => "transform",
    }
}

fn table(graph: &Graph) -> Markup {
    html! {
        div.table-box tabindex="0" role="region" aria-label="Components" data-key="components-box" {
            table.components {
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "Kind" } th scope="col" { "Type" } th scope="col" { "Inputs" }
                    @for (_, label) in COUNTS { th.number scope="col" { (label) } }
                    th scope="col" { "Status" }
                } }
                tbody { @for node in &graph.nodes { (row(node)) } }
            }
        }
    }
}

fn row(node: &GraphNode) -> Markup {
    html! {
        tr data-key=(node.name) data-said=(node.name) data-state=(if node.failure.is_some() { "does not work" } else { "works" }) {
            th scope="row" { div { (node.name) } }
            td data-label="Kind" { div { (node.kind) } }
            td data-label="Type" { div { code { (node.component_type) } } }
            td data-label="Inputs" { div { @if node.inputs.is_empty() { span.none { "none" } } (node.inputs.join(", ")) } }
            @for (name, label) in COUNTS {
                td.number data-label=(label) { div { @match node.counts.get(name) { Some(number) => (count(*number)), None => span.none { "–" } } } }
            }
            td.message data-label="Status" { div {
                @match &node.failure {
                    Some(failure) => { span.badge.bad { (Icon::Warning.draw()) "Does not work" } " " (sentence(failure)) },
                    None => span.badge.good { (Icon::Check.draw()) "Works" },
                }
            } }
        }
    }
}
