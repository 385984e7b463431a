//! Every line of the table of differences from ECR, tried on a server of each mode.

mod api;
mod plane;

use serde_json::{Value, json};

use crate::support::http::Response;
use crate::support::images::Image;
use crate::support::registry::Registry;
use crate::support::{Options, Server, tools};

/// One line of the table, tried on one server.
struct Case<'a> {
    server: &'a Server,
    registry: Registry,
    /// A repository of its own, mutable.
    repository: String,
    strict: bool,
}

impl Case<'_> {
    /// What each mode is expected to answer.
    fn either<T>(&self, extended: T, strict: T) -> T {
        if self.strict { strict } else { extended }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v2/{}/{rest}", self.repository)
    }

    fn send(&self, method: &str, rest: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        self.registry
            .request(method, &self.path(rest), headers, body)
    }

    fn put(&self, image: &Image, reference: &str) -> Response {
        let kind = [("content-type", image.media_type)];
        let path = format!("manifests/{reference}");
        self.send("PUT", &path, &kind, &image.manifest)
    }

    /// Pushes a small image under a tag.
    fn push(&self, seed: u64, tag: &str) -> Image {
        let image = Image::new(seed, 1);
        self.registry.push(&image, &self.repository, tag);
        image
    }

    /// Calls an operation with the repository's name beside what is given.
    fn call(&self, operation: &str, more: &Value) -> (u16, Value) {
        let mut body = json!({ "repositoryName": self.repository });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.server.signed(operation, &body)
    }

    #[track_caller]
    fn expect_exception(&self, operation: &str, more: &Value, name: &str) -> String {
        let (status, answer) = self.call(operation, more);
        assert_eq!(status, 400, "{operation}: {answer}");
        assert_eq!(answer["__type"], name, "{operation}: {answer}");
        answer["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// The first error of an answer: status, code, message.
#[track_caller]
fn error(answer: &Response) -> (u16, String, String) {
    let body = answer.json();
    let first = &body["errors"][0];
    let text = |name: &str| first[name].as_str().unwrap_or_default().to_owned();
    (answer.status, text("code"), text("message"))
}

#[track_caller]
fn expect_error(answer: &Response, (status, code): (u16, &str)) -> String {
    let (was, is, message) = error(answer);
    assert_eq!((was, is.as_str()), (status, code), "{message}");
    message
}

type Check = fn(&Case<'_>);

/// In the order of the table.
const CHECKS: &[(&str, Check)] = &[
    ("oci-status", plane::oci_status),
    ("bad-tag-404", plane::bad_tag),
    ("patch-202", plane::patch),
    ("range-advances", plane::range_advances),
    ("blob-200", plane::blob),
    ("url-ends", plane::url_ends),
    ("blob-delete", plane::blob_delete),
    ("mount", plane::mount),
    ("sha512", plane::sha512),
    ("many-tags", plane::many_tags),
    ("denied-request-id", plane::denied_request_id),
    ("push-keys", plane::push_keys),
    ("oidc-port", api::oidc_port),
    ("lock-out", api::lock_out),
    ("same-digest-repush", plane::same_digest_repush),
    ("tag-128", plane::tag_128),
    ("no-conversion", plane::no_conversion),
    ("content-digest", plane::content_digest),
    ("artifacts", plane::artifacts),
    ("tags-json", plane::tags_json),
    ("relative-location", plane::relative_location),
    ("delete-tag", plane::delete_tag),
    ("manifest-reason", plane::manifest_reason),
    ("children-follow-index", plane::children_follow_index),
    ("expired-403", plane::expired),
    ("basic-only", plane::basic_only),
    ("create-once", api::create_once),
    ("put-image-repeat", api::put_image_repeat),
    ("last-tag", api::last_tag),
    ("immutable-delete", api::immutable_delete),
    ("describe-plain", api::describe_plain),
    ("describe-whole", api::describe_whole),
    ("encryption-fixed", api::encryption_fixed),
    ("no-rename", api::no_rename),
    ("no-listing", api::no_listing),
    ("upload-planes", api::upload_planes),
    ("layer-media-type", api::layer_media_type),
    ("first-part", api::first_part),
    ("archive-later", api::archive_later),
    ("scanning-later", api::scanning_later),
    ("policies-later", api::policies_later),
    ("page-caps-later", api::page_caps_later),
    ("kms-later", api::kms_later),
    ("rates-later", api::rates_later),
    ("image-count", api::image_count),
];

fn server(strict: bool) -> Server {
    let mut options = Options::testing();
    if strict {
        let name = "WHARFINGER_COMPAT".to_owned();
        options.env.push((name, "strict".to_owned()));
    }
    Server::start(options)
}

fn try_all(strict: bool) {
    let server = server(strict);
    for (id, check) in CHECKS {
        let repository = format!("compat/{id}");
        server.create_repository(&repository);
        check(&Case {
            server: &server,
            // A new password for each: some of them move the clock.
            registry: server.registry(),
            repository,
            strict,
        });
    }
}

#[test]
fn every_difference_is_as_its_page_says_in_extended() {
    try_all(false);
}

#[test]
fn every_difference_is_as_its_page_says_in_strict() {
    try_all(true);
}

#[test]
fn every_line_of_the_table_is_tried() {
    let source = tools::workspace().join("crates/wharf-registry/src/deviations.rs");
    let source = std::fs::read_to_string(source).expect("the source");
    let (_, table) = source.split_once("\ndeviations! {").expect("the table");
    let ids = table
        .lines()
        .filter_map(|line| line.split_once(" = \"")?.1.split('"').next());
    let tried: Vec<&str> = CHECKS.iter().map(|(id, _)| *id).collect();
    assert_eq!(tried, ids.collect::<Vec<_>>());
}
