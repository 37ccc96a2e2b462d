use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How components are joined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    /// In the order of the flow: inputs come before what they flow into.
    pub nodes: Vec<GraphNode>,
}

/// A component of the graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphNode {
    /// Its name.
    pub name: String,
    /// `source`, `transform` or `sink`.
    pub kind: String,
    /// Its type, such as `jumpcloud` or `cce-syslog`.
    pub component_type: String,
    /// What flows into it: names of components, of a route with its output (`route.output`).
    pub inputs: Vec<String>,
    /// Its counts by name: `received`, `sent`, `rejected`, `discarded`, `duplicates`, `failed`, `in_flight`.
    pub counts: BTreeMap<String, u64>,
    /// Why it does not work.
    pub failure: Option<String>,
}
