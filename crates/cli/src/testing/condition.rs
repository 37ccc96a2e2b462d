use adr_core::{Budget, Event, Failure, Output, Transform};
use adr_transform_jq::{Filter, FilterConfig, FilterSettings};

/// A condition in jq: the very one of a filter.
pub(crate) struct Condition {
    pub(crate) text: String,
    /// `FILE:LINE`
    pub(crate) spot: String,
    settings: FilterSettings,
}

impl Condition {
    /// Compiles it.
    pub(crate) fn new(text: String, spot: String) -> Result<Self, Failure> {
        let config = FilterConfig { condition: Some(text.clone()), ..FilterConfig::default() };
        Ok(Self { text, spot, settings: FilterSettings::try_from(config)? })
    }

    /// Whether it holds for an event, or why that cannot be said.
    pub(crate) fn holds(&self, event: &Event) -> Result<bool, String> {
        let mut out = Output::default();
        let _verdict = Filter::new(&self.settings).apply(event, &mut out);
        let mut product = out.finish(Budget::new(0).nothing());
        match product.rejected.pop() {
            Some(rejected) => Err(rejected.reason),
            None => Ok(!product.events.is_empty()),
        }
    }
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}
