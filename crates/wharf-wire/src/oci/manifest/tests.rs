use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::oci::media_type::{
    DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_EMPTY, OCI_INDEX, OCI_MANIFEST,
};

fn descriptor(media_type: &str) -> Value {
    json!({"mediaType": media_type, "digest": Digest::of(media_type.as_bytes()).as_str(), "size": 7})
}

fn image(media_type: &str) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": descriptor("application/vnd.oci.image.config.v1+json"),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip")],
    })
}

fn index(media_type: &str) -> Value {
    json!({"schemaVersion": 2, "mediaType": media_type, "manifests": [descriptor(OCI_MANIFEST)]})
}

fn parse(value: &Value) -> Result<Manifest, ManifestError> {
    Manifest::parse(value.to_string().as_bytes(), None)
}

/// The value after one change.
fn with(mut value: Value, change: impl FnOnce(&mut Value)) -> Value {
    change(&mut value);
    value
}

#[test]
fn the_four_types_are_taken() {
    for media_type in [DOCKER_MANIFEST, OCI_MANIFEST] {
        let manifest = parse(&image(media_type)).unwrap();
        assert_eq!(manifest.media_type, media_type);
        let ManifestKind::Image { config, layers } = manifest.kind else {
            panic!("{media_type}")
        };
        assert_eq!((config.size, layers.len()), (7, 1));
    }
    for media_type in [DOCKER_MANIFEST_LIST, OCI_INDEX] {
        let manifest = parse(&index(media_type)).unwrap();
        assert_eq!(manifest.media_type, media_type);
        assert!(matches!(manifest.kind, ManifestKind::Index { manifests } if manifests.len() == 1));
    }
}

#[test]
fn the_digest_is_that_of_the_exact_bytes() {
    let text = format!(" {}\n", image(OCI_MANIFEST));
    assert_eq!(
        Manifest::parse(text.as_bytes(), None).unwrap().digest,
        Digest::of(text.as_bytes())
    );
}

#[test]
fn other_types_are_unsupported_and_schema_1_is_one_of_them() {
    for media_type in [
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/json",
        "text/html",
        &OCI_MANIFEST.to_uppercase(),
    ] {
        let refused = parse(&image(media_type));
        assert_eq!(
            refused,
            Err(ManifestError::UnsupportedMediaType {
                media_type: media_type.to_owned()
            })
        );
    }
    let disguised = with(image(OCI_MANIFEST), |body| body["fsLayers"] = json!([]));
    assert!(matches!(
        parse(&disguised),
        Err(ManifestError::UnsupportedMediaType { .. })
    ));
}

#[test]
fn the_announced_media_type_counts_only_if_the_body_agrees_or_is_silent() {
    let silent = with(image(OCI_MANIFEST), |body| {
        drop(body.as_object_mut().unwrap().remove("mediaType"));
    });
    let bytes = silent.to_string();
    assert_eq!(
        Manifest::parse(bytes.as_bytes(), None),
        Err(ManifestError::MediaTypeMissing)
    );
    assert_eq!(
        Manifest::parse(bytes.as_bytes(), Some(" ")),
        Err(ManifestError::MediaTypeMissing)
    );
    let announced = format!("{OCI_MANIFEST}; charset=utf-8");
    assert_eq!(
        Manifest::parse(bytes.as_bytes(), Some(&announced))
            .unwrap()
            .media_type,
        OCI_MANIFEST
    );
    let bytes = image(OCI_MANIFEST).to_string();
    for announced in [DOCKER_MANIFEST, OCI_INDEX, "application/json"] {
        assert_eq!(
            Manifest::parse(bytes.as_bytes(), Some(announced)),
            Err(ManifestError::MediaTypeConflict {
                body: OCI_MANIFEST.into(),
                announced: announced.into()
            }),
        );
    }
}

#[test]
fn n32_a_manifest_that_is_image_and_index_is_refused() {
    for value in [json!([]), Value::Null, json!([descriptor(OCI_MANIFEST)])] {
        let both = with(image(OCI_MANIFEST), |body| {
            body["manifests"] = value.clone();
        });
        assert_eq!(parse(&both), Err(ManifestError::ImageAndIndex));
    }
    for part in ["config", "layers"] {
        let both = with(index(OCI_INDEX), |body| {
            body[part] = image(OCI_MANIFEST)[part].clone();
        });
        assert_eq!(parse(&both), Err(ManifestError::ImageAndIndex));
    }
    // An image's body under an index's type, silent about its own.
    let silent = with(image(OCI_MANIFEST), |body| {
        drop(body.as_object_mut().unwrap().remove("mediaType"));
    });
    let refused = Manifest::parse(silent.to_string().as_bytes(), Some(OCI_INDEX));
    assert_eq!(refused, Err(ManifestError::ImageAndIndex));
}

#[test]
fn n32_duplicate_keys_are_refused_at_every_level() {
    let text = image(OCI_MANIFEST).to_string();
    let top = text.replacen('{', r#"{"layers":[],"#, 1);
    assert_eq!(
        Manifest::parse(top.as_bytes(), None),
        Err(ManifestError::DuplicateKey {
            key: "layers".into()
        })
    );
    let inner = text.replace(r#""size":7"#, r#""size":7,"size":8"#);
    assert_eq!(
        Manifest::parse(inner.as_bytes(), None),
        Err(ManifestError::DuplicateKey { key: "size".into() })
    );
    // The same key, spelt with an escape.
    let escaped = text.replacen('{', r#"{"l\u0061yers":[],"#, 1);
    assert_eq!(
        Manifest::parse(escaped.as_bytes(), None),
        Err(ManifestError::DuplicateKey {
            key: "layers".into()
        })
    );
}

#[test]
fn n32_keys_that_differ_only_in_case_are_refused() {
    for key in ["Manifests", "LAYERS", "layerſ", "manifeſts", "mediatype"] {
        let body = with(image(OCI_MANIFEST), |body| body[key] = json!([]));
        assert!(
            matches!(parse(&body), Err(ManifestError::LookalikeKey { .. })),
            "{key}"
        );
    }
    let body = with(image(OCI_MANIFEST), |body| {
        body["layers"][0]["Digest"] = json!("");
    });
    assert_eq!(
        parse(&body),
        Err(ManifestError::LookalikeKey {
            key: "Digest".into(),
            known: "digest"
        })
    );
    // Keys of annotations are free.
    let body = with(image(OCI_MANIFEST), |body| {
        body["annotations"] = json!({"a": "1", "A": "2"});
    });
    assert_eq!(parse(&body).unwrap().annotations.unwrap().len(), 2);
}

#[test]
fn missing_and_misshapen_parts_are_named() {
    for part in ["config", "layers", "schemaVersion"] {
        let body = with(image(OCI_MANIFEST), |body| {
            drop(body.as_object_mut().unwrap().remove(part));
        });
        assert_eq!(parse(&body), Err(ManifestError::MissingPart { part }));
    }
    let body = with(index(OCI_INDEX), |body| body["manifests"] = Value::Null);
    assert_eq!(
        parse(&body),
        Err(ManifestError::MissingPart { part: "manifests" })
    );
    let body = with(image(OCI_MANIFEST), |body| body["schemaVersion"] = json!(1));
    assert_eq!(
        parse(&body),
        Err(ManifestError::BadPart {
            part: "schemaVersion",
            reason: "is not 2"
        })
    );
    for (part, value) in [
        ("layers", json!({})),
        ("mediaType", json!(1)),
        ("artifactType", json!([])),
        ("artifactType", json!("a\nb")),
        ("annotations", json!({"a": 1})),
        ("annotations", json!("a")),
    ] {
        let body = with(image(OCI_MANIFEST), |body| body[part] = value.clone());
        assert!(
            matches!(parse(&body), Err(ManifestError::BadPart { part: at, .. }) if at == part),
            "{part} {value}"
        );
    }
}

#[test]
fn bad_descriptors_are_refused_and_placed() {
    let upper = Digest::of(b"x").as_str().to_uppercase();
    for (key, value) in [
        ("digest", json!("sha256:../../x")),
        ("digest", json!(upper)),
        ("digest", json!("md5:d41d8cd98f00b204e9800998ecf8427e")),
        ("digest", json!(7)),
        ("digest", Value::Null),
        ("size", json!(-1)),
        ("size", json!(1.5)),
        ("size", json!("7")),
        ("size", json!((1_u64 << 53) + 1)),
        ("size", Value::Null),
        ("mediaType", json!("")),
        ("mediaType", json!("a/b\r\nSet-Cookie: x")),
        ("urls", json!("http://x")),
        ("urls", json!([1])),
        ("annotations", json!([])),
        ("platform", json!("linux")),
        ("artifactType", json!("é")),
    ] {
        let body = with(image(OCI_MANIFEST), |body| {
            body["layers"][0][key] = value.clone();
        });
        let refused = parse(&body);
        let Err(ManifestError::BadDescriptor { place, .. }) = refused else {
            panic!("{key} {value}: {refused:?}")
        };
        assert_eq!(place, "layers[0]");
    }
    let body = with(image(OCI_MANIFEST), |body| body["config"] = json!("x"));
    assert!(
        matches!(parse(&body), Err(ManifestError::BadDescriptor { place, .. }) if place == "config")
    );
}

#[test]
fn sha512_and_the_largest_size_are_taken() {
    let digest = format!("sha512:{}", "a".repeat(128));
    let body = with(image(OCI_MANIFEST), |body| {
        body["layers"][0]["digest"] = json!(digest);
        body["layers"][0]["size"] = json!(1_u64 << 53);
    });
    let ManifestKind::Image { layers, .. } = parse(&body).unwrap().kind else {
        panic!()
    };
    assert_eq!(
        (layers[0].digest.as_str(), layers[0].size),
        (digest.as_str(), 1 << 53)
    );
}

#[test]
fn artifacts_with_an_empty_config_and_a_subject_are_taken() {
    let empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let mut config = json!({"mediaType": OCI_EMPTY, "digest": empty, "size": 2, "data": "e30="});
    let body = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.example.sbom",
        "config": config,
        "layers": [config],
        "subject": descriptor(OCI_MANIFEST),
        "annotations": {"org.opencontainers.image.created": "2026-01-01T00:00:00Z"},
    });
    let manifest = parse(&body).unwrap();
    assert_eq!(
        manifest.artifact_type.as_deref(),
        Some("application/vnd.example.sbom")
    );
    assert_eq!(
        manifest.subject.unwrap().digest,
        Digest::of(OCI_MANIFEST.as_bytes())
    );
    assert_eq!(manifest.annotations.unwrap().len(), 1);
    // A subject is a descriptor like any other.
    config["digest"] = json!("sha256:x");
    let body = with(body, |body| body["subject"] = config);
    assert!(
        matches!(parse(&body), Err(ManifestError::BadDescriptor { place, .. }) if place == "subject")
    );
}

#[test]
fn docker_types_have_no_subject_artifact_type_or_annotations() {
    let body = with(image(DOCKER_MANIFEST), |body| {
        body["subject"] = descriptor(OCI_MANIFEST);
        body["artifactType"] = json!("a/b");
        body["annotations"] = json!({"a": "b"});
    });
    let manifest = parse(&body).unwrap();
    assert_eq!(
        (
            manifest.subject,
            manifest.artifact_type,
            manifest.annotations
        ),
        (None, None, None)
    );
}

#[test]
fn foreign_layers_are_known_by_their_media_type() {
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let body = with(image(DOCKER_MANIFEST), |body| {
        body["layers"][0]["mediaType"] = json!(foreign);
        body["layers"][0]["urls"] = json!(["https://example.invalid/layer"]);
        body["config"]["urls"] = json!(["https://example.invalid/config"]);
    });
    let ManifestKind::Image { config, layers } = parse(&body).unwrap().kind else {
        panic!()
    };
    assert!(layers[0].is_foreign());
    assert_eq!(layers[0].urls, ["https://example.invalid/layer"]);
    // A URL alone does not excuse the registry from holding the content.
    assert!(!config.is_foreign());
}

#[test]
fn limits_are_exact() {
    let many = |count| {
        with(index(OCI_INDEX), |body| {
            body["manifests"] = vec![descriptor(OCI_MANIFEST); count].into();
        })
    };
    assert!(parse(&many(MAX_DESCRIPTORS)).is_ok());
    assert_eq!(
        parse(&many(MAX_DESCRIPTORS + 1)),
        Err(ManifestError::TooMany)
    );
    let with_subject = with(many(MAX_DESCRIPTORS), |body| {
        body["subject"] = descriptor(OCI_MANIFEST);
    });
    assert_eq!(parse(&with_subject), Err(ManifestError::TooMany));

    let text = image(OCI_MANIFEST).to_string();
    let padded = |length| format!("{text}{}", " ".repeat(length - text.len()));
    assert!(Manifest::parse(padded(MAX_MANIFEST_BYTES).as_bytes(), None).is_ok());
    assert_eq!(
        Manifest::parse(padded(MAX_MANIFEST_BYTES + 1).as_bytes(), None),
        Err(ManifestError::TooLarge)
    );

    let deep = |depth| {
        text.replacen(
            '{',
            &format!(r#"{{"x":{}{},"#, "[".repeat(depth), "]".repeat(depth)),
            1,
        )
    };
    assert!(Manifest::parse(deep(MAX_DEPTH - 1).as_bytes(), None).is_ok());
    assert_eq!(
        Manifest::parse(deep(MAX_DEPTH + 1).as_bytes(), None),
        Err(ManifestError::TooDeep)
    );
    assert_eq!(
        Manifest::parse("[".repeat(4_000_000).as_bytes(), None),
        Err(ManifestError::TooDeep)
    );

    let wide = text.replacen('{', &format!(r#"{{"x":[{}0],"#, "0,".repeat(1_000_000)), 1);
    assert_eq!(
        Manifest::parse(wide.as_bytes(), None),
        Err(ManifestError::TooMany)
    );
}

#[test]
fn what_is_not_one_json_object_is_invalid_json() {
    let trailing = format!("{}x", image(OCI_MANIFEST));
    let twice = format!("{0}{0}", image(OCI_MANIFEST));
    for bad in [
        "",
        "{",
        "[]",
        "null",
        "1",
        "\"x\"",
        "{'a':1}",
        "{\"a\":NaN}",
        "\u{feff}{}",
        &trailing,
        &twice,
    ] {
        assert_eq!(
            Manifest::parse(bad.as_bytes(), Some(OCI_MANIFEST)),
            Err(ManifestError::InvalidJson),
            "{bad}"
        );
    }
    assert_eq!(
        Manifest::parse(b"{\"a\":\"\xff\"}", Some(OCI_MANIFEST)),
        Err(ManifestError::InvalidJson)
    );
}

#[test]
fn an_error_is_short_however_long_the_input() {
    let long = "é".repeat(100_000);
    let body = with(image(OCI_MANIFEST), |body| body["mediaType"] = json!(long));
    assert!(parse(&body).unwrap_err().to_string().len() < 300);
}

proptest! {
    #[test]
    fn parse_never_panics(text in ".{0,200}", announced in proptest::option::of(".{0,40}")) {
        if let Ok(manifest) = Manifest::parse(text.as_bytes(), announced.as_deref()) {
            prop_assert_eq!(manifest.digest, Digest::of(text.as_bytes()));
        }
    }

    /// One character of a valid manifest replaced: parsed or refused, and never read as another kind.
    #[test]
    fn a_damaged_image_never_becomes_an_index(at in 0_usize..400, replacement in any::<u8>()) {
        let mut bytes = image(OCI_MANIFEST).to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] = replacement;
        if let Ok(manifest) = Manifest::parse(&bytes, None) {
            prop_assert!(matches!(manifest.kind, ManifestKind::Image { .. }), "{:?}", manifest.kind);
        }
    }
}
