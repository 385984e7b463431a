//! Image manifests of docker as OCI's, and the reverse.

use serde_json::Value;

use super::media_type::{DOCKER_MANIFEST, OCI_MANIFEST};

/// The media types that mean the same: docker's and OCI's.
const PAIRS: &[(&str, &str)] = &[
    (DOCKER_MANIFEST, OCI_MANIFEST),
    (
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.oci.image.config.v1+json",
    ),
    (
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.oci.image.layer.v1.tar",
    ),
    (
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.oci.image.layer.v1.tar+gzip",
    ),
    (
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
        "application/vnd.oci.image.layer.v1.tar+zstd",
    ),
    (
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
    ),
    (
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    ),
];

/// An image manifest of type `from` as one of type `to`, with that type.
///
/// `None` when the two are not docker's and OCI's image manifest, or when it holds something that the other kind has no
/// word for: an artifact's config, a subject. Annotations, which change nothing of the image, are left out of docker's.
/// Source: ecr.md 5.1, "Conversion on read by tag".
pub fn image(bytes: &[u8], from: &str, to: &str) -> Option<(Vec<u8>, &'static str)> {
    let to = match (from, to) {
        (DOCKER_MANIFEST, OCI_MANIFEST) => OCI_MANIFEST,
        (OCI_MANIFEST, DOCKER_MANIFEST) => DOCKER_MANIFEST,
        _ => return None,
    };
    let mut manifest: Value = serde_json::from_slice(bytes).ok()?;
    let body = manifest.as_object_mut()?;
    let only_oci = ["subject", "artifactType"];
    if to == DOCKER_MANIFEST {
        if only_oci.iter().any(|key| body.contains_key(*key)) {
            return None;
        }
        body.remove("annotations");
    }
    body.insert("mediaType".to_owned(), Value::from(to));
    rename(body.get_mut("config")?, to)?;
    for layer in body.get_mut("layers")?.as_array_mut()? {
        rename(layer, to)?;
    }
    Some((serde_json::to_vec(&manifest).ok()?, to))
}

/// Gives a descriptor the other kind's media type.
fn rename(descriptor: &mut Value, to: &str) -> Option<()> {
    let place = descriptor.get_mut("mediaType")?;
    let known = place.as_str()?;
    let renamed = PAIRS.iter().find_map(|(docker, oci)| {
        if to == OCI_MANIFEST {
            (*docker == known).then_some(*oci)
        } else {
            (*oci == known).then_some(*docker)
        }
    })?;
    *place = Value::from(renamed);
    if to == DOCKER_MANIFEST {
        descriptor.as_object_mut()?.remove("annotations");
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn oci(layer: &str) -> Vec<u8> {
        json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": "d", "size": 1 },
            "layers": [{ "mediaType": layer, "digest": "e", "size": 2 }],
        })
        .to_string()
        .into_bytes()
    }

    #[test]
    fn an_image_is_converted_there_and_back() {
        let stored = oci("application/vnd.oci.image.layer.v1.tar+gzip");
        let (docker, media_type) = image(&stored, OCI_MANIFEST, DOCKER_MANIFEST).unwrap();
        assert_eq!(media_type, DOCKER_MANIFEST);
        let text = String::from_utf8(docker.clone()).unwrap();
        assert!(!text.contains(".oci."), "{text}");
        let (back, media_type) = image(&docker, DOCKER_MANIFEST, OCI_MANIFEST).unwrap();
        assert_eq!(media_type, OCI_MANIFEST);
        let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        assert_eq!(value(&back), value(&stored));
    }

    #[test]
    fn annotations_do_not_stop_an_image_and_docker_has_none() {
        let plain = oci("application/vnd.oci.image.layer.v1.tar");
        let mut annotated: Value = serde_json::from_slice(&plain).unwrap();
        let note = json!({ "org.opencontainers.image.title": "x" });
        annotated["annotations"] = note.clone();
        annotated["config"]["annotations"] = note.clone();
        annotated["layers"][0]["annotations"] = note;
        let annotated = annotated.to_string().into_bytes();
        let docker = image(&annotated, OCI_MANIFEST, DOCKER_MANIFEST);
        assert_eq!(docker, image(&plain, OCI_MANIFEST, DOCKER_MANIFEST));
        assert!(docker.is_some());
    }

    #[test]
    fn what_the_other_kind_has_no_word_for_is_not_converted() {
        let chart = oci("application/vnd.cncf.helm.chart.content.v1.tar+gzip");
        assert_eq!(image(&chart, OCI_MANIFEST, DOCKER_MANIFEST), None);
        let plain = oci("application/vnd.oci.image.layer.v1.tar");
        assert_eq!(image(&plain, OCI_MANIFEST, OCI_MANIFEST), None);
        let index = "application/vnd.oci.image.index.v1+json";
        assert_eq!(image(&plain, OCI_MANIFEST, index), None);
        let mut signed: Value = serde_json::from_slice(&plain).unwrap();
        signed["subject"] = json!({});
        let signed = signed.to_string().into_bytes();
        assert_eq!(image(&signed, OCI_MANIFEST, DOCKER_MANIFEST), None);
        assert_eq!(image(b"no json", OCI_MANIFEST, DOCKER_MANIFEST), None);
    }
}
