use wharf_meta::Store;
use wharf_meta::accounts::{self, AccountRow};

use super::rows::{is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    an_account_is_found_and_its_id_is_taken,
    pages_are_in_order_of_id
];

fn account(id: &str) -> AccountRow {
    AccountRow {
        account: id.to_owned(),
        name: format!("name of {id}"),
        created_at: 5,
        alias: None,
    }
}

async fn an_account_is_found_and_its_id_is_taken(store: &Store) {
    write(store, |tx| accounts::insert(tx, &account("111111111111")))
        .await
        .unwrap();
    let found = read(store, |tx| accounts::by_id(tx, "111111111111")).await;
    assert_eq!(found, Ok(Some(account("111111111111"))));
    assert_eq!(
        read(store, |tx| accounts::by_id(tx, "222222222222")).await,
        Ok(None)
    );
    assert!(is_unique(
        &write(store, |tx| accounts::insert(tx, &account("111111111111"))).await
    ));
}

async fn pages_are_in_order_of_id(store: &Store) {
    for id in ["3", "1", "2"] {
        write(store, move |tx| accounts::insert(tx, &account(id)))
            .await
            .unwrap();
    }
    assert_eq!(
        read(store, |tx| accounts::page(tx, "", 2)).await,
        Ok(vec![account("1"), account("2")])
    );
    assert_eq!(
        read(store, |tx| accounts::page(tx, "2", 2)).await,
        Ok(vec![account("3")])
    );
}
