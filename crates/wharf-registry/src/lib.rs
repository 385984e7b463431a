//! What it all means: the operations of every service, who may use them, and the rules that images, layers and tags obey.
//!
//! Every path to data goes through [`authorize`] to a [`Grant`]: see [`data`].
pub mod action;
pub mod authorize;
pub mod catalog;
mod clock;
pub mod collect;
mod ctx;
pub mod data;
pub mod deviations;
mod error;
mod failpoint;
mod identity;
mod ids;
pub mod images;
pub mod jobs;
mod keyring;
mod known;
pub mod layers;
mod managed;
pub mod mount;
mod mutability;
pub mod oidc;
pub mod ops;
mod outbound;
mod page;
pub mod referrers;
mod registry_settings;
mod service;
mod settings;
mod simulate;
pub mod stats;
pub mod sweep;
pub mod tags;
mod trail;
pub mod trash;
pub mod uploads;
mod usage;
pub mod why;

pub use authorize::Grant;
pub use clock::Clock;
pub use ctx::{Body, BodyError, Ctx, Endpoint, Plane, Principal, RequestInfo};
pub use error::{Error, QueryError};
pub use failpoint::Failpoints;
pub use ids::new_request_id;
pub use keyring::RegistryKeyRef;
pub use outbound::OutboundSettings;
pub use page::MAX_PAGE;
pub use service::{AccessKey, AccountInfo, PasswordError, Service};
pub use settings::{Compat, RootCredentials, Settings};
pub use trail::{Decided, Trail};
pub use wharf_identity::Secret;

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// What an operation answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
