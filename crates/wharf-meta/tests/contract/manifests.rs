use wharf_meta::blobs::{self, BlobRow};
use wharf_meta::manifests::{self, LinkedBlob};
use wharf_meta::{Error, Store};

use super::rows::{is_unique, read, write};
use super::tags::{images, manifest};

pub static CASES: &[crate::Case] = &cases![
    a_manifest_comes_back_with_its_sealed_bytes,
    a_repository_holds_a_digest_once,
    pages_are_in_order_of_digest,
    a_manifest_cannot_name_a_blob_that_is_not_linked,
    a_linked_blob_tells_its_size_and_its_first_media_type,
    an_index_holds_its_members,
    trashing_keeps_the_links_also_when_another_image_comes_to_hold_them,
    referrers_are_listed_in_order_and_long_annotations_come_apart,
    referrers_of_one_type_go_by_their_own_type_and_else_by_that_of_the_config,
];

/// Blob 9 with digest `sha256:l`, linked to repository 1.
async fn linked(store: &Store) {
    let blob = BlobRow {
        id: 9,
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        encryption: "AES256".to_owned(),
        digest: "sha256:l".to_owned(),
        size: 77,
        media_type: None,
        created_at: 1,
    };
    write(store, move |tx| {
        blobs::insert(tx, &blob)?;
        blobs::link(tx, 1, "sha256:l", 9, 5, 1)
    })
    .await
    .unwrap();
}

async fn a_manifest_comes_back_with_its_sealed_bytes(store: &Store) {
    images(store, &["sha256:a"]).await;
    let (row, sealed) = manifest("sha256:a");
    assert_eq!(
        read(store, |tx| manifests::get(tx, 1, "sha256:a")).await,
        Ok(Some(row))
    );
    assert_eq!(
        read(store, |tx| manifests::sealed(tx, 1, "sha256:a")).await,
        Ok(Some(sealed))
    );
    assert_eq!(
        read(store, |tx| manifests::get(tx, 2, "sha256:a")).await,
        Ok(None)
    );
    assert_eq!(read(store, |tx| manifests::any(tx, 1)).await, Ok(true));
    write(store, |tx| manifests::delete(tx, 1, "sha256:a"))
        .await
        .unwrap();
    assert_eq!(read(store, |tx| manifests::any(tx, 1)).await, Ok(false));
}

async fn a_repository_holds_a_digest_once(store: &Store) {
    images(store, &["sha256:a"]).await;
    let (row, sealed) = manifest("sha256:a");
    let (again, bytes) = (row.clone(), sealed.clone());
    assert!(is_unique(
        &write(store, move |tx| manifests::insert(tx, 1, &again, &bytes)).await
    ));
    write(store, move |tx| manifests::insert(tx, 2, &row, &sealed))
        .await
        .unwrap();
}

async fn pages_are_in_order_of_digest(store: &Store) {
    images(store, &["sha256:c", "sha256:a", "sha256:b"]).await;
    let page = read(store, |tx| manifests::page(tx, 1, "sha256:a", 5))
        .await
        .unwrap();
    let digests: Vec<_> = page.into_iter().map(|row| row.digest).collect();
    assert_eq!(digests, ["sha256:b", "sha256:c"]);
}

async fn a_manifest_cannot_name_a_blob_that_is_not_linked(store: &Store) {
    images(store, &["sha256:a"]).await;
    let dangling = write(store, |tx| {
        manifests::add_link(tx, 1, "sha256:a", 0, "sha256:l")
    })
    .await;
    assert!(
        matches!(dangling, Err(Error::ForeignKey { .. })),
        "{dangling:?}"
    );
    linked(store).await;
    write(store, |tx| {
        manifests::add_link(tx, 1, "sha256:a", 0, "sha256:l")
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| manifests::links(tx, 1, "sha256:a"))
            .await
            .unwrap(),
        ["sha256:l"]
    );
}

async fn a_linked_blob_tells_its_size_and_its_first_media_type(store: &Store) {
    linked(store).await;
    let blob = |media_type: Option<&str>| {
        Some(LinkedBlob {
            blob: 9,
            size: 77,
            media_type: media_type.map(str::to_owned),
        })
    };
    assert_eq!(
        read(store, |tx| manifests::linked_blob(tx, 1, "sha256:l")).await,
        Ok(blob(None))
    );
    write(store, |tx| {
        manifests::name_media_type(tx, 9, "one")?;
        manifests::name_media_type(tx, 9, "two")
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| manifests::linked_blob(tx, 1, "sha256:l")).await,
        Ok(blob(Some("one")))
    );
    assert_eq!(
        read(store, |tx| manifests::linked_blob(tx, 2, "sha256:l")).await,
        Ok(None)
    );
}

async fn an_index_holds_its_members(store: &Store) {
    images(store, &["sha256:index", "sha256:a"]).await;
    let dangling = write(store, |tx| {
        manifests::add_child(tx, 1, "sha256:index", 0, "sha256:b")
    })
    .await;
    assert!(
        matches!(dangling, Err(Error::ForeignKey { .. })),
        "{dangling:?}"
    );
    write(store, |tx| {
        manifests::add_child(tx, 1, "sha256:index", 0, "sha256:a")
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| manifests::parents(tx, 1, "sha256:a"))
            .await
            .unwrap(),
        ["sha256:index"]
    );
    assert_eq!(
        read(store, |tx| manifests::a_parent(tx, 1)).await,
        Ok(Some("sha256:index".to_owned()))
    );
    let held = write(store, |tx| manifests::delete(tx, 1, "sha256:a")).await;
    assert!(matches!(held, Err(Error::ForeignKey { .. })), "{held:?}");
    assert_eq!(
        read(store, |tx| manifests::children(tx, 1, "sha256:index"))
            .await
            .unwrap(),
        ["sha256:a"]
    );
    write(store, |tx| {
        manifests::delete(tx, 1, "sha256:index")?;
        manifests::delete(tx, 1, "sha256:a")
    })
    .await
    .unwrap();
    assert_eq!(read(store, |tx| manifests::a_parent(tx, 1)).await, Ok(None));
}

async fn trashing_keeps_the_links_also_when_another_image_comes_to_hold_them(store: &Store) {
    linked(store).await;
    images(store, &["sha256:a", "sha256:b"]).await;
    write(store, |tx| {
        manifests::add_link(tx, 1, "sha256:a", 0, "sha256:l")?;
        manifests::trash_links(tx, 1, "sha256:a", 99, 50)?;
        manifests::delete(tx, 1, "sha256:a")?;
        manifests::add_link(tx, 1, "sha256:b", 0, "sha256:l")
    })
    .await
    .unwrap();
    let link = read(store, |tx| blobs::find_link(tx, 1, "sha256:l")).await;
    let link = link.unwrap().unwrap();
    assert_eq!((link.keep_until, link.trash_until), (50, Some(99)));
}

async fn referrers_are_listed_in_order_and_long_annotations_come_apart(store: &Store) {
    let long = format!("{{\"k\":\"{}\"}}", "x".repeat(5_000));
    let expected = long.clone();
    write(store, move |tx| {
        for (digest, annotations) in [
            ("sha256:b", Some(long.as_str())),
            ("sha256:a", Some("{}")),
            ("sha256:c", None),
        ] {
            let (mut row, sealed) = manifest(digest);
            row.subject = Some("sha256:s".to_owned());
            row.artifact_type = Some("application/x".to_owned());
            row.annotations = annotations.map(str::to_owned);
            manifests::insert(tx, 1, &row, &sealed)?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let page = read(store, |tx| {
        manifests::referrers(tx, 1, "sha256:s", None, ("", 2))
    })
    .await
    .unwrap();
    let told: Vec<_> = page
        .iter()
        .map(|row| {
            (
                row.digest.as_str(),
                row.annotations.as_deref(),
                row.annotations_length,
            )
        })
        .collect();
    assert_eq!(
        told,
        [("sha256:a", Some("{}"), 2), ("sha256:b", None, 5_008)]
    );
    let rest = read(store, |tx| {
        manifests::referrers(tx, 1, "sha256:s", None, ("sha256:b", 2))
    })
    .await
    .unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(
        (rest[0].annotations.as_deref(), rest[0].annotations_length),
        (None, 0)
    );
    assert_eq!(
        read(store, |tx| manifests::annotations(tx, 1, "sha256:b")).await,
        Ok(Some(expected))
    );
    assert_eq!(
        read(store, |tx| manifests::annotations(tx, 1, "sha256:none")).await,
        Ok(None)
    );
    assert_eq!(
        read(store, |tx| manifests::referrers(
            tx,
            2,
            "sha256:s",
            None,
            ("", 2)
        ))
        .await,
        Ok(vec![])
    );
}

async fn referrers_of_one_type_go_by_their_own_type_and_else_by_that_of_the_config(store: &Store) {
    write(store, move |tx| {
        for (digest, subject, own, config) in [
            ("sha256:a", "sha256:s", Some("sbom"), Some("empty")),
            ("sha256:b", "sha256:s", None, Some("sbom")),
            ("sha256:c", "sha256:s", Some("signature"), Some("sbom")),
            ("sha256:d", "sha256:other", Some("sbom"), None),
            ("sha256:e", "sha256:s", Some("sbom"), None),
            ("sha256:f", "sha256:s", None, None),
        ] {
            let (mut row, sealed) = manifest(digest);
            row.subject = Some(subject.to_owned());
            row.artifact_type = own.map(str::to_owned);
            row.config_media_type = config.map(str::to_owned);
            manifests::insert(tx, 1, &row, &sealed)?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let of_type = |kind: &'static str, after: &'static str, limit: i64| async move {
        read(store, move |tx| {
            manifests::referrers(tx, 1, "sha256:s", Some(kind), (after, limit))
        })
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.digest)
        .collect::<Vec<_>>()
    };
    assert_eq!(of_type("sbom", "", 2).await, ["sha256:a", "sha256:b"]);
    assert_eq!(of_type("sbom", "sha256:b", 2).await, ["sha256:e"]);
    assert_eq!(of_type("signature", "", 2).await, ["sha256:c"]);
    assert!(of_type("empty", "", 2).await.is_empty());
}
