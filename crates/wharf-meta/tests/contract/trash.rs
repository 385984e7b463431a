use wharf_meta::trash::{self, After, TrashedManifest, TrashedRepository};
use wharf_meta::usage::{self, UsageRow};
use wharf_meta::{Store, Tx, blobs, manifests};

use super::rows::{manifest, read, write};

pub static CASES: &[crate::Case] = &cases![
    the_trash_gives_back_the_manifest_deleted_last,
    the_trash_is_walked_in_order_and_by_reason,
    other_names_of_a_manifest_go_with_the_last_of_it,
    deleted_repositories_are_found_by_name_and_by_id,
    emptying_takes_only_what_is_due_and_no_more_than_asked,
    a_repository_leaves_the_trash_after_the_counts_of_its_use,
];

fn row(repository: i64, digest: &str, deleted_at: i64, until: i64) -> TrashedManifest {
    TrashedManifest {
        repository,
        digest: digest.to_owned(),
        deleted_at,
        reason: "request".to_owned(),
        tags: r#"["v1"]"#.to_owned(),
        until,
    }
}

fn put(tx: &mut Tx, digest: &str, deleted_at: i64, until: i64) -> wharf_meta::Result<()> {
    let document = format!(r#"{{"at":{deleted_at}}}"#);
    trash::put_manifest(tx, &row(1, digest, deleted_at, until), &document)
}

fn repository(id: i64, name: &str, deleted_at: i64) -> TrashedRepository {
    TrashedRepository {
        id,
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        name: name.to_owned(),
        document: "{}".to_owned(),
        deleted_at,
        until: deleted_at + 10,
    }
}

async fn the_trash_gives_back_the_manifest_deleted_last(store: &Store) {
    write(store, |tx| {
        put(tx, "sha256:a", 1, 10)?;
        put(tx, "sha256:a", 2, 11)?;
        put(tx, "sha256:a", 2, 12)
    })
    .await
    .unwrap();
    let newest = |repository, now| {
        read(store, move |tx| {
            trash::manifest(tx, repository, "sha256:a", now)
        })
    };
    let last = row(1, "sha256:a", 2, 12);
    assert_eq!(newest(1, 11).await, Ok(Some(last.clone())));
    assert_eq!(newest(1, 12).await, Ok(None), "its time is over");
    assert_eq!(newest(2, 0).await, Ok(None));
    let document = read(store, move |tx| trash::document(tx, &last)).await;
    assert_eq!(document, Ok(Some(r#"{"at":2}"#.to_owned())));
    assert_eq!(
        write(store, |tx| trash::drop_manifest(tx, 1, "sha256:a", 2)).await,
        Ok(1)
    );
    assert_eq!(newest(1, 0).await, Ok(Some(row(1, "sha256:a", 1, 10))));
}

async fn the_trash_is_walked_in_order_and_by_reason(store: &Store) {
    let all = [
        row(1, "sha256:a", 3, 9),
        row(1, "sha256:b", 1, 9),
        row(1, "sha256:b", 2, 9),
        row(2, "sha256:a", 1, 9),
    ];
    let rows = all.clone();
    write(store, move |tx| {
        rows.iter()
            .rev()
            .try_for_each(|row| trash::put_manifest(tx, row, "{}"))
    })
    .await
    .unwrap();
    let page = |after: After, limit| read(store, move |tx| trash::page(tx, &after, limit));
    assert_eq!(
        page(After::before(i64::MIN), 9).await.as_deref(),
        Ok(&all[..])
    );
    assert_eq!(
        page(After::from(&all[1]), 1).await.as_deref(),
        Ok(&all[2..3])
    );
    assert_eq!(page(After::before(2), 9).await.as_deref(), Ok(&all[3..]));
    let changed = all[1].clone();
    write(store, move |tx| {
        trash::set_reason(tx, &changed, "with its repository")
    })
    .await
    .unwrap();
    let of = |reason: &'static str| read(store, move |tx| trash::of_reason(tx, 1, reason, 9));
    assert_eq!(of("request").await.unwrap().len(), 2);
    let moved = of("with its repository").await.unwrap();
    assert_eq!(
        (moved.len(), moved[0].digest.as_str(), moved[0].deleted_at),
        (1, "sha256:b", 1)
    );
}

async fn other_names_of_a_manifest_go_with_the_last_of_it(store: &Store) {
    let alias = || read(store, |tx| blobs::alias(tx, 1, "sha512:a"));
    write(store, |tx| {
        blobs::add_alias(tx, 1, "sha512:a", "sha256:a")?;
        put(tx, "sha256:a", 1, 10)?;
        put(tx, "sha256:a", 2, 10)?;
        trash::drop_manifest(tx, 1, "sha256:a", 1)
    })
    .await
    .unwrap();
    assert!(alias().await.unwrap().is_some(), "the other is there");
    let (row, sealed) = manifest("sha256:a");
    write(store, move |tx| {
        manifests::insert(tx, 1, &row, &sealed)?;
        trash::drop_manifest(tx, 1, "sha256:a", 2)
    })
    .await
    .unwrap();
    assert!(alias().await.unwrap().is_some(), "it exists again");
    write(store, |tx| {
        manifests::delete(tx, 1, "sha256:a")?;
        put(tx, "sha256:a", 3, 10)?;
        trash::empty(tx, 10, 9)
    })
    .await
    .unwrap();
    assert_eq!(alias().await, Ok(None));
}

async fn deleted_repositories_are_found_by_name_and_by_id(store: &Store) {
    write(store, |tx| {
        trash::put_repository(tx, &repository(7, "app", 1))?;
        trash::put_repository(tx, &repository(9, "app", 2))?;
        trash::put_repository(tx, &repository(8, "other", 3))
    })
    .await
    .unwrap();
    let named = |name: &'static str, limit| {
        read(store, move |tx| {
            trash::repositories_named(tx, "123456789012", "eu-west-1", name, limit)
        })
    };
    assert_eq!(named("app", 1).await, Ok(vec![repository(9, "app", 2)]));
    assert_eq!(named("app", 9).await.unwrap().len(), 2);
    assert_eq!(named("none", 9).await, Ok(vec![]));
    let by_id = |id| read(store, move |tx| trash::repository(tx, id));
    assert_eq!(by_id(8).await, Ok(Some(repository(8, "other", 3))));
    assert_eq!(by_id(1).await, Ok(None));
    let page = read(store, |tx| trash::repositories(tx, 7, 1)).await;
    assert_eq!(page, Ok(vec![repository(8, "other", 3)]));
    assert_eq!(
        write(store, |tx| trash::drop_repository(tx, 8)).await,
        Ok(1)
    );
    assert_eq!(by_id(8).await, Ok(None));
}

async fn emptying_takes_only_what_is_due_and_no_more_than_asked(store: &Store) {
    write(store, |tx| {
        for (digest, until) in [("sha256:a", 10), ("sha256:b", 11), ("sha256:c", 12)] {
            put(tx, digest, 1, until)?;
        }
        trash::put_repository(tx, &repository(7, "app", 0))
    })
    .await
    .unwrap();
    assert_eq!(read(store, |tx| trash::is_due(tx, 9)).await, Ok(false));
    assert_eq!(read(store, |tx| trash::is_due(tx, 10)).await, Ok(true));
    assert_eq!(write(store, |tx| trash::empty(tx, 9, 10)).await, Ok(0));
    assert_eq!(
        write(store, |tx| trash::empty(tx, 11, 1)).await,
        Ok(2),
        "one manifest, one repository"
    );
    assert_eq!(write(store, |tx| trash::empty(tx, 11, 1)).await, Ok(1));
    assert_eq!(write(store, |tx| trash::empty(tx, 11, 1)).await, Ok(0));
    assert!(
        read(store, |tx| trash::manifest(tx, 1, "sha256:c", 0))
            .await
            .unwrap()
            .is_some()
    );
}

async fn a_repository_leaves_the_trash_after_the_counts_of_its_use(store: &Store) {
    write(store, |tx| {
        for day in 0..3 {
            let row = UsageRow {
                account: "123456789012".to_owned(),
                repository: 7,
                subject: "sha256:a".to_owned(),
                principal: "p".to_owned(),
                day,
                uses: 1,
                last_at: day,
            };
            usage::add(tx, &row)?;
        }
        trash::put_repository(tx, &repository(7, "app", 0))
    })
    .await
    .unwrap();
    let left = async || {
        let counts = store.table_counts().await.unwrap();
        (counts["usage"], counts["trash_repositories"])
    };
    write(store, |tx| trash::empty(tx, 10, 2)).await.unwrap();
    assert_eq!(left().await, (1, 1));
    write(store, |tx| trash::empty(tx, 10, 2)).await.unwrap();
    assert_eq!(left().await, (0, 0));
}
