//! Push: blobs that another repository has already.

use super::{Group, tests};
use crate::answer::Answer;
use crate::check::{Check, must, not_offered};
use crate::content::{self, Blob};
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: "mounts",
    category: "push",
    tests: tests![
        a_blob_is_mounted_from_another_repository => "PUSH-43 PUSH-44 END-11",
        a_mounted_blob_comes_with_its_digest => "PUSH-45",
        a_mount_that_cannot_be_done_opens_a_session => "PUSH-50 PUSH-51 END-11",
        a_mount_from_nowhere_opens_a_session => "PUSH-50 PUSH-51",
        a_mount_without_a_source_is_a_mount_or_a_session => "PUSH-48 PUSH-49 PUSH-50",
    ],
};

fn mount(t: &Trial<'_>, digest: &str, from: Option<&str>) -> Check<Answer> {
    let from = from.map(|f| format!("&from={f}")).unwrap_or_default();
    let path = format!("blobs/uploads/?mount={digest}{from}");
    t.request("POST", &path).send()
}

/// A blob that the other repository has, and this one lacks.
fn elsewhere(t: &Trial<'_>) -> Check<Blob> {
    let blob = t.blob(1000);
    t.push_blob_to(t.other(), &blob)?;
    t.must_lack_blob(&blob.digest)?;
    Ok(blob)
}

/// Demands that a mount which was not done has opened a session that works.
fn is_session(t: &Trial<'_>, answer: Answer, blob: &Blob) -> Check {
    if answer.status() != 202 {
        t.should(false, "202, to go on with an upload", answer.told());
        return answer.expect_refusal().map(drop);
    }
    let closed = t.close_upload(&answer.location()?, &blob.digest, &blob.bytes)?;
    closed.expect(201)?;
    t.must_have_blob(blob)
}

fn a_blob_is_mounted_from_another_repository(t: &Trial<'_>) -> Check {
    let blob = elsewhere(t)?;
    let answer = mount(t, &blob.digest, Some(t.other()))?.expect_one_of(&[201, 202])?;
    if answer.status() == 202 {
        is_session(t, answer, &blob)?;
        return not_offered("a session was opened instead");
    }
    let pulled = t.request_at("GET", &answer.location()?).send()?;
    pulled.expect(200)?.expect_body(&blob.bytes)?;
    t.must_have_blob(&blob)
}

fn a_mounted_blob_comes_with_its_digest(t: &Trial<'_>) -> Check {
    let blob = elsewhere(t)?;
    let answer = mount(t, &blob.digest, Some(t.other()))?.expect_one_of(&[201, 202])?;
    let digest = answer.digest();
    match digest {
        Some(digest) if answer.status() == 201 => must(
            content::is_digest_of(digest, &blob.bytes),
            "the digest of the blob",
            digest,
        ),
        _ => not_offered("no mount, or no Docker-Content-Digest"),
    }
}

fn a_mount_that_cannot_be_done_opens_a_session(t: &Trial<'_>) -> Check {
    // The other repository exists, but has no such blob.
    t.push_blob_to(t.other(), &t.blob(10))?;
    let blob = t.blob(1000);
    let answer = mount(t, &blob.digest, Some(t.other()))?;
    is_session(t, answer, &blob)
}

fn a_mount_from_nowhere_opens_a_session(t: &Trial<'_>) -> Check {
    let blob = t.blob(1000);
    let answer = mount(t, &blob.digest, Some(&t.no_repository()))?;
    is_session(t, answer, &blob)
}

fn a_mount_without_a_source_is_a_mount_or_a_session(t: &Trial<'_>) -> Check {
    let blob = elsewhere(t)?;
    let answer = mount(t, &blob.digest, None)?;
    if answer.status() != 201 {
        return is_session(t, answer, &blob);
    }
    answer.location()?;
    t.must_have_blob(&blob)
}
