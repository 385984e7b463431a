//! Faults of reads.

use super::{OTHER, Row, is_manifest};
use crate::faults::{after, before};

pub(crate) const ROWS: &[Row] = &[
    (
        "there is no API",
        after(|q, r| {
            if q.path == "/v2/" {
                r.status = 404;
            }
        }),
        &["base.the_root_of_the_api_answers"],
    ),
    (
        "401 does not say how",
        after(|_, r| r.forget("www-authenticate")),
        &["base.whoever_shows_no_credentials_is_told_how"],
    ),
    (
        "another version of the API",
        after(|_, r| r.change("docker-distribution-api-version", "registry/1.0")),
        &["base.the_version_header_names_the_second_version"],
    ),
    (
        "manifests are written anew",
        after(|q, r| {
            if is_manifest(q) && q.method == "GET" && r.status == 200 {
                r.body.push(b'\n');
            }
        }),
        &[
            "pull.a_manifest_is_pulled_by_its_tag",
            "pull.a_manifest_is_pulled_by_its_digest",
            "manifests.a_manifest_is_pushed_by_tag",
            "manifests.a_manifest_is_pushed_by_digest",
            "manifests.the_location_of_a_manifest_can_be_pulled",
            "manifests.a_manifest_is_kept_byte_for_byte",
            "manifests.a_manifest_is_pushed_twice",
            "manifests.every_tag_of_the_grammar_is_accepted",
            "manifests.a_manifest_without_a_media_type_is_accepted",
            "manifests.an_image_without_layers_is_accepted",
            "manifests.an_index_without_manifests_is_accepted",
            "manifests.an_index_is_pushed_with_its_children",
            "manifests.an_index_of_indexes_is_pushed",
            "manifests.an_artifact_is_pushed",
            "manifests.a_manifest_of_docker_is_pushed",
            "subjects.an_index_may_have_a_subject",
            "management.a_deleted_manifest_can_be_pushed_again",
            "digests.a_manifest_names_its_blobs_by_sha512",
        ],
    ),
    (
        "blobs are spoilt",
        after(|q, r| {
            if q.path.starts_with("/storage/") {
                r.body.push(0);
            }
        }),
        &[
            "pull.a_blob_is_pulled",
            "pull.a_blob_is_pulled_before_any_manifest_names_it",
            "uploads.a_blob_is_pushed_by_post_and_put",
            "uploads.a_blob_is_pushed_by_a_single_post",
            "uploads.an_empty_blob_is_pushed",
            "uploads.a_blob_of_five_mebibytes_is_pushed",
            "uploads.a_blob_is_pushed_twice",
            "uploads.two_sessions_push_the_same_blob",
            "chunks.all_chunks_come_before_the_put",
            "mounts.a_blob_is_mounted_from_another_repository",
            "management.a_deleted_blob_can_be_pushed_again",
            "management.a_blob_stays_in_the_other_repository",
            "extensions.a_stream_without_a_range_is_taken",
            "digests.a_blob_is_pushed_and_pulled_by_sha512",
        ],
    ),
    (
        "every content is JSON",
        after(|_, r| r.change("content-type", "application/json")),
        &[
            "pull.a_manifest_keeps_its_content_type",
            "referrers.the_list_is_an_index",
        ],
    ),
    (
        "content types have parameters",
        after(|q, r| {
            if is_manifest(q) && r.status == 200 {
                r.change(
                    "content-type",
                    "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
                );
            }
        }),
        &["pull.a_content_type_has_no_parameters"],
    ),
    (
        "another digest is told",
        after(|_, r| r.change("docker-content-digest", OTHER)),
        &[
            "pull.a_manifest_comes_with_its_digest",
            "pull.a_blob_comes_with_its_digest",
            "pull.head_tells_digest_and_size_of_a_manifest",
            "pull.head_tells_digest_and_size_of_a_blob",
            "mounts.a_mounted_blob_comes_with_its_digest",
            "manifests.a_push_is_answered_with_the_digest",
            "digests.a_manifest_is_pushed_and_pulled_by_sha512",
        ],
    ),
    (
        "everything is found",
        after(|q, r| {
            if r.status == 404 && matches!(q.method.as_str(), "GET" | "HEAD") {
                r.status = 200;
            }
        }),
        &[
            "pull.an_unknown_tag_is_not_found",
            "pull.an_unknown_manifest_is_not_found",
            "pull.a_manifest_of_another_repository_is_not_found",
            "pull.an_unknown_blob_is_not_found",
            "pull.a_blob_of_another_repository_is_not_found",
            "pull.head_does_not_find_what_is_not_there",
            "pull.every_name_of_the_grammar_is_understood",
            "uploads.a_refused_digest_leaves_no_blob",
            "uploads.a_closed_session_is_unknown",
            "chunks.no_blob_is_there_before_the_put",
            "manifests.an_unknown_repository_is_not_found",
            "tags.tags_of_an_unknown_repository_are_not_found",
        ],
    ),
    (
        "ranges of pulls are left out of account",
        before(|q| q.forget_header("range")),
        &[
            "pull.a_range_from_the_middle_is_pulled",
            "pull.a_range_without_an_end_is_pulled",
            "pull.the_last_bytes_are_pulled",
            "pull.a_range_beyond_the_end_is_cut",
            "pull.a_range_past_the_end_is_refused",
            "pull.a_broken_pull_is_resumed",
        ],
    ),
    (
        "HEAD finds nothing",
        after(|q, r| {
            if q.method == "HEAD" {
                r.status = 404;
            }
        }),
        &[
            "pull.head_finds_a_manifest_by_tag_and_digest",
            "pull.head_finds_a_blob",
        ],
    ),
    (
        "mistakes are the server's own",
        after(|_, r| {
            if r.status == 400 {
                r.status = 500;
            }
        }),
        &[
            "pull.a_reference_that_is_neither_tag_nor_digest_is_refused",
            "pull.a_name_outside_the_grammar_is_refused",
            "uploads.a_single_post_with_another_digest_is_refused",
            "referrers.a_broken_digest_is_refused",
        ],
    ),
];
