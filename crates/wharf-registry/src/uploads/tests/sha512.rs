//! Layers that clients name by sha512.
use wharf_wire::oci::range::Part;
use wharf_wire::oci::{Algorithm, Digest};

use super::fixture::{Fixture, body, bytes, collect};
use crate::uploads::{append, complete, monolithic, start};
use crate::{Error, layers};

/// More than an extent's row holds.
const LARGE: usize = 200_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_is_had_by_both_digests_however_late_sha512_is_told() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    let algorithms = [None, Some(Algorithm::Sha256), Some(Algorithm::Sha512)];
    for (seed, algorithm) in algorithms.into_iter().enumerate() {
        for length in [10, LARGE] {
            let content = bytes(seed, length);
            let wide = Digest::with(Algorithm::Sha512, &content);
            let id = start(&ctx, &fixture.name, algorithm).await.unwrap();
            let (one, two) = content.split_at(length / 2);
            for part in [one, two] {
                append(&ctx, &fixture.name, &id, None, None, body(part))
                    .await
                    .unwrap();
            }
            let other = Digest::with(Algorithm::Sha512, b"other");
            let refused = complete(&ctx, &fixture.name, &id, None, None, None, other.clone()).await;
            assert_eq!(
                refused,
                Err(Error::DigestMismatch {
                    given: other.to_string(),
                    computed: wide.to_string()
                })
            );
            let stored = complete(&ctx, &fixture.name, &id, None, None, None, wide.clone()).await;
            assert_eq!(stored, Ok(wide.clone()));
            for digest in [wide, Digest::of(&content)] {
                let info = layers::stat(&ctx, &fixture.name, &digest).await.unwrap();
                assert_eq!(info.size, length as u64);
                assert_eq!(fixture.pull(&digest).await.unwrap(), content);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_was_lost_with_the_process_is_made_anew_for_sha512() {
    let fixture = Fixture::open().await;
    let content = bytes(3, LARGE);
    let id = start(&fixture.ctx(), &fixture.name, Some(Algorithm::Sha512))
        .await
        .unwrap();
    fixture.append(&id, &content).await.unwrap();
    let fixture = fixture.reopen().await;
    let wide = Digest::with(Algorithm::Sha512, &content);
    assert_eq!(fixture.complete(&id, &wide).await, Ok(wide.clone()));
    assert_eq!(fixture.pull(&wide).await.unwrap(), content);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_request_too_and_a_second_name_is_an_alias_of_the_same_bytes() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    let content = bytes(4, LARGE);
    let narrow = fixture.push(&[&content]).await;
    let before = fixture.files().len();
    let wide = Digest::with(Algorithm::Sha512, &content);
    assert!(
        fixture.pull(&wide).await.is_err(),
        "nobody has named it yet"
    );
    let stored = monolithic(&ctx, &fixture.name, wide.clone(), None, body(&content)).await;
    assert_eq!(stored, Ok(wide.clone()));
    assert_eq!(fixture.files().len(), before, "the bytes are stored once");
    let by_either = [&wide, &narrow];
    for digest in by_either {
        let download = layers::open(&ctx, &fixture.name, digest, Some(Part::From(5, Some(9))))
            .await
            .unwrap();
        assert_eq!(collect(download.body).await.unwrap(), content[5..10]);
    }
}
