//! RELP: syslog messages in frames with a number, each answered by the receiver. Written after the protocol's
//! specification (`doc/relp.md` of librelp), and after what librelp does where that is silent.

mod frame;
mod link;
mod session;
#[cfg(test)]
mod tests;
mod window;
mod words;

pub(crate) use link::RelpLink;
