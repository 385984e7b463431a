//! Conditional requests, which clients may use against lost updates and repeated pulls.

use super::{Group, tests};
use crate::check::{Check, must, not_offered};
use crate::registry::Request;
use crate::trial::{ACCEPT, Trial};

pub(super) const GROUP: Group = Group {
    name: "conditional",
    category: "conditional",
    tests: tests![
        a_manifest_is_not_sent_again => "COMP-05 PUSH-78",
        a_changed_manifest_is_sent_again => "COMP-05",
        a_blob_is_not_sent_again => "COMP-05",
        a_tag_that_has_moved_is_not_overwritten => "COMP-05 PUSH-78 MGMT-11",
        a_tag_that_has_not_moved_is_overwritten => "COMP-05 PUSH-78",
        a_tag_that_exists_is_not_made_again => "COMP-05 PUSH-78",
    ],
};

/// A read of a manifest or a blob.
fn read<'a>(t: &Trial<'a>, method: &'static str, path: &str) -> Request<'a> {
    t.request(method, path).header("accept", ACCEPT)
}

/// The entity tag of a path; ends the test where there is none.
fn tag_of(t: &Trial<'_>, path: &str) -> Check<String> {
    let answer = read(t, "GET", path).send()?.expect(200)?;
    match answer.header("etag") {
        Some(tag) => Ok(tag.to_owned()),
        None => not_offered("no ETag"),
    }
}

/// Demands 304 for what the client has already, from GET and from HEAD.
fn not_sent_again(t: &Trial<'_>, path: &str) -> Check {
    let tag = tag_of(t, path)?;
    for method in ["GET", "HEAD"] {
        let request = read(t, method, path).header("if-none-match", &tag);
        let answer = request.send()?.expect_one_of(&[200, 304])?;
        t.should(answer.status() == 304, "304", answer.told());
    }
    Ok(())
}

fn a_manifest_is_not_sent_again(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    t.tagged_image(&tag)?;
    not_sent_again(t, &format!("manifests/{tag}"))
}

fn a_changed_manifest_is_sent_again(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    t.tagged_image(&tag)?;
    let path = format!("manifests/{tag}");
    let old = tag_of(t, &path)?;
    let image = t.tagged_image(&tag)?;
    let request = read(t, "GET", &path).header("if-none-match", &old);
    let answer = request.send()?.expect(200)?;
    answer.expect_body(image.bytes()).map(drop)
}

fn a_blob_is_not_sent_again(t: &Trial<'_>) -> Check {
    let blob = t.blob(1000);
    t.push_blob(&blob)?;
    not_sent_again(t, &format!("blobs/{}", blob.digest))
}

fn a_tag_that_has_moved_is_not_overwritten(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    t.tagged_image(&tag)?;
    let path = format!("manifests/{tag}");
    let old = tag_of(t, &path)?;
    let now = t.tagged_image(&tag)?;
    let mine = t.unpushed_image()?;
    let request = t.request("PUT", &path).header("if-match", &old);
    let request = request.header("content-type", &mine.media_type);
    let answer = request.body(mine.bytes()).send()?;
    if answer.status() == 201 {
        return not_offered("If-Match is left out of account");
    }
    answer.expect(412)?;
    t.must_have_manifest(&tag, &now)
}

fn a_tag_that_has_not_moved_is_overwritten(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    t.tagged_image(&tag)?;
    let path = format!("manifests/{tag}");
    let now = tag_of(t, &path)?;
    let mine = t.unpushed_image()?;
    let request = t.request("PUT", &path).header("if-match", &now);
    let request = request.header("content-type", &mine.media_type);
    request.body(mine.bytes()).send()?.expect(201)?;
    t.must_have_manifest(&tag, &mine)
}

fn a_tag_that_exists_is_not_made_again(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    let create = |image: &crate::content::Document| {
        let request = t.request("PUT", &format!("manifests/{tag}"));
        let request = request.header("if-none-match", "*");
        let request = request.header("content-type", &image.media_type);
        request.body(image.bytes()).send()
    };
    let (first, second) = (t.unpushed_image()?, t.unpushed_image()?);
    create(&first)?.expect(201)?;
    let answer = create(&second)?;
    if answer.status() == 201 {
        return not_offered("If-None-Match is left out of account");
    }
    must(answer.status() == 412, "412", answer.told())?;
    t.must_have_manifest(&tag, &first)
}
