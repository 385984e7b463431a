use wharf_meta::Store;
use wharf_meta::store_id::{self, StoreIdRow};

use super::rows::{read, write};

pub static CASES: &[crate::Case] = &cases![a_store_gets_one_identity];

fn identity(id: &str) -> StoreIdRow {
    StoreIdRow {
        id: id.to_owned(),
        created_at: 4,
        root_generation: 1,
        key_check: vec![0, 200],
    }
}

async fn a_store_gets_one_identity(store: &Store) {
    assert_eq!(read(store, store_id::get).await, Ok(None));
    assert_eq!(
        write(store, |tx| store_id::insert(tx, &identity("b"))).await,
        Ok(true)
    );
    assert_eq!(
        write(store, |tx| store_id::insert(tx, &identity("a"))).await,
        Ok(false)
    );
    assert_eq!(read(store, store_id::get).await, Ok(Some(identity("b"))));
}
