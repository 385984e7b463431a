//! AWS's managed policies, as the documents hand them out: to users, through docker, the AWS CLI and boto3.

use serde_json::Value;

use super::{Caller, expect_denied, root};
use crate::support::engine::Engine;
use crate::support::tools::Checked as _;
use crate::support::{Options, Server};

const WHY: &str = "because no identity-based policy allows the";

/// A user with one of AWS's policies for ECR.
fn user(server: &Server, name: &str, managed: &str) -> Caller {
    let root = root(server);
    let [user] = root.makes(server, [(name, Value::Null)]);
    let arn = format!("arn:aws:iam::aws:policy/AmazonEC2ContainerRegistry{managed}");
    let parameters = [("UserName", name), ("PolicyArn", arn.as_str())];
    root.iam(server, "AttachUserPolicy", &parameters);
    Caller::of(name, &user)
}

/// A repository with `app:v1`, pushed by its owner.
fn with_image(server: &Server, engine: &Engine) {
    server.create_repository("app");
    let owner = Caller::of("owner", &root(server)).docker(server, engine, server.authority());
    owner.builds(1, "app:v1");
    owner.pushes("app:v1");
}

/// Everything that changes an image or a repository, by boto3: what is refused, as `refused` tells it.
const CHANGES: &str = "manifest = ecr.batch_get_image(repositoryName='app', imageIds=[dict(imageTag='v1')])['images'][0]
for call, more in (
    (ecr.put_image, dict(imageManifest=manifest['imageManifest'], imageTag='v2')),
    (ecr.initiate_layer_upload, {}),
    (ecr.batch_delete_image, dict(imageIds=[dict(imageTag='v1')])),
    (ecr.delete_repository, dict(force=True))):
    try:
        call(repositoryName='app', **more)
        print(call.__name__, 'works')
    except botocore.exceptions.ClientError as error:
        assert error.response['Error']['Code'] == 'AccessDeniedException', error
        print(call.__name__, 'denied')";

#[test]
fn who_may_only_read_pulls_and_lists_and_cannot_push() {
    let server = Server::start(Options::default());
    let engine = Engine::start();
    with_image(&server, &engine);
    let reader = user(&server, "reader", "ReadOnly");
    let docker = reader.docker(&server, &engine, server.authority());
    docker.pulls("app:v1");
    docker.builds(2, "app:v2");
    let said = docker.push("app:v2").refused();
    let why = format!("{WHY} ecr:InitiateLayerUpload action");
    expect_denied(&said, "ecr:InitiateLayerUpload", "app", &why);
    let mut list = reader.aws(&server, &["ecr", "list-images", "--repository-name", "app"]);
    list.args(["--query", "imageIds[].imageTag", "--output", "text"]);
    assert_eq!(list.checked().trim(), "v1");
    let mut put = reader.aws(&server, &["ecr", "put-image", "--repository-name", "app"]);
    let said = put
        .args(["--image-manifest", "{}", "--image-tag", "v2"])
        .refused();
    let why = format!("{WHY} ecr:PutImage action");
    expect_denied(&said, "ecr:PutImage", "app", &why);
    let said = reader.boto3(&server, CHANGES).checked();
    let expected = "put_image denied\ninitiate_layer_upload denied\nbatch_delete_image denied\ndelete_repository denied";
    assert_eq!(said.trim(), expected);
}

#[test]
fn a_power_user_pushes_and_deletes_neither_image_nor_repository() {
    let server = Server::start(Options::default());
    let engine = Engine::start();
    with_image(&server, &engine);
    let power = user(&server, "power", "PowerUser");
    let docker = power.docker(&server, &engine, server.authority());
    docker.pulls("app:v1");
    docker.builds(2, "app:v3");
    docker.pushes("app:v3");
    let said = power.boto3(&server, CHANGES).checked();
    let expected = "put_image works\ninitiate_layer_upload works\nbatch_delete_image denied\ndelete_repository denied";
    assert_eq!(said.trim(), expected);
    let words = ["ecr", "delete-repository", "--repository-name", "app"];
    let said = power.aws(&server, &words).refused();
    let why = format!("{WHY} ecr:DeleteRepository action");
    expect_denied(&said, "ecr:DeleteRepository", "app", &why);
}

#[test]
fn who_may_only_pull_pulls_and_lists_nothing() {
    let server = Server::start(Options::default());
    let engine = Engine::start();
    with_image(&server, &engine);
    let puller = user(&server, "puller", "PullOnly");
    let docker = puller.docker(&server, &engine, server.authority());
    docker.pulls("app:v1");
    docker.builds(2, "app:v2");
    let said = docker.push("app:v2").refused();
    let why = format!("{WHY} ecr:InitiateLayerUpload action");
    expect_denied(&said, "ecr:InitiateLayerUpload", "app", &why);
    let words = ["ecr", "list-images", "--repository-name", "app"];
    let said = puller.aws(&server, &words).refused();
    let why = format!("{WHY} ecr:ListImages action");
    expect_denied(&said, "ecr:ListImages", "app", &why);
    let said = puller.boto3(&server, CHANGES).checked();
    let expected = "put_image denied\ninitiate_layer_upload denied\nbatch_delete_image denied\ndelete_repository denied";
    assert_eq!(said.trim(), expected);
}
