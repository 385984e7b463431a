//! Requests that must be refused: `tests/bad_input.toml` at the root of the source tree lists them.
//!
//! Each is sent to one running server; status, code and whole text are compared, and what the server keeps is compared
//! with what it kept before, table by table and file by file.

use std::collections::BTreeMap;

use serde::Deserialize;
use wharf_wire::oci::{Algorithm, Digest};

use crate::support::forge::{self, Unsigned};
use crate::support::http::{Connection, Response};
use crate::support::images::{Image, noise};
use crate::support::registry::Registry;
use crate::support::state::State;
use crate::support::{Options, Server, tools};

/// The whole table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

/// One request and what it must be answered with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    plane: Plane,
    method: String,
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// The operation of an AWS JSON call.
    target: Option<String>,
    /// How an AWS call is signed.
    #[serde(default = "right")]
    sign: String,
    #[serde(default)]
    body: Body,
    /// A `Content-Length` other than the body's.
    announce: Option<u64>,
    /// Sends the body in one chunk of unannounced length.
    #[serde(default)]
    chunked: bool,
    /// Closes the sending side after the body.
    #[serde(default)]
    hang_up: bool,
    /// Begins an upload of so many bytes first; it is `{upload}`.
    upload: Option<usize>,
    status: u16,
    /// Empty where the answer has no code.
    code: String,
    /// The whole text, or the whole body where the answer has no code.
    text: String,
    /// Headers that the answer must have.
    #[serde(default)]
    answer: BTreeMap<String, String>,
    /// Rows that may be there afterwards, by table.
    #[serde(default)]
    remains: BTreeMap<String, u64>,
}

fn right() -> String {
    "right".to_owned()
}

/// Whom a request is for, and who sends it.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Plane {
    /// The registry protocol with a good password.
    Registry,
    /// The registry protocol; the case brings its own credentials, or none.
    Anonymous,
    /// AWS JSON.
    Api,
    /// The AWS query protocol.
    Query,
}

/// The bytes of a body.
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Text(String),
    Hex {
        hex: String,
    },
    /// `start`, then `repeat` so many times, `middle`, then `close` so many times.
    Made {
        #[serde(default)]
        start: String,
        repeat: String,
        times: usize,
        #[serde(default)]
        middle: String,
        #[serde(default)]
        close: String,
    },
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// The server, and what the cases speak of.
struct Scene {
    server: Server,
    registry: Registry,
    /// `{name}` and what stands for it.
    words: BTreeMap<&'static str, String>,
}

const REPOSITORY: &str = "bad/app";

impl Scene {
    fn new() -> Self {
        let server = Server::start(Options::default());
        server.create_repository(REPOSITORY);
        server.create_repository("bad/other");
        server.create_immutable_repository("bad/fixed");
        let registry = server.registry();
        let (image, foreign) = (Image::new(1, 1), Image::new(2, 1));
        registry.push(&image, REPOSITORY, "v1");
        registry.push(&image, "bad/fixed", "v1");
        registry.push(&foreign, "bad/other", "v1");
        // The second image of the immutable repository: only its tag is in the way.
        let second = Image::of(&serde_json::json!({"os": "plan9"}), Vec::new());
        registry
            .try_push_blob("bad/fixed", &second.blobs[0])
            .expect("a blob");
        let digest = |bytes: &[u8]| Digest::of(bytes).to_string();
        let sha512 = |bytes: &[u8]| Digest::with(Algorithm::Sha512, bytes).to_string();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let foreign_upload = registry.try_begin("bad/other").expect("an upload");
        let words = BTreeMap::from([
            ("{account}", crate::support::ACCOUNT.to_owned()),
            ("{host}", server.authority().to_owned()),
            ("{image}", image.digest().to_string()),
            ("{image_sha512}", sha512(&image.manifest)),
            ("{second_image}", second.digest().to_string()),
            ("{noise_sha512}", sha512(&noise(3, 10))),
            ("{config}", digest(&image.blobs[0])),
            ("{layer}", digest(&image.blobs[1])),
            ("{foreign_layer}", digest(&foreign.blobs[1])),
            ("{foreign_image}", foreign.digest().to_string()),
            ("{absent}", digest(b"stored nowhere")),
            ("{empty}", digest(b"")),
            ("{manifest}", text(&image.manifest)),
            ("{foreign_manifest}", text(&foreign.manifest)),
            ("{foreign_config}", digest(&foreign.blobs[0])),
            ("{second_manifest}", text(&second.manifest)),
            ("{foreign_upload}", last_part(&foreign_upload)),
        ]);
        Self {
            server,
            registry,
            words,
        }
    }

    /// Sends one case; what is wrong with the answer or with what is left, one line each.
    fn run(&mut self, case: &Case) -> Result<(), String> {
        let upload = case.upload.map(|size| self.begin(size));
        if let Some(path) = &upload {
            self.words.insert("{upload}", last_part(path));
        }
        let before = State::of(&self.server).with_rows(&case.remains);
        let answered = self.send(case);
        let mut wrong = match answered {
            Ok(answer) => self.judge(case, &answer),
            Err(error) => vec![format!("no answer: {error}")],
        };
        if let Err(difference) = before.wait_for(&self.server) {
            wrong.push(difference);
        }
        if let Some(path) = upload {
            self.registry.request("DELETE", &path, &[], b"");
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n    "))
        }
    }

    /// An upload that has received so many bytes.
    fn begin(&self, size: usize) -> String {
        let path = self.registry.try_begin(REPOSITORY).expect("an upload");
        if size > 0 {
            self.registry
                .request("PATCH", &path, &[], &noise(3, size))
                .expect_status(202);
        }
        path
    }

    fn send(&self, case: &Case) -> std::io::Result<Response> {
        let mut body = self.body(&case.body);
        let (target, mut headers) = self.signed(case, &body);
        if case.chunked {
            let mut framed = format!("{:x}\r\n", body.len()).into_bytes();
            framed.extend_from_slice(&body);
            framed.extend_from_slice(b"\r\n0\r\n\r\n");
            body = framed;
            headers.push(("transfer-encoding".to_owned(), "chunked".to_owned()));
        } else if let Some(length) = case.announce {
            headers.push(("content-length".to_owned(), length.to_string()));
        }
        let mut connection = Connection::open(self.server.authority())?;
        // What is refused early is answered, and perhaps closed, before all of it is sent.
        let sent = connection.send(&case.method, &target, &headers, &body);
        if case.hang_up {
            connection.finish()?;
        }
        let answer = connection.receive(case.method == "HEAD");
        answer.map_err(|error| sent.err().unwrap_or(error))
    }

    /// The target and headers as the case's plane wants them.
    fn signed(&self, case: &Case, body: &[u8]) -> forge::Signed {
        let target = self.expand(&case.path);
        let mut headers: Vec<(String, String)> = case
            .headers
            .iter()
            .map(|(k, v)| (k.clone(), self.expand(v)))
            .collect();
        let service = match case.plane {
            Plane::Registry => {
                headers.push((
                    "authorization".to_owned(),
                    self.registry.authorization().to_owned(),
                ));
                return (target, headers);
            }
            Plane::Anonymous => return (target, headers),
            Plane::Api => "ecr",
            Plane::Query => "sts",
        };
        let content_type = match case.plane {
            Plane::Query => "application/x-www-form-urlencoded",
            _ => "application/x-amz-json-1.1",
        };
        if case.method == "POST" && !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".to_owned(), content_type.to_owned()));
        }
        if let Some(operation) = &case.target {
            let target = format!("AmazonEC2ContainerRegistry_V20150921.{operation}");
            headers.push(("x-amz-target".to_owned(), target));
        }
        let request = Unsigned {
            method: &case.method,
            target: &target,
            headers,
            body,
            service,
        };
        forge::sign(&self.server, &case.sign, request)
    }

    fn body(&self, body: &Body) -> Vec<u8> {
        match body {
            Body::Text(text) => self.expand(text).into_bytes(),
            Body::Hex { hex } => hex::decode(hex).expect("hex"),
            Body::Made {
                start,
                repeat,
                times,
                middle,
                close,
            } => {
                let (start, repeat, middle) =
                    (self.expand(start), self.expand(repeat), self.expand(middle));
                let parts = [start, repeat.repeat(*times), middle, close.repeat(*times)];
                parts.concat().into_bytes()
            }
        }
    }

    /// Puts words in their places, `{x*5}` as `xxxxx` and `{ab*2}` as `abab`.
    fn expand(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, meaning) in &self.words {
            if text.contains(word) {
                text = text.replace(word, meaning);
            }
        }
        while let Some((start, end, repeated)) = repetition(&text) {
            text.replace_range(start..end, &repeated);
        }
        text
    }

    fn judge(&self, case: &Case, answer: &Response) -> Vec<String> {
        let mut wrong = Vec::new();
        let (code, text) = code_and_text(answer);
        let text = with_words(&text, answer);
        let expected = self.expand(&case.text);
        if (answer.status, code.as_str(), text.as_str())
            != (case.status, case.code.as_str(), expected.as_str())
        {
            wrong.push(format!(
                "expected {} {} {expected:?}\n    answered {} {code} {text:?}",
                case.status, case.code, answer.status
            ));
        }
        for (name, value) in &case.answer {
            let found = answer.header(name);
            if found != Some(self.expand(value).as_str()) {
                wrong.push(format!(
                    "header {name}: expected {value:?}, answered {found:?}"
                ));
            }
        }
        wrong
    }
}

/// An answer's text with what differs from run to run named: `{time}`, `{request_id}`.
fn with_words(text: &str, answer: &Response) -> String {
    let id = answer.header("x-amzn-requestid").unwrap_or("no request id");
    let mut text = text.replace(id, "{request_id}");
    while let Some(at) = text.as_bytes().windows(16).position(is_time) {
        text.replace_range(at..at + 16, "{time}");
    }
    text
}

fn last_part(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The first `{x*5}` of a text: where it begins and ends, and what it stands for.
fn repetition(text: &str) -> Option<(usize, usize, String)> {
    text.match_indices('{').find_map(|(start, _)| {
        let (inside, _) = text.split_at(start + 1).1.split_once('}')?;
        let (letters, times) = inside.split_once('*')?;
        let times: usize = times.parse().ok()?;
        let repeated = letters.repeat(times);
        (!letters.is_empty()).then(|| (start, start + inside.len() + 2, repeated))
    })
}

/// `20260102T030405Z`
fn is_time(bytes: &[u8]) -> bool {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    digits(&bytes[..8]) && bytes[8] == b'T' && digits(&bytes[9..15]) && bytes[15] == b'Z'
}

/// Code and text of an error in any of the three protocols; otherwise the body as it is.
fn code_and_text(answer: &Response) -> (String, String) {
    let json = answer.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    if let Some([error]) = json["errors"].as_array().map(Vec::as_slice) {
        return (text(&error["code"]), text(&error["message"]));
    }
    if json["__type"].is_string() {
        return (text(&json["__type"]), text(&json["message"]));
    }
    let body = answer.text();
    match (element(&body, "Code"), element(&body, "Message")) {
        (Some(code), Some(message)) => (code, message),
        _ => (String::new(), body),
    }
}

fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inside.to_owned())
}

#[test]
fn every_bad_request_is_refused_with_its_text_and_leaves_nothing_behind() {
    let path = tools::workspace().join("tests/bad_input.toml");
    let text = std::fs::read_to_string(path).expect("the table");
    let table: Table = toml::from_str(&text).expect("the table's form");
    assert!(table.case.len() >= 300, "only {} cases", table.case.len());
    let mut scene = Scene::new();
    let mut wrong = Vec::new();
    let mut names = std::collections::BTreeSet::new();
    for case in &table.case {
        assert!(
            names.insert(&case.name),
            "two cases are called {:?}",
            case.name
        );
        if let Err(why) = scene.run(case) {
            wrong.push(format!("{}:\n    {why}", case.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // After all of it, the server still serves.
    let image = Image::new(1, 1);
    scene.registry.expect_image(&image, REPOSITORY, "v1");
}
