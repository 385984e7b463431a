use wharf_meta::Store;
use wharf_meta::policies::{self, PolicyRow};

use super::rows::{is_foreign_key, is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    a_document_is_found_as_it_was_inserted_and_deleted,
    a_document_stays_while_a_repository_refers_to_it,
];

pub fn row(id: i64) -> PolicyRow {
    PolicyRow {
        id,
        kind: "repository".to_owned(),
        text: format!("{{\"Id\": \"{id}\",\n \"Statement\": []}}"),
        principals: r#"{"arn:aws:iam::123456789012:user/ann":"AIDA1"}"#.to_owned(),
        created_at: 8,
    }
}

/// Inserts documents of these ids.
pub async fn make(store: &Store, ids: &'static [i64]) {
    write(store, |tx| {
        ids.iter()
            .try_for_each(|id| policies::insert(tx, &row(*id)))
    })
    .await
    .unwrap();
}

pub async fn exists(store: &Store, id: i64) -> bool {
    let found = read(store, move |tx| policies::get(tx, id)).await;
    found.unwrap().is_some()
}

async fn a_document_is_found_as_it_was_inserted_and_deleted(store: &Store) {
    make(store, &[1, 2]).await;
    assert_eq!(
        read(store, |tx| policies::get(tx, 1)).await,
        Ok(Some(row(1)))
    );
    assert_eq!(read(store, |tx| policies::get(tx, 3)).await, Ok(None));
    assert!(is_unique(
        &write(store, |tx| policies::insert(tx, &row(1))).await
    ));
    assert_eq!(write(store, |tx| policies::delete(tx, 1)).await, Ok(true));
    assert_eq!(write(store, |tx| policies::delete(tx, 1)).await, Ok(false));
    assert!(exists(store, 2).await);
}

async fn a_document_stays_while_a_repository_refers_to_it(store: &Store) {
    super::repositories::make(store, &[(1, "app")]).await;
    make(store, &[5]).await;
    write(store, |tx| {
        wharf_meta::repositories::set_policy(tx, 1, Some(5))
    })
    .await
    .unwrap();
    assert!(is_foreign_key(
        &write(store, |tx| policies::delete(tx, 5)).await
    ));
    write(store, |tx| {
        wharf_meta::repositories::set_policy(tx, 1, None)?;
        policies::delete(tx, 5)
    })
    .await
    .unwrap();
    assert!(!exists(store, 5).await);
}
