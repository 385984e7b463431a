//! Content management: what is deleted is gone, and nothing else.

use serde_json::Value;

use super::{Group, tests};
use crate::answer::Answer;
use crate::check::{Check, must, not_offered};
use crate::content::{Document, media, with};
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: "management",
    category: "management",
    tests: tests![
        a_tag_is_deleted => "MGMT-01 MGMT-02 MGMT-03 MGMT-04 MGMT-05 MGMT-06 END-09",
        another_tag_of_the_manifest_stays => "MGMT-05",
        a_deleted_tag_is_not_listed => "MGMT-05",
        a_manifest_is_deleted => "MGMT-01 MGMT-02 MGMT-07 MGMT-09 CONF-02 END-09",
        the_tags_of_a_deleted_manifest_are_gone => "MGMT-16",
        a_deleted_manifest_can_be_pushed_again => "MGMT-07",
        an_unknown_manifest_is_not_found => "END-09",
        an_unknown_tag_is_not_found => "END-09",
        a_manifest_of_an_unknown_repository_is_not_found => "MGMT-08",
        a_deleted_referrer_is_not_listed => "MGMT-10",
        the_referrers_of_a_deleted_manifest_can_be_asked_for => "DISC-17",
        a_blob_is_deleted => "MGMT-01 MGMT-02 MGMT-13 MGMT-15 END-10",
        a_deleted_blob_can_be_pushed_again => "MGMT-13",
        an_unknown_blob_is_not_found => "MGMT-14 END-10",
        a_blob_stays_in_the_other_repository => "MGMT-13",
    ],
};

/// Demands that a deletion is done; ends the test where deletions of this kind are not offered.
fn deleted(answer: Answer) -> Check {
    if matches!(answer.status(), 400 | 405) {
        return not_offered("such deletions are switched off");
    }
    answer.expect(202).map(drop)
}

fn delete_manifest(t: &Trial<'_>, reference: &str) -> Check {
    deleted(t.delete(&format!("manifests/{reference}"))?)
}

fn delete_blob(t: &Trial<'_>, digest: &str) -> Check {
    deleted(t.delete(&format!("blobs/{digest}"))?)
}

fn must_lack_manifest(t: &Trial<'_>, reference: &str) -> Check {
    for method in ["GET", "HEAD"] {
        t.read_manifest(method, reference)?.expect(404)?;
    }
    Ok(())
}

fn a_tag_is_deleted(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    t.tagged_image(&tag)?;
    delete_manifest(t, &tag)?;
    must_lack_manifest(t, &tag)
}

fn another_tag_of_the_manifest_stays(t: &Trial<'_>) -> Check {
    let (tag, other) = (t.tag(), t.tag());
    let image = t.tagged_image(&tag)?;
    t.push(&image, &other)?;
    delete_manifest(t, &tag)?;
    must_lack_manifest(t, &tag)?;
    t.must_have_manifest(&other, &image)?;
    t.must_have_manifest(image.digest(), &image)
}

fn a_deleted_tag_is_not_listed(t: &Trial<'_>) -> Check {
    let word = t.random.word();
    let (tag, other) = (format!("{word}-a"), format!("{word}-b"));
    t.tagged_image(&tag)?;
    t.tagged_image(&other)?;
    delete_manifest(t, &tag)?;
    let page = t.tags(&format!("?n=1&last={word}"))?;
    must(page.list == [other.as_str()], &other, page.told)
}

fn a_manifest_is_deleted(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    t.push_untagged(&image)?;
    delete_manifest(t, image.digest())?;
    must_lack_manifest(t, image.digest())
}

fn the_tags_of_a_deleted_manifest_are_gone(t: &Trial<'_>) -> Check {
    let (tag, other) = (t.tag(), t.tag());
    let image = t.tagged_image(&tag)?;
    t.push(&image, &other)?;
    let kept = t.tagged_image(&t.tag())?;
    delete_manifest(t, image.digest())?;
    must_lack_manifest(t, &tag)?;
    must_lack_manifest(t, &other)?;
    t.must_have_manifest(kept.digest(), &kept)
}

fn a_deleted_manifest_can_be_pushed_again(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    let value = t.image()?;
    let image = Document::new(media::MANIFEST, &value);
    t.push(&image, &tag)?;
    delete_manifest(t, image.digest())?;
    must_lack_manifest(t, image.digest())?;
    // Its blobs may be gone with it: whoever pushes looks for them, and brings what is missing.
    for place in ["/config/digest", "/layers/0/digest"] {
        let digest = value.pointer(place).and_then(Value::as_str);
        let found = t.head(&format!("blobs/{}", digest.unwrap_or_default()))?;
        if found.status() != 200 {
            return not_offered("the blobs went with the manifest");
        }
    }
    t.push(&image, &tag)?;
    t.must_have_manifest(&tag, &image)
}

/// Ends the test where manifests cannot be deleted by digest.
fn needs_deletion(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    t.push_untagged(&image)?;
    delete_manifest(t, image.digest())
}

fn an_unknown_manifest_is_not_found(t: &Trial<'_>) -> Check {
    needs_deletion(t)?;
    let answer = t.delete(&format!("manifests/{}", t.no_digest()))?;
    answer.expect(404).map(drop)
}

fn an_unknown_tag_is_not_found(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    t.tagged_image(&tag)?;
    delete_manifest(t, &tag)?;
    for unknown in [tag, t.tag()] {
        t.delete(&format!("manifests/{unknown}"))?.expect(404)?;
    }
    Ok(())
}

fn a_manifest_of_an_unknown_repository_is_not_found(t: &Trial<'_>) -> Check {
    needs_deletion(t)?;
    let path = format!("manifests/{}", t.no_digest());
    let answer = t.request_in(&t.no_repository(), "DELETE", &path).send()?;
    answer.expect(404).map(drop)
}

fn a_deleted_referrer_is_not_listed(t: &Trial<'_>) -> Check {
    let subject = t.tagged_image(&t.tag())?;
    let referrer = with(t.image()?, "subject", subject.descriptor());
    let referrer = Document::new(media::MANIFEST, &referrer);
    t.push_untagged(&referrer)?;
    let listed = t.referrers(subject.digest(), "")?;
    must(
        listed.text().contains(referrer.digest()),
        referrer.digest(),
        listed.told(),
    )?;
    delete_manifest(t, referrer.digest())?;
    let listed = t.referrers(subject.digest(), "")?;
    must(
        !listed.text().contains(referrer.digest()),
        "an empty list",
        listed.told(),
    )
}

fn the_referrers_of_a_deleted_manifest_can_be_asked_for(t: &Trial<'_>) -> Check {
    let subject = t.tagged_image(&t.tag())?;
    t.referrers(subject.digest(), "")?;
    delete_manifest(t, subject.digest())?;
    let answer = t.get(&format!("referrers/{}", subject.digest()))?;
    answer.expect(200).map(drop)
}

fn a_blob_is_deleted(t: &Trial<'_>) -> Check {
    let blob = t.blob(100);
    t.push_blob(&blob)?;
    delete_blob(t, &blob.digest)?;
    t.must_lack_blob(&blob.digest)?;
    t.get(&format!("blobs/{}", blob.digest))?
        .expect(404)
        .map(drop)
}

fn a_deleted_blob_can_be_pushed_again(t: &Trial<'_>) -> Check {
    let blob = t.blob(100);
    t.push_blob(&blob)?;
    delete_blob(t, &blob.digest)?;
    t.push_blob(&blob)?;
    t.must_have_blob(&blob)
}

fn an_unknown_blob_is_not_found(t: &Trial<'_>) -> Check {
    let blob = t.blob(100);
    t.push_blob(&blob)?;
    delete_blob(t, &blob.digest)?;
    for unknown in [blob.digest, t.no_digest()] {
        t.delete(&format!("blobs/{unknown}"))?.expect(404)?;
    }
    Ok(())
}

fn a_blob_stays_in_the_other_repository(t: &Trial<'_>) -> Check {
    let blob = t.blob(100);
    t.push_blob(&blob)?;
    t.push_blob_to(t.other(), &blob)?;
    delete_blob(t, &blob.digest)?;
    t.must_lack_blob(&blob.digest)?;
    let path = format!("blobs/{}", blob.digest);
    let answer = t.request_in(t.other(), "GET", &path).send()?;
    answer.expect(200)?.expect_body(&blob.bytes).map(drop)
}
