//! Manifests: what is taken has one meaning, for this reader and for any other, within the bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wharf_wire::oci::{
    Descriptor, Digest, MAX_DESCRIPTORS, Manifest, ManifestError, ManifestKind, media_type,
};

const TYPES: [&str; 4] = [
    media_type::DOCKER_MANIFEST,
    media_type::DOCKER_MANIFEST_LIST,
    media_type::OCI_MANIFEST,
    media_type::OCI_INDEX,
];

fuzz_target!(|bytes: &[u8]| {
    let unannounced = Manifest::parse(bytes, None);
    assert_eq!(
        unannounced,
        Manifest::parse(bytes, None),
        "two readings differ"
    );
    check(bytes, &unannounced);
    for kind in TYPES {
        let announced = Manifest::parse(bytes, Some(kind));
        check(bytes, &announced);
        if let Ok(manifest) = &announced {
            assert_eq!(manifest.media_type, kind, "another type than announced");
        }
        match &unannounced {
            // What the body says of itself, an announcement can only confirm.
            Ok(manifest) if manifest.media_type == kind => assert_eq!(announced, unannounced),
            Ok(_) => assert!(matches!(
                announced,
                Err(ManifestError::MediaTypeConflict { .. })
            )),
            Err(ManifestError::MediaTypeMissing) => {}
            Err(_) => assert!(
                announced.is_err(),
                "an announcement mends what is malformed"
            ),
        }
    }
});

fn check(bytes: &[u8], read: &Result<Manifest, ManifestError>) {
    let manifest = match read {
        Ok(manifest) => manifest,
        Err(error) => {
            let said = error.to_string();
            assert!(said.chars().count() < 512, "an error as long as its cause");
            return;
        }
    };
    assert_eq!(manifest.digest, Digest::of(bytes));
    assert!(TYPES.contains(&manifest.media_type.as_str()));
    let other: Value = serde_json::from_slice(bytes).expect("JSON for every reader");
    let is_oci = media_type::is_oci_manifest(&manifest.media_type);
    let mut count = usize::from(manifest.subject.is_some());
    match &manifest.kind {
        ManifestKind::Image { config, layers } => {
            assert!(media_type::is_image(&manifest.media_type));
            agrees(config, &other["config"]);
            list_agrees(layers, &other["layers"]);
            count += 1 + layers.len();
        }
        ManifestKind::Index { manifests } => {
            assert!(media_type::is_index(&manifest.media_type));
            list_agrees(manifests, &other["manifests"]);
            count += manifests.len();
        }
    }
    assert!(count <= MAX_DESCRIPTORS);
    if let Some(subject) = &manifest.subject {
        agrees(subject, &other["subject"]);
    }
    let oci_only = manifest.subject.is_some()
        || manifest.artifact_type.is_some()
        || manifest.annotations.is_some();
    assert!(is_oci || !oci_only, "docker's types have none of these");
    if let Some(artifact_type) = &manifest.artifact_type {
        assert_eq!(other["artifactType"], artifact_type.as_str());
        assert!(is_one_line(artifact_type));
    }
    if let Some(annotations) = &manifest.annotations {
        assert!(annotations.values().all(Value::is_string));
        assert_eq!(other["annotations"].as_object(), Some(annotations));
    }
}

fn list_agrees(descriptors: &[Descriptor], other: &Value) {
    let other = other.as_array().expect("a list for every reader");
    assert_eq!(descriptors.len(), other.len());
    for (descriptor, other) in descriptors.iter().zip(other) {
        agrees(descriptor, other);
    }
}

fn agrees(descriptor: &Descriptor, other: &Value) {
    assert_eq!(other["mediaType"], descriptor.media_type.as_str());
    assert_eq!(other["digest"], descriptor.digest.as_str());
    assert_eq!(other["size"], descriptor.size);
    assert!(descriptor.size <= 1 << 53);
    assert!(is_one_line(&descriptor.media_type), "it becomes a header");
    assert_eq!(
        Digest::parse(descriptor.digest.as_str()).as_ref(),
        Ok(&descriptor.digest)
    );
    let urls = other["urls"].as_array().map_or(0, Vec::len);
    assert_eq!(descriptor.urls.len(), urls);
    if let Some(artifact_type) = &descriptor.artifact_type {
        assert!(is_one_line(artifact_type));
    }
}

/// Whether the text can stand in a column and in a header.
fn is_one_line(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
