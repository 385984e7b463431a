//! Who may: policy documents and their evaluation. No I/O, no async, no clock.

mod document;
mod evaluate;
mod pattern;

pub use document::{Document, Effect, MAX_DOCUMENT_BYTES, MAX_STATEMENTS, ParseError, ROOT_POLICY};
pub use evaluate::{Consulted, Decision, Outcome, Why, evaluate};
