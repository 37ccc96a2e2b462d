//! The socket, for as long as the pipeline runs.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use adr_core::{Failure, FailureKind};
use tokio::net::UnixListener;

/// A bound socket. Its file goes with it.
#[derive(Debug)]
pub struct Socket {
    pub(crate) listener: UnixListener,
    pub(crate) file: SocketFile,
}

/// The file of a socket, removed when it is dropped.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl Socket {
    /// Binds it, with mode 0600. A file that a killed process left is removed: the caller must know that no other process
    /// uses it now.
    ///
    /// # Errors
    /// Where the file cannot be made, for one because its path has more than about 100 bytes.
    pub fn bind(path: &Path) -> Result<Self, Failure> {
        let fault = |error: std::io::Error| {
            Failure::new(FailureKind::Storage, format!("control socket {}: {error}", path.display()))
        };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fault(error)),
            _ => {}
        }
        let listener = UnixListener::bind(path).map_err(fault)?;
        let socket = Self { listener, file: SocketFile(path.to_owned()) };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(fault)?;
        Ok(socket)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may have been removed by hand.
        let _ = std::fs::remove_file(&self.0);
    }
}
