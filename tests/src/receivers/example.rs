//! A file of `examples/receivers`, with some of its text exchanged.

use std::path::Path;

/// The text of an example.
pub(super) struct Example {
    name: &'static str,
    text: String,
}

impl Example {
    /// Reads it.
    pub(super) fn read(name: &'static str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/receivers").join(name);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { name, text }
    }

    /// Whether it contains this.
    pub(super) fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// Puts `new` wherever `old` is. That it is there must be sure, or an edited example would go untested.
    pub(super) fn put(mut self, old: &str, new: &str) -> Self {
        assert!(self.has(old), "examples/receivers/{} has no `{old}` any more: the tests exchange it", self.name);
        self.text = self.text.replace(old, new);
        self
    }

    /// Puts a port wherever rsyslog is told to listen at the port `old`.
    pub(super) fn port(self, old: &str, new: u16) -> Self {
        self.put(&format!("port=\"{old}\""), &format!("port=\"{new}\""))
    }

    /// Writes it to a file.
    pub(super) fn write(&self, path: &Path) {
        std::fs::write(path, &self.text).expect("the configuration is written");
    }
}
