//! Content discovery: what refers to a manifest.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Group, tests};
use crate::answer::Answer;
use crate::check::{Check, fail, must, must_equal, not_offered};
use crate::content::{self, Blob, Document, media, with};
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: "referrers",
    category: "discovery",
    tests: tests![
        nothing_refers_to_what_nobody_named => "DISC-16 DISC-17 DISC-25 END-12",
        the_list_is_an_index => "DISC-19 DISC-20",
        a_referrer_is_listed => "DISC-16 UPG-03 END-12",
        a_referrer_that_came_first_is_listed => "DISC-17 UPG-03",
        a_referrer_in_another_repository_is_not_listed => "DISC-34",
        the_artifact_type_is_that_of_the_manifest => "DISC-21",
        without_an_artifact_type_it_is_that_of_the_config => "DISC-22",
        an_index_is_listed_with_its_artifact_type => "DISC-21",
        an_index_without_an_artifact_type_is_listed_without => "DISC-23",
        annotations_are_listed => "DISC-24",
        the_list_is_filtered_by_artifact_type => "DISC-28 DISC-29 END-12",
        a_filter_that_nothing_meets_leaves_an_empty_list => "DISC-28 DISC-29",
        without_a_filter_none_is_told => "DISC-29",
        a_broken_digest_is_refused => "DISC-18 END-12",
        a_long_list_is_read_to_its_end => "DISC-26 DISC-27",
    ],
};

/// How many pages are read before the suite gives up.
const PAGES: usize = 100;

/// The descriptors of a list, which has to be an index.
fn entries(answer: &Answer) -> Check<Vec<Value>> {
    let body = answer.json()?;
    let list = body.get("manifests").and_then(Value::as_array);
    list.map_or_else(
        || fail("`manifests`: a list", answer.told()),
        |l| Ok(l.clone()),
    )
}

/// All pages of the list.
fn all(t: &Trial<'_>, digest: &str, query: &str) -> Check<Vec<Value>> {
    let mut answer = t.referrers(digest, query)?;
    let mut list = Vec::new();
    for _ in 0..PAGES {
        list.append(&mut entries(&answer)?);
        let Some(next) = answer.next_page()? else {
            return Ok(list);
        };
        answer = t.request_at("GET", &next).send()?.expect(200)?;
    }
    fail(
        format!("the end of the list within {PAGES} pages"),
        answer.told(),
    )
}

/// The digests of descriptors, in order.
fn digests(list: &[Value]) -> Vec<String> {
    let texts = list.iter().filter_map(|d| d.get("digest")?.as_str());
    let mut digests: Vec<String> = texts.map(str::to_owned).collect();
    digests.sort();
    digests
}

/// The only entry of the list, which has to describe this document.
fn only(t: &Trial<'_>, subject: &Document, referrer: &Document) -> Check<Value> {
    let list = all(t, subject.digest(), "")?;
    let [entry] = list.as_slice() else {
        return fail("one referrer", Value::from(list).to_string());
    };
    for (name, value) in referrer.descriptor().as_object().into_iter().flatten() {
        let same = entry.get(name) == Some(value);
        must(same, &format!("{name}: {value}"), entry)?;
    }
    Ok(entry.clone())
}

/// A manifest to refer to. Ends the test where the API is not offered.
fn subject(t: &Trial<'_>) -> Check<Document> {
    if !t.has_referrers()? {
        return not_offered("the referrers API answers 404");
    }
    t.tagged_image(&t.tag())
}

/// An artifact about a subject, with these members besides; it is pushed.
fn artifact(t: &Trial<'_>, subject: &Document, members: &[(&str, Value)]) -> Check<Document> {
    let empty = Blob::new(b"{}".to_vec());
    t.push_blob(&empty)?;
    let layer = t.blob(50);
    t.push_blob(&layer)?;
    let layers = [layer.descriptor("application/vnd.example.thing")];
    let mut value = content::image(&empty.descriptor(media::EMPTY), &layers);
    value = with(value, "subject", subject.descriptor());
    for (name, member) in members {
        value = with(value, name, member.clone());
    }
    let artifact = Document::new(media::MANIFEST, &value);
    t.push_untagged(&artifact)?;
    Ok(artifact)
}

/// An index about a subject, with these members besides; it is pushed.
fn index(t: &Trial<'_>, subject: &Document, members: &[(&str, Value)]) -> Check<Document> {
    let mut value = content::index(&[], &t.random.word());
    value = with(value, "subject", subject.descriptor());
    for (name, member) in members {
        value = with(value, name, member.clone());
    }
    let index = Document::new(media::INDEX, &value);
    t.push_untagged(&index)?;
    Ok(index)
}

fn nothing_refers_to_what_nobody_named(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    for digest in [subject.digest().to_owned(), t.no_digest()] {
        let list = all(t, &digest, "")?;
        must(list.is_empty(), "an empty list", Value::from(list))?;
    }
    Ok(())
}

fn the_list_is_an_index(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    artifact(t, &subject, &[])?;
    for digest in [subject.digest().to_owned(), t.no_digest()] {
        let answer = t.referrers(&digest, "")?;
        let seen = answer.must_have("content-type")?;
        must_equal("Content-Type", media::INDEX, seen)?;
        let body = answer.json()?;
        must(
            body.get("schemaVersion") == Some(&json!(2)),
            "schemaVersion 2",
            &body,
        )?;
        let typed = body.get("mediaType") == Some(&json!(media::INDEX));
        must(typed, media::INDEX, &body)?;
        entries(&answer)?;
    }
    Ok(())
}

fn a_referrer_is_listed(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    let referrer = artifact(t, &subject, &[])?;
    only(t, &subject, &referrer).map(drop)
}

fn a_referrer_that_came_first_is_listed(t: &Trial<'_>) -> Check {
    subject(t)?;
    let later = t.unpushed_image()?;
    let referrer = artifact(t, &later, &[])?;
    only(t, &later, &referrer)?;
    t.push_untagged(&later)?;
    only(t, &later, &referrer).map(drop)
}

fn a_referrer_in_another_repository_is_not_listed(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    artifact(t, &subject, &[])?;
    let path = format!("referrers/{}", subject.digest());
    let answer = t.request_in(t.other(), "GET", &path).send()?.expect(200)?;
    let list = entries(&answer)?;
    must(list.is_empty(), "an empty list", answer.told())
}

/// Demands what `artifactType` says in an entry.
fn must_be_of_type(entry: &Value, expected: Option<&str>) -> Check {
    let seen = entry.get("artifactType").and_then(Value::as_str);
    must(
        seen == expected,
        &format!("artifactType {expected:?}"),
        entry,
    )
}

fn the_artifact_type_is_that_of_the_manifest(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    let kind = "application/vnd.example.signature";
    let referrer = artifact(t, &subject, &[("artifactType", json!(kind))])?;
    must_be_of_type(&only(t, &subject, &referrer)?, Some(kind))
}

fn without_an_artifact_type_it_is_that_of_the_config(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    let image = with(t.image()?, "subject", subject.descriptor());
    let image = Document::new(media::MANIFEST, &image);
    t.push_untagged(&image)?;
    must_be_of_type(&only(t, &subject, &image)?, Some(media::CONFIG))
}

fn an_index_is_listed_with_its_artifact_type(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    let kind = "application/vnd.example.bundle";
    let referrer = index(t, &subject, &[("artifactType", json!(kind))])?;
    must_be_of_type(&only(t, &subject, &referrer)?, Some(kind))
}

fn an_index_without_an_artifact_type_is_listed_without(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    let referrer = index(t, &subject, &[])?;
    let entry = only(t, &subject, &referrer)?;
    must(
        entry.get("artifactType").is_none(),
        "no artifactType",
        entry,
    )
}

fn annotations_are_listed(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    let annotations = json!({"org.example.a": "b", "org.example.empty": "", "é": "\u{1F40B}\n"});
    let members = [("annotations", annotations.clone())];
    let image = artifact(t, &subject, &members)?;
    let entry = only(t, &subject, &image)?;
    must(
        entry.get("annotations") == Some(&annotations),
        &annotations.to_string(),
        entry,
    )?;
    let later = t.tagged_image(&t.tag())?;
    let index = index(t, &later, &members)?;
    let entry = only(t, &later, &index)?;
    must(
        entry.get("annotations") == Some(&annotations),
        &annotations.to_string(),
        entry,
    )
}

/// A query for one type of artifact.
fn of_type(kind: &str) -> String {
    format!(
        "?artifactType={}",
        utf8_percent_encode(kind, NON_ALPHANUMERIC)
    )
}

fn the_list_is_filtered_by_artifact_type(t: &Trial<'_>) -> Check {
    const WANTED: &str = "application/vnd.example.sbom+json";
    let subject = subject(t)?;
    let wanted = artifact(t, &subject, &[("artifactType", json!(WANTED))])?;
    let other = artifact(
        t,
        &subject,
        &[("artifactType", json!("application/vnd.example.x"))],
    )?;
    let mut both = [wanted.digest().to_owned(), other.digest().to_owned()];
    both.sort();
    let list = digests(&all(t, subject.digest(), "")?);
    must(list == both, "both without a filter", format!("{list:?}"))?;
    let answer = t.referrers(subject.digest(), &of_type(WANTED))?;
    let list = digests(&all(t, subject.digest(), &of_type(WANTED))?);
    let Some(applied) = answer.header("oci-filters-applied") else {
        t.should(false, "a filtered list", answer.told());
        return must(
            list == both,
            "all, for no filter is told",
            format!("{list:?}"),
        );
    };
    must_equal("OCI-Filters-Applied", "artifactType", applied)?;
    must(
        list == [wanted.digest()],
        wanted.digest(),
        format!("{list:?}"),
    )
}

fn a_filter_that_nothing_meets_leaves_an_empty_list(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    artifact(
        t,
        &subject,
        &[("artifactType", json!("application/vnd.example.x"))],
    )?;
    let answer = t.referrers(subject.digest(), &of_type("application/vnd.example.y"))?;
    let list = entries(&answer)?;
    if answer.header("oci-filters-applied").is_none() {
        t.should(false, "a filtered list", answer.told());
        return Ok(());
    }
    must(list.is_empty(), "an empty list", answer.told())
}

fn without_a_filter_none_is_told(t: &Trial<'_>) -> Check {
    let subject = subject(t)?;
    let answer = t.referrers(subject.digest(), "")?;
    let seen = answer.header("oci-filters-applied").unwrap_or_default();
    must_equal("OCI-Filters-Applied", "", seen)
}

fn a_broken_digest_is_refused(t: &Trial<'_>) -> Check {
    subject(t)?;
    for digest in ["sha256:abc", "sha256", "latest", "sha256:%2e%2e", "x%20y:0"] {
        let answer = t.get(&format!("referrers/{digest}"))?;
        answer.expect(400)?;
    }
    Ok(())
}

fn a_long_list_is_read_to_its_end(t: &Trial<'_>) -> Check {
    // Descriptors of more than 4 MiB altogether: more than one manifest can be counted on to hold.
    const MANY: usize = 72;
    let subject = subject(t)?;
    let filling = json!({"org.example.filling": "x".repeat(64 * 1024)});
    let mut pushed = Vec::new();
    for _ in 0..MANY {
        let referrer = index(t, &subject, &[("org.example.n", json!(t.random.word()))])?;
        pushed.push(referrer.digest().to_owned());
        let members = [("annotations", filling.clone())];
        let referrer = artifact(t, &subject, &members)?;
        pushed.push(referrer.digest().to_owned());
    }
    pushed.sort();
    let list = digests(&all(t, subject.digest(), "")?);
    must(
        list == pushed,
        &format!("{} referrers, each once", pushed.len()),
        format!("{} entries", list.len()),
    )
}
