use wharf_meta::Store;
use wharf_meta::accounts::{self, AccountRow};

use super::rows::{is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    an_account_is_found_and_its_id_is_taken,
    pages_are_in_order_of_id,
    an_alias_is_taken_once_and_given_back,
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

async fn an_alias_is_taken_once_and_given_back(store: &Store) {
    for id in ["1", "2", "3"] {
        write(store, move |tx| accounts::insert(tx, &account(id)))
            .await
            .unwrap();
    }
    let set = |id: &'static str, alias: Option<&'static str>| {
        write(store, move |tx| accounts::set_alias(tx, id, alias))
    };
    let of = |alias: &'static str| async move {
        let found = read(store, move |tx| accounts::by_alias(tx, alias)).await;
        found.unwrap().map(|row| row.account)
    };
    set("1", Some("harbour")).await.unwrap();
    assert_eq!(of("harbour").await.as_deref(), Some("1"));
    assert!(is_unique(&set("2", Some("harbour")).await));
    let named = AccountRow {
        alias: Some("harbour".to_owned()),
        ..account("4")
    };
    assert!(is_unique(
        &write(store, move |tx| accounts::insert(tx, &named)).await
    ));
    set("1", Some("quay")).await.unwrap();
    set("2", Some("harbour")).await.unwrap();
    assert_eq!(of("harbour").await.as_deref(), Some("2"));
    let found = read(store, |tx| accounts::by_id(tx, "1")).await.unwrap();
    assert_eq!(found.unwrap().alias.as_deref(), Some("quay"));
    set("1", None).await.unwrap();
    assert_eq!(of("quay").await, None);
    let found = read(store, |tx| accounts::by_id(tx, "1")).await;
    assert_eq!(found, Ok(Some(account("1"))));
}
