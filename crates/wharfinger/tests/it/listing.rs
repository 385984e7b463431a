//! Lists of images: pages of a thousand, images with a thousand tags, and what bounds an answer.

use serde_json::{Value, json};

use crate::support::images::{Image, descriptor};
use crate::support::registry::Registry;
use crate::support::{Options, Server};

/// Pushes a manifest that needs the empty blob alone: as many as one likes, without a layer of their own.
fn push_small(registry: &Registry, repository: &str, seed: usize, more: &Value, tags: &[String]) {
    let image = small(seed, more);
    let reference = tags.first().cloned();
    let reference = reference.unwrap_or_else(|| image.digest().to_string());
    let further: Vec<String> = tags
        .iter()
        .skip(1)
        .map(|tag| format!("tag={tag}"))
        .collect();
    let path = format!(
        "/v2/{repository}/manifests/{reference}?{}",
        further.join("&")
    );
    let kind = [("content-type", image.media_type)];
    let answer = registry.request("PUT", &path, &kind, &image.manifest);
    answer.expect_status(201);
}

fn small(seed: usize, more: &Value) -> Image {
    let empty = descriptor("application/vnd.oci.empty.v1+json", b"{}");
    let mut image = Image::new(0, 0);
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": image.media_type,
        "artifactType": "application/vnd.example.small",
        "config": empty,
        "layers": [empty],
        "annotations": {"org.example.seed": seed.to_string()},
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        manifest[name] = value.clone();
    }
    image.manifest = manifest.to_string().into_bytes();
    image
}

fn start() -> (Server, Registry) {
    let server = Server::start(Options::default());
    server.create_repository("app");
    let registry = server.registry();
    registry
        .try_push_blob("app", b"{}")
        .expect("the empty blob");
    (server, registry)
}

/// All pages of a list: the elements of each.
fn pages(server: &Server, operation: &str, key: &str, request: &Value) -> Vec<Vec<Value>> {
    let (mut pages, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut request = request.clone();
        request["repositoryName"] = json!("app");
        request["nextToken"] = token;
        let answer = server.call(operation, &request);
        pages.push(answer[key].as_array().expect("a list").clone());
        token = answer["nextToken"].clone();
        if token.is_null() {
            return pages;
        }
    }
}

fn sizes(pages: &[Vec<Value>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

#[test]
fn a_page_of_a_thousand_is_the_last_when_nothing_follows_whatever_the_filter() {
    let (server, registry) = start();
    for seed in 0..1_000 {
        push_small(&registry, "app", seed, &json!({}), &[]);
    }
    let list = |operation: &str, key: &str, status: &str| {
        let request = json!({"maxResults": 1_000, "filter": {"tagStatus": status}});
        pages(&server, operation, key, &request)
    };
    for (operation, key) in [
        ("DescribeImages", "imageDetails"),
        ("ListImages", "imageIds"),
    ] {
        for status in ["ANY", "UNTAGGED"] {
            assert_eq!(
                sizes(&list(operation, key, status)),
                [1_000],
                "{operation} {status}"
            );
        }
        assert_eq!(sizes(&list(operation, key, "TAGGED")), [0], "{operation}");
    }
    // One that is tagged among a thousand that are not is the first page, not somewhere behind nine empty ones.
    push_small(&registry, "app", 1_000, &json!({}), &["v1".to_owned()]);
    for (operation, key) in [
        ("DescribeImages", "imageDetails"),
        ("ListImages", "imageIds"),
    ] {
        let request = json!({"maxResults": 1, "filter": {"tagStatus": "TAGGED"}});
        assert_eq!(
            sizes(&pages(&server, operation, key, &request)),
            [1],
            "{operation}"
        );
        assert_eq!(
            sizes(&list(operation, key, "ANY")),
            [1_000, 1],
            "{operation}"
        );
        assert_eq!(
            sizes(&list(operation, key, "UNTAGGED")),
            [1_000],
            "{operation}"
        );
    }
    // In order of digest, each once.
    let all: Vec<Value> = list("DescribeImages", "imageDetails", "ANY").concat();
    let digests: Vec<&str> = all
        .iter()
        .filter_map(|one| one["imageDigest"].as_str())
        .collect();
    assert!(digests.is_sorted_by(|one, next| one < next));
}

#[test]
fn images_of_a_thousand_tags_are_told_with_all_of_them_and_end_a_page_early() {
    let (server, registry) = start();
    for seed in 0..11 {
        for hundred in 0..10 {
            let tags: Vec<String> = (0..100).map(|n| format!("t{seed}-{hundred}-{n}")).collect();
            push_small(&registry, "app", seed, &json!({}), &tags);
        }
    }
    for status in ["ANY", "TAGGED"] {
        let request = json!({"maxResults": 1_000, "filter": {"tagStatus": status}});
        let described = pages(&server, "DescribeImages", "imageDetails", &request);
        assert_eq!(sizes(&described), [9, 2], "{status}");
        for image in described.concat() {
            assert_eq!(image["imageTags"].as_array().map(Vec::len), Some(1_000));
        }
        let listed = pages(&server, "ListImages", "imageIds", &request);
        assert_eq!(sizes(&listed), [1_000; 11], "{status}");
    }
    let request = json!({"filter": {"tagStatus": "UNTAGGED"}});
    let untagged = pages(&server, "DescribeImages", "imageDetails", &request);
    assert_eq!(sizes(&untagged), [0]);
    let digest = small(3, &json!({})).digest().to_string();
    let named = json!({"repositoryName": "app", "imageIds": [{"imageDigest": digest}]});
    let named = server.call("DescribeImages", &named);
    let tags = named["imageDetails"][0]["imageTags"]
        .as_array()
        .map(Vec::len);
    assert_eq!(tags, Some(1_000));
}

#[test]
fn manifests_of_one_request_are_bounded_in_all() {
    let (server, registry) = start();
    // Annotations of nearly four megabytes.
    let long = json!({"annotations": {"org.example.long": "x".repeat((4 << 20) - 1_000)}});
    push_small(&registry, "app", 0, &long, &["v1".to_owned()]);
    let ask = |times: usize| {
        let ids = vec![json!({"imageTag": "v1"}); times];
        server.signed(
            "BatchGetImage",
            &json!({"repositoryName": "app", "imageIds": ids}),
        )
    };
    let (status, answer) = ask(2);
    assert_eq!(status, 200);
    assert_eq!(answer["images"].as_array().map(Vec::len), Some(2));
    let (status, answer) = ask(9);
    assert_eq!(
        (status, &answer["__type"]),
        (400, &json!("LimitExceededException"))
    );
    assert_eq!(
        answer["message"],
        "The manifests of one request may have at most 33554432 bytes in all: ask for fewer images at once"
    );
}

#[test]
fn an_image_that_was_deleted_and_pushed_anew_was_not_pulled() {
    let (mut server, registry) = start();
    let tags = |tag: &str| vec![tag.to_owned()];
    push_small(&registry, "app", 1, &json!({}), &tags("anew"));
    push_small(&registry, "app", 2, &json!({}), &tags("kept"));
    for tag in ["anew", "kept"] {
        registry.get_manifest("app", tag).expect_status(200);
    }
    let deleted = registry.request(
        "DELETE",
        &format!("/v2/app/manifests/{}", small(1, &json!({})).digest()),
        &[],
        b"",
    );
    deleted.expect_status(202);
    push_small(&registry, "app", 1, &json!({}), &tags("anew"));
    // What is counted in memory is written before the process ends.
    server.process().signal("TERM");
    server.process().wait();
    let server = server.restart();
    let pulled = |tag: &str| {
        let request = json!({"repositoryName": "app", "imageIds": [{"imageTag": tag}]});
        let answer = server.call("DescribeImages", &request);
        answer["imageDetails"][0]["lastRecordedPullTime"].is_number()
    };
    assert!(pulled("kept"));
    assert!(!pulled("anew"));
}

#[test]
fn a_tag_that_cannot_be_one_is_not_found_by_either_plane() {
    let (server, registry) = start();
    push_small(&registry, "app", 1, &json!({}), &["v1".to_owned()]);
    for tag in ["v\0", "v+1", "-", "v1 "] {
        let request = json!({"repositoryName": "app", "imageIds": [{"imageTag": tag}]});
        let (status, answer) = server.signed("DescribeImages", &request);
        let kind = &answer["__type"];
        assert_eq!(
            (status, kind),
            (400, &json!("ImageNotFoundException")),
            "{tag:?}"
        );
    }
    // A type that holds what none can hold is that of no referrer.
    let digest = small(1, &json!({})).digest();
    let about = json!({"subject": descriptor(small(1, &json!({})).media_type, &small(1, &json!({})).manifest)});
    push_small(&registry, "app", 2, &about, &[]);
    for (kind, found) in [("%00", 0), ("application/vnd.example.small", 1)] {
        let path = format!("/v2/app/referrers/{digest}?artifactType={kind}");
        let answer = registry.request("GET", &path, &[], b"").expect_status(200);
        let manifests = answer.json()["manifests"].as_array().map(Vec::len);
        assert_eq!(manifests, Some(found), "{kind}");
    }
}
