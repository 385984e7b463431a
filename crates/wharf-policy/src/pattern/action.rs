//! Patterns of `Action` and `NotAction`.

use super::{Case, Glob, Language};
use crate::document::Problem;

/// The actions of a statement. Case is ignored.
///
/// Most patterns are plain names, and most are not the requested one: those are found by their hashes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Actions {
    /// Names without wildcards, in lower case, sorted by their hashes.
    names: Box<[(u64, Box<str>)]>,
    /// Patterns with wildcards, in lower case.
    globs: Box<[Glob]>,
}

impl Actions {
    /// Reads the patterns of a statement.
    ///
    /// # Errors
    /// The place of the first bad one in the list, and what is wrong with it.
    pub(crate) fn parse<'a>(
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<Self, (usize, Problem)> {
        let (mut names, mut globs) = (Vec::new(), Vec::new());
        for (index, text) in texts.enumerate() {
            check(text).map_err(|problem| (index, problem))?;
            let lower = text.to_ascii_lowercase();
            if lower.contains(['*', '?']) {
                let glob = Glob::like(&lower, Language::Of2008)
                    .map_err(|_no_variables_in_2008| (index, Problem::ActionForm(lower)))?;
                globs.push(glob);
            } else {
                names.push((hash(&lower), lower.into_boxed_str()));
            }
        }
        names.sort();
        Ok(Self {
            names: names.into(),
            globs: globs.into(),
        })
    }

    /// Whether one of the patterns matches the action, which is in lower case; `hash` is the action's.
    pub(crate) fn matches(&self, action: &str, hash: u64) -> bool {
        let first = self.names.partition_point(|(its, _)| *its < hash);
        let named = self
            .names
            .iter()
            .skip(first)
            .take_while(|(its, _)| *its == hash)
            .any(|(_, name)| **name == *action);
        named
            || self
                .globs
                .iter()
                .any(|glob| glob.matches(action, Case::Sensitive, None))
    }
}

/// A number that equal names have in common (FNV-1a).
pub(crate) fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// `*`, or `prefix:Name` with wildcards in the name.
fn check(text: &str) -> Result<(), Problem> {
    if text == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = text.split_once(':') else {
        return Err(Problem::ActionVendor);
    };
    if name.contains(':') {
        return Err(Problem::ActionColons);
    }
    let in_vendor = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if vendor.is_empty() || !vendor.bytes().all(in_vendor) {
        return Err(Problem::VendorInvalid(vendor.to_owned()));
    }
    let in_name =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?' | b'-' | b'_');
    if name.is_empty() || !name.bytes().all(in_name) {
        return Err(Problem::ActionForm(text.to_owned()));
    }
    Ok(())
}
