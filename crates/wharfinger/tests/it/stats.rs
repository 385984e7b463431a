//! `wharfinger stats`: each figure, told exactly.

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use crate::support::images::{Image, noise};
use crate::support::registry::Registry;
use crate::support::{Options, Server, admin, stored};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// What a command said that succeeded.
#[track_caller]
fn said(server: &Server, args: &[&str]) -> String {
    let output = server.wharfinger(args);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[track_caller]
fn refused(server: &Server, args: &[&str]) -> String {
    let output = server.wharfinger(args);
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).expect("text")
}

fn stats(server: &Server) -> Value {
    serde_json::from_str(&said(server, &["stats", "--json"])).expect("JSON")
}

/// One repository's figures, which are the same asked for alone.
#[track_caller]
fn of(server: &Server, name: &str) -> Value {
    let all = stats(server);
    let named = |stats: &Value| {
        let all = stats["repositories"].as_array().expect("a list").clone();
        all.into_iter()
            .find(|repository| repository["name"] == name)
            .expect("the repository")
    };
    let alone = said(server, &["stats", name, "--json"]);
    let alone: Value = serde_json::from_str(&alone).expect("JSON");
    assert_eq!(alone["registry"], Value::Null);
    assert_eq!(named(&alone), named(&all));
    named(&all)
}

/// Demands some members of an answer.
#[track_caller]
fn expect(figures: &Value, wanted: &Value) {
    for (member, wanted) in wanted.as_object().expect("an object") {
        assert_eq!(&figures[member], wanted, "{member} of {figures}");
    }
}

fn bytes_of(parts: &[&[u8]]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// Bytes of the files below `objects/`, and of the sealed extents that lie in rows.
fn on_disk(server: &Server) -> (u64, u64) {
    let files = stored::object_files(server.data_dir());
    let files = files
        .values()
        .map(|path| path.metadata().expect("a file").len())
        .sum();
    let sealed = "SELECT COALESCE(SUM(LENGTH(sealed)), 0) FROM extents";
    let rows = stored::query(server.data_dir(), sealed);
    (files, rows[0][0].as_u64().expect("a sum"))
}

fn mount(registry: &Registry, layer: &[u8], from: &str, to: &str) {
    let digest = Digest::of(layer);
    let path = format!("/v2/{to}/blobs/uploads/?mount={digest}&from={from}");
    registry.request("POST", &path, &[], b"").expect_status(201);
}

fn delete(server: &Server, repository: &str, image: &Image) {
    let ids = json!([{"imageDigest": image.digest().as_str()}]);
    let body = json!({"repositoryName": repository, "imageIds": ids});
    let answer = server.call("BatchDeleteImage", &body);
    assert_eq!(answer["failures"], json!([]), "{answer}");
}

/// Two images that share a layer of 200,000 bytes, in a repository each, and a third repository with the layer alone.
struct Shop {
    shared: Vec<u8>,
    first: Image,
    second: Image,
}

impl Shop {
    fn open(server: &Server) -> Self {
        let image = |author: &str, layers: &[&[u8]]| {
            let layers = layers.iter().map(|layer| layer.to_vec()).collect();
            Image::of(&json!({"architecture": "amd64", "author": author}), layers)
        };
        let shared = noise(1, 200_000);
        let shop = Self {
            first: image("first", &[&shared, &noise(2, 2_000)]),
            second: image("second", &[&shared, &noise(3, 100_000)]),
            shared,
        };
        for name in ["app", "other", "third"] {
            server.create_repository(name);
        }
        let registry = server.registry();
        registry.push(&shop.first, "app", "v1");
        registry.push(&shop.first, "app", "v2");
        registry.push(&shop.second, "other", "v1");
        mount(&registry, &shop.shared, "app", "third");
        shop
    }

    /// What of the second image nothing else has: its config and its second layer.
    fn alone(&self) -> usize {
        bytes_of(&[&self.second.blobs[0], &self.second.blobs[2]])
    }
}

#[test]
fn every_figure_of_repositories_and_of_the_registry_is_exact() {
    let server = Server::start(Options::testing());
    let empty = stats(&server);
    expect(&empty["registry"], &json!({"images": 0, "stored_bytes": 0}));
    assert_eq!(empty["repositories"], json!([]));
    let shop = Shop::open(&server);
    let (layers, manifest) = (
        bytes_of(&[&shop.shared, &shop.first.blobs[0], &shop.first.blobs[2]]),
        shop.first.manifest.len(),
    );
    let app = json!({
        "images": 1, "untagged": 0, "tags": 2, "layers": 3, "layer_bytes": layers, "manifest_bytes": manifest,
        "stored_bytes": layers + manifest, "shared_bytes": 200_000, "reclaimable_bytes": 0, "reclaimable": [],
        "trashed": 0, "uploads": 0, "upload_bytes": 0,
    });
    expect(&of(&server, "app"), &app);
    // A layer that was mounted and that no image holds does not go, as long as others have it.
    let third = json!({
        "images": 0, "tags": 0, "layers": 1, "stored_bytes": 200_000, "shared_bytes": 200_000, "reclaimable_bytes": 0,
    });
    expect(&of(&server, "third"), &third);
    let distinct = layers + shop.alone();
    let manifests = manifest + shop.second.manifest.len();
    let registry = json!({
        "images": 2, "untagged": 0, "tags": 3, "layers": 5, "layer_bytes": distinct, "manifest_bytes": manifests,
        "stored_bytes": distinct + manifests, "shared_bytes": 400_000, "reclaimable_bytes": 0,
    });
    expect(&stats(&server)["registry"], &registry);

    // The same image without a tag, under another digest; and an upload that nobody ends.
    let mut untagged = shop.first.clone();
    untagged.manifest.push(b'\n');
    let digest = untagged.digest();
    let put = server
        .registry()
        .try_put_manifest(&untagged, "app", digest.as_str());
    put.expect("an answer").expect_status(201);
    let begun = server.registry().try_begin("app").expect("an upload");
    server
        .registry()
        .request("PATCH", &begun, &[], &noise(9, 1_000))
        .expect_status(202);
    let more = json!({"images": 2, "untagged": 1, "tags": 2, "layers": 3, "uploads": 1, "upload_bytes": 1_000});
    expect(&of(&server, "app"), &more);
    let whole =
        json!({"images": 3, "untagged": 1, "uploads": 1, "upload_bytes": 1_000, "layers": 5});
    expect(&stats(&server)["registry"], &whole);
}

#[test]
fn reclaimable_bytes_move_with_the_clock_and_the_disk_has_that_many_less() {
    let server = Server::start(Options::testing());
    let shop = Shop::open(&server);
    let (files_before, rows_before) = on_disk(&server);
    let (layers, manifest) = (shop.alone(), shop.second.manifest.len());
    let before = stats(&server)["at"].as_i64().expect("a time");
    delete(&server, "other", &shop.second);
    let after = stats(&server)["at"].as_i64().expect("a time");
    let other = of(&server, "other");
    let gone = json!({
        "images": 0, "tags": 0, "trashed": 1, "layers": 3, "manifest_bytes": manifest, "shared_bytes": 200_000,
        "reclaimable_bytes": layers + manifest,
    });
    expect(&other, &gone);
    // The manifest leaves the trash after a week, and its layers' bytes two hours later.
    let due = other["reclaimable"].as_array().expect("a list").clone();
    let times = [(manifest, 7 * DAY), (layers, 7 * DAY + 2 * HOUR)];
    assert_eq!(due.len(), times.len(), "{due:?}");
    for (due, (bytes, seconds)) in due.iter().zip(times) {
        let by = due["by"].as_i64().expect("a time");
        let from = i64::try_from(seconds * 1_000_000).expect("a time");
        assert!((before + from..=after + from).contains(&by), "{due}");
        assert_eq!(due["bytes"], bytes);
    }
    let registry = &stats(&server)["registry"];
    expect(
        registry,
        &json!({"reclaimable_bytes": layers + manifest, "reclaimable": due, "trashed": 1}),
    );

    admin::advance(&server, 7 * DAY + HOUR);
    admin::sweep(&server);
    // Each move of the clock wakes the job that empties the trash.
    while admin::tables(&server)["trash_manifests"] > 0 {
        admin::advance(&server, 1);
    }
    // The third repository's link has gone after a day, so that nothing is shared any more.
    let late = stats(&server);
    let lingering =
        json!({"reclaimable_bytes": layers, "trashed": 0, "shared_bytes": 0, "layers": 5});
    expect(&late["registry"], &lingering);
    let by = late["registry"]["reclaimable"][0]["by"].as_i64();
    let wait = by.expect("a time") - late["at"].as_i64().expect("a time");
    assert!((0..=7_200_000_000).contains(&wait), "{late}");
    // No repository has them any more: they are the registry's.
    expect(
        &of(&server, "other"),
        &json!({"layers": 0, "stored_bytes": 0, "reclaimable_bytes": 0}),
    );

    admin::advance(&server, 3 * HOUR);
    admin::sweep(&server);
    let end = stats(&server);
    expect(
        &end["registry"],
        &json!({"reclaimable_bytes": 0, "reclaimable": [], "layers": 3}),
    );
    let (files, rows) = on_disk(&server);
    let freed = usize::try_from(files_before - files).expect("a size");
    // One file went: 100,000 bytes, sealed.
    assert!(
        (100_000..101_000).contains(&freed),
        "{freed} bytes of files"
    );
    let freed = usize::try_from(rows_before - rows).expect("a size");
    let config = shop.second.blobs[0].len();
    assert!(
        (config..config + 200).contains(&freed),
        "{freed} bytes of rows for {config}"
    );
}

#[test]
fn a_shared_layer_is_the_registrys_to_reclaim_once_nobody_holds_it() {
    let server = Server::start(Options::testing());
    let shop = Shop::open(&server);
    delete(&server, "other", &shop.second);
    let held = stats(&server)["registry"]["reclaimable_bytes"].clone();
    assert_eq!(held, shop.alone() + shop.second.manifest.len());
    server.call(
        "DeleteRepository",
        &json!({"repositoryName": "app", "force": true}),
    );
    while admin::tables(&server)["manifests"] > 0 {}
    let all = stats(&server);
    let manifests = shop.first.manifest.len() + shop.second.manifest.len();
    let layers =
        shop.alone() + bytes_of(&[&shop.shared, &shop.first.blobs[0], &shop.first.blobs[2]]);
    // What the deleted repository had is the registry's alone, and once in the sum.
    let registry = json!({
        "images": 0, "layers": 5, "layer_bytes": layers, "manifest_bytes": manifests, "trashed": 2,
        "reclaimable_bytes": layers + manifests, "shared_bytes": 400_000,
    });
    expect(&all["registry"], &registry);
    let names = all["repositories"].as_array().expect("a list");
    assert_eq!(names.len(), 2, "{all}");
    expect(
        &of(&server, "third"),
        &json!({"reclaimable_bytes": 0, "shared_bytes": 200_000}),
    );
    let text = said(&server, &["stats"]);
    let title = "registry 123456789012/us-east-1, 2 repositories\n";
    assert!(text.starts_with(title), "{text}");
    let shared = "  shared       390.6 KiB (400000 bytes)\n";
    assert!(text.contains(shared) && text.contains(" by 2"), "{text}");
    // Pushed again, it stays.
    server.create_repository("app");
    server.registry().push(&shop.first, "app", "v1");
    let registry = &stats(&server)["registry"];
    let left = shop.alone() + manifests;
    expect(
        registry,
        &json!({"images": 1, "reclaimable_bytes": left, "layers": 5}),
    );
}

#[test]
fn stats_of_what_is_not_there_are_refused() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    for (args, why) in [
        (&["stats", "none"][..], "there is no repository none"),
        (&["stats", "NONE"], "repository `NONE`"),
        (&["stats", "--region", "moon-north-1"], "is not served here"),
        (&["stats", "--account", "12"], "account `12`"),
        (
            &["stats", "--account", "999999999999"],
            "there is no account 999999999999",
        ),
    ] {
        let told = refused(&server, args);
        assert!(told.contains(why), "{args:?}: {told}");
    }
    let elsewhere = said(&server, &["stats", "--region", "eu-west-1"]);
    assert!(
        elsewhere.starts_with("registry 123456789012/eu-west-1, 0 repositories"),
        "{elsewhere}"
    );
    let foreign = refused(&server, &["stats", "app", "--region", "eu-west-1"]);
    assert!(foreign.contains("there is no repository app"), "{foreign}");
}
