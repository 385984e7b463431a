use wharf_meta::extents::{self, ExtentRow};
use wharf_meta::objects::{self, After};
use wharf_meta::{Result, Store, Tx};

use super::rows::{is_foreign_key, is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    an_object_is_pending_first_and_its_name_is_taken,
    a_pending_object_is_discarded_or_doomed_only_while_no_extent_uses_it,
    strays_are_walked_in_order_of_time,
    only_a_live_object_goes_missing,
    doomed_objects_are_due_from_their_time_on_and_forgotten_when_no_extent_uses_them,
    known_names_are_those_with_a_row,
];

/// A pending object of that name and time.
pub fn pending(tx: &mut Tx, name: &str, at: i64) -> Result<()> {
    objects::insert_pending(tx, name, "local", at, "upload")
}

/// An extent that lies in that object.
pub fn extent_in(tx: &mut Tx, id: i64, object: &str) -> Result<()> {
    let object = Some(object.to_owned());
    extents::insert(
        tx,
        &ExtentRow {
            id,
            size: 10,
            object,
            sealed: None,
            created_at: 1,
        },
    )
}

async fn state(store: &Store, name: &'static str) -> Option<String> {
    read(store, move |tx| objects::get(tx, name))
        .await
        .unwrap()
        .map(|row| row.state)
}

async fn an_object_is_pending_first_and_its_name_is_taken(store: &Store) {
    write(store, |tx| pending(tx, "a", 5)).await.unwrap();
    let row = read(store, |tx| objects::get(tx, "a"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.store.as_str(), row.state.as_str(), row.at),
        ("local", "pending", 5)
    );
    assert_eq!(row.upload.as_deref(), Some("upload"));
    assert!(is_unique(&write(store, |tx| pending(tx, "a", 6)).await));
    assert_eq!(read(store, |tx| objects::get(tx, "b")).await, Ok(None));
}

async fn a_pending_object_is_discarded_or_doomed_only_while_no_extent_uses_it(store: &Store) {
    write(store, |tx| {
        pending(tx, "used", 1)?;
        pending(tx, "free", 1)?;
        pending(tx, "stray", 1)?;
        extent_in(tx, 1, "used")
    })
    .await
    .unwrap();
    assert_eq!(
        write(store, |tx| objects::discard(tx, "used")).await,
        Ok(false)
    );
    assert_eq!(
        write(store, |tx| objects::doom_stray(tx, "used", 9)).await,
        Ok(false)
    );
    assert_eq!(
        write(store, |tx| objects::discard(tx, "free")).await,
        Ok(true)
    );
    assert_eq!(
        write(store, |tx| objects::doom_stray(tx, "stray", 9)).await,
        Ok(true)
    );
    assert_eq!(state(store, "used").await.as_deref(), Some("pending"));
    assert_eq!(state(store, "free").await, None);
    assert_eq!(state(store, "stray").await.as_deref(), Some("doomed"));
    assert_eq!(
        write(store, |tx| objects::discard(tx, "stray")).await,
        Ok(false)
    );
}

async fn strays_are_walked_in_order_of_time(store: &Store) {
    write(store, |tx| {
        for (name, at) in [("d", 1), ("b", 2), ("a", 2), ("c", 2), ("used", 1)] {
            pending(tx, name, at)?;
        }
        extent_in(tx, 1, "used")
    })
    .await
    .unwrap();
    let mut after = After::nothing();
    let mut seen = Vec::new();
    loop {
        let from = after.clone();
        let rows = read(store, move |tx| objects::strays(tx, &from, 2))
            .await
            .unwrap();
        let Some(last) = rows.last() else { break };
        after = After::from(last);
        seen.extend(rows.into_iter().map(|row| row.name));
    }
    assert_eq!(seen, ["d", "a", "b", "c"]);
}

async fn only_a_live_object_goes_missing(store: &Store) {
    write(store, |tx| pending(tx, "a", 1)).await.unwrap();
    assert_eq!(
        write(store, |tx| objects::mark_missing(tx, "a", 2)).await,
        Ok(false)
    );
    write(store, |tx| super::blobs::layer_of_object(tx, "a"))
        .await
        .unwrap();
    assert_eq!(
        write(store, |tx| objects::mark_missing(tx, "a", 2)).await,
        Ok(true)
    );
    assert_eq!(state(store, "a").await.as_deref(), Some("missing"));
    assert_eq!(
        write(store, |tx| objects::mark_missing(tx, "a", 3)).await,
        Ok(false)
    );
}

async fn doomed_objects_are_due_from_their_time_on_and_forgotten_when_no_extent_uses_them(
    store: &Store,
) {
    write(store, |tx| {
        for name in ["a", "b", "c", "used"] {
            pending(tx, name, 1)?;
        }
        extent_in(tx, 1, "used")?;
        objects::doom(tx, &["a", "used"], 20)?;
        objects::doom(tx, &["b"], 10)?;
        objects::doom(tx, &["c"], 30)
    })
    .await
    .unwrap();
    assert_eq!(
        write(store, |tx| objects::doom(tx, &["a"], 99)).await,
        Ok(0),
        "a doomed object keeps its time"
    );
    let due = read(store, |tx| objects::due(tx, 20, &After::nothing(), 10))
        .await
        .unwrap();
    let after = After::from(&due[0]);
    assert_eq!(
        due.into_iter().map(|row| row.name).collect::<Vec<_>>(),
        ["b", "a", "used"]
    );
    let rest = read(store, move |tx| objects::due(tx, 20, &after, 1))
        .await
        .unwrap();
    assert_eq!(
        rest.into_iter().map(|row| row.name).collect::<Vec<_>>(),
        ["a"]
    );
    assert_eq!(
        write(store, |tx| objects::delete_doomed(tx, &["a", "b"])).await,
        Ok(2)
    );
    assert!(is_foreign_key(
        &write(store, |tx| objects::delete_doomed(tx, &["used"])).await
    ));
    write(store, |tx| pending(tx, "new", 1)).await.unwrap();
    assert_eq!(
        write(store, |tx| objects::delete_doomed(tx, &["new", "nothing"])).await,
        Ok(0)
    );
}

async fn known_names_are_those_with_a_row(store: &Store) {
    write(store, |tx| pending(tx, "a", 1)).await.unwrap();
    assert_eq!(
        read(store, |tx| objects::known(tx, &["a", "b", "quote\"'"])).await,
        Ok(vec!["a".to_owned()])
    );
    assert_eq!(
        read(store, |tx| objects::known::<&str>(tx, &[])).await,
        Ok(Vec::new())
    );
}
