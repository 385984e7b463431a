//! The policy of a whole registry.

use serde_json::{Value, json};

use super::*;
use crate::support::people::another_account;

/// Every operation of ECR that is built, on the repository `app`; what each answers beside a refusal does not matter.
fn operations(registry: &str) -> Vec<(&'static str, Value)> {
    let arn = format!("arn:aws:ecr:us-east-1:{registry}:repository/app");
    let digest = format!("sha256:{}", "0".repeat(64));
    let list = [
        (
            "BatchCheckLayerAvailability",
            json!({"layerDigests": [digest]}),
        ),
        (
            "BatchDeleteImage",
            json!({"imageIds": [{"imageTag": "none"}]}),
        ),
        ("BatchGetImage", json!({"imageIds": [{"imageTag": "none"}]})),
        (
            "CompleteLayerUpload",
            json!({"uploadId": UPLOAD, "layerDigests": [digest]}),
        ),
        ("CreateRepository", json!({})),
        ("DeleteRepositoryPolicy", json!({})),
        ("DescribeImages", json!({})),
        ("DescribeRepositories", json!({})),
        ("GetAccountSetting", json!({"name": "BLOB_MOUNTING"})),
        ("GetDownloadUrlForLayer", json!({"layerDigest": digest})),
        ("GetRegistryPolicy", json!({})),
        ("GetRepositoryPolicy", json!({})),
        ("InitiateLayerUpload", json!({})),
        ("ListImages", json!({})),
        ("ListTagsForResource", json!({"resourceArn": arn})),
        (
            "PutAccountSetting",
            json!({"name": "BLOB_MOUNTING", "value": "DISABLED"}),
        ),
        ("PutImage", json!({"imageManifest": "{}"})),
        (
            "PutImageTagMutability",
            json!({"imageTagMutability": "MUTABLE"}),
        ),
        ("PutRegistryPolicy", json!({"policyText": "{}"})),
        ("SetRepositoryPolicy", json!({"policyText": "{}"})),
        (
            "TagResource",
            json!({"resourceArn": arn, "tags": [{"Key": "a", "Value": "b"}]}),
        ),
        (
            "UntagResource",
            json!({"resourceArn": arn, "tagKeys": ["a"]}),
        ),
        (
            "UploadLayerPart",
            json!({"uploadId": UPLOAD, "partFirstByte": 0, "partLastByte": 0, "layerPartBlob": "AA=="}),
        ),
        ("DescribeRegistry", json!({})),
    ];
    let with_names = |mut body: Value| {
        body["repositoryName"] = json!("app");
        body["registryId"] = json!(registry);
        body
    };
    list.map(|(name, body)| (name, with_names(body))).into()
}

const UPLOAD: &str = "00000000-0000-4000-8000-000000000000";

/// A statement of a registry's policy.
fn everywhere(mut statement: Value) -> Value {
    statement["Resource"] = json!("*");
    statement
}

fn put(server: &Server, statements: &Value) {
    server.call(
        "PutRegistryPolicy",
        &json!({"policyText": policy(statements)}),
    );
}

fn scope(server: &Server, version: &str) {
    let body = json!({"name": "REGISTRY_POLICY_SCOPE", "value": version});
    server.call("PutAccountSetting", &body);
}

/// The operations that somebody is refused for want of permission.
fn refused(who: &Somebody, server: &Server, registry: &str) -> Vec<&'static str> {
    let mut refused = Vec::new();
    for (operation, body) in operations(registry) {
        let (_, answer) = who.call(server, operation, &body);
        if answer["__type"] == "AccessDeniedException" {
            refused.push(operation);
        }
    }
    refused
}

#[test]
fn a_registry_policy_governs_every_action_and_of_the_scope_v1_three() {
    let server = Server::start(Options::default());
    let root = root(&server);
    server.create_repository("app");
    let own = root.account().to_owned();
    let [user] = root.makes(&server, [("user", log_in())]);
    let all: Vec<&str> = operations(&own).into_iter().map(|(name, _)| name).collect();
    assert_eq!(refused(&user, &server, &own), all);

    let who = json!(user.arn);
    put(&server, &json!([everywhere(grant(&who, &json!("ecr:*")))]));
    assert_eq!(refused(&user, &server, &own), Vec::<&str>::new());
    // A token is one's own, whatever registry it is for.
    put(&server, &json!([everywhere(deny(&who, &json!("ecr:*")))]));
    assert_eq!(refused(&user, &server, &own), all);
    user.password(&server);
    // A resource as ECR names it.
    let images = json!({"repositoryName": "app"});
    let mut only = grant(&who, &json!("ecr:*"));
    only["Resource"] = json!(format!("arn:aws:ecr:us-east-1:{own}:repository/ap*"));
    put(&server, &json!([only]));
    user.does(&server, "ListImages", &images);
    user.may_not(&server, "DescribeRegistry", &json!({}));
    user.may_not(&server, "ListImages", &json!({"repositoryName": "other"}));

    put(&server, &json!([everywhere(grant(&who, &json!("ecr:*")))]));
    scope(&server, "V1");
    let but: Vec<&str> = all
        .iter()
        .copied()
        .filter(|it| *it != "CreateRepository")
        .collect();
    assert_eq!(refused(&user, &server, &own), but);
    // And of V1 a deny, too.
    let denied = everywhere(deny(&json!("*"), &json!("ecr:*")));
    put(&server, &json!([denied]));
    user.may_not(
        &server,
        "CreateRepository",
        &json!({"repositoryName": "new"}),
    );
    root.does(&server, "ListImages", &images);
    root.may_not(
        &server,
        "CreateRepository",
        &json!({"repositoryName": "new"}),
    );
    scope(&server, "V2");
    root.may_not(&server, "ListImages", &images);
}

#[test]
fn root_can_always_delete_what_locks_it_out() {
    let server = Server::start(Options::default());
    let root = root(&server);
    server.create_repository("app");
    let own = root.account().to_owned();
    let admin = json!([allow(&json!("*"))]);
    let [user] = root.makes(&server, [("user", admin)]);
    put(
        &server,
        &json!([everywhere(deny(&json!("*"), &json!("ecr:*")))]),
    );
    let all: Vec<&str> = operations(&own).into_iter().map(|(name, _)| name).collect();
    assert_eq!(refused(&root, &server, &own), all);
    user.may_not(&server, "DeleteRegistryPolicy", &json!({}));
    root.does(&server, "DeleteRegistryPolicy", &json!({}));
    assert_eq!(refused(&root, &server, &own), Vec::<&str>::new());
    assert_eq!(refused(&user, &server, &own), Vec::<&str>::new());
}

#[test]
fn a_registry_policy_lets_another_account_in() {
    let server = Server::start(Options::default());
    let owner = root(&server);
    let other = another_account(&server);
    let registry = owner.account().to_owned();
    server.create_repository("app");
    let image = Image::new(3, 1);
    owner.registry(&server).push(&image, "app", "v1");
    let [user] = other.makes(&server, [("user", json!([allow(&json!("ecr:*"))]))]);
    let pull = get_image(&registry, "app", "v1");
    let create = json!({"registryId": registry, "repositoryName": "from/abroad"});
    user.may_not(&server, "BatchGetImage", &pull);
    user.may_not(&server, "CreateRepository", &create);

    let account = json!(other.account());
    put(
        &server,
        &json!([everywhere(grant(
            &account,
            &json!(["ecr:CreateRepository", PULL[0], PULL[1]])
        ))]),
    );
    pulls(&user, &server, (&registry, "app"), "v1", &image);
    let made = user.does(&server, "CreateRepository", &create);
    assert_eq!(made["repository"]["registryId"], json!(registry));
    server.call(
        "DescribeRepositories",
        &json!({"repositoryNames": ["from/abroad"]}),
    );
    // Tags are another action.
    let mut tagged = create.clone();
    tagged["repositoryName"] = json!("tagged/abroad");
    tagged["tags"] = json!([{"Key": "a", "Value": "b"}]);
    let message = user.fails(
        &server,
        "CreateRepository",
        &tagged,
        "AccessDeniedException",
    );
    assert!(
        message.contains("not authorized to perform: ecr:TagResource"),
        "{message}"
    );

    // Both policies are one: the deny of either wins.
    set(&server, "app", &json!([deny(&account, &json!(PULL[0]))]));
    user.may_not(&server, "BatchGetImage", &pull);
    server.call("DeleteRepositoryPolicy", &json!({"repositoryName": "app"}));
    user.does(&server, "BatchGetImage", &pull);
    scope(&server, "V1");
    user.may_not(&server, "BatchGetImage", &pull);
    let second = json!({"registryId": registry, "repositoryName": "second"});
    user.does(&server, "CreateRepository", &second);
    scope(&server, "V2");
    user.does(&server, "BatchGetImage", &pull);
    server.call("DeleteRegistryPolicy", &json!({}));
    user.may_not(&server, "BatchGetImage", &pull);
}
