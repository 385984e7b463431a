//! Push: manifests that say what they are about, and the way of clients where the registry does not
//! list those.

use serde_json::json;

use super::{Group, tests};
use crate::check::{Check, must_equal, not_offered};
use crate::content::{self, Document, media, with};
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: "subjects",
    category: "push",
    tests: tests![
        a_subject_may_come_later => "PUSH-01",
        an_index_may_have_a_subject => "PUSH-01",
        a_processed_subject_is_told => "PUSH-70",
        without_a_subject_none_is_told => "PUSH-70",
        the_fallback_tag_holds_an_index => "PUSH-71 COMP-04",
        the_fallback_tag_of_a_long_digest_is_accepted => "COMP-04",
    ],
};

/// An image about some other manifest; its blobs are pushed.
fn about(t: &Trial<'_>, subject: &Document) -> Check<Document> {
    let image = with(t.image()?, "subject", subject.descriptor());
    Ok(Document::new(media::MANIFEST, &image))
}

fn a_subject_may_come_later(t: &Trial<'_>) -> Check {
    let subject = t.unpushed_image()?;
    let referrer = about(t, &subject)?;
    t.push_untagged(&referrer)?;
    t.must_have_manifest(referrer.digest(), &referrer)?;
    t.get_manifest(subject.digest())?.expect(404)?;
    t.push_untagged(&subject)?;
    t.must_have_manifest(subject.digest(), &subject)
}

fn an_index_may_have_a_subject(t: &Trial<'_>) -> Check {
    let subject = t.unpushed_image()?;
    let index = content::index(&[], &t.random.word());
    let index = with(index, "subject", subject.descriptor());
    let index = Document::new(media::INDEX, &index);
    t.push_untagged(&index)?;
    t.must_have_manifest(index.digest(), &index)
}

fn a_processed_subject_is_told(t: &Trial<'_>) -> Check {
    let subject = t.tagged_image(&t.tag())?;
    let referrer = about(t, &subject)?;
    if !t.has_referrers()? {
        return not_offered("the referrers API answers 404");
    }
    for reference in [referrer.digest(), t.tag().as_str()] {
        let answer = t.push(&referrer, reference)?;
        must_equal(
            "OCI-Subject",
            subject.digest(),
            answer.must_have("oci-subject")?,
        )?;
    }
    Ok(())
}

fn without_a_subject_none_is_told(t: &Trial<'_>) -> Check {
    let answer = t.push_untagged(&t.unpushed_image()?)?;
    let seen = answer.header("oci-subject").unwrap_or_default();
    must_equal("OCI-Subject", "", seen)
}

/// Keeps a list of referrers under a tag, as clients do where the registry keeps none.
fn keeps_list(t: &Trial<'_>, tag: &str, subject: &Document) -> Check {
    t.get_manifest(tag)?.expect(404)?;
    let mut entries = Vec::new();
    for kind in ["signature", "bill"] {
        let referrer = about(t, subject)?;
        t.push_untagged(&referrer)?;
        let entry = with(referrer.descriptor(), "artifactType", json!(media::CONFIG));
        entries.push(with(
            entry,
            "annotations",
            json!({"org.example.kind": kind}),
        ));
        let list = Document::new(media::INDEX, &content::index(&entries, &t.random.word()));
        t.push(&list, tag)?;
        t.must_have_manifest(tag, &list)?;
    }
    Ok(())
}

fn the_fallback_tag_holds_an_index(t: &Trial<'_>) -> Check {
    let subject = t.tagged_image(&t.tag())?;
    let tag = subject.digest().replace(':', "-");
    keeps_list(t, &tag, &subject)
}

fn the_fallback_tag_of_a_long_digest_is_accepted(t: &Trial<'_>) -> Check {
    let subject = t.tagged_image(&t.tag())?;
    // The hexadecimal part of a sha512 is cut after 64 characters.
    let tag = content::sha512(subject.bytes()).replace(':', "-");
    let tag = tag.get(.."sha512-".len() + 64).unwrap_or_default();
    keeps_list(t, tag, &subject)
}
