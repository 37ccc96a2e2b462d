//! Where the real hosts are: on the `PATH`, else built by `tests/hosts/fetch`.

use std::path::{Path, PathBuf};

/// A host, by its program's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `vector`
    Vector,
    /// `fluent-bit`
    FluentBit,
    /// `telegraf`
    Telegraf,
    /// `otelcol` or `otelcol-contrib`
    Otelcol,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Vector, Self::FluentBit, Self::Telegraf, Self::Otelcol];

    /// What it is called.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Vector => &["vector"],
            Self::FluentBit => &["fluent-bit"],
            Self::Telegraf => &["telegraf"],
            Self::Otelcol => &["otelcol-contrib", "otelcol"],
        }
    }

    /// What `generate` calls it.
    pub fn host(self) -> &'static str {
        match self {
            Self::Otelcol => "opentelemetry",
            other => other.names()[0],
        }
    }
}

/// The program's path, or why it is missing.
#[expect(
    clippy::disallowed_methods,
    reason = "programs are looked for as a shell does, and where tests/hosts/fetch puts them"
)]
pub fn found(program: Program) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home).unwrap_or_default();
    let built = std::env::var_os("JUMPCLOUD_ADR_HOSTS").map_or(cache.join("jumpcloud-adr/hosts"), PathBuf::from);
    let folders: Vec<PathBuf> = std::env::split_paths(&path).chain([built]).collect();
    let mut places = program.names().iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.find(|path| path.is_file()).ok_or_else(|| match program {
        Program::Vector | Program::FluentBit => format!("{} is not on the PATH", program.names()[0]),
        Program::Telegraf | Program::Otelcol => {
            format!("{} is not on the PATH and not built; type tests/hosts/fetch", program.names().join(" or "))
        }
    })
}
