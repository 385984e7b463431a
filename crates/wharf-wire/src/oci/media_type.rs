//! The media types that the registry itself looks at.

/// Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker manifest list.
pub const DOCKER_MANIFEST_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// OCI image manifest; artifacts too.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The two bytes `{}`: the config of an artifact that has none.
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Longest media type or artifact type, in bytes (ECR's shape `ArtifactType`; RFC 6838 allows no longer halves).
pub const MAX_BYTES: usize = 255;

/// Layers that the registry need not hold: their bytes come from elsewhere.
const FOREIGN_LAYERS: &[&str] = &[
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.zstd",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
];

/// Whether a manifest of this type lists a config and layers.
pub fn is_image(media_type: &str) -> bool {
    matches!(media_type, DOCKER_MANIFEST | OCI_MANIFEST)
}

/// Whether a manifest of this type lists manifests.
pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, DOCKER_MANIFEST_LIST | OCI_INDEX)
}

/// Whether the type is one of OCI, which alone define `artifactType`, `subject` and annotations.
pub fn is_oci_manifest(media_type: &str) -> bool {
    matches!(media_type, OCI_MANIFEST | OCI_INDEX)
}

/// Whether layers of this type may be absent from the repository.
pub fn is_foreign_layer(media_type: &str) -> bool {
    FOREIGN_LAYERS.contains(&media_type)
}

/// Whether the text is `type/subtype` of RFC 6838, perhaps with parameters in visible ASCII.
///
/// A descriptor's media type is later sent as a header, so nothing that could end one may pass.
pub fn is_well_formed(text: &str) -> bool {
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    text.len() <= MAX_BYTES
        && is_restricted_name(kind)
        && is_restricted_name(subtype.trim_end_matches(' '))
        && parameters.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// RFC 6838's `restricted-name`.
fn is_restricted_name(text: &str) -> bool {
    (1..=127).contains(&text.len())
        && text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_that_could_end_a_header_are_refused() {
        for good in [
            OCI_MANIFEST,
            OCI_EMPTY,
            "text/plain",
            "text/plain; charset=utf-8",
            "a/b;c",
        ] {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "/b",
            "a/",
            "a/b\r\nX: y",
            "a/b;\r\n",
            "a b/c",
            "a/b/c",
            "é/b",
            &"a/".repeat(200),
        ] {
            assert!(!is_well_formed(bad), "{bad:?}");
        }
    }
}
