//! Descriptors: what a manifest says about other content.

use std::fmt;

use serde_json::{Map, Value};

use super::{MAX_DESCRIPTORS, ManifestError, excerpt};
use crate::oci::{Digest, media_type};

/// Largest size that every JSON reader keeps exactly: 2^53.
const MAX_SIZE: u64 = 1 << 53;

/// What a manifest says about one piece of content.
///
/// Source: OCI image specification, "Content Descriptors".
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    /// `type/subtype`, perhaps with parameters; safe as a header's value.
    pub media_type: String,
    /// The content's digest.
    pub digest: Digest,
    /// The content's length in bytes, at most 2^53.
    pub size: u64,
    /// Where else the content may lie. Never fetched by the registry.
    pub urls: Vec<String>,
    /// Of what kind the manifest pointed at is; never empty.
    pub artifact_type: Option<String>,
    /// Text to text.
    pub annotations: Option<Map<String, Value>>,
    /// For which platform the manifest pointed at is, as it was given.
    pub platform: Option<Map<String, Value>>,
}

/// Where a descriptor stands; rendered only when it is wrong.
pub(super) enum Place {
    One(&'static str),
    Item(&'static str, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(part) => f.write_str(part),
            Self::Item(part, index) => write!(f, "{part}[{index}]"),
        }
    }
}

/// Keys of a descriptor that mean something.
const KEYS: &[&str] = &[
    "mediaType",
    "digest",
    "size",
    "urls",
    "artifactType",
    "annotations",
    "platform",
    "data",
];

impl Descriptor {
    /// Whether it is a layer that the registry need not hold (docker: foreign, OCI: non-distributable).
    pub fn is_foreign(&self) -> bool {
        media_type::is_foreign_layer(&self.media_type)
    }

    pub(super) fn read(value: &Value, place: &Place) -> Result<Self, ManifestError> {
        let bad = |reason| ManifestError::BadDescriptor {
            place: place.to_string(),
            reason,
        };
        let object = value
            .as_object()
            .ok_or_else(|| bad("it is not an object"))?;
        refuse_lookalikes(object, KEYS)?;
        let text = |key, reason| match object.get(key) {
            Some(Value::String(text)) => Ok(text.as_str()),
            _ => Err(bad(reason)),
        };
        let media_type = text("mediaType", "`mediaType` is missing or not a text")?;
        if !media_type::is_well_formed(media_type) {
            return Err(bad("`mediaType` is not of the form type/subtype"));
        }
        let digest = text("digest", "`digest` is missing or not a text")?;
        let digest = Digest::parse(digest)
            .map_err(|_invalid| bad("`digest` is not a sha256 or sha512 digest in lower case"))?;
        let size = object
            .get("size")
            .and_then(Value::as_u64)
            .filter(|size| *size <= MAX_SIZE)
            .ok_or_else(|| bad("`size` is not a whole number from 0 to 2^53"))?;
        let artifact_type = match object.get("artifactType") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) if is_artifact_type(text) => Some(text.clone()),
            Some(_) => {
                return Err(bad(
                    "`artifactType` is not at most 255 visible ASCII characters",
                ));
            }
        };
        let platform = match object.get("platform") {
            None | Some(Value::Null) => None,
            Some(Value::Object(platform)) => Some(platform.clone()),
            Some(_) => return Err(bad("`platform` is not an object")),
        };
        Ok(Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            urls: urls(object).ok_or_else(|| bad("`urls` is not a list of texts"))?,
            artifact_type,
            annotations: annotations(object)
                .map_err(|_same| bad("`annotations` does not map text to text"))?,
            platform,
        })
    }
}

/// The descriptors of a list that has to be there.
pub(super) fn descriptors(
    body: &Map<String, Value>,
    part: &'static str,
) -> Result<Vec<Descriptor>, ManifestError> {
    let items = match body.get(part) {
        None | Some(Value::Null) => return Err(ManifestError::MissingPart { part }),
        Some(Value::Array(items)) => items,
        Some(_) => {
            return Err(ManifestError::BadPart {
                part,
                reason: "is not a list",
            });
        }
    };
    if items.len() > MAX_DESCRIPTORS {
        return Err(ManifestError::TooMany);
    }
    items
        .iter()
        .enumerate()
        .map(|(index, item)| Descriptor::read(item, &Place::Item(part, index)))
        .collect()
}

/// A text that may be absent or null.
pub(super) fn optional_text<'a>(
    object: &'a Map<String, Value>,
    part: &'static str,
) -> Result<Option<&'a str>, ManifestError> {
    match object.get(part) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ManifestError::BadPart {
            part,
            reason: "is not a text",
        }),
    }
}

/// A map of text to text that may be absent or null.
pub(super) fn annotations(
    object: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, ManifestError> {
    match object.get("annotations") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) if map.values().all(Value::is_string) => Ok(Some(map.clone())),
        Some(_) => Err(ManifestError::BadPart {
            part: "annotations",
            reason: "does not map text to text",
        }),
    }
}

fn urls(object: &Map<String, Value>) -> Option<Vec<String>> {
    match object.get("urls") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect(),
        Some(_) => None,
    }
}

/// Artifact types need not be media types in practice; they have to fit a column, a filter and a header.
pub(super) fn is_artifact_type(text: &str) -> bool {
    (1..=media_type::MAX_BYTES).contains(&text.len())
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Refuses keys that a reader without regard to case (Go's is one) would take for a known one.
pub(super) fn refuse_lookalikes(
    object: &Map<String, Value>,
    keys: &'static [&'static str],
) -> Result<(), ManifestError> {
    for key in object.keys().filter(|key| !keys.contains(&key.as_str())) {
        if let Some(known) = keys.iter().find(|known| folded(key).eq(folded(known))) {
            return Err(ManifestError::LookalikeKey {
                key: excerpt(key),
                known,
            });
        }
    }
    Ok(())
}

/// Simple case folding as far as it reaches ASCII: `ſ` and the Kelvin sign fold to letters too.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|char| match char {
        'ſ' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    })
}
