//! Collection: what nobody refers to goes, a while after the last one did.
//!
//! A link goes that no manifest holds, once the trash does not need it and nobody was told within a day that it exists. A
//! blob goes with its last link: it is given up at once, and its bytes stay two hours for those who are reading them. An
//! image follows the index or subject that was removed, a day later, if nothing else refers to it.
use serde::Serialize;

use crate::{Result, Service, jobs};

/// What a collection has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// Images moved to the trash, because what they followed was removed.
    pub images: u64,
    /// Layers taken from repositories.
    pub layers: u64,
    /// Blobs whose bytes are freed.
    pub blobs: u64,
    /// Those bytes.
    pub bytes: u64,
}

/// Collects everything that is due, now: when the operator asks. A collection that runs already ends first.
///
/// # Errors
/// `Unavailable` when the store refuses. What was removed is removed.
pub async fn run(service: &Service) -> Result<Collected> {
    jobs::collect_now(service).await
}

#[cfg(test)]
pub(crate) mod tests;
