use wharf_meta::Store;
use wharf_meta::extents::{self, ExtentRow};

use super::rows::{is_foreign_key, is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    sealed_bytes_come_back_exactly,
    an_extent_needs_its_object,
    extents_are_removed_together,
];

/// An extent whose bytes lie in its row.
pub fn in_row(id: i64, size: i64, sealed: &[u8]) -> ExtentRow {
    ExtentRow {
        id,
        size,
        object: None,
        sealed: Some(sealed.to_vec()),
        created_at: 1,
    }
}

async fn sealed_bytes_come_back_exactly(store: &Store) {
    let every: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let (row, again) = (in_row(1, 69_000, &every), in_row(1, 1, b"other"));
    write(store, move |tx| extents::insert(tx, &row))
        .await
        .unwrap();
    assert!(is_unique(
        &write(store, move |tx| extents::insert(tx, &again)).await
    ));
    assert_eq!(
        read(store, |tx| extents::sealed(tx, 1)).await,
        Ok(Some(every))
    );
    assert_eq!(read(store, |tx| extents::exists(tx, 1)).await, Ok(true));
    assert_eq!(read(store, |tx| extents::exists(tx, 2)).await, Ok(false));
    assert_eq!(read(store, |tx| extents::sealed(tx, 2)).await, Ok(None));
}

async fn an_extent_needs_its_object(store: &Store) {
    let dangling = write(store, |tx| super::objects::extent_in(tx, 1, "nothing")).await;
    assert!(is_foreign_key(&dangling));
    write(store, |tx| {
        super::objects::pending(tx, "a", 1)?;
        super::objects::extent_in(tx, 1, "a")
    })
    .await
    .unwrap();
    assert_eq!(read(store, |tx| extents::sealed(tx, 1)).await, Ok(None));
}

async fn extents_are_removed_together(store: &Store) {
    write(store, |tx| {
        (1..=5).try_for_each(|id| extents::insert(tx, &in_row(id, 1, b"x")))
    })
    .await
    .unwrap();
    assert_eq!(
        write(store, |tx| extents::delete(tx, &[1, 3, 5, 7])).await,
        Ok(3)
    );
    assert_eq!(write(store, |tx| extents::delete(tx, &[])).await, Ok(0));
    assert_eq!(read(store, |tx| extents::exists(tx, 3)).await, Ok(false));
    assert_eq!(read(store, |tx| extents::exists(tx, 4)).await, Ok(true));
}
