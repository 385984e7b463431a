//! Layers through the API: parts in base64, in order.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use super::Server;
use super::http::Response;

/// Uploads to one repository of a server.
#[derive(Clone, Copy)]
pub(crate) struct Layers<'a> {
    pub(crate) server: &'a Server,
    pub(crate) repository: &'a str,
}

impl Layers<'_> {
    /// Calls an operation on the repository.
    pub(crate) fn call(&self, operation: &str, more: &Value) -> io::Result<Response> {
        let mut body = json!({"repositoryName": self.repository});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.server.try_signed(operation, &body)
    }

    pub(crate) fn begin(&self) -> io::Result<String> {
        let answer = self
            .call("InitiateLayerUpload", &json!({}))?
            .expect_status(200);
        let id = answer.json()["uploadId"].as_str().map(str::to_owned);
        Ok(id.expect("an upload"))
    }

    pub(crate) fn part(&self, upload: &str, first: usize, content: &[u8]) -> io::Result<Response> {
        let last = i64::try_from(first + content.len()).expect("a place") - 1;
        let part = json!({
            "uploadId": upload, "partFirstByte": first, "partLastByte": last,
            "layerPartBlob": STANDARD.encode(content),
        });
        self.call("UploadLayerPart", &part)
    }

    pub(crate) fn complete(&self, upload: &str, digest: &Digest) -> io::Result<Response> {
        let end = json!({"uploadId": upload, "layerDigests": [digest.as_str()]});
        self.call("CompleteLayerUpload", &end)
    }

    /// Stores a layer in parts of this size. Ok only if all was acknowledged.
    pub(crate) fn push(&self, content: &[u8], size: usize) -> io::Result<Digest> {
        let (upload, digest) = (self.begin()?, Digest::of(content));
        for (number, part) in content.chunks(size).enumerate() {
            self.part(&upload, number * size, part)?.expect_status(200);
        }
        let answer = self.complete(&upload, &digest)?.expect_status(200);
        assert_eq!(answer.json()["layerDigest"], digest.as_str());
        Ok(digest)
    }

    /// What the registry says of a layer.
    pub(crate) fn availability(&self, digest: &Digest) -> Value {
        let asked = json!({"layerDigests": [digest.as_str()]});
        let answer = self.call("BatchCheckLayerAvailability", &asked);
        let answer = answer.expect("an answer").expect_status(200).json();
        answer["layers"][0].clone()
    }
}

/// The exception that an answer names.
pub(crate) fn exception(answer: &Response) -> String {
    answer.json()["__type"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
