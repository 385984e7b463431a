//! Who is asking: tokens and secrets as values. No SQL, no Ctx.

mod access_key;
mod password;
mod secret;

pub use access_key::{new_access_key_id, new_secret};
pub use password::{
    Invalid, MAX_PASSWORD_CHARS, PasswordClaims, SealError, TokenKey, open_password, seal_password,
};
pub use secret::{RandomError, Secret};
