//! The streams: every receiver, transport and framing with a connection that can break.

use adr_tests::receivers::{Framing, Product, Setup, Wire};

use crate::Case;

/// A test of a stream, with its name.
pub(crate) type Named = (&'static str, fn(&Setup));

/// For each stream the cases of a group that `tests` says there are.
pub(crate) fn cases(group: &str, tests: impl Fn(Wire) -> Vec<Named>) -> Vec<Case> {
    use Product::{Rsyslog, SyslogNg};
    let streams = [
        (Rsyslog, Wire::Tcp, Framing::OctetCounted),
        (Rsyslog, Wire::Tcp, Framing::Lines),
        (Rsyslog, Wire::Tls, Framing::OctetCounted),
        (Rsyslog, Wire::Relp, Framing::OctetCounted),
        (Rsyslog, Wire::RelpTls, Framing::OctetCounted),
        (SyslogNg, Wire::Tcp, Framing::OctetCounted),
        (SyslogNg, Wire::Tls, Framing::OctetCounted),
    ];
    let mut cases = Vec::new();
    for (product, wire, framing) in streams {
        let setup = Setup::new(product, wire).framing(framing);
        let stream = format!("{product:?}_{wire:?}_{framing:?}").to_lowercase();
        cases.extend(tests(wire).into_iter().map(|(what, test)| {
            let setup = setup.clone();
            Case::new(format!("{group}::{stream}_{what}"), product, move || test(&setup))
        }));
    }
    cases
}
