use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::reader::CHUNK;

/// Standard input without std's small buffer.
#[derive(Debug)]
pub(crate) struct Stdin(File);

pub(crate) fn stdin() -> io::Result<Stdin> {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Larger pages from a fast writer. Only a wish: no pipe, or no more memory for pipes, is fine.
    let _ = rustix::pipe::fcntl_setpipe_size(&file, CHUNK);
    Ok(Stdin(file))
}

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                // Whoever shares it with us may have made it non-blocking.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], None) {
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                read => return read,
            }
        }
    }
}
