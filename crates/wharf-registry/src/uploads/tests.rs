pub(crate) mod fixture;
mod sha512;

use std::collections::BTreeSet;

use futures_util::{StreamExt, future, stream};
use wharf_wire::ids::RepositoryName;

use self::fixture::{Fixture, body, broken, bytes, settings};
use super::*;

/// More than is held back, and more than two buffers.
const LARGE: usize = 1_300_000;

#[test]
fn a_chunk_must_begin_where_the_upload_stands_and_be_as_long_as_its_range() {
    assert_eq!(announced(0, None, None), Ok(None));
    assert_eq!(announced(5, None, Some(3)), Ok(Some(3)));
    assert_eq!(announced(5, Some((5, 7)), Some(3)), Ok(Some(3)));
    assert_eq!(announced(5, Some((5, 7)), None), Ok(Some(3)));
    assert_eq!(
        announced(5, Some((4, 6)), Some(3)),
        Err(Error::UploadRange { received: 5 })
    );
    assert_eq!(
        announced(5, Some((6, 8)), Some(3)),
        Err(Error::UploadRange { received: 5 })
    );
    assert!(matches!(
        announced(5, Some((5, 8)), Some(3)),
        Err(Error::SizeInvalid { .. })
    ));
    assert!(matches!(
        announced(5, Some((5, 4)), None),
        Err(Error::SizeInvalid { .. })
    ));
    assert!(matches!(
        announced(0, Some((0, u64::MAX)), None),
        Err(Error::SizeInvalid { .. })
    ));
}

#[test]
fn n38_a_layer_beyond_the_limit_is_refused_before_it_is_read() {
    assert_eq!(
        announced(0, None, Some(MAX_LAYER_BYTES)),
        Ok(Some(MAX_LAYER_BYTES))
    );
    let too_large = Err(Error::BodyTooLarge {
        limit: MAX_LAYER_BYTES,
    });
    assert_eq!(announced(0, None, Some(MAX_LAYER_BYTES + 1)), too_large);
    assert_eq!(announced(1, None, Some(MAX_LAYER_BYTES)), too_large);
    assert_eq!(announced(1, Some((1, MAX_LAYER_BYTES)), None), too_large);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_closes_over_its_own_bytes_though_another_chunk_came_behind_them() {
    let fixture = Fixture::open().await;
    for length in [100, LARGE] {
        let (mine, late) = (bytes(length, length), bytes(1, length));
        let id = fixture.begin().await;
        let ours = fixture.append(&id, &mine).await.unwrap();
        fixture.append(&id, &late).await.unwrap();
        let (ctx, digest) = (fixture.ctx(), Digest::of(&mine));
        let stored = finish(&ctx, &fixture.name, &id, digest.clone(), Some(ours)).await;
        assert_eq!(stored, Ok(digest.clone()));
        assert!(fixture.pull(&digest).await.unwrap() == mine, "{length}");
        assert!(matches!(
            finish(&ctx, &fixture.name, &id, Digest::of(&late), None).await,
            Err(Error::UploadNotFound { .. })
        ));
    }
    assert_eq!(fixture.rows("upload_extents").await, 0);
    assert_eq!(fixture.rows("extents").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_comes_back_as_it_was_pushed_small_ones_without_a_file() {
    let fixture = Fixture::open().await;
    for length in [0, 1, 65_536, 65_537, LARGE] {
        let plain = bytes(length, length);
        let files = fixture.files().len();
        let digest = fixture.push(&[&plain]).await;
        assert_eq!(
            fixture.files().len() - files,
            usize::from(length > 65_536),
            "{length}"
        );
        assert!(fixture.pull(&digest).await.unwrap() == plain, "{length}");
    }
    assert_eq!(fixture.states().await, ["live", "live"]);
    assert_eq!(
        (
            fixture.rows("uploads").await,
            fixture.rows("upload_extents").await
        ),
        (0, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_waits_for_the_disk_once_however_many_chunks_it_has() {
    let fixture = Fixture::open().await;
    let before = fixture.service.commits();
    let (one, two, three) = (bytes(1, LARGE), bytes(2, 10), bytes(3, 70_000));
    fixture.push(&[&one, &two, &three]).await;
    let after = fixture.service.commits();
    assert_eq!(after.hard_closures - before.hard_closures, 1);
    // The upload; for each file its object and its extent; the extent in a row.
    assert_eq!(after.soft_closures - before.soft_closures, 1 + 2 + 1 + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_in_rows_and_in_objects_make_one_layer() {
    let fixture = Fixture::open().await;
    let chunks = [
        bytes(1, 10),
        bytes(2, 100_000),
        bytes(3, 65_536),
        bytes(4, LARGE),
        bytes(5, 1),
    ];
    let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
    let digest = fixture.push(&chunks).await;
    assert_eq!(fixture.files().len(), 2);
    assert!(fixture.pull(&digest).await.unwrap() == chunks.concat());
    let groups: BTreeSet<_> = fixture
        .files()
        .iter()
        .map(|file| file.parent().unwrap().to_owned())
        .collect();
    assert_eq!(groups.len(), 1, "one flush of a directory is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_chunk_may_come_with_the_end() {
    let fixture = Fixture::open().await;
    let (id, ctx) = (fixture.begin().await, fixture.ctx());
    let (one, two) = (bytes(1, 100_000), bytes(2, 500));
    assert_eq!(fixture.append(&id, &one).await, Ok(100_000));
    let digest = Digest::of(&[one.as_slice(), &two].concat());
    let (range, last) = (Some((100_000, 100_499)), Some(body(&two)));
    uploads_complete(&ctx, &fixture, &id, range, last, &digest)
        .await
        .unwrap();
    assert!(fixture.pull(&digest).await.unwrap().ends_with(&two));
}

async fn uploads_complete(
    ctx: &Ctx,
    fixture: &Fixture,
    id: &UploadId,
    range: ChunkRange,
    last: Option<Body>,
    digest: &Digest,
) -> Result<Digest> {
    complete(ctx, &fixture.name, id, range, None, last, digest.clone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_after_a_restart_and_is_hashed_anew() {
    let fixture = Fixture::open().await;
    let (one, two) = (bytes(1, LARGE), bytes(2, 300));
    let id = fixture.begin().await;
    fixture.append(&id, &one).await.unwrap();
    fixture.append(&id, &two).await.unwrap();
    let fixture = fixture.reopen().await;
    assert_eq!(fixture.status(&id).await, Ok(1_300_300));
    let three = bytes(3, 80_000);
    fixture.append(&id, &three).await.unwrap();
    let digest = Digest::of(&[one, two, three].concat());
    fixture.complete(&id, &digest).await.unwrap();
    assert_eq!(Digest::of(&fixture.pull(&digest).await.unwrap()), digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_digest_is_refused_and_the_upload_remains() {
    let fixture = Fixture::open().await;
    let (plain, id) = (bytes(1, 100_000), fixture.begin().await);
    fixture.append(&id, &plain).await.unwrap();
    let before = fixture.everything().await;
    let (wrong, right) = (Digest::of(b"something else"), Digest::of(&plain));
    for _ in 0..2 {
        let refused = fixture.complete(&id, &wrong).await;
        assert_eq!(
            refused,
            Err(Error::DigestMismatch {
                given: wrong.to_string(),
                computed: right.to_string()
            })
        );
        fixture.service.running().forget(id.as_str());
    }
    assert_eq!(fixture.everything().await, before);
    assert_eq!(fixture.complete(&id, &right).await, Ok(right));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_chunk_that_makes_a_wrong_digest_is_taken_back() {
    let fixture = Fixture::open().await;
    let (ctx, id) = (fixture.ctx(), fixture.begin().await);
    let (one, two) = (bytes(1, 100_000), bytes(2, LARGE));
    let whole = Digest::of(&[one.as_slice(), &two].concat());
    for sent in [0, 100_000] {
        let before = fixture.everything().await;
        for last in [bytes(3, 10), bytes(4, LARGE)] {
            let refused =
                uploads_complete(&ctx, &fixture, &id, None, Some(body(&last)), &whole).await;
            assert!(
                matches!(refused, Err(Error::DigestMismatch { .. })),
                "{refused:?}"
            );
            assert_eq!(fixture.everything().await, before);
            assert_eq!(fixture.status(&id).await, Ok(sent));
        }
        if sent == 0 {
            fixture.append(&id, &one).await.unwrap();
        }
    }
    assert!(
        fixture
            .service
            .running()
            .hash_at(id.as_str(), 100_000)
            .is_some(),
        "nothing is hashed anew"
    );
    let stored = uploads_complete(&ctx, &fixture, &id, None, Some(body(&two)), &whole).await;
    assert_eq!(stored, Ok(whole.clone()));
    assert_eq!(Digest::of(&fixture.pull(&whole).await.unwrap()), whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_flush_fails_is_never_completed() {
    let fixture = Fixture::open().await;
    let (plain, id) = (bytes(1, LARGE), fixture.begin().await);
    fixture.append(&id, &plain).await.unwrap();
    let running = fixture.service.running();
    for flush in running.flushes(id.as_str()) {
        flush.wait().await.unwrap();
    }
    let hash = running.hash_at(id.as_str(), LARGE as u64);
    running.forget(id.as_str());
    running.advance(id.as_str(), LARGE as u64, hash, None);
    // A device that cannot be flushed stands in for a disk that fails to.
    let file = fixture.files()[0].clone();
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/null", &file).unwrap();
    let digest = Digest::of(&plain);
    assert!(matches!(
        fixture.complete(&id, &digest).await,
        Err(Error::Internal { .. })
    ));
    for _ in 0..2 {
        assert!(matches!(
            fixture.complete(&id, &digest).await,
            Err(Error::UploadNotFound { .. })
        ));
    }
    assert_eq!(fixture.rows("links").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_strict_sha512_is_refused_before_the_body_is_read() {
    let fixture = Fixture::open_strict().await;
    let (ctx, id) = (fixture.ctx(), fixture.begin().await);
    let digest = Digest::parse(&format!("sha512:{}", "a".repeat(128))).unwrap();
    let never: fn() -> Body = || Box::pin(stream::pending());
    let refused = Err(Error::DigestUnsupported {
        digest: digest.to_string(),
    });
    assert_eq!(
        uploads_complete(&ctx, &fixture, &id, None, Some(never()), &digest).await,
        refused
    );
    assert_eq!(
        monolithic(&ctx, &fixture.name, digest.clone(), None, never()).await,
        refused
    );
    assert_eq!(
        uploads_complete(&ctx, &fixture, &id, None, None, &digest).await,
        refused
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_chunks_at_one_offset_one_wins_and_the_other_is_told_where_the_upload_stands() {
    let fixture = Fixture::open().await;
    for length in [500, LARGE] {
        let (one, two) = (bytes(1, length), bytes(2, length));
        let id = fixture.begin().await;
        let files = fixture.files().len();
        let results = future::join(
            fixture.append_at(&id, 0, &one),
            fixture.append_at(&id, 0, &two),
        )
        .await;
        let received = length as u64;
        let refused = Err(Error::UploadRange { received });
        let winner = match results {
            (Ok(_), loser) if loser == refused => &one,
            (loser, Ok(_)) if loser == refused => &two,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            fixture.files().len() - files,
            usize::from(length == LARGE),
            "the loser's file is gone"
        );
        let digest = Digest::of(winner);
        fixture.complete(&id, &digest).await.unwrap();
        assert!(fixture.pull(&digest).await.unwrap() == *winner);
    }
    assert_eq!(fixture.rows("objects").await, 1, "and its row");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_breaks_off_leaves_nothing_and_the_upload_goes_on() {
    let fixture = Fixture::open().await;
    let (one, id) = (bytes(1, 100_000), fixture.begin().await);
    fixture.append(&id, &one).await.unwrap();
    let before = fixture.everything().await;
    for length in [10, 65_537, LARGE] {
        let cut = broken(&bytes(2, length));
        let failed = append(&fixture.ctx(), &fixture.name, &id, None, None, cut).await;
        assert_eq!(failed, Err(Error::BodyAborted));
        assert_eq!(fixture.everything().await, before, "{length}");
        assert_eq!(fixture.status(&id).await, Ok(100_000));
    }
    let two = bytes(3, 90_000);
    fixture.append(&id, &two).await.unwrap();
    let digest = Digest::of(&[one, two].concat());
    fixture.complete(&id, &digest).await.unwrap();
    assert_eq!(Digest::of(&fixture.pull(&digest).await.unwrap()), digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_dropped_leaves_nothing_either() {
    let fixture = Fixture::open().await;
    let id = fixture.begin().await;
    let before = fixture.everything().await;
    let (ctx, name) = (fixture.ctx(), fixture.name.clone());
    // It gives its bytes and then nothing more: the client is silent, and goes away.
    let silent: Body = Box::pin(body(&bytes(1, LARGE)).chain(stream::pending()));
    let (file, request) = (
        id.clone(),
        tokio::runtime::Handle::current()
            .spawn(async move { append(&ctx, &name, &id, None, None, silent).await }),
    );
    while fixture.files().is_empty() {
        tokio::task::yield_now().await;
    }
    request.abort();
    while fixture.everything().await != before {
        tokio::task::yield_now().await;
    }
    assert_eq!(fixture.status(&file).await, Ok(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_another_length_than_announced_is_refused_and_leaves_nothing() {
    let fixture = Fixture::open().await;
    let id = fixture.begin().await;
    let before = fixture.everything().await;
    for (length, announced) in [
        (10, 11),
        (10, 9),
        (100_000, 99_999),
        (100_000, 100_001),
        (100_000, 10),
        (10, 100_000),
    ] {
        let plain = bytes(1, length);
        let result = append(
            &fixture.ctx(),
            &fixture.name,
            &id,
            None,
            Some(announced),
            body(&plain),
        )
        .await;
        assert!(
            matches!(result, Err(Error::SizeInvalid { .. })),
            "{length} {announced} {result:?}"
        );
        assert_eq!(fixture.everything().await, before, "{length} {announced}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn n17_n21_an_upload_is_found_only_by_its_principal_in_its_repository() {
    let fixture = Fixture::open().await;
    let other = RepositoryName::parse("team/other").unwrap();
    fixture.create(&other).await;
    let id = fixture.begin().await;
    fixture.append(&id, b"bytes").await.unwrap();
    let stranger = fixture.ctx_of_another().await;
    let before = fixture.everything().await;
    let digest = Digest::of(b"bytes");
    for (ctx, name) in [(stranger, fixture.name.clone()), (fixture.ctx(), other)] {
        let registry = "123456789012".to_owned();
        let gone = Error::UploadNotFound {
            id: id.to_string(),
            name: name.to_string(),
            registry,
        };
        assert_eq!(
            append(&ctx, &name, &id, None, None, body(b"more")).await,
            Err(gone.clone())
        );
        assert_eq!(status(&ctx, &name, &id).await, Err(gone.clone()));
        assert_eq!(cancel(&ctx, &name, &id).await, Err(gone.clone()));
        assert_eq!(
            complete(&ctx, &name, &id, None, None, None, digest.clone()).await,
            Err(gone)
        );
    }
    assert_eq!(fixture.everything().await, before);
    fixture.complete(&id, &digest).await.unwrap();
    assert!(matches!(
        fixture.complete(&id, &digest).await,
        Err(Error::UploadNotFound { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_upload_leaves_nothing() {
    let fixture = Fixture::open().await;
    let before = fixture.everything().await;
    let id = fixture.begin().await;
    fixture.append(&id, &bytes(1, LARGE)).await.unwrap();
    fixture.append(&id, &bytes(2, 10)).await.unwrap();
    cancel(&fixture.ctx(), &fixture.name, &id).await.unwrap();
    assert_eq!(fixture.everything().await, before);
    assert!(matches!(
        fixture.status(&id).await,
        Err(Error::UploadNotFound { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monolithic_push_is_one_layer_or_nothing() {
    let fixture = Fixture::open().await;
    let (ctx, plain) = (fixture.ctx(), bytes(1, LARGE));
    let digest = Digest::of(&plain);
    let before = fixture.everything().await;
    let refused = monolithic(&ctx, &fixture.name, Digest::of(b""), None, body(&plain)).await;
    assert!(matches!(refused, Err(Error::DigestMismatch { .. })));
    let cut = monolithic(&ctx, &fixture.name, digest.clone(), None, broken(&plain)).await;
    assert_eq!(cut, Err(Error::BodyAborted));
    assert_eq!(fixture.everything().await, before);
    let length = Some(LARGE as u64);
    assert_eq!(
        monolithic(&ctx, &fixture.name, digest.clone(), length, body(&plain)).await,
        Ok(digest.clone())
    );
    assert!(fixture.pull(&digest).await.unwrap() == plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_pushed_again_is_stored_once_and_linked_where_it_was_pushed() {
    let fixture = Fixture::open().await;
    let other = RepositoryName::parse("team/other").unwrap();
    fixture.create(&other).await;
    let plain = bytes(1, LARGE);
    let digest = fixture.push(&[&plain]).await;
    let missing = fixture.pull_from(&other, &digest).await;
    assert!(
        matches!(missing, Err(Error::LayerNotFound { .. })),
        "n15: stored is not visible"
    );
    let before = fixture.everything().await;
    fixture.push(&[&plain]).await;
    assert_eq!(
        fixture.everything().await,
        before,
        "the same repository: nothing new"
    );
    fixture.push_to(&other, &[&plain]).await.unwrap();
    assert!(fixture.pull_from(&other, &digest).await.unwrap() == plain);
    assert!(fixture.pull(&digest).await.unwrap() == plain);
    assert_eq!(
        (
            fixture.rows("blobs").await,
            fixture.rows("blob_keys").await,
            fixture.rows("links").await
        ),
        (1, 2, 2)
    );
    assert_eq!(fixture.states().await, ["live"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_of_hundreds_of_chunks_is_whole_and_a_second_one_goes_away_in_parts() {
    let fixture = Fixture::open().await;
    let plain = bytes(1, 300);
    let chunks: Vec<&[u8]> = plain.chunks(1).collect();
    let digest = fixture.push(&chunks).await;
    assert_eq!(fixture.pull(&digest).await.unwrap(), plain);
    let before = fixture.everything().await;
    fixture.push(&chunks).await;
    assert_ne!(
        fixture.everything().await,
        before,
        "more than one transaction may take"
    );
    sweep::run_rows(&fixture.service).await.unwrap();
    assert_eq!(fixture.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_objects_share_a_salt_retries_and_races_included() {
    let fixture = Fixture::open().await;
    let id = fixture.begin().await;
    let mut salts = Vec::new();
    for round in 0..10 {
        let (plain, at) = (bytes(round, 70_000), 70_000 * round as u64);
        let (one, two) = future::join(
            fixture.append_at(&id, at, &plain),
            fixture.append_at(&id, at, &plain),
        )
        .await;
        assert!(one.is_ok() != two.is_ok());
        let failed = append(
            &fixture.ctx(),
            &fixture.name,
            &id,
            None,
            None,
            broken(&plain),
        )
        .await;
        assert!(failed.is_err());
    }
    for file in fixture.files() {
        salts.push(std::fs::read(file).unwrap()[32..64].to_vec());
    }
    assert_eq!(salts.len(), 10);
    assert_eq!(salts.into_iter().collect::<BTreeSet<_>>().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn below_the_floor_of_the_disk_uploads_are_refused_before_reading_and_giving_up_works() {
    let fixture = Fixture::open().await;
    let id = fixture.begin().await;
    fixture.append(&id, b"bytes").await.unwrap();
    fixture.service.shutdown().await;
    let low = crate::Settings {
        low_disk_bytes: u64::MAX,
        ..settings(&fixture.place)
    };
    let service = Service::open(low).await.unwrap();
    let fixture = Fixture { service, ..fixture };
    let ctx = fixture.ctx();
    assert_eq!(
        start(&ctx, &fixture.name, None).await,
        Err(Error::StorageLow)
    );
    let never: Body = Box::pin(stream::pending());
    assert_eq!(
        append(&ctx, &fixture.name, &id, None, None, never).await,
        Err(Error::StorageLow)
    );
    cancel(&ctx, &fixture.name, &id).await.unwrap();
    assert_eq!(fixture.rows("uploads").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_lost_before_the_end_end_the_upload() {
    let fixture = Fixture::open().await;
    let (plain, id) = (bytes(1, LARGE), fixture.begin().await);
    fixture.append(&id, &plain).await.unwrap();
    let fixture = fixture.reopen().await;
    std::fs::remove_file(&fixture.files()[0]).unwrap();
    let failed = fixture.complete(&id, &Digest::of(&plain)).await;
    assert!(matches!(failed, Err(Error::Internal { .. })), "{failed:?}");
    assert!(matches!(
        fixture.status(&id).await,
        Err(Error::UploadNotFound { .. })
    ));
    sweep::run(&fixture.service).await.unwrap();
    assert_eq!(
        (
            fixture.rows("uploads").await,
            fixture.rows("objects").await,
            fixture.rows("blobs").await
        ),
        (0, 0, 0)
    );
}
