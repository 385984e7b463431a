//! Tag mutability on both planes and in both modes: what becomes of a push to a tag, as a table that is reviewed as text.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::http::Response;
use crate::support::images::Image;
use crate::support::registry::Registry;
use crate::support::tools;
use crate::support::{Options, Server, stored};

/// Where the table is; `UPDATE_RECORDED=1` writes it anew.
pub(crate) fn file() -> PathBuf {
    tools::tests().join("recorded/tag_mutability.md")
}

const HEAD: &str = "\
# What becomes of a push to a tag

Each row is a push of an image with a tag to a repository of its own. The exclusion filters are `latest` and `dev-*`.
The outcome is what was answered, and then what the tag points to: the image that was *pushed*, the one it pointed to
*before*, or *nothing*. Compared by crates/wharfinger/tests/it/mutability.rs.

| Mode | Tag | Before the push | API, extended | API, strict | docker, extended | docker, strict |
|---|---|---|---|---|---|---|
";

const MODES: [&str; 4] = [
    "MUTABLE",
    "IMMUTABLE",
    "MUTABLE_WITH_EXCLUSION",
    "IMMUTABLE_WITH_EXCLUSION",
];

/// Tags, one that no filter matches and one that does.
const TAGS: [(&str, &str); 2] = [("v1", "v1"), ("dev-1", "dev-1, excluded")];

/// What is there before the push.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    /// The image, under another tag.
    Image,
    /// The tag, pointing to the image.
    Same,
    /// The tag, pointing to another image; the image is not there.
    Other,
    /// The tag, pointing to another image; the image is there under another tag.
    OtherAndImage,
}

const BEFORE: [(Before, &str); 5] = [
    (Before::Nothing, "neither image nor tag"),
    (Before::Image, "image, no such tag"),
    (Before::Same, "the tag on this image"),
    (Before::Other, "the tag on another image"),
    (
        Before::OtherAndImage,
        "the tag on another image, and the image",
    ),
];

/// One mode's server, and the images that are pushed to it.
struct Side {
    server: Server,
    registry: Registry,
    pushed: Image,
    other: Image,
}

impl Side {
    fn new(strict: bool) -> Self {
        let mut options = Options::default();
        if strict {
            let name = "WHARFINGER_COMPAT".to_owned();
            options.env.push((name, "strict".to_owned()));
        }
        let server = Server::start(options);
        Self {
            registry: server.registry(),
            server,
            pushed: Image::new(1, 1),
            other: Image::new(2, 1),
        }
    }

    /// Makes a repository with what is there before.
    fn prepare(&self, name: &str, (mode, tag, before): (&str, &str, Before)) {
        let mut body = json!({"repositoryName": name, "imageTagMutability": mode});
        if mode.ends_with("_WITH_EXCLUSION") {
            body["imageTagMutabilityExclusionFilters"] = filters(&["latest", "dev-*"]);
        }
        self.server.call("CreateRepository", &body);
        for image in [&self.pushed, &self.other] {
            for blob in &image.blobs {
                self.registry.try_push_blob(name, blob).expect("a blob");
            }
        }
        let push = |image: &Image, tag: &str| {
            let answer = self.registry.try_put_manifest(image, name, tag);
            answer.expect("an answer").expect_status(201);
        };
        match before {
            Before::Nothing => {}
            Before::Image => push(&self.pushed, "elsewhere"),
            Before::Same => push(&self.pushed, tag),
            Before::Other => push(&self.other, tag),
            Before::OtherAndImage => {
                push(&self.pushed, "elsewhere");
                push(&self.other, tag);
            }
        }
    }

    fn push_by_api(&self, name: &str, tag: &str) -> String {
        let manifest = std::str::from_utf8(&self.pushed.manifest).expect("text");
        let body = json!({"repositoryName": name, "imageManifest": manifest, "imageTag": tag});
        let (status, answer) = self.server.signed("PutImage", &body);
        match answer["__type"].as_str() {
            Some(name) => format!("{status} {}", name.trim_end_matches("Exception")),
            None => status.to_string(),
        }
    }

    fn push_by_docker(&self, name: &str, tag: &str) -> String {
        let answer = self
            .registry
            .try_put_manifest(&self.pushed, name, tag)
            .expect("an answer");
        match answer.status {
            201 => "201".to_owned(),
            status => format!("{status} {}", code(&answer)),
        }
    }

    /// Which image a tag points to.
    fn points_to(&self, name: &str, tag: &str) -> &'static str {
        let answer = self.registry.get_manifest(name, tag);
        match answer.body {
            _ if answer.status == 404 => "nothing",
            body if body == self.pushed.manifest => "pushed",
            body if body == self.other.manifest => "before",
            body => panic!("{tag} is {}", String::from_utf8_lossy(&body)),
        }
    }
}

fn filters(texts: &[&str]) -> Value {
    let filter = |text: &&str| json!({"filterType": "WILDCARD", "filter": text});
    texts.iter().map(filter).collect()
}

/// The code of a refusal on the docker plane.
fn code(answer: &Response) -> String {
    let body = answer.json();
    body["errors"][0]["code"]
        .as_str()
        .expect("a code")
        .to_owned()
}

#[test]
fn each_push_to_a_tag_ends_as_the_table_says_on_both_planes_in_both_modes() {
    let sides = [Side::new(false), Side::new(true)];
    let mut table = HEAD.to_owned();
    for mode in MODES {
        for (tag, shown) in TAGS {
            for (number, (before, said)) in BEFORE.into_iter().enumerate() {
                write!(table, "| {mode} | {shown} | {said} |").expect("a string");
                for plane in ["api", "docker"] {
                    for side in &sides {
                        let name = format!("{}/{tag}/{number}/{plane}", mode.to_lowercase())
                            .replace("_with_", "-with-");
                        side.prepare(&name, (mode, tag, before));
                        let answer = if plane == "api" {
                            side.push_by_api(&name, tag)
                        } else {
                            side.push_by_docker(&name, tag)
                        };
                        let points_to = side.points_to(&name, tag);
                        write!(table, " {answer}, {points_to} |").expect("a string");
                    }
                }
                table.push('\n');
            }
        }
    }
    if std::env::var_os("UPDATE_RECORDED").is_some() {
        std::fs::write(file(), &table).expect("the table");
    }
    let recorded = std::fs::read_to_string(file()).unwrap_or_default();
    assert!(
        recorded == table,
        "{} differs; UPDATE_RECORDED=1 accepts:\n{table}",
        file().display()
    );
}

/// Every event of tag mutability: what it was, what it is.
fn changes(server: &Server) -> Vec<(Value, Value)> {
    let sql = "SELECT details FROM events WHERE kind = 'tag-mutability-changed' ORDER BY seq";
    let rows = stored::query(server.data_dir(), sql);
    let text = |row: &Vec<Value>| row[0].as_str().expect("text").to_owned();
    rows.iter()
        .map(|row| serde_json::from_str::<Value>(&text(row)).expect("JSON"))
        .map(|details| (details["from"].clone(), details["to"].clone()))
        .collect()
}

#[test]
fn several_tags_of_one_push_are_decided_one_by_one_and_taken_all_or_none() {
    let side = Side::new(false);
    side.prepare("app", ("IMMUTABLE_WITH_EXCLUSION", "v1", Before::Other));
    let put = |path: &str| {
        let kind = [("content-type", side.pushed.media_type)];
        let path = format!("/v2/app/manifests/{path}");
        side.registry
            .request("PUT", &path, &kind, &side.pushed.manifest)
    };
    let refused = put("new?tag=latest&tag=v1&tag=dev-1");
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (400, "TAG_INVALID")
    );
    assert!(refused.text().contains("The image tag 'v1' already exists"));
    for tag in ["new", "latest", "dev-1"] {
        assert_eq!(side.points_to("app", tag), "nothing", "{tag}");
    }
    put("new?tag=latest&tag=dev-1").expect_status(201);
    // All of them exist now: those that the filters match move, with those that are on the image already.
    let (pushed, other) = (&side.other, &side.pushed);
    let kind = [("content-type", pushed.media_type)];
    let moved = side.registry.request(
        "PUT",
        "/v2/app/manifests/v1?tag=latest&tag=dev-1",
        &kind,
        &pushed.manifest,
    );
    moved.expect_status(201);
    for (tag, image) in [
        ("v1", pushed),
        ("latest", pushed),
        ("dev-1", pushed),
        ("new", other),
    ] {
        side.registry.expect_image(image, "app", tag);
    }
}

#[test]
fn a_change_of_mode_holds_from_the_next_push_on_and_leaves_tags_and_an_event() {
    let side = Side::new(false);
    side.prepare("app", ("MUTABLE", "v1", Before::Other));
    let set = |more: &Value| {
        let mut body = more.clone();
        body["repositoryName"] = json!("app");
        let answer = side.server.call("PutImageTagMutability", &body);
        let described = json!({"repositoryNames": ["app"]});
        let described = side.server.call("DescribeRepositories", &described);
        for member in ["imageTagMutability", "imageTagMutabilityExclusionFilters"] {
            assert_eq!(answer[member], more[member]);
            assert_eq!(described["repositories"][0][member], more[member]);
        }
    };
    let fixed = json!({"imageTagMutability": "IMMUTABLE"});
    let but_v1 = json!({
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": filters(&["v1"]),
    });
    set(&fixed);
    assert_eq!(side.push_by_docker("app", "v1"), "400 TAG_INVALID");
    assert_eq!(side.points_to("app", "v1"), "before");
    // Saying it again is no change.
    set(&fixed);
    set(&but_v1);
    assert_eq!(side.push_by_docker("app", "v1"), "201");
    assert_eq!(side.points_to("app", "v1"), "pushed");
    let told =
        |mode: &str, filters: &Value| json!({"tagMutability": mode, "exclusionFilters": filters});
    let v1 = told("IMMUTABLE_WITH_EXCLUSION", &filters(&["v1"]));
    let plain = |mode| told(mode, &Value::Null);
    assert_eq!(
        changes(&side.server),
        [
            (plain("MUTABLE"), plain("IMMUTABLE")),
            (plain("IMMUTABLE"), v1.clone()),
        ]
    );
    // It outlives a crash, and the repository's way through the trash.
    let server = side.server.restart();
    server.call(
        "DeleteRepository",
        &json!({"repositoryName": "app", "force": true}),
    );
    let undeleted = server.wharfinger(&["undelete", "app"]);
    assert!(undeleted.status.success(), "{undeleted:?}");
    let described = server.call("DescribeRepositories", &json!({"repositoryNames": ["app"]}));
    let repository = &described["repositories"][0];
    assert_eq!(repository["imageTagMutability"], "IMMUTABLE_WITH_EXCLUSION");
    assert_eq!(
        repository["imageTagMutabilityExclusionFilters"],
        filters(&["v1"])
    );
}
