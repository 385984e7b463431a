//! ECR's API as a client of it calls it: JSON, signed.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wharf_wire::oci::Digest;
use wharf_wire::sigv4::{SignedRequest, Signer, amz_date, sign};

use super::client::Client;
use super::content::{CHUNK, Layer};
use super::server::REPOSITORY;

const REGION: &str = "us-east-1";

/// The root access key of a data directory.
pub(crate) struct Key {
    id: String,
    secret: String,
}

impl Key {
    pub(crate) fn of(program: &Path, data_dir: &Path) -> Result<Self, String> {
        let done = Command::new(program)
            .args(["env", "--data-dir"])
            .arg(data_dir)
            .output()
            .map_err(|e| format!("wharfinger env: {e}"))?;
        let text = String::from_utf8_lossy(&done.stdout);
        let value = |name: &str| {
            let line = text.lines().find_map(|l| l.split_once(&format!("{name}=")));
            line.map(|(_, value)| value.trim_matches(['\'', '"', ';']).to_owned())
                .ok_or_else(|| format!("wharfinger env says no {name}"))
        };
        Ok(Self {
            id: value("AWS_ACCESS_KEY_ID")?,
            secret: value("AWS_SECRET_ACCESS_KEY")?,
        })
    }

    /// What names it.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

/// A connection that calls operations.
pub(crate) struct Api<'a> {
    client: Client,
    authority: &'a str,
    key: &'a Key,
}

/// What came of a call.
pub(crate) enum Called {
    Done(Value),
    /// The server does not know the operation.
    NotBuilt,
}

impl Called {
    /// The answer of an operation that must be there.
    pub(crate) fn done(self) -> Result<Value, String> {
        match self {
            Self::Done(value) => Ok(value),
            Self::NotBuilt => Err("an operation that was there is not any more".to_owned()),
        }
    }
}

impl<'a> Api<'a> {
    pub(crate) fn connect(authority: &'a str, key: &'a Key) -> Result<Self, String> {
        let client = Client::connect(authority, None)?;
        Ok(Self {
            client,
            authority,
            key,
        })
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// Any answer but 200 and that of an operation which is not known.
    pub(crate) fn call(&mut self, operation: &str, body: &[u8]) -> Result<Called, String> {
        let time = now()?;
        let date = amz_date(time);
        let target = format!("{}.{operation}", wharf_wire::ecr::TARGET_PREFIX);
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", date.as_str()),
            ("x-amz-target", target.as_str()),
        ];
        let mut lent: Vec<(&str, &[u8])> = headers.map(|(k, v)| (k, v.as_bytes())).to_vec();
        lent.push(("host", self.authority.as_bytes()));
        let hash = Digest::of(body);
        let request = SignedRequest {
            method: "POST",
            path: "/",
            query: "",
            headers: &lent,
            body_sha256: Some(hash.hex()),
        };
        let signer = Signer {
            access_key_id: &self.key.id,
            secret: &self.key.secret,
            region: REGION,
            service: "ecr",
        };
        let authorization = sign(&request, &signer, time).map_err(|e| e.to_string())?;
        let mut headers = headers.to_vec();
        headers.push(("authorization", &authorization));
        let reply = self.client.request("POST", "/", &headers, body)?;
        let unknown = String::from_utf8_lossy(&reply.body).contains("UnknownOperationException");
        if reply.status == 400 && unknown {
            return Ok(Called::NotBuilt);
        }
        let reply = reply.expect(200).map_err(|e| format!("{operation}: {e}"))?;
        let value = serde_json::from_slice(&reply.body);
        value
            .map(Called::Done)
            .map_err(|e| format!("{operation}: {e}"))
    }

    /// The `Authorization` header of registry requests.
    ///
    /// # Errors
    /// Those of the call, and an answer without a token.
    pub(crate) fn password(&mut self) -> Result<String, String> {
        let answer = self.call("GetAuthorizationToken", b"{}")?.done()?;
        let token = answer
            .pointer("/authorizationData/0/authorizationToken")
            .and_then(Value::as_str);
        let token = token.ok_or_else(|| format!("no token in {answer}"))?;
        Ok(format!("Basic {token}"))
    }

    /// Uploads a layer by parts, as the AWS clients do; `NotBuilt` if the server has no such operation.
    pub(super) fn upload(&mut self, layer: &Layer) -> Result<Called, String> {
        let ask = json!({"repositoryName": REPOSITORY});
        let upload = match self.call("InitiateLayerUpload", ask.to_string().as_bytes())? {
            Called::Done(answer) => answer,
            Called::NotBuilt => return Ok(Called::NotBuilt),
        };
        let id = upload.get("uploadId").and_then(Value::as_str);
        let id = id.ok_or_else(|| format!("no uploadId in {upload}"))?;
        let size = upload.get("partSize").and_then(Value::as_u64);
        let size = size.filter(|size| *size > 0 && size % CHUNK as u64 == 0);
        let size = size.ok_or_else(|| format!("no partSize of whole chunks in {upload}"))?;
        // Used again for each part: fresh ones would cost more than what is put into them.
        let (mut bytes, mut body) = (Vec::new(), String::new());
        let mut first = 0;
        while first < layer.size {
            let length = size.min(layer.size - first);
            layer.part(first, length, &mut bytes);
            part(id, first, &bytes, &mut body);
            match self.call("UploadLayerPart", body.as_bytes())? {
                Called::Done(_) => first += length,
                Called::NotBuilt => return Ok(Called::NotBuilt),
            }
        }
        let end =
            json!({"repositoryName": REPOSITORY, "uploadId": id, "layerDigests": [layer.digest]});
        self.call("CompleteLayerUpload", end.to_string().as_bytes())
    }

    /// Where a layer can be fetched without credentials: a path of this server, or `None` if there is no such operation.
    pub(super) fn download_path(&mut self, layer: &Layer) -> Result<Option<String>, String> {
        let ask = json!({"repositoryName": REPOSITORY, "layerDigest": layer.digest});
        match self.call("GetDownloadUrlForLayer", ask.to_string().as_bytes())? {
            Called::Done(answer) => {
                let url = answer.get("downloadUrl").and_then(Value::as_str);
                let url = url.ok_or_else(|| format!("no downloadUrl in {answer}"))?;
                Ok(Some(self.client.path_of(url)))
            }
            Called::NotBuilt => Ok(None),
        }
    }
}

/// Makes `body` that of one `UploadLayerPart`; written by hand, since the value is ten megabytes of one string.
fn part(upload: &str, first: u64, bytes: &[u8], body: &mut String) {
    let last = (first + bytes.len() as u64).saturating_sub(1);
    body.clear();
    // Writing to a String cannot fail.
    write!(
        body,
        "{{\"repositoryName\":\"{REPOSITORY}\",\"uploadId\":\"{upload}\",\"partFirstByte\":{first},\"partLastByte\":{last},\"layerPartBlob\":\""
    )
    .unwrap_or_default();
    STANDARD.encode_string(bytes, body);
    body.push_str("\"}");
}

/// Microseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a client's own clock, for its signature"
)]
pub(super) fn now() -> Result<i64, String> {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|e| format!("the clock: {e}"))?;
    i64::try_from(since.as_micros()).map_err(|e| format!("the clock: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_of_a_part_is_json_with_inclusive_ends() {
        let mut body = "of the part before".to_owned();
        part("u", 10, b"abcd", &mut body);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            body,
            json!({
                "repositoryName": REPOSITORY, "uploadId": "u",
                "partFirstByte": 10, "partLastByte": 13, "layerPartBlob": "YWJjZA==",
            })
        );
    }
}
