//! Where the bytes of a layer lie for whoever holds a URL of it: `/layers/{account}/{region}/{repository}/sha256/{hex}`.
//!
//! Outside of `/v2/`, which wants a password, and of `/`, which is the AWS API's. Of letters, digits, `.`, `_`, `-` and
//! slashes only, so that no client has reason to write it in another way, and no other way is taken.

use std::fmt;

use crate::ids::{AccountId, Region, RepositoryName};
use crate::oci::Digest;

/// What all these paths begin with.
pub const PREFIX: &str = "/layers/";

/// The longest path, in bytes.
const MAX_BYTES: usize = 1_024;

/// A layer, as the path of its URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerPath {
    /// Whose registry it is.
    pub account: AccountId,
    /// Where that is.
    pub region: Region,
    /// The repository through which it is served.
    pub repository: RepositoryName,
    /// Its content.
    pub digest: Digest,
}

impl LayerPath {
    /// Reads a path as it was sent; `None` for any that [`LayerPath`] does not render.
    pub fn parse(path: &str) -> Option<Self> {
        if path.len() > MAX_BYTES {
            return None;
        }
        let (account, rest) = path.strip_prefix(PREFIX)?.split_once('/')?;
        let (region, rest) = rest.split_once('/')?;
        let (rest, hex) = rest.rsplit_once('/')?;
        let (repository, algorithm) = rest.rsplit_once('/')?;
        Some(Self {
            account: AccountId::parse(account).ok()?,
            region: Region::parse(region).ok()?,
            repository: RepositoryName::parse(repository).ok()?,
            digest: Digest::parse(&format!("{algorithm}:{hex}")).ok()?,
        })
    }
}

impl fmt::Display for LayerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account,
            region,
            repository,
            digest,
        } = self;
        let (algorithm, hex) = (digest.algorithm().as_str(), digest.hex());
        write!(
            f,
            "{PREFIX}{account}/{region}/{repository}/{algorithm}/{hex}"
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(repository: &str) -> LayerPath {
        LayerPath {
            account: AccountId::parse("123456789012").unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
            repository: RepositoryName::parse(repository).unwrap(),
            digest: Digest::of(b"a layer"),
        }
    }

    #[test]
    fn a_path_is_read_as_it_is_rendered_and_in_no_other_way() {
        let team = path("team/sha256/app");
        let text = team.to_string();
        let (rest, hex) = text.rsplit_once('/').unwrap();
        assert_eq!(
            rest,
            "/layers/123456789012/eu-west-1/team/sha256/app/sha256"
        );
        assert_eq!(hex, team.digest.hex());
        assert_eq!(LayerPath::parse(&text), Some(team));
        for bent in [
            text.replace("/team/", "/TEAM/"),
            text.replace("/team/", "//team/"),
            text.replace("/team/", "/./team/"),
            text.replace("/team/", "/x/../team/"),
            text.replace("team/sha256/app", "team%2Fsha256%2Fapp"),
            text.replace("eu-west-1", "EU-WEST-1"),
            text.replace("123456789012", "12345678901"),
            text.replace("123456789012/", ""),
            text.replace("app/sha256/", "app/sha256:"),
            text.replace("app/sha256/", "app/md5/"),
            text.replace("/layers/", "/Layers/"),
            text.replace("/layers/", "//layers/"),
            text.replace("/team/sha256/app", ""),
            text.to_uppercase(),
            format!("{text}/"),
            format!("{text}0"),
            format!("{text}%20"),
            format!("{text}\0"),
            text.replace("team", &"t/".repeat(1_000)),
            PREFIX.to_owned(),
            String::new(),
        ] {
            assert_eq!(LayerPath::parse(&bent), None, "{bent}");
        }
    }

    #[test]
    fn the_longest_name_and_digest_fit() {
        let mut longest = path(&"r".repeat(256));
        longest.digest = Digest::from_sha512([0xab; 64]);
        assert_eq!(LayerPath::parse(&longest.to_string()), Some(longest));
    }

    proptest! {
        #[test]
        fn what_is_read_renders_to_the_same_bytes(text in "/layers/[0-9]{12}/us-east-1/[a-c/._-]{0,8}/sha(256|512)/[0-9a-f]{64}") {
            if let Some(path) = LayerPath::parse(&text) {
                prop_assert_eq!(path.to_string(), text);
            }
        }

        #[test]
        fn reading_never_panics(text in "(/layers/)?.{0,80}") {
            prop_assert_eq!(LayerPath::parse(&text), None);
        }
    }
}
