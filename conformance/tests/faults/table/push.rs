//! Faults of writes.

use super::{OTHER, Row, is_manifest, is_upload, replace};
use crate::faults::{after, before, both};
use crate::wire::Response;

pub(crate) const ROWS: &[Row] = &[
    (
        "a tag is set once and for all",
        before(|q| {
            if q.method == "PUT" && is_manifest(q) && q.header("if-none-match").is_none() {
                q.headers.push(("if-none-match".to_owned(), "*".to_owned()));
            }
        }),
        &[
            "manifests.a_tag_follows_the_last_push",
            "subjects.the_fallback_tag_holds_an_index",
            "subjects.the_fallback_tag_of_a_long_digest_is_accepted",
            "conditional.a_tag_that_has_not_moved_is_overwritten",
        ],
    ),
    (
        "what is refused is said to be accepted",
        after(|q, r| {
            if r.status == 400 && q.method == "PUT" {
                *r = Response::new(201).with("location", "/v2/");
            }
        }),
        &[
            "uploads.a_put_with_another_digest_is_refused",
            "uploads.a_put_without_a_digest_is_refused",
            "uploads.a_put_with_a_broken_digest_is_refused",
            "uploads.a_blob_can_be_pushed_after_a_refusal",
            "chunks.the_digest_is_that_of_the_whole",
            "digests.another_sha512_than_that_of_the_blob_is_refused",
            "digests.another_sha512_than_that_of_the_manifest_is_refused",
            "digests.an_unknown_algorithm_is_refused",
            "manifests.another_digest_than_that_of_the_manifest_is_refused",
            "manifests.a_tag_outside_the_grammar_is_refused",
            "manifests.what_is_no_json_is_refused",
            "extensions.several_tags_are_set_all_or_none",
        ],
    ),
    (
        "sessions have no UUID",
        both(
            |q| {
                if is_upload(q) {
                    q.path = q.path.replace('~', "-");
                }
            },
            |q, r| {
                let places = r
                    .headers
                    .iter_mut()
                    .filter(|(k, _)| k == "location" && is_upload(q));
                for (_, place) in places.filter(|_| r.status == 202) {
                    *place = place.replace('-', "~");
                }
            },
        ),
        &["uploads.a_session_has_a_uuid_of_its_own"],
    ),
    (
        "no place is told for what is made",
        after(|_, r| {
            if r.status == 201 {
                r.forget("location");
            }
        }),
        &[
            "uploads.the_location_of_a_blob_can_be_pulled",
            "chunks.the_closed_session_says_where_the_blob_is",
            "manifests.the_location_of_a_manifest_can_be_pulled",
            "mounts.a_mount_without_a_source_is_a_mount_or_a_session",
        ],
    ),
    (
        "half a body is taken for a whole one",
        before(|q| q.whole = true),
        &["uploads.a_body_that_breaks_off_leaves_no_blob"],
    ),
    (
        "ranges of chunks are left out of account",
        before(|q| q.forget_header("content-range")),
        &[
            "chunks.a_first_chunk_that_does_not_begin_at_zero_is_refused",
            "chunks.a_gap_between_chunks_is_refused",
            "chunks.a_chunk_that_comes_again_is_refused",
            "chunks.a_last_chunk_out_of_order_is_refused",
            "chunks.a_range_outside_the_grammar_is_refused",
            "chunks.a_range_of_another_length_than_the_chunk_is_refused",
            "chunks.an_upload_goes_on_after_a_refused_chunk",
        ],
    ),
    (
        "it is not told how far an upload is",
        after(|_, r| r.forget("range")),
        &[
            "chunks.a_chunk_is_answered_with_location_and_range",
            "chunks.an_open_session_tells_how_far_it_is",
            "chunks.a_new_session_tells_that_it_is_open",
        ],
    ),
    (
        "chunks are answered with 201",
        after(|q, r| {
            if q.method == "PATCH" && r.status == 202 {
                r.status = 201;
            }
        }),
        &[
            "chunks.the_last_chunk_comes_with_the_put",
            "chunks.all_chunks_come_before_the_put",
            "digests.a_blob_is_pushed_in_chunks_by_sha512",
            "extensions.a_stream_of_unknown_length_is_taken",
        ],
    ),
    (
        "the least size of chunks is no number",
        after(|_, r| r.change("oci-chunk-min-length", "many")),
        &["chunks.a_minimum_is_a_number_and_chunks_of_it_are_taken"],
    ),
    (
        "a mount that cannot be done is an error",
        after(|q, r| {
            if q.query("mount").is_some() && r.status == 202 {
                r.status = 404;
            }
        }),
        &[
            "mounts.a_mount_that_cannot_be_done_opens_a_session",
            "mounts.a_mount_from_nowhere_opens_a_session",
        ],
    ),
    (
        "parameters of a content type are unknown types",
        after(|q, r| {
            if q.header("content-type").is_some_and(|t| t.contains(';')) {
                r.status = 400;
            }
        }),
        &["manifests.parameters_of_the_content_type_are_ignored"],
    ),
    (
        "large manifests are refused, and that in general",
        after(|q, r| {
            if is_manifest(q) && q.body.len() > 1_000_000 {
                r.status = 400;
            }
        }),
        &[
            "manifests.a_manifest_of_four_mebibytes_is_accepted",
            "manifests.a_manifest_without_measure_is_refused",
        ],
    ),
    (
        "what is missing has another code",
        after(|_, r| replace(r, "MANIFEST_BLOB_UNKNOWN", "NAME_UNKNOWN")),
        &[
            "manifests.a_manifest_with_an_unknown_layer_is_told_of_it",
            "manifests.a_manifest_with_an_unknown_config_is_told_of_it",
            "manifests.an_index_with_an_unknown_child_is_told_of_it",
        ],
    ),
    (
        "subjects are not told",
        after(|_, r| r.forget("oci-subject")),
        &["subjects.a_processed_subject_is_told"],
    ),
    (
        "subjects are made up",
        after(|q, r| {
            if q.method == "PUT" && is_manifest(q) {
                r.headers.push(("oci-subject".to_owned(), OTHER.to_owned()));
            }
        }),
        &["subjects.without_a_subject_none_is_told"],
    ),
    (
        "subjects have to be there",
        after(|q, r| {
            let text = String::from_utf8_lossy(&q.body);
            if is_manifest(q) && text.contains("\"subject\"") {
                r.status = 404;
            }
        }),
        &[
            "subjects.a_subject_may_come_later",
            "subjects.an_index_may_have_a_subject",
        ],
    ),
];
