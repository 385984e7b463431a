//! The docker plane: blobs and manifests by plain HTTP.

use std::io;

use base64::Engine as _;
use wharf_wire::oci::Digest;

use super::http::{self, Connection, Response};
use super::images::Image;

/// A registry and the password for it.
#[derive(Clone)]
pub(crate) struct Registry {
    authority: String,
    authorization: String,
}

impl Registry {
    pub(crate) fn new(authority: &str, password: &str) -> Self {
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{password}"));
        Self {
            authority: authority.to_owned(),
            authorization: format!("Basic {basic}"),
        }
    }

    /// The `Authorization` header.
    pub(crate) fn authorization(&self) -> &str {
        &self.authorization
    }

    /// Sends a request with the password.
    pub(crate) fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Response> {
        let mut all = vec![("authorization", self.authorization.as_str())];
        all.extend_from_slice(headers);
        http::try_request(&self.authority, method, path, &all, body)
    }

    /// Sends a request with the password, on a connection that is kept.
    pub(crate) fn request_on(
        &self,
        connection: &mut Connection,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Response> {
        let mut all = vec![("authorization", self.authorization.as_str())];
        all.extend_from_slice(headers);
        connection.request(method, path, &all, body)
    }

    /// Sends a request that has to be answered.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.try_request(method, path, headers, body)
            .unwrap_or_else(|e| panic!("{method} {path}: {e}"))
    }

    /// Begins an upload and returns its path.
    pub(crate) fn try_begin(&self, repository: &str) -> io::Result<String> {
        let path = format!("/v2/{repository}/blobs/uploads/");
        let answer = self.try_request("POST", &path, &[], b"")?;
        let location = answer.header("location").filter(|_| answer.status == 202);
        let location = location.ok_or_else(|| io::Error::other(format!("{answer:?}")))?;
        Ok(self.path_of(location))
    }

    /// A `Location` without scheme and host.
    pub(crate) fn path_of(&self, location: &str) -> String {
        ["http://", "https://"]
            .iter()
            .find_map(|scheme| location.strip_prefix(scheme)?.strip_prefix(&self.authority))
            .unwrap_or(location)
            .to_owned()
    }

    /// Stores a blob as docker does: POST, PATCH, PUT. Ok only if all was acknowledged.
    pub(crate) fn try_push_blob(&self, repository: &str, content: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(content);
        let upload = self.try_begin(repository)?;
        let kind = [("content-type", "application/octet-stream")];
        let patched = self.try_request("PATCH", &upload, &kind, content)?;
        let location = patched.header("location").unwrap_or(&upload).to_owned();
        let mark = if location.contains('?') { '&' } else { '?' };
        let path = format!("{}{mark}digest={digest}", self.path_of(&location));
        let done = self.try_request("PUT", &path, &[], b"")?;
        // As ECR, PATCH answers 201.
        if matches!(patched.status, 201 | 202) && done.status == 201 {
            return Ok(digest);
        }
        Err(io::Error::other(format!("{patched:?} {done:?}")))
    }

    /// Stores a manifest under a tag or its digest.
    pub(crate) fn try_put_manifest(
        &self,
        image: &Image,
        repository: &str,
        reference: &str,
    ) -> io::Result<Response> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let kind = [("content-type", image.media_type)];
        self.try_request("PUT", &path, &kind, &image.manifest)
    }

    /// Stores an image with its blobs. Ok only if all was acknowledged.
    pub(crate) fn try_push(&self, image: &Image, repository: &str, tag: &str) -> io::Result<()> {
        for blob in &image.blobs {
            self.try_push_blob(repository, blob)?;
        }
        let answer = self.try_put_manifest(image, repository, tag)?;
        if answer.status == 201 {
            return Ok(());
        }
        Err(io::Error::other(format!("{answer:?}")))
    }

    /// Stores an image with its blobs.
    pub(crate) fn push(&self, image: &Image, repository: &str, tag: &str) {
        self.try_push(image, repository, tag)
            .unwrap_or_else(|e| panic!("push of {repository}:{tag}: {e}"));
    }

    pub(crate) fn get_manifest(&self, repository: &str, reference: &str) -> Response {
        let path = format!("/v2/{repository}/manifests/{reference}");
        self.request("GET", &path, &[("accept", "*/*")], b"")
    }

    /// Gets a blob, also where the answer sends the client somewhere else on this server, without the password.
    pub(crate) fn get_blob(&self, repository: &str, digest: &Digest) -> Response {
        let answer = self.request("GET", &format!("/v2/{repository}/blobs/{digest}"), &[], b"");
        let location = answer.header("location").filter(|_| answer.status == 307);
        let Some(path) = location.map(|location| self.path_of(location)) else {
            return answer;
        };
        http::request::<&str, &str>(&self.authority, "GET", &path, &[], b"")
    }

    /// Pulls an image by this reference and compares every byte.
    #[track_caller]
    pub(crate) fn expect_image(&self, image: &Image, repository: &str, reference: &str) {
        let manifest = self.get_manifest(repository, reference).expect_status(200);
        assert_eq!(manifest.body, image.manifest, "{repository}:{reference}");
        for blob in &image.blobs {
            let digest = Digest::of(blob);
            let answer = self.get_blob(repository, &digest).expect_status(200);
            assert!(
                answer.body == *blob,
                "{repository}@{digest} came back changed"
            );
        }
    }
}
