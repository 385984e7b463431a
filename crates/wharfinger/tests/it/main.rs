//! The binary as its users meet it: started as a process, spoken to by real clients.
//!
//! One file per client or property; `support` starts servers and speaks raw HTTP.
//! Nothing here is skipped: a client that is missing fails its test by name, and `./test`
//! installs what is missing.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod aws_cli;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod compat;
#[cfg(test)]
mod completions;
#[cfg(test)]
mod config_show;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod docker;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod github_actions;
#[cfg(test)]
mod layer_urls;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod mutability;
#[cfg(test)]
mod negatives;
#[cfg(test)]
mod nonces;
#[cfg(test)]
mod oci;
#[cfg(test)]
mod order;
#[cfg(test)]
mod own_issuer;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod race;
#[cfg(test)]
mod resource_policies;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod skopeo;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod stats;
#[cfg(test)]
mod support;
#[cfg(test)]
mod terraform;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod trash;
#[cfg(test)]
mod undelete;
