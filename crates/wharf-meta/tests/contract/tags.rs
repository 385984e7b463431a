use wharf_meta::manifests::{self, ManifestRow, SealedManifest};
use wharf_meta::{Error, Store, tags};

use super::rows::{is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    a_tag_is_made_once_and_then_moved,
    a_tag_cannot_point_to_what_is_not_there,
    pages_of_tags_are_in_byte_order,
];

pub fn manifest(digest: &str) -> (ManifestRow, SealedManifest) {
    let row = ManifestRow {
        digest: digest.to_owned(),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        size: 10,
        image_size: 20,
        depth: 0,
        subject: Some("sha256:subject".to_owned()),
        artifact_type: None,
        config_media_type: Some("config".to_owned()),
        annotations: None,
        pushed_at: 3,
        keep_until: None,
    };
    let sealed = SealedManifest {
        key_id: "registry".to_owned(),
        material: 1,
        wrapped: vec![1, 0, 2],
        sealed: vec![3, 0, 4],
    };
    (row, sealed)
}

/// Makes images of these digests in repository 1.
pub async fn images(store: &Store, digests: &[&'static str]) {
    let rows: Vec<_> = digests.iter().map(|digest| manifest(digest)).collect();
    write(store, move |tx| {
        rows.iter()
            .try_for_each(|(row, sealed)| manifests::insert(tx, 1, row, sealed))
    })
    .await
    .unwrap();
}

async fn a_tag_is_made_once_and_then_moved(store: &Store) {
    images(store, &["sha256:a", "sha256:b"]).await;
    write(store, |tx| tags::insert(tx, 1, "v1", "sha256:a", 1))
        .await
        .unwrap();
    assert!(is_unique(
        &write(store, |tx| tags::insert(tx, 1, "v1", "sha256:b", 2)).await
    ));
    assert_eq!(
        read(store, |tx| tags::get(tx, 1, "v1")).await,
        Ok(Some("sha256:a".to_owned()))
    );
    write(store, |tx| tags::move_to(tx, 1, "v1", "sha256:b", 2))
        .await
        .unwrap();
    assert_eq!(
        read(store, |tx| tags::get(tx, 1, "v1")).await,
        Ok(Some("sha256:b".to_owned()))
    );
    assert_eq!(read(store, |tx| tags::get(tx, 1, "V1")).await, Ok(None));
    assert_eq!(read(store, |tx| tags::get(tx, 2, "v1")).await, Ok(None));
    write(store, |tx| tags::delete(tx, 1, "v1")).await.unwrap();
    assert_eq!(read(store, |tx| tags::get(tx, 1, "v1")).await, Ok(None));
}

async fn a_tag_cannot_point_to_what_is_not_there(store: &Store) {
    images(store, &["sha256:a"]).await;
    let dangling = write(store, |tx| tags::insert(tx, 1, "v1", "sha256:b", 1)).await;
    assert!(
        matches!(dangling, Err(Error::ForeignKey { .. })),
        "{dangling:?}"
    );
    write(store, |tx| tags::insert(tx, 1, "v1", "sha256:a", 1))
        .await
        .unwrap();
    let held = write(store, |tx| manifests::delete(tx, 1, "sha256:a")).await;
    assert!(matches!(held, Err(Error::ForeignKey { .. })), "{held:?}");
}

async fn pages_of_tags_are_in_byte_order(store: &Store) {
    images(store, &["sha256:a"]).await;
    write(store, |tx| {
        ["b", "_", "B", "a.1", "a-1"]
            .iter()
            .try_for_each(|tag| tags::insert(tx, 1, tag, "sha256:a", 1))
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| tags::page(tx, 1, "", 3)).await.unwrap(),
        ["B", "_", "a-1"]
    );
    assert_eq!(
        read(store, |tx| tags::page(tx, 1, "a-1", 3)).await.unwrap(),
        ["a.1", "b"]
    );
    assert_eq!(
        read(store, |tx| tags::of_digest(tx, 1, "sha256:a"))
            .await
            .unwrap()
            .len(),
        5
    );
}
