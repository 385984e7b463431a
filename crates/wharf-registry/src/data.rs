//! The only holder of rows. Its functions take a [`crate::Grant`] and no name beside it, and write the event from it.
//!
//! Outside this module nothing reaches a row, because the transaction inside [`Tx`] is private:
//!
//! ```compile_fail
//! fn peek(tx: &mut wharf_registry::data::Tx<'_>) {
//!     wharf_meta::tags::get(tx.meta, 1, "latest"); // field `meta` is private
//! }
//! ```
//!
//! And a grant cannot be made by hand:
//!
//! ```compile_fail
//! use wharf_registry::{Grant, action::PutImage};
//! fn forge(other: Grant<PutImage>) -> Grant<PutImage> {
//!     Grant { ..other } // private fields
//! }
//! ```
mod aliases;
pub mod bytes;
pub(crate) mod collecting;
pub mod events;
pub(crate) mod explaining;
pub(crate) mod following;
pub mod iam;
pub(crate) mod identities;
pub mod images;
pub(crate) mod listing;
pub(crate) mod measuring;
pub(crate) mod policies;
pub(crate) mod purging;
pub mod referrers;
pub mod repositories;
pub(crate) mod sessions;
pub(crate) mod trash;
pub(crate) mod undeleting;

/// A transaction, as operations see it: something to hand on to the functions of this module.
#[derive(Debug)]
pub struct Tx<'a> {
    meta: &'a mut wharf_meta::Tx,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(meta: &'a mut wharf_meta::Tx) -> Self {
        Self { meta }
    }
}
