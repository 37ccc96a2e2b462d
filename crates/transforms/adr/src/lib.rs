//! Transform adr: JumpCloud event to ADR event (OCSF 1.8.0), lossless
