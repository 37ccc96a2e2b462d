use std::path::PathBuf;

use clap::Args;

use crate::config::Paths;

/// Which pipeline.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Config {
    /// The pipeline file; given several times, the files are one pipeline together
    #[arg(short, long = "config", env = "JUMPCLOUD_ADR_CONFIG", value_name = "FILE")]
    config: Vec<PathBuf>,
    /// A folder whose `*.yaml` files are one pipeline together
    #[arg(long, env = "JUMPCLOUD_ADR_CONFIG_DIR", value_name = "DIR")]
    config_dir: Vec<PathBuf>,
}

impl Config {
    /// Where the pipeline is written.
    pub(crate) fn paths(&self) -> Paths {
        Paths { files: self.config.clone(), folders: self.config_dir.clone() }
    }
}
