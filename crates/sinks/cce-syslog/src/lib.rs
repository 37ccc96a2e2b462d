//! Sink `cce_syslog`: ADR events to a CCE over syslog (TLS, TCP, UDP) or RELP.
//!
//! # What a resolved delivery proves
//!
//! Syslog itself acknowledges nothing. What can be known depends on the mode:
//!
//! - `tls`, `tcp` on Linux: the kernel of the peer has acknowledged every byte of the batch (what was written to the
//!   socket, ciphertext under TLS, minus what SIOCOUTQ says is still unacknowledged), *and* the connection was up and open
//!   in both directions after that was read, *and* its first acknowledged byte was a second ago. Receivers that refuse
//!   a peer after they have accepted it (access lists, permitted peers, a client certificate under TLS 1.3) mostly close
//!   within that second, so what they threw away does not count; one that takes longer to refuse loses events. It does not prove that the receiver's process has read the bytes: what lies in
//!   its kernel's buffer when it crashes is lost; and behind a proxy "the peer" is the proxy. `relp` closes that gap.
//! - `tls`, `tcp` elsewhere: the bytes were written to a connection that lived for a second.
//! - `relp`, `relp_tcp`: the receiver has answered every message of the batch with 200.
//! - `udp`: nothing. A delivery resolves when the datagrams are handed to the kernel. `validate` and every start say so.
//!
//! When a connection ends in whatever way, all deliveries open on it fail, and the runtime writes their batches again:
//! at least once, in order, and the same bytes (but for the clock's time in an RFC 3164 header of an event without one). A receiver that merely stops reading is waited for as long as it likes, in
//! bounded memory (one formatted chunk and the kernel's buffers); a path on which data is sent again and again without
//! any answer is given up after `keepalive`.
//!
//! # Whom it trusts
//!
//! Over TLS the receiver's certificate is checked against `ca_file` alone if given, else against the platform's
//! authorities. A certificate that stands in `ca_file` itself is accepted for its name and time even where it is marked as
//! an authority's, as self-signed ones often are. With `fingerprint` and no `ca_file`, exactly the pinned certificates
//! are accepted, whatever their name; an expired one too, with a warning: the pin says which certificate it is, and an
//! appliance that nobody has renewed is still the same appliance. With both, both must be right. `verify: false` accepts
//! every certificate and warns at every start. In every case the handshake must be signed with the certificate's key.
//! Sessions are not resumed: each connection is checked anew.
//!
//! # Where it sends
//!
//! The addresses are ranked. The best one that answers is used; one that fails rests for half a second up to half a
//! minute while the next is tried at once. While a later one is in use, the earlier ones are tried every
//! `health_check_interval`, and one whose connection lasts takes over. Over `udp` nobody
//! answers, so there a later one stays in use until it fails.

mod address;
mod check;
mod config;
mod facility;
mod failover;
mod fingerprint;
mod link;
mod message;
mod pacing;
mod relp;
mod settings;
mod sink;

pub use address::Address;
pub use check::{Checked, check};
pub use config::{CceSyslogConfig, Fingerprints, Framing, HeaderKind, Mode, TlsConfig, TlsVersion, TooLong};
pub use facility::Facility;
pub use fingerprint::Fingerprint;
pub use link::Secured;
pub use message::{Chunk, Formatter, Message};
pub use settings::{Settings, Tls};
pub use sink::CceSyslog;
