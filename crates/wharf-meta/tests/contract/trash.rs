use wharf_meta::trash::{self, TrashedRepository};
use wharf_meta::{Store, Tx};

use super::rows::{read, write};

pub static CASES: &[crate::Case] = &cases![
    the_trash_gives_back_the_newest_document_of_a_manifest,
    emptying_takes_only_what_is_due_and_no_more_than_asked,
];

fn put(tx: &mut Tx, digest: &str, deleted_at: i64, until: i64) -> wharf_meta::Result<()> {
    trash::put_manifest(
        tx,
        1,
        digest,
        &format!(r#"{{"at":{deleted_at}}}"#),
        deleted_at,
        until,
    )
}

async fn the_trash_gives_back_the_newest_document_of_a_manifest(store: &Store) {
    write(store, |tx| {
        put(tx, "sha256:a", 1, 10)?;
        put(tx, "sha256:a", 2, 11)?;
        put(tx, "sha256:a", 2, 12)
    })
    .await
    .unwrap();
    let newest = read(store, |tx| trash::manifest(tx, 1, "sha256:a")).await;
    assert_eq!(newest, Ok(Some(r#"{"at":2}"#.to_owned())));
    assert_eq!(
        read(store, |tx| trash::manifest(tx, 2, "sha256:a")).await,
        Ok(None)
    );
}

async fn emptying_takes_only_what_is_due_and_no_more_than_asked(store: &Store) {
    write(store, |tx| {
        for (digest, until) in [("sha256:a", 10), ("sha256:b", 11), ("sha256:c", 12)] {
            put(tx, digest, 1, until)?;
        }
        let repository = TrashedRepository {
            id: 7,
            account: "123456789012",
            region: "eu-west-1",
            name: "app",
            document: "{}",
            deleted_at: 1,
            until: 10,
        };
        trash::put_repository(tx, &repository)
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
        read(store, |tx| trash::manifest(tx, 1, "sha256:c"))
            .await
            .unwrap()
            .is_some()
    );
}
