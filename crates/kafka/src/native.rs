//! What librdkafka can do and rdkafka does not offer.
#![expect(unsafe_code, reason = "rdkafka has no safe call for these")]

use std::ffi::{CString, c_char};
use std::ptr;
use std::time::Duration;

use adr_core::{Failure, FailureKind};
use rdkafka::ClientContext;
use rdkafka::bindings::{
    rd_kafka_flush, rd_kafka_get_watermark_offsets, rd_kafka_oauthbearer_set_token, rd_kafka_resp_err_t,
};
use rdkafka::client::Client;

use crate::told::Told;

/// Gives a client a token, where nothing polls it: rdkafka's admin clients ask nobody for theirs.
pub(crate) fn give_token(client: &Client<Told>) -> Result<(), Failure> {
    let token = client.context().token()?;
    let nul = |_| Failure::new(FailureKind::Config, "the token has a NUL in it");
    let (text, name) = (CString::new(token.token).map_err(nul)?, CString::new(token.principal_name).map_err(nul)?);
    let mut why = [0 as c_char; 256];
    // SAFETY: the client lives as long as it is borrowed, and every text as long as the call, which copies them.
    let answer = unsafe {
        rd_kafka_oauthbearer_set_token(
            client.native_ptr(),
            text.as_ptr(),
            token.lifetime_ms,
            name.as_ptr(),
            ptr::null_mut(),
            0,
            why.as_mut_ptr(),
            why.len(),
        )
    };
    match answer {
        rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        _ => Err(Failure::new(FailureKind::Config, "librdkafka does not take the token")),
    }
}

/// Sends what waits for others to go with it at once, and waits until all is delivered, at most for `limit`. The
/// reports must be taken meanwhile, by another thread. Whether all were, the reports say.
pub fn flush<C: ClientContext>(client: &Client<C>, limit: Duration) {
    let limit = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the client lives as long as it is borrowed; the call touches nothing of ours.
    unsafe { rd_kafka_flush(client.native_ptr(), limit) };
}

/// The first offset that a partition has, as the last fetch of this client found it. Asks nobody.
pub fn known_start<C: ClientContext>(client: &Client<C>, topic: &str, partition: i32) -> Option<i64> {
    let topic = CString::new(topic).ok()?;
    let (mut start, mut end) = (-1, -1);
    // SAFETY: the client lives as long as it is borrowed, and so do the text and the two places it writes to.
    let answer = unsafe {
        rd_kafka_get_watermark_offsets(client.native_ptr(), topic.as_ptr(), partition, &raw mut start, &raw mut end)
    };
    (answer == rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && start >= 0).then_some(start)
}
