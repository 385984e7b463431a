use wharf_meta::events::{self, EventRow};
use wharf_meta::{Database, MODULES, Statement, Store};

use super::rows::{is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    events_are_read_after_a_cursor,
    events_are_found_by_digest_and_repository,
    an_event_of_a_refused_closure_is_not_there,
    stamping_leaves_no_event_without_a_place
];

/// An event; its repository is there or not, as its number is even or odd.
pub fn event(id: &str, number: i64) -> EventRow {
    EventRow {
        id: id.to_owned(),
        at: number,
        account: "a".to_owned(),
        region: "r".to_owned(),
        kind: "image.pushed".to_owned(),
        repository: (number % 2 == 0).then_some(number),
        subject: "app:1".to_owned(),
        principal: "p".to_owned(),
        request_id: "q".to_owned(),
        details: r#"{"tag":"é"}"#.to_owned(),
        digest: (number % 3 == 0).then(|| "sha256:d".to_owned()),
    }
}

async fn events_are_read_after_a_cursor(store: &Store) {
    assert_eq!(read(store, events::last_seq).await, Ok(0));
    for (number, id) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let row = event(id, i64::try_from(number).unwrap());
        write(store, move |tx| events::insert(tx, &row))
            .await
            .unwrap();
    }
    assert!(is_unique(
        &write(store, |tx| events::insert(tx, &event("a", 9))).await
    ));
    write(store, |tx| events::stamp(tx, 100)).await.unwrap();
    assert_eq!(read(store, events::last_seq).await, Ok(4));
    let page = read(store, |tx| events::after(tx, 1, 2)).await.unwrap();
    let page: Vec<(i64, &EventRow)> = page.iter().map(|row| (row.seq, &row.event)).collect();
    assert_eq!(page, [(2, &event("b", 1)), (3, &event("c", 2))]);
    assert_eq!(read(store, |tx| events::after(tx, 4, 2)).await, Ok(vec![]));
}

async fn events_are_found_by_digest_and_repository(store: &Store) {
    // Every third is about `sha256:d`, every second of the repository of its number.
    write(store, |tx| {
        (0..=12).try_for_each(|number| events::insert(tx, &event(&format!("e{number}"), number)))
    })
    .await
    .unwrap();
    let next = |after| {
        read(store, move |tx| {
            events::next_repository(tx, "sha256:d", after)
        })
    };
    assert_eq!(next(i64::MIN).await, Ok(Some(0)));
    assert_eq!(next(0).await, Ok(Some(6)));
    assert_eq!(next(12).await, Ok(None));
    let of = |repository, limit| {
        read(store, move |tx| {
            events::of_digest(tx, "sha256:d", repository, limit)
        })
    };
    assert_eq!(of(Some(6), 9).await, Ok(vec![event("e6", 6)]));
    assert_eq!(of(Some(2), 9).await, Ok(vec![]), "it is about nothing");
    assert_eq!(
        of(None, 9).await,
        Ok(vec![event("e9", 9), event("e3", 3)]),
        "the newest in front"
    );
    assert_eq!(of(None, 1).await, Ok(vec![event("e9", 9)]));
}

async fn an_event_of_a_refused_closure_is_not_there(store: &Store) {
    let refused: Result<(), _> = write(store, |tx| {
        events::insert(tx, &event("a", 0))?;
        Err(wharf_meta::Error::Closed)
    })
    .await;
    assert_eq!(refused, Err(wharf_meta::Error::Closed));
    assert_eq!(store.table_counts().await.unwrap()["events"], 0);
}

async fn stamping_leaves_no_event_without_a_place(store: &Store) {
    write(store, |tx| {
        events::insert(tx, &event("b", 0)).and_then(|()| events::insert(tx, &event("a", 1)))
    })
    .await
    .unwrap();
    let stamped = write(store, |tx| events::stamp(tx, 1)).await.unwrap();
    let more = write(store, |tx| events::stamp(tx, 10)).await.unwrap();
    let expected = match store.database() {
        Database::PostgreSql => (1, 1, ["a", "b"]),
        // The writer has given both their place already, in the order of the inserts.
        Database::Sqlite => (0, 0, ["b", "a"]),
    };
    let ids: Vec<String> = read(store, |tx| events::after(tx, 0, 10))
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.event.id)
        .collect();
    assert_eq!((stamped, more), (expected.0, expected.1));
    assert_eq!(ids, expected.2);
    // No event of SQLite lacks its place, so there the statement is only seen to be accepted.
    let stamp = statement("events::STAMP");
    assert_eq!(
        write(store, move |tx| tx.run(stamp, &[&"a", &77])).await,
        Ok(0)
    );
}

fn statement(name: &str) -> &'static Statement {
    MODULES
        .iter()
        .flat_map(|(_, list)| list.iter())
        .find(|statement| statement.name().ends_with(name))
        .unwrap()
}
