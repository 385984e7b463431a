use wharf_meta::Store;
use wharf_meta::usage::{self, UsageRow};

use super::rows::{ACCOUNT, read, write};

pub static CASES: &[crate::Case] = &cases![
    uses_add_up_and_the_last_one_stays,
    who_used_a_thing_last_is_known_until_it_is_forgotten,
    a_repository_is_forgotten_in_parts
];

fn uses(repository: i64, day: i64, uses: i64, last_at: i64) -> UsageRow {
    UsageRow {
        account: ACCOUNT.to_owned(),
        repository,
        subject: "sha256:1".to_owned(),
        principal: "p".to_owned(),
        day,
        uses,
        last_at,
    }
}

async fn uses_add_up_and_the_last_one_stays(store: &Store) {
    assert_eq!(
        read(store, |tx| usage::last_at(tx, 1, "sha256:1")).await,
        Ok(None)
    );
    assert_eq!(
        read(store, |tx| usage::total(tx, 1, "sha256:1")).await,
        Ok(0)
    );
    for row in [
        uses(1, 1, 2, 50),
        uses(1, 1, 3, 40),
        uses(1, 2, 10, 45),
        uses(2, 1, 100, 99),
    ] {
        write(store, move |tx| usage::add(tx, &row)).await.unwrap();
    }
    assert_eq!(
        read(store, |tx| usage::last_at(tx, 1, "sha256:1")).await,
        Ok(Some(50))
    );
    assert_eq!(
        read(store, |tx| usage::total(tx, 1, "sha256:1")).await,
        Ok(15)
    );
    assert_eq!(store.table_counts().await.unwrap()["usage"], 3);
}

async fn who_used_a_thing_last_is_known_until_it_is_forgotten(store: &Store) {
    let mut by_another = uses(0, 2, 1, 60);
    "q".clone_into(&mut by_another.principal);
    for row in [
        uses(0, 1, 2, 50),
        by_another,
        uses(0, 3, 1, 55),
        uses(1, 1, 1, 70),
    ] {
        write(store, move |tx| usage::add(tx, &row)).await.unwrap();
    }
    let last = |store| read(store, |tx| usage::last_of(tx, 0, "sha256:1"));
    assert_eq!(last(store).await, Ok(Some(("q".to_owned(), 60))));
    write(store, |tx| usage::forget(tx, 0, "sha256:1"))
        .await
        .unwrap();
    assert_eq!(last(store).await, Ok(None));
    assert_eq!(
        read(store, |tx| usage::total(tx, 1, "sha256:1")).await,
        Ok(1)
    );
}

async fn a_repository_is_forgotten_in_parts(store: &Store) {
    for day in 0..3 {
        write(store, move |tx| usage::add(tx, &uses(1, day, 1, 1)))
            .await
            .unwrap();
        write(store, move |tx| usage::add(tx, &uses(2, day, 1, 1)))
            .await
            .unwrap();
    }
    assert_eq!(write(store, |tx| usage::remove(tx, 1, 2)).await, Ok(2));
    assert_eq!(write(store, |tx| usage::remove(tx, 1, 2)).await, Ok(1));
    assert_eq!(write(store, |tx| usage::remove(tx, 1, 2)).await, Ok(0));
    assert_eq!(
        read(store, |tx| usage::total(tx, 2, "sha256:1")).await,
        Ok(3)
    );
}
