//! What the pipeline file asks of a component.

use std::borrow::Cow;
use std::collections::BTreeSet;

use adr_core::Failure;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// A list of components of one kind, such as all sources: an enum whose variants hold their settings.
///
/// It is read as an externally tagged enum: the variant's name is the component's `type`.
pub(crate) trait Part: DeserializeOwned + JsonSchema {
    /// `source`, `transform` or `sink`.
    const KIND: &'static str;
    /// The section of the file: `sources`, `transforms` or `sinks`.
    const SECTION: &'static str;

    /// Its `type` in the file.
    fn type_name(&self) -> &'static str;

    /// Checks what one setting alone does not show. Offline.
    fn check(&self) -> Result<(), Failure>;

    /// What works and will hurt all the same, each with the setting it is about in backquotes.
    fn warnings(&self) -> Vec<String>;

    /// The names of its outputs, where it has several: they are written `component.output`.
    fn outputs(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// What only one component of a process can have, such as its standard output.
    fn alone(&self) -> Option<Cow<'static, str>>;
}
