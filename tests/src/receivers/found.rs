//! Where the receivers' programs are: unpacked by `tests/receivers/fetch`, else on the `PATH`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A receiver's program and what it needs to run where it was found.
#[derive(Clone, Debug)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// Folders of shared libraries; none for an installed program.
    libraries: Vec<PathBuf>,
    /// The folder of its modules; none for an installed program.
    pub modules: Option<PathBuf>,
}

/// What to type where a receiver is missing.
const GET_IT: &str = "type tests/receivers/fetch";

/// The modules of rsyslog that the tests load.
const RSYSLOG_MODULES: [&str; 4] = ["imtcp.so", "imudp.so", "imrelp.so", "lmnsd_gtls.so"];

/// rsyslog with its modules for TLS and RELP, or what is missing.
pub(super) fn rsyslog() -> Result<Program, String> {
    let program = find("rsyslog", "usr/sbin/rsyslogd", "imtcp.so")?;
    let installed: Vec<PathBuf> = match &program.modules {
        Some(folder) => vec![folder.clone()],
        None => folders_with(Path::new("/usr/lib"), "imtcp.so"),
    };
    match RSYSLOG_MODULES.iter().find(|module| !installed.iter().any(|folder| folder.join(module).exists())) {
        None => Ok(program),
        Some(module) => Err(format!("{} has no {module}; {GET_IT}", program.path.display())),
    }
}

/// syslog-ng, or what is missing.
pub(super) fn syslog_ng() -> Result<Program, String> {
    find("syslog-ng", "usr/sbin/syslog-ng", "libafsocket.so")
}

fn find(name: &str, program: &str, module: &str) -> Result<Program, String> {
    let root = cache().join(name);
    let path = root.join(program);
    if path.exists() {
        let modules = folders_with(&root, module).pop();
        return Ok(Program { path, libraries: folders_with(&root, ".so"), modules });
    }
    let file = path.file_name().expect("a program has a name");
    let installed = search_path().into_iter().map(|folder| folder.join(file)).find(|path| path.exists());
    let found = installed.map(|path| Program { path, libraries: Vec::new(), modules: None });
    found.ok_or_else(|| format!("no {name} in {} nor on the PATH; {GET_IT}", cache().display()))
}

#[expect(clippy::disallowed_methods, reason = "where tests/receivers/fetch has put them")]
fn cache() -> PathBuf {
    if let Some(folder) = std::env::var_os("JUMPCLOUD_ADR_RECEIVERS") {
        return folder.into();
    }
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home);
    cache.unwrap_or_default().join("jumpcloud-adr/receivers")
}

/// Daemons are often not on a user's own `PATH`.
#[expect(clippy::disallowed_methods, reason = "programs are looked for as a shell does")]
fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]).collect()
}

/// Every folder at or below this one with a file whose name contains the mark.
fn folders_with(folder: &Path, mark: &str) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                left.push(entry.path());
            } else if entry.file_name().to_string_lossy().contains(mark) {
                found.insert(folder.clone());
            }
        }
    }
    found.into_iter().collect()
}

impl Program {
    /// A command that runs it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if !self.libraries.is_empty() {
            let folders: OsString = std::env::join_paths(&self.libraries).expect("folders without a colon");
            command.env("LD_LIBRARY_PATH", folders);
        }
        command
    }
}
