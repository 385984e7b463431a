//! Push: blobs in one piece.

use super::{Group, tests};
use crate::check::{Check, must, must_equal, not_offered};
use crate::content::{self, Blob};
use crate::http::Framing;
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: "uploads",
    category: "push",
    tests: tests![
        a_blob_is_pushed_by_post_and_put =>
            "PUSH-04 PUSH-05 PUSH-07 PUSH-08 PUSH-09 PUSH-12 PUSH-13 CONF-02 END-04 END-06",
        a_session_has_a_uuid_of_its_own => "PUSH-06",
        the_location_of_a_blob_can_be_pulled => "PUSH-13",
        a_blob_is_pushed_by_a_single_post => "PUSH-14 PUSH-17 PUSH-18 PUSH-19 PUSH-20",
        a_single_post_with_another_digest_is_refused => "PUSH-16",
        a_put_with_another_digest_is_refused => "PUSH-16 END-06",
        a_put_without_a_digest_is_refused => "PUSH-37",
        a_put_with_a_broken_digest_is_refused => "PUSH-16 END-06",
        a_refused_digest_leaves_no_blob => "PUSH-16",
        a_body_that_breaks_off_leaves_no_blob => "PUSH-15",
        an_empty_blob_is_pushed => "PUSH-12",
        a_blob_of_five_mebibytes_is_pushed => "PUSH-12",
        a_blob_is_pushed_twice => "USE-01",
        two_sessions_push_the_same_blob => "USE-01",
        a_closed_session_is_unknown => "END-05 END-06 END-13",
        a_blob_can_be_pushed_after_a_refusal => "PUSH-12",
    ],
};

fn a_blob_is_pushed_by_post_and_put(t: &Trial<'_>) -> Check {
    let blob = t.blob(1000);
    let opened = t.request("POST", "blobs/uploads/").send()?.expect(202)?;
    let session = opened.location()?;
    let closed = t.close_upload(&session, &blob.digest, &blob.bytes)?;
    closed.expect(201)?.location()?;
    t.must_have_blob(&blob)
}

/// Whether a text holds a UUID in its usual form.
fn holds_uuid(text: &str) -> bool {
    const PARTS: [usize; 5] = [8, 4, 4, 4, 12];
    let words = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    words.into_iter().any(|word| {
        let parts: Vec<usize> = word.split('-').map(str::len).collect();
        parts.windows(PARTS.len()).any(|w| w == PARTS)
    })
}

fn a_session_has_a_uuid_of_its_own(t: &Trial<'_>) -> Check {
    let (first, second) = (t.open_upload()?, t.open_upload()?);
    must(
        first != second,
        "two sessions at two places",
        first.target(),
    )?;
    for session in [first, second] {
        must(
            holds_uuid(session.target()),
            "a UUID in the location of a session",
            session.target(),
        )?;
    }
    Ok(())
}

fn the_location_of_a_blob_can_be_pulled(t: &Trial<'_>) -> Check {
    let blob = t.blob(1000);
    let session = t.open_upload()?;
    let closed = t.close_upload(&session, &blob.digest, &blob.bytes)?;
    let place = closed.expect(201)?.location()?;
    let answer = t.request_at("GET", &place).send()?.expect(200)?;
    answer.expect_body(&blob.bytes).map(drop)
}

fn a_blob_is_pushed_by_a_single_post(t: &Trial<'_>) -> Check {
    let blob = t.blob(1000);
    let path = format!("blobs/uploads/?digest={}", blob.digest);
    let request = t.request("POST", &path).body(&blob.bytes);
    let request = request.header("content-type", "application/octet-stream");
    let answer = request.send()?.expect_one_of(&[201, 202])?;
    if answer.status() == 202 {
        // Then it is the beginning of a session like any other.
        let closed = t.close_upload(&answer.location()?, &blob.digest, &blob.bytes)?;
        closed.expect(201)?;
        t.must_have_blob(&blob)?;
        return not_offered("the POST opens a session; its body is left out");
    }
    let pulled = t.request_at("GET", &answer.location()?).send()?;
    pulled.expect(200)?.expect_body(&blob.bytes)?;
    t.must_have_blob(&blob)
}

fn a_single_post_with_another_digest_is_refused(t: &Trial<'_>) -> Check {
    let (blob, other) = (t.blob(100), t.no_digest());
    let path = format!("blobs/uploads/?digest={other}");
    let request = t.request("POST", &path).body(&blob.bytes);
    let request = request.header("content-type", "application/octet-stream");
    let answer = request.send()?;
    if answer.status() != 202 {
        answer.expect(400)?;
    }
    t.must_lack_blob(&other)
}

fn a_put_with_another_digest_is_refused(t: &Trial<'_>) -> Check {
    let (blob, session) = (t.blob(100), t.open_upload()?);
    let answer = t.close_upload(&session, &t.no_digest(), &blob.bytes)?;
    answer.expect(400).map(drop)
}

fn a_put_without_a_digest_is_refused(t: &Trial<'_>) -> Check {
    let (blob, session) = (t.blob(100), t.open_upload()?);
    let answer = t.request_at("PUT", &session).body(&blob.bytes).send()?;
    answer.expect(400)?;
    t.must_lack_blob(&blob.digest)
}

fn a_put_with_a_broken_digest_is_refused(t: &Trial<'_>) -> Check {
    let blob = t.blob(100);
    let upper = blob.digest.to_uppercase().replace("SHA256", "sha256");
    let short = blob.digest.get(..70).unwrap_or_default();
    for digest in [
        short,
        upper.as_str(),
        "sha256:",
        "sha256",
        ":",
        "",
        "md5:x",
        "sha256:../../x",
    ] {
        let session = t.open_upload()?;
        t.close_upload(&session, digest, &blob.bytes)?.expect(400)?;
    }
    t.must_lack_blob(&blob.digest)
}

fn a_refused_digest_leaves_no_blob(t: &Trial<'_>) -> Check {
    let (blob, promised, session) = (t.blob(100), t.blob(100), t.open_upload()?);
    let answer = t.close_upload(&session, &promised.digest, &blob.bytes)?;
    answer.expect_refusal()?;
    t.must_lack_blob(&blob.digest)?;
    t.must_lack_blob(&promised.digest)
}

fn a_body_that_breaks_off_leaves_no_blob(t: &Trial<'_>) -> Check {
    let (blob, session) = (t.blob(1000), t.open_upload()?);
    let url = session.with_query("digest", &blob.digest);
    let request = t.request_at("PUT", &url).body(&blob.bytes);
    // All of the blob comes, but as much again was promised: no answer is as good as a refusal.
    if let Ok(answer) = request.framing(Framing::BreaksOff).send() {
        must(
            !(200..300).contains(&answer.status()),
            "no success for half a body",
            answer.told(),
        )?;
    }
    t.must_lack_blob(&blob.digest)
}

fn an_empty_blob_is_pushed(t: &Trial<'_>) -> Check {
    let blob = Blob::new(Vec::new());
    t.push_blob(&blob)?;
    t.must_have_blob(&blob)
}

fn a_blob_of_five_mebibytes_is_pushed(t: &Trial<'_>) -> Check {
    let blob = t.blob(5 * 1024 * 1024);
    t.push_blob(&blob)?;
    t.must_have_blob(&blob)
}

fn a_blob_is_pushed_twice(t: &Trial<'_>) -> Check {
    let blob = t.blob(1000);
    t.push_blob(&blob)?;
    t.push_blob(&blob)?;
    t.must_have_blob(&blob)
}

fn two_sessions_push_the_same_blob(t: &Trial<'_>) -> Check {
    let blob = t.blob(1000);
    let (first, second) = (t.open_upload()?, t.open_upload()?);
    for session in [second, first] {
        let closed = t.close_upload(&session, &blob.digest, &blob.bytes)?;
        closed.expect(201)?;
    }
    t.must_have_blob(&blob)
}

fn a_closed_session_is_unknown(t: &Trial<'_>) -> Check {
    let (blob, session) = (t.blob(100), t.open_upload()?);
    t.close_upload(&session, &blob.digest, &blob.bytes)?
        .expect(201)?;
    t.request_at("GET", &session).send()?.expect(404)?;
    let patch = t.request_at("PATCH", &session).body(&blob.bytes);
    patch.header("content-range", "0-99").send()?.expect(404)?;
    let again = t.close_upload(&session, &blob.digest, &blob.bytes)?;
    again.expect(404).map(drop)
}

fn a_blob_can_be_pushed_after_a_refusal(t: &Trial<'_>) -> Check {
    let (blob, session) = (t.blob(100), t.open_upload()?);
    let wrong = t.close_upload(&session, &blob.digest, b"something else")?;
    wrong.expect_refusal()?;
    t.push_blob(&blob)?;
    let pulled = t.get(&format!("blobs/{}", blob.digest))?.expect(200)?;
    must_equal(
        "the digest of the body",
        &blob.digest,
        &content::sha256(pulled.body()),
    )
}
