use wharf_meta::iam::entities::{self, EntityRow};
use wharf_meta::{Store, accounts};

use super::rows::{ACCOUNT, account, is_foreign_key, is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    an_entity_is_found_by_its_id_and_by_its_name_in_its_kind,
    a_name_is_taken_once_in_an_account_and_kind,
    an_entity_needs_its_account_and_its_document,
    pages_are_in_order_of_name_and_of_one_path_alone,
    what_may_change_is_replaced_and_the_rest_stays,
    a_new_name_that_is_taken_is_refused,
    an_entity_that_something_hangs_on_is_not_deleted,
    those_that_a_policy_bounds_are_told_for_each_account,
];

pub const OTHER_ACCOUNT: &str = "210987654321";

/// A user of [`ACCOUNT`], not inserted.
pub fn user(id: &str, name: &str) -> EntityRow {
    EntityRow {
        id: id.to_owned(),
        account: ACCOUNT.to_owned(),
        kind: "user".to_owned(),
        name_key: name.to_ascii_lowercase(),
        name: name.to_owned(),
        path: "/".to_owned(),
        created_at: 3,
        updated_at: 4,
        description: None,
        document: None,
        boundary: None,
        max_session: None,
        default_version: None,
        last_version: None,
    }
}

/// An entity of another kind, not inserted.
pub fn of_kind(kind: &str, id: &str, name: &str) -> EntityRow {
    EntityRow {
        kind: kind.to_owned(),
        ..user(id, name)
    }
}

fn role(id: &str, name: &str) -> EntityRow {
    EntityRow {
        path: "/service/".to_owned(),
        description: Some("what builds".to_owned()),
        document: Some(1),
        boundary: Some("arn:aws:iam::123456789012:policy/edge".to_owned()),
        max_session: Some(3_600),
        ..of_kind("role", id, name)
    }
}

pub async fn insert(store: &Store, rows: Vec<EntityRow>) {
    write(store, move |tx| {
        rows.iter().try_for_each(|row| entities::insert(tx, row))
    })
    .await
    .unwrap();
}

pub async fn other_account(store: &Store) {
    let row = accounts::AccountRow {
        account: OTHER_ACCOUNT.to_owned(),
        name: "second".to_owned(),
        created_at: 1,
        alias: None,
    };
    write(store, move |tx| accounts::insert(tx, &row))
        .await
        .unwrap();
}

async fn by_id(store: &Store, id: &'static str) -> Option<EntityRow> {
    read(store, move |tx| entities::by_id(tx, id))
        .await
        .unwrap()
}

async fn an_entity_is_found_by_its_id_and_by_its_name_in_its_kind(store: &Store) {
    account(store).await;
    super::policies::make(store, &[1]).await;
    let policy = EntityRow {
        default_version: Some(2),
        last_version: Some(7),
        ..of_kind("policy", "ANPA1", "Build")
    };
    let rows = [user("AIDA1", "Build"), role("AROA1", "Build"), policy];
    insert(store, rows.to_vec()).await;
    for row in rows {
        let (id, kind) = (row.id.clone(), row.kind.clone());
        assert_eq!(
            read(store, move |tx| entities::by_id(tx, &id)).await,
            Ok(Some(row.clone()))
        );
        assert_eq!(
            read(store, move |tx| entities::by_name(
                tx, ACCOUNT, &kind, "build"
            ))
            .await,
            Ok(Some(row))
        );
    }
    assert_eq!(by_id(store, "AIDA2").await, None);
    for (account, kind, name) in [
        (ACCOUNT, "user", "Build"),
        (ACCOUNT, "group", "build"),
        (OTHER_ACCOUNT, "user", "build"),
    ] {
        assert_eq!(
            read(store, move |tx| entities::by_name(tx, account, kind, name)).await,
            Ok(None)
        );
    }
}

async fn a_name_is_taken_once_in_an_account_and_kind(store: &Store) {
    account(store).await;
    other_account(store).await;
    let elsewhere = EntityRow {
        account: OTHER_ACCOUNT.to_owned(),
        ..user("AIDA2", "Ann")
    };
    let rows = vec![
        user("AIDA1", "Ann"),
        elsewhere,
        of_kind("group", "AGPA1", "ann"),
    ];
    insert(store, rows).await;
    for taken in [user("AIDA3", "ANN"), user("AIDA1", "bob")] {
        let result = write(store, move |tx| entities::insert(tx, &taken)).await;
        assert!(is_unique(&result), "{result:?}");
    }
    let count = |account: &'static str, kind: &'static str| {
        read(store, move |tx| entities::count(tx, account, kind))
    };
    assert_eq!(count(ACCOUNT, "user").await, Ok(1));
    assert_eq!(count(OTHER_ACCOUNT, "user").await, Ok(1));
    assert_eq!(count(OTHER_ACCOUNT, "group").await, Ok(0));
}

async fn an_entity_needs_its_account_and_its_document(store: &Store) {
    let homeless = write(store, |tx| entities::insert(tx, &user("AIDA1", "ann")));
    assert!(is_foreign_key(&homeless.await));
    account(store).await;
    let trustless = write(store, |tx| entities::insert(tx, &role("AROA1", "build")));
    assert!(is_foreign_key(&trustless.await));
    super::policies::make(store, &[1]).await;
    insert(store, vec![role("AROA1", "build")]).await;
    assert!(is_foreign_key(
        &write(store, |tx| wharf_meta::policies::delete(tx, 1)).await
    ));
}

async fn pages_are_in_order_of_name_and_of_one_path_alone(store: &Store) {
    account(store).await;
    let placed = |id: &str, name: &str, path: &str| EntityRow {
        path: path.to_owned(),
        ..user(id, name)
    };
    let rows = vec![
        placed("AIDA1", "Zoe", "/"),
        placed("AIDA2", "bob", "/a/"),
        placed("AIDA3", "Ann", "/a/b/"),
        placed("AIDA4", "cat", "/ab/"),
        placed("AIDA5", "dan", "/a\u{7f}/"),
        placed("AIDA6", "eve", "/A/"),
        of_kind("group", "AGPA1", "aaa"),
    ];
    insert(store, rows).await;
    let names = |prefix: &'static str, after: &'static str, limit| async move {
        let page = read(store, move |tx| {
            entities::page(tx, ACCOUNT, "user", prefix, after, limit)
        });
        let rows = page.await.unwrap().into_iter();
        rows.map(|row| row.name).collect::<Vec<_>>()
    };
    let all = ["Ann", "bob", "cat", "dan", "eve", "Zoe"];
    assert_eq!(names("/", "", 10).await, all);
    assert_eq!(names("/", "", 2).await, all[..2]);
    assert_eq!(names("/", "bob", 10).await, all[2..]);
    assert_eq!(names("/a/", "", 10).await, ["Ann", "bob"]);
    assert_eq!(names("/a/", "ann", 10).await, ["bob"]);
    assert_eq!(names("/a", "", 10).await, ["Ann", "bob", "cat", "dan"]);
    assert_eq!(names("/a/b/", "", 10).await, ["Ann"]);
    assert_eq!(names("/b", "", 10).await, [""; 0]);
}

async fn what_may_change_is_replaced_and_the_rest_stays(store: &Store) {
    account(store).await;
    super::policies::make(store, &[1, 2]).await;
    insert(store, vec![role("AROA1", "build"), role("AROA2", "other")]).await;
    let changed = EntityRow {
        name_key: "make".to_owned(),
        name: "Make".to_owned(),
        path: "/".to_owned(),
        updated_at: 99,
        description: None,
        document: Some(2),
        boundary: None,
        max_session: Some(7_200),
        default_version: Some(1),
        last_version: Some(3),
        ..role("AROA1", "build")
    };
    // Neither of these is what an update may say.
    let mut asked = changed.clone();
    (asked.account, asked.created_at) = (OTHER_ACCOUNT.to_owned(), 1_000);
    assert_eq!(
        write(store, move |tx| entities::update(tx, &asked)).await,
        Ok(true)
    );
    assert_eq!(by_id(store, "AROA1").await, Some(changed));
    assert_eq!(by_id(store, "AROA2").await, Some(role("AROA2", "other")));
    assert_eq!(
        write(store, |tx| entities::update(tx, &role("AROA3", "none"))).await,
        Ok(false)
    );
}

async fn a_new_name_that_is_taken_is_refused(store: &Store) {
    account(store).await;
    insert(store, vec![user("AIDA1", "ann"), user("AIDA2", "bob")]).await;
    assert!(is_unique(
        &write(store, |tx| entities::update(tx, &user("AIDA1", "Bob"))).await
    ));
    assert_eq!(by_id(store, "AIDA1").await, Some(user("AIDA1", "ann")));
}

async fn an_entity_that_something_hangs_on_is_not_deleted(store: &Store) {
    use wharf_meta::iam::{attachments, inline, members, strings, tags, versions};
    type Step = fn(&mut wharf_meta::Tx) -> wharf_meta::Result<()>;
    account(store).await;
    super::policies::make(store, &[1]).await;
    insert(
        store,
        vec![user("E", "ann"), of_kind("group", "G", "group")],
    )
    .await;
    let hung: [(Step, Step); 7] = [
        (
            |tx| tags::put(tx, &super::iam_parts::tag("E", "k", "v")),
            |tx| tags::delete_all(tx, "E"),
        ),
        (
            |tx| inline::put(tx, &super::iam_parts::inline("E", "p", 1)),
            |tx| inline::delete(tx, "E", "p").map(drop),
        ),
        (
            |tx| versions::insert(tx, &super::iam_parts::version("E", 1, 1)),
            |tx| versions::delete(tx, "E", 1).map(drop),
        ),
        (
            |tx| attachments::insert(tx, &super::iam_parts::attachment("E", "arn")).map(drop),
            |tx| attachments::delete(tx, "E", "arn").map(drop),
        ),
        (
            |tx| members::insert(tx, "G", "E", 1).map(drop),
            |tx| members::delete(tx, "G", "E").map(drop),
        ),
        (
            |tx| members::insert(tx, "E", "G", 1).map(drop),
            |tx| members::delete(tx, "E", "G").map(drop),
        ),
        (
            |tx| strings::insert(tx, "E", "client-id", 0, "a"),
            |tx| strings::delete_all(tx, "E", "client-id"),
        ),
    ];
    for (number, (hang, take)) in hung.into_iter().enumerate() {
        write(store, hang).await.unwrap();
        let refused = write(store, |tx| entities::delete(tx, "E")).await;
        assert!(is_foreign_key(&refused), "{number}: {refused:?}");
        write(store, take).await.unwrap();
    }
    let delete = || write(store, |tx| entities::delete(tx, "E"));
    assert_eq!(delete().await, Ok(true));
    assert_eq!(delete().await, Ok(false));
    assert_eq!(by_id(store, "E").await, None);
}

async fn those_that_a_policy_bounds_are_told_for_each_account(store: &Store) {
    const ARN: &str = "arn:aws:iam::aws:policy/Edge";
    account(store).await;
    other_account(store).await;
    let bounded = |id: &str, name: &str| EntityRow {
        boundary: Some(ARN.to_owned()),
        ..user(id, name)
    };
    let elsewhere = EntityRow {
        account: OTHER_ACCOUNT.to_owned(),
        ..bounded("AIDA0", "ann")
    };
    let role = EntityRow {
        kind: "role".to_owned(),
        ..bounded("AROA1", "ann")
    };
    insert(
        store,
        vec![
            bounded("AIDA2", "ann"),
            bounded("AIDA1", "bob"),
            user("AIDA3", "free"),
            role.clone(),
            elsewhere.clone(),
        ],
    )
    .await;
    let page = |account: &'static str, after: &'static str, limit| {
        read(store, move |tx| {
            entities::with_boundary(tx, ARN, account, after, limit)
        })
    };
    let (one, two) = (bounded("AIDA1", "bob"), bounded("AIDA2", "ann"));
    assert_eq!(page(ACCOUNT, "", 2).await, Ok(vec![one, two]));
    assert_eq!(page(ACCOUNT, "AIDA2", 2).await, Ok(vec![role]));
    assert_eq!(page(OTHER_ACCOUNT, "", 2).await, Ok(vec![elsewhere]));
    let count = |arn: &'static str| {
        read(store, move |tx| {
            entities::count_with_boundary(tx, arn, ACCOUNT)
        })
    };
    assert_eq!(count(ARN).await, Ok(3));
    assert_eq!(count("arn:aws:iam::aws:policy/Edg").await, Ok(0));
}
