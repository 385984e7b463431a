//! Digests by another algorithm than the usual one.

use super::{Group, tests};
use crate::check::{Check, must, not_offered};
use crate::content::{self, Document, media};
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: "digests",
    category: "digests",
    tests: tests![
        a_blob_is_pushed_and_pulled_by_sha512 => "DIG-01",
        another_sha512_than_that_of_the_blob_is_refused => "DIG-02",
        a_blob_is_pushed_in_chunks_by_sha512 => "DIG-01",
        a_manifest_is_pushed_and_pulled_by_sha512 => "DIG-01 PULL-15 PULL-16",
        another_sha512_than_that_of_the_manifest_is_refused => "DIG-02",
        a_manifest_names_its_blobs_by_sha512 => "DIG-01",
        an_unknown_algorithm_is_refused => "DIG-02",
    ],
};

/// Ends the test where a digest by sha512 is refused, which has to be said as such.
fn accepted(answer: crate::answer::Answer) -> Check {
    if answer.status() == 400 {
        return not_offered("sha512 is refused");
    }
    answer.expect(201).map(drop)
}

fn a_blob_is_pushed_and_pulled_by_sha512(t: &Trial<'_>) -> Check {
    let blob = t.blob(1000).by_sha512();
    let session = t.open_upload()?;
    accepted(t.close_upload(&session, &blob.digest, &blob.bytes)?)?;
    t.must_have_blob(&blob)?;
    t.head(&format!("blobs/{}", blob.digest))?
        .expect(200)
        .map(drop)
}

fn another_sha512_than_that_of_the_blob_is_refused(t: &Trial<'_>) -> Check {
    let (blob, other) = (t.blob(1000), t.blob(1000).by_sha512());
    let session = t.open_upload()?;
    let answer = t.close_upload(&session, &other.digest, &blob.bytes)?;
    answer.expect(400)?;
    t.head(&format!("blobs/{}", other.digest))?
        .expect_refusal()?;
    t.must_lack_blob(&blob.digest)
}

fn a_blob_is_pushed_in_chunks_by_sha512(t: &Trial<'_>) -> Check {
    let blob = t.blob(2000).by_sha512();
    let patch = t.request_at("PATCH", &t.open_upload()?).body(&blob.bytes);
    let answer = patch
        .header("content-range", "0-1999")
        .send()?
        .expect(202)?;
    accepted(t.close_upload(&answer.location()?, &blob.digest, b"")?)?;
    t.must_have_blob(&blob)
}

fn a_manifest_is_pushed_and_pulled_by_sha512(t: &Trial<'_>) -> Check {
    let mut image = t.unpushed_image()?;
    image.blob = image.blob.by_sha512();
    accepted(t.put_manifest(&image, image.digest())?)?;
    let answer = t.get_manifest(image.digest())?.expect(200)?;
    if let Some(digest) = answer.digest() {
        let right = content::is_digest_of(digest, image.bytes());
        must(right, "a digest of the manifest", digest)?;
    }
    answer.expect_body(image.bytes()).map(drop)
}

fn another_sha512_than_that_of_the_manifest_is_refused(t: &Trial<'_>) -> Check {
    let (image, other) = (t.unpushed_image()?, t.blob(10).by_sha512());
    t.put_manifest(&image, &other.digest)?.expect_refusal()?;
    t.get_manifest(image.digest())?.expect(404).map(drop)
}

fn a_manifest_names_its_blobs_by_sha512(t: &Trial<'_>) -> Check {
    let (config, layer) = (t.config().by_sha512(), t.blob(100).by_sha512());
    for blob in [&config, &layer] {
        accepted(t.close_upload(&t.open_upload()?, &blob.digest, &blob.bytes)?)?;
    }
    let layers = [layer.descriptor(media::LAYER)];
    let image = content::image(&config.descriptor(media::CONFIG), &layers);
    let image = Document::new(media::MANIFEST, &image);
    t.push_untagged(&image)?;
    t.must_have_manifest(image.digest(), &image)
}

fn an_unknown_algorithm_is_refused(t: &Trial<'_>) -> Check {
    let (blob, session) = (t.blob(100), t.open_upload()?);
    let digest = format!("example{}", blob.digest.trim_start_matches("sha256"));
    let answer = t.close_upload(&session, &digest, &blob.bytes)?;
    answer.expect(400)?;
    t.head(&format!("blobs/{digest}"))?
        .expect_refusal()
        .map(drop)
}
