use wharf_meta::Store;
use wharf_meta::registry_keys::{self, RegistryKeyRow};

use super::rows::{ACCOUNT, REGION, is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![the_newest_generation_is_current_and_the_older_stay];

fn key(material: i64) -> RegistryKeyRow {
    RegistryKeyRow {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        material,
        wrapped: vec![9, u8::try_from(material).unwrap()],
        created_at: 3,
    }
}

async fn the_newest_generation_is_current_and_the_older_stay(store: &Store) {
    assert_eq!(
        read(store, |tx| registry_keys::current(tx, ACCOUNT, REGION)).await,
        Ok(None)
    );
    for material in [1, 10, 2] {
        write(store, move |tx| registry_keys::insert(tx, &key(material)))
            .await
            .unwrap();
    }
    assert_eq!(
        read(store, |tx| registry_keys::current(tx, ACCOUNT, REGION)).await,
        Ok(Some(key(10)))
    );
    assert_eq!(
        read(store, |tx| registry_keys::get(tx, ACCOUNT, REGION, 2)).await,
        Ok(Some(key(2)))
    );
    assert_eq!(
        read(store, |tx| registry_keys::get(tx, ACCOUNT, "elsewhere", 2)).await,
        Ok(None)
    );
    assert!(is_unique(
        &write(store, |tx| registry_keys::insert(tx, &key(2))).await
    ));
}
