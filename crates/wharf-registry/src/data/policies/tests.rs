use std::sync::Arc;

use wharf_meta::{Durability, versions};
use wharf_wire::ids::Region;

use super::*;
use crate::Decided;
use crate::action::{
    BatchGetImage, DeleteRegistryPolicy, DescribeRegistry, GetRegistryPolicy, ListImages,
};
use crate::authorize::Resource;
use crate::uploads::tests::fixture::Fixture;

/// A statement about everybody.
fn policy(effect: &str, action: &str) -> String {
    format!(
        r#"{{"Statement":{{"Effect":"{effect}","Principal":"*","Action":"{action}","Resource":"*"}}}}"#
    )
}

async fn set_own(fixture: &Fixture, text: &str, force: bool) -> Result<()> {
    let (ctx, text) = (fixture.ctx(), text.to_owned());
    let service = ctx.service().clone();
    let resource = ctx.repository(&fixture.name);
    ctx.write::<SetRepositoryPolicy, _, _>("set", resource, move |tx, grant| {
        set(tx, grant, service.policies(), &text, force)
    })
    .await
}

async fn put_of_registry(fixture: &Fixture, text: &str) -> Result<String> {
    let (ctx, text) = (fixture.ctx(), text.to_owned());
    ctx.write::<PutRegistryPolicy, _, _>("put", Resource::Registry, move |tx, grant| {
        put_registry(tx, grant, &text)
    })
    .await
}

async fn scope(fixture: &Fixture, value: &'static str) -> Result<()> {
    let ctx = fixture.ctx();
    ctx.write::<PutAccountSetting, _, _>("scope", Resource::Registry, move |tx, grant| {
        put_setting(tx, grant, SCOPE_SETTING, value)
    })
    .await
}

/// The policy of a registry, as a request would find it.
async fn registry_in(fixture: &Fixture, region: &str) -> Arc<RegistryPolicy> {
    let (ctx, region) = (fixture.ctx(), Region::parse(region).unwrap());
    let service = ctx.service().clone();
    let account = ctx.account.clone();
    ctx.read::<ListImages, _, _>("read", ctx.repository(&fixture.name), move |tx, _grant| {
        of_registry(tx, service.policies(), &account, &region)
    })
    .await
    .unwrap()
}

async fn registry(fixture: &Fixture) -> Arc<RegistryPolicy> {
    let region = fixture.ctx().region.to_string();
    registry_in(fixture, &region).await
}

async fn refused<A: Action>(fixture: &Fixture, resource: Resource) -> bool {
    let ctx = fixture.ctx();
    let asked = ctx.read::<A, _, _>("ask", resource, |_tx, _grant| Ok(()));
    match asked.await {
        Ok(()) => false,
        Err(Error::AccessDenied { .. }) => true,
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registrys_policy_is_read_once_until_something_of_its_account_changes() {
    let fixture = Fixture::open().await;
    let none = registry(&fixture).await;
    assert!(none.policy.is_none() && !none.v1);
    assert!(Arc::ptr_eq(&none, &registry(&fixture).await));

    put_of_registry(&fixture, &policy("Allow", "ecr:ListImages"))
        .await
        .unwrap();
    let first = registry(&fixture).await;
    assert!(first.policy.is_some());
    assert!(Arc::ptr_eq(&first, &registry(&fixture).await));
    scope(&fixture, "V1").await.unwrap();
    assert!(registry(&fixture).await.v1);
    scope(&fixture, "V2").await.unwrap();
    let second = registry(&fixture).await;
    assert!(!second.v1 && !Arc::ptr_eq(&first, &second));
    // The same document, compiled once.
    let document = |it: &RegistryPolicy| Arc::clone(&it.policy.as_ref().unwrap().document);
    assert!(Arc::ptr_eq(&document(&first), &document(&second)));

    // Another region has none; another account's changes concern nobody here, one's own do.
    assert!(registry_in(&fixture, "eu-west-1").await.policy.is_none());
    let account = fixture.ctx().account.to_string();
    for (account, kept) in [("999999999999".to_owned(), true), (account, false)] {
        let before = registry(&fixture).await;
        let bump = move |tx: &mut wharf_meta::Tx| {
            versions::bump(tx, &account, identities::VERSION).map(|_version| ())
        };
        let store = fixture.service.store();
        store.write("bump", Durability::Hard, bump).await.unwrap();
        let after = registry(&fixture).await;
        assert_eq!(Arc::ptr_eq(&before, &after), kept);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_fails_leaves_neither_policy_nor_document() {
    let fixture = Fixture::open().await;
    let empty = fixture.rows("policies").await;
    let locked = policy("Deny", "ecr:SetRepositoryPolicy");
    let refusal = set_own(&fixture, &locked, false).await;
    assert!(
        matches!(refusal, Err(Error::InvalidParameter { .. })),
        "{refusal:?}"
    );
    let named = policy("Allow", "ecr:*").replace(
        r#""*","Action""#,
        r#"{"AWS":"arn:aws:iam::123456789012:user/absent"},"Action""#,
    );
    for text in [named.as_str(), "{"] {
        let refusal = set_own(&fixture, text, true).await;
        assert!(
            matches!(refusal, Err(Error::InvalidParameter { .. })),
            "{refusal:?}"
        );
        assert!(put_of_registry(&fixture, text).await.is_err());
    }
    assert_eq!(fixture.rows("policies").await, empty);
    // What is replaced or deleted goes.
    for _ in 0..3 {
        set_own(&fixture, &policy("Allow", "ecr:*"), false)
            .await
            .unwrap();
        put_of_registry(&fixture, &policy("Allow", "ecr:*"))
            .await
            .unwrap();
        assert_eq!(fixture.rows("policies").await, empty + 2);
    }
    let ctx = fixture.ctx();
    ctx.write::<DeleteRepositoryPolicy, _, _>("delete", ctx.repository(&fixture.name), delete)
        .await
        .unwrap();
    ctx.write::<DeleteRegistryPolicy, _, _>("delete", Resource::Registry, delete_registry)
        .await
        .unwrap();
    assert_eq!(fixture.rows("policies").await, empty);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supposition_is_no_decision_of_the_request() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    let service = ctx.service().clone();
    let text = policy("Deny", "ecr:SetRepositoryPolicy");
    let run = ctx.write::<SetRepositoryPolicy, _, _>(
        "set",
        ctx.repository(&fixture.name),
        move |tx, grant| set(tx, grant, service.policies(), &text, false),
    );
    assert!(run.await.is_err());
    let decided: Vec<Decided> = ctx.trail.take();
    let told: Vec<_> = decided.iter().map(|it| (it.action, it.allowed)).collect();
    assert_eq!(told, [("ecr:SetRepositoryPolicy", true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_the_registry_is_about_what_the_registry_has_one_of_but_not_its_own_end() {
    let fixture = Fixture::open().await;
    put_of_registry(&fixture, &policy("Deny", "ecr:*"))
        .await
        .unwrap();
    let repository = fixture.ctx().repository(&fixture.name);
    assert!(refused::<BatchGetImage>(&fixture, repository.clone()).await);
    assert!(refused::<DescribeRegistry>(&fixture, Resource::Registry).await);
    assert!(refused::<GetRegistryPolicy>(&fixture, Resource::Registry).await);
    assert!(!refused::<DeleteRegistryPolicy>(&fixture, Resource::Registry).await);
    // Of V1 nothing but three actions is governed.
    let account = fixture.ctx().account.to_string();
    let region = fixture.ctx().region.to_string();
    let v1 = move |tx: &mut wharf_meta::Tx| {
        registries::put_setting(tx, &account, &region, SCOPE_SETTING, "V1")?;
        versions::bump(tx, &account, identities::VERSION).map(|_version| ())
    };
    let store = fixture.service.store();
    store.write("scope", Durability::Hard, v1).await.unwrap();
    assert!(!refused::<BatchGetImage>(&fixture, repository).await);
    assert!(!refused::<DescribeRegistry>(&fixture, Resource::Registry).await);
    let new = Resource::Name {
        account: fixture.ctx().account.clone(),
        name: wharf_wire::ids::RepositoryName::parse("new/one").unwrap(),
    };
    assert!(refused::<crate::action::CreateRepository>(&fixture, new).await);
}

#[test]
fn of_the_scope_v1_a_registrys_policy_counts_for_three_actions_and_a_repositorys_for_all() {
    let called = |name: &str| {
        let text = policy("Allow", "ecr:*");
        let document = wharf_policy::Document::parse(&text, Kind::Registry).unwrap();
        Named::new(name, Arc::new(document))
    };
    for v1 in [false, true] {
        let policies = ResourcePolicies {
            own: Some(called("own")),
            registry: Arc::new(RegistryPolicy {
                policy: Some(called("registry")),
                v1,
            }),
        };
        for (action, governed) in [
            ("ecr:ReplicateImage", true),
            ("ecr:BatchImportUpstreamImage", true),
            ("ecr:CreateRepository", true),
            ("ecr:BatchGetImage", !v1),
            ("ecr:PutRegistryPolicy", !v1),
        ] {
            let names: Vec<&str> = policies.for_action(action).map(|it| it.name).collect();
            let expected: &[&str] = if governed {
                &["own", "registry"]
            } else {
                &["own"]
            };
            assert_eq!(names, expected, "{action}");
        }
    }
}
