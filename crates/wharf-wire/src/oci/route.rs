//! The registry's paths, parsed once and from the right, since repository names contain slashes.
//!
//! Pure: text in, [`Route`] or [`RouteError`] out. No router of the usual kind can match a wildcard in mid-path.
use percent_encoding::percent_decode_str;

use super::{Digest, InvalidReference, Reference};
use crate::ids::{RepositoryName, UploadId};

/// The longest path of the registry protocol, in bytes after `/v2`, still encoded.
pub const MAX_PATH_BYTES: usize = 1_024;

/// What a path under `/v2/` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/v2/`: is this a registry, and am I known?
    Base,
    /// `/v2/{name}/manifests/{reference}`
    Manifest(RepositoryName, Reference),
    /// `/v2/{name}/blobs/{digest}`
    Blob(RepositoryName, Digest),
    /// `/v2/{name}/blobs/uploads/`
    Uploads(RepositoryName),
    /// `/v2/{name}/blobs/uploads/{id}`
    Upload(RepositoryName, UploadId),
    /// `/v2/{name}/tags/list`
    Tags(RepositoryName),
    /// `/v2/{name}/referrers/{digest}`
    Referrers(RepositoryName, Digest),
    /// `/v2/_catalog`
    Catalog,
}

/// Why a path names nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteError {
    /// No form of path matches.
    Unknown,
    /// The repository's name is not one.
    Name(String),
    /// The digest of a blob is not one.
    BlobDigest,
    /// The digest of a manifest is not one.
    ManifestDigest,
    /// The tag is not one.
    Tag(String),
    /// The upload's id cannot be one of ours.
    Upload {
        /// The repository in the path.
        name: RepositoryName,
        /// What stands in the place of the id.
        id: String,
    },
}

impl Route {
    /// Parses the part of a path after `/v2`, still percent-encoded.
    ///
    /// Each component is decoded once and strictly; one that is empty, `.`, `..`, or hides a slash belongs to no route.
    ///
    /// # Errors
    /// [`RouteError`] names the part that is none.
    /// Source: OCI distribution, "Endpoints"; ecr.md 6.2.
    pub fn parse(path: &str) -> Result<Self, RouteError> {
        if path.is_empty() || path == "/" {
            return Ok(Self::Base);
        }
        if path.len() > MAX_PATH_BYTES {
            return Err(RouteError::Unknown);
        }
        let path = path.strip_prefix('/').ok_or(RouteError::Unknown)?;
        // The only form that ends in a slash; without it clients mean the same.
        let (path, slash) = match path.strip_suffix('/') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let components = path
            .split('/')
            .map(component)
            .collect::<Option<Vec<String>>>()
            .ok_or(RouteError::Unknown)?;
        let components: Vec<&str> = components.iter().map(String::as_str).collect();
        match components.as_slice() {
            [name @ .., "blobs", "uploads"] => Ok(Self::Uploads(repository(name)?)),
            _ if slash => Err(RouteError::Unknown),
            ["_catalog"] => Ok(Self::Catalog),
            [name @ .., "tags", "list"] => Ok(Self::Tags(repository(name)?)),
            [name @ .., "blobs", "uploads", id] => {
                let name = repository(name)?;
                match UploadId::parse(id) {
                    Ok(id) => Ok(Self::Upload(name, id)),
                    Err(_invalid) => Err(RouteError::Upload {
                        name,
                        id: (*id).to_owned(),
                    }),
                }
            }
            [name @ .., "manifests", reference] => {
                let name = repository(name)?;
                let reference = Reference::parse(reference).map_err(|invalid| match invalid {
                    InvalidReference::Digest => RouteError::ManifestDigest,
                    InvalidReference::Tag => RouteError::Tag((*reference).to_owned()),
                })?;
                Ok(Self::Manifest(name, reference))
            }
            [name @ .., "referrers", digest] => {
                let name = repository(name)?;
                let digest =
                    Digest::parse(digest).map_err(|_invalid| RouteError::ManifestDigest)?;
                Ok(Self::Referrers(name, digest))
            }
            [name @ .., "blobs", digest] => {
                let name = repository(name)?;
                let digest = Digest::parse(digest).map_err(|_invalid| RouteError::BlobDigest)?;
                Ok(Self::Blob(name, digest))
            }
            _ => Err(RouteError::Unknown),
        }
    }

    /// The repository in the path.
    pub fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::Base | Self::Catalog => None,
            Self::Manifest(name, _)
            | Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Upload(name, _)
            | Self::Tags(name)
            | Self::Referrers(name, _) => Some(name),
        }
    }
}

/// Decodes one path component; `None` for what no component may be.
fn component(text: &str) -> Option<String> {
    let well_formed = text.split('%').skip(1).all(|escape| {
        let mut digits = escape.bytes();
        let mut hex = || digits.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        hex() && hex()
    });
    if !well_formed {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    let harmless = !decoded.is_empty()
        && decoded != "."
        && decoded != ".."
        && !decoded.contains(['/', '\\', '%'])
        && !decoded.chars().any(char::is_control);
    harmless.then(|| decoded.into_owned())
}

fn repository(components: &[&str]) -> Result<RepositoryName, RouteError> {
    if components.is_empty() {
        return Err(RouteError::Unknown);
    }
    let name = components.join("/");
    RepositoryName::parse(&name).map_err(|_invalid| RouteError::Name(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const UPLOAD: &str = "8d6f4c3e-0b1a-4c2d-9e8f-001122334455";

    fn name(text: &str) -> RepositoryName {
        RepositoryName::parse(text).unwrap()
    }

    #[test]
    fn names_may_contain_slashes_and_the_fixed_words() {
        let digest = Digest::parse(DIGEST).unwrap();
        let latest = Reference::parse("latest").unwrap();
        for repository in [
            "ab",
            "a/b/c",
            "a/manifests/b",
            "manifests/manifests",
            "blobs/uploads",
            "tags/list/blobs",
            "a/blobs/uploads/manifests",
        ] {
            let path = |rest: &str| Route::parse(&format!("/{repository}/{rest}"));
            let repository = name(repository);
            assert_eq!(path("tags/list"), Ok(Route::Tags(repository.clone())));
            assert_eq!(
                path("manifests/latest"),
                Ok(Route::Manifest(repository.clone(), latest.clone()))
            );
            assert_eq!(
                path(&format!("blobs/{DIGEST}")),
                Ok(Route::Blob(repository.clone(), digest.clone()))
            );
            assert_eq!(
                path(&format!("referrers/{DIGEST}")),
                Ok(Route::Referrers(repository.clone(), digest.clone()))
            );
            assert_eq!(
                path("blobs/uploads/"),
                Ok(Route::Uploads(repository.clone()))
            );
            assert_eq!(
                path("blobs/uploads"),
                Ok(Route::Uploads(repository.clone()))
            );
            assert_eq!(
                path(&format!("blobs/uploads/{UPLOAD}")),
                Ok(Route::Upload(repository, UploadId::parse(UPLOAD).unwrap()))
            );
        }
        assert_eq!(Route::parse("/"), Ok(Route::Base));
        assert_eq!(Route::parse(""), Ok(Route::Base));
        assert_eq!(Route::parse("/_catalog"), Ok(Route::Catalog));
    }

    #[test]
    fn an_encoded_colon_is_a_colon_and_an_encoded_slash_is_no_slash() {
        let encoded = format!("/ab/blobs/{}", DIGEST.replace(':', "%3A"));
        assert_eq!(
            Route::parse(&encoded),
            Ok(Route::Blob(name("ab"), Digest::parse(DIGEST).unwrap()))
        );
        for hostile in [
            "/a%2fb/tags/list",
            "/ab%2Ftags%2Flist",
            "/ab/%2e%2e/tags/list",
            "/ab/../tags/list",
            "/./tags/list",
            "/ab//tags/list",
            "//ab/tags/list",
            "/ab/tags/list/",
            "/ab/tags/%6cist%",
            "/ab/tags/%zz",
            "/a%00b/tags/list",
            "/ab%255c/tags/list",
            "/ab%5cc/tags/list",
            "/%ff%fe/tags/list",
            "/tags/list",
            "/manifests/latest",
            "/ab",
            "/ab/blobs",
            "/ab/blobs/uploads//",
            "ab/tags/list",
        ] {
            assert_eq!(Route::parse(hostile), Err(RouteError::Unknown), "{hostile}");
        }
        let long = format!("/{}/tags/list", "a/".repeat(600));
        assert_eq!(Route::parse(&long), Err(RouteError::Unknown));
    }

    #[test]
    fn each_malformed_part_is_told_apart() {
        assert_eq!(
            Route::parse("/Ab/tags/list"),
            Err(RouteError::Name("Ab".to_owned()))
        );
        assert_eq!(
            Route::parse("/ab/blobs/sha256:../../x"),
            Err(RouteError::Unknown)
        );
        for digest in ["sha256:XY", "md5:00", "x", "sha256:"] {
            assert_eq!(
                Route::parse(&format!("/ab/blobs/{digest}")),
                Err(RouteError::BlobDigest)
            );
        }
        assert_eq!(
            Route::parse("/ab/manifests/a+b"),
            Err(RouteError::Tag("a+b".to_owned()))
        );
        assert_eq!(
            Route::parse("/ab/blobs/uploads/1234"),
            Err(RouteError::Upload {
                name: name("ab"),
                id: "1234".to_owned()
            })
        );
        assert_eq!(
            Route::parse("/ab/referrers/x"),
            Err(RouteError::ManifestDigest)
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(path in "\\PC{0,80}") {
            // What cannot be an HTTP target at all is parsed without harm, too.
            drop((Route::parse(&path), Route::parse(&format!("/{path}/manifests/{path}"))));
        }

        #[test]
        fn what_is_parsed_is_well_formed(
            path in "(/|%2[fFeE]|\\.|a|b|A|blobs|uploads|tags|list|manifests|sha256:|-|_){0,12}",
        ) {
            if let Ok(route) = Route::parse(&path)
                && let Some(name) = route.repository()
            {
                prop_assert!(RepositoryName::parse(name.as_str()).is_ok());
                let plain = path.to_ascii_lowercase();
                prop_assert!(!plain.contains("%2f") && !plain.contains(".."));
            }
        }
    }
}
