use wharf_wire::oci::Reference;

use super::*;
use crate::collect::tests::graph::{
    HOUR, Image, LARGE, OCI, days, delete, image, image_in, index, later, link, put, there, work,
};
use crate::data::bytes::DAY;
use crate::uploads::tests::fixture::{Fixture, bytes};
use crate::{Error, images};

fn named(fixture: &Fixture) -> Named {
    let settings = fixture.service.settings();
    Named {
        account: settings.account.clone(),
        region: settings.region.clone(),
        name: fixture.name.clone(),
    }
}

async fn bring_back(fixture: &Fixture, digest: &Digest) -> Result<Undeleted> {
    let wanted = Wanted::Digest(digest.clone());
    undelete(&fixture.service, &named(fixture), &wanted, false).await
}

/// Brings nothing back, for that reason, and changes nothing.
async fn expect_refused(fixture: &Fixture, wanted: Wanted, reason: &str) {
    let before = fixture.everything().await;
    let refused = undelete(&fixture.service, &named(fixture), &wanted, false).await;
    match refused {
        Err(Error::InvalidParameters { reason: told }) => {
            assert!(told.contains(reason), "{told}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.everything().await, before);
}

async fn tagged(fixture: &Fixture, tag: &str) -> Option<Digest> {
    let reference = Reference::Tag(ImageTag::parse(tag).unwrap());
    images::get(&fixture.ctx(), &fixture.name, &reference, &[], false)
        .await
        .ok()
        .map(|content| content.digest.clone())
}

/// Deletes the fixture's repository with everything in it; the job that empties it has not run.
async fn delete_repository(fixture: &Fixture) {
    let delete = |tx: &mut data::Tx<'_>, grant: &_| data::repositories::delete(tx, grant, true, 7);
    fixture
        .ctx()
        .write::<crate::action::DeleteRepository, _, _>(
            "delete",
            fixture.ctx().repository(&fixture.name),
            delete,
        )
        .await
        .unwrap();
}

async fn expect_whole(fixture: &Fixture, image: &Image, seed: usize) {
    assert!(there(fixture, &image.digest()).await);
    assert!(fixture.pull(&image.layer).await.unwrap() == bytes(seed, LARGE));
    assert!(fixture.pull(&image.config).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_comes_back_with_its_tags_and_can_be_pulled_to_the_end_of_its_time() {
    let fixture = Fixture::open().await;
    let one = image(&fixture, 1, None).await;
    for tag in ["v1", "latest"] {
        put(&fixture, &one.manifest, Some(tag)).await.unwrap();
    }
    let before = fixture.everything().await;
    delete(&fixture, &one.digest()).await;
    later(&fixture, 7 * DAY - HOUR).await;
    let done = bring_back(&fixture, &one.digest()).await.unwrap();
    assert_eq!(done.images, [one.digest().to_string()]);
    assert_eq!(done.tags, ["latest", "v1"]);
    assert_eq!(fixture.everything().await, before);
    days(&fixture, 10).await;
    expect_whole(&fixture, &one, 1).await;
    assert_eq!(tagged(&fixture, "v1").await, Some(one.digest()));
    // Deleted again it goes for good, a week after.
    delete(&fixture, &one.digest()).await;
    days(&fixture, 8).await;
    let wanted = Wanted::Digest(one.digest());
    expect_refused(&fixture, wanted, "is not in the trash").await;
    assert_eq!(fixture.files().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_comes_back_with_the_members_that_followed_it() {
    let fixture = Fixture::open().await;
    let (one, two) = (
        image(&fixture, 1, None).await,
        image(&fixture, 2, None).await,
    );
    let inner = index(OCI, &[&one.manifest]);
    put(&fixture, &inner, None).await.unwrap();
    let outer = index(OCI, &[&inner, &two.manifest, &one.manifest]);
    put(&fixture, &outer, Some("v1")).await.unwrap();
    let before = fixture.everything().await;
    delete(&fixture, &Digest::of(&outer)).await;
    later(&fixture, DAY + HOUR).await;
    later(&fixture, DAY + HOUR).await;
    assert_eq!(fixture.rows("manifests").await, 0);
    let wanted = Wanted::Tag(ImageTag::parse("v1").unwrap());
    let done = undelete(&fixture.service, &named(&fixture), &wanted, false)
        .await
        .unwrap();
    assert_eq!(done.images.len(), 4);
    assert_eq!(done.images[0], Digest::of(&outer).to_string());
    assert_eq!(fixture.everything().await, before);
    days(&fixture, 10).await;
    expect_whole(&fixture, &one, 1).await;
    expect_whole(&fixture, &two, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_come_back_is_refused_and_nothing_is_changed() {
    let fixture = Fixture::open().await;
    let (one, two) = (
        image(&fixture, 1, None).await,
        image(&fixture, 2, None).await,
    );
    put(&fixture, &one.manifest, Some("v1")).await.unwrap();
    let of = |digest: &Digest| Wanted::Digest(digest.clone());
    let tag = |tag: &str| Wanted::Tag(ImageTag::parse(tag).unwrap());
    expect_refused(&fixture, of(&one.digest()), "exists: it is not deleted").await;
    expect_refused(&fixture, of(&Digest::of(b"none")), "is not in the trash").await;
    expect_refused(&fixture, tag("v1"), "no image with tag v1").await;
    expect_refused(&fixture, Wanted::Repository, "exists: name an image").await;
    delete(&fixture, &one.digest()).await;
    put(&fixture, &two.manifest, Some("v1")).await.unwrap();
    expect_refused(&fixture, tag("v1"), "tag v1 now points to sha256:").await;
    let done = undelete(&fixture.service, &named(&fixture), &tag("v1"), true)
        .await
        .unwrap();
    assert_eq!(done.tags, [""; 0]);
    assert_eq!(tagged(&fixture, "v1").await, Some(two.digest()));
    expect_whole(&fixture, &one, 1).await;
    let other = Fixture {
        name: RepositoryName::parse("team/none").unwrap(),
        ..fixture
    };
    let wanted = of(&one.digest());
    expect_refused(&other, wanted, "there is no repository team/none").await;
    expect_refused(&other, Wanted::Repository, "no repository team/none").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_whose_member_is_gone_for_good_stays_in_the_trash() {
    let fixture = Fixture::open().await;
    let member = image(&fixture, 1, None).await;
    let whole = index(OCI, &[&member.manifest]);
    put(&fixture, &whole, None).await.unwrap();
    delete(&fixture, &Digest::of(&whole)).await;
    delete(&fixture, &member.digest()).await;
    purge(
        &fixture.service,
        Some(&named(&fixture)),
        Some(&member.digest()),
    )
    .await
    .unwrap();
    let wanted = Wanted::Digest(Digest::of(&whole));
    expect_refused(&fixture, wanted, "neither there nor in the trash").await;
    // Pushed again, it is a member again.
    put(&fixture, &member.manifest, None).await.unwrap();
    bring_back(&fixture, &Digest::of(&whole)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn undeleting_beside_the_collector_brings_back_all_or_nothing() {
    let fixture = Fixture::open().await;
    let mut wins = 0;
    for seed in 1..=12 {
        let one = image(&fixture, seed, None).await;
        delete(&fixture, &one.digest()).await;
        // Sometimes before its time is over, sometimes after.
        let by = if seed % 2 == 0 {
            7 * DAY - HOUR
        } else {
            7 * DAY
        };
        fixture.service.advance_clock(by);
        let digest = one.digest();
        let (back, _, _) = tokio::join!(
            bring_back(&fixture, &digest),
            later(&fixture, 0),
            later(&fixture, 0),
        );
        match back {
            Ok(_) => {
                wins += 1;
                expect_whole(&fixture, &one, seed).await;
            }
            Err(error) => {
                assert!(
                    matches!(error, Error::InvalidParameters { .. }),
                    "{error:?}"
                );
                assert!(!there(&fixture, &one.digest()).await);
            }
        }
    }
    assert_eq!(wins, 6, "those whose time was not over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_comes_back_with_its_images_also_while_it_is_being_emptied() {
    for half_way in [false, true] {
        let fixture = Fixture::open().await;
        let member = image(&fixture, 1, None).await;
        let whole = index(OCI, &[&member.manifest]);
        put(&fixture, &whole, Some("v1")).await.unwrap();
        let deleted_before = image(&fixture, 2, None).await;
        delete(&fixture, &deleted_before.digest()).await;
        let before = fixture.everything().await;
        delete_repository(&fixture).await;
        if !half_way {
            work(&fixture).await;
            assert_eq!(fixture.rows("manifests").await, 0);
        }
        let back = Wanted::Repository;
        undelete(&fixture.service, &named(&fixture), &back, false)
            .await
            .unwrap();
        work(&fixture).await;
        assert_eq!(fixture.everything().await, before, "{half_way}");
        assert_eq!(tagged(&fixture, "v1").await, Some(Digest::of(&whole)));
        expect_whole(&fixture, &member, 1).await;
        assert!(!there(&fixture, &deleted_before.digest()).await);
        days(&fixture, 10).await;
        expect_whole(&fixture, &member, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_comes_back_without_the_policy_that_went_with_it() {
    use wharf_meta::{Durability, policies, repositories};
    let fixture = Fixture::open().await;
    let whose = named(&fixture);
    let find = move |tx: &mut wharf_meta::Tx| {
        repositories::by_name(
            tx,
            whose.account.as_str(),
            whose.region.as_str(),
            whose.name.as_str(),
        )
    };
    let store = fixture.service.store();
    let (read, before) = (find.clone(), find);
    store
        .write("give a policy", Durability::Hard, move |tx| {
            let policy = policies::PolicyRow {
                id: 1,
                kind: "repository".to_owned(),
                text:
                    r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:ListImages"}}"#
                        .to_owned(),
                principals: "{}".to_owned(),
                created_at: 1,
            };
            policies::insert(tx, &policy)?;
            let repository = before(tx)?.unwrap();
            repositories::set_policy(tx, repository.id, Some(1))
        })
        .await
        .unwrap();
    delete_repository(&fixture).await;
    assert_eq!(fixture.rows("policies").await, 0);
    undelete(
        &fixture.service,
        &named(&fixture),
        &Wanted::Repository,
        false,
    )
    .await
    .unwrap();
    let back: wharf_meta::Result<_> = store.read("find", read).await;
    assert_eq!(back.unwrap().unwrap().policy, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pushed_meanwhile_wins_over_what_comes_back_with_its_repository() {
    let fixture = Fixture::open().await;
    let (one, two) = (
        image(&fixture, 1, None).await,
        image(&fixture, 2, None).await,
    );
    put(&fixture, &one.manifest, Some("v1")).await.unwrap();
    put(&fixture, &two.manifest, Some("v2")).await.unwrap();
    delete_repository(&fixture).await;
    work(&fixture).await;
    let back = Wanted::Repository;
    undelete(&fixture.service, &named(&fixture), &back, false)
        .await
        .unwrap();
    // The name works at once; the job has not run.
    let three = image(&fixture, 3, None).await;
    put(&fixture, &three.manifest, Some("v1")).await.unwrap();
    put(&fixture, &two.manifest, None).await.unwrap();
    work(&fixture).await;
    assert_eq!(tagged(&fixture, "v1").await, Some(three.digest()));
    assert_eq!(tagged(&fixture, "v2").await, Some(two.digest()));
    expect_whole(&fixture, &one, 1).await;
    assert_eq!(fixture.rows("trash_manifests").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_repository_goes_for_good_with_everything_that_hung_on_it() {
    let fixture = Fixture::open().await;
    let member = image(&fixture, 1, None).await;
    let whole = index(OCI, &[&member.manifest]);
    put(&fixture, &whole, Some("v1")).await.unwrap();
    image_in(&fixture, &fixture.name, OCI, 2, None).await;
    fixture.begin().await;
    let reference = Reference::Digest(member.digest());
    images::get(&fixture.ctx(), &fixture.name, &reference, &[], true)
        .await
        .unwrap();
    let usage = fixture.service.usage();
    usage.flush(fixture.service.store()).await.unwrap();
    assert_eq!(fixture.rows("usage").await, 1);
    delete_repository(&fixture).await;
    days(&fixture, 9).await;
    let left: Vec<_> = fixture
        .everything()
        .await
        .into_iter()
        .filter(|(_, rows)| *rows > 0)
        .map(|(name, _)| name)
        .collect();
    let always = [
        "access_keys",
        "accounts",
        "jobs",
        "registry_keys",
        "schema_version",
        "store_id",
    ];
    assert!(
        left.iter().all(|name| always.contains(&name.as_str())),
        "{left:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_takes_what_it_told_of_and_breaks_no_promise() {
    let fixture = Fixture::open().await;
    let (one, two) = (
        image(&fixture, 1, None).await,
        image(&fixture, 2, None).await,
    );
    delete(&fixture, &one.digest()).await;
    delete(&fixture, &two.digest()).await;
    later(&fixture, 2 * DAY).await;
    // Somebody is told that a layer of the second exists.
    crate::layers::stat(&fixture.ctx(), &fixture.name, &two.layer)
        .await
        .unwrap();
    let plan = would_purge(&fixture.service, None, None).await.unwrap();
    assert_eq!((plan.images, plan.repositories), (2, 0));
    assert!(plan.bytes > 2 * LARGE as u64);
    assert_eq!(fixture.rows("trash_manifests").await, 2, "nothing went yet");
    let (purged, collected) = purge(&fixture.service, None, None).await.unwrap();
    assert_eq!((purged.images, collected.layers), (2, 3));
    assert!(link(&fixture, &two.layer).await.is_some());
    let wanted = Wanted::Digest(one.digest());
    expect_refused(&fixture, wanted, "is not in the trash").await;
    later(&fixture, 3 * HOUR).await;
    assert_eq!(fixture.files().len(), 1);
    later(&fixture, DAY).await;
    assert!(link(&fixture, &two.layer).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_purged_alone_leaves_the_layers_that_others_in_the_trash_need() {
    let fixture = Fixture::open().await;
    let one = image(&fixture, 1, None).await;
    let text = String::from_utf8(one.manifest.clone()).unwrap();
    let again = text.replace(
        "\"schemaVersion\":2",
        "\"annotations\":{},\"schemaVersion\":2",
    );
    assert_ne!(text, again);
    let again = put(&fixture, again.as_bytes(), None).await.unwrap();
    let other = image(&fixture, 2, None).await;
    for digest in [&one.digest(), &again, &other.digest()] {
        delete(&fixture, digest).await;
    }
    later(&fixture, 2 * DAY).await;
    for digest in [&again, &other.digest()] {
        purge(&fixture.service, Some(&named(&fixture)), Some(digest))
            .await
            .unwrap();
    }
    assert!(link(&fixture, &other.layer).await.is_none());
    bring_back(&fixture, &one.digest()).await.unwrap();
    expect_whole(&fixture, &one, 1).await;
    let name = named(&fixture);
    let refused = purge(&fixture.service, Some(&name), Some(&again)).await;
    assert!(matches!(refused, Err(Error::InvalidParameters { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_of_a_name_takes_what_was_deleted_under_it_and_no_other() {
    let fixture = Fixture::open().await;
    let other = RepositoryName::parse("team/other").unwrap();
    fixture.create(&other).await;
    image(&fixture, 1, None).await;
    delete_repository(&fixture).await;
    let plan = would_purge(&fixture.service, Some(&named(&fixture)), None).await;
    assert_eq!(plan.unwrap().still_being_deleted, 1);
    work(&fixture).await;
    fixture.create(&fixture.name.clone()).await;
    let two = image(&fixture, 2, None).await;
    delete(&fixture, &two.digest()).await;
    let elsewhere = Fixture {
        name: other,
        ..fixture
    };
    let three = image(&elsewhere, 3, None).await;
    delete(&elsewhere, &three.digest()).await;
    let name = RepositoryName::parse("team/app").unwrap();
    let of = Named {
        name,
        ..named(&elsewhere)
    };
    let (purged, _) = purge(&elsewhere.service, Some(&of), None).await.unwrap();
    assert_eq!((purged.images, purged.repositories), (2, 1));
    assert_eq!(elsewhere.rows("trash_manifests").await, 1);
    assert_eq!(elsewhere.rows("trash_repositories").await, 0);
    let account = elsewhere.service.settings().account.clone();
    let region = elsewhere.service.settings().region.clone();
    let listed = list(&elsewhere.service, &account, &region).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["digest"], three.digest().as_str());
}
