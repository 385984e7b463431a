use std::sync::atomic::{AtomicUsize, Ordering};

use wharf_meta::{Durability, access_keys};
use wharf_wire::ids::ImageTag;
use wharf_wire::oci::{Digest, Reference};

use crate::action::{DeleteRepository, DeleteRepositoryPolicy, SetRepositoryPolicy};
use crate::collect::tests::graph::{Image, OCI, delete, image, image_in, index, put};
use crate::uploads::tests::fixture::{Fixture, KEY_ID};
use crate::{Error, Result, data, images};

async fn get(fixture: &Fixture, reference: &Reference) -> Result<Digest> {
    let content = images::get(&fixture.ctx(), &fixture.name, reference, &[], true).await?;
    Ok(content.digest.clone())
}

fn tag(text: &str) -> Reference {
    Reference::Tag(ImageTag::parse(text).unwrap())
}

fn reads(fixture: &Fixture) -> u64 {
    fixture.service.commits().reads
}

fn is_missing(result: &Result<Digest>) -> bool {
    matches!(result, Err(Error::ImageNotFound { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_nothing_changed_is_answered_without_the_store() {
    let fixture = Fixture::open().await;
    let image = image(&fixture, 1, None).await;
    put(&fixture, &image.manifest, Some("v1")).await.unwrap();
    for reference in [tag("v1"), Reference::Digest(image.digest())] {
        get(&fixture, &reference).await.unwrap();
        let before = reads(&fixture);
        for _ in 0..10 {
            assert_eq!(get(&fixture, &reference).await.unwrap(), image.digest());
        }
        assert_eq!(reads(&fixture), before);
    }
    // A push elsewhere changes nothing here, a push here does.
    let elsewhere = wharf_wire::ids::RepositoryName::parse("else/where").unwrap();
    fixture.create(&elsewhere).await;
    image_in(&fixture, &elsewhere, OCI, 2, None).await;
    let before = reads(&fixture);
    get(&fixture, &tag("v1")).await.unwrap();
    assert_eq!(reads(&fixture), before);
    put(&fixture, &image.manifest, Some("v2")).await.unwrap();
    get(&fixture, &tag("v1")).await.unwrap();
    assert!(reads(&fixture) > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_is_not_answered_any_more() {
    let fixture = Fixture::open().await;
    let [first, second] = [
        image(&fixture, 1, None).await,
        image(&fixture, 2, None).await,
    ];
    let by_digest = Reference::Digest(first.digest());
    put(&fixture, &first.manifest, Some("v1")).await.unwrap();
    for reference in [&tag("v1"), &by_digest] {
        assert_eq!(get(&fixture, reference).await.unwrap(), first.digest());
    }
    put(&fixture, &second.manifest, Some("v1")).await.unwrap();
    assert_eq!(get(&fixture, &tag("v1")).await.unwrap(), second.digest());
    images::delete(&fixture.ctx(), &fixture.name, &tag("v1"))
        .await
        .unwrap();
    assert!(is_missing(&get(&fixture, &tag("v1")).await));
    delete(&fixture, &first.digest()).await;
    assert!(is_missing(&get(&fixture, &by_digest).await));
}

/// What `UpdateAccessKey` does to the fixture's key.
pub(crate) fn set_key_status(
    status: &'static str,
) -> impl FnMut(&mut wharf_meta::Tx) -> wharf_meta::Result<bool> {
    move |tx| {
        let key = access_keys::by_id(tx, KEY_ID)?;
        let account = key.map(|key| key.account).unwrap_or_default();
        wharf_meta::versions::bump(tx, &account, data::identities::VERSION)?;
        access_keys::set_status(tx, KEY_ID, status)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_or_key_that_went_takes_what_is_known_with_it() {
    let fixture = Fixture::open().await;
    let image = image(&fixture, 1, None).await;
    let reference = Reference::Digest(image.digest());
    get(&fixture, &reference).await.unwrap();
    let status = |status: &'static str| {
        fixture
            .service
            .store()
            .write("status", Durability::Hard, set_key_status(status))
    };
    status("Inactive").await.unwrap();
    let refused = get(&fixture, &reference).await;
    assert!(
        matches!(refused, Err(Error::CredentialsGone)),
        "{refused:?}"
    );
    status("Active").await.unwrap();
    get(&fixture, &reference).await.unwrap();
    let (ctx, name) = (fixture.ctx(), fixture.name.clone());
    ctx.write::<DeleteRepository, _, _>("delete", ctx.repository(&name), |tx, grant| {
        data::repositories::delete(tx, grant, true, 7)
    })
    .await
    .unwrap();
    let refused = get(&fixture, &reference).await;
    assert!(
        matches!(refused, Err(Error::RepositoryNotFound { .. })),
        "{refused:?}"
    );
    // Made anew under the same name, it holds nothing.
    fixture.create(&name).await;
    assert!(is_missing(&get(&fixture, &reference).await));
}

/// Gives the repository a policy, or none.
async fn set_policy(fixture: &Fixture, text: Option<&'static str>) {
    let ctx = fixture.ctx();
    let (resource, service) = (ctx.repository(&fixture.name), ctx.service().clone());
    if let Some(text) = text {
        let set = move |tx: &mut data::Tx<'_>, grant: &_| {
            data::policies::set(tx, grant, service.policies(), text, false)
        };
        ctx.write::<SetRepositoryPolicy, _, _>("set", resource, set)
            .await
            .unwrap();
    } else {
        let delete = data::policies::delete;
        ctx.write::<DeleteRepositoryPolicy, _, _>("delete", resource, delete)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_changed_decides_about_what_is_known() {
    let fixture = Fixture::open().await;
    let image = image(&fixture, 1, None).await;
    put(&fixture, &image.manifest, Some("v1")).await.unwrap();
    let denied = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:BatchGetImage"}}"#;
    for _ in 0..3 {
        for reference in [tag("v1"), Reference::Digest(image.digest())] {
            get(&fixture, &reference).await.unwrap();
            let before = reads(&fixture);
            get(&fixture, &reference).await.unwrap();
            assert_eq!(reads(&fixture), before);
        }
        set_policy(&fixture, Some(denied)).await;
        for reference in [tag("v1"), Reference::Digest(image.digest())] {
            let refused = get(&fixture, &reference).await;
            assert!(
                matches!(refused, Err(Error::AccessDenied { .. })),
                "{refused:?}"
            );
        }
        set_policy(&fixture, None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_the_collector_will_look_at_is_asked_for_each_time() {
    let fixture = Fixture::open().await;
    let member = image(&fixture, 1, None).await;
    let list = put(&fixture, &index(OCI, &[&member.manifest]), None)
        .await
        .unwrap();
    let reference = Reference::Digest(member.digest());
    get(&fixture, &reference).await.unwrap();
    delete(&fixture, &list).await;
    for _ in 0..3 {
        let before = reads(&fixture);
        get(&fixture, &reference).await.unwrap();
        assert!(reads(&fixture) > before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_move_of_a_tag_that_was_answered_is_seen_by_every_read_that_begins_later() {
    const MOVES: usize = 300;
    let fixture = std::sync::Arc::new(Fixture::open().await);
    let mut versions = Vec::new();
    for seed in 0..8 {
        versions.push(image(&fixture, seed, None).await);
    }
    put(&fixture, &versions[0].manifest, Some("moving"))
        .await
        .unwrap();
    let digests: Vec<Digest> = versions.iter().map(Image::digest).collect();
    // Moves that were begun, and moves that were answered: a read sees one between the two.
    let begun = std::sync::Arc::new(AtomicUsize::new(0));
    let answered = std::sync::Arc::new(AtomicUsize::new(0));
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let (fixture, digests) = (fixture.clone(), digests.clone());
        let (begun, answered) = (begun.clone(), answered.clone());
        readers.spawn(async move {
            let mut looks = 0_usize;
            while answered.load(Ordering::SeqCst) < MOVES {
                let least = answered.load(Ordering::SeqCst);
                let found = get(&fixture, &tag("moving")).await.unwrap();
                let most = begun.load(Ordering::SeqCst);
                let allowed = (least..=most).any(|number| digests[number % digests.len()] == found);
                assert!(allowed, "answered {least}, begun {most}, found {found}");
                looks += 1;
                tokio::task::yield_now().await;
            }
            looks
        });
    }
    for number in 1..=MOVES {
        begun.store(number, Ordering::SeqCst);
        let manifest = &versions[number % versions.len()].manifest;
        put(&fixture, manifest, Some("moving")).await.unwrap();
        answered.store(number, Ordering::SeqCst);
    }
    let looks: usize = readers.join_all().await.into_iter().sum();
    assert!(looks > MOVES, "{looks} reads beside {MOVES} moves");
}
