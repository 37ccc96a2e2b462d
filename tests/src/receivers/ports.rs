//! Ports for receivers, and whether somebody listens there.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that the kernel hands to outgoing connections: while a receiver is down for a moment, nobody
/// can be given its port, and nobody who knocks there can be connected to himself.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// A port of 127.0.0.1 that is free for TCP and UDP, and not handed out before by this process.
pub(crate) fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in RANGE {
        // Processes that run at the same time start at different places.
        let step = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add((std::process::id() % 997) as u16 * 12);
        let port = RANGE.start + step % (RANGE.end - RANGE.start);
        let here = (Ipv4Addr::LOCALHOST, port);
        if TcpListener::bind(here).is_ok() && UdpSocket::bind(here).is_ok() {
            return port;
        }
    }
    panic!("no free port in {RANGE:?}")
}

/// Whether a process has a socket bound to the port of 127.0.0.1 to take connections, or datagrams. Asks the kernel: to
/// connect would leave a broken handshake in the log of a TLS receiver, and could reach somebody else.
pub(super) fn bound(process: u32, port: u16, udp: bool) -> bool {
    let (table, state) = if udp { ("/proc/net/udp", "07") } else { ("/proc/net/tcp", "0A") };
    let here = format!("0100007F:{port:04X}");
    let sockets: Vec<String> =
        rows(table).filter(|row| row[1] == here && row[3] == state).map(|row| format!("socket:[{}]", row[9])).collect();
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let mut open = open.filter_map(|file| std::fs::read_link(file.path()).ok());
    open.any(|file| sockets.iter().any(|socket| file.as_os_str() == socket.as_str()))
}

/// Bytes that the kernel has taken in (and acknowledged) for the port and nobody has read yet. The end of a stream
/// counts as one.
pub(super) fn unread(port: u16) -> u64 {
    let here = format!("0100007F:{port:04X}");
    let queues = rows("/proc/net/tcp").filter(|row| row[1] == here && row[3] != "0A");
    queues.filter_map(|row| u64::from_str_radix(row[4].split(':').nth(1)?, 16).ok()).sum()
}

/// The rows of a socket table, as words: number, local address, remote address, state, queues, and as the tenth the inode.
fn rows(table: &str) -> impl Iterator<Item = Vec<String>> {
    let text = std::fs::read_to_string(table).expect("the kernel's socket table");
    let rows: Vec<Vec<String>> =
        text.lines().skip(1).map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    rows.into_iter().filter(|row: &Vec<String>| row.len() > 9)
}
