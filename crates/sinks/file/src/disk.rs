use std::fs::File;
use std::io;

/// What can fail half way: a part of a file's life that tests must be able to break.
pub(crate) trait Disk: Send + 'static {
    /// Appends a part of `text`: how much of it.
    fn write(&mut self, file: &File, text: &[u8]) -> io::Result<usize>;

    /// Makes all that was written durable.
    fn sync(&mut self, file: &File) -> io::Result<()>;

    /// Cuts what comes after `size`.
    fn cut(&mut self, file: &File, size: u64) -> io::Result<()>;
}

/// The one there is.
#[derive(Debug)]
pub(crate) struct Kernel;

impl Disk for Kernel {
    fn write(&mut self, file: &File, text: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(file, text)?)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn cut(&mut self, file: &File, size: u64) -> io::Result<()> {
        file.set_len(size)
    }
}
