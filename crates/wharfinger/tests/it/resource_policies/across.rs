//! Two accounts: both have to allow, and either can deny.

use serde_json::{Value, json};

use super::*;
use crate::support::people::another_account;
use crate::support::registry::Registry;

/// A domain of which host names tell whose registry is meant.
const DOMAIN: &str = "registry.test";

fn with_domain() -> Server {
    Server::start(Options {
        env: vec![("WHARFINGER_DOMAIN".to_owned(), DOMAIN.to_owned())],
        ..Options::default()
    })
}

/// The host of a registry, with the server's port.
fn host(server: &Server, account: &str) -> String {
    let port = server.authority().rsplit(':').next().expect("a port");
    format!("{account}.dkr.ecr.us-east-1.{DOMAIN}:{port}")
}

/// One call of the API and one of the registry protocol, both pulling `app:v1` of an account: both do, or neither does.
struct Pull<'a> {
    server: &'a Server,
    owner: &'a str,
    image: &'a Image,
}

impl Pull<'_> {
    fn by_docker(&self, registry: &Registry) -> Response {
        let host = host(self.server, self.owner);
        let headers = [("host", host.as_str()), ("accept", "*/*")];
        registry.request("GET", "/v2/app/manifests/v1", &headers, b"")
    }

    #[track_caller]
    fn works(&self, who: &Somebody) {
        pulls(who, self.server, (self.owner, "app"), "v1", self.image);
        let answer = self.by_docker(&who.registry(self.server));
        assert_eq!(answer.expect_status(200).body, self.image.manifest);
    }

    #[track_caller]
    fn is_refused(&self, who: &Somebody, reason: &str) {
        let body = get_image(self.owner, "app", "v1");
        let by_api = who.may_not(self.server, "BatchGetImage", &body);
        assert!(by_api.ends_with(reason), "{by_api}");
        let by_docker = denied(&self.by_docker(&who.registry(self.server)));
        assert_eq!(by_docker, by_api);
    }
}

const NO_RESOURCE: &str = "because no resource-based policy allows the ecr:BatchGetImage action";
const NO_IDENTITY: &str = "because no identity-based policy allows the ecr:BatchGetImage action";

#[test]
fn across_accounts_both_sides_have_to_allow_and_either_can_deny() {
    let server = with_domain();
    let owner = root(&server);
    let other = another_account(&server);
    server.create_repository("app");
    let image = Image::new(1, 1);
    owner.registry(&server).push(&image, "app", "v1");
    let pull = Pull {
        server: &server,
        owner: owner.account(),
        image: &image,
    };
    let all = json!([allow(&json!("ecr:*"))]);
    let [granted, bare] = other.makes(&server, [("granted", all.clone()), ("bare", log_in())]);

    // Neither half alone, whoever asks: root's own side is implied, the owner's is not.
    pull.is_refused(&granted, NO_RESOURCE);
    pull.is_refused(&other, NO_RESOURCE);
    let pull_of = |who: Value| json!([grant(&who, &json!(PULL))]);
    let account = other.account().to_owned();
    let as_root = format!("arn:aws:iam::{account}:root");
    for form in [
        json!(account),
        json!(as_root),
        json!("*"),
        json!([granted.arn, bare.arn]),
    ] {
        set(&server, "app", &pull_of(form.clone()));
        pull.works(&granted);
        pull.is_refused(&bare, NO_IDENTITY);
    }
    // The account, so its root too; a user of it, so nobody else.
    set(&server, "app", &pull_of(json!(account)));
    pull.works(&other);
    set(&server, "app", &pull_of(json!(bare.arn)));
    pull.is_refused(&granted, NO_RESOURCE);
    pull.is_refused(&other, NO_RESOURCE);
    // Only what is granted.
    set(
        &server,
        "app",
        &json!([grant(&json!(account), &json!(PULL[0]))]),
    );
    let layer = json!({
        "registryId": owner.account(), "repositoryName": "app",
        "layerDigest": Digest::of(&image.blobs[0]).as_str(),
    });
    granted.may_not(&server, "GetDownloadUrlForLayer", &layer);

    // A deny on either side.
    let but = |who: &str| {
        json!([
            grant(&json!(account), &json!(PULL)),
            deny(&json!(who), &json!("ecr:Batch*"))
        ])
    };
    for who in [granted.arn.as_str(), account.as_str()] {
        set(&server, "app", &but(who));
        // Told like one that lets nobody in: a stranger does not learn that there is something to deny.
        pull.is_refused(&granted, NO_RESOURCE);
    }
    set(&server, "app", &pull_of(json!(account)));
    pull.works(&granted);
    let own_deny = json!({"Effect": "Deny", "Action": "ecr:BatchGetImage", "Resource": "*"});
    other.allows(
        &server,
        "granted",
        &json!([allow(&json!("ecr:*")), own_deny]),
    );
    pull.is_refused(
        &granted,
        "with an explicit deny in an identity-based policy",
    );
    other.allows(&server, "granted", &all);
    pull.works(&granted);
}

#[test]
fn what_one_account_pushes_into_another_is_the_owners() {
    let server = with_domain();
    let owner = root(&server);
    let other = another_account(&server);
    server.create_repository("app");
    let [pusher] = other.makes(&server, [("pusher", json!([allow(&json!("ecr:*"))]))]);
    let actions: Vec<&str> = PUSH.into_iter().chain(PULL).collect();
    set(
        &server,
        "app",
        &json!([grant(&json!(pusher.arn), &json!(actions))]),
    );

    // By a client, under the owner's host name.
    let (folder, image) = layout(&server, 1);
    let here = format!("oci:{}:v1", folder.display());
    let there = format!("docker://{}/app:v1", host(&server, owner.account()));
    skopeo(&server, &pusher.password(&server), (&here, &there)).checked();
    pulls(&owner, &server, (owner.account(), "app"), "v1", &image);
    pulls(&pusher, &server, (owner.account(), "app"), "v1", &image);
    let back = format!("oci:{}:v1", server.scratch("back").display());
    skopeo(&server, &pusher.password(&server), (&there, &back)).checked();
    // Without the name, it is one's own registry that is meant.
    let own = format!("docker://{}/app:v1", host(&server, other.account()));
    let said = skopeo(&server, &pusher.password(&server), (&here, &own)).refused();
    let missing = format!(
        "does not exist in the registry with id '{}'",
        other.account()
    );
    assert!(said.contains(&missing), "{said}");

    // By the API: what was pushed by another is sealed for the owner.
    let second = Image::new(7, 1);
    let registry = owner.account();
    for blob in &second.blobs {
        push_layer(&pusher, &server, registry, blob);
    }
    pusher.does(
        &server,
        "PutImage",
        &put_image(registry, "app", "v2", &second),
    );
    let server = server.restart();
    pulls(&owner, &server, (registry, "app"), "v2", &second);
    pulls(&pusher, &server, (registry, "app"), "v2", &second);
    owner.registry(&server).expect_image(&second, "app", "v2");
    owner.registry(&server).expect_image(&image, "app", "v1");
}

/// Pushes a layer to `app` of a registry by the API.
fn push_layer(who: &Somebody, server: &Server, registry: &str, blob: &[u8]) {
    use base64::Engine as _;
    let about = |more: &Value| {
        let mut body = json!({"registryId": registry, "repositoryName": "app"});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    };
    let begun = who.does(server, "InitiateLayerUpload", &about(&json!({})));
    let id = &begun["uploadId"];
    let part = base64::engine::general_purpose::STANDARD.encode(blob);
    let body = about(&json!({
        "uploadId": id, "partFirstByte": 0, "partLastByte": blob.len() - 1, "layerPartBlob": part,
    }));
    who.does(server, "UploadLayerPart", &body);
    let digest = Digest::of(blob);
    let body = about(&json!({"uploadId": id, "layerDigests": [digest.as_str()]}));
    who.does(server, "CompleteLayerUpload", &body);
}
