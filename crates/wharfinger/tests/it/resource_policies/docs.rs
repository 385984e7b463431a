//! `docs/policies.md`, "Repositories and registries", as it is pasted.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::support::sign::Credentials;
use crate::support::{ACCOUNT, tools};

/// The page's files in a folder, and the commands below each heading of the third level.
fn page(folder: &Path) -> Vec<(String, String)> {
    let page = std::fs::read_to_string(tools::workspace().join("docs/policies.md"));
    let page = page.expect("docs/policies.md");
    let mut sections = Vec::new();
    for section in page.split("\n### ").skip(1) {
        let (heading, _) = section.split_once('\n').expect("a heading");
        let mut commands = String::new();
        for block in section.split("\n```sh\n").skip(1) {
            let (block, _) = block.split_once("\n```\n").expect("an end");
            commands.push_str(block);
            commands.push('\n');
        }
        sections.push((heading.to_owned(), commands));
    }
    for block in page.split("\n```json file=").skip(1) {
        let (name, rest) = block.split_once('\n').expect("a name");
        let (text, _) = rest.split_once("\n```\n").expect("an end");
        std::fs::write(folder.join(name), text).expect("a file");
    }
    sections
}

/// Pastes commands, and what a test adds to them; what they print.
fn paste(server: &Server, folder: &Path, commands: &str) -> String {
    let program = tools::wharfinger();
    let path = program.parent().expect("a folder").display().to_string();
    let commands = format!("PATH={path}:$PATH\n{commands}");
    let mut bash = server.command("bash");
    bash.env("XDG_DATA_HOME", folder);
    bash.args(["-euo", "pipefail", "-c", &commands])
        .current_dir(folder);
    bash.checked()
}

#[test]
fn another_account_pulls_and_pushes_are_told_apart_as_the_documentation_shows() {
    let place = tempfile::tempdir().expect("a folder");
    let server = Server::start(Options {
        data_dir: Some(place.path().join("wharfinger")),
        ..Options::default()
    });
    let [(across, sharing), (which, pushing)] =
        page(place.path()).try_into().expect("two sections");
    assert_eq!(
        (across.as_str(), which.as_str()),
        ("Let another account pull", "Which pushes")
    );

    // The image that the last command pulls comes after the repository.
    let image = Image::new(1, 1);
    let (setting_up, pulling) = sharing.split_once("\nread -r ").expect("the login");
    let keys = format!(
        "{setting_up}\nset +x; printf '\\n%s' \"$key\" > key; printf %s \"$owner\" > owner\n"
    );
    paste(&server, place.path(), &keys);
    server.registry().push(&image, "blue/app", "v1");
    let again = format!("key=$(tail -n1 key); owner=$(cat owner)\nread -r {pulling}");
    let said = paste(&server, place.path(), &again);
    let pulled: Value = serde_json::from_str(&said).expect("JSON");
    let manifest = pulled["images"][0]["imageManifest"].as_str();
    assert_eq!(
        manifest.map(str::as_bytes),
        Some(&image.manifest[..]),
        "{said}"
    );

    paste(&server, place.path(), &pushing);
    let root = root(&server);
    let key = root.iam(&server, "CreateAccessKey", &[("UserName", "ci")]);
    let field = |name: &str| {
        let (_, rest) = key.split_once(&format!("<{name}>")).expect("an element");
        rest.split('<').next().expect("a text").to_owned()
    };
    let ci = Somebody {
        arn: format!("arn:aws:iam::{ACCOUNT}:user/ci"),
        id: String::new(),
        credentials: Credentials {
            access_key_id: field("AccessKeyId"),
            secret: field("SecretAccessKey"),
            session_token: None,
        },
    };
    ci.registry(&server).push(&image, "green/app", "release-1");
    ci.may_not(
        &server,
        "PutImage",
        &put_image(ACCOUNT, "green/app", "latest", &image),
    );
    server.registry().push(&image, "green/app", "latest");
    root.may_not(
        &server,
        "PutImage",
        &put_image(ACCOUNT, "green/app", "release-2", &image),
    );
    let release = json!({"repositoryName": "green/app", "imageIds": [{"imageTag": "release-1"}]});
    root.does(&server, "DescribeImages", &release);
}
