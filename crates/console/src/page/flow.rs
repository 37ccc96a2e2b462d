//! Where the components of a graph stand when it is drawn from left to right.

use std::collections::BTreeMap;

use crate::desk::Graph;

pub(crate) const WIDTH: i32 = 204;
pub(crate) const HEIGHT: i32 = 104;
const BETWEEN_LAYERS: i32 = 72;
const BETWEEN_NODES: i32 = 28;
const MARGIN: i32 = 12;

/// Where everything stands.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// The upper left corner of each node, in the order of the graph.
    pub(crate) nodes: Vec<(i32, i32)>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// From a node to a node.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The output of a route.
    pub(crate) output: Option<String>,
    /// The heights at which it passes the layers between, each with the left side of its layer.
    pub(crate) past: Vec<(i32, i32)>,
}

/// What takes room in a layer.
#[derive(Clone, Copy, Debug)]
enum Guest {
    Node(usize),
    /// An edge on its way through.
    Edge(usize),
}

impl Guest {
    fn height(self) -> i32 {
        match self {
            Self::Node(_) => HEIGHT,
            Self::Edge(_) => 8,
        }
    }
}

/// Lays a graph out: each node stands right of all that flows into it, near to it, and no line runs through a node.
pub(crate) fn places(graph: &Graph) -> Places {
    let (mut edges, count) = (edges(graph), graph.nodes.len());
    let mut layer_of = vec![0usize; count];
    // Inputs come first, so that one round does; what points back (which no graph should) is not followed.
    for node in 0..count {
        let inputs = edges.iter().filter(|edge| edge.to == node && edge.from < node);
        layer_of[node] = inputs.map(|edge| layer_of[edge.from] + 1).max().unwrap_or(0);
    }
    let mut layers = vec![Vec::new(); layer_of.iter().max().map_or(0, |most| most + 1)];
    for (node, layer) in layer_of.iter().enumerate() {
        layers[*layer].push(Guest::Node(node));
    }
    for (index, edge) in edges.iter().enumerate() {
        let between = layers.get_mut(layer_of[edge.from] + 1..layer_of[edge.to]);
        between.into_iter().flatten().for_each(|layer| layer.push(Guest::Edge(index)));
    }
    let stretch =
        |layer: &[Guest]| layer.iter().map(|guest| guest.height() + BETWEEN_NODES).sum::<i32>() - BETWEEN_NODES;
    let tallest = layers.iter().map(|layer| stretch(layer)).max().unwrap_or(0);
    let mut nodes = vec![(0, 0); count];
    for (layer, guests) in layers.iter_mut().enumerate() {
        // In the order of what flows into them, so that few lines cross.
        guests.sort_by_cached_key(|guest| before(*guest, &edges, &nodes));
        let x = MARGIN + layer as i32 * (WIDTH + BETWEEN_LAYERS);
        let mut y = MARGIN + (tallest - stretch(guests)) / 2;
        for guest in guests.iter() {
            match *guest {
                Guest::Node(node) => nodes[node] = (x, y),
                Guest::Edge(edge) => edges[edge].past.push((x, y + guest.height() / 2)),
            }
            y += guest.height() + BETWEEN_NODES;
        }
    }
    let width = 2 * MARGIN + (layers.len() as i32 * (WIDTH + BETWEEN_LAYERS) - BETWEEN_LAYERS).max(0);
    Places { nodes, edges, width, height: 2 * MARGIN + tallest.max(0) }
}

/// The mean height of what flows into something, as far as that has its place.
fn before(guest: Guest, edges: &[Edge], nodes: &[(i32, i32)]) -> i32 {
    let end = |edge: &Edge| edge.past.last().map_or(nodes[edge.from].1 + HEIGHT / 2, |(_, y)| *y);
    match guest {
        Guest::Edge(edge) => end(&edges[edge]),
        Guest::Node(node) => {
            let ends: Vec<_> = edges.iter().filter(|edge| edge.to == node).map(end).collect();
            ends.iter().sum::<i32>() / i32::try_from(ends.len()).unwrap_or(1).max(1)
        }
    }
}

/// An input is the name of a node, or of a route with its output. Names of nodes come first: one may have a dot in it.
fn edges(graph: &Graph) -> Vec<Edge> {
    let by_name: BTreeMap<_, _> =
        graph.nodes.iter().enumerate().map(|(index, node)| (node.name.as_str(), index)).collect();
    let edge = |to: usize, input: &str| {
        if let Some(from) = by_name.get(input) {
            return Some(Edge { from: *from, to, ..Edge::default() });
        }
        let (name, output) = input.rsplit_once('.')?;
        Some(Edge { from: *by_name.get(name)?, to, output: Some(output.to_owned()), ..Edge::default() })
    };
    let nodes = graph.nodes.iter().enumerate();
    nodes
        .flat_map(|(to, node)| node.inputs.iter().filter_map(move |input| edge(to, input)).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::GraphNode;

    fn graph(nodes: &[(&str, &[&str])]) -> Graph {
        let node = |(name, inputs): &(&str, &[&str])| GraphNode {
            name: (*name).to_owned(),
            inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
            ..GraphNode::default()
        };
        Graph { nodes: nodes.iter().map(node).collect() }
    }

    #[test]
    fn everything_stands_right_of_what_flows_into_it_and_nothing_on_another() {
        let places = places(&graph(&[
            ("a", &[]),
            ("b", &[]),
            ("route", &["a", "b"]),
            ("near", &["route.near"]),
            ("far", &["near", "route._unmatched"]),
            ("also", &["b"]),
        ]));
        assert_eq!(places.edges.len(), 6);
        assert_eq!(places.edges[2], Edge { from: 2, to: 3, output: Some("near".to_owned()), past: Vec::new() });
        for edge in &places.edges {
            assert!(places.nodes[edge.from].0 < places.nodes[edge.to].0, "{edge:?}");
            for (past_x, past_y) in &edge.past {
                let is_in = |(x, y): &(i32, i32)| x == past_x && (*y..*y + HEIGHT).contains(past_y);
                assert!(!places.nodes.iter().any(is_in), "{edge:?} runs through a node");
            }
        }
        let longest = places.edges.iter().map(|edge| edge.past.len()).max();
        assert_eq!(longest, Some(1), "from the route past near to far");
        for (index, (x, y)) in places.nodes.iter().enumerate() {
            assert!(*x >= 0 && x + WIDTH <= places.width && *y >= 0 && y + HEIGHT <= places.height);
            for (other_x, other_y) in &places.nodes[..index] {
                assert!(x != other_x || (y - other_y).abs() >= HEIGHT);
            }
        }
    }

    #[test]
    fn a_graph_that_is_empty_or_odd_is_drawn() {
        assert!(places(&graph(&[])).nodes.is_empty());
        let places = places(&graph(&[("a", &["a", "b", "gone"]), ("b", &["a"])]));
        assert_eq!((places.nodes.len(), places.edges.len()), (2, 3));
    }
}
