use wharf_meta::Store;
use wharf_meta::accounts::{self, AccountRow};
use wharf_meta::repositories::{self, RepositoryRow};

use super::rows::{is_foreign_key, is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    a_repository_is_found_by_its_whole_name_only,
    a_repository_is_found_by_its_id,
    a_name_is_taken_once_in_each_registry,
    pages_are_in_byte_order_of_name,
    resource_tags_are_overwritten_by_key_and_removed_one_by_one,
    a_deleted_repository_takes_its_resource_tags_along,
    tag_mutability_is_replaced_with_its_filters,
    a_deleted_repository_takes_its_policy_along_and_no_other,
];

pub fn row(id: i64, region: &str, name: &str) -> RepositoryRow {
    RepositoryRow {
        id,
        account: "123456789012".to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
        created_at: 5,
        tag_mutability: "IMMUTABLE".to_owned(),
        mutability_filters: None,
        scan_on_push: true,
        encryption_type: "AES256".to_owned(),
        kms_key: None,
        policy: None,
    }
}

/// The account, and one repository of each given id and name in `eu-west-1`.
pub async fn make(store: &Store, repositories: &[(i64, &'static str)]) {
    let rows: Vec<RepositoryRow> = repositories
        .iter()
        .map(|(id, name)| row(*id, "eu-west-1", name))
        .collect();
    let account = AccountRow {
        account: "123456789012".to_owned(),
        name: String::new(),
        created_at: 1,
        alias: None,
    };
    write(store, move |tx| {
        accounts::insert(tx, &account)?;
        rows.iter()
            .try_for_each(|row| repositories::insert(tx, row))
    })
    .await
    .unwrap();
}

async fn find(store: &Store, region: &'static str, name: &'static str) -> Option<RepositoryRow> {
    read(store, move |tx| {
        repositories::by_name(tx, "123456789012", region, name)
    })
    .await
    .unwrap()
}

async fn a_repository_is_found_by_its_whole_name_only(store: &Store) {
    make(store, &[(1, "team/app")]).await;
    assert_eq!(
        find(store, "eu-west-1", "team/app").await,
        Some(row(1, "eu-west-1", "team/app"))
    );
    assert_eq!(find(store, "eu-west-1", "team/ap").await, None);
    assert_eq!(find(store, "eu-west-1", "team/_pp").await, None);
    assert_eq!(find(store, "us-east-1", "team/app").await, None);
}

async fn a_repository_is_found_by_its_id(store: &Store) {
    make(store, &[(1, "app")]).await;
    let by_id = |id| read(store, move |tx| repositories::by_id(tx, id));
    assert_eq!(by_id(1).await, Ok(Some(row(1, "eu-west-1", "app"))));
    assert_eq!(by_id(2).await, Ok(None));
}

async fn a_name_is_taken_once_in_each_registry(store: &Store) {
    make(store, &[(1, "app")]).await;
    assert!(is_unique(
        &write(store, |tx| repositories::insert(
            tx,
            &row(2, "eu-west-1", "app")
        ))
        .await
    ));
    write(store, |tx| {
        repositories::insert(tx, &row(3, "us-east-1", "app"))
    })
    .await
    .unwrap();
    assert_eq!(
        find(store, "us-east-1", "app").await.map(|row| row.id),
        Some(3)
    );
}

async fn pages_are_in_byte_order_of_name(store: &Store) {
    make(
        store,
        &[(1, "b"), (2, "a-b"), (3, "a/b"), (4, "a_b"), (5, "a0")],
    )
    .await;
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page = read(store, move |tx| {
            repositories::page(tx, "123456789012", "eu-west-1", &from, 2)
        })
        .await
        .unwrap();
        let Some(last) = page.last() else { break };
        after.clone_from(&last.name);
        names.extend(page.into_iter().map(|row| row.name));
    }
    assert_eq!(names, ["a-b", "a/b", "a0", "a_b", "b"]);
}

async fn resource_tags_are_overwritten_by_key_and_removed_one_by_one(store: &Store) {
    make(store, &[(1, "app")]).await;
    write(store, |tx| {
        repositories::put_tag(tx, 1, "team", "one")?;
        repositories::put_tag(tx, 1, "Team", "")?;
        repositories::put_tag(tx, 1, "team", "two")
    })
    .await
    .unwrap();
    let both = vec![
        ("Team".to_owned(), String::new()),
        ("team".to_owned(), "two".to_owned()),
    ];
    assert_eq!(
        read(store, |tx| repositories::tags(tx, 1)).await,
        Ok(both.clone())
    );
    assert_eq!(
        write(store, |tx| repositories::delete_tag(tx, 1, "absent")).await,
        Ok(false)
    );
    assert_eq!(
        write(store, |tx| repositories::delete_tag(tx, 1, "Team")).await,
        Ok(true)
    );
    assert_eq!(
        read(store, |tx| repositories::tags(tx, 1)).await,
        Ok(both[1..].to_vec())
    );
}

async fn a_deleted_repository_takes_its_resource_tags_along(store: &Store) {
    make(store, &[(1, "app")]).await;
    write(store, |tx| {
        repositories::put_tag(tx, 1, "team", "one")?;
        repositories::delete(tx, 1)
    })
    .await
    .unwrap();
    assert_eq!(find(store, "eu-west-1", "app").await, None);
    assert_eq!(
        read(store, |tx| repositories::tags(tx, 1)).await,
        Ok(Vec::new())
    );
}

async fn tag_mutability_is_replaced_with_its_filters(store: &Store) {
    make(store, &[(1, "app"), (2, "other")]).await;
    let set = |mode: &'static str, filters: Option<&'static str>| async move {
        write(store, move |tx| {
            repositories::set_mutability(tx, 1, mode, filters)
        })
        .await
        .unwrap();
        let row = find(store, "eu-west-1", "app").await.unwrap();
        assert_eq!(
            (
                row.tag_mutability.as_str(),
                row.mutability_filters.as_deref()
            ),
            (mode, filters)
        );
    };
    set("MUTABLE_WITH_EXCLUSION", Some("[]")).await;
    set("MUTABLE", None).await;
    assert_eq!(
        find(store, "eu-west-1", "other").await,
        Some(row(2, "eu-west-1", "other"))
    );
}

async fn a_deleted_repository_takes_its_policy_along_and_no_other(store: &Store) {
    make(store, &[(1, "app"), (2, "other")]).await;
    super::policies::make(store, &[5, 6]).await;
    let set = |id: i64, policy: Option<i64>| {
        write(store, move |tx| repositories::set_policy(tx, id, policy))
    };
    assert!(is_foreign_key(&set(1, Some(7)).await), "no such document");
    set(1, Some(5)).await.unwrap();
    set(2, Some(6)).await.unwrap();
    let with = |id: i64, name: &str, policy: i64| RepositoryRow {
        policy: Some(policy),
        ..row(id, "eu-west-1", name)
    };
    assert_eq!(
        find(store, "eu-west-1", "app").await,
        Some(with(1, "app", 5))
    );
    write(store, |tx| repositories::delete(tx, 1))
        .await
        .unwrap();
    assert!(!super::policies::exists(store, 5).await);
    assert_eq!(
        find(store, "eu-west-1", "other").await,
        Some(with(2, "other", 6))
    );
    set(2, None).await.unwrap();
    assert!(
        super::policies::exists(store, 6).await,
        "it is the caller's to delete"
    );
    let anew = with(3, "anew", 6);
    write(store, move |tx| repositories::insert(tx, &anew))
        .await
        .unwrap();
    assert_eq!(
        find(store, "eu-west-1", "anew").await,
        Some(with(3, "anew", 6))
    );
}
