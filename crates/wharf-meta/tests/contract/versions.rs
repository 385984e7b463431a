use wharf_meta::{Store, versions};

use super::rows::{read, write};

pub static CASES: &[crate::Case] = &cases![a_version_counts_from_nothing_and_each_kind_for_itself];

async fn a_version_counts_from_nothing_and_each_kind_for_itself(store: &Store) {
    assert_eq!(
        read(store, |tx| versions::get(tx, "a", "policies")).await,
        Ok(0)
    );
    assert_eq!(
        write(store, |tx| versions::bump(tx, "a", "policies")).await,
        Ok(1)
    );
    assert_eq!(
        write(store, |tx| versions::bump(tx, "a", "policies")).await,
        Ok(2)
    );
    assert_eq!(
        write(store, |tx| versions::bump(tx, "a", "settings")).await,
        Ok(1)
    );
    assert_eq!(
        read(store, |tx| versions::get(tx, "a", "policies")).await,
        Ok(2)
    );
    assert_eq!(
        read(store, |tx| versions::get(tx, "b", "policies")).await,
        Ok(0)
    );
}
