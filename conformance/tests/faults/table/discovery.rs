//! Faults of lists.

use serde_json::json;

use super::{OTHER, Row, edit_entries, edit_list};
use crate::faults::{after, before};

pub(crate) const ROWS: &[Row] = &[
    (
        "n is left out of account",
        before(|q| q.forget_query("n")),
        &[
            "tags.n_tags_are_listed_if_there_are_as_many",
            "tags.no_tags_are_listed_where_none_are_asked_for",
            "extensions.the_catalog_is_read_in_pages",
        ],
    ),
    (
        "last is left out of account",
        before(|q| q.forget_query("last")),
        &[
            "tags.the_list_goes_on_after_the_last_tag",
            "tags.the_last_tag_alone_is_enough",
            "tags.after_the_very_last_tag_nothing_is_listed",
            "tags.a_tag_of_digits_is_no_index",
            "management.a_deleted_tag_is_not_listed",
            "extensions.the_catalog_goes_on_after_the_last_name",
        ],
    ),
    (
        "lists are in no order",
        after(|_, r| edit_list(r, "tags", |list| list.reverse())),
        &[
            "tags.the_list_is_in_lexical_order",
            "tags.a_part_of_the_list_begins_at_its_beginning",
        ],
    ),
    (
        "names are left out of lists",
        after(|_, r| {
            edit_list(r, "tags", |list| {
                list.retain(|t| !t.to_string().contains("-c"));
            });
            edit_list(r, "repositories", |list| list.retain(|_| false));
        }),
        &[
            "tags.all_tags_are_listed",
            "tags.links_lead_through_all_tags_once",
            "extensions.the_catalog_lists_repositories",
        ],
    ),
    (
        "links are of another form",
        after(|_, r| r.change("link", "/v2/next")),
        &[
            "tags.links_lead_through_all_tags_once",
            "referrers.a_long_list_is_read_to_its_end",
        ],
    ),
    (
        "filters are left out of account",
        before(|q| q.forget_query("artifactType")),
        &[
            "referrers.the_list_is_filtered_by_artifact_type",
            "referrers.a_filter_that_nothing_meets_leaves_an_empty_list",
        ],
    ),
    (
        "filters are not told",
        after(|_, r| r.forget("oci-filters-applied")),
        &["referrers.the_list_is_filtered_by_artifact_type"],
    ),
    (
        "filters are made up",
        after(|_, r| {
            r.headers
                .push(("oci-filters-applied".to_owned(), "artifactType".to_owned()));
        }),
        &["referrers.without_a_filter_none_is_told"],
    ),
    (
        "all referrers are of the same type",
        after(|q, r| edit_entries(q, r, |entry| entry["artifactType"] = json!("a/b"))),
        &[
            "referrers.the_artifact_type_is_that_of_the_manifest",
            "referrers.without_an_artifact_type_it_is_that_of_the_config",
            "referrers.an_index_is_listed_with_its_artifact_type",
            "referrers.an_index_without_an_artifact_type_is_listed_without",
        ],
    ),
    (
        "referrers have no annotations",
        after(|q, r| edit_entries(q, r, |entry| entry["annotations"] = json!({}))),
        &["referrers.annotations_are_listed"],
    ),
    (
        "referrers have another size",
        after(|q, r| edit_entries(q, r, |entry| entry["size"] = json!(1))),
        &[
            "referrers.a_referrer_is_listed",
            "referrers.a_referrer_that_came_first_is_listed",
        ],
    ),
    (
        "referrers are those of both repositories",
        before(|q| {
            if q.path.contains("/referrers/") {
                q.path = q.path.replace("/other/", "/one/");
            }
        }),
        &["referrers.a_referrer_in_another_repository_is_not_listed"],
    ),
    (
        "referrers are made up",
        after(|q, r| {
            if q.path.contains("/referrers/") {
                edit_list(r, "manifests", |list| list.push(json!({"digest": OTHER})));
            }
        }),
        &["referrers.nothing_refers_to_what_nobody_named"],
    ),
    (
        "nobody's referrers are not found",
        after(|q, r| {
            if q.path.contains("/referrers/") && !r.body.windows(5).any(|w| w == b"/vnd.") {
                r.status = 404;
            }
        }),
        &["referrers.nothing_refers_to_what_nobody_named"],
    ),
];
