//! What the kernel says of this process.

/// What it holds and what it has used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Bytes of memory that are in use.
    pub(crate) resident: Option<f64>,
    /// Seconds of processor time.
    pub(crate) cpu: Option<f64>,
    /// Open files and sockets.
    pub(crate) open_files: Option<f64>,
    /// Threads.
    pub(crate) threads: Option<f64>,
}

/// Linux counts processor time for users in hundredths, whatever its clock does.
const TICKS: f64 = 100.0;

impl Usage {
    /// As it is now; what cannot be known (no Linux) is not told.
    pub(crate) fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let open_files = std::fs::read_dir("/proc/self/fd").ok();
        Self {
            resident: field(&status, "VmRSS:").map(|kibibytes| kibibytes * 1024.0),
            cpu: cpu(&stat),
            // Listing them takes one itself.
            open_files: open_files.map(|files| files.count().saturating_sub(1) as f64),
            threads: field(&status, "Threads:"),
        }
    }
}

fn field(status: &str, name: &str) -> Option<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

/// The program's name stands in brackets and may hold anything: fields are counted behind it.
fn cpu(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_moves_no_field() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 1000 1 1";
        assert_eq!(cpu(stat), Some(3.0));
        assert_eq!(field("VmPeak:\t 9 kB\nVmRSS:\t 12 kB\n", "VmRSS:"), Some(12.0));
        assert_eq!((cpu(""), field("", "VmRSS:")), (None, None));
    }

    #[test]
    fn this_process_holds_something() {
        let usage = Usage::now();
        assert!(usage.resident.is_some_and(|bytes| bytes > 1e6), "{usage:?}");
        assert!(usage.threads.is_some_and(|threads| threads >= 1.0) && usage.cpu.is_some(), "{usage:?}");
        assert!(usage.open_files.is_some_and(|files| files >= 3.0), "{usage:?}");
    }
}
