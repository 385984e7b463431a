use wharf_meta::stats::{self, GivenUp, Images, Link, Upload};
use wharf_meta::{Store, blobs, manifests, tags, uploads};

use super::blobs::blob;
use super::rows::{ACCOUNT, REGION, read, write};
use super::tags::images;
use super::uploads::upload;

pub static CASES: &[crate::Case] = &cases![
    images_and_tags_are_added_up_page_by_page,
    a_link_tells_whether_it_is_held_and_whether_another_repository_has_the_blob,
    links_by_blob_come_together_and_tell_whose_they_are,
    blobs_given_up_and_uploads_come_in_order_of_time,
];

const REGISTRY: (&str, &str) = (ACCOUNT, REGION);

async fn images_and_tags_are_added_up_page_by_page(store: &Store) {
    let page =
        |after: &'static str, limit| read(store, move |tx| stats::images(tx, 1, after, limit));
    assert_eq!(page("", 9).await, Ok(Images::default()));
    images(store, &["sha256:a", "sha256:b", "sha256:c"]).await;
    write(store, |tx| {
        tags::insert(tx, 1, "v1", "sha256:a", 1)?;
        tags::insert(tx, 1, "v2", "sha256:a", 1)
    })
    .await
    .unwrap();
    let sum = |last: &str, count, untagged| Images {
        last: Some(last.to_owned()),
        count,
        bytes: count * 10,
        untagged,
    };
    assert_eq!(page("", 9).await, Ok(sum("sha256:c", 3, 2)));
    assert_eq!(page("", 2).await, Ok(sum("sha256:b", 2, 1)));
    assert_eq!(page("sha256:b", 2).await, Ok(sum("sha256:c", 1, 1)));
    assert_eq!(page("sha256:c", 2).await, Ok(Images::default()));
    let tags = |after: &'static str, limit| read(store, move |tx| stats::tags(tx, 1, after, limit));
    assert_eq!(tags("", 9).await, Ok((Some("v2".to_owned()), 2)));
    assert_eq!(tags("", 1).await, Ok((Some("v1".to_owned()), 1)));
    assert_eq!(tags("v2", 1).await, Ok((None, 0)));
    let other = read(store, |tx| stats::tags(tx, 2, "", 9)).await;
    assert_eq!(other, Ok((None, 0)));
}

/// Blob 1 in repositories 1 and 2, blob 2 in repository 1, where an image names it.
async fn linked(store: &Store) {
    images(store, &["sha256:a"]).await;
    write(store, |tx| {
        blobs::insert(tx, &blob(1, "sha256:l"))?;
        blobs::insert(tx, &blob(2, "sha256:m"))?;
        blobs::link(tx, 1, "sha256:l", 1, 30, 1)?;
        blobs::link(tx, 2, "sha256:l", 1, 10, 1)?;
        blobs::link(tx, 1, "sha256:m", 2, 10, 1)?;
        manifests::add_link(tx, 1, "sha256:a", 0, "sha256:m")
    })
    .await
    .unwrap();
}

fn link(blob: i64, held: bool, until: i64) -> Link {
    Link {
        blob,
        size: 10,
        held,
        until,
    }
}

async fn a_link_tells_whether_it_is_held_and_whether_another_repository_has_the_blob(
    store: &Store,
) {
    linked(store).await;
    let page = |repository, after: &'static str| {
        read(store, move |tx| stats::links(tx, repository, after, 9))
    };
    let (l, m) = ("sha256:l".to_owned(), "sha256:m".to_owned());
    let first = (l.clone(), link(1, false, 30), true);
    let second = (m.clone(), link(2, true, 10), false);
    assert_eq!(page(1, "").await, Ok(vec![first, second.clone()]));
    assert_eq!(page(1, "sha256:l").await, Ok(vec![second]));
    let other = vec![(l, link(1, false, 10), true)];
    assert_eq!(page(2, "").await, Ok(other));
    // What the trash needs stays longer than what was promised.
    write(store, |tx| {
        manifests::trash_links(tx, 1, "sha256:a", 99, 40)
    })
    .await
    .unwrap();
    let kept = page(1, "sha256:l").await.unwrap();
    assert_eq!(kept, [(m, link(2, true, 99), false)]);
}

async fn links_by_blob_come_together_and_tell_whose_they_are(store: &Store) {
    linked(store).await;
    let page = |registry, after, limit| {
        read(store, move |tx| {
            stats::links_by_blob(tx, registry, after, limit)
        })
    };
    let first = (1, link(1, false, 30), true);
    let second = (2, link(1, false, 10), true);
    let third = (1, link(2, true, 10), true);
    let start = (i64::MIN, i64::MIN);
    assert_eq!(
        page(REGISTRY, start, 9).await,
        Ok(vec![first.clone(), second.clone(), third.clone()])
    );
    assert_eq!(page(REGISTRY, start, 1).await, Ok(vec![first]));
    assert_eq!(page(REGISTRY, (1, 1), 9).await, Ok(vec![second, third]));
    let foreign = page((ACCOUNT, "moon-north-1"), (1, 2), 9).await;
    assert_eq!(foreign, Ok(vec![(1, link(2, true, 10), false)]));
}

async fn blobs_given_up_and_uploads_come_in_order_of_time(store: &Store) {
    write(store, |tx| {
        blobs::insert(tx, &blob(1, "sha256:l"))?;
        blobs::insert(tx, &blob(2, "sha256:m"))?;
        blobs::insert(tx, &blob(3, "sha256:n"))?;
        blobs::give_up(tx, 1, "sha256:l", 20)?;
        blobs::give_up(tx, 2, "sha256:m", 10)?;
        uploads::insert(tx, &upload("u", 9))?;
        uploads::insert(tx, &upload("v", 5))
    })
    .await
    .unwrap();
    let gone = |at, blob, ours| GivenUp {
        at,
        blob,
        size: 10,
        ours,
    };
    let page = |registry, after| read(store, move |tx| stats::given_up(tx, registry, after, 9));
    assert_eq!(
        page(REGISTRY, (i64::MIN, i64::MIN)).await,
        Ok(vec![gone(10, 2, true), gone(20, 1, true)])
    );
    assert_eq!(
        page(("210987654321", REGION), (10, 2)).await,
        Ok(vec![gone(20, 1, false)])
    );
    let unfinished = |expires_at, id: &str| Upload {
        expires_at,
        id: id.to_owned(),
        repository: 1,
        received: 0,
    };
    let page = |after| read(store, move |tx| stats::uploads(tx, after, 9));
    assert_eq!(
        page((i64::MIN, "")).await,
        Ok(vec![unfinished(5, "v"), unfinished(9, "u")])
    );
    assert_eq!(page((5, "v")).await, Ok(vec![unfinished(9, "u")]));
}
