//! A registry in memory that does all that the specification allows, so that no test has an excuse.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use regex_lite::Regex;
use serde_json::{Value, json};

use super::wire::{Request, Response};

const NAME: &str = r"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$";
const TAG: &str = "^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$";
const DIGEST: &str = "^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The token that stands for the one user there is.
const TOKEN: &str = "a-token";
/// `me:secret`.
const BASIC: &str = "Basic bWU6c2VjcmV0";
/// How many referrers come at once.
const PAGE: usize = 50;

#[derive(Default)]
struct Repository {
    blobs: BTreeMap<String, Vec<u8>>,
    manifests: BTreeMap<String, (String, Vec<u8>)>,
    tags: BTreeMap<String, String>,
}

/// All there is.
#[derive(Default)]
pub(crate) struct Model {
    repositories: BTreeMap<String, Repository>,
    sessions: BTreeMap<String, (String, Vec<u8>)>,
    opened: u64,
}

fn is(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).unwrap().is_match(text)
}

/// The digest of bytes by the algorithm of another one.
fn digest_like(like: &str, bytes: &[u8]) -> String {
    let (name, algorithm) = if like.starts_with("sha512:") {
        ("sha512", &digest::SHA512)
    } else {
        ("sha256", &digest::SHA256)
    };
    format!("{name}:{}", hex::encode(digest::digest(algorithm, bytes)))
}

fn error(status: u16, code: &str) -> Response {
    let error = json!({"code": code, "message": "no", "detail": {"why": code}});
    let body = json!({"errors": [error]}).to_string();
    let response = Response::new(status).with("content-type", "application/json");
    response.body(body.as_bytes())
}

impl Model {
    pub(crate) fn answer(&mut self, request: &Request) -> Response {
        let response = self.route(request);
        response.with("warning", r#"299 - "only a \"model\"""#)
    }

    fn route(&mut self, request: &Request) -> Response {
        if request.path == "/token" {
            if request.header("authorization") != Some(BASIC) {
                return error(401, "UNAUTHORIZED");
            }
            return Response::new(200).body(json!({"token": TOKEN}).to_string().as_bytes());
        }
        if let Some(place) = request.path.strip_prefix("/storage/") {
            return self.stored(request, place);
        }
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            let challenge = r#"Bearer realm="/token",service="model",scope="a:b:c,d""#;
            return error(401, "UNAUTHORIZED").with("www-authenticate", challenge);
        }
        let Some(path) = request.path.strip_prefix("/v2/") else {
            return error(404, "NAME_UNKNOWN");
        };
        if path.is_empty() {
            let version = "docker-distribution-api-version";
            return Response::new(200).with(version, "registry/2.0");
        }
        if path == "_catalog" {
            return page(
                request,
                "repositories",
                self.repositories.keys().cloned().collect(),
            );
        }
        for part in [
            "/blobs/uploads/",
            "/blobs/",
            "/manifests/",
            "/referrers/",
            "/tags/",
        ] {
            if let Some((name, rest)) = path.rsplit_once(part) {
                return self.dispatch(request, name, part, rest);
            }
        }
        error(404, "NAME_UNKNOWN")
    }

    fn dispatch(&mut self, request: &Request, name: &str, part: &str, rest: &str) -> Response {
        if !is(NAME, name) {
            return error(400, "NAME_INVALID");
        }
        if part == "/blobs/uploads/" {
            return self.upload(request, name, rest);
        }
        if !self.repositories.contains_key(name) {
            return error(404, "NAME_UNKNOWN");
        }
        match part {
            "/blobs/" => self.blob(request, name, rest),
            "/manifests/" => self.manifest(request, name, rest),
            "/referrers/" => self.referrers(request, name, rest),
            _ => {
                let tags = self.repositories[name].tags.keys().cloned().collect();
                let mut page = page(request, "tags", tags);
                let mut body: Value = serde_json::from_slice(&page.body).unwrap();
                body["name"] = json!(name);
                page.body = body.to_string().into_bytes();
                page
            }
        }
    }

    fn blob(&mut self, request: &Request, name: &str, digest: &str) -> Response {
        if !is(DIGEST, digest) {
            return error(400, "DIGEST_INVALID");
        }
        let repository = self.repositories.get_mut(name).unwrap();
        let Some(bytes) = repository.blobs.get(digest) else {
            return error(404, "BLOB_UNKNOWN");
        };
        let etag = format!("\"{digest}\"");
        match request.method.as_str() {
            "DELETE" => {
                repository.blobs.remove(digest);
                Response::new(202)
            }
            _ if request.header("if-none-match") == Some(&etag) => Response::new(304),
            "HEAD" => Response::new(200)
                .with("docker-content-digest", digest)
                .with("content-length", &bytes.len().to_string()),
            _ => Response::new(307)
                .with("docker-content-digest", digest)
                .with("location", &format!("/storage/{name}/{digest}")),
        }
    }

    /// Where reads of blobs are sent to.
    fn stored(&self, request: &Request, place: &str) -> Response {
        let (name, digest) = place.rsplit_once('/').unwrap();
        let bytes = &self.repositories[name].blobs[digest];
        let whole = Response::new(200).with("etag", &format!("\"{digest}\""));
        let range = request
            .header("range")
            .and_then(|r| r.strip_prefix("bytes="));
        let Some((first, last)) = range.and_then(|r| r.split_once('-')) else {
            return whole.body(bytes);
        };
        let size = bytes.len();
        let (first, last) = match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), last) => (first, last.unwrap_or(size - 1).min(size - 1)),
            (Err(_), last) => (size - last.unwrap(), size - 1),
        };
        if first >= size {
            let told = format!("bytes */{size}");
            return Response::new(416).with("content-range", &told);
        }
        let told = format!("bytes {first}-{last}/{size}");
        let part = Response::new(206).with("content-range", &told);
        part.body(&bytes[first..=last])
    }

    fn upload(&mut self, request: &Request, name: &str, id: &str) -> Response {
        if id.is_empty() {
            return self.open(request, name);
        }
        let Some((_, bytes)) = self.sessions.get_mut(id) else {
            return error(404, "BLOB_UPLOAD_UNKNOWN");
        };
        let place = format!("/v2/{name}/blobs/uploads/{id}?state={}", bytes.len());
        if request.method == "DELETE" {
            self.sessions.remove(id);
            return Response::new(204);
        }
        if matches!(request.method.as_str(), "PATCH" | "PUT") {
            let range = request.header("content-range");
            if let Some(range) = range.filter(|_| !request.body.is_empty()) {
                let due = format!("{}-{}", bytes.len(), bytes.len() + request.body.len() - 1);
                if range != due {
                    return Response::new(416);
                }
            }
            bytes.extend_from_slice(&request.body);
        }
        if request.method == "PUT" {
            let digest = request.query("digest").unwrap_or_default();
            if !request.whole || digest != digest_like(digest, bytes) {
                return error(400, "DIGEST_INVALID");
            }
            let bytes = bytes.clone();
            self.sessions.remove(id);
            return self.keep(name, digest, bytes);
        }
        let told = format!("0-{}", bytes.len().saturating_sub(1));
        let status = if request.method == "GET" { 204 } else { 202 };
        let response = Response::new(status).with("location", &place);
        response.with("range", &told)
    }

    fn open(&mut self, request: &Request, name: &str) -> Response {
        if let Some(digest) = request.query("mount") {
            let from = request.query("from");
            let all = self.repositories.iter();
            let mut sources = all.filter(|(n, _)| from.is_none_or(|f| f == n.as_str()));
            let found = sources.find_map(|(_, r)| r.blobs.get(digest).cloned());
            if let Some(bytes) = found {
                return self.keep(name, digest, bytes);
            }
        }
        if let Some(digest) = request.query("digest") {
            if digest != digest_like(digest, &request.body) {
                return error(400, "DIGEST_INVALID");
            }
            return self.keep(name, digest, request.body.clone());
        }
        self.opened += 1;
        let id = format!("00000000-0000-4000-8000-{:012x}", self.opened);
        self.sessions
            .insert(id.clone(), (name.to_owned(), Vec::new()));
        let response = Response::new(202).with("oci-chunk-min-length", "500");
        // Absolute or relative, as it happens.
        let host = request.header("host").unwrap();
        let place = match self.opened % 3 {
            0 => id,
            1 => format!("http://{host}/v2/{name}/blobs/uploads/{id}"),
            _ => format!("/v2/{name}/blobs/uploads/{id}?state=0"),
        };
        response.with("location", &place)
    }

    fn keep(&mut self, name: &str, digest: &str, bytes: Vec<u8>) -> Response {
        let repository = self.repositories.entry(name.to_owned()).or_default();
        repository.blobs.insert(digest.to_owned(), bytes);
        Response::new(201)
            .with("location", &format!("/v2/{name}/blobs/{digest}"))
            .with("docker-content-digest", digest)
    }

    fn manifest(&mut self, request: &Request, name: &str, reference: &str) -> Response {
        if !is(TAG, reference) && !is(DIGEST, reference) {
            return error(400, "MANIFEST_INVALID");
        }
        let repository = self.repositories.get_mut(name).unwrap();
        let digest = repository.tags.get(reference).cloned();
        let digest = digest.unwrap_or_else(|| reference.to_owned());
        let etag = repository
            .manifests
            .get(&digest)
            .map(|_| format!("\"{digest}\""));
        if request.method == "PUT" {
            let matched = request
                .header("if-match")
                .is_none_or(|m| etag.as_deref() == Some(m));
            let exists = request.header("if-none-match") == Some("*") && etag.is_some();
            if !matched || exists {
                return error(412, "DENIED");
            }
            return put(repository, request, name, reference);
        }
        let Some((media_type, bytes)) = repository.manifests.get(&digest) else {
            return error(404, "MANIFEST_UNKNOWN");
        };
        match request.method.as_str() {
            "DELETE" if digest == reference => {
                repository.manifests.remove(reference);
                repository.tags.retain(|_, d| d != reference);
                Response::new(202)
            }
            "DELETE" => {
                repository.tags.remove(reference);
                Response::new(202)
            }
            _ if request.header("if-none-match") == etag.as_deref() => Response::new(304),
            _ => Response::new(200)
                .with("content-type", media_type)
                .with("docker-content-digest", &digest)
                .with("etag", &etag.unwrap())
                .body(bytes),
        }
    }

    fn referrers(&self, request: &Request, name: &str, digest: &str) -> Response {
        if !is(DIGEST, digest) {
            return error(400, "DIGEST_INVALID");
        }
        let wanted = request.query("artifactType");
        let after = request.query("after").unwrap_or_default();
        let mut list = Vec::new();
        for (own, (media_type, bytes)) in &self.repositories[name].manifests {
            let manifest: Value = serde_json::from_slice(bytes).unwrap();
            if manifest["subject"]["digest"] != json!(digest) || own.as_str() <= after {
                continue;
            }
            let mut entry = json!({"mediaType": media_type, "digest": own, "size": bytes.len()});
            let config = &manifest["config"]["mediaType"];
            let artifact = manifest.get("artifactType").unwrap_or(config).clone();
            if wanted.is_some_and(|w| artifact != json!(w)) {
                continue;
            }
            if !artifact.is_null() {
                entry["artifactType"] = artifact;
            }
            if let Some(annotations) = manifest.get("annotations") {
                entry["annotations"] = annotations.clone();
            }
            list.push(entry);
        }
        let more = list.len() > PAGE;
        list.truncate(PAGE);
        let end = list.last().map(|e| e["digest"].clone());
        let body = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": list});
        let mut response = Response::new(200).with("content-type", INDEX);
        response = response.body(body.to_string().as_bytes());
        if let Some(Value::String(end)) = end.filter(|_| more) {
            response = response.with("link", &format!("<?after={end}>; rel=\"next\""));
        }
        if wanted.is_some() {
            response = response.with("oci-filters-applied", "artifactType");
        }
        response
    }
}

fn put(repository: &mut Repository, request: &Request, name: &str, reference: &str) -> Response {
    let by_digest = is(DIGEST, reference);
    if request.body.len() > 4 * 1024 * 1024 {
        return error(413, "SIZE_INVALID");
    }
    let digest = digest_like(reference, &request.body);
    if by_digest && digest != reference {
        return error(400, "DIGEST_INVALID");
    }
    let Ok(manifest @ Value::Object(_)) = serde_json::from_slice::<Value>(&request.body) else {
        return error(400, "MANIFEST_INVALID");
    };
    let named = |place: &str| {
        let list = manifest.get(place).and_then(Value::as_array);
        let all = list.into_iter().flatten().chain(manifest.get(place));
        let digests = all.filter_map(|d| d.get("digest")?.as_str().map(str::to_owned));
        digests.collect::<Vec<_>>()
    };
    let mut blobs = named("layers").into_iter().chain(named("config"));
    let blobs = blobs.all(|d| repository.blobs.contains_key(&d));
    let mut children = named("manifests").into_iter();
    if !blobs || !children.all(|d| repository.manifests.contains_key(&d)) {
        return error(404, "MANIFEST_BLOB_UNKNOWN");
    }
    let mut tags: Vec<&str> = if by_digest { vec![] } else { vec![reference] };
    let more = request.query.iter().filter(|(k, _)| k == "tag");
    tags.extend(more.map(|(_, tag)| tag.as_str()));
    if tags.iter().any(|tag| !is(TAG, tag)) {
        return error(400, "MANIFEST_INVALID");
    }
    let media_type = request.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap().to_owned();
    repository
        .manifests
        .insert(digest.clone(), (media_type, request.body.clone()));
    let mut response = Response::new(201)
        .with("location", &format!("/v2/{name}/manifests/{digest}"))
        .with("docker-content-digest", &digest);
    for tag in &tags {
        repository.tags.insert((*tag).to_owned(), digest.clone());
    }
    if !tags.is_empty() && by_digest {
        response = response.with("oci-tag", &tags.join(", "));
    }
    match manifest["subject"]["digest"].as_str() {
        Some(subject) => response.with("oci-subject", subject),
        None => response,
    }
}

/// A part of a list of names, as `n` and `last` say.
fn page(request: &Request, member: &str, names: Vec<String>) -> Response {
    let n = request.query("n").map_or(100, |n| n.parse().unwrap());
    let last = request.query("last").unwrap_or_default();
    let mut rest: Vec<String> = names.into_iter().filter(|t| t.as_str() > last).collect();
    let more = rest.len() > n;
    rest.truncate(n);
    let mut response = Response::new(200).with("content-type", "application/json");
    if more && n > 0 {
        let link = format!(
            "<{}?n={n}&last={}>; rel=\"next\"",
            request.path,
            rest[n - 1]
        );
        response = response.with("link", &link);
    }
    response.body(json!({ member: rest }).to_string().as_bytes())
}
