//! What a receiver is to be, and the configuration that makes it so.

use std::path::Path;
use std::process::Command;

use super::example::Example;
use super::found::{self, Program};
use super::pki::Identity;

/// Which receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Debian's rsyslog.
    Rsyslog,
    /// Debian's syslog-ng.
    SyslogNg,
}

/// What it listens for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Plain TCP.
    Tcp,
    /// Datagrams.
    Udp,
    /// TLS over TCP.
    Tls,
    /// RELP over TCP; rsyslog only.
    Relp,
    /// RELP over TLS; rsyslog only, and never without client certificates.
    RelpTls,
}

/// How messages are told apart on a stream. rsyslog finds out by itself, for each message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Each after its length (RFC 6587, RFC 5425).
    OctetCounted,
    /// A line each.
    Lines,
}

/// Which clients a TLS listener lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clients {
    /// Any, without a certificate.
    All,
    /// Those with a certificate of the authority.
    Certified,
    /// Those whose certificate names [`CLIENT`](super::CLIENT); rsyslog only.
    Named,
    /// Those with the certificate of this fingerprint; rsyslog's imtcp only.
    Pinned(String),
}

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The message as it was sent, header included.
    AsSent,
    /// The parts that the receiver has found in it, with a tab between: priority, time, host, application, message
    /// id, structured data, body.
    InParts,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Which receiver.
    pub product: Product,
    /// What it listens for.
    pub wire: Wire,
    /// How messages are told apart.
    pub framing: Framing,
    /// Which clients it lets in, where the wire has TLS.
    pub clients: Clients,
    /// What it writes down.
    pub reading: Reading,
    /// The one version of TLS that it speaks.
    pub version: Version,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 1.2
    Tls12,
    /// 1.3
    Tls13,
}

impl Product {
    /// Its program, or what is missing.
    pub fn program(self) -> Result<Program, String> {
        match self {
            Self::Rsyslog => found::rsyslog(),
            Self::SyslogNg => found::syslog_ng(),
        }
    }
}

impl Setup {
    /// Octet counting, messages as sent, TLS 1.3 and client certificates asked for.
    pub fn new(product: Product, wire: Wire) -> Self {
        // All that imrelp can be trusted with.
        let clients = if wire == Wire::RelpTls { Clients::Named } else { Clients::Certified };
        Self {
            product,
            wire,
            framing: Framing::OctetCounted,
            clients,
            reading: Reading::AsSent,
            version: Version::Tls13,
        }
    }

    /// With this framing.
    #[must_use]
    pub fn framing(self, framing: Framing) -> Self {
        Self { framing, ..self }
    }

    /// With these clients let in.
    #[must_use]
    pub fn clients(self, clients: Clients) -> Self {
        Self { clients, ..self }
    }

    /// With this version of TLS.
    #[must_use]
    pub fn version(self, version: Version) -> Self {
        Self { version, ..self }
    }

    /// With messages written down in parts.
    #[must_use]
    pub fn in_parts(self) -> Self {
        Self { reading: Reading::InParts, ..self }
    }

    /// Where `folder` has the files of `identity` in `tls/`: writes the configuration, and gives the command that
    /// runs the receiver in the foreground with it.
    pub(super) fn command(&self, program: &Program, folder: &Path, port: u16, spare: u16) -> Command {
        let name = folder.display();
        match self.product {
            Product::Rsyslog => {
                self.rsyslog(folder, port, spare).write(&folder.join("receiver.conf"));
                let mut command = program.command();
                command.args(["-n", "-f", &format!("{name}/receiver.conf"), "-i", &format!("{name}/pid")]);
                if let Some(modules) = &program.modules {
                    command.arg("-M").arg(modules);
                }
                command
            }
            Product::SyslogNg => {
                self.syslog_ng(folder, port).write(&folder.join("receiver.conf"));
                let main = format!("@version: current\n@include \"{name}/receiver.conf\"\n");
                std::fs::write(folder.join("main.conf"), main).expect("the configuration is written");
                let mut command = program.command();
                command.args(["-F", "--no-caps", "-f", &format!("{name}/main.conf")]);
                command.args(["-R", &format!("{name}/persist"), "-p", &format!("{name}/pid")]);
                command.args(["-c", &format!("{name}/control")]);
                if let Some(modules) = &program.modules {
                    command.arg("--module-path").arg(modules);
                }
                command
            }
        }
    }

    fn rsyslog(&self, folder: &Path, port: u16, spare: u16) -> Example {
        let file = match self.wire {
            Wire::Tcp | Wire::Udp => "rsyslog.conf",
            Wire::Tls => "rsyslog-tls.conf",
            Wire::Relp | Wire::RelpTls => "rsyslog-relp.conf",
        };
        let example = self.places(Example::read(file), folder, "/etc/rsyslog.d/tls");
        let example = match self.wire {
            Wire::Tcp | Wire::Udp => example.port("514", port),
            Wire::Tls => {
                let example = example.put("\"NORMAL\"", &format!("\"{}\"", self.priorities()));
                self.rsyslog_clients(example.port("6514", port))
            }
            Wire::RelpTls => {
                let version = format!("tls=\"on\" tls.priorityString=\"{}\"", self.priorities());
                assert!(self.clients == Clients::Named, "imrelp cannot be set up for {:?}", self.clients);
                let example = example.port("2514", port).port("2515", spare);
                example.put("tls=\"on\"", &version)
            }
            Wire::Relp => example.port("2515", port).port("2514", spare),
        };
        match self.reading {
            Reading::AsSent => example,
            Reading::InParts => example.put(
                "%rawmsg%",
                "%pri%\\t%timestamp:::date-rfc3339%\\t%hostname%\\t%app-name%\\t%msgid%\\t%structured-data%\\t%msg%",
            ),
        }
    }

    /// In the words of GnuTLS.
    fn priorities(&self) -> &'static str {
        match self.version {
            Version::Tls12 => "NORMAL:-VERS-ALL:+VERS-TLS1.2",
            Version::Tls13 => "NORMAL:-VERS-ALL:+VERS-TLS1.3",
        }
    }

    fn rsyslog_clients(&self, example: Example) -> Example {
        let named = "streamDriver.authMode=\"x509/name\" permittedPeer=[\"client.example.com\"]";
        match &self.clients {
            Clients::Named => example,
            Clients::All => example.put(named, "streamDriver.authMode=\"anon\""),
            Clients::Certified => example.put(named, "streamDriver.authMode=\"x509/certvalid\""),
            Clients::Pinned(fingerprint) => example.put(
                named,
                &format!("streamDriver.authMode=\"x509/fingerprint\" permittedPeer=[\"SHA256:{fingerprint}\"]"),
            ),
        }
    }

    fn syslog_ng(&self, folder: &Path, port: u16) -> Example {
        let mut example = self.places(Example::read("syslog-ng.conf"), folder, "/etc/syslog-ng/tls");
        // The one source that is wanted keeps its port, the others are left out.
        let (source, its_port) = match (self.wire, self.framing) {
            (Wire::Tls, _) => ("s_adr_tls", "6514"),
            (Wire::Tcp, Framing::OctetCounted) => ("s_adr_tcp", "601"),
            (Wire::Tcp | Wire::Udp, _) => ("s_adr_lines", "514"),
            (wire, _) => panic!("syslog-ng does not speak {wire:?}"),
        };
        for other in ["s_adr_tls", "s_adr_tcp", "s_adr_lines"].into_iter().filter(|name| *name != source) {
            example = example.put(&format!("source({other});"), "");
        }
        example = example.put(&format!("port({its_port})"), &format!("port({port})"));
        if (self.wire, self.framing) == (Wire::Tls, Framing::Lines) {
            example = example.put("syslog(\n", "network(\n");
        }
        if self.wire == Wire::Tls {
            let clients = if self.clients == Clients::All { "optional-untrusted" } else { "required-trusted" };
            let other = if self.version == Version::Tls12 { "no-tlsv13" } else { "no-tlsv12" };
            let ours = format!("peer-verify({clients}) ssl-options(no-sslv2, no-sslv3, no-tlsv1, no-tlsv11, {other})");
            example = example.put("peer-verify(required-trusted)", &ours);
        }
        match self.reading {
            Reading::AsSent => example,
            Reading::InParts => example.put("flags(no-parse)", "keep-hostname(yes)").put(
                "template(\"$MESSAGE\\n\")",
                "frac-digits(6) template(\"$PRI\\t$S_ISODATE\\t$HOST\\t$PROGRAM\\t$MSGID\\t$SDATA\\t$MESSAGE\\n\")",
            ),
        }
    }

    /// The places that every example names.
    fn places(&self, example: Example, folder: &Path, tls: &str) -> Example {
        let folder = folder.display();
        let example = example.put("0.0.0.0", "127.0.0.1");
        let example = example.put("/var/log/jumpcloud-adr.log", &format!("{folder}/records"));
        if example.has(tls) { example.put(tls, &format!("{folder}/tls")) } else { example }
    }
}

/// Puts a certificate and its key where the configuration has them.
pub(super) fn install(identity: &Identity, folder: &Path) {
    std::fs::copy(&identity.certificate, folder.join("tls/server.pem")).expect("the certificate is put in place");
    std::fs::copy(&identity.key, folder.join("tls/server.key")).expect("the key is put in place");
}
