use wharf_meta::{Durability, blobs, repositories};

use super::*;
use crate::collect::tests::graph::{HOUR, OCI, days, delete, image, index, later, put};
use crate::data::bytes::DAY;
use crate::uploads::tests::fixture::Fixture;

async fn ask(fixture: &Fixture, digest: &Digest) -> Why {
    why(&fixture.service, digest).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_layer_tells_which_images_hold_it_and_where() {
    let fixture = Fixture::open().await;
    let one = image(&fixture, 1, None).await;
    put(&fixture, &one.manifest, Some("v1")).await.unwrap();
    let told = ask(&fixture, &one.layer).await;
    assert!(told.stored);
    let [place] = &told.places[..] else {
        panic!("{told:?}")
    };
    assert_eq!(place.repository, "team/app");
    let layer = place.layer.as_ref().unwrap();
    assert_eq!(layer.held_by.len(), 1);
    assert_eq!(layer.held_by[0].digest, one.digest().to_string());
    assert_eq!(layer.held_by[0].tags, ["v1"]);
    assert_eq!(layer.objects, [("live".to_owned(), 1)]);
    assert_eq!(place.events[0].kind, "layer-uploaded");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_tells_its_index_its_subject_and_what_it_waits_for() {
    let fixture = Fixture::open().await;
    let member = image(&fixture, 1, None).await;
    let signature = image(&fixture, 2, Some(&member.digest())).await;
    let whole = index(OCI, &[&member.manifest]);
    put(&fixture, &whole, None).await.unwrap();
    let told = ask(&fixture, &member.digest()).await;
    let told = told.places[0].image.clone().unwrap();
    assert_eq!(told.parents, [Digest::of(&whole).to_string()]);
    assert_eq!(told.referrers, [signature.digest().to_string()]);
    assert_eq!((told.keep_until, told.orphaned_by), (None, None));
    let told = ask(&fixture, &signature.digest()).await;
    let told = told.places[0].image.clone().unwrap();
    assert!(told.subject_exists);
    delete(&fixture, &Digest::of(&whole)).await;
    let told = ask(&fixture, &member.digest()).await;
    let told = told.places[0].image.clone().unwrap();
    assert_eq!(told.orphaned_by, Some(Digest::of(&whole).to_string()));
    assert!(told.keep_until > Some(fixture.service.now()));
    let told = ask(&fixture, &Digest::of(&whole)).await;
    let trash = told.places[0].trash.clone().unwrap();
    assert_eq!((told.stored, trash.reason.as_str()), (true, "request"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_tells_when_it_came_when_it_went_and_why() {
    let fixture = Fixture::open().await;
    let one = image(&fixture, 1, None).await;
    let signature = image(&fixture, 2, Some(&one.digest())).await;
    delete(&fixture, &one.digest()).await;
    days(&fixture, 11).await;
    let told = ask(&fixture, &one.layer).await;
    assert!(!told.stored);
    let kinds: Vec<&str> = told.places[0]
        .events
        .iter()
        .map(|event| event.kind.as_str())
        .collect();
    assert_eq!(kinds, ["layer-collected", "layer-uploaded"]);
    let reason = told.places[0].events[0].details["reason"].as_str();
    assert!(reason.unwrap().contains("trash"));
    assert_eq!(told.events[0].kind, "blob-removed");
    let told = ask(&fixture, &signature.digest()).await;
    assert!(!told.stored);
    let gone = &told.places[0].events[0];
    assert_eq!(gone.kind, "image-deleted");
    assert_eq!(gone.principal, "collect");
    assert_eq!(gone.details["reason"], "its subject was deleted");
    let nothing = ask(&fixture, &Digest::of(b"never seen")).await;
    assert!(!nothing.stored && nothing.places.is_empty() && nothing.events.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_found_by_another_digest_and_its_end_too() {
    let fixture = Fixture::open().await;
    let one = image(&fixture, 1, None).await;
    let alias = format!("sha512:{}", "ab".repeat(64));
    let (name, digest) = (alias.clone(), one.layer.to_string());
    let add = move |tx: &mut wharf_meta::Tx| {
        let row = repositories::by_name(tx, "123456789012", "us-east-1", "team/app")?.unwrap();
        blobs::add_alias(tx, row.id, &name, &digest)
    };
    let store = fixture.service.store();
    store.write("alias", Durability::Hard, add).await.unwrap();
    let alias = Digest::parse(&alias).unwrap();
    let told = ask(&fixture, &alias).await;
    assert_eq!(told.same_as, Some(one.layer.to_string()));
    assert!(told.stored && told.places[0].aliases == [alias.to_string()]);
    delete(&fixture, &one.digest()).await;
    later(&fixture, 8 * DAY + HOUR).await;
    let told = ask(&fixture, &alias).await;
    assert!(!told.stored);
    assert_eq!(told.places[0].events[0].kind, "layer-collected");
    assert_eq!(told.places[0].events[0].details["of"], one.layer.as_str());
}
