use wharf_meta::orphans::{self, Orphan};
use wharf_meta::{Store, manifests, tags};

use super::rows::{read, write};
use super::tags::images;

pub static CASES: &[crate::Case] = &cases![
    only_what_has_no_tag_and_no_index_is_marked,
    marked_manifests_are_due_in_order_until_they_are_kept_or_cleared,
    referrers_of_a_subject_are_walked_in_order,
    a_tag_an_index_and_a_subject_each_refer,
];

async fn mark(store: &Store, digest: &'static str, until: i64) -> bool {
    write(store, move |tx| {
        orphans::mark(tx, 1, digest, "sha256:gone", until)
    })
    .await
    .unwrap()
}

async fn only_what_has_no_tag_and_no_index_is_marked(store: &Store) {
    images(
        store,
        &["sha256:i", "sha256:tagged", "sha256:child", "sha256:free"],
    )
    .await;
    write(store, |tx| {
        tags::insert(tx, 1, "v1", "sha256:tagged", 1)?;
        manifests::add_child(tx, 1, "sha256:i", 0, "sha256:child")
    })
    .await
    .unwrap();
    assert!(!mark(store, "sha256:tagged", 10).await);
    assert!(!mark(store, "sha256:child", 10).await);
    assert!(!mark(store, "sha256:none", 10).await);
    assert!(mark(store, "sha256:free", 10).await);
    let by = |digest| read(store, move |tx| orphans::orphaned_by(tx, 1, digest));
    assert_eq!(by("sha256:child").await, Ok(None));
    assert_eq!(by("sha256:none").await, Ok(None));
    assert_eq!(by("sha256:free").await, Ok(Some("sha256:gone".to_owned())));
    let row = read(store, |tx| manifests::get(tx, 1, "sha256:free")).await;
    assert_eq!(row.unwrap().unwrap().keep_until, Some(10));
}

async fn marked_manifests_are_due_in_order_until_they_are_kept_or_cleared(store: &Store) {
    images(store, &["sha256:a", "sha256:b"]).await;
    assert_eq!(read(store, orphans::next_due).await, Ok(None));
    mark(store, "sha256:a", 20).await;
    mark(store, "sha256:b", 10).await;
    assert_eq!(read(store, orphans::next_due).await, Ok(Some(10)));
    let due = async |now, limit| {
        let due = read(store, move |tx| orphans::due(tx, now, limit)).await;
        let digests = due.unwrap().into_iter().map(|row| row.digest);
        digests.collect::<Vec<_>>()
    };
    assert_eq!(due(9, 9).await, [""; 0]);
    assert_eq!(due(20, 9).await, ["sha256:b", "sha256:a"]);
    assert_eq!(due(20, 1).await, ["sha256:b"]);
    let first = Orphan {
        repository: 1,
        digest: "sha256:b".to_owned(),
        orphaned_by: Some("sha256:gone".to_owned()),
    };
    let all = read(store, |tx| orphans::due(tx, 20, 9)).await.unwrap();
    assert_eq!(all.first(), Some(&first));
    write(store, |tx| {
        orphans::keep(tx, 1, "sha256:a", 15)?;
        orphans::keep(tx, 1, "sha256:b", 30)
    })
    .await
    .unwrap();
    assert_eq!(due(25, 9).await, ["sha256:a"], "it is never kept shorter");
    write(store, |tx| {
        orphans::clear(tx, 1, "sha256:a")?;
        orphans::keep(tx, 1, "sha256:a", 40)
    })
    .await
    .unwrap();
    assert_eq!(
        due(99, 9).await,
        ["sha256:b"],
        "nobody asks about the other"
    );
}

async fn referrers_of_a_subject_are_walked_in_order(store: &Store) {
    // Their subject is `sha256:subject`.
    images(store, &["sha256:c", "sha256:a", "sha256:b"]).await;
    let page = |after: &'static str, limit| {
        read(store, move |tx| {
            orphans::referrers(tx, 1, "sha256:subject", after, limit)
        })
    };
    assert_eq!(page("", 2).await.unwrap(), ["sha256:a", "sha256:b"]);
    assert_eq!(page("sha256:b", 2).await.unwrap(), ["sha256:c"]);
    let others = read(store, |tx| orphans::referrers(tx, 1, "sha256:x", "", 9));
    assert_eq!(others.await.unwrap(), [""; 0]);
}

async fn a_tag_an_index_and_a_subject_each_refer(store: &Store) {
    images(store, &["sha256:a", "sha256:i"]).await;
    let referred = |subject: Option<&'static str>| {
        read(store, move |tx| {
            orphans::is_referred_to(tx, 1, "sha256:a", subject)
        })
    };
    assert_eq!(referred(None).await, Ok(false));
    assert_eq!(referred(Some("sha256:none")).await, Ok(false));
    assert_eq!(referred(Some("sha256:i")).await, Ok(true));
    write(store, |tx| tags::insert(tx, 1, "v1", "sha256:a", 1))
        .await
        .unwrap();
    assert_eq!(referred(None).await, Ok(true));
    write(store, |tx| {
        tags::delete(tx, 1, "v1")?;
        manifests::add_child(tx, 1, "sha256:i", 0, "sha256:a")
    })
    .await
    .unwrap();
    assert_eq!(referred(None).await, Ok(true));
    let there = |digest| read(store, move |tx| orphans::there(tx, 1, digest));
    assert_eq!(there("sha256:a").await, Ok(true));
    assert_eq!(there("sha256:none").await, Ok(false));
}
