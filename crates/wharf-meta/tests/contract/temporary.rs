//! Rows of `sessions`: temporary credentials.
use wharf_meta::Store;
use wharf_meta::sessions::{self, SessionRow};

use super::rows::{ACCOUNT, account, is_foreign_key, is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    a_session_is_found_with_its_secret_and_deleted,
    a_session_needs_its_account,
    all_sessions_of_a_principal_go_in_batches,
    expired_sessions_come_in_order_of_their_end,
];

fn session(id: &str, principal: &str, expires_at: i64) -> SessionRow {
    SessionRow {
        access_key_id: id.to_owned(),
        account: ACCOUNT.to_owned(),
        kind: "role".to_owned(),
        principal: principal.to_owned(),
        name: "build".to_owned(),
        issued_at: 1,
        expires_at,
        secret: vec![0, 1, 254, 255],
        details: r#"{"sourceIdentity":"ann"}"#.to_owned(),
    }
}

async fn insert(store: &Store, rows: Vec<SessionRow>) {
    write(store, move |tx| {
        rows.iter().try_for_each(|row| sessions::insert(tx, row))
    })
    .await
    .unwrap();
}

async fn a_session_is_found_with_its_secret_and_deleted(store: &Store) {
    account(store).await;
    let (one, two) = (session("ASIA1", "AROA1", 9), session("ASIA2", "AROA1", 9));
    insert(store, vec![one.clone(), two.clone()]).await;
    let by_id = |id: &'static str| read(store, move |tx| sessions::by_id(tx, id));
    assert_eq!(by_id("ASIA1").await, Ok(Some(one.clone())));
    assert_eq!(by_id("ASIA3").await, Ok(None));
    let again = one.clone();
    assert!(is_unique(
        &write(store, move |tx| sessions::insert(tx, &again)).await
    ));
    assert!(
        !format!("{one:?}").contains("254"),
        "the secret is not in what is logged"
    );
    let delete = || write(store, |tx| sessions::delete(tx, "ASIA1"));
    assert_eq!(delete().await, Ok(true));
    assert_eq!(delete().await, Ok(false));
    assert_eq!(by_id("ASIA2").await, Ok(Some(two)));
}

async fn a_session_needs_its_account(store: &Store) {
    assert!(is_foreign_key(
        &write(store, |tx| sessions::insert(
            tx,
            &session("ASIA1", "AROA1", 9)
        ))
        .await
    ));
}

async fn all_sessions_of_a_principal_go_in_batches(store: &Store) {
    account(store).await;
    let more = i64::try_from(sessions::MOST_DELETED).unwrap() + 3;
    let of_one = (0..more).map(|number| session(&format!("ASIA{number:05}"), "AROA1", 9));
    for batch in of_one.collect::<Vec<_>>().chunks(500) {
        insert(store, batch.to_vec()).await;
    }
    insert(store, vec![session("ASIB", "AROA2", 9)]).await;
    let delete = || write(store, |tx| sessions::delete_of_principal(tx, "AROA1"));
    assert_eq!(delete().await, Ok(sessions::MOST_DELETED));
    assert_eq!(delete().await, Ok(3));
    assert_eq!(delete().await, Ok(0));
    assert_eq!(store.table_counts().await.unwrap()["sessions"], 1);
}

async fn expired_sessions_come_in_order_of_their_end(store: &Store) {
    account(store).await;
    insert(
        store,
        vec![
            session("ASIA1", "AROA1", 30),
            session("ASIA2", "AROA1", 10),
            session("ASIA3", "AROA2", 20),
            session("ASIA4", "AROA2", 10),
        ],
    )
    .await;
    let expired = |before, limit| read(store, move |tx| sessions::expired(tx, before, limit));
    let list = |ids: &[&str]| Ok(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
    assert_eq!(expired(9, 10).await, list(&[]));
    assert_eq!(expired(20, 10).await, list(&["ASIA2", "ASIA4", "ASIA3"]));
    assert_eq!(expired(99, 1).await, list(&["ASIA2"]));
}
