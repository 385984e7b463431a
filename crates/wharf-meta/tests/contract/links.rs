use wharf_meta::blobs::{self, BlobKeyRow, GivenUp};
use wharf_meta::links::{self, DueLink, HELD, KeptLink};
use wharf_meta::{Store, extents, manifests};

use super::blobs::{blob, layer_of_object};
use super::rows::{ACCOUNT, REGION, is_foreign_key, read, write};
use super::tags::images;

pub static CASES: &[crate::Case] = &cases![
    a_link_is_due_when_it_was_promised_and_then_when_it_is_said,
    a_link_that_a_manifest_holds_is_due_a_day_after_the_manifest_went,
    a_link_that_a_client_deleted_is_still_kept,
    leaving_the_trash_breaks_no_promise,
    a_removed_link_takes_its_key_along_and_a_held_one_stays,
    a_blob_given_up_is_not_found_and_goes_after_its_extents,
    other_names_of_content_are_found_both_ways,
];

/// Blob 1 with digest `sha256:l`, linked to these repositories, kept until 10.
async fn linked(store: &Store, repositories: &'static [i64]) {
    write(store, move |tx| {
        blobs::insert(tx, &blob(1, "sha256:l"))?;
        repositories
            .iter()
            .try_for_each(|repository| blobs::link(tx, *repository, "sha256:l", 1, 10, 1))
    })
    .await
    .unwrap();
}

async fn due(store: &Store, now: i64) -> Vec<DueLink> {
    read(store, move |tx| links::due(tx, now, 9)).await.unwrap()
}

async fn a_link_is_due_when_it_was_promised_and_then_when_it_is_said(store: &Store) {
    assert_eq!(read(store, links::next_due).await, Ok(None));
    linked(store, &[1, 2]).await;
    assert_eq!(read(store, links::next_due).await, Ok(Some(10)));
    assert_eq!(due(store, 9).await, []);
    write(store, |tx| links::set_due(tx, 2, "sha256:l", 5))
        .await
        .unwrap();
    let all = due(store, 10).await;
    assert_eq!(
        all.iter().map(|link| link.repository).collect::<Vec<_>>(),
        [2, 1],
        "the first in front"
    );
    let expected = DueLink {
        repository: 1,
        digest: "sha256:l".to_owned(),
        blob: 1,
        keep_until: 10,
        trash_until: None,
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        size: 10,
    };
    assert_eq!(all.last(), Some(&expected));
    // A promise made meanwhile is in the row that the collector reads; it does not move when it looks.
    write(store, |tx| blobs::keep(tx, 1, "sha256:l", 40))
        .await
        .unwrap();
    assert_eq!(due(store, 10).await[1].keep_until, 40);
    write(store, |tx| {
        links::set_due(tx, 1, "sha256:l", HELD)?;
        links::set_due(tx, 2, "sha256:l", HELD)
    })
    .await
    .unwrap();
    assert_eq!(read(store, links::next_due).await, Ok(None));
    assert_eq!(due(store, HELD - 1).await, []);
}

async fn a_link_that_a_client_deleted_is_still_kept(store: &Store) {
    linked(store, &[1]).await;
    let kept = |deleted_at, keep_until| KeptLink {
        blob: 1,
        keep_until,
        trash_until: None,
        deleted_at,
        size: 10,
        media_type: None,
    };
    let get = || read(store, |tx| links::get(tx, 1, "sha256:l"));
    assert_eq!(get().await, Ok(Some(kept(None, 10))));
    write(store, |tx| blobs::delete_link(tx, 1, "sha256:l", 9))
        .await
        .unwrap();
    assert_eq!(get().await, Ok(Some(kept(Some(9), 9))));
    assert_eq!(
        read(store, |tx| links::get(tx, 2, "sha256:l")).await,
        Ok(None)
    );
}

async fn a_link_that_a_manifest_holds_is_due_a_day_after_the_manifest_went(store: &Store) {
    linked(store, &[1]).await;
    images(store, &["sha256:a", "sha256:b"]).await;
    write(store, |tx| {
        manifests::add_link(tx, 1, "sha256:a", 0, "sha256:l")?;
        manifests::add_link(tx, 1, "sha256:b", 0, "sha256:l")?;
        links::set_due(tx, 1, "sha256:l", HELD)
    })
    .await
    .unwrap();
    let holders = |limit| read(store, move |tx| links::holders(tx, 1, "sha256:l", limit));
    assert_eq!(holders(9).await.unwrap(), ["sha256:a", "sha256:b"]);
    assert_eq!(holders(1).await.unwrap(), ["sha256:a"]);
    for (manifest, until, keep) in [("sha256:a", 99, 50), ("sha256:b", 98, 40)] {
        write(store, move |tx| {
            manifests::trash_links(tx, 1, manifest, until, keep)?;
            manifests::delete(tx, 1, manifest)
        })
        .await
        .unwrap();
        let all = due(store, 50).await;
        let told: Vec<_> = all
            .iter()
            .map(|link| (link.keep_until, link.trash_until))
            .collect();
        assert_eq!(told, [(50, Some(99))], "the longest of each: {manifest}");
    }
    assert_eq!(due(store, 49).await, []);
}

async fn leaving_the_trash_breaks_no_promise(store: &Store) {
    linked(store, &[1, 2, 3]).await;
    images(store, &["sha256:a"]).await;
    write(store, |tx| {
        manifests::add_link(tx, 1, "sha256:a", 0, "sha256:l")?;
        manifests::trash_links(tx, 1, "sha256:a", 99, 50)?;
        manifests::delete(tx, 1, "sha256:a")
    })
    .await
    .unwrap();
    let leave = |repository, now| {
        write(store, move |tx| {
            links::leave_trash(tx, repository, "sha256:l", now)
        })
    };
    assert_eq!(leave(2, 30).await, Ok(false), "it never was there");
    assert_eq!(leave(1, 30).await, Ok(true));
    assert_eq!(leave(1, 30).await, Ok(false));
    let link = due(store, 50).await.into_iter().find(|l| l.repository == 1);
    let link = link.unwrap();
    assert_eq!((link.keep_until, link.trash_until), (50, Some(30)));
    assert!(due(store, 49).await.iter().all(|l| l.repository != 1));
    // Once the promise is over it is due at once.
    write(store, |tx| {
        blobs::keep(tx, 1, "sha256:l", 60)?;
        links::set_due(tx, 1, "sha256:l", 99)
    })
    .await
    .unwrap();
    assert_eq!(leave(1, 20).await, Ok(true));
    assert_eq!(due(store, 60).await.len(), 3);
}

async fn a_removed_link_takes_its_key_along_and_a_held_one_stays(store: &Store) {
    linked(store, &[1, 2]).await;
    images(store, &["sha256:a"]).await;
    let key = |repository| BlobKeyRow {
        repository,
        blob: 1,
        key_id: "registry".to_owned(),
        material: 1,
        wrapped: vec![1],
    };
    write(store, move |tx| {
        blobs::put_key(tx, &key(1))?;
        blobs::put_key(tx, &key(2))?;
        manifests::add_link(tx, 1, "sha256:a", 0, "sha256:l")
    })
    .await
    .unwrap();
    let remove = |repository| {
        write(store, move |tx| {
            links::remove(tx, repository, "sha256:l", 1)
        })
    };
    assert!(is_foreign_key(&remove(1).await));
    assert_eq!(read(store, |tx| links::of_blob(tx, 1)).await, Ok(Some(1)));
    remove(2).await.unwrap();
    assert_eq!(read(store, |tx| blobs::key(tx, 2, 1)).await, Ok(None));
    assert!(
        read(store, |tx| blobs::key(tx, 1, 1))
            .await
            .unwrap()
            .is_some()
    );
    write(store, |tx| manifests::delete(tx, 1, "sha256:a"))
        .await
        .unwrap();
    remove(1).await.unwrap();
    assert_eq!(read(store, |tx| links::of_blob(tx, 1)).await, Ok(None));
}

async fn a_blob_given_up_is_not_found_and_goes_after_its_extents(store: &Store) {
    assert_eq!(read(store, blobs::first_given_up).await, Ok(None));
    write(store, |tx| {
        super::objects::pending(tx, "a", 1)?;
        layer_of_object(tx, "a")
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| blobs::object_states(tx, 1)).await,
        Ok(vec![("live".to_owned(), 1)])
    );
    assert_eq!(
        write(store, |tx| blobs::delete(tx, 1)).await.ok(),
        Some(false),
        "it is not given up"
    );
    write(store, |tx| {
        blobs::give_up(tx, 1, "sha256:l", 30)?;
        blobs::give_up(tx, 1, "sha256:l", 40)
    })
    .await
    .unwrap();
    let found = read(store, |tx| {
        blobs::find(tx, ACCOUNT, REGION, "AES256", "sha256:l")
    });
    assert_eq!(found.await, Ok(None));
    // A push of the same digest makes another, which may be given up too.
    write(store, |tx| {
        blobs::insert(tx, &blob(2, "sha256:l"))?;
        blobs::give_up(tx, 2, "sha256:l", 31)
    })
    .await
    .unwrap();
    assert_eq!(read(store, blobs::first_given_up).await, Ok(Some(30)));
    let given_up = |until, limit| read(store, move |tx| blobs::given_up(tx, until, limit));
    let first = GivenUp {
        id: 1,
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        digest: "sha256:l".to_owned(),
        size: 10,
    };
    assert_eq!(given_up(29, 9).await, Ok(vec![]));
    assert_eq!(given_up(31, 1).await, Ok(vec![first]));
    assert_eq!(given_up(31, 9).await.unwrap().len(), 2);
    assert!(is_foreign_key(
        &write(store, |tx| blobs::delete(tx, 1)).await
    ));
    write(store, |tx| {
        blobs::release_extents(tx, 1, i64::MAX)?;
        extents::delete(tx, &[1])?;
        assert!(blobs::delete(tx, 1)?);
        assert!(blobs::delete(tx, 2)?);
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(store.table_counts().await.unwrap()["blobs"], 0);
}

async fn other_names_of_content_are_found_both_ways(store: &Store) {
    write(store, |tx| {
        for repository in [1, 2] {
            blobs::add_alias(tx, repository, "sha512:x", "sha256:l")?;
        }
        blobs::add_alias(tx, 1, "sha512:y", "sha256:m")
    })
    .await
    .unwrap();
    let aliases = |repository| read(store, move |tx| links::aliases(tx, repository, "sha256:l"));
    assert_eq!(aliases(1).await.unwrap(), ["sha512:x"]);
    let both = [(1, "sha256:l".to_owned()), (2, "sha256:l".to_owned())];
    assert_eq!(
        read(store, |tx| links::of_alias(tx, "sha512:x", 9)).await,
        Ok(both.to_vec())
    );
    write(store, |tx| links::remove_alias(tx, 1, "sha512:x"))
        .await
        .unwrap();
    assert_eq!(aliases(1).await.unwrap(), [""; 0]);
    assert_eq!(aliases(2).await.unwrap(), ["sha512:x"]);
}
