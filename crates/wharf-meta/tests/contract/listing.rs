use std::collections::{BTreeMap, BTreeSet};

use wharf_meta::listing::{self, ListedImage, Which};
use wharf_meta::usage::{self, UsageRow};
use wharf_meta::{Store, manifests, tags};

use super::rows::{read, write};
use super::tags::{images, manifest};

pub static CASES: &[crate::Case] = &cases![
    an_image_is_listed_with_its_last_pull,
    pages_of_each_kind_hold_that_kind_only_and_each_image_once,
    entries_walk_every_tag_and_every_untagged_image_once,
    an_image_is_untagged_as_long_as_no_tag_points_to_it,
    tags_of_a_range_of_images_go_on_after_a_pair,
];

const KINDS: [Which; 3] = [Which::All, Which::Tagged, Which::Untagged];

async fn tag(store: &Store, tag: &'static str, digest: &'static str) {
    write(store, move |tx| tags::insert(tx, 1, tag, digest, 1))
        .await
        .unwrap();
}

async fn an_image_is_listed_with_its_last_pull(store: &Store) {
    images(store, &["sha256:a", "sha256:b"]).await;
    write(store, |tx| {
        for (repository, subject, day, last_at) in [
            (1, "sha256:a", 1, 70),
            (1, "sha256:a", 2, 90),
            (1, "sha256:a", 3, 80),
            (2, "sha256:b", 3, 80),
        ] {
            let row = UsageRow {
                account: "123456789012".to_owned(),
                repository,
                subject: subject.to_owned(),
                principal: "somebody".to_owned(),
                day,
                uses: 1,
                last_at,
            };
            usage::add(tx, &row)?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let (row, _) = manifest("sha256:a");
    let listed = ListedImage {
        digest: row.digest,
        media_type: row.media_type,
        image_size: row.image_size,
        subject: row.subject,
        artifact_type: row.artifact_type,
        config_media_type: row.config_media_type,
        pushed_at: row.pushed_at,
        last_pull: Some(90),
    };
    assert_eq!(
        read(store, |tx| listing::image(tx, 1, "sha256:a")).await,
        Ok(Some(listed.clone()))
    );
    let page = read(store, |tx| listing::images(tx, 1, Which::All, "", 9)).await;
    let page = page.unwrap();
    assert_eq!(page[0], listed);
    assert_eq!(
        (page[1].digest.as_str(), page[1].last_pull),
        ("sha256:b", None)
    );
    assert_eq!(
        read(store, |tx| listing::image(tx, 2, "sha256:a")).await,
        Ok(None)
    );
}

/// The digests of all pages of that many images.
async fn walk(store: &Store, which: Which, limit: i64) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let from = after.clone();
        let page = read(store, move |tx| listing::images(tx, 1, which, &from, limit))
            .await
            .unwrap();
        assert!(page.len() <= usize::try_from(limit).unwrap());
        let Some(last) = page.last() else {
            return seen;
        };
        after.clone_from(&last.digest);
        seen.extend(page.into_iter().map(|image| image.digest));
    }
}

async fn pages_of_each_kind_hold_that_kind_only_and_each_image_once(store: &Store) {
    images(
        store,
        &["sha256:a", "sha256:b", "sha256:c", "sha256:d", "sha256:e"],
    )
    .await;
    // The same digests in another repository, the other way round.
    write(store, |tx| {
        for digest in ["sha256:a", "sha256:b", "sha256:c"] {
            let (row, sealed) = manifest(digest);
            manifests::insert(tx, 2, &row, &sealed)?;
        }
        tags::insert(tx, 2, "v", "sha256:a", 1)
    })
    .await
    .unwrap();
    for (name, digest) in [
        ("x", "sha256:b"),
        ("y", "sha256:b"),
        ("z", "sha256:d"),
        ("a", "sha256:e"),
    ] {
        tag(store, name, digest).await;
    }
    for limit in 1..7 {
        assert_eq!(walk(store, Which::All, limit).await.len(), 5);
        assert_eq!(
            walk(store, Which::Tagged, limit).await,
            ["sha256:b", "sha256:d", "sha256:e"]
        );
        assert_eq!(
            walk(store, Which::Untagged, limit).await,
            ["sha256:a", "sha256:c"]
        );
    }
}

async fn entries_walk_every_tag_and_every_untagged_image_once(store: &Store) {
    images(store, &["sha256:a", "sha256:b", "sha256:c"]).await;
    for name in ["x", "y", "z"] {
        tag(store, name, "sha256:b").await;
    }
    let entry = |digest: &str, tag: Option<&str>| (digest.to_owned(), tag.map(str::to_owned));
    let tagged = [
        entry("sha256:b", Some("x")),
        entry("sha256:b", Some("y")),
        entry("sha256:b", Some("z")),
    ];
    let untagged = [entry("sha256:a", None), entry("sha256:c", None)];
    let mut all = [tagged.as_slice(), untagged.as_slice()].concat();
    all.sort();
    for (which, expected) in KINDS.iter().zip([&all[..], &tagged, &untagged]) {
        for limit in 1..6 {
            let (which, mut seen) = (*which, Vec::new());
            let mut after = (String::new(), String::new());
            loop {
                let from = after.clone();
                let page = read(store, move |tx| {
                    listing::entries(tx, 1, which, (&from.0, &from.1), limit)
                })
                .await
                .unwrap();
                let Some((digest, tag)) = page.last().cloned() else {
                    break;
                };
                after = (digest, tag.unwrap_or_default());
                seen.extend(page);
            }
            assert_eq!(seen, expected, "{which:?} {limit}");
        }
    }
}

async fn an_image_is_untagged_as_long_as_no_tag_points_to_it(store: &Store) {
    let digests = ["sha256:a", "sha256:b", "sha256:c", "sha256:d"];
    let names = ["t", "u", "v", "w", "x"];
    images(store, &digests).await;
    let mut model: BTreeMap<&str, &str> = BTreeMap::new();
    let mut state = 0x9e37_79b9_u64;
    let mut draw = |below: usize| {
        // xorshift64*: the same steps in each run.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        usize::try_from(state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % below
    };
    for _ in 0..200 {
        let (name, digest) = (names[draw(names.len())], digests[draw(digests.len())]);
        let known = model.contains_key(name);
        if known && draw(3) == 0 {
            write(store, move |tx| tags::delete(tx, 1, name))
                .await
                .unwrap();
            model.remove(name);
        } else {
            write(store, move |tx| {
                if known {
                    tags::move_to(tx, 1, name, digest, 1)
                } else {
                    tags::insert(tx, 1, name, digest, 1)
                }
            })
            .await
            .unwrap();
            model.insert(name, digest);
        }
        let tagged: BTreeSet<&str> = model.values().copied().collect();
        let expected: Vec<&str> = digests
            .iter()
            .copied()
            .filter(|digest| !tagged.contains(digest))
            .collect();
        assert_eq!(walk(store, Which::Untagged, 2).await, expected, "{model:?}");
    }
    // What is removed is in no list, and comes back untagged.
    for name in model.into_keys() {
        write(store, move |tx| tags::delete(tx, 1, name))
            .await
            .unwrap();
    }
    write(store, |tx| manifests::delete(tx, 1, "sha256:a"))
        .await
        .unwrap();
    assert_eq!(walk(store, Which::Untagged, 2).await, digests[1..]);
    images(store, &["sha256:a"]).await;
    assert_eq!(walk(store, Which::Untagged, 2).await, digests);
}

async fn tags_of_a_range_of_images_go_on_after_a_pair(store: &Store) {
    images(store, &["sha256:a", "sha256:b", "sha256:c"]).await;
    for (name, digest) in [
        ("k", "sha256:a"),
        ("i", "sha256:b"),
        ("j", "sha256:b"),
        ("h", "sha256:c"),
    ] {
        tag(store, name, digest).await;
    }
    let of = |after: (&'static str, &'static str), last: &'static str, limit: i64| async move {
        read(store, move |tx| listing::tags(tx, 1, after, last, limit))
            .await
            .unwrap()
            .into_iter()
            .map(|(_, tag)| tag)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(("sha256:a", ""), "sha256:b", 9).await, ["k", "i", "j"]);
    assert_eq!(of(("sha256:a", ""), "sha256:c", 2).await, ["k", "i"]);
    assert_eq!(of(("sha256:b", "i"), "sha256:c", 9).await, ["j", "h"]);
    assert!(of(("sha256:c", "h"), "sha256:c", 9).await.is_empty());
}
