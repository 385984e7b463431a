//! Faults of deletions, conditions, errors and extensions.

use super::{NOTE, Row, is_upload, replace};
use crate::faults::{after, before, both};
use crate::wire::Response;

pub(crate) const ROWS: &[Row] = &[
    (
        "there is no referrers API",
        after(|q, r| {
            if q.path.contains("/referrers/") {
                r.status = 404;
            }
        }),
        &["management.the_referrers_of_a_deleted_manifest_can_be_asked_for"],
    ),
    (
        "nothing is ever deleted",
        both(
            |q| {
                if q.method == "DELETE" {
                    "GET".clone_into(&mut q.method);
                    q.headers.push((NOTE.to_owned(), "DELETE".to_owned()));
                }
            },
            |q, r| {
                if q.header(NOTE).is_some() {
                    *r = Response::new(if is_upload(q) { 204 } else { 202 });
                }
            },
        ),
        &[
            "management.a_tag_is_deleted",
            "management.another_tag_of_the_manifest_stays",
            "management.a_manifest_is_deleted",
            "management.the_tags_of_a_deleted_manifest_are_gone",
            "management.an_unknown_manifest_is_not_found",
            "management.an_unknown_tag_is_not_found",
            "management.a_manifest_of_an_unknown_repository_is_not_found",
            "management.a_deleted_referrer_is_not_listed",
            "management.a_blob_is_deleted",
            "management.an_unknown_blob_is_not_found",
            "extensions.an_upload_is_cancelled",
        ],
    ),
    (
        "conditions are left out of account",
        before(|q| {
            q.forget_header("if-match");
            q.forget_header("if-none-match");
        }),
        &[
            "conditional.a_manifest_is_not_sent_again",
            "conditional.a_blob_is_not_sent_again",
            "conditional.a_tag_that_has_moved_is_not_overwritten",
            "conditional.a_tag_that_exists_is_not_made_again",
        ],
    ),
    (
        "nothing ever changes",
        after(|q, r| {
            if q.method == "GET" && q.header("if-none-match").is_some() {
                r.status = 304;
            }
        }),
        &["conditional.a_changed_manifest_is_sent_again"],
    ),
    (
        "errors are of another shape",
        after(|_, r| replace(r, "{\"errors\":[", "{\"faults\":[")),
        &["errors.a_json_body_has_the_shape_of_errors"],
    ),
    (
        "codes are in small letters",
        after(|_, r| {
            if (400..500).contains(&r.status) {
                r.body.make_ascii_lowercase();
            }
        }),
        &[
            "errors.a_code_is_of_capitals_and_underscores",
            "errors.a_code_is_one_of_the_table",
            "errors.an_unknown_blob_has_its_code",
            "errors.an_unknown_upload_has_its_code",
            "errors.a_wrong_digest_has_its_code",
            "errors.a_broken_manifest_has_its_code",
            "errors.an_unknown_manifest_has_its_code",
            "errors.a_broken_name_has_its_code",
            "errors.an_unknown_repository_has_its_code",
            "errors.missing_credentials_have_their_code",
        ],
    ),
    (
        "messages are numbers, and there is no detail",
        after(|_, r| {
            replace(r, "\"message\":\"no\"", "\"message\":1");
            replace(r, "\"detail\"", "\"more\"");
        }),
        &["errors.a_message_is_text", "errors.a_detail_is_any_json"],
    ),
    (
        "errors are told to be text",
        after(|_, r| r.change("content-type", "text/plain")),
        &["errors.a_body_is_told_to_be_json"],
    ),
    (
        "warnings have dates, and are long",
        after(|_, r| {
            let warning = format!("299 - \"{}\" \"today\"", "x".repeat(5000));
            r.change("warning", &warning);
        }),
        &[
            "errors.warnings_are_of_their_form",
            "errors.warnings_are_short",
        ],
    ),
    (
        "further tags are left out of account",
        before(|q| q.forget_query("tag")),
        &[
            "extensions.several_tags_are_set_at_once",
            "extensions.several_tags_are_set_all_or_none",
        ],
    ),
];
