use std::fs;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wharf_meta::blobs;

use super::*;
use crate::data::bytes::DAY;
use crate::uploads::tests::fixture::{Fixture, bytes, collect};

const LARGE: usize = 700_000;

async fn keep_until(fixture: &Fixture, digest: &Digest) -> i64 {
    let digest = digest.to_string();
    let read = move |tx: &mut wharf_meta::Tx| {
        let repository =
            wharf_meta::repositories::by_name(tx, "123456789012", "us-east-1", "team/app")?
                .unwrap();
        blobs::find_link(tx, repository.id, &digest)
    };
    fixture
        .service
        .store()
        .read("keep_until", read)
        .await
        .unwrap()
        .unwrap()
        .keep_until
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_a_layer_exists_keeps_it_for_a_day() {
    let fixture = Fixture::open().await;
    let digest = fixture.push(&[b"a layer"]).await;
    assert!(fixture.service.advance_clock(DAY / 2));
    let ctx = fixture.ctx();
    let info = stat(&ctx, &fixture.name, &digest).await.unwrap();
    assert_eq!(
        info,
        LayerInfo {
            size: 7,
            media_type: None
        }
    );
    assert_eq!(keep_until(&fixture, &digest).await, ctx.now + DAY);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_layers_are_told_in_their_order_and_each_that_is_there_is_kept() {
    let fixture = Fixture::open().await;
    let (one, two) = (
        fixture.push(&[b"one"]).await,
        fixture.push(&[b"layer"]).await,
    );
    assert!(fixture.service.advance_clock(DAY / 2));
    let (ctx, absent) = (fixture.ctx(), Digest::of(b"nothing"));
    let before = fixture.service.commits();
    let asked = vec![two.clone(), absent, one.clone(), two.clone()];
    let told = stat_all(&ctx, &fixture.name, asked).await.unwrap();
    let sizes: Vec<_> = told
        .iter()
        .map(|info| info.as_ref().map(|i| i.size))
        .collect();
    assert_eq!(sizes, [Some(5), None, Some(3), Some(5)]);
    for digest in [&one, &two] {
        assert_eq!(keep_until(&fixture, digest).await, ctx.now + DAY);
    }
    let after = fixture.service.commits();
    assert_eq!(after.soft_closures - before.soft_closures, 1, "one for all");
    assert_eq!(after.hard_closures, before.hard_closures);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_is_not_there_is_not_found() {
    let fixture = Fixture::open().await;
    let digest = Digest::of(b"nothing");
    let gone = Error::LayerNotFound {
        digest: digest.to_string(),
        name: "team/app".to_owned(),
        registry: "123456789012".to_owned(),
    };
    assert_eq!(
        stat(&fixture.ctx(), &fixture.name, &digest).await,
        Err(gone.clone())
    );
    assert_eq!(fixture.pull(&digest).await, Err(gone));
}

#[test]
fn any_range_of_a_layer_of_many_extents_comes_back_exactly() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let chunks = [
        bytes(1, 100),
        bytes(2, LARGE),
        bytes(3, 65_536),
        bytes(4, 270_000),
        bytes(5, 3),
    ];
    let whole = chunks.concat();
    let fixture = runtime.block_on(Fixture::open());
    let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
    let digest = runtime.block_on(fixture.push(&chunks));
    let fixture = Arc::new(fixture);
    let size = whole.len() as u64;
    let edges = prop::sample::select(vec![
        0,
        99,
        100,
        700_099,
        700_100,
        765_636,
        1_035_635,
        size - 3,
        size - 1,
    ]);
    let anywhere = prop_oneof![0..size, edges];
    let mut runner = TestRunner::new(Config::with_cases(80));
    runner
        .run(
            &(anywhere.clone(), prop::option::of(anywhere)),
            |(first, last)| {
                let range = (first, last.map(|last| last.max(first)));
                let part = Part::From(range.0, range.1);
                let download = runtime
                    .block_on(open(&fixture.ctx(), &fixture.name, &digest, Some(part)))
                    .unwrap();
                let end = range.1.unwrap_or(size - 1);
                prop_assert_eq!(
                    (download.size, download.start, download.end),
                    (size, first, end)
                );
                let got = runtime.block_on(collect(download.body)).unwrap();
                let (from, to) = (
                    usize::try_from(first).unwrap(),
                    usize::try_from(end).unwrap() + 1,
                );
                prop_assert!(got == whole[from..to]);
                Ok(())
            },
        )
        .unwrap();
    let outside = runtime.block_on(open(
        &fixture.ctx(),
        &fixture.name,
        &digest,
        Some(Part::From(size, None)),
    ));
    assert_eq!(outside.unwrap_err(), Error::RangeNotSatisfiable { size });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_layer_has_no_bytes_and_no_range() {
    let fixture = Fixture::open().await;
    let digest = fixture.push(&[b""]).await;
    let download = open(&fixture.ctx(), &fixture.name, &digest, None)
        .await
        .unwrap();
    assert_eq!((download.size, download.start, download.end), (0, 1, 0));
    assert_eq!(collect(download.body).await, Ok(Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_a_layer_whose_file_is_missing_is_not_found_and_a_push_heals_it_for_all_who_link_it() {
    let fixture = Fixture::open().await;
    let other = RepositoryName::parse("team/other").unwrap();
    fixture.create(&other).await;
    let plain = bytes(1, LARGE);
    let digest = fixture.push(&[&plain]).await;
    fixture.push_to(&other, &[&plain]).await.unwrap();
    fs::remove_file(&fixture.files()[0]).unwrap();

    assert!(matches!(
        fixture.pull(&digest).await,
        Err(Error::LayerNotFound { .. })
    ));
    for name in [&fixture.name, &other] {
        let told = stat(&fixture.ctx(), name, &digest).await;
        assert!(
            matches!(told, Err(Error::LayerNotFound { .. })),
            "HEAD says so from the mark"
        );
    }
    fixture.push(&[&plain]).await;
    assert!(fixture.pull(&digest).await.unwrap() == plain);
    assert!(fixture.pull_from(&other, &digest).await.unwrap() == plain);
    assert_eq!(
        (
            fixture.rows("blobs").await,
            fixture.rows("blob_extents").await
        ),
        (1, 1)
    );
    assert_eq!(fixture.states().await, ["live"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_whose_file_was_altered_breaks_off_and_is_healed_by_a_push() {
    let fixture = Fixture::open().await;
    let plain = bytes(1, LARGE);
    let digest = fixture.push(&[&plain]).await;
    let file = fixture.files()[0].clone();
    let mut sealed = fs::read(&file).unwrap();
    let at = sealed.len() - 100;
    sealed[at] ^= 1;
    fs::write(&file, sealed).unwrap();

    let download = open(&fixture.ctx(), &fixture.name, &digest, None)
        .await
        .unwrap();
    assert!(matches!(
        collect(download.body).await,
        Err(BodyError::Storage(_))
    ));
    assert!(matches!(
        stat(&fixture.ctx(), &fixture.name, &digest).await,
        Err(Error::LayerNotFound { .. })
    ));
    fixture.push(&[&plain]).await;
    assert!(fixture.pull(&digest).await.unwrap() == plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_behind_the_first_that_is_missing_is_seen_before_a_byte_is_sent() {
    let fixture = Fixture::open().await;
    let (one, two) = (bytes(1, 70_000), bytes(2, 80_000));
    let digest = fixture.push(&[&one, &two]).await;
    let second = fixture
        .files()
        .into_iter()
        .find(|file| fs::metadata(file).unwrap().len() > 80_000)
        .unwrap();
    fs::remove_file(second).unwrap();
    assert!(matches!(
        open(&fixture.ctx(), &fixture.name, &digest, None).await,
        Err(Error::LayerNotFound { .. })
    ));
}
