//! What a test has at hand: the registry, repositories, content of its own, and the usual steps.

use std::cell::RefCell;
use std::fmt::Display;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::check::{Check, must, must_equal, not_offered};
use crate::content::{self, Blob, Document, Random, media};
use crate::registry::{Registry, Request};
use crate::url::Url;

/// One run of one test.
#[derive(Debug)]
pub(crate) struct Trial<'a> {
    registry: &'a Registry,
    repository: &'a str,
    other: &'a str,
    pub(crate) random: Random,
    unmet: RefCell<Vec<(String, String)>>,
}

impl<'a> Trial<'a> {
    pub(crate) fn new(
        registry: &'a Registry,
        repository: &'a str,
        other: &'a str,
        random: Random,
    ) -> Self {
        Self {
            registry,
            repository,
            other,
            random,
            unmet: RefCell::default(),
        }
    }

    /// Notes where a SHOULD is not met; the test goes on.
    pub(crate) fn should(&self, holds: bool, expected: &str, seen: impl Display) {
        if !holds {
            let unmet = (expected.to_owned(), seen.to_string());
            self.unmet.borrow_mut().push(unmet);
        }
    }

    /// What was expected and seen for each SHOULD that is not met.
    pub(crate) fn unmet(self) -> Vec<(String, String)> {
        self.unmet.into_inner()
    }

    pub(crate) fn registry(&self) -> &'a Registry {
        self.registry
    }

    /// The repository of the tests.
    pub(crate) fn repository(&self) -> &'a str {
        self.repository
    }

    /// Another repository of the same registry.
    pub(crate) fn other(&self) -> &'a str {
        self.other
    }

    /// A name that follows the grammar, of a repository that nobody has made.
    pub(crate) fn no_repository(&self) -> String {
        format!("{}-{}", self.repository, self.random.word())
    }

    /// A tag that nobody has used.
    pub(crate) fn tag(&self) -> String {
        format!("t{}", self.random.word())
    }

    /// The digest of something that nobody has pushed.
    pub(crate) fn no_digest(&self) -> String {
        content::sha256(&self.random.bytes(32))
    }

    /// Bytes that nobody has pushed.
    pub(crate) fn blob(&self, length: usize) -> Blob {
        Blob::new(self.random.bytes(length))
    }

    /// A request for a path below `/v2/<repository>/`.
    pub(crate) fn request(&self, method: &'static str, path: &str) -> Request<'a> {
        self.request_in(self.repository, method, path)
    }

    /// A request for a path below `/v2/<name>/`.
    pub(crate) fn request_in(&self, name: &str, method: &'static str, path: &str) -> Request<'a> {
        self.registry.request(method, &format!("/v2/{name}/{path}"))
    }

    pub(crate) fn request_at(&self, method: &'static str, url: &Url) -> Request<'a> {
        self.registry.request_at(method, url)
    }

    pub(crate) fn get(&self, path: &str) -> Check<Answer> {
        self.request("GET", path).send()
    }

    pub(crate) fn head(&self, path: &str) -> Check<Answer> {
        self.request("HEAD", path).send()
    }

    pub(crate) fn delete(&self, path: &str) -> Check<Answer> {
        self.request("DELETE", path).send()
    }

    /// Opens an upload session, and says where it is.
    pub(crate) fn open_upload(&self) -> Check<Url> {
        self.open_upload_in(self.repository)
    }

    /// Opens an upload session in a repository.
    pub(crate) fn open_upload_in(&self, name: &str) -> Check<Url> {
        let request = self.request_in(name, "POST", "blobs/uploads/");
        request.send()?.expect(202)?.location()
    }

    /// Closes an upload session with a digest and the last bytes.
    pub(crate) fn close_upload(&self, url: &Url, digest: &str, bytes: &[u8]) -> Check<Answer> {
        let request = self.request_at("PUT", &url.with_query("digest", digest));
        let request = request.header("content-type", "application/octet-stream");
        request.body(bytes).send()
    }

    /// Pushes a blob.
    pub(crate) fn push_blob(&self, blob: &Blob) -> Check {
        self.push_blob_to(self.repository, blob)
    }

    /// Pushes a blob to a repository.
    pub(crate) fn push_blob_to(&self, name: &str, blob: &Blob) -> Check {
        let session = self.open_upload_in(name)?;
        let answer = self.close_upload(&session, &blob.digest, &blob.bytes)?;
        answer.expect(201).map(drop)
    }

    /// Demands that a blob is there, whole.
    pub(crate) fn must_have_blob(&self, blob: &Blob) -> Check {
        let answer = self.get(&format!("blobs/{}", blob.digest))?;
        answer.expect(200)?.expect_body(&blob.bytes).map(drop)
    }

    /// Demands that a blob is not there.
    pub(crate) fn must_lack_blob(&self, digest: &str) -> Check {
        self.head(&format!("blobs/{digest}"))?.expect(404).map(drop)
    }

    /// The configuration of an image, unlike any other.
    pub(crate) fn config(&self) -> Blob {
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": []},
            "config": {"Labels": {"org.example.mark": self.random.word()}},
        });
        Blob::new(config.to_string().into_bytes())
    }

    /// An image manifest whose configuration and layer are pushed; itself it is not.
    pub(crate) fn image(&self) -> Check<Value> {
        let (config, layer) = (self.config(), self.blob(100));
        self.push_blob(&config)?;
        self.push_blob(&layer)?;
        let layers = [layer.descriptor(media::LAYER)];
        Ok(content::image(&config.descriptor(media::CONFIG), &layers))
    }

    /// An image manifest that differs from all others, whose blobs are pushed; itself it is not.
    pub(crate) fn unpushed_image(&self) -> Check<Document> {
        Ok(Document::new(media::MANIFEST, &self.image()?))
    }

    /// Pushes an image under a tag.
    pub(crate) fn tagged_image(&self, tag: &str) -> Check<Document> {
        let image = self.unpushed_image()?;
        self.push(&image, tag)?;
        Ok(image)
    }

    /// Sends a manifest with its media type, to a tag or a digest.
    pub(crate) fn put_manifest(&self, document: &Document, reference: &str) -> Check<Answer> {
        let request = self.request("PUT", &format!("manifests/{reference}"));
        let request = request.header("content-type", &document.media_type);
        request.body(document.bytes()).send()
    }

    /// Pushes a manifest; it has to be accepted.
    pub(crate) fn push(&self, document: &Document, reference: &str) -> Check<Answer> {
        self.put_manifest(document, reference)?.expect(201)
    }

    /// Pushes a manifest by its digest; it has to be accepted.
    pub(crate) fn push_untagged(&self, document: &Document) -> Check<Answer> {
        self.push(document, document.digest())
    }

    /// Asks for a manifest, saying that any of the known types will do.
    pub(crate) fn get_manifest(&self, reference: &str) -> Check<Answer> {
        self.read_manifest("GET", reference)
    }

    /// Asks for a manifest with GET or HEAD.
    pub(crate) fn read_manifest(&self, method: &'static str, reference: &str) -> Check<Answer> {
        let request = self.request(method, &format!("manifests/{reference}"));
        request.header("accept", ACCEPT).send()
    }

    /// Demands that a reference leads to exactly this manifest.
    pub(crate) fn must_have_manifest(&self, reference: &str, document: &Document) -> Check {
        let answer = self.get_manifest(reference)?.expect(200)?;
        let answer = answer.expect_body(document.bytes())?;
        let seen = answer.header("content-type").unwrap_or_default();
        self.should(
            seen.split(';').next() == Some(&document.media_type),
            &format!("Content-Type {}", document.media_type),
            seen,
        );
        Ok(())
    }

    /// One page of the tags.
    pub(crate) fn tags(&self, query: &str) -> Check<Tags> {
        let answer = self.get(&format!("tags/list{query}"))?.expect(200)?;
        self.read_tags(&answer)
    }

    /// The page of tags at a place that the registry named.
    pub(crate) fn tags_at(&self, url: &Url) -> Check<Tags> {
        let answer = self.request_at("GET", url).send()?.expect(200)?;
        self.read_tags(&answer)
    }

    fn read_tags(&self, answer: &Answer) -> Check<Tags> {
        let body = answer.json()?;
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
        must_equal("`name` of the list", self.repository, name)?;
        let list = body.get("tags").and_then(Value::as_array);
        let texts = list.map(|l| l.iter().map(|t| t.as_str().map(str::to_owned)));
        let tags: Option<Vec<String>> = texts.and_then(Iterator::collect);
        must(tags.is_some(), "`tags`: a list of texts", answer.told())?;
        Ok(Tags {
            list: tags.unwrap_or_default(),
            next: answer.next_page()?,
            told: answer.told(),
        })
    }

    /// The referrers of a digest; ends the test where the API is not offered.
    pub(crate) fn referrers(&self, digest: &str, query: &str) -> Check<Answer> {
        let answer = self.get(&format!("referrers/{digest}{query}"))?;
        if answer.status() == 404 {
            return not_offered("the referrers API answers 404");
        }
        answer.expect(200)
    }

    /// Whether the referrers API is there.
    pub(crate) fn has_referrers(&self) -> Check<bool> {
        let path = format!("referrers/{}", self.no_digest());
        Ok(self.get(&path)?.status() != 404)
    }
}

/// The types of manifest that a client of today knows.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

/// A page of tags.
#[derive(Debug)]
pub(crate) struct Tags {
    pub(crate) list: Vec<String>,
    pub(crate) next: Option<Url>,
    pub(crate) told: String,
}
