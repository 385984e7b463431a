//! Ids that are made here: request ids, event ids, surrogate ids.
use uuid::Uuid;

use crate::{Error, Micros, Result};

/// A request id: a random UUID, as every AWS answer carries one.
pub fn new_request_id() -> String {
    Uuid::new_v4().to_string()
}

/// An upload id: a random UUID, so that nobody guesses another's.
pub(crate) fn new_upload_id() -> String {
    Uuid::new_v4().to_string()
}

/// An event id: a `UUIDv7` of `now`, so that ids sort by time.
pub(crate) fn event_id(now: Micros) -> String {
    let seconds = u64::try_from(now.div_euclid(1_000_000)).unwrap_or(0);
    let nanos = u32::try_from(now.rem_euclid(1_000_000) * 1_000).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos)).to_string()
}

/// A surrogate id: 53 bits of time and 10 random ones, so that rows made together lie together.
/// Two of the same microsecond may collide; the primary key refuses the second and the client's retry makes another.
pub(crate) fn surrogate_id(now: Micros) -> Result<i64> {
    let mut random = [0_u8; 2];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    Ok((now << 10) | i64::from(u16::from_le_bytes(random) & 0x3ff))
}
