//! What hangs on what IAM keeps: tags, documents, attachments, members, lists.
use wharf_meta::iam::attachments::{self, AttachmentRow};
use wharf_meta::iam::entities::EntityRow;
use wharf_meta::iam::inline::{self, InlineRow};
use wharf_meta::iam::tags::{self, TagRow};
use wharf_meta::iam::versions::{self, VersionRow};
use wharf_meta::iam::{members, strings};
use wharf_meta::{Store, policies};

use super::iam_entities::{OTHER_ACCOUNT, insert, of_kind, other_account, user};
use super::rows::{ACCOUNT, account, is_foreign_key, is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    a_tag_whose_key_differs_only_in_case_is_replaced,
    inline_policies_come_in_pages_and_a_new_text_replaces_the_old,
    versions_come_newest_first_and_a_number_is_taken_once,
    a_policy_is_attached_once_and_detached_once,
    those_that_a_policy_is_attached_to_are_told_for_each_account,
    members_come_in_order_of_name_from_both_sides,
    lists_keep_their_order_and_are_replaced_whole,
    what_hangs_on_nothing_is_refused,
];

pub fn tag(entity: &str, key: &str, value: &str) -> TagRow {
    TagRow {
        entity: entity.to_owned(),
        key_lower: key.to_lowercase(),
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

pub fn inline(entity: &str, name: &str, document: i64) -> InlineRow {
    InlineRow {
        entity: entity.to_owned(),
        name: name.to_owned(),
        document,
    }
}

pub fn version(entity: &str, version: i64, document: i64) -> VersionRow {
    VersionRow {
        entity: entity.to_owned(),
        version,
        document,
        created_at: 10 * version,
    }
}

pub fn attachment(entity: &str, policy_arn: &str) -> AttachmentRow {
    AttachmentRow {
        entity: entity.to_owned(),
        policy_arn: policy_arn.to_owned(),
        attached_at: 6,
    }
}

/// Two users, `A` and `B`.
async fn two(store: &Store) {
    account(store).await;
    insert(store, vec![user("A", "ann"), user("B", "bob")]).await;
}

async fn a_tag_whose_key_differs_only_in_case_is_replaced(store: &Store) {
    two(store).await;
    write(store, |tx| {
        tags::put(tx, &tag("A", "team", "one"))?;
        tags::put(tx, &tag("A", "Cost", ""))?;
        tags::put(tx, &tag("B", "team", "three"))?;
        tags::put(tx, &tag("A", "TEAM", "two"))
    })
    .await
    .unwrap();
    let of = |entity: &'static str| read(store, move |tx| tags::of(tx, entity));
    assert_eq!(
        of("A").await,
        Ok(vec![tag("A", "Cost", ""), tag("A", "TEAM", "two")])
    );
    let delete = |key: &'static str| write(store, move |tx| tags::delete(tx, "A", key));
    assert_eq!(delete("TEAM").await, Ok(false));
    assert_eq!(delete("team").await, Ok(true));
    assert_eq!(of("A").await, Ok(vec![tag("A", "Cost", "")]));
    write(store, |tx| tags::delete_all(tx, "A")).await.unwrap();
    assert_eq!(of("A").await, Ok(vec![]));
    assert_eq!(of("B").await, Ok(vec![tag("B", "team", "three")]));
}

async fn inline_policies_come_in_pages_and_a_new_text_replaces_the_old(store: &Store) {
    two(store).await;
    super::policies::make(store, &[1, 2, 3, 4]).await;
    write(store, |tx| {
        inline::put(tx, &inline("A", "push", 1))?;
        inline::put(tx, &inline("A", "Pull", 2))?;
        inline::put(tx, &inline("A", "pull", 3))?;
        inline::put(tx, &inline("A", "push", 4))
    })
    .await
    .unwrap();
    let of = |after: &'static str, limit| read(store, move |tx| inline::of(tx, "A", after, limit));
    let (first, second, third) = (
        inline("A", "Pull", 2),
        inline("A", "pull", 3),
        inline("A", "push", 4),
    );
    assert_eq!(of("", 2).await, Ok(vec![first, second.clone()]));
    assert_eq!(of("pull", 2).await, Ok(vec![third]));
    let get = |entity: &'static str, name: &'static str| {
        read(store, move |tx| inline::get(tx, entity, name))
    };
    assert_eq!(get("A", "pull").await, Ok(Some(second)));
    assert_eq!(get("A", "PULL").await, Ok(None));
    assert_eq!(get("B", "pull").await, Ok(None));
    // The text that was replaced is free to go, that in use is not.
    assert_eq!(write(store, |tx| policies::delete(tx, 1)).await, Ok(true));
    assert!(is_foreign_key(
        &write(store, |tx| policies::delete(tx, 4)).await
    ));
    let delete = || write(store, |tx| inline::delete(tx, "A", "push"));
    assert_eq!(delete().await, Ok(true));
    assert_eq!(delete().await, Ok(false));
    assert_eq!(write(store, |tx| policies::delete(tx, 4)).await, Ok(true));
}

async fn versions_come_newest_first_and_a_number_is_taken_once(store: &Store) {
    account(store).await;
    insert(store, vec![of_kind("policy", "P", "edge")]).await;
    super::policies::make(store, &[1, 2, 3]).await;
    write(store, |tx| {
        versions::insert(tx, &version("P", 9, 1))?;
        versions::insert(tx, &version("P", 10, 2))
    })
    .await
    .unwrap();
    assert_eq!(
        read(store, |tx| versions::of(tx, "P")).await,
        Ok(vec![version("P", 10, 2), version("P", 9, 1)])
    );
    assert!(is_unique(
        &write(store, |tx| versions::insert(tx, &version("P", 9, 3))).await
    ));
    let count = |account: &'static str| read(store, move |tx| versions::count(tx, account));
    assert_eq!(count(super::rows::ACCOUNT).await, Ok(2));
    assert_eq!(count("999999999999").await, Ok(0));
    let get = |number| read(store, move |tx| versions::get(tx, "P", number));
    assert_eq!(get(9).await, Ok(Some(version("P", 9, 1))));
    assert_eq!(get(1).await, Ok(None));
    assert!(is_foreign_key(
        &write(store, |tx| policies::delete(tx, 1)).await
    ));
    let delete = || write(store, |tx| versions::delete(tx, "P", 9));
    assert_eq!(delete().await, Ok(true));
    assert_eq!(delete().await, Ok(false));
    assert_eq!(get(9).await, Ok(None));
    assert_eq!(write(store, |tx| policies::delete(tx, 1)).await, Ok(true));
}

async fn a_policy_is_attached_once_and_detached_once(store: &Store) {
    two(store).await;
    let attach = |arn: &'static str, at| {
        let row = AttachmentRow {
            attached_at: at,
            ..attachment("A", arn)
        };
        write(store, move |tx| attachments::insert(tx, &row))
    };
    for arn in ["arn:c", "arn:a", "arn:b"] {
        assert_eq!(attach(arn, 6).await, Ok(true));
    }
    assert_eq!(attach("arn:a", 7).await, Ok(false));
    let of = |after: &'static str| read(store, move |tx| attachments::of(tx, "A", after, 2));
    assert_eq!(
        of("").await,
        Ok(vec![attachment("A", "arn:a"), attachment("A", "arn:b")])
    );
    assert_eq!(of("arn:b").await, Ok(vec![attachment("A", "arn:c")]));
    let exists = |entity: &'static str, arn: &'static str| {
        read(store, move |tx| attachments::exists(tx, entity, arn))
    };
    assert_eq!(exists("A", "arn:a").await, Ok(true));
    assert_eq!(exists("A", "arn:").await, Ok(false));
    assert_eq!(exists("B", "arn:a").await, Ok(false));
    let count = |entity: &'static str| read(store, move |tx| attachments::count(tx, entity));
    assert_eq!((count("A").await, count("B").await), (Ok(3), Ok(0)));
    let detach = || write(store, |tx| attachments::delete(tx, "A", "arn:a"));
    assert_eq!(detach().await, Ok(true));
    assert_eq!(detach().await, Ok(false));
    assert_eq!(count("A").await, Ok(2));
}

async fn those_that_a_policy_is_attached_to_are_told_for_each_account(store: &Store) {
    two(store).await;
    other_account(store).await;
    let elsewhere = EntityRow {
        account: OTHER_ACCOUNT.to_owned(),
        ..user("AA", "ann")
    };
    let group = of_kind("group", "G", "ann");
    insert(store, vec![elsewhere.clone(), group.clone()]).await;
    write(store, |tx| {
        for entity in ["G", "B", "AA", "A"] {
            attachments::insert(tx, &attachment(entity, "arn:a"))?;
        }
        attachments::insert(tx, &attachment("A", "arn:b"))
    })
    .await
    .unwrap();
    let page = |account: &'static str, after: &'static str, limit| {
        read(store, move |tx| {
            attachments::of_policy(tx, "arn:a", account, after, limit)
        })
    };
    let (one, two) = (user("A", "ann"), user("B", "bob"));
    assert_eq!(page(ACCOUNT, "", 2).await, Ok(vec![one, two.clone()]));
    assert_eq!(page(ACCOUNT, "A", 9).await, Ok(vec![two, group]));
    assert_eq!(page(OTHER_ACCOUNT, "", 9).await, Ok(vec![elsewhere]));
    let count = |arn: &'static str, account: &'static str| {
        read(store, move |tx| {
            attachments::count_of_policy(tx, arn, account)
        })
    };
    assert_eq!(count("arn:a", ACCOUNT).await, Ok(3));
    assert_eq!(count("arn:a", OTHER_ACCOUNT).await, Ok(1));
    assert_eq!(count("arn:b", OTHER_ACCOUNT).await, Ok(0));
}

async fn members_come_in_order_of_name_from_both_sides(store: &Store) {
    account(store).await;
    let (zoe, bob) = (user("A", "Zoe"), user("B", "bob"));
    let (crew, all) = (of_kind("group", "G", "crew"), of_kind("group", "H", "All"));
    insert(
        store,
        vec![zoe.clone(), bob.clone(), crew.clone(), all.clone()],
    )
    .await;
    let add = |owner: &'static str, member: &'static str| {
        write(store, move |tx| members::insert(tx, owner, member, 5))
    };
    for (owner, member) in [("G", "A"), ("G", "B"), ("H", "A")] {
        assert_eq!(add(owner, member).await, Ok(true));
        assert_eq!(add(owner, member).await, Ok(false));
    }
    let of_owner = |after: &'static str, limit| {
        read(store, move |tx| members::of_owner(tx, "G", after, limit))
    };
    assert_eq!(of_owner("", 9).await, Ok(vec![bob.clone(), zoe.clone()]));
    assert_eq!(of_owner("", 1).await, Ok(vec![bob]));
    assert_eq!(of_owner("bob", 9).await, Ok(vec![zoe]));
    let of_member = |after: &'static str, limit| {
        read(store, move |tx| members::of_member(tx, "A", after, limit))
    };
    assert_eq!(of_member("", 9).await, Ok(vec![all.clone(), crew.clone()]));
    assert_eq!(of_member("", 1).await, Ok(vec![all]));
    assert_eq!(of_member("all", 9).await, Ok(vec![crew]));
    let counts = || async move {
        (
            read(store, |tx| members::count_of_owner(tx, "G")).await,
            read(store, |tx| members::count_of_member(tx, "A")).await,
        )
    };
    assert_eq!(counts().await, (Ok(2), Ok(2)));
    let remove = || write(store, |tx| members::delete(tx, "G", "A"));
    assert_eq!(remove().await, Ok(true));
    assert_eq!(remove().await, Ok(false));
    assert_eq!(counts().await, (Ok(1), Ok(1)));
}

async fn lists_keep_their_order_and_are_replaced_whole(store: &Store) {
    account(store).await;
    insert(store, vec![of_kind("oidc-provider", "O", "issuer")]).await;
    let of = |kind: &'static str| read(store, move |tx| strings::of(tx, "O", kind));
    write(store, |tx| {
        for (position, value) in [(2, "a"), (0, "c"), (1, "b")] {
            strings::insert(tx, "O", "client-id", position, value)?;
        }
        strings::insert(tx, "O", "thumbprint", 0, "f")
    })
    .await
    .unwrap();
    let list = |values: &[&str]| Ok(values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>());
    assert_eq!(of("client-id").await, list(&["c", "b", "a"]));
    let taken = write(store, |tx| strings::insert(tx, "O", "client-id", 1, "d"));
    assert!(is_unique(&taken.await));
    write(store, |tx| {
        strings::delete_all(tx, "O", "client-id")?;
        strings::insert(tx, "O", "client-id", 0, "d")
    })
    .await
    .unwrap();
    assert_eq!(of("client-id").await, list(&["d"]));
    assert_eq!(of("thumbprint").await, list(&["f"]));
}

async fn what_hangs_on_nothing_is_refused(store: &Store) {
    two(store).await;
    super::policies::make(store, &[1]).await;
    let refusals = [
        write(store, |tx| tags::put(tx, &tag("X", "k", "v"))).await,
        write(store, |tx| inline::put(tx, &inline("X", "p", 1))).await,
        write(store, |tx| inline::put(tx, &inline("A", "p", 2))).await,
        write(store, |tx| versions::insert(tx, &version("X", 1, 1))).await,
        write(store, |tx| versions::insert(tx, &version("A", 1, 2))).await,
        write(store, |tx| {
            attachments::insert(tx, &attachment("X", "arn")).map(drop)
        })
        .await,
        write(store, |tx| members::insert(tx, "X", "A", 1).map(drop)).await,
        write(store, |tx| members::insert(tx, "A", "X", 1).map(drop)).await,
        write(store, |tx| strings::insert(tx, "X", "thumbprint", 0, "f")).await,
    ];
    for (number, refused) in refusals.iter().enumerate() {
        assert!(is_foreign_key(refused), "{number}: {refused:?}");
    }
}
