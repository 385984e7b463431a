//! Policies of repositories: another account's pulls, a module's two lists, a quarantine.

use serde_json::{Value, json};

use super::{
    CI, Caller, PRODUCTION, PULL, PUSH, SECOND, arn_of_role, attach, cross_account_policy,
    expect_denied, give, make_role, make_trusted_role, module_policy, operator, root, set_policy,
    trust_of_main,
};
use crate::support::engine::Engine;
use crate::support::people::{account, allow, policy};
use crate::support::tools::Checked as _;
use crate::support::{ACCOUNT, Options, Server};

/// A domain of which host names tell whose registry is meant.
const DOMAIN: &str = "registry.test";
const REPOSITORY: &str = "production/api-service";
const IMAGE: &str = "production/api-service:v1";
const NO_IDENTITY: &str = "because no identity-based policy allows the";
const NO_RESOURCE: &str = "because no resource-based policy allows the";

/// What lets a client log in, and nothing else.
fn log_in() -> Value {
    json!([allow(&json!("ecr:GetAuthorizationToken"))])
}

fn with(actions: &[&str]) -> String {
    let own = [&["ecr:GetAuthorizationToken"], actions].concat();
    policy(&json!([allow(&json!(own))]))
}

/// A server that knows whose registry is meant, the name of the first account's, and an engine that finds it.
fn by_name() -> (Server, String, Engine) {
    let server = Server::start(Options {
        env: vec![("WHARFINGER_DOMAIN".to_owned(), DOMAIN.to_owned())],
        ..Options::default()
    });
    let (_, port) = server.authority().rsplit_once(':').expect("a port");
    let host = format!("{ACCOUNT}.dkr.ecr.us-east-1.{DOMAIN}:{port}");
    let engine = Engine::start_behind(server.url(), std::slice::from_ref(&host));
    (server, host, engine)
}

/// The article's repository with an image in it, its policy for two production accounts, and the workflow's role.
fn shared_repository(server: &Server, engine: &Engine, host: &str) -> [super::Somebody; 2] {
    let accounts = [PRODUCTION, SECOND].map(|id| account(server, id));
    make_trusted_role(server, &root(server), CI, &trust_of_main());
    server.create_immutable_repository(REPOSITORY);
    set_policy(server, REPOSITORY, &cross_account_policy());
    let owner = Caller::of("owner", &root(server)).docker(server, engine, host);
    owner.builds(1, IMAGE);
    owner.pushes(IMAGE);
    accounts
}

/// A pull of a layer and of a manifest by the AWS CLI and boto3, which have to be refused for this reason.
fn api_may_not_pull(server: &Server, who: &Caller, why: &str) {
    let words = ["ecr", "batch-get-image", "--registry-id", ACCOUNT];
    let mut get = who.aws(server, &words);
    get.args([
        "--repository-name",
        REPOSITORY,
        "--image-ids",
        "imageTag=v1",
    ]);
    let why_image = format!("{why} ecr:BatchGetImage action");
    expect_denied(&get.refused(), "ecr:BatchGetImage", REPOSITORY, &why_image);
    let script = format!(
        "print(refused(ecr.get_download_url_for_layer, registryId='{ACCOUNT}', \
         repositoryName='{REPOSITORY}', layerDigest='sha256:' + 64 * '0'))"
    );
    let why_layer = format!("{why} ecr:GetDownloadUrlForLayer action");
    let said = who.boto3(server, &script).checked();
    expect_denied(&said, "ecr:GetDownloadUrlForLayer", REPOSITORY, &why_layer);
}

#[test]
fn a_role_of_another_account_pulls_with_permissions_of_its_own_and_never_pushes() {
    let (server, host, engine) = by_name();
    let [production, _] = shared_repository(&server, &engine, &host);
    make_role(&server, &production, "eks-node", &Value::Null);
    let operator = operator(&server, &production);
    let role = arn_of_role(PRODUCTION, "eks-node");
    let node = operator.assumes(&server, &role);

    // Nothing of its own: not even a login, whatever the repository's policy says of its account.
    let said = node.aws(&server, &["ecr", "get-login-password"]).refused();
    assert!(
        said.contains("no identity-based policy allows the ecr:GetAuthorizationToken"),
        "{said}"
    );
    api_may_not_pull(&server, &node, NO_IDENTITY);
    give(&server, &production, "eks-node", &policy(&log_in()));
    let docker = node.docker(&server, &engine, &host);
    let said = docker.may_not_pull(IMAGE);
    let why = format!("{NO_IDENTITY} ecr:BatchGetImage action");
    expect_denied(&said, "ecr:BatchGetImage", REPOSITORY, &why);

    give(&server, &production, "eks-node", &with(&PULL));
    docker.pulls(IMAGE);
    let words = ["ecr", "batch-get-image", "--registry-id", ACCOUNT];
    let mut get = node.aws(&server, &words);
    get.args([
        "--repository-name",
        REPOSITORY,
        "--image-ids",
        "imageTag=v1",
    ]);
    get.args(["--query", "length(images)"]);
    assert_eq!(get.checked().trim(), "1");

    // To push it has no leave of the owner, with whatever policies of its own.
    give(&server, &production, "eks-node", &with(&["ecr:*"]));
    docker.builds(2, "production/api-service:v2");
    let said = docker.push("production/api-service:v2").refused();
    let why = format!("{NO_RESOURCE} ecr:InitiateLayerUpload action");
    expect_denied(&said, "ecr:InitiateLayerUpload", REPOSITORY, &why);
    let script = format!(
        "print(refused(ecr.put_image, registryId='{ACCOUNT}', repositoryName='{REPOSITORY}', \
         imageManifest='{{}}', imageTag='v2'))"
    );
    let said = node.boto3(&server, &script).checked();
    let why = format!("{NO_RESOURCE} ecr:PutImage action");
    expect_denied(&said, "ecr:PutImage", REPOSITORY, &why);
    docker.pulls(IMAGE);
}

#[test]
fn the_root_of_another_account_named_in_the_policy_hands_the_pull_on_to_whom_it_wants() {
    let (server, host, engine) = by_name();
    let [production, second] = shared_repository(&server, &engine, &host);
    // The accounts that are named, and one that is not.
    let stranger = account(&server, "444455556666");
    let read_only = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";
    let session = |account: &super::Somebody| {
        make_role(&server, account, "reader", &Value::Null);
        attach(&server, account, "reader", read_only);
        let role = arn_of_role(account.account(), "reader");
        operator(&server, account).assumes(&server, &role)
    };
    for account in [&production, &second] {
        let reader = session(account);
        reader.docker(&server, &engine, &host).pulls(IMAGE);
    }
    let reader = session(&stranger);
    let said = reader.docker(&server, &engine, &host).may_not_pull(IMAGE);
    let why = format!("{NO_RESOURCE} ecr:BatchGetImage action");
    expect_denied(&said, "ecr:BatchGetImage", REPOSITORY, &why);
    api_may_not_pull(&server, &reader, NO_RESOURCE);
}

/// The module's repository with an image in it, its two roles and a third, and sessions of theirs.
fn accounts_service(server: &Server) -> [Caller; 3] {
    let root = root(server);
    server.create_immutable_repository("accounts-service");
    for name in ["ecs-task-execution", "ci-build"] {
        make_role(server, &root, name, &log_in());
    }
    make_role(server, &root, "third", &Value::Null);
    let [pull, push, third] =
        ["ecs-task-execution", "ci-build", "third"].map(|name| arn_of_role(ACCOUNT, name));
    set_policy(server, "accounts-service", &module_policy(&pull, &push));
    let operator = operator(server, &root);
    [pull, push, third].map(|role| operator.assumes(server, &role))
}

#[test]
fn the_modules_pull_role_pulls_only_its_push_role_does_both_and_a_third_role_neither() {
    let server = Server::start(Options::default());
    let engine = Engine::start();
    let [ecs, ci, third] = accounts_service(&server);
    let image = "accounts-service:v1.4.2";
    let log_in_to = |who: &Caller| who.docker(&server, &engine, server.authority());
    let building = log_in_to(&ci);
    building.builds(1, image);
    building.pushes(image);
    building.pulls(image);
    let running = log_in_to(&ecs);
    running.pulls(image);

    let refused = |action: &str, said: &str| {
        let why = format!("{NO_IDENTITY} {action} action");
        expect_denied(said, action, "accounts-service", &why);
    };
    running.builds(2, "accounts-service:v1.4.3");
    let said = running.push("accounts-service:v1.4.3").refused();
    refused("ecr:InitiateLayerUpload", &said);
    let script = "manifest = ecr.batch_get_image(repositoryName='accounts-service', imageIds=[
    dict(imageTag='v1.4.2')])['images'][0]['imageManifest']
print(refused(ecr.put_image, repositoryName='accounts-service', imageManifest=manifest, imageTag='v1.4.3'))";
    let said = ecs.boto3(&server, script).checked();
    refused("ecr:PutImage", &said);
    let put = script.replace("refused(ecr.put_image, ", "ecr.put_image(");
    let said = ci.boto3(&server, &put).checked();
    assert!(said.contains("'imageTag': 'v1.4.3'"), "{said}");

    // The third has nothing: no login, no pull, no push. With a login, it still has neither.
    let said = third.aws(&server, &["ecr", "get-login-password"]).refused();
    assert!(
        said.contains("ecr:GetAuthorizationToken on resource: * because"),
        "{said}"
    );
    give(&server, &root(&server), "third", &policy(&log_in()));
    let idle = log_in_to(&third);
    refused("ecr:BatchGetImage", &idle.may_not_pull(image));
    idle.builds(3, "accounts-service:v2");
    let said = idle.push("accounts-service:v2").refused();
    refused("ecr:InitiateLayerUpload", &said);
}

#[test]
fn a_deny_of_pulls_quarantines_an_image_from_administrators_too_until_it_is_removed() {
    let server = Server::start(Options::default());
    let engine = Engine::start();
    let owner = root(&server);
    server.create_immutable_repository(REPOSITORY);
    make_role(&server, &owner, "administrator", &Value::Null);
    let all = "arn:aws:iam::aws:policy/AdministratorAccess";
    attach(&server, &owner, "administrator", all);
    let role = arn_of_role(ACCOUNT, "administrator");
    let administrator = operator(&server, &owner).assumes(&server, &role);
    let docker = administrator.docker(&server, &engine, server.authority());
    docker.builds(1, IMAGE);
    docker.pushes(IMAGE);
    docker.pulls(IMAGE);

    let quarantine = policy(&json!([{
        "Sid": "Quarantine", "Effect": "Deny", "Principal": "*", "Action": PULL,
    }]));
    let mut set = administrator.aws(&server, &["ecr", "set-repository-policy"]);
    set.args([
        "--repository-name",
        REPOSITORY,
        "--policy-text",
        &quarantine,
    ]);
    set.checked();
    let why = "with an explicit deny in a resource-based policy";
    let said = docker.may_not_pull(IMAGE);
    expect_denied(&said, "ecr:BatchGetImage", REPOSITORY, why);
    let words = ["ecr", "batch-get-image", "--repository-name", REPOSITORY];
    let mut get = administrator.aws(&server, &words);
    let said = get.args(["--image-ids", "imageTag=v1"]).refused();
    expect_denied(&said, "ecr:BatchGetImage", REPOSITORY, why);
    let script = format!(
        "print(refused(ecr.get_download_url_for_layer, repositoryName='{REPOSITORY}', \
         layerDigest='sha256:' + 64 * '0'))"
    );
    let said = administrator.boto3(&server, &script).checked();
    expect_denied(&said, "ecr:GetDownloadUrlForLayer", REPOSITORY, why);
    // It may be looked at meanwhile.
    let words = ["ecr", "describe-images", "--repository-name", REPOSITORY];
    administrator.aws(&server, &words).checked();

    let words = [
        "ecr",
        "delete-repository-policy",
        "--repository-name",
        REPOSITORY,
    ];
    administrator.aws(&server, &words).checked();
    docker.pulls(IMAGE);
}

/// The service note's policy, for the role of its nodes.
#[test]
fn the_nodes_of_a_cluster_pull_and_do_nothing_else() {
    let server = Server::start(Options::default());
    let engine = Engine::start();
    let owner = root(&server);
    server.create_repository("my-application");
    make_role(&server, &owner, "EKSNodeRole", &log_in());
    let role = arn_of_role(ACCOUNT, "EKSNodeRole");
    let statement = json!([{
        "Sid": "AllowPull", "Effect": "Allow", "Principal": {"AWS": [role]}, "Action": PULL,
    }]);
    set_policy(&server, "my-application", &policy(&statement));
    let image = "my-application:latest";
    let owners = Caller::of("owner", &owner).docker(&server, &engine, server.authority());
    owners.builds(1, image);
    owners.pushes(image);

    let node = operator(&server, &owner).assumes(&server, &role);
    let docker = node.docker(&server, &engine, server.authority());
    docker.pulls(image);
    docker.builds(2, image);
    let said = docker.push(image).refused();
    let why = format!("{NO_IDENTITY} {} action", PUSH[1]);
    expect_denied(&said, PUSH[1], "my-application", &why);
    let words = [
        "ecr",
        "describe-images",
        "--repository-name",
        "my-application",
    ];
    let said = node.aws(&server, &words).refused();
    let why = format!("{NO_IDENTITY} ecr:DescribeImages action");
    expect_denied(&said, "ecr:DescribeImages", "my-application", &why);
}
