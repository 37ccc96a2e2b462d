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
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The output of a route.
    pub(crate) output: Option<String>,
}

/// Lays a graph out: each node stands right of all that flows into it, near to it.
pub(crate) fn places(graph: &Graph) -> Places {
    let edges = edges(graph);
    let count = graph.nodes.len();
    let mut layer_of = vec![0usize; count];
    // Inputs come first, so that one round does; what points back (which no graph should) is not followed.
    for node in 0..count {
        let inputs = edges.iter().filter(|edge| edge.to == node && edge.from < node);
        layer_of[node] = inputs.map(|edge| layer_of[edge.from] + 1).max().unwrap_or(0);
    }
    let mut layers = vec![Vec::new(); layer_of.iter().max().map_or(0, |most| most + 1)];
    for (node, layer) in layer_of.iter().enumerate() {
        layers[*layer].push(node);
    }
    let tallest = layers.iter().map(Vec::len).max().unwrap_or(0) as i32;
    let stretch = |count: i32| (count * (HEIGHT + BETWEEN_NODES) - BETWEEN_NODES).max(0);
    let mut nodes = vec![(0, 0); count];
    for (layer, members) in layers.iter_mut().enumerate() {
        // In the order of what flows into them, so that few lines cross.
        let height = |node: usize| {
            let inputs: Vec<_> = edges.iter().filter(|edge| edge.to == node).map(|edge| nodes[edge.from].1).collect();
            inputs.iter().sum::<i32>() / i32::try_from(inputs.len()).unwrap_or(1).max(1)
        };
        let heights: BTreeMap<_, _> = members.iter().map(|node| (*node, height(*node))).collect();
        members.sort_by_key(|node| heights[node]);
        let top = MARGIN + (stretch(tallest) - stretch(members.len() as i32)) / 2;
        for (row, node) in members.iter().enumerate() {
            let x = MARGIN + layer as i32 * (WIDTH + BETWEEN_LAYERS);
            nodes[*node] = (x, top + row as i32 * (HEIGHT + BETWEEN_NODES));
        }
    }
    let width = 2 * MARGIN + (layers.len() as i32 * (WIDTH + BETWEEN_LAYERS) - BETWEEN_LAYERS).max(0);
    Places { nodes, edges, width, height: 2 * MARGIN + stretch(tallest) }
}

/// An input is the name of a node, or of a route with its output. Names of nodes come first: one may have a dot in it.
fn edges(graph: &Graph) -> Vec<Edge> {
    let by_name: BTreeMap<_, _> =
        graph.nodes.iter().enumerate().map(|(index, node)| (node.name.as_str(), index)).collect();
    let edge = |to: usize, input: &str| {
        if let Some(from) = by_name.get(input) {
            return Some(Edge { from: *from, to, output: None });
        }
        let (name, output) = input.rsplit_once('.')?;
        Some(Edge { from: *by_name.get(name)?, to, output: Some(output.to_owned()) })
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
        assert_eq!(places.edges[2], Edge { from: 2, to: 3, output: Some("near".to_owned()) });
        for edge in &places.edges {
            assert!(places.nodes[edge.from].0 < places.nodes[edge.to].0, "{edge:?}");
        }
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
