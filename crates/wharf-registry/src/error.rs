//! What can go wrong, in the domain's words. Each wire maps it in one place; the text is ECR's on every wire.
use std::fmt::Display;

use wharf_wire::awsjson::DecodeError;
use wharf_wire::oci::ManifestError;

mod query;

pub use query::QueryError;

/// A refusal or a failure of an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum Error {
    RepositoryNotFound {
        name: String,
        registry: String,
    },
    RepositoryAlreadyExists {
        name: String,
        registry: String,
    },
    RepositoryNotEmpty {
        name: String,
        registry: String,
    },
    ImageNotFound {
        digest: Option<String>,
        tag: Option<String>,
        name: String,
        registry: String,
    },
    ImageAlreadyExists {
        digest: String,
        tag: Option<String>,
        name: String,
        registry: String,
    },
    ImageTagAlreadyExists {
        tag: String,
        name: String,
    },
    ImageDigestDoesNotMatch {
        given: String,
        computed: String,
    },
    /// An index that still exists holds the image.
    ImageReferencedByManifestList {
        parents: Vec<String>,
    },
    /// Layers that a pushed manifest names are not in the repository.
    LayersNotFound {
        digests: Vec<String>,
        name: String,
        registry: String,
    },
    /// One layer that was asked for.
    LayerNotFound {
        digest: String,
        name: String,
        registry: String,
    },
    /// A layer that is there, and that no image holds.
    LayerInaccessible {
        digest: String,
        name: String,
        registry: String,
    },
    /// A layer that is to be deleted while images hold it.
    LayerInUse {
        digest: String,
        images: Vec<String>,
    },
    ReferencedImagesNotFound {
        digests: Vec<String>,
        name: String,
        registry: String,
    },
    InvalidParameter {
        member: String,
        reason: String,
    },
    /// Two members that exclude each other, and the like: no member to name.
    InvalidParameters {
        reason: String,
    },
    InvalidManifest(ManifestError),
    InvalidTag {
        tag: String,
    },
    InvalidTagParameter {
        reason: String,
    },
    TooManyTags {
        name: String,
        registry: String,
    },
    LimitExceeded {
        reason: String,
    },
    Kms {
        code: String,
        reason: String,
    },
    UploadNotFound {
        id: String,
        name: String,
        registry: String,
    },
    /// The bytes received do not have the digest the client named.
    DigestMismatch {
        given: String,
        computed: String,
    },
    DigestInvalid,
    /// An algorithm that is not served (yet).
    DigestUnsupported {
        digest: String,
    },
    /// A chunk that does not begin where the upload stands. `received`: bytes stored so far.
    UploadRange {
        received: u64,
    },
    /// A part whose place or length is not what the upload needs. `received`: bytes stored so far.
    InvalidLayerPart {
        id: String,
        name: String,
        registry: String,
        received: u64,
        reason: String,
    },
    /// An upload that was to be completed without a part.
    EmptyUpload {
        id: String,
        name: String,
        registry: String,
    },
    /// A part other than the last that is smaller than parts may be. `first`: where it begins.
    LayerPartTooSmall {
        id: String,
        first: u64,
        size: u64,
        least: u64,
    },
    /// The upload's bytes are a layer that the repository has.
    LayerAlreadyExists {
        digest: String,
        name: String,
        registry: String,
    },
    /// The body's length is not what the headers said.
    SizeInvalid {
        reason: String,
    },
    BodyTooLarge {
        limit: u64,
    },
    BodyTimeout,
    BodyAborted,
    /// A byte range that the blob does not have. `size`: its bytes.
    RangeNotSatisfiable {
        size: u64,
    },
    AccessDenied {
        reason: String,
    },
    /// The access key that signed, or that the token was made from, is gone.
    CredentialsGone,
    /// The session that signed, or that the token was made from, has ended.
    ExpiredToken,
    /// A refusal of IAM or STS, with the code of their models.
    Query(QueryError),
    /// A repository that has no policy.
    RepositoryPolicyNotFound {
        name: String,
        registry: String,
    },
    /// A registry that has no policy.
    RegistryPolicyNotFound {
        registry: String,
    },
    UnknownOperation {
        operation: String,
    },
    Serialization {
        reason: String,
    },
    /// Too little disk is free to take more.
    StorageLow,
    /// The database's disk is full: nothing was written.
    StorageFull,
    /// The store refuses writes, or cannot be reached.
    Unavailable {
        cause: String,
    },
    /// A fault of ours. The cause is for the log, never for the client.
    Internal {
        cause: String,
    },
}

impl Error {
    /// `InvalidParameterException` about one member.
    pub fn invalid(member: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidParameter {
            member: member.into(),
            reason: reason.into(),
        }
    }

    /// A fault of ours, with its cause for the log.
    pub fn internal(cause: impl Display) -> Self {
        Self::Internal {
            cause: cause.to_string(),
        }
    }

    /// What the client is told: ECR's text.
    pub fn message(&self) -> String {
        match self {
            Self::RepositoryNotFound { name, registry } => {
                format!(
                    "The repository with name '{name}' does not exist in the registry with id '{registry}'"
                )
            }
            Self::RepositoryAlreadyExists { name, registry } => {
                format!(
                    "The repository with name '{name}' already exists in the registry with id '{registry}'"
                )
            }
            Self::RepositoryNotEmpty { name, registry } => format!(
                "The repository with name '{name}' in registry with id '{registry}' cannot be deleted because it still contains images"
            ),
            Self::UploadNotFound { id, name, registry } => format!(
                "Upload with id '{id}' does not exist for the repository with name '{name}' in the registry with id '{registry}'"
            ),
            Self::InvalidParameter { member, reason } => {
                format!("Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'")
            }
            Self::InvalidTag { tag } => {
                format!(
                    "Invalid parameter at 'imageTag' failed to satisfy constraint: '{}'",
                    invalid_tag_reason(tag)
                )
            }
            Self::InvalidManifest(error) => {
                format!(
                    "Invalid parameter at 'ImageManifest' failed to satisfy constraint: '{error}'"
                )
            }
            Self::TooManyTags { name, registry } => format!(
                "The repository with name '{name}' in registry with id '{registry}' cannot have more than 50 tags"
            ),
            Self::ImageNotFound { .. }
            | Self::ImageAlreadyExists { .. }
            | Self::ImageTagAlreadyExists { .. }
            | Self::ImageDigestDoesNotMatch { .. }
            | Self::ImageReferencedByManifestList { .. }
            | Self::LayersNotFound { .. }
            | Self::LayerNotFound { .. }
            | Self::LayerInUse { .. }
            | Self::ReferencedImagesNotFound { .. } => self.image_message(),
            Self::InvalidLayerPart { .. }
            | Self::EmptyUpload { .. }
            | Self::LayerPartTooSmall { .. }
            | Self::LayerAlreadyExists { .. } => self.upload_message(),
            Self::Query(error) => error.message.clone(),
            Self::InvalidParameters { reason }
            | Self::InvalidTagParameter { reason }
            | Self::LimitExceeded { reason }
            | Self::Kms { reason, .. }
            | Self::SizeInvalid { reason }
            | Self::AccessDenied { reason }
            | Self::Serialization { reason } => reason.clone(),
            _ => self.transfer_message(),
        }
    }

    fn image_message(&self) -> String {
        match self {
            Self::ImageNotFound {
                digest,
                tag,
                name,
                registry,
            } => {
                let (digest, tag) = (
                    digest.as_deref().unwrap_or("null"),
                    tag.as_deref().unwrap_or("null"),
                );
                format!(
                    "The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository with name '{name}' in the registry with id '{registry}'"
                )
            }
            Self::ImageAlreadyExists {
                digest,
                tag,
                name,
                registry,
            } => {
                let tag = tag.as_deref().unwrap_or("null");
                format!(
                    "Image with digest '{digest}' and tag '{tag}' already exists in the repository with name '{name}' in registry with id '{registry}'"
                )
            }
            Self::ImageTagAlreadyExists { tag, name } => format!(
                "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the repository is immutable."
            ),
            Self::ImageDigestDoesNotMatch { given, computed } => {
                format!(
                    "The image digest '{given}' does not match the digest '{computed}' calculated from the image manifest"
                )
            }
            Self::ImageReferencedByManifestList { parents } => {
                format!(
                    "Requested image referenced by manifest list: [{}]",
                    parents.join(", ")
                )
            }
            Self::LayersNotFound {
                digests,
                name,
                registry,
            } => format!(
                "Layers with digests '[{}]' required for pushing image into repository with name '{name}' in the registry with id '{registry}' do not exist",
                digests.join(", ")
            ),
            Self::LayerNotFound {
                digest,
                name,
                registry,
            } => format!(
                "The layer with digest '{digest}' does not exist within the repository with name '{name}' in the registry with id '{registry}'"
            ),
            Self::LayerInUse { digest, images } => format!(
                "The layer with digest '{digest}' is used by images: [{}]",
                images.join(", ")
            ),
            Self::ReferencedImagesNotFound {
                digests,
                name,
                registry,
            } => format!(
                "Images with digests '[{}]' required for pushing image into repository with name '{name}' in the registry with id '{registry}' do not exist",
                digests.join(", ")
            ),
            _ => String::new(),
        }
    }

    fn upload_message(&self) -> String {
        match self {
            Self::InvalidLayerPart {
                id,
                name,
                registry,
                reason,
                ..
            } => format!(
                "The part is not valid for upload with id '{id}' of the repository with name '{name}' in the registry with id '{registry}': {reason}"
            ),
            Self::EmptyUpload { id, name, registry } => format!(
                "Upload with id '{id}' of the repository with name '{name}' in the registry with id '{registry}' does not contain any parts"
            ),
            Self::LayerPartTooSmall {
                id,
                first,
                size,
                least,
            } => format!(
                "The part of upload with id '{id}' that begins at byte {first} has {size} bytes: every part but the last must have at least {least}"
            ),
            Self::LayerAlreadyExists {
                digest,
                name,
                registry,
            } => format!(
                "The layer with digest '{digest}' already exists in the repository with name '{name}' in the registry with id '{registry}'"
            ),
            _ => String::new(),
        }
    }

    fn transfer_message(&self) -> String {
        match self {
            Self::LayerInaccessible {
                digest,
                name,
                registry,
            } => format!(
                "The layer with digest '{digest}' is not associated with an image within the repository with name '{name}' in the registry with id '{registry}'"
            ),
            Self::DigestMismatch { given, computed } => {
                format!(
                    "The digest '{given}' does not match the digest '{computed}' calculated from the uploaded content"
                )
            }
            Self::DigestInvalid => {
                "Invalid parameter at 'layerDigest' failed to satisfy constraint: 'must satisfy regular expression 'sha256:[a-f0-9]{64}''".to_owned()
            }
            Self::DigestUnsupported { digest } => {
                format!(
                    "The digest '{digest}' is of an algorithm that this registry does not serve: use sha256"
                )
            }
            Self::UploadRange { received } => {
                format!(
                    "The chunk does not begin where the upload stands: {received} bytes have been received"
                )
            }
            Self::BodyTooLarge { limit } => {
                format!("The request body is larger than the limit of {limit} bytes")
            }
            Self::BodyTimeout => "The request body did not arrive in time".to_owned(),
            Self::BodyAborted => "The request body ended early".to_owned(),
            Self::RangeNotSatisfiable { size } => {
                format!("The range lies outside the {size} bytes of the blob")
            }
            Self::CredentialsGone => {
                "The security token included in the request is invalid.".to_owned()
            }
            Self::ExpiredToken => {
                "The security token included in the request is expired".to_owned()
            }
            Self::RepositoryPolicyNotFound { name, registry } => format!(
                "Repository policy does not exist for the repository with name '{name}' in the registry with id '{registry}'"
            ),
            Self::RegistryPolicyNotFound { registry } => {
                format!("Registry policy does not exist in the registry with id '{registry}'")
            }
            Self::UnknownOperation { operation } => {
                format!("The operation {operation} is not supported by this registry")
            }
            Self::StorageFull => "The registry's storage is full".to_owned(),
            Self::StorageLow => {
                "The registry has too little free storage to accept uploads".to_owned()
            }
            Self::Unavailable { .. } => "Service is unavailable. Please try again".to_owned(),
            _ => "Service is unable to process the request due to an internal failure".to_owned(),
        }
    }
}

fn invalid_tag_reason(tag: &str) -> &'static str {
    if tag.chars().count() > 128 {
        "Member must have length less than or equal to 128"
    } else {
        "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'"
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Serialization(reason) => Self::Serialization { reason },
            DecodeError::Constraint { member, reason } => Self::InvalidParameter { member, reason },
        }
    }
}

impl From<wharf_wire::query::DecodeError> for Error {
    fn from(error: wharf_wire::query::DecodeError) -> Self {
        Self::Query(QueryError {
            code: error.code(),
            status: 400,
            message: error.to_string(),
        })
    }
}

impl From<ManifestError> for Error {
    fn from(error: ManifestError) -> Self {
        Self::InvalidManifest(error)
    }
}

impl From<wharf_meta::Error> for Error {
    fn from(error: wharf_meta::Error) -> Self {
        match error {
            wharf_meta::Error::Full => Self::StorageFull,
            other => Self::Unavailable {
                cause: other.to_string(),
            },
        }
    }
}
