//! Push: manifests of every kind, and what is none.

use serde_json::{Value, json};

use super::{Group, tests};
use crate::answer::Answer;
use crate::check::{Check, must, must_equal, not_offered};
use crate::content::{self, Blob, Document, media, with, without};
use crate::trial::Trial;

pub(super) const GROUP: Group = Group {
    name: "manifests",
    category: "push",
    tests: tests![
        a_manifest_is_pushed_by_tag => "PUSH-57 PUSH-61 CONF-02 END-07",
        a_manifest_is_pushed_by_digest => "PUSH-57 PUSH-61 END-07",
        the_location_of_a_manifest_can_be_pulled => "PUSH-62",
        a_push_is_answered_with_the_digest => "PUSH-63",
        a_manifest_is_kept_byte_for_byte => "PUSH-60",
        a_manifest_is_pushed_twice => "PUSH-61",
        a_tag_follows_the_last_push => "PULL-12",
        another_digest_than_that_of_the_manifest_is_refused => "PUSH-57 PUSH-63",
        a_tag_outside_the_grammar_is_refused => "PUSH-57 PULL-05 PULL-06",
        every_tag_of_the_grammar_is_accepted => "PULL-05 PULL-06",
        parameters_of_the_content_type_are_ignored => "PUSH-54",
        a_manifest_without_a_media_type_is_accepted => "PUSH-55",
        an_image_without_layers_is_accepted => "PUSH-59",
        an_index_without_manifests_is_accepted => "PUSH-59",
        an_index_is_pushed_with_its_children => "PUSH-61",
        an_index_of_indexes_is_pushed => "PUSH-61",
        an_artifact_is_pushed => "DEF-01 PUSH-61",
        a_manifest_of_docker_is_pushed => "DEF-01",
        what_is_no_json_is_refused => "DEF-01 CODE-06",
        a_manifest_with_an_unknown_layer_is_told_of_it => "PUSH-02 PUSH-03 CODE-05",
        a_manifest_with_an_unknown_config_is_told_of_it => "PUSH-02 PUSH-03 CODE-05",
        an_index_with_an_unknown_child_is_told_of_it => "PUSH-02 PUSH-03 CODE-05",
        a_manifest_of_four_mebibytes_is_accepted => "PUSH-69",
        a_manifest_without_measure_is_refused => "PUSH-67 PUSH-68 END-07",
        an_unknown_repository_is_not_found => "PUSH-66",
    ],
};

fn a_manifest_is_pushed_by_tag(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    let image = t.tagged_image(&tag)?;
    t.must_have_manifest(&tag, &image)?;
    t.must_have_manifest(image.digest(), &image)
}

fn a_manifest_is_pushed_by_digest(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    t.push_untagged(&image)?;
    t.must_have_manifest(image.digest(), &image)
}

fn the_location_of_a_manifest_can_be_pulled(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    for reference in [t.tag().as_str(), image.digest()] {
        let place = t.push(&image, reference)?.location()?;
        let pulled = t
            .request_at("GET", &place)
            .header("accept", &image.media_type);
        pulled.send()?.expect(200)?.expect_body(image.bytes())?;
    }
    Ok(())
}

fn a_push_is_answered_with_the_digest(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    for reference in [t.tag().as_str(), image.digest()] {
        let answer = t.push(&image, reference)?;
        match answer.digest() {
            Some(digest) => must_equal("Docker-Content-Digest", image.digest(), digest)?,
            None => t.should(false, "a Docker-Content-Digest", answer.told()),
        }
    }
    Ok(())
}

fn a_manifest_is_kept_byte_for_byte(t: &Trial<'_>) -> Check {
    let image = with(
        t.image()?,
        "org.example.unknown",
        json!([1, 1.5e3, null, "é/\u{1F40B}"]),
    );
    let tight = image.to_string();
    // Blanks, line ends of another world, an escaped slash, no order, a blank line at the end.
    let text = tight.replace(':', " :\t").replace(",\"", ",\r\n  \"");
    let text = text.replace("application/vnd", "application\\/vnd");
    // The colons inside of texts are those of digests: they stay as they were.
    let text = text.replace("sha256 :\t", "sha256:") + "\n\n";
    let odd = Document::of_text(media::MANIFEST, &text);
    let tag = t.tag();
    t.push(&odd, &tag)?;
    t.must_have_manifest(&tag, &odd)?;
    t.must_have_manifest(odd.digest(), &odd)
}

fn a_manifest_is_pushed_twice(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    let tag = t.tag();
    for _ in 0..2 {
        t.push(&image, &tag)?;
        t.push_untagged(&image)?;
    }
    t.must_have_manifest(&tag, &image)
}

fn a_tag_follows_the_last_push(t: &Trial<'_>) -> Check {
    let tag = t.tag();
    let first = t.tagged_image(&tag)?;
    let second = t.tagged_image(&tag)?;
    t.must_have_manifest(&tag, &second)?;
    t.must_have_manifest(first.digest(), &first)
}

fn another_digest_than_that_of_the_manifest_is_refused(t: &Trial<'_>) -> Check {
    let (image, other) = (t.unpushed_image()?, t.no_digest());
    t.put_manifest(&image, &other)?.expect_refusal()?;
    t.get_manifest(&other)?.expect(404)?;
    t.get_manifest(image.digest())?.expect(404).map(drop)
}

fn a_tag_outside_the_grammar_is_refused(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    let long = format!("{}{}", t.random.word(), "a".repeat(113));
    for tag in [
        long.as_str(),
        "-a",
        ".a",
        "a+b",
        "a%20b",
        "sha256:abc",
        "%C3%A9",
    ] {
        t.put_manifest(&image, tag)?.expect_refusal()?;
    }
    t.get_manifest(image.digest())?.expect(404).map(drop)
}

fn every_tag_of_the_grammar_is_accepted(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    let word = t.random.word();
    for tag in [
        format!("{word}{}", "z".repeat(112)),
        format!("_{word}"),
        format!("{word}-A._b-"),
        format!("A{}", word.to_uppercase()),
        format!("0.{word}"),
    ] {
        t.push(&image, &tag)?;
        t.must_have_manifest(&tag, &image)?;
    }
    Ok(())
}

fn parameters_of_the_content_type_are_ignored(t: &Trial<'_>) -> Check {
    let image = t.unpushed_image()?;
    let tag = t.tag();
    let request = t.request("PUT", &format!("manifests/{tag}"));
    let request = request.header(
        "content-type",
        &format!("{}; charset=utf-8", media::MANIFEST),
    );
    let answer = request.body(image.bytes()).send()?;
    if answer.status() != 201 {
        t.should(false, "201: the parameter is ignored", answer.told());
        return answer.expect_refusal().map(drop);
    }
    t.must_have_manifest(&tag, &image)
}

fn a_manifest_without_a_media_type_is_accepted(t: &Trial<'_>) -> Check {
    let image = Document::new(media::MANIFEST, &without(t.image()?, "mediaType"));
    t.push_untagged(&image)?;
    t.must_have_manifest(image.digest(), &image)
}

fn an_image_without_layers_is_accepted(t: &Trial<'_>) -> Check {
    let config = t.config();
    t.push_blob(&config)?;
    let image = content::image(&config.descriptor(media::CONFIG), &[]);
    let image = Document::new(media::MANIFEST, &image);
    t.push_untagged(&image)?;
    t.must_have_manifest(image.digest(), &image)
}

/// An index over manifests, unlike any other.
fn index(t: &Trial<'_>, children: &[Value]) -> Document {
    Document::new(media::INDEX, &content::index(children, &t.random.word()))
}

fn an_index_without_manifests_is_accepted(t: &Trial<'_>) -> Check {
    let index = index(t, &[]);
    t.push_untagged(&index)?;
    t.must_have_manifest(index.digest(), &index)
}

fn an_index_is_pushed_with_its_children(t: &Trial<'_>) -> Check {
    let mut children = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let child = t.unpushed_image()?;
        t.push_untagged(&child)?;
        let platform = json!({"architecture": architecture, "os": "linux"});
        children.push(with(child.descriptor(), "platform", platform));
    }
    let (index, tag) = (index(t, &children), t.tag());
    t.push(&index, &tag)?;
    t.must_have_manifest(&tag, &index)
}

fn an_index_of_indexes_is_pushed(t: &Trial<'_>) -> Check {
    let image = t.tagged_image(&t.tag())?;
    let inner = index(t, &[image.descriptor()]);
    t.push_untagged(&inner)?;
    let outer = index(t, &[inner.descriptor(), image.descriptor()]);
    t.push_untagged(&outer)?;
    t.must_have_manifest(outer.digest(), &outer)
}

fn an_artifact_is_pushed(t: &Trial<'_>) -> Check {
    let (empty, layer) = (Blob::new(b"{}".to_vec()), t.blob(100));
    t.push_blob(&empty)?;
    t.push_blob(&layer)?;
    let layers = [layer.descriptor("application/vnd.example.thing")];
    let artifact = content::image(&empty.descriptor(media::EMPTY), &layers);
    let artifact = with(
        artifact,
        "artifactType",
        json!("application/vnd.example.artifact"),
    );
    let artifact = with(artifact, "annotations", json!({"org.example.a": "b"}));
    let artifact = Document::new(media::MANIFEST, &artifact);
    t.push_untagged(&artifact)?;
    t.must_have_manifest(artifact.digest(), &artifact)
}

fn a_manifest_of_docker_is_pushed(t: &Trial<'_>) -> Check {
    let (config, layer) = (t.config(), t.blob(100));
    t.push_blob(&config)?;
    t.push_blob(&layer)?;
    let layers = [layer.descriptor(media::DOCKER_LAYER)];
    let image = content::image(&config.descriptor(media::DOCKER_CONFIG), &layers);
    let image = with(image, "mediaType", json!(media::DOCKER_MANIFEST));
    let image = Document::new(media::DOCKER_MANIFEST, &image);
    t.push_untagged(&image)?;
    t.must_have_manifest(image.digest(), &image)
}

fn what_is_no_json_is_refused(t: &Trial<'_>) -> Check {
    t.tagged_image(&t.tag())?;
    let word = t.random.word();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        "",
        "{",
        &format!("no json {word}"),
        "[]",
        "null",
        "\"text\"",
        &deep,
    ] {
        let document = Document::of_text(media::MANIFEST, text);
        t.put_manifest(&document, &t.tag())?.expect_refusal()?;
    }
    Ok(())
}

/// Demands that a manifest with something missing is taken, or refused by the right code.
fn accepted_or_told(answer: Answer) -> Check {
    if answer.status() == 201 {
        return not_offered("what a manifest names is not looked for");
    }
    let answer = answer.expect_refusal()?;
    let told = answer.has_code(&["MANIFEST_BLOB_UNKNOWN"]);
    must(told, "MANIFEST_BLOB_UNKNOWN", answer.told())
}

fn a_manifest_with_an_unknown_layer_is_told_of_it(t: &Trial<'_>) -> Check {
    let config = t.config();
    t.push_blob(&config)?;
    let layers = [t.blob(100).descriptor(media::LAYER)];
    let image = content::image(&config.descriptor(media::CONFIG), &layers);
    let image = Document::new(media::MANIFEST, &image);
    accepted_or_told(t.put_manifest(&image, &t.tag())?)
}

fn a_manifest_with_an_unknown_config_is_told_of_it(t: &Trial<'_>) -> Check {
    let layer = t.blob(100);
    t.push_blob(&layer)?;
    let config = t.config().descriptor(media::CONFIG);
    let image = content::image(&config, &[layer.descriptor(media::LAYER)]);
    let image = Document::new(media::MANIFEST, &image);
    accepted_or_told(t.put_manifest(&image, &t.tag())?)
}

fn an_index_with_an_unknown_child_is_told_of_it(t: &Trial<'_>) -> Check {
    let child = t.unpushed_image()?;
    let index = index(t, &[child.descriptor()]);
    accepted_or_told(t.put_manifest(&index, &t.tag())?)
}

/// An image whose annotations fill it up to exactly this many bytes.
fn image_of(t: &Trial<'_>, bytes: usize) -> Check<Document> {
    const PIECE: usize = 16 * 1024;
    let image = t.image()?;
    let filled = |pieces: usize, last: usize| {
        let mut annotations = json!({"org.example.last": "x".repeat(last)});
        for number in 0..pieces {
            let name = format!("org.example.{number:06}");
            annotations = with(annotations, &name, json!("x".repeat(PIECE)));
        }
        let filled = with(image.clone(), "annotations", annotations);
        Document::new(media::MANIFEST, &filled)
    };
    let pieces = (bytes / (PIECE + 100)).saturating_sub(1);
    let missing = bytes - filled(pieces, 0).bytes().len();
    Ok(filled(pieces, missing))
}

fn a_manifest_of_four_mebibytes_is_accepted(t: &Trial<'_>) -> Check {
    let image = image_of(t, 4 * 1024 * 1024)?;
    let answer = t.put_manifest(&image, image.digest())?;
    if answer.status() != 201 {
        t.should(false, "201 for a manifest of 4 MiB", answer.told());
        return answer.expect_refusal().map(drop);
    }
    t.must_have_manifest(image.digest(), &image)
}

fn a_manifest_without_measure_is_refused(t: &Trial<'_>) -> Check {
    let image = image_of(t, 16 * 1024 * 1024)?;
    let answer = t.put_manifest(&image, &t.tag())?;
    let refused = answer.status() == 413;
    t.should(refused, "413 for a manifest of 16 MiB", answer.told());
    answer.expect_one_of(&[201, 400, 413]).map(drop)
}

fn an_unknown_repository_is_not_found(t: &Trial<'_>) -> Check {
    for path in [
        "manifests/latest".to_owned(),
        format!("manifests/{}", t.no_digest()),
        format!("blobs/{}", t.no_digest()),
        "tags/list".to_owned(),
    ] {
        let answer = t.request_in(&t.no_repository(), "GET", &path).send()?;
        answer.expect(404)?;
    }
    Ok(())
}
