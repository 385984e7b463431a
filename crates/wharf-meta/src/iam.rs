//! What IAM keeps: users, roles, groups, instance profiles, policies and OIDC providers, and what hangs on them.
//!
//! Each is one row of [`entities`], whatever its kind; the other tables refer to that row by its unique id, and it cannot
//! be deleted before they are empty of it.
pub mod attachments;
pub mod entities;
pub mod inline;
pub mod members;
pub mod strings;
pub mod tags;
pub mod versions;
