//! Beyond the specification: what clients use all the same, and what later versions add.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Group, tests};
use crate::answer::Answer;
use crate::check::{Check, must, not_offered};
use crate::content::Document;
use crate::http::Framing;
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: super::EXTENSIONS,
    category: super::EXTENSIONS,
    tests: tests![
        an_upload_is_cancelled => "EXT-01",
        a_stream_without_a_range_is_taken => "EXT-02",
        a_stream_of_unknown_length_is_taken => "EXT-02",
        several_tags_are_set_at_once => "EXT-03",
        several_tags_are_set_all_or_none => "EXT-03",
        the_catalog_lists_repositories => "EXT-04",
        the_catalog_is_read_in_pages => "EXT-04",
        the_catalog_goes_on_after_the_last_name => "EXT-04",
    ],
};

fn an_upload_is_cancelled(t: &Trial<'_>) -> Check {
    let (blob, session) = (t.blob(100), t.open_upload()?);
    let answer = t.request_at("DELETE", &session).send()?;
    if matches!(answer.status(), 404 | 405) {
        return not_offered("uploads cannot be cancelled");
    }
    answer.expect(204)?;
    t.request_at("GET", &session).send()?.expect(404)?;
    let closed = t.close_upload(&session, &blob.digest, &blob.bytes)?;
    closed.expect(404)?;
    t.must_lack_blob(&blob.digest)
}

/// Sends a blob as one PATCH that says no range, as Docker does.
fn streamed(t: &Trial<'_>, framing: Framing) -> Check {
    let (blob, session) = (t.blob(100_000), t.open_upload()?);
    let request = t.request_at("PATCH", &session).body(&blob.bytes);
    let request = request.header("content-type", "application/octet-stream");
    let answer = request.framing(framing).send()?.expect(202)?;
    t.close_upload(&answer.location()?, &blob.digest, b"")?
        .expect(201)?;
    t.must_have_blob(&blob)
}

fn a_stream_without_a_range_is_taken(t: &Trial<'_>) -> Check {
    streamed(t, Framing::Length)
}

fn a_stream_of_unknown_length_is_taken(t: &Trial<'_>) -> Check {
    streamed(t, Framing::Chunked)
}

/// Pushes a manifest by digest, with tags beside it.
fn push_with(t: &Trial<'_>, image: &Document, tags: &[String]) -> Check<Answer> {
    let tags: Vec<String> = tags.iter().map(|tag| format!("tag={tag}")).collect();
    let reference = format!("{}?{}", image.digest(), tags.join("&"));
    t.put_manifest(image, &reference)
}

/// The tags that `OCI-Tag` tells, in as many headers as it likes.
fn told_tags(answer: &Answer) -> BTreeSet<String> {
    let lists = answer.headers("oci-tag").flat_map(|h| h.split(','));
    lists.map(|tag| tag.trim().to_owned()).collect()
}

fn several_tags_are_set_at_once(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    let tags: Vec<String> = (0..10).map(|_| t.tag()).collect();
    let answer = push_with(t, &image, &tags)?.expect_one_of(&[201, 400, 405])?;
    let told = told_tags(&answer);
    if told.is_empty() {
        return not_offered("`tag` is left out of account");
    }
    let all: BTreeSet<String> = tags.iter().cloned().collect();
    must(
        told == all,
        &format!("OCI-Tag: {all:?}"),
        format!("{told:?}"),
    )?;
    for tag in &tags {
        t.must_have_manifest(tag, &image)?;
    }
    Ok(())
}

fn several_tags_are_set_all_or_none(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    let (first, last) = (t.tag(), t.tag());
    let answer = push_with(t, &image, std::slice::from_ref(&first))?;
    if told_tags(&answer).is_empty() {
        return not_offered("`tag` is left out of account");
    }
    let other = t.unpushed_image()?;
    let tags = [first.clone(), "-broken".to_owned(), last.clone()];
    push_with(t, &other, &tags)?.expect_refusal()?;
    t.must_have_manifest(&first, &image)?;
    t.get_manifest(&last)?.expect(404)?;
    t.get_manifest(other.digest())?.expect(404).map(drop)
}

/// How many pages are read before the suite gives up.
const PAGES: usize = 500;

/// One page of the catalog; ends the test where there is none.
fn catalog(answer: Answer) -> Check<(Vec<String>, Answer)> {
    if matches!(answer.status(), 401 | 403 | 404 | 405) {
        return not_offered("there is no catalog");
    }
    let answer = answer.expect(200)?;
    let body = answer.json()?;
    let list = body.get("repositories").and_then(Value::as_array);
    must(list.is_some(), "`repositories`: a list", answer.told())?;
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    Ok((texts.map(str::to_owned).collect(), answer))
}

/// All names, read in pages of this query.
fn all(t: &Trial<'_>, query: &str) -> Check<Vec<String>> {
    let first = t.registry().request("GET", &format!("/v2/_catalog{query}"));
    let (mut names, mut answer) = catalog(first.send()?)?;
    for _ in 0..PAGES {
        let Some(next) = answer.next_page()? else {
            return Ok(names);
        };
        let (mut more, following) = catalog(t.request_at("GET", &next).send()?)?;
        names.append(&mut more);
        answer = following;
    }
    crate::check::fail(
        format!("the end of the list within {PAGES} pages"),
        answer.told(),
    )
}

/// Makes sure that there is something in both repositories.
fn both_exist(t: &Trial<'_>) -> Check {
    t.tagged_image(&t.tag())?;
    t.push_blob_to(t.other(), &t.blob(10))
}

fn the_catalog_lists_repositories(t: &Trial<'_>) -> Check {
    both_exist(t)?;
    let names = all(t, "")?;
    for name in [t.repository(), t.other()] {
        let listed = names.iter().any(|n| n == name);
        must(listed, name, format!("{names:?}"))?;
    }
    must(names.is_sorted(), "a list in order", format!("{names:?}"))
}

fn the_catalog_is_read_in_pages(t: &Trial<'_>) -> Check {
    both_exist(t)?;
    let first = t.registry().request("GET", "/v2/_catalog?n=1").send()?;
    let (names, answer) = catalog(first)?;
    must(names.len() == 1, "one name", answer.told())?;
    must(answer.next_page()?.is_some(), "a Link", answer.told())?;
    let (one, many) = (all(t, "?n=1")?, all(t, "?n=100")?);
    must(one == many, &format!("{many:?}"), format!("{one:?}"))
}

fn the_catalog_goes_on_after_the_last_name(t: &Trial<'_>) -> Check {
    both_exist(t)?;
    let mut names = [t.repository(), t.other()];
    names.sort_unstable();
    let [first, second] = names;
    let after = all(t, &format!("?n=100&last={first}"))?;
    must(
        after.iter().any(|n| n == second),
        second,
        format!("{after:?}"),
    )?;
    let past = after.iter().all(|n| n.as_str() > first);
    must(past, &format!("names after {first}"), format!("{after:?}"))
}
