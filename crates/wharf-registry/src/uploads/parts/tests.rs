use futures_util::future;
use wharf_meta::Durability;

use super::*;
use crate::uploads::tests::fixture::{Fixture, body, bytes};
use crate::uploads::{append as patch, complete as put};

const LEAST: usize = 5 << 20;
const TWO_FRAMES: usize = 300_000;

/// Where a part lies in the whole.
fn part(first: usize, bytes: &[u8]) -> Part {
    let first = i64::try_from(first).unwrap();
    Part {
        first,
        last: first + i64::try_from(bytes.len()).unwrap() - 1,
        bytes: Bytes::copy_from_slice(bytes),
    }
}

async fn add(fixture: &Fixture, id: &UploadId, first: usize, bytes: &[u8]) -> Result<u64> {
    append(&fixture.ctx(), &fixture.name, id, part(first, bytes)).await
}

async fn end(fixture: &Fixture, id: &UploadId, digests: &[Digest]) -> Result<Digest> {
    complete(&fixture.ctx(), &fixture.name, id, digests).await
}

fn is_invalid(result: &Result<u64>, received: u64) -> bool {
    matches!(result, Err(Error::InvalidLayerPart { received: told, .. }) if *told == received)
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_in_order_make_a_layer_with_one_wait_for_the_disk() {
    let fixture = Fixture::open().await;
    let (one, two, three) = (bytes(1, LEAST), bytes(2, LEAST + 1), bytes(3, 7));
    let whole = [one.as_slice(), &two, &three].concat();
    let before = fixture.service.commits();
    let id = fixture.begin().await;
    assert_eq!(add(&fixture, &id, 0, &one).await, Ok(LEAST as u64));
    assert_eq!(
        add(&fixture, &id, LEAST, &two).await,
        Ok(2 * LEAST as u64 + 1)
    );
    add(&fixture, &id, 2 * LEAST + 1, &three).await.unwrap();
    let digest = Digest::of(&whole);
    assert_eq!(
        end(&fixture, &id, std::slice::from_ref(&digest)).await,
        Ok(digest.clone())
    );
    let after = fixture.service.commits();
    assert_eq!(after.hard_closures - before.hard_closures, 1);
    assert!(fixture.pull(&digest).await.unwrap() == whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_elsewhere_or_of_another_length_is_refused_and_leaves_nothing() {
    let fixture = Fixture::open().await;
    let id = fixture.begin().await;
    let ten = bytes(1, 10);
    for first in [1, 10, usize::MAX / 4] {
        assert!(
            is_invalid(&add(&fixture, &id, first, &ten).await, 0),
            "{first}"
        );
    }
    add(&fixture, &id, 0, &ten).await.unwrap();
    let before = fixture.everything().await;
    for first in [0, 9, 11] {
        assert!(
            is_invalid(&add(&fixture, &id, first, &ten).await, 10),
            "{first}"
        );
    }
    let large = bytes(2, TWO_FRAMES);
    for (first, last, bytes) in [
        (10, 18, ten.as_slice()),
        (10, 20, &ten),
        (10, 9, &ten),
        (10, 9, b""),
        (10, 10, b""),
        (10, 0, b""),
        (10, i64::MAX, &ten),
        (10, 10 + 299_998, &large),
        (10, 10 + 300_000, &large),
    ] {
        let part = Part {
            first,
            last,
            bytes: Bytes::copy_from_slice(bytes),
        };
        let result = append(&fixture.ctx(), &fixture.name, &id, part).await;
        assert!(is_invalid(&result, 10), "{first}-{last}: {result:?}");
    }
    assert_eq!(fixture.everything().await, before);
    assert_eq!(fixture.status(&id).await, Ok(10));
}

#[test]
fn more_parts_or_bytes_than_a_layer_may_have_are_refused() {
    assert_eq!(check_limits(MAX_PARTS - 1, 0, 1), Ok(()));
    assert!(matches!(
        check_limits(MAX_PARTS, 0, 1),
        Err(Error::LimitExceeded { .. })
    ));
    assert_eq!(check_limits(1, MAX_LAYER_BYTES - 1, 1), Ok(()));
    assert!(matches!(
        check_limits(1, MAX_LAYER_BYTES, 1),
        Err(Error::LimitExceeded { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_part_behind_the_last_that_may_be_is_refused_and_the_upload_stays() {
    let fixture = Fixture::open().await;
    let id = fixture.begin().await;
    let upload = id.to_string();
    let many = move |tx: &mut wharf_meta::Tx| {
        for first_byte in 0..MAX_PARTS {
            let extent = wharf_meta::extents::ExtentRow {
                id: first_byte + 1,
                size: 1,
                object: None,
                sealed: Some(Vec::new()),
                created_at: 0,
            };
            wharf_meta::extents::insert(tx, &extent)?;
            let place = ExtentPlace {
                first_byte,
                size: 1,
                extent: extent.id,
                object: None,
            };
            wharf_meta::uploads::add_extent(tx, &upload, &place, i64::MAX)?;
        }
        Ok::<_, wharf_meta::Error>(())
    };
    let store = fixture.service.store();
    store.write("many", Durability::Soft, many).await.unwrap();
    let refused = add(&fixture, &id, 4_200, b"x").await;
    assert!(
        matches!(refused, Err(Error::LimitExceeded { .. })),
        "{refused:?}"
    );
    assert_eq!(fixture.status(&id).await, Ok(4_200));
    assert_eq!(fixture.rows("extents").await, MAX_PARTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_parts_at_one_place_one_wins_and_the_other_hears_where_the_upload_stands() {
    let fixture = Fixture::open().await;
    for length in [500, TWO_FRAMES] {
        let (one, two) = (bytes(1, length), bytes(2, length));
        let id = fixture.begin().await;
        let results = future::join(add(&fixture, &id, 0, &one), add(&fixture, &id, 0, &two)).await;
        let winner = match &results {
            (Ok(_), loser) if is_invalid(loser, length as u64) => &one,
            (loser, Ok(_)) if is_invalid(loser, length as u64) => &two,
            other => panic!("{other:?}"),
        };
        let digest = end(&fixture, &id, &[Digest::of(winner)]).await.unwrap();
        assert!(fixture.pull(&digest).await.unwrap() == *winner);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_without_parts_or_with_a_small_one_within_is_not_completed() {
    let fixture = Fixture::open().await;
    let id = fixture.begin().await;
    let nothing = [Digest::of(b"")];
    assert!(matches!(
        end(&fixture, &id, &nothing).await,
        Err(Error::EmptyUpload { .. })
    ));
    let small = bytes(1, LEAST - 1);
    add(&fixture, &id, 0, &small).await.unwrap();
    add(&fixture, &id, LEAST - 1, b"x").await.unwrap();
    let digest = Digest::of(&[small.as_slice(), b"x"].concat());
    let before = fixture.everything().await;
    let refused = end(&fixture, &id, std::slice::from_ref(&digest)).await;
    let (first, size, least) = (0, LEAST as u64 - 1, LEAST as u64);
    let id_text = id.to_string();
    assert_eq!(
        refused,
        Err(Error::LayerPartTooSmall {
            id: id_text,
            first,
            size,
            least
        })
    );
    assert_eq!(fixture.everything().await, before);
    // The registry protocol knows no least chunk.
    let (ctx, name) = (fixture.ctx(), &fixture.name);
    let stored = put(&ctx, name, &id, None, None, None, digest.clone()).await;
    assert_eq!(stored, Ok(digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_digest_leaves_the_upload_and_the_right_ones_complete_it() {
    let fixture = Fixture::open().await;
    let id = fixture.begin().await;
    let plain = bytes(1, TWO_FRAMES);
    add(&fixture, &id, 0, &plain).await.unwrap();
    let (right, wrong) = (Digest::of(&plain), Digest::of(b"else"));
    for digests in [vec![wrong.clone()], vec![right.clone(), wrong.clone()]] {
        let refused = end(&fixture, &id, &digests).await;
        assert!(
            matches!(refused, Err(Error::DigestMismatch { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(fixture.status(&id).await, Ok(TWO_FRAMES as u64));
    let mut wide = wharf_blob::RunningHash::with_sha512();
    wide.update(&plain);
    let wide = Digest::from_sha512(wide.finish_sha512().unwrap());
    let stored = end(&fixture, &id, &[right.clone(), wide.clone(), right.clone()]).await;
    assert_eq!(stored, Ok(right.clone()), "always the sha256");
    for digest in [right, wide] {
        assert!(fixture.pull(&digest).await.unwrap() == plain, "{digest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_is_there_is_told_only_to_who_has_its_bytes_and_is_kept() {
    let fixture = Fixture::open().await;
    let plain = bytes(1, TWO_FRAMES);
    let digest = fixture.push(&[&plain]).await;
    let before = fixture.everything().await;
    let id = fixture.begin().await;
    add(&fixture, &id, 0, &bytes(2, TWO_FRAMES)).await.unwrap();
    let lie = end(&fixture, &id, std::slice::from_ref(&digest)).await;
    assert!(matches!(lie, Err(Error::DigestMismatch { .. })), "{lie:?}");
    let own = fixture.begin().await;
    add(&fixture, &own, 0, &plain).await.unwrap();
    let exists = Error::LayerAlreadyExists {
        digest: digest.to_string(),
        name: fixture.name.to_string(),
        registry: "123456789012".to_owned(),
    };
    assert_eq!(
        end(&fixture, &own, std::slice::from_ref(&digest)).await,
        Err(exists)
    );
    let over = end(&fixture, &own, std::slice::from_ref(&digest)).await;
    assert!(
        matches!(over, Err(Error::UploadNotFound { .. })),
        "{over:?}"
    );
    crate::uploads::cancel(&fixture.ctx(), &fixture.name, &id)
        .await
        .unwrap();
    assert_eq!(fixture.everything().await, before);
    // Another repository hears nothing of it.
    let other = RepositoryName::parse("team/other").unwrap();
    fixture.create(&other).await;
    let ctx = fixture.ctx();
    let id = crate::uploads::start(&ctx, &other, None).await.unwrap();
    append(&ctx, &other, &id, part(0, &plain)).await.unwrap();
    let stored = complete(&ctx, &other, &id, std::slice::from_ref(&digest)).await;
    assert_eq!(stored, Ok(digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_whose_file_is_lost_is_healed_and_does_not_exist_before() {
    let fixture = Fixture::open().await;
    let plain = bytes(1, TWO_FRAMES);
    let digest = fixture.push(&[&plain]).await;
    std::fs::remove_file(&fixture.files()[0]).unwrap();
    assert!(fixture.pull(&digest).await.is_err());
    let id = fixture.begin().await;
    add(&fixture, &id, 0, &plain).await.unwrap();
    let healed = end(&fixture, &id, std::slice::from_ref(&digest)).await;
    assert_eq!(healed, Ok(digest.clone()));
    assert!(fixture.pull(&digest).await.unwrap() == plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_after_a_restart_and_by_either_protocol() {
    let fixture = Fixture::open().await;
    let (one, two, three) = (bytes(1, LEAST), bytes(2, LEAST), bytes(3, 100));
    let whole = [one.as_slice(), &two, &three].concat();
    let id = fixture.begin().await;
    add(&fixture, &id, 0, &one).await.unwrap();
    let fixture = fixture.reopen().await;
    let ctx = fixture.ctx();
    patch(&ctx, &fixture.name, &id, None, None, body(&two))
        .await
        .unwrap();
    let fixture = fixture.reopen().await;
    add(&fixture, &id, 2 * LEAST, &three).await.unwrap();
    let digest = end(&fixture, &id, &[Digest::of(&whole)]).await.unwrap();
    assert!(fixture.pull(&digest).await.unwrap() == whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_of_another_principal_or_repository_is_not_found() {
    let fixture = Fixture::open().await;
    let other = RepositoryName::parse("team/other").unwrap();
    fixture.create(&other).await;
    let id = fixture.begin().await;
    let digests = [Digest::of(b"bytes")];
    add(&fixture, &id, 0, b"bytes").await.unwrap();
    let stranger = fixture.ctx_of_another().await;
    let before = fixture.everything().await;
    for (ctx, name) in [(stranger, fixture.name.clone()), (fixture.ctx(), other)] {
        let added = append(&ctx, &name, &id, part(5, b"more")).await;
        assert!(
            matches!(added, Err(Error::UploadNotFound { .. })),
            "{added:?}"
        );
        let ended = complete(&ctx, &name, &id, &digests).await;
        assert!(
            matches!(ended, Err(Error::UploadNotFound { .. })),
            "{ended:?}"
        );
    }
    assert_eq!(fixture.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_registry_is_asked_for_its_own_and_not_for_the_callers() {
    let fixture = Fixture::open().await;
    let account = wharf_wire::ids::AccountId::parse("210987654321").unwrap();
    let ctx = fixture.ctx().in_registry(account.clone());
    assert_eq!(
        (&ctx.account, &ctx.principal.account),
        (&account, &fixture.ctx().account)
    );
    let refused = crate::uploads::start(&ctx, &fixture.name, None).await;
    let Err(Error::AccessDenied { reason }) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        reason.contains("arn:aws:ecr:us-east-1:210987654321:repository/team/app"),
        "{reason}"
    );
    assert_eq!(fixture.rows("uploads").await, 0);
    // The same registry by its id is the same request.
    let same = fixture.ctx().in_registry(fixture.ctx().account.clone());
    crate::uploads::start(&same, &fixture.name, None)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_layer_leaves_the_events_that_a_docker_push_leaves() {
    let fixture = Fixture::open().await;
    let kinds = async |fixture: &Fixture| {
        let read = |tx: &mut wharf_meta::Tx| wharf_meta::events::after(tx, 0, 100);
        let rows = fixture.service.store().read("kinds", read).await.unwrap();
        let told = |row: wharf_meta::events::Sequenced| (row.event.kind, row.event.principal);
        rows.into_iter().map(told).collect::<Vec<_>>()
    };
    let begun = kinds(&fixture).await.len();
    fixture.push(&[&bytes(1, 100)]).await;
    let by_docker = kinds(&fixture).await.split_off(begun);
    let id = fixture.begin().await;
    add(&fixture, &id, 0, &bytes(2, 100)).await.unwrap();
    end(&fixture, &id, &[Digest::of(&bytes(2, 100))])
        .await
        .unwrap();
    let by_api = kinds(&fixture).await.split_off(begun + by_docker.len());
    assert_eq!(by_api.len(), 1);
    assert_eq!(by_api, by_docker);
}
