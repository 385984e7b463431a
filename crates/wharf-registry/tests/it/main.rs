//! The registry's rules against the outside world, which is a server in this process.

// The one that the tests of the whole product use, too.
#[cfg(test)]
#[path = "../../../wharfinger/tests/it/support/issuer.rs"]
mod issuer;
#[cfg(test)]
mod oidc;
