use wharf_meta::blobs::{self, BlobKeyRow, BlobRow};
use wharf_meta::uploads::{self, ExtentPlace};
use wharf_meta::{Result, Store, Tx, manifests, objects};

use super::rows::{ACCOUNT, REGION, is_foreign_key, is_unique, read, write};
use super::uploads::{append, upload};

pub static CASES: &[crate::Case] = &cases![
    a_blob_is_shared_within_account_region_and_encryption,
    a_blob_adopts_the_extents_of_an_upload_in_order,
    extents_are_found_by_the_bytes_they_hold,
    a_blob_of_which_an_object_is_not_live_is_unreadable,
    a_link_is_made_once_and_kept_the_longest_time_promised,
    a_link_is_held_while_a_manifest_names_it,
    each_repository_has_its_own_copy_of_the_key,
    an_alias_belongs_to_its_repository_and_stays,
    a_deleted_link_serves_nothing_until_it_is_made_again,
];

/// A blob of that id and digest.
pub fn blob(id: i64, digest: &str) -> BlobRow {
    BlobRow {
        id,
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        encryption: "AES256".to_owned(),
        digest: digest.to_owned(),
        size: 10,
        media_type: None,
        created_at: 1,
    }
}

/// Blob 1, made of an upload whose one extent, 1, lies in a pending object.
pub fn layer_of_object(tx: &mut Tx, object: &str) -> Result<()> {
    super::objects::extent_in(tx, 1, object)?;
    uploads::insert(tx, &upload("u", 9))?;
    let place = ExtentPlace {
        first_byte: 0,
        size: 10,
        extent: 1,
        object: Some(object.to_owned()),
    };
    uploads::add_extent(tx, "u", &place, 9)?;
    blobs::insert(tx, &blob(1, "sha256:l"))?;
    blobs::adopt_extents(tx, 1, "u")?;
    objects::make_live(tx, "u", 2)?;
    uploads::release_extents(tx, "u", i64::MAX)?;
    uploads::delete(tx, "u")
}

async fn a_blob_is_shared_within_account_region_and_encryption(store: &Store) {
    let (row, same_digest, same_id) = (
        blob(1, "sha256:l"),
        blob(2, "sha256:l"),
        blob(1, "sha256:m"),
    );
    let other = BlobRow {
        id: 3,
        region: "us-east-1".to_owned(),
        ..blob(3, "sha256:l")
    };
    let inserted = row.clone();
    write(store, move |tx| blobs::insert(tx, &inserted))
        .await
        .unwrap();
    assert!(is_unique(
        &write(store, move |tx| blobs::insert(tx, &same_digest)).await
    ));
    assert!(is_unique(
        &write(store, move |tx| blobs::insert(tx, &same_id)).await
    ));
    write(store, move |tx| blobs::insert(tx, &other))
        .await
        .unwrap();
    assert_eq!(
        read(store, |tx| blobs::find(
            tx, ACCOUNT, REGION, "AES256", "sha256:l"
        ))
        .await,
        Ok(Some(row))
    );
    assert_eq!(
        read(store, |tx| blobs::find(
            tx, ACCOUNT, REGION, "arn:key", "sha256:l"
        ))
        .await,
        Ok(None)
    );
    assert_eq!(read(store, |tx| blobs::exists(tx, 3)).await, Ok(true));
    assert_eq!(read(store, |tx| blobs::exists(tx, 4)).await, Ok(false));
}

async fn a_blob_adopts_the_extents_of_an_upload_in_order(store: &Store) {
    write(store, |tx| {
        uploads::insert(tx, &upload("u", 9))?;
        for (extent, first_byte) in [(7, 0), (3, 10), (5, 20)] {
            append(tx, "u", extent, first_byte)?;
        }
        blobs::insert(tx, &blob(1, "sha256:l"))
    })
    .await
    .unwrap();
    assert_eq!(
        write(store, |tx| blobs::adopt_extents(tx, 1, "u")).await,
        Ok(3)
    );
    let places = read(store, |tx| blobs::extents(tx, 1, -1, i64::MAX, 9))
        .await
        .unwrap();
    assert_eq!(
        places,
        read(store, |tx| uploads::extents(tx, "u", 0, 9))
            .await
            .unwrap()
    );
    assert_eq!(
        places
            .iter()
            .map(|place| (place.extent, place.first_byte))
            .collect::<Vec<_>>(),
        [(7, 0), (3, 10), (5, 20)]
    );
    assert!(is_unique(
        &write(store, |tx| blobs::adopt_extents(tx, 1, "u")).await
    ));
}

async fn extents_are_found_by_the_bytes_they_hold(store: &Store) {
    write(store, |tx| {
        uploads::insert(tx, &upload("u", 9))?;
        for (extent, first_byte) in [(1, 0), (2, 10), (3, 20)] {
            append(tx, "u", extent, first_byte)?;
        }
        blobs::insert(tx, &blob(1, "sha256:l"))?;
        blobs::adopt_extents(tx, 1, "u")
    })
    .await
    .unwrap();
    let found = async |start, end| {
        let places = read(store, move |tx| blobs::extents(tx, 1, start, end, 9))
            .await
            .unwrap();
        places
            .into_iter()
            .map(|place| place.extent)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(0, 30).await, [1, 2, 3]);
    assert_eq!(found(9, 10).await, [1]);
    assert_eq!(found(10, 11).await, [2]);
    assert_eq!(found(9, 21).await, [1, 2, 3]);
    assert_eq!(found(30, 40).await, Vec::<i64>::new());
    assert_eq!(
        write(store, |tx| blobs::release_extents(tx, 1, 10)).await,
        Ok(2)
    );
    assert_eq!(found(0, 30).await, [3]);
}

async fn a_blob_of_which_an_object_is_not_live_is_unreadable(store: &Store) {
    write(store, |tx| {
        super::objects::pending(tx, "a", 1)?;
        layer_of_object(tx, "a")
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| objects::get(tx, "a"))
            .await
            .unwrap()
            .unwrap()
            .state,
        "live"
    );
    assert_eq!(read(store, |tx| blobs::unreadable(tx, 1)).await, Ok(None));
    write(store, |tx| objects::mark_missing(tx, "a", 3))
        .await
        .unwrap();
    assert_eq!(
        read(store, |tx| blobs::unreadable(tx, 1)).await,
        Ok(Some("a".to_owned()))
    );
}

async fn a_link_is_made_once_and_kept_the_longest_time_promised(store: &Store) {
    assert!(is_foreign_key(
        &write(store, |tx| blobs::link(tx, 7, "sha256:l", 1, 10, 1)).await
    ));
    write(store, |tx| {
        blobs::insert(tx, &blob(1, "sha256:l"))?;
        blobs::link(tx, 7, "sha256:l", 1, 10, 1)
    })
    .await
    .unwrap();
    let until = async || {
        read(store, |tx| blobs::find_link(tx, 7, "sha256:l"))
            .await
            .unwrap()
            .unwrap()
            .keep_until
    };
    assert_eq!(until().await, 10);
    write(store, |tx| blobs::link(tx, 7, "sha256:l", 1, 5, 2))
        .await
        .unwrap();
    assert_eq!(until().await, 10);
    write(store, |tx| blobs::link(tx, 7, "sha256:l", 1, 20, 2))
        .await
        .unwrap();
    assert_eq!(until().await, 20);
    write(store, |tx| blobs::keep(tx, 7, "sha256:l", 15))
        .await
        .unwrap();
    assert_eq!(until().await, 20);
    write(store, |tx| blobs::keep(tx, 7, "sha256:l", 30))
        .await
        .unwrap();
    assert_eq!(until().await, 30);
    assert_eq!(
        read(store, |tx| blobs::find_link(tx, 8, "sha256:l")).await,
        Ok(None)
    );
}

async fn a_link_is_held_while_a_manifest_names_it(store: &Store) {
    super::tags::images(store, &["sha256:a"]).await;
    write(store, |tx| {
        blobs::insert(tx, &blob(1, "sha256:l"))?;
        blobs::link(tx, 1, "sha256:l", 1, 10, 1)
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| blobs::is_held(tx, 1, "sha256:l")).await,
        Ok(false)
    );
    write(store, |tx| {
        manifests::add_link(tx, 1, "sha256:a", 0, "sha256:l")
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| blobs::is_held(tx, 1, "sha256:l")).await,
        Ok(true)
    );
    assert_eq!(
        read(store, |tx| blobs::is_held(tx, 2, "sha256:l")).await,
        Ok(false)
    );
}

async fn each_repository_has_its_own_copy_of_the_key(store: &Store) {
    let key = |repository: i64, material: i64, wrapped: &[u8]| BlobKeyRow {
        repository,
        blob: 1,
        key_id: "registry".to_owned(),
        material,
        wrapped: wrapped.to_vec(),
    };
    let (one, two, anew) = (key(1, 1, &[1, 0]), key(2, 1, &[2, 0]), key(1, 2, &[3, 0]));
    let dangling = one.clone();
    assert!(is_foreign_key(
        &write(store, move |tx| blobs::put_key(tx, &dangling)).await
    ));
    let (first, second) = (one.clone(), two.clone());
    write(store, move |tx| {
        blobs::insert(tx, &blob(1, "sha256:l"))?;
        blobs::put_key(tx, &second)?;
        blobs::put_key(tx, &first)
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| blobs::key(tx, 1, 1)).await,
        Ok(Some(one.clone()))
    );
    assert_eq!(read(store, |tx| blobs::key(tx, 3, 1)).await, Ok(None));
    assert_eq!(
        read(store, |tx| blobs::keys(tx, 1, i64::MIN, 9)).await,
        Ok(vec![one, two.clone()])
    );
    assert_eq!(
        read(store, |tx| blobs::keys(tx, 1, 1, 9)).await,
        Ok(vec![two])
    );
    let replacing = anew.clone();
    write(store, move |tx| blobs::put_key(tx, &replacing))
        .await
        .unwrap();
    assert_eq!(read(store, |tx| blobs::key(tx, 1, 1)).await, Ok(Some(anew)));
}

async fn an_alias_belongs_to_its_repository_and_stays(store: &Store) {
    write(store, |tx| blobs::add_alias(tx, 1, "sha512:x", "sha256:a"))
        .await
        .unwrap();
    write(store, |tx| blobs::add_alias(tx, 1, "sha512:x", "sha256:b"))
        .await
        .unwrap();
    assert_eq!(
        read(store, |tx| blobs::alias(tx, 1, "sha512:x")).await,
        Ok(Some("sha256:a".to_owned()))
    );
    assert_eq!(
        read(store, |tx| blobs::alias(tx, 2, "sha512:x")).await,
        Ok(None)
    );
}

async fn a_deleted_link_serves_nothing_until_it_is_made_again(store: &Store) {
    write(store, |tx| {
        blobs::insert(tx, &blob(1, "sha256:l"))?;
        blobs::link(tx, 7, "sha256:l", 1, 50, 1)?;
        assert!(!blobs::delete_link(tx, 7, "sha256:other", 9)?);
        assert!(blobs::delete_link(tx, 7, "sha256:l", 9)?);
        assert!(!blobs::delete_link(tx, 7, "sha256:l", 9)?, "it is deleted");
        assert_eq!(blobs::find_link(tx, 7, "sha256:l")?, None);
        assert_eq!(manifests::linked_blob(tx, 7, "sha256:l")?, None);
        blobs::undelete_link(tx, 7, "sha256:l")?;
        assert!(blobs::find_link(tx, 7, "sha256:l")?.is_some());
        assert!(blobs::delete_link(tx, 7, "sha256:l", 9)?);
        blobs::link(tx, 7, "sha256:l", 1, 60, 1)?;
        let link = blobs::find_link(tx, 7, "sha256:l")?;
        assert_eq!(link.map(|link| (link.blob, link.keep_until)), Some((1, 60)));
        assert!(manifests::linked_blob(tx, 7, "sha256:l")?.is_some());
        Ok(())
    })
    .await
    .unwrap();
}
