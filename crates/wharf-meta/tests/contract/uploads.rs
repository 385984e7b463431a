use wharf_meta::uploads::{self, ExtentPlace, UploadRow};
use wharf_meta::{Result, Store, Tx, extents, repositories};

use super::extents::in_row;
use super::rows::{ACCOUNT, REGION, account, is_foreign_key, is_unique, read, repository, write};

pub static CASES: &[crate::Case] = &cases![
    an_upload_comes_back_whole,
    an_extent_is_appended_only_where_the_upload_stands,
    of_two_extents_at_one_offset_one_wins,
    extents_come_in_order_and_tell_their_objects,
    only_the_last_extent_is_taken_back,
    an_upload_is_taken_apart_from_its_beginning,
    uploads_expire_in_order_of_time_and_tell_their_place,
];

/// An upload of repository 1 that has received nothing.
pub fn upload(id: &str, expires_at: i64) -> UploadRow {
    UploadRow {
        id: id.to_owned(),
        repository: 1,
        principal: "AIDA".to_owned(),
        digest_algorithm: None,
        received: 0,
        extents: 0,
        key_id: "registry".to_owned(),
        material: 1,
        wrapped: vec![0, 255],
        created_at: 1,
        expires_at,
    }
}

/// Appends an extent of ten bytes that lies in its row.
pub fn append(tx: &mut Tx, upload: &str, extent: i64, first_byte: i64) -> Result<bool> {
    extents::insert(tx, &in_row(extent, 10, b"sealed"))?;
    uploads::add_extent(
        tx,
        upload,
        &ExtentPlace {
            first_byte,
            size: 10,
            extent,
            object: None,
        },
        50,
    )
}

async fn begin(store: &Store, id: &'static str, expires_at: i64) {
    write(store, move |tx| {
        uploads::insert(tx, &upload(id, expires_at))
    })
    .await
    .unwrap();
}

async fn an_upload_comes_back_whole(store: &Store) {
    let mut row = upload("u", 9);
    row.digest_algorithm = Some("sha512".to_owned());
    let (first, again) = (row.clone(), row.clone());
    write(store, move |tx| uploads::insert(tx, &first))
        .await
        .unwrap();
    assert_eq!(read(store, |tx| uploads::get(tx, "u")).await, Ok(Some(row)));
    assert!(is_unique(
        &write(store, move |tx| uploads::insert(tx, &again)).await
    ));
    assert_eq!(read(store, |tx| uploads::get(tx, "v")).await, Ok(None));
}

async fn an_extent_is_appended_only_where_the_upload_stands(store: &Store) {
    begin(store, "u", 9).await;
    assert_eq!(write(store, |tx| append(tx, "u", 1, 0)).await, Ok(true));
    assert_eq!(write(store, |tx| append(tx, "u", 2, 0)).await, Ok(false));
    assert_eq!(write(store, |tx| append(tx, "u", 3, 11)).await, Ok(false));
    assert_eq!(write(store, |tx| append(tx, "v", 4, 0)).await, Ok(false));
    assert_eq!(write(store, |tx| append(tx, "u", 5, 10)).await, Ok(true));
    let row = read(store, |tx| uploads::get(tx, "u"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.received, row.extents, row.expires_at), (20, 2, 50));
    assert_eq!(
        read(store, |tx| uploads::extents(tx, "u", 0, 9))
            .await
            .unwrap()
            .len(),
        2
    );
}

async fn of_two_extents_at_one_offset_one_wins(store: &Store) {
    begin(store, "u", 9).await;
    let (one, two) = tokio::join!(
        write(store, |tx| append(tx, "u", 1, 0)),
        write(store, |tx| append(tx, "u", 2, 0))
    );
    assert_ne!(one.unwrap(), two.unwrap());
    let row = read(store, |tx| uploads::get(tx, "u"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.received, row.extents), (10, 1));
}

async fn extents_come_in_order_and_tell_their_objects(store: &Store) {
    begin(store, "u", 9).await;
    write(store, |tx| {
        append(tx, "u", 30, 0)?;
        super::objects::pending(tx, "a", 1)?;
        super::objects::extent_in(tx, 20, "a")?;
        let place = ExtentPlace {
            first_byte: 10,
            size: 10,
            extent: 20,
            object: Some("a".to_owned()),
        };
        uploads::add_extent(tx, "u", &place, 50)?;
        append(tx, "u", 10, 20)
    })
    .await
    .unwrap();
    let places = read(store, |tx| uploads::extents(tx, "u", 0, 9))
        .await
        .unwrap();
    assert_eq!(
        places.iter().map(|place| place.extent).collect::<Vec<_>>(),
        [30, 20, 10]
    );
    assert_eq!(places[1].object.as_deref(), Some("a"));
    let rest = read(store, |tx| uploads::extents(tx, "u", 10, 1))
        .await
        .unwrap();
    assert_eq!(rest, [places[1].clone()]);
    assert_eq!(
        read(store, |tx| uploads::count_objects(tx, "u")).await,
        Ok(1)
    );
    assert_eq!(
        read(store, |tx| uploads::count_objects(tx, "v")).await,
        Ok(0)
    );
}

async fn only_the_last_extent_is_taken_back(store: &Store) {
    begin(store, "u", 9).await;
    write(store, |tx| append(tx, "u", 1, 0)).await.unwrap();
    write(store, |tx| append(tx, "u", 2, 10)).await.unwrap();
    let places = read(store, |tx| uploads::extents(tx, "u", 0, 9))
        .await
        .unwrap();
    let (first, last) = (places[0].clone(), places[1].clone());
    assert_eq!(
        write(store, move |tx| uploads::step_back(tx, "u", &first)).await,
        Ok(false)
    );
    assert_eq!(
        write(store, move |tx| uploads::step_back(tx, "u", &last)).await,
        Ok(true)
    );
    let row = read(store, |tx| uploads::get(tx, "u"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.received, row.extents), (10, 1));
    assert_eq!(
        read(store, |tx| uploads::extents(tx, "u", 0, 9))
            .await
            .unwrap(),
        [places[0].clone()]
    );
    assert_eq!(write(store, |tx| append(tx, "u", 3, 10)).await, Ok(true));
}

async fn an_upload_is_taken_apart_from_its_beginning(store: &Store) {
    begin(store, "u", 9).await;
    for (extent, first_byte) in [(1, 0), (2, 10), (3, 20)] {
        write(store, move |tx| append(tx, "u", extent, first_byte))
            .await
            .unwrap();
    }
    assert!(is_foreign_key(
        &write(store, |tx| uploads::delete(tx, "u")).await
    ));
    assert!(is_foreign_key(
        &write(store, |tx| extents::delete(tx, &[1])).await
    ));
    assert_eq!(
        write(store, |tx| uploads::release_extents(tx, "u", 10)).await,
        Ok(2)
    );
    assert_eq!(write(store, |tx| extents::delete(tx, &[1, 2])).await, Ok(2));
    assert_eq!(
        write(store, |tx| uploads::release_extents(tx, "u", i64::MAX)).await,
        Ok(1)
    );
    write(store, |tx| uploads::delete(tx, "u")).await.unwrap();
    assert_eq!(read(store, |tx| uploads::get(tx, "u")).await, Ok(None));
}

async fn uploads_expire_in_order_of_time_and_tell_their_place(store: &Store) {
    account(store).await;
    write(store, |tx| repositories::insert(tx, &repository(1, "app")))
        .await
        .unwrap();
    begin(store, "late", 30).await;
    begin(store, "early", 10).await;
    write(store, |tx| {
        uploads::insert(
            tx,
            &UploadRow {
                repository: 2,
                ..upload("orphan", 20)
            },
        )
    })
    .await
    .unwrap();
    let expired = read(store, |tx| uploads::expired(tx, 20, 9)).await.unwrap();
    let place = Some((ACCOUNT.to_owned(), REGION.to_owned()));
    let found: Vec<_> = expired
        .into_iter()
        .map(|row| (row.id, row.repository, row.place))
        .collect();
    assert_eq!(
        found,
        [
            ("early".to_owned(), 1, place),
            ("orphan".to_owned(), 2, None)
        ]
    );
    assert_eq!(
        write(store, |tx| uploads::abandon(tx, "late")).await,
        Ok(true)
    );
    assert_eq!(
        write(store, |tx| uploads::abandon(tx, "nothing")).await,
        Ok(false)
    );
    let first = read(store, |tx| uploads::expired(tx, 20, 1)).await.unwrap();
    assert_eq!(first[0].id, "late");
}
