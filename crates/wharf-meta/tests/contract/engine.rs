//! What every store promises, whatever the rows.
use std::task::{Context, Poll, Waker};

use tokio::task::JoinSet;
use wharf_meta::{
    Database, Durability, Error, Store, Tx, accounts, bigint_list, manifests, text_list, versions,
};

use super::rows::{ACCOUNT, account, is_foreign_key, is_unique, manifest, read, repository, write};

wharf_meta::statements! {
    MANY = "SELECT a.account FROM accounts a, accounts b, accounts c, accounts d LIMIT $1";
    IN_TEXTS = "SELECT name FROM accounts WHERE account IN TEXT_LIST($1) AND created_at = $2 ORDER BY name";
    IN_INTEGERS = "SELECT account FROM accounts WHERE created_at IN BIGINT_LIST($1) ORDER BY account";
    NAMES = "SELECT name FROM accounts ORDER BY name";
    NAMES_BETWEEN = "SELECT name FROM accounts WHERE name >= $1 AND name < $2 ORDER BY name";
    KEPT = "INSERT INTO trash_manifests (repository, digest, deleted_at, reason, tags, document, until) VALUES ($1, $2, $3, 'r', '[]', $4, $5)
            RETURNING digest, until";
    SET_KEY = "UPDATE repositories SET kms_key = $2 WHERE id = $1";
    WRONG = "SELECT nothing FROM nowhere";
}

pub static CASES: &[crate::Case] = &cases![
    a_new_store_is_empty,
    a_refused_closure_leaves_nothing_and_the_others_stay,
    a_caller_that_goes_away_does_not_stop_its_write,
    a_panic_is_answered_and_the_store_goes_on,
    after_an_error_of_the_database_the_transaction_is_lost,
    errors_are_told_apart,
    a_statement_returns_a_thousand_rows_and_not_one_more,
    a_read_cannot_write,
    values_come_back_as_they_went_in,
    a_text_with_a_nul_is_refused,
    names_sort_by_their_bytes,
    a_list_is_one_parameter,
    a_statement_that_writes_may_return_rows,
    writes_at_the_same_time_all_count,
    soft_and_hard_writes_are_counted_apart,
    a_closed_store_finishes_what_waits_and_takes_nothing_more,
];

async fn a_new_store_is_empty(store: &Store) {
    let counts = store.table_counts().await.unwrap();
    assert!(counts.len() > 20, "{counts:?}");
    for (table, count) in counts {
        assert_eq!(count, i64::from(table == "schema_version"), "{table}");
    }
}

async fn a_refused_closure_leaves_nothing_and_the_others_stay(store: &Store) {
    let mut answers = JoinSet::new();
    for number in 0..60_i64 {
        let store = store.clone();
        answers.spawn(async move {
            let insert = move |tx: &mut Tx| {
                accounts::insert(tx, &numbered(number))?;
                if number % 3 == 0 {
                    Err(Error::Other("no".to_owned()))
                } else {
                    Ok(number)
                }
            };
            (
                number,
                store.write("insert", Durability::Hard, insert).await,
            )
        });
    }
    for (number, answer) in answers.join_all().await {
        let expected = if number % 3 == 0 {
            Err(Error::Other("no".to_owned()))
        } else {
            Ok(number)
        };
        assert_eq!(answer, expected);
    }
    assert_eq!(store.table_counts().await.unwrap()["accounts"], 40);
    assert_eq!(store.commits().rolled_back, 20);
}

fn numbered(number: i64) -> accounts::AccountRow {
    accounts::AccountRow {
        account: format!("{number:012}"),
        name: number.to_string(),
        created_at: number,
        alias: None,
    }
}

async fn a_caller_that_goes_away_does_not_stop_its_write(store: &Store) {
    let bump = |tx: &mut Tx| versions::bump(tx, "a", "k");
    let mut answer = Box::pin(write(store, bump));
    let polled = answer
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(
        matches!(polled, Poll::Pending | Poll::Ready(Ok(1))),
        "{polled:?}"
    );
    drop(answer);
    while read(store, |tx| versions::get(tx, "a", "k")).await.unwrap() != 1 {}
}

async fn a_panic_is_answered_and_the_store_goes_on(store: &Store) {
    let answer: Result<(), Error> = write(store, |tx| {
        versions::bump(tx, "a", "k")?;
        panic!("number {}", 7)
    })
    .await;
    assert_eq!(
        answer,
        Err(Error::Other(
            "the closure of `case` panicked: number 7".to_owned()
        ))
    );
    let answer: Result<(), Error> = read(store, |_| panic!("in a read")).await;
    assert_eq!(
        answer,
        Err(Error::Other(
            "the closure of `case` panicked: in a read".to_owned()
        ))
    );
    assert_eq!(write(store, |tx| versions::bump(tx, "a", "k")).await, Ok(1));
}

async fn after_an_error_of_the_database_the_transaction_is_lost(store: &Store) {
    account(store).await;
    let ignored = write(store, |tx| {
        versions::bump(tx, "a", "k")?;
        let taken = accounts::insert(
            tx,
            &accounts::AccountRow {
                account: ACCOUNT.to_owned(),
                ..numbered(1)
            },
        );
        assert!(is_unique(&taken));
        assert!(
            is_unique(&versions::get(tx, "a", "k")),
            "no more statements in this transaction"
        );
        Ok(())
    })
    .await;
    assert!(is_unique(&ignored), "{ignored:?}");
    assert_eq!(read(store, |tx| versions::get(tx, "a", "k")).await, Ok(0));
}

async fn errors_are_told_apart(store: &Store) {
    let orphan = repository(1, "app");
    let insert = move |tx: &mut Tx| wharf_meta::repositories::insert(tx, &orphan);
    assert!(is_foreign_key(&write(store, insert.clone()).await));
    account(store).await;
    assert_eq!(write(store, insert.clone()).await, Ok(()));
    assert!(is_unique(&write(store, insert).await));
    // A row that is still referred to: ON DELETE RESTRICT.
    write(store, |tx| {
        let (row, sealed) = manifest("sha256:1");
        manifests::insert(tx, 1, &row, &sealed)?;
        wharf_meta::tags::insert(tx, 1, "latest", "sha256:1", 1)
    })
    .await
    .unwrap();
    let refused = write(store, |tx| manifests::delete(tx, 1, "sha256:1")).await;
    assert!(is_foreign_key(&refused), "{refused:?}");
    let wrong = read(store, |tx| tx.rows(&WRONG, &[])).await;
    assert!(matches!(wrong, Err(Error::Other(_))), "{wrong:?}");
    let few = write(store, |tx| tx.run(&SET_KEY, &[&1])).await;
    assert!(
        matches!(few, Err(Error::Other(_))),
        "a parameter is missing: {few:?}"
    );
}

async fn a_statement_returns_a_thousand_rows_and_not_one_more(store: &Store) {
    write(store, |tx| {
        (0..6).try_for_each(|number| accounts::insert(tx, &numbered(number)))
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| tx.rows(&MANY, &[&1_000]))
            .await
            .unwrap()
            .len(),
        1_000
    );
    let refused = read(store, |tx| tx.rows(&MANY, &[&1_001])).await;
    assert!(
        matches!(refused, Err(Error::TooManyRows(name)) if name.ends_with("::MANY")),
        "{refused:?}"
    );
    assert!(
        read(store, |tx| tx.row(&MANY, &[&1_100]))
            .await
            .unwrap()
            .is_some(),
        "one row of many can be had"
    );
}

async fn a_read_cannot_write(store: &Store) {
    let refused = read(store, |tx| versions::bump(tx, "a", "k")).await;
    assert!(matches!(refused, Err(Error::Other(_))), "{refused:?}");
    assert_eq!(write(store, |tx| versions::bump(tx, "a", "k")).await, Ok(1));
}

async fn values_come_back_as_they_went_in(store: &Store) {
    account(store).await;
    let mut extreme = repository(i64::MIN, "x");
    extreme.created_at = i64::MAX;
    extreme.scan_on_push = true;
    extreme.kms_key = Some(String::new());
    let expected = extreme.clone();
    write(store, move |tx| {
        wharf_meta::repositories::insert(tx, &extreme)
    })
    .await
    .unwrap();
    let found = read(store, |tx| {
        wharf_meta::repositories::by_name(tx, ACCOUNT, super::rows::REGION, "x")
    })
    .await;
    assert_eq!(found, Ok(Some(expected)), "an empty text is not NULL");

    let (mut row, mut sealed) = manifest("sha256:é 'quoted' \u{10FFFF}");
    row.annotations = Some("{\"a\": \"b\\u0000\"}\n".to_owned());
    sealed.sealed = (0..=255).cycle().take(300_000).collect();
    sealed.wrapped = Vec::new();
    let (digest, expected) = (row.digest.clone(), (row.clone(), sealed.clone()));
    write(store, move |tx| manifests::insert(tx, 5, &row, &sealed))
        .await
        .unwrap();
    let found = read(store, move |tx| {
        Ok((
            manifests::get(tx, 5, &digest)?.unwrap(),
            manifests::sealed(tx, 5, &digest)?.unwrap(),
        ))
    })
    .await;
    assert_eq!(found, Ok(expected));
}

async fn a_text_with_a_nul_is_refused(store: &Store) {
    let row = accounts::AccountRow {
        name: "a\0b".to_owned(),
        ..numbered(1)
    };
    let refused = write(store, move |tx| accounts::insert(tx, &row)).await;
    assert!(matches!(refused, Err(Error::Other(_))), "{refused:?}");
}

async fn names_sort_by_their_bytes(store: &Store) {
    let names = [
        "b", "a", "B", "é", "_", "a-b", "a/b", "ab", "a.b", "10", "9",
    ];
    write(store, move |tx| {
        names.iter().zip(0..).try_for_each(|(name, number)| {
            accounts::insert(
                tx,
                &accounts::AccountRow {
                    name: (*name).to_owned(),
                    ..numbered(number)
                },
            )
        })
    })
    .await
    .unwrap();
    let texts = |rows: Vec<wharf_meta::Row>| {
        rows.iter()
            .map(|row| row.get::<String>(0))
            .collect::<Result<Vec<_>, _>>()
    };
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(
        read(store, move |tx| texts(tx.rows(&NAMES, &[])?))
            .await
            .unwrap(),
        expected
    );
    let prefixed = read(store, move |tx| {
        texts(tx.rows(&NAMES_BETWEEN, &[&"a", &"b"])?)
    })
    .await
    .unwrap();
    assert_eq!(prefixed, ["a", "a-b", "a.b", "a/b", "ab"]);
}

async fn a_list_is_one_parameter(store: &Store) {
    write(store, |tx| {
        (0..5).try_for_each(|number| accounts::insert(tx, &numbered(number)))
    })
    .await
    .unwrap();
    let found = read(store, |tx| {
        let list = text_list(&[
            numbered(1).account,
            numbered(3).account,
            "it's \"not\" there".to_owned(),
        ]);
        tx.rows(&IN_TEXTS, &[&list, &3])?
            .iter()
            .map(|row| row.get::<String>(0))
            .collect()
    });
    assert_eq!(found.await, Ok(vec!["3".to_owned()]));
    let found = read(store, |tx| {
        let rows = tx.rows(&IN_INTEGERS, &[&bigint_list(&[4, 2, -1, i64::MAX])])?;
        rows.iter()
            .map(|row| row.get::<String>(0))
            .collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(
        found.await,
        Ok(vec![numbered(2).account, numbered(4).account])
    );
    let found = read(store, |tx| tx.rows(&IN_INTEGERS, &[&bigint_list(&[])]));
    assert_eq!(found.await.unwrap().len(), 0);
}

async fn a_statement_that_writes_may_return_rows(store: &Store) {
    let returned = write(store, |tx| {
        let row = tx.row(&KEPT, &[&1, &"sha256:1", &2, &"{}", &30])?.unwrap();
        Ok((row.get::<String>(0)?, row.get::<i64>(1)?))
    });
    assert_eq!(returned.await, Ok(("sha256:1".to_owned(), 30)));
    assert_eq!(store.table_counts().await.unwrap()["trash_manifests"], 1);
}

async fn writes_at_the_same_time_all_count(store: &Store) {
    // Of PostgreSQL, all but one of those in the way of each other are run again.
    let writes = if store.database() == Database::Sqlite {
        200
    } else {
        40
    };
    let mut answers = JoinSet::new();
    for _ in 0..writes {
        let store = store.clone();
        answers.spawn(async move {
            write(&store, |tx| versions::bump(tx, "a", "k"))
                .await
                .unwrap()
        });
    }
    let mut seen = answers.join_all().await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=writes).collect::<Vec<i64>>());
    let commits = store.commits();
    assert_eq!(i64::try_from(commits.hard_closures), Ok(writes));
    if store.database() == Database::Sqlite {
        assert!(
            commits.hard_commits < 100,
            "200 writes at the same time took {} commits",
            commits.hard_commits
        );
    }
}

async fn soft_and_hard_writes_are_counted_apart(store: &Store) {
    let before = store.commits();
    let bump = |tx: &mut Tx| versions::bump(tx, "a", "k");
    store.write("soft", Durability::Soft, bump).await.unwrap();
    store.write("soft", Durability::Soft, bump).await.unwrap();
    store.write("hard", Durability::Hard, bump).await.unwrap();
    let refused = store
        .write("refused", Durability::Hard, |_| Err::<(), _>(Error::Closed))
        .await;
    assert_eq!(refused, Err(Error::Closed));
    assert_eq!(read(store, |tx| versions::get(tx, "a", "k")).await, Ok(3));
    let after = store.commits();
    assert_eq!(after.soft_closures - before.soft_closures, 2);
    assert_eq!(after.soft_commits - before.soft_commits, 2);
    assert_eq!(after.hard_closures - before.hard_closures, 1);
    assert_eq!(after.rolled_back - before.rolled_back, 1);
    assert_eq!(after.reads - before.reads, 1);
}

async fn a_closed_store_finishes_what_waits_and_takes_nothing_more(store: &Store) {
    let mut answers = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        answers.spawn(async move {
            write(&store, move |tx| accounts::insert(tx, &numbered(number))).await
        });
    }
    tokio::task::yield_now().await;
    store.close().await;
    let closed = Err(Error::Closed);
    assert!(
        answers
            .join_all()
            .await
            .iter()
            .all(|answer| *answer == Ok(()) || *answer == closed)
    );
    assert_eq!(
        write(store, |tx| accounts::insert(tx, &numbered(99))).await,
        closed
    );
    assert_eq!(store.table_counts().await, Err(Error::Closed));
    store.close().await;
}
