//! Who may: policy documents and their evaluation. No I/O, no async, no clock.
//!
//! A [`Document`] is read once; [`evaluate()`] decides on a [`RequestContext`] with all documents that concern it, and
//! [`explain()`] says why.

mod condition;
mod document;
mod evaluate;
mod explain;
mod instant;
mod json;
mod layout;
mod lint;
mod pattern;
mod principal;
mod request;

pub use document::{
    Document, Effect, Kind, MAX_STATEMENTS, ParseError, Problem, ROOT_POLICY, Span,
    UnknownPrincipal,
};
pub use evaluate::{Decision, Inputs, Outcome, Place, Policy, PolicySet, ResourceKind, evaluate};
pub use explain::{ConditionResult, Consulted, Explanation, SetVerdict, explain};
pub use instant::{date_text, is_date};
pub use layout::{in_ecr_layout, rename_principals};
pub use lint::{Finding, Rule, guess, lint};
pub use principal::{FederatedUser, Principal, RoleSession, Root, User};
pub use request::{ContextTooLarge, MAX_KEYS, MAX_VALUE_BYTES, MAX_VALUES, RequestContext};
