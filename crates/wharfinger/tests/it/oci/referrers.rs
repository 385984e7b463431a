//! Referrers: manifests that name another one as their subject.

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use super::{
    EMPTY, EMPTY_TYPE, index_of, manifest, next_page, pages, put, refused, repository, sha512,
    stored,
};
use crate::support::http::Response;
use crate::support::images::{OCI_INDEX, OCI_MANIFEST, descriptor};
use crate::support::registry::Registry;
use crate::support::{Options, Server};

fn started() -> (Server, Registry) {
    let server = Server::start(Options::default());
    let registry = server.registry();
    repository(&server, &registry, "app");
    (server, registry)
}

/// A manifest about `subject`, told apart by a number.
fn about(subject: &Value, kind: &str, number: usize) -> Vec<u8> {
    manifest(&json!({
        "subject": subject, "artifactType": kind, "annotations": {"number": number.to_string()},
    }))
}

fn list(registry: &Registry, subject: &Digest, query: &str) -> Response {
    let path = format!("/v2/app/referrers/{subject}{query}");
    registry.request("GET", &path, &[], b"").expect_status(200)
}

/// The digests that a page names.
fn digests(answer: &Response) -> Vec<String> {
    let json = answer.json();
    let listed = json["manifests"].as_array().expect("manifests");
    let digest = |one: &Value| one["digest"].as_str().expect("a digest").to_owned();
    listed.iter().map(digest).collect()
}

fn sorted(bytes: &[Vec<u8>]) -> Vec<String> {
    let mut all: Vec<String> = bytes.iter().map(|b| Digest::of(b).to_string()).collect();
    all.sort();
    all
}

#[test]
fn what_nobody_refers_to_has_an_empty_list_and_no_repository_is_an_error() {
    let (_server, registry) = started();
    let image = manifest(&json!({}));
    let unknown = Digest::of(b"unknown");
    let there = stored(&registry, "app", &image);
    for subject in [&unknown, &there, &sha512(b"unknown")] {
        let answer = list(&registry, subject, "");
        let empty = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []});
        assert_eq!(answer.json(), empty);
        assert_eq!(answer.header("content-type"), Some(OCI_INDEX));
        assert!(answer.header("oci-filters-applied").is_none());
        assert!(next_page(&answer).is_none());
    }
    let path = format!("/v2/none/app/referrers/{unknown}");
    refused(
        &registry.request("GET", &path, &[], b""),
        404,
        "NAME_UNKNOWN",
    );
    for (path, code) in [
        ("/v2/app/referrers/sha256:ab", "DIGEST_INVALID"),
        ("/v2/app/referrers/latest", "DIGEST_INVALID"),
        (
            "/v2/app/referrers/md5:d41d8cd98f00b204e9800998ecf8427e",
            "DIGEST_INVALID",
        ),
    ] {
        refused(&registry.request("GET", path, &[], b""), 400, code);
    }
    let path = format!("/v2/app/referrers/{unknown}?last=x");
    refused(
        &registry.request("GET", &path, &[], b""),
        400,
        "UNSUPPORTED",
    );
}

#[test]
fn referrers_are_told_before_their_subject_is_there_and_after_it_is_gone() {
    let (_server, registry) = started();
    let image = manifest(&json!({}));
    let subject = Digest::of(&image);
    let named = descriptor(OCI_MANIFEST, &image);
    let signature = about(&named, "application/vnd.example.signature", 1);
    let done = put(&registry, "app", "signed", &signature).expect_status(201);
    assert_eq!(done.header("oci-subject"), Some(subject.as_str()));
    // An index may have a subject too.
    let index = index_of(
        &[],
        &json!({"subject": named, "artifactType": "application/vnd.example.set"}),
    );
    let by_digest = Digest::of(&index);
    let done = put(&registry, "app", by_digest.as_str(), &index).expect_status(201);
    assert_eq!(done.header("oci-subject"), Some(subject.as_str()));

    let both = sorted(&[signature.clone(), index.clone()]);
    assert_eq!(digests(&list(&registry, &subject, "")), both);
    registry
        .get_manifest("app", subject.as_str())
        .expect_status(404);
    let done = put(&registry, "app", "v1", &image).expect_status(201);
    assert!(done.header("oci-subject").is_none());
    assert_eq!(digests(&list(&registry, &subject, "")), both);
    // Referrers of a referrer are its own.
    assert!(digests(&list(&registry, &Digest::of(&signature), "")).is_empty());
    // Another repository knows nothing of them.
    let path = format!("/v2/app/manifests/{subject}");
    registry
        .request("DELETE", &path, &[], b"")
        .expect_status(202);
    // Whether they follow at once or later is the trash's matter: what is listed can be pulled.
    for digest in digests(&list(&registry, &subject, "")) {
        registry.get_manifest("app", &digest).expect_status(200);
    }
}

#[test]
fn a_referrer_is_told_with_its_type_size_and_annotations() {
    let (_server, registry) = started();
    let config_type = "application/vnd.example.config.v1+json";
    registry.try_push_blob("app", b"{\"x\":1}").expect("a blob");
    let subject = descriptor(OCI_MANIFEST, b"not there");
    let long = "x".repeat(70_000);
    let with_type = manifest(&json!({
        "subject": subject, "artifactType": "application/vnd.example.sbom",
        "annotations": {"org.example.a": "1", "b": "\u{e9}\"\\"},
    }));
    let by_config = manifest(&json!({
        "subject": subject, "config": descriptor(config_type, b"{\"x\":1}"),
        "annotations": {"long": long},
    }));
    // The manifest's own type comes before its config's.
    let both = manifest(&json!({
        "subject": subject, "config": descriptor(config_type, b"{\"x\":1}"),
        "artifactType": "application/vnd.example.own",
    }));
    let untyped = index_of(&[], &json!({"subject": subject}));
    let mut expected = vec![
        json!({
            "mediaType": OCI_MANIFEST, "size": with_type.len(), "digest": Digest::of(&with_type).as_str(),
            "artifactType": "application/vnd.example.sbom",
            "annotations": {"org.example.a": "1", "b": "\u{e9}\"\\"},
        }),
        json!({
            "mediaType": OCI_MANIFEST, "size": by_config.len(), "digest": Digest::of(&by_config).as_str(),
            "artifactType": config_type, "annotations": {"long": long},
        }),
        json!({
            "mediaType": OCI_MANIFEST, "size": both.len(), "digest": Digest::of(&both).as_str(),
            "artifactType": "application/vnd.example.own",
        }),
        json!({"mediaType": OCI_INDEX, "size": untyped.len(), "digest": Digest::of(&untyped).as_str()}),
    ];
    for bytes in [&with_type, &by_config, &both, &untyped] {
        stored(&registry, "app", bytes);
    }
    expected.sort_by_key(|one| one["digest"].as_str().map(str::to_owned));
    let answer = list(&registry, &Digest::of(b"not there"), "");
    assert_eq!(answer.json()["manifests"], json!(expected));
}

#[test]
fn a_filter_by_artifact_type_is_applied_and_said() {
    let (_server, registry) = started();
    let subject = descriptor(OCI_MANIFEST, b"subject");
    let kinds = [
        "application/vnd.example.a+json",
        "application/vnd.example.b",
    ];
    let mut of_a = Vec::new();
    for number in 0..10 {
        let bytes = about(&subject, kinds[number % 2], number);
        stored(&registry, "app", &bytes);
        if number % 2 == 0 {
            of_a.push(bytes);
        }
    }
    // One whose config's type is what is looked for.
    let empty = manifest(&json!({"subject": subject}));
    stored(&registry, "app", &empty);
    let subject = Digest::of(b"subject");
    // The plus sign means itself in a query, and may be encoded too.
    for kind in [
        "application/vnd.example.a%2Bjson",
        "application/vnd.example.a+json",
    ] {
        let answer = list(&registry, &subject, &format!("?artifactType={kind}"));
        assert_eq!(digests(&answer), sorted(&of_a), "{kind}");
        assert_eq!(answer.header("oci-filters-applied"), Some("artifactType"));
    }
    let answer = list(&registry, &subject, &format!("?artifactType={EMPTY_TYPE}"));
    assert_eq!(digests(&answer), sorted(&[empty]));
    let answer = list(
        &registry,
        &subject,
        "?artifactType=application/vnd.example.none",
    );
    assert!(digests(&answer).is_empty());
    assert_eq!(answer.header("oci-filters-applied"), Some("artifactType"));
    let answer = list(&registry, &subject, "?artifactType=");
    assert_eq!(digests(&answer).len(), 11);
    assert!(answer.header("oci-filters-applied").is_none());

    // Pages of a filtered list go on with the filter, and miss none.
    let kind = "application/vnd.example.a%2Bjson";
    for n in 1..=6 {
        let path = format!("/v2/app/referrers/{subject}?n={n}&artifactType={kind}");
        let pages = pages(&registry, &path);
        let all: Vec<String> = pages.iter().flat_map(digests).collect();
        assert_eq!(all, sorted(&of_a), "n={n}");
        for page in &pages {
            assert_eq!(page.header("oci-filters-applied"), Some("artifactType"));
        }
    }
}

#[test]
fn referrers_are_listed_by_digest_in_pages_to_the_end() {
    let (_server, registry) = started();
    let subject = descriptor(OCI_MANIFEST, b"subject");
    let all: Vec<Vec<u8>> = (0..9)
        .map(|number| about(&subject, "application/vnd.example.a", number))
        .collect();
    for bytes in &all {
        stored(&registry, "app", bytes);
    }
    let (all, subject) = (sorted(&all), Digest::of(b"subject"));
    for n in 1..=10 {
        let pages = pages(&registry, &format!("/v2/app/referrers/{subject}?n={n}"));
        let found: Vec<String> = pages.iter().flat_map(digests).collect();
        assert_eq!(found, all, "n={n}");
        assert_eq!(pages.len(), all.len().div_ceil(n), "n={n}");
    }
    let after = list(&registry, &subject, &format!("?last={}", all[3]));
    assert_eq!(digests(&after), all[4..]);
    let first = list(&registry, &subject, "?n=2");
    let next = format!("/v2/app/referrers/{subject}?last={}&n=2", all[1]);
    assert_eq!(next_page(&first), Some(next));
    assert!(digests(&list(&registry, &subject, "?n=0")).is_empty());
    assert!(next_page(&list(&registry, &subject, "?n=9")).is_none());
    let path = format!("/v2/app/referrers/{subject}?n=-1");
    refused(
        &registry.request("GET", &path, &[], b""),
        400,
        "UNSUPPORTED",
    );
}

#[test]
fn long_annotations_end_a_page_before_its_number_does() {
    let (_server, registry) = started();
    let subject = descriptor(OCI_MANIFEST, b"subject");
    let all: Vec<Vec<u8>> = (0..5)
        .map(|number| {
            let text = number.to_string().repeat(1_500_000);
            manifest(&json!({"subject": subject, "annotations": {"long": text}}))
        })
        .collect();
    for bytes in &all {
        stored(&registry, "app", bytes);
    }
    let subject = Digest::of(b"subject");
    let pages = pages(&registry, &format!("/v2/app/referrers/{subject}"));
    let found: Vec<String> = pages.iter().flat_map(digests).collect();
    assert_eq!(found, sorted(&all));
    assert_eq!(pages.len(), 3);
    for page in &pages {
        assert!(page.body.len() <= 4 << 20, "{} bytes", page.body.len());
    }
}

#[test]
fn a_page_is_bounded_in_bytes_and_not_in_characters() {
    let (_server, registry) = started();
    let subject = descriptor(OCI_MANIFEST, b"subject");
    // Four bytes each: some short enough to come with their rows, some too long for that.
    let all: Vec<Vec<u8>> = (0..300)
        .map(|number| {
            let times = if number % 3 == 0 { 20_000 } else { 3_000 };
            let annotations =
                json!({"long": "\u{1f6a2}".repeat(times), "number": number.to_string()});
            manifest(&json!({"subject": subject, "annotations": annotations}))
        })
        .collect();
    for bytes in &all {
        stored(&registry, "app", bytes);
    }
    let subject = Digest::of(b"subject");
    let pages = pages(&registry, &format!("/v2/app/referrers/{subject}"));
    let found: Vec<String> = pages.iter().flat_map(digests).collect();
    assert_eq!(found, sorted(&all));
    assert!((3..=6).contains(&pages.len()), "{} pages", pages.len());
    for page in &pages {
        assert!(page.body.len() <= 4 << 20, "{} bytes", page.body.len());
    }
}

#[test]
fn a_deleted_referrer_is_listed_no_more_and_comes_back_when_pushed_again() {
    let (_server, registry) = started();
    let subject = descriptor(OCI_MANIFEST, b"subject");
    let [one, two] = [1, 2].map(|number| about(&subject, "application/vnd.example.a", number));
    put(&registry, "app", "one", &one).expect_status(201);
    stored(&registry, "app", &two);
    let subject = Digest::of(b"subject");
    let both = sorted(&[one.clone(), two.clone()]);
    // Without its tag it is a referrer still.
    registry
        .request("DELETE", "/v2/app/manifests/one", &[], b"")
        .expect_status(202);
    assert_eq!(digests(&list(&registry, &subject, "")), both);
    let path = format!("/v2/app/manifests/{}", Digest::of(&one));
    registry
        .request("DELETE", &path, &[], b"")
        .expect_status(202);
    assert_eq!(digests(&list(&registry, &subject, "")), sorted(&[two]));
    stored(&registry, "app", &one);
    assert_eq!(digests(&list(&registry, &subject, "")), both);
}

#[test]
fn a_subject_is_one_by_whatever_algorithm_it_is_named() {
    let (_server, registry) = started();
    let image = manifest(&json!({}));
    let (by_256, by_512) = (Digest::of(&image), sha512(&image));
    let mut named_512 = descriptor(OCI_MANIFEST, &image);
    named_512["digest"] = json!(by_512.as_str());
    let of_256 = about(
        &descriptor(OCI_MANIFEST, &image),
        "application/vnd.example.a",
        1,
    );
    let of_512 = about(&named_512, "application/vnd.example.a", 2);
    let (_, subject_512) = (
        put(&registry, "app", "one", &of_256).expect_status(201),
        put(&registry, "app", "two", &of_512).expect_status(201),
    );
    assert_eq!(subject_512.header("oci-subject"), Some(by_512.as_str()));
    // Before the registry has seen the content, it cannot know that both digests are of the same.
    assert_eq!(
        digests(&list(&registry, &by_256, "")),
        sorted(std::slice::from_ref(&of_256))
    );
    assert_eq!(
        digests(&list(&registry, &by_512, "")),
        sorted(std::slice::from_ref(&of_512))
    );
    put(&registry, "app", by_512.as_str(), &image).expect_status(201);
    let both = sorted(&[of_256, of_512]);
    for subject in [&by_256, &by_512] {
        assert_eq!(digests(&list(&registry, subject, "")), both);
        let path = format!("/v2/app/referrers/{subject}?n=1");
        let paged: Vec<String> = pages(&registry, &path).iter().flat_map(digests).collect();
        assert_eq!(paged, both);
    }
}

#[test]
fn the_index_under_a_tag_that_clients_fall_back_to_works_like_any_other() {
    let (_server, registry) = started();
    let image = manifest(&json!({}));
    let subject = stored(&registry, "app", &image);
    let signature = about(
        &descriptor(OCI_MANIFEST, &image),
        "application/vnd.example.signature",
        1,
    );
    let digest = stored(&registry, "app", &signature);
    let mut member = descriptor(OCI_MANIFEST, &signature);
    member["artifactType"] = json!("application/vnd.example.signature");
    let index = index_of(&[member], &json!({}));
    let fallback = subject.as_str().replace(':', "-");
    put(&registry, "app", &fallback, &index).expect_status(201);
    let answer = registry.get_manifest("app", &fallback).expect_status(200);
    assert_eq!(answer.body, index);
    assert_eq!(answer.header("content-type"), Some(OCI_INDEX));
    // It has no subject, so it is no referrer itself.
    assert_eq!(digests(&list(&registry, &subject, "")), [digest.as_str()]);
    // A client adds to it by pushing another one there.
    put(&registry, "app", &fallback, &index_of(&[], &json!({}))).expect_status(201);
    assert_eq!(registry.get_blob("app", &Digest::of(EMPTY)).status, 200);
}
