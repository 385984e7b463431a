use wharf_meta::Store;
use wharf_meta::access_keys::{self, AccessKeyRow};

use super::rows::{ACCOUNT, account, is_foreign_key, is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    a_key_is_found_with_its_secret,
    a_key_needs_its_account,
    keys_of_an_account_come_in_pages,
    keys_of_a_principal_come_in_pages,
    a_key_is_made_inactive_and_deleted,
];

fn key(id: &str) -> AccessKeyRow {
    AccessKeyRow {
        access_key_id: id.to_owned(),
        account: ACCOUNT.to_owned(),
        principal: ACCOUNT.to_owned(),
        status: "Active".to_owned(),
        secret: vec![0, 1, 254, 255],
        created_at: 9,
    }
}

async fn a_key_is_found_with_its_secret(store: &Store) {
    account(store).await;
    write(store, |tx| access_keys::insert(tx, &key("AKIA1")))
        .await
        .unwrap();
    assert_eq!(
        read(store, |tx| access_keys::by_id(tx, "AKIA1")).await,
        Ok(Some(key("AKIA1")))
    );
    assert_eq!(
        read(store, |tx| access_keys::by_id(tx, "AKIA2")).await,
        Ok(None)
    );
    assert!(is_unique(
        &write(store, |tx| access_keys::insert(tx, &key("AKIA1"))).await
    ));
    assert!(
        !format!("{:?}", key("AKIA1")).contains("254"),
        "the secret is not in what is logged"
    );
}

async fn a_key_needs_its_account(store: &Store) {
    assert!(is_foreign_key(
        &write(store, |tx| access_keys::insert(tx, &key("AKIA1"))).await
    ));
}

async fn keys_of_an_account_come_in_pages(store: &Store) {
    account(store).await;
    for id in ["AKIA2", "AKIA1", "AKIA3"] {
        write(store, move |tx| access_keys::insert(tx, &key(id)))
            .await
            .unwrap();
    }
    let page = |after: &'static str| {
        read(store, move |tx| {
            access_keys::of_account(tx, ACCOUNT, after, 2)
        })
    };
    assert_eq!(page("").await, Ok(vec![key("AKIA1"), key("AKIA2")]));
    assert_eq!(page("AKIA2").await, Ok(vec![key("AKIA3")]));
    assert_eq!(
        read(store, |tx| access_keys::of_account(tx, "other", "", 9)).await,
        Ok(vec![])
    );
}

async fn keys_of_a_principal_come_in_pages(store: &Store) {
    account(store).await;
    let of = |id: &str| AccessKeyRow {
        principal: "AIDA1".to_owned(),
        ..key(id)
    };
    let rows = [of("AKIA3"), key("AKIA2"), of("AKIA1"), of("AKIA4")];
    write(store, move |tx| {
        rows.iter().try_for_each(|row| access_keys::insert(tx, row))
    })
    .await
    .unwrap();
    let page = |principal: &'static str, after: &'static str| {
        read(store, move |tx| {
            access_keys::of_principal(tx, principal, after, 2)
        })
    };
    assert_eq!(page("AIDA1", "").await, Ok(vec![of("AKIA1"), of("AKIA3")]));
    assert_eq!(page("AIDA1", "AKIA3").await, Ok(vec![of("AKIA4")]));
    assert_eq!(page(ACCOUNT, "").await, Ok(vec![key("AKIA2")]));
    assert_eq!(page("AIDA2", "").await, Ok(vec![]));
}

async fn a_key_is_made_inactive_and_deleted(store: &Store) {
    account(store).await;
    write(store, |tx| access_keys::insert(tx, &key("AKIA1")))
        .await
        .unwrap();
    assert_eq!(
        write(store, |tx| access_keys::set_status(tx, "AKIA1", "Inactive")).await,
        Ok(true)
    );
    let found = read(store, |tx| access_keys::by_id(tx, "AKIA1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.status, "Inactive");
    assert_eq!(
        write(store, |tx| access_keys::set_status(tx, "AKIA2", "Inactive")).await,
        Ok(false)
    );
    assert_eq!(
        write(store, |tx| access_keys::delete(tx, "AKIA1")).await,
        Ok(true)
    );
    assert_eq!(
        write(store, |tx| access_keys::delete(tx, "AKIA1")).await,
        Ok(false)
    );
}
