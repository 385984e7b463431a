//! Image manifests and image indexes, read from their exact bytes.

mod descriptor;
mod json;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub use descriptor::Descriptor;

use super::{Digest, media_type};
use descriptor::{Place, annotations, descriptors, optional_text};

/// Longest manifest, in bytes (ECR's shape `ImageManifest`).
pub const MAX_MANIFEST_BYTES: usize = 4 * 1024 * 1024;
/// Most descriptors of one manifest: config, layers, members and subject together.
pub const MAX_DESCRIPTORS: usize = 1_000;
/// Most indexes one within another: clients resolve one or two.
pub const MAX_NESTING: i64 = 16;
/// Deepest nesting of objects and arrays; a valid manifest needs five.
pub const MAX_DEPTH: usize = 32;

/// A manifest that says one thing only, whoever reads it.
///
/// The bytes themselves are kept by the caller and never rendered anew; `digest` is their SHA-256.
/// Source: OCI image specification 1.1 (manifest, image index); docker's image manifest schema 2.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// One of the four types of [`media_type`].
    pub media_type: String,
    /// What it lists.
    pub kind: ManifestKind,
    /// The manifest it refers to, which may be absent; OCI types only.
    pub subject: Option<Descriptor>,
    /// What kind of artifact it is; OCI types only, never empty.
    pub artifact_type: Option<String>,
    /// Text to text; OCI types only.
    pub annotations: Option<Map<String, Value>>,
    /// SHA-256 of the bytes.
    pub digest: Digest,
}

/// The two shapes of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub enum ManifestKind {
    /// One image or artifact.
    Image {
        /// Its configuration, a blob of the repository.
        config: Descriptor,
        /// Its layers, lowest first; may be empty.
        layers: Vec<Descriptor>,
    },
    /// Several manifests of the repository, usually one a platform.
    Index {
        /// Its members; may be empty.
        manifests: Vec<Descriptor>,
    },
}

/// Why bytes are not a manifest that this registry takes. The text is a reason, fit for ECR's
/// `failed to satisfy constraint: '…'`; input in it is cut short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or not an object.
    #[error("Invalid JSON syntax")]
    InvalidJson,
    /// An object has the same key twice, so that two readers may see two values.
    #[error("Invalid JSON syntax: the key `{key}` occurs twice in one object")]
    DuplicateKey {
        /// The key, cut short.
        key: String,
    },
    /// A key differs only in case from one that means something; some readers take it for that one.
    #[error("the key `{key}` differs from `{known}` only in case")]
    LookalikeKey {
        /// The key, cut short.
        key: String,
        /// What it looks like.
        known: &'static str,
    },
    /// Neither the caller nor the manifest names a media type.
    #[error("the media type is missing: neither the manifest nor the request names one")]
    MediaTypeMissing,
    /// The caller and the manifest name different media types.
    #[error("the manifest's media type `{body}` disagrees with the announced `{announced}`")]
    MediaTypeConflict {
        /// `mediaType` of the manifest, cut short.
        body: String,
        /// What the request said, cut short.
        announced: String,
    },
    /// Schema 1, or anything that is not one of the four types.
    #[error("the media type `{media_type}` is not supported")]
    UnsupportedMediaType {
        /// The type, cut short.
        media_type: String,
    },
    /// The parts of an image and those of an index stand in one manifest.
    #[error("the manifest is both an image and an index")]
    ImageAndIndex,
    /// A required part is not there.
    #[error("`{part}` is missing")]
    MissingPart {
        /// Its key.
        part: &'static str,
    },
    /// A part is there and has the wrong form.
    #[error("`{part}` {reason}")]
    BadPart {
        /// Its key.
        part: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A descriptor is malformed.
    #[error("`{place}` is not a descriptor: {reason}")]
    BadDescriptor {
        /// Where it stands, as `layers[3]`.
        place: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More than [`MAX_MANIFEST_BYTES`].
    #[error("the manifest is longer than {MAX_MANIFEST_BYTES} bytes")]
    TooLarge,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("the manifest is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Indexes within indexes, more than [`MAX_NESTING`]. Known only where the members are.
    #[error("indexes are nested deeper than {MAX_NESTING} levels")]
    NestedTooDeep,
    /// More than [`MAX_DESCRIPTORS`] descriptors, or far more values than such a manifest needs.
    #[error("the manifest has more than {MAX_DESCRIPTORS} descriptors")]
    TooMany,
}

impl Manifest {
    /// Reads a manifest. `announced` is the request's `Content-Type` or `imageManifestMediaType`.
    ///
    /// # Errors
    /// [`ManifestError`]; besides malformed ones it refuses every manifest that two readers could take for two
    /// different things: duplicate keys, keys that differ in case only, two media types, image and index at once.
    pub fn parse(bytes: &[u8], announced: Option<&str>) -> Result<Self, ManifestError> {
        if bytes.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge);
        }
        let body = json::read_object(bytes)?;
        descriptor::refuse_lookalikes(&body, TOP_KEYS)?;
        let media_type = media_type_of(&body, announced)?;
        let is_oci = media_type::is_oci_manifest(&media_type);
        let kind = kind_of(&body, &media_type)?;
        let subject = match body.get("subject") {
            Some(value) if is_oci && !value.is_null() => {
                Some(Descriptor::read(value, &Place::One("subject"))?)
            }
            _ => None,
        };
        if kind.descriptor_count() + usize::from(subject.is_some()) > MAX_DESCRIPTORS {
            return Err(ManifestError::TooMany);
        }
        Ok(Self {
            artifact_type: if is_oci {
                artifact_type_of(&body)?
            } else {
                None
            },
            annotations: if is_oci { annotations(&body)? } else { None },
            digest: Digest::of(bytes),
            media_type,
            kind,
            subject,
        })
    }
}

impl ManifestKind {
    fn descriptor_count(&self) -> usize {
        match self {
            Self::Image { layers, .. } => layers.len() + 1,
            Self::Index { manifests } => manifests.len(),
        }
    }
}

/// Keys of the top level that mean something, those of schema 1 included.
const TOP_KEYS: &[&str] = &[
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "subject",
    "annotations",
    "fsLayers",
];

/// One media type, of a kind that is supported.
fn media_type_of(
    body: &Map<String, Value>,
    announced: Option<&str>,
) -> Result<String, ManifestError> {
    let in_body = optional_text(body, "mediaType")?;
    // Parameters of a Content-Type say nothing about the manifest.
    let announced = announced
        .map(|text| {
            text.split_once(';')
                .map_or(text, |(essence, _)| essence)
                .trim()
        })
        .filter(|text| !text.is_empty());
    let media_type = match (in_body, announced) {
        (Some(body), Some(announced)) if body != announced => {
            return Err(ManifestError::MediaTypeConflict {
                body: excerpt(body),
                announced: excerpt(announced),
            });
        }
        (Some(one), _) | (None, Some(one)) => one,
        (None, None) => return Err(ManifestError::MediaTypeMissing),
    };
    let is_schema_1 = body.contains_key("fsLayers");
    if is_schema_1 || !(media_type::is_image(media_type) || media_type::is_index(media_type)) {
        return Err(ManifestError::UnsupportedMediaType {
            media_type: excerpt(media_type),
        });
    }
    Ok(media_type.to_owned())
}

fn kind_of(body: &Map<String, Value>, media_type: &str) -> Result<ManifestKind, ManifestError> {
    match body.get("schemaVersion") {
        None => {
            return Err(ManifestError::MissingPart {
                part: "schemaVersion",
            });
        }
        Some(version) if version.as_u64() == Some(2) => {}
        Some(_) => {
            return Err(ManifestError::BadPart {
                part: "schemaVersion",
                reason: "is not 2",
            });
        }
    }
    let is_index = media_type::is_index(media_type);
    // Even a null counts: what it means is up to the reader, and no tool writes it.
    let foreign_parts: &[&str] = if is_index {
        &["config", "layers"]
    } else {
        &["manifests"]
    };
    if foreign_parts.iter().any(|part| body.contains_key(*part)) {
        return Err(ManifestError::ImageAndIndex);
    }
    if is_index {
        return Ok(ManifestKind::Index {
            manifests: descriptors(body, "manifests")?,
        });
    }
    let config = match body.get("config") {
        None | Some(Value::Null) => return Err(ManifestError::MissingPart { part: "config" }),
        Some(value) => Descriptor::read(value, &Place::One("config"))?,
    };
    Ok(ManifestKind::Image {
        config,
        layers: descriptors(body, "layers")?,
    })
}

fn artifact_type_of(body: &Map<String, Value>) -> Result<Option<String>, ManifestError> {
    match optional_text(body, "artifactType")? {
        None | Some("") => Ok(None),
        Some(text) if descriptor::is_artifact_type(text) => Ok(Some(text.to_owned())),
        Some(_) => Err(ManifestError::BadPart {
            part: "artifactType",
            reason: "is not at most 255 visible ASCII characters",
        }),
    }
}

/// At most 100 characters of input, so that an error is never as long as what it complains of.
fn excerpt(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
