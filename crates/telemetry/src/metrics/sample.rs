use std::sync::Arc;

use super::table::Metric;

/// A metric with its values.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    pub(crate) metric: &'static Metric,
    pub(crate) samples: Vec<(Labels, f64)>,
}

/// Labels in the order of their names.
pub(crate) type Labels = Vec<(&'static str, Arc<str>)>;
