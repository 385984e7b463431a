//! Pull: manifests and blobs that are there, and those that are not.

use super::{Group, tests};
use crate::answer::Answer;
use crate::check::{Check, must, must_equal};
use crate::content::{self, Blob};
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: "pull",
    category: "pull",
    tests: tests![
        a_manifest_is_pulled_by_its_tag => "PULL-12 PULL-13 CONF-01",
        a_manifest_is_pulled_by_its_digest => "PULL-12 PULL-13 CONF-01",
        a_manifest_keeps_its_content_type => "PULL-10",
        a_content_type_has_no_parameters => "PULL-08",
        a_manifest_comes_with_its_digest => "PULL-14 PULL-15 PULL-16",
        an_unknown_tag_is_not_found => "PULL-20 END-03",
        an_unknown_manifest_is_not_found => "PULL-20 END-03",
        a_manifest_of_another_repository_is_not_found => "PULL-20",
        a_blob_is_pulled => "PULL-21 PULL-22 CONF-01 END-02",
        a_blob_is_pulled_before_any_manifest_names_it => "PULL-01",
        a_blob_comes_with_its_digest => "PULL-23 PULL-24",
        an_unknown_blob_is_not_found => "PULL-28 END-02",
        a_blob_of_another_repository_is_not_found => "PULL-28",
        a_range_from_the_middle_is_pulled => "PULL-29",
        a_range_without_an_end_is_pulled => "PULL-29",
        the_last_bytes_are_pulled => "PULL-29",
        a_range_beyond_the_end_is_cut => "PULL-29",
        a_range_past_the_end_is_refused => "PULL-29",
        a_broken_pull_is_resumed => "PULL-29",
        head_finds_a_manifest_by_tag_and_digest => "PULL-30",
        head_tells_digest_and_size_of_a_manifest => "PULL-31 PULL-32",
        head_finds_a_blob => "PULL-30",
        head_tells_digest_and_size_of_a_blob => "PULL-31 PULL-32",
        head_does_not_find_what_is_not_there => "PULL-33",
        a_reference_that_is_neither_tag_nor_digest_is_refused => "PULL-02 PULL-03 PULL-05 PULL-06",
        a_name_outside_the_grammar_is_refused => "PULL-04",
        every_name_of_the_grammar_is_understood => "PULL-04",
    ],
};

fn a_manifest_is_pulled_by_its_tag(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    let image = t.tagged_image(&tag)?;
    let answer = t.get_manifest(&tag)?.expect(200)?;
    answer.expect_body(image.bytes()).map(drop)
}

fn a_manifest_is_pulled_by_its_digest(t: &Trial<'_>) -> Check {
    let image = t.tagged_image(&t.tag())?;
    let answer = t.get_manifest(image.digest())?.expect(200)?;
    answer.expect_body(image.bytes()).map(drop)
}

fn a_manifest_keeps_its_content_type(t: &Trial<'_>) -> Check {
    let image = t.tagged_image(&t.tag())?;
    for method in ["GET", "HEAD"] {
        let answer = t.read_manifest(method, image.digest())?.expect(200)?;
        let seen = answer.header("content-type").unwrap_or_default();
        let kept = seen.split(';').next() == Some(&image.media_type);
        t.should(kept, &image.media_type, answer.told());
    }
    Ok(())
}

fn a_content_type_has_no_parameters(t: &Trial<'_>) -> Check {
    let image = t.tagged_image(&t.tag())?;
    let answer = t.get_manifest(image.digest())?.expect(200)?;
    let seen = answer.header("content-type").unwrap_or_default();
    t.should(!seen.contains(';'), "no parameters", seen);
    Ok(())
}

/// Demands that the digest header, where it is, is that of these bytes; one should be there.
fn comes_with_its_digest(t: &Trial<'_>, answer: &Answer, bytes: &[u8]) -> Check {
    const EXPECTED: &str = "a Docker-Content-Digest of what was pushed";
    if let Some(digest) = answer.digest() {
        return must(content::is_digest_of(digest, bytes), EXPECTED, digest);
    }
    t.should(false, EXPECTED, "none");
    Ok(())
}

fn a_manifest_comes_with_its_digest(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    let image = t.tagged_image(&tag)?;
    for reference in [tag.as_str(), image.digest()] {
        let answer = t.get_manifest(reference)?.expect(200)?;
        comes_with_its_digest(t, &answer, image.bytes())?;
    }
    Ok(())
}

fn an_unknown_tag_is_not_found(t: &Trial<'_>) -> Check {
    t.tagged_image(&t.tag())?;
    t.get_manifest(&t.tag())?.expect(404).map(drop)
}

fn an_unknown_manifest_is_not_found(t: &Trial<'_>) -> Check {
    t.tagged_image(&t.tag())?;
    t.get_manifest(&t.no_digest())?.expect(404).map(drop)
}

fn a_manifest_of_another_repository_is_not_found(t: &Trial<'_>) -> Check {
    let image = t.tagged_image(&t.tag())?;
    let path = format!("manifests/{}", image.digest());
    let answer = t.request_in(t.other(), "GET", &path).send()?;
    answer.expect(404).map(drop)
}

/// A blob that is pushed.
fn pushed(t: &Trial<'_>, length: usize) -> Check<Blob> {
    let blob = t.blob(length);
    t.push_blob(&blob)?;
    Ok(blob)
}

fn a_blob_is_pulled(t: &Trial<'_>) -> Check {
    let image = t.image()?;
    t.push_untagged(&content::Document::new(content::media::MANIFEST, &image))?;
    let digest = image.pointer("/layers/0/digest");
    let digest = digest.and_then(|d| d.as_str()).unwrap_or_default();
    let answer = t.get(&format!("blobs/{digest}"))?.expect(200)?;
    must_equal(
        "the digest of the body",
        digest,
        &content::sha256(answer.body()),
    )
}

fn a_blob_is_pulled_before_any_manifest_names_it(t: &Trial<'_>) -> Check {
    let blob = pushed(t, 1000)?;
    t.must_have_blob(&blob)
}

fn a_blob_comes_with_its_digest(t: &Trial<'_>) -> Check {
    let blob = pushed(t, 1000)?;
    let answer = t.get(&format!("blobs/{}", blob.digest))?.expect(200)?;
    comes_with_its_digest(t, &answer, &blob.bytes)
}

fn an_unknown_blob_is_not_found(t: &Trial<'_>) -> Check {
    pushed(t, 10)?;
    let answer = t.get(&format!("blobs/{}", t.no_digest()))?;
    answer.expect(404).map(drop)
}

fn a_blob_of_another_repository_is_not_found(t: &Trial<'_>) -> Check {
    let blob = pushed(t, 10)?;
    let path = format!("blobs/{}", blob.digest);
    for method in ["GET", "HEAD"] {
        let answer = t.request_in(t.other(), method, &path).send()?;
        answer.expect(404)?;
    }
    Ok(())
}

const LENGTH: usize = 1000;

/// Asks for a range of a blob of `LENGTH` bytes, and demands a part of it, as `Content-Range` says too.
fn part(t: &Trial<'_>, range: &str, first: usize, last: usize) -> Check {
    let blob = pushed(t, LENGTH)?;
    let request = t.request("GET", &format!("blobs/{}", blob.digest));
    let answer = request.header("range", range).send()?;
    if answer.status() == 200 {
        // Whoever knows no ranges answers with the whole.
        t.should(false, "206 for a range", "200 and the whole blob");
        return answer.expect_body(&blob.bytes).map(drop);
    }
    let answer = answer.expect(206)?;
    let expected = format!("bytes {first}-{last}/{LENGTH}");
    must_equal(
        "Content-Range",
        &expected,
        answer.must_have("content-range")?,
    )?;
    let bytes = blob.bytes.get(first..=last).unwrap_or_default();
    answer.expect_body(bytes).map(drop)
}

fn a_range_from_the_middle_is_pulled(t: &Trial<'_>) -> Check {
    part(t, "bytes=10-19", 10, 19)
}

fn a_range_without_an_end_is_pulled(t: &Trial<'_>) -> Check {
    part(t, "bytes=990-", 990, LENGTH - 1)
}

fn the_last_bytes_are_pulled(t: &Trial<'_>) -> Check {
    part(t, "bytes=-5", LENGTH - 5, LENGTH - 1)
}

fn a_range_beyond_the_end_is_cut(t: &Trial<'_>) -> Check {
    part(t, "bytes=900-5000", 900, LENGTH - 1)
}

fn a_range_past_the_end_is_refused(t: &Trial<'_>) -> Check {
    let blob = pushed(t, LENGTH)?;
    let request = t.request("GET", &format!("blobs/{}", blob.digest));
    let answer = request.header("range", "bytes=1000-").send()?;
    if answer.status() == 200 {
        t.should(
            false,
            "416 for a range past the end",
            "200 and the whole blob",
        );
        return answer.expect_body(&blob.bytes).map(drop);
    }
    let answer = answer.expect(416)?;
    // RFC 9110 section 15.5.17.
    let told = answer.header("content-range") == Some("bytes */1000");
    t.should(told, "Content-Range: bytes */1000", answer.told());
    Ok(())
}

fn a_broken_pull_is_resumed(t: &Trial<'_>) -> Check {
    let blob = pushed(t, 300_000)?;
    let mut pulled = Vec::new();
    for range in ["bytes=0-99999", "bytes=100000-299998", "bytes=299999-"] {
        let request = t.request("GET", &format!("blobs/{}", blob.digest));
        let answer = request.header("range", range).send()?;
        if answer.status() == 200 {
            t.should(false, "206 for a range", "200 and the whole blob");
            return Ok(());
        }
        pulled.extend_from_slice(answer.expect(206)?.body());
    }
    must_equal(
        "the digest of all parts",
        &blob.digest,
        &content::sha256(&pulled),
    )
}

fn head_finds_a_manifest_by_tag_and_digest(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    let image = t.tagged_image(&tag)?;
    for reference in [tag.as_str(), image.digest()] {
        t.read_manifest("HEAD", reference)?.expect(200)?;
    }
    Ok(())
}

/// Notes where HEAD leaves out what it should tell.
fn tells_digest_and_size(t: &Trial<'_>, answer: &Answer, bytes: &[u8]) -> Check {
    comes_with_its_digest(t, answer, bytes)?;
    let length = answer.header("content-length").unwrap_or("none");
    let expected = bytes.len().to_string();
    t.should(
        length == expected,
        &format!("Content-Length {expected}"),
        length,
    );
    Ok(())
}

fn head_tells_digest_and_size_of_a_manifest(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    let image = t.tagged_image(&tag)?;
    let answer = t.read_manifest("HEAD", &tag)?.expect(200)?;
    tells_digest_and_size(t, &answer, image.bytes())
}

fn head_finds_a_blob(t: &Trial<'_>) -> Check {
    let blob = pushed(t, 10)?;
    t.head(&format!("blobs/{}", blob.digest))?
        .expect(200)
        .map(drop)
}

fn head_tells_digest_and_size_of_a_blob(t: &Trial<'_>) -> Check {
    let blob = pushed(t, 12_345)?;
    let answer = t.head(&format!("blobs/{}", blob.digest))?.expect(200)?;
    tells_digest_and_size(t, &answer, &blob.bytes)
}

fn head_does_not_find_what_is_not_there(t: &Trial<'_>) -> Check {
    t.tagged_image(&t.tag())?;
    for path in [
        format!("manifests/{}", t.tag()),
        format!("manifests/{}", t.no_digest()),
        format!("blobs/{}", t.no_digest()),
    ] {
        t.head(&path)?.expect(404)?;
    }
    Ok(())
}

fn a_reference_that_is_neither_tag_nor_digest_is_refused(t: &Trial<'_>) -> Check {
    t.tagged_image(&t.tag())?;
    let long = "a".repeat(129);
    for reference in [
        long.as_str(),
        "-a",
        ".a",
        "a+b",
        "a:b",
        "sha256:abc",
        "a%20b",
        "a%00",
    ] {
        t.get_manifest(reference)?.expect_refusal()?;
    }
    Ok(())
}

fn a_name_outside_the_grammar_is_refused(t: &Trial<'_>) -> Check {
    for name in [
        "UPPER", "-a", "a-", "a_", "a..b", "a._b", "a___b", "a/-b", "a@b", "a%20b",
    ] {
        let answer = t.request_in(name, "GET", "manifests/latest").send()?;
        answer.expect_refusal()?;
        // A registry that makes repositories when they are pushed to must not make these.
        let answer = t.request_in(name, "POST", "blobs/uploads/").send()?;
        answer.expect_refusal()?;
    }
    Ok(())
}

fn every_name_of_the_grammar_is_understood(t: &Trial<'_>) -> Check {
    let word = t.random.word();
    for name in [
        format!("{word}/a"),
        format!("{word}.a_b-c"),
        format!("{word}__a"),
        format!("{word}---a"),
        format!("0/1/2/3/4/5/6/7/{word}"),
    ] {
        let answer = t.request_in(&name, "GET", "manifests/latest").send()?;
        let understood = answer.status() == 404 && !answer.has_code(&["NAME_INVALID"]);
        must(
            understood,
            "404, for want of such a repository",
            answer.told(),
        )?;
    }
    Ok(())
}
