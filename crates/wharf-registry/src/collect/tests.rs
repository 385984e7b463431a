pub(crate) mod graph;

use wharf_meta::{Durability, blobs, jobs as job_rows};
use wharf_wire::ids::RepositoryName;
use wharf_wire::oci::Digest;

use self::graph::{
    DOCKER, HOUR, LARGE, OCI, days, delete, head, image, image_in, index, later, link, put, there,
    work,
};
use super::*;
use crate::data::bytes::{DAY, LINGER};
use crate::uploads::tests::fixture::{Fixture, bytes, collect as read_all};
use crate::{Error, layers};

fn layer_and_config(layers: u64) -> Collected {
    Collected {
        layers,
        ..Collected::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_no_image_holds_goes_a_day_after_its_push_and_its_bytes_two_hours_later() {
    let fixture = Fixture::open().await;
    let before = fixture.everything().await;
    let digest = fixture.push(&[&bytes(1, LARGE)]).await;
    assert_eq!(later(&fixture, DAY - HOUR).await, Collected::default());
    assert_eq!(later(&fixture, 2 * HOUR).await, layer_and_config(1));
    assert!(matches!(
        fixture.pull(&digest).await,
        Err(Error::LayerNotFound { .. })
    ));
    assert_eq!(fixture.files().len(), 1, "somebody may be reading it");
    assert_eq!(later(&fixture, HOUR).await, Collected::default());
    let freed = Collected {
        blobs: 1,
        bytes: LARGE as u64,
        ..Collected::default()
    };
    assert_eq!(later(&fixture, LINGER).await, freed);
    assert_eq!(fixture.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_a_layer_exists_keeps_it_for_the_push_of_the_manifest() {
    let fixture = Fixture::open().await;
    let image = image_in(&fixture, &fixture.name, OCI, 1, None).await;
    for _ in 0..3 {
        later(&fixture, DAY - HOUR).await;
        for digest in [&image.layer, &image.config] {
            layers::stat(&fixture.ctx(), &fixture.name, digest)
                .await
                .unwrap();
        }
    }
    later(&fixture, DAY - HOUR).await;
    put(&fixture, &image.manifest, Some("v1")).await.unwrap();
    later(&fixture, 30 * DAY).await;
    assert!(fixture.pull(&image.layer).await.is_ok());
    // And without such an answer the push is told what is missing.
    let other = image_in(&fixture, &fixture.name, OCI, 2, None).await;
    later(&fixture, DAY + HOUR).await;
    let refused = put(&fixture, &other.manifest, None).await;
    let Err(Error::LayersNotFound { digests, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(digests.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_layers_of_a_deleted_image_stay_for_the_trash_and_those_another_image_holds_for_good() {
    let fixture = Fixture::open().await;
    let shared = image(&fixture, 1, None).await;
    let again = image_in(&fixture, &fixture.name, DOCKER, 1, None).await;
    put(&fixture, &again.manifest, Some("docker"))
        .await
        .unwrap();
    let alone = image(&fixture, 2, None).await;
    later(&fixture, DAY + HOUR).await;
    assert_eq!(
        later(&fixture, 90 * DAY).await,
        Collected::default(),
        "each was looked at once"
    );
    delete(&fixture, &shared.digest()).await;
    delete(&fixture, &alone.digest()).await;
    later(&fixture, 6 * DAY).await;
    assert!(link(&fixture, &alone.layer).await.is_some());
    assert_eq!(later(&fixture, 2 * DAY).await, layer_and_config(2));
    assert!(link(&fixture, &alone.layer).await.is_none());
    later(&fixture, 30 * DAY).await;
    assert!(fixture.pull(&shared.layer).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_p4_what_was_collected_is_pushed_again_while_its_bytes_linger() {
    let fixture = Fixture::open().await;
    let first = image(&fixture, 1, None).await;
    delete(&fixture, &first.digest()).await;
    let download = layers::open(&fixture.ctx(), &fixture.name, &first.layer, None)
        .await
        .unwrap();
    assert_eq!(later(&fixture, 8 * DAY).await, layer_and_config(2));
    assert!(
        layers::stat(&fixture.ctx(), &fixture.name, &first.layer)
            .await
            .is_err(),
        "an answer from the rows that the collector changes"
    );
    let second = image(&fixture, 1, None).await;
    put(&fixture, &second.manifest, Some("v1")).await.unwrap();
    assert_eq!(fixture.files().len(), 2, "the old bytes and the new ones");
    later(&fixture, HOUR).await;
    assert!(read_all(download.body).await.unwrap() == bytes(1, LARGE));
    later(&fixture, 2 * HOUR).await;
    assert_eq!(fixture.states().await, ["live"]);
    assert!(fixture.pull(&second.layer).await.unwrap() == bytes(1, LARGE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_goes_with_the_last_repository_that_links_it() {
    let fixture = Fixture::open().await;
    let other = RepositoryName::parse("team/other").unwrap();
    fixture.create(&other).await;
    let digest = fixture.push(&[&bytes(1, LARGE)]).await;
    fixture.service.advance_clock(DAY / 2);
    fixture.push_to(&other, &[&bytes(1, LARGE)]).await.unwrap();
    assert_eq!(later(&fixture, DAY / 2 + HOUR).await, layer_and_config(1));
    assert!(fixture.pull(&digest).await.is_err());
    assert!(fixture.pull_from(&other, &digest).await.is_ok());
    assert_eq!(fixture.rows("blob_keys").await, 1);
    // Sharing goes on with the key of the one that is left.
    fixture.push(&[&bytes(1, LARGE)]).await;
    assert!(fixture.pull(&digest).await.unwrap() == bytes(1, LARGE));
    assert_eq!(fixture.rows("blobs").await, 1);
    assert_eq!(later(&fixture, 2 * DAY).await, layer_and_config(2));
    later(&fixture, 3 * HOUR).await;
    assert_eq!((fixture.rows("blobs").await, fixture.files().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_members_follow_their_index_unless_something_else_refers_to_them() {
    for types in [OCI, DOCKER] {
        let fixture = Fixture::open().await;
        let mut members = Vec::new();
        for seed in 1..=4 {
            let member = image_in(&fixture, &fixture.name, types, seed, None).await;
            put(&fixture, &member.manifest, None).await.unwrap();
            members.push(member);
        }
        let [alone, tagged, shared, never] = [0, 1, 2, 3].map(|at: usize| members[at].clone());
        put(&fixture, &tagged.manifest, Some("v1")).await.unwrap();
        let gone = index(
            types,
            &[&alone.manifest, &tagged.manifest, &shared.manifest],
        );
        let stays = index(types, &[&shared.manifest]);
        put(&fixture, &gone, Some("gone")).await.unwrap();
        put(&fixture, &stays, Some("stays")).await.unwrap();
        later(&fixture, 90 * DAY).await;
        for member in &members {
            assert!(there(&fixture, &member.digest()).await);
        }
        delete(&fixture, &Digest::of(&gone)).await;
        assert_eq!(later(&fixture, DAY - HOUR).await.images, 0);
        assert_eq!(later(&fixture, 2 * HOUR).await.images, 1);
        assert!(!there(&fixture, &alone.digest()).await);
        later(&fixture, 90 * DAY).await;
        for member in [&tagged, &shared, &never] {
            assert!(there(&fixture, &member.digest()).await);
            assert!(fixture.pull(&member.layer).await.is_ok());
        }
        assert!(link(&fixture, &alone.layer).await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p15_a_diamond_of_indexes_goes_level_by_level_and_each_image_once() {
    let fixture = Fixture::open().await;
    let leaf = image(&fixture, 1, None).await;
    let mut level = vec![leaf.manifest.clone()];
    let mut all = 1;
    for depth in 0..4 {
        let whole: Vec<&[u8]> = level.iter().map(Vec::as_slice).collect();
        let two = [index(OCI, &whole), {
            let mut twice = whole.clone();
            twice.extend(&whole);
            index(OCI, &twice)
        }];
        for index in &two {
            put(&fixture, index, None).await.unwrap();
        }
        level = two.to_vec();
        all += if depth < 3 { 2 } else { 0 };
    }
    for top in &level {
        delete(&fixture, &Digest::of(top)).await;
    }
    let mut gone = 0;
    for _ in 0..4 {
        gone += later(&fixture, DAY + HOUR).await.images;
    }
    assert_eq!(gone, all);
    assert_eq!(fixture.rows("manifests").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn p18_p21_signatures_follow_their_subject_and_that_of_a_member_follows_the_index() {
    let fixture = Fixture::open().await;
    let member = image(&fixture, 1, None).await;
    let signature = image(&fixture, 2, Some(&member.digest())).await;
    let kept = image(&fixture, 3, Some(&member.digest())).await;
    put(&fixture, &kept.manifest, Some("kept")).await.unwrap();
    let early = image(&fixture, 4, Some(&Digest::of(b"not yet pushed"))).await;
    let whole = index(OCI, &[&member.manifest]);
    put(&fixture, &whole, Some("v1")).await.unwrap();
    later(&fixture, 90 * DAY).await;
    delete(&fixture, &Digest::of(&whole)).await;
    assert_eq!(later(&fixture, DAY + HOUR).await.images, 1);
    assert!(!there(&fixture, &member.digest()).await);
    assert!(there(&fixture, &signature.digest()).await);
    assert_eq!(later(&fixture, DAY + HOUR).await.images, 1);
    assert!(!there(&fixture, &signature.digest()).await);
    later(&fixture, 90 * DAY).await;
    for referrer in [&kept, &early] {
        assert!(there(&fixture, &referrer.digest()).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_or_a_subject_pushed_again_keeps_what_followed_it() {
    let fixture = Fixture::open().await;
    let member = image(&fixture, 1, None).await;
    let signature = image(&fixture, 2, Some(&member.digest())).await;
    let whole = index(OCI, &[&member.manifest]);
    put(&fixture, &whole, Some("v1")).await.unwrap();
    delete(&fixture, &Digest::of(&whole)).await;
    fixture.service.advance_clock(DAY / 2);
    put(&fixture, &whole, Some("v1")).await.unwrap();
    assert_eq!(later(&fixture, DAY).await.images, 0);
    delete(&fixture, &Digest::of(&whole)).await;
    delete(&fixture, &member.digest()).await;
    fixture.service.advance_clock(DAY / 2);
    put(&fixture, &member.manifest, None).await.unwrap();
    assert_eq!(later(&fixture, DAY).await.images, 0);
    assert!(there(&fixture, &member.digest()).await);
    assert!(there(&fixture, &signature.digest()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_an_image_exists_keeps_it_for_the_push_of_its_index() {
    let fixture = Fixture::open().await;
    let member = image(&fixture, 1, None).await;
    let other = image(&fixture, 2, None).await;
    let whole = index(OCI, &[&member.manifest, &other.manifest]);
    put(&fixture, &whole, Some("v1")).await.unwrap();
    delete(&fixture, &Digest::of(&whole)).await;
    for _ in 0..3 {
        later(&fixture, DAY - HOUR).await;
        assert!(head(&fixture, &member.digest()).await);
        put(&fixture, &other.manifest, None).await.unwrap();
    }
    later(&fixture, DAY - HOUR).await;
    put(&fixture, &whole, None).await.unwrap();
    assert_eq!(later(&fixture, 9 * DAY).await.images, 0);
    delete(&fixture, &Digest::of(&whole)).await;
    assert_eq!(later(&fixture, DAY + HOUR).await.images, 2);
    assert!(!head(&fixture, &member.digest()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_referrers_follow_in_more_than_one_transaction() {
    let fixture = Fixture::open().await;
    let subject = image(&fixture, 1, None).await;
    let one = image(&fixture, 2, Some(&subject.digest())).await;
    let text = String::from_utf8(one.manifest.clone()).unwrap();
    let many = (0..420).map(|number| {
        let artifact = format!("application/x-signature-{number}");
        text.replace("application/x-signature", &artifact)
    });
    let many: Vec<String> = many.collect();
    let puts = many.iter().map(|text| put(&fixture, text.as_bytes(), None));
    futures_util::future::try_join_all(puts).await.unwrap();
    delete(&fixture, &subject.digest()).await;
    assert_eq!(fixture.rows("jobs").await, 2, "the rest is a job");
    work(&fixture).await;
    assert_eq!(fixture.rows("jobs").await, 1);
    assert_eq!(later(&fixture, DAY + HOUR).await.images, 421);
    assert_eq!(fixture.rows("manifests").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_names_of_a_layer_go_with_it() {
    let fixture = Fixture::open().await;
    let digest = fixture.push(&[&bytes(1, LARGE)]).await;
    let name = digest.to_string();
    let alias = move |tx: &mut wharf_meta::Tx| {
        let row = wharf_meta::repositories::by_name(tx, "123456789012", "us-east-1", "team/app")?;
        blobs::add_alias(tx, row.unwrap().id, "sha512:alias", &name)
    };
    let store = fixture.service.store();
    store.write("alias", Durability::Hard, alias).await.unwrap();
    later(&fixture, DAY + HOUR).await;
    assert_eq!(fixture.rows("digest_aliases").await, 0);
    let events = store
        .read("events", |tx| {
            wharf_meta::events::next_repository(tx, "sha512:alias", i64::MIN)
        })
        .await;
    assert!(events.unwrap().is_some(), "an event tells of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_due_costs_no_wait_for_the_disk() {
    let fixture = Fixture::open().await;
    image(&fixture, 1, None).await;
    later(&fixture, DAY + HOUR).await;
    work(&fixture).await;
    let before = fixture.service.commits().hard_closures;
    for _ in 0..50 {
        later(&fixture, DAY).await;
        work(&fixture).await;
    }
    assert_eq!(fixture.service.commits().hard_closures, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_an_interrupted_collection_goes_on_where_it_stopped_and_its_worker_is_fenced_off() {
    let fixture = Fixture::open().await;
    for seed in 1..=3 {
        fixture.push(&[&bytes(seed, LARGE)]).await;
    }
    fixture.service.advance_clock(DAY + HOUR);
    let until = fixture.service.wall() + 60_000_000;
    let store = fixture.service.store();
    let held = store
        .write("held", Durability::Hard, move |tx| {
            let job = job_rows::of_kind(tx, "collect", 1)?.pop().unwrap();
            Ok(job_rows::take(tx, job.id, "one that ended", until)?.unwrap())
        })
        .await;
    let held: job_rows::JobRow = held.map_err(|error: wharf_meta::Error| error).unwrap();
    assert_eq!(
        crate::jobs::run_due(&fixture.service).await,
        Ok(0),
        "its lease goes on"
    );
    // The operator's wish takes it over.
    assert_eq!(later(&fixture, 0).await, layer_and_config(3));
    let late = store.write("late", Durability::Hard, move |tx| {
        job_rows::progress(tx, held.id, held.fence, "", until)
    });
    assert!(matches!(late.await, Err(wharf_meta::Error::Fenced { .. })));
    assert_eq!(fixture.rows("jobs").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_pushes_beside_the_collector_keep_every_layer_that_they_were_told_is_there() {
    let fixture = Fixture::open().await;
    let other = RepositoryName::parse("team/other").unwrap();
    fixture.create(&other).await;
    let plain = bytes(1, LARGE);
    let chunks = [plain.as_slice()];
    for round in 0..30 {
        let held = fixture.push(&[&plain]).await;
        let image = image_in(&fixture, &fixture.name, OCI, 2, None).await;
        fixture.service.advance_clock(DAY + HOUR);
        // At the same time: the collector, both repositories' pushes, and a manifest whose layers are about to go.
        let (collected, here, there, whole) = tokio::join!(
            collect_twice(&fixture),
            fixture.push_to(&fixture.name, &chunks),
            fixture.push_to(&other, &chunks),
            put(&fixture, &image.manifest, None),
        );
        here.unwrap();
        there.unwrap();
        assert!(
            fixture.pull(&held).await.unwrap() == plain
                && fixture.pull_from(&other, &held).await.unwrap() == plain,
            "round {round}: {collected:?}"
        );
        match whole {
            Ok(digest) => {
                assert!(fixture.pull(&image.layer).await.is_ok(), "round {round}");
                delete(&fixture, &digest).await;
            }
            Err(Error::LayersNotFound { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    days(&fixture, 12).await;
    assert_eq!((fixture.rows("blobs").await, fixture.files().len()), (0, 0));
}

async fn collect_twice(fixture: &Fixture) -> Collected {
    later(fixture, 0).await;
    later(fixture, 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_registry_is_left_when_everything_was_deleted() {
    let fixture = Fixture::open().await;
    let before = fixture.everything().await;
    let member = image(&fixture, 1, None).await;
    let signature = image(&fixture, 2, Some(&member.digest())).await;
    let whole = index(OCI, &[&member.manifest, &signature.manifest]);
    put(&fixture, &whole, Some("v1")).await.unwrap();
    fixture.push(&[&bytes(3, LARGE)]).await;
    delete(&fixture, &Digest::of(&whole)).await;
    // The index, a day later its members, and a week later the trash.
    days(&fixture, 12).await;
    assert_eq!(fixture.everything().await, before);
}
