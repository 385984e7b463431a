//! The registry's paths, parsed once and from the right, since repository names contain slashes.
//!
//! Pure: text in, [`Route`] or [`RouteError`] out. No router of the usual kind can match a wildcard in mid-path.
use http::Method;
use percent_encoding::percent_decode_str;
use wharf_wire::ids::{RepositoryName, UploadId};
use wharf_wire::oci::{Digest, InvalidReference, Reference};

use crate::limits::REGISTRY_PATH_BYTES;

/// What a path under `/v2/` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
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
}

/// Why a path names nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RouteError {
    /// No form of path matches.
    Unknown,
    /// A form that this registry does not serve yet.
    NotServed(&'static str),
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
    /// Source: OCI distribution, "Endpoints"; ecr.md 6.2.
    pub(crate) fn parse(path: &str) -> Result<Self, RouteError> {
        if path.is_empty() || path == "/" {
            return Ok(Self::Base);
        }
        if path.len() > REGISTRY_PATH_BYTES {
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
            ["_catalog"] => Err(RouteError::NotServed("the catalog")),
            [.., "referrers", _] => Err(RouteError::NotServed("the list of referrers")),
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
            [name @ .., "blobs", digest] => {
                let name = repository(name)?;
                let digest = Digest::parse(digest).map_err(|_invalid| RouteError::BlobDigest)?;
                Ok(Self::Blob(name, digest))
            }
            _ => Err(RouteError::Unknown),
        }
    }

    /// The methods that make sense here, for `Allow`.
    pub(crate) fn allowed(&self) -> &'static str {
        match self {
            Self::Base | Self::Tags(_) | Self::Blob(..) => "GET, HEAD",
            Self::Manifest(..) => "GET, HEAD, PUT, DELETE",
            Self::Uploads(_) => "POST",
            Self::Upload(..) => "GET, PATCH, PUT, DELETE",
        }
    }

    /// The repository in the path.
    pub(crate) fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::Base => None,
            Self::Manifest(name, _)
            | Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Upload(name, _)
            | Self::Tags(name) => Some(name),
        }
    }

    /// The IAM action that is decided on, for the log; `None` where the method is not served.
    ///
    /// Source: ecr.md 6.2; design: status and cancel of an upload are `UploadLayerPart`.
    pub(crate) fn action(&self, method: &Method) -> Option<&'static str> {
        match (self, method) {
            (Self::Base, &Method::GET | &Method::HEAD) => Some("v2"),
            (Self::Tags(_), &Method::GET | &Method::HEAD) => Some("ecr:ListImages"),
            (Self::Manifest(..), &Method::GET | &Method::HEAD) => Some("ecr:BatchGetImage"),
            (Self::Manifest(..), &Method::PUT) => Some("ecr:PutImage"),
            (Self::Manifest(..), &Method::DELETE) => Some("ecr:BatchDeleteImage"),
            (Self::Blob(..), &Method::HEAD) => Some("ecr:BatchCheckLayerAvailability"),
            (Self::Blob(..), &Method::GET) => Some("ecr:GetDownloadUrlForLayer"),
            (Self::Uploads(_), &Method::POST) => Some("ecr:InitiateLayerUpload"),
            (Self::Upload(..), &Method::GET | &Method::PATCH | &Method::DELETE) => {
                Some("ecr:UploadLayerPart")
            }
            (Self::Upload(..), &Method::PUT) => Some("ecr:CompleteLayerUpload"),
            _ => None,
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
        assert!(matches!(
            Route::parse("/_catalog"),
            Err(RouteError::NotServed(_))
        ));
        assert!(matches!(
            Route::parse(&format!("/ab/referrers/{DIGEST}")),
            Err(RouteError::NotServed(_))
        ));
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
