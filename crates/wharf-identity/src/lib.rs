//! Who is asking: tokens and secrets as values. No SQL, no Ctx.

mod access_key;
mod jwks;
mod jwt;
mod password;
mod reference;
mod sealed;
mod secret;
mod session_token;

pub use access_key::{new_access_key_id, new_secret, new_session_key_id, new_unique_id};
pub use jwks::{JwksError, KeySet, MAX_JWKS_BYTES, MAX_KEYS};
pub use jwt::{CLOCK_SKEW_SECONDS, Claims, TOKEN_CHARS, TokenError, UnverifiedToken};
pub use password::{MAX_PASSWORD_CHARS, PasswordClaims, open_password, seal_password};
pub use reference::{MAX_REFERENCE_CHARS, open_reference, seal_reference};
pub use sealed::{Invalid, SealError, TokenKey};
pub use secret::{RandomError, Secret};
pub use session_token::{MAX_SESSION_TOKEN_CHARS, open_session_token, seal_session_token};
