//! The workflow: a token of GitHub's, a session, `docker push`.

use serde_json::json;

use super::{
    CI, Caller, POWER_USER, attach, cross_account_policy, exchange, expect_denied, give,
    make_trusted_role, push_policy, root, set_policy, trust_of_all_branches, trust_of_main,
};
use crate::clients::containerd::{self, Containerd};
use crate::github_actions::Tokens;
use crate::support::engine::Engine;
use crate::support::images::{OCI_MANIFEST, descriptor};
use crate::support::people::{Somebody, account};
use crate::support::registry::Registry;
use crate::support::tools::Checked as _;
use crate::support::{ACCOUNT, Server};

const MAIN: &str = "repo:myorg/myrepo:ref:refs/heads/main";
const BRANCH: &str = "repo:your-org/your-repo:ref:refs/heads/feature";
const AUDIENCE: &str = "sts.amazonaws.com";
const REPOSITORY: &str = "production/api-service";

/// The provider of `oidc.tf`, and the role with one of the two trust policies.
fn with_role(server: &Server, root: &Somebody, trust: &str) {
    let provider = [
        ("Url", "https://token.actions.githubusercontent.com"),
        ("ClientIDList.member.1", AUDIENCE),
        (
            "ThumbprintList.member.1",
            "6938fd4d98bab03faadb97b34396831e3780aea1",
        ),
    ];
    root.iam(server, "CreateOpenIDConnectProvider", &provider);
    make_trusted_role(server, root, CI, trust);
}

/// The role of `iam_cicd.tf`, its repository with the policy of `ecr_policy.tf`, and one more.
fn with_main_branch(server: &Server) -> Somebody {
    let root = root(server);
    with_role(server, &root, &trust_of_main());
    give(server, &root, CI, &push_policy(REPOSITORY, &[]));
    server.create_immutable_repository(REPOSITORY);
    server.create_repository("prod-api-service");
    root
}

/// The session of a job.
fn job(server: &Server, tokens: &Tokens, subject: &str) -> Caller {
    let given = exchange(server, CI, &tokens.of(subject, AUDIENCE)).checked();
    Caller::of_session("job", &given)
}

#[test]
fn a_token_of_main_gives_a_session_of_the_role_and_another_subject_or_audience_none() {
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    let root = with_main_branch(&server);
    let job = job(&server, &tokens, MAIN);
    let who = ["sts", "get-caller-identity", "--query", "Arn"];
    let who = job.aws(&server, &who).checked();
    let session = format!("\"arn:aws:sts::{ACCOUNT}:assumed-role/{CI}/GitHubActions\"");
    assert_eq!(who.trim(), session);
    // What `amazon-ecr-login` reads, and calls the registry without its scheme.
    let script = "print(ecr.get_authorization_token()['authorizationData'][0]['proxyEndpoint'])";
    let endpoint = job.boto3(&server, script).checked();
    assert_eq!(endpoint.trim(), server.url());

    let denied = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
    for subject in [
        "repo:myorg/myrepo:ref:refs/heads/feature",
        "repo:myorg/myrepo:ref:refs/heads/main2",
        "repo:myorg/myrepo:pull_request",
        "repo:myorg/other:ref:refs/heads/main",
        BRANCH,
    ] {
        let said = exchange(&server, CI, &tokens.of(subject, AUDIENCE)).refused();
        assert!(
            said.contains("(AccessDenied)") && said.contains(denied),
            "{said}"
        );
    }
    // An audience that the provider does not have, and one that it has and the trust policy does not.
    let other = "https://github.com/myorg";
    let said = exchange(&server, CI, &tokens.of(MAIN, other)).refused();
    assert!(said.contains("(InvalidIdentityToken)"), "{said}");
    assert!(said.contains("Incorrect token audience"), "{said}");
    let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com");
    let client = [
        ("OpenIDConnectProviderArn", arn.as_str()),
        ("ClientID", other),
    ];
    root.iam(&server, "AddClientIDToOpenIDConnectProvider", &client);
    let said = exchange(&server, CI, &tokens.of(MAIN, other)).refused();
    assert!(
        said.contains("(AccessDenied)") && said.contains(denied),
        "{said}"
    );
}

#[test]
fn with_the_ci_policy_docker_pushes_to_its_repository_and_to_no_other() {
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    with_main_branch(&server);
    let engine = Engine::start();
    let docker = job(&server, &tokens, MAIN).docker(&server, &engine, server.authority());
    docker.builds(1, "production/api-service:v1");
    docker.pushes("production/api-service:v1");
    docker.builds(2, "prod-api-service:v1");
    let said = docker.push("prod-api-service:v1").refused();
    let why = "because no identity-based policy allows the ecr:InitiateLayerUpload action";
    expect_denied(&said, "ecr:InitiateLayerUpload", "prod-api-service", why);
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{CI}/GitHubActions");
    assert!(
        said.contains(&format!("denied: User: {session} ")),
        "{said}"
    );
    let left = server.call("ListImages", &json!({"repositoryName": "prod-api-service"}));
    assert_eq!(left["imageIds"], json!([]));
}

/// buildx asks the same HEAD as containerd; its plug-in is not there, so containerd and the bare request speak for it.
#[test]
fn the_ci_policy_suits_dockers_own_push_and_needs_batch_get_image_for_containerds() {
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    let root = with_main_branch(&server);
    let engine = Engine::start();
    let job = job(&server, &tokens, MAIN);
    let docker = job.docker(&server, &engine, server.authority());
    docker.builds(1, "production/api-service:classic");
    docker.pushes("production/api-service:classic");

    let containerd = Containerd::start();
    let image = containerd::image(&server.scratch("layers"), 7);
    let mut blobs = image.blobs.clone();
    blobs.push(image.manifest.clone());
    let name = format!("{}/{REPOSITORY}:containerd", server.authority());
    let top = descriptor(OCI_MANIFEST, &image.manifest);
    containerd.import(&containerd::layout(&server, &name, &top, &blobs));
    let push = || {
        let words = ["images", "push"];
        let mut push = containerd.remote(&server, &words, &job.password(&server));
        push.arg(&name);
        push
    };
    // Its layers are there by then: what it asks for next is the manifest, which is no question of pushing.
    let said = push().refused();
    assert!(said.contains("unexpected status: 403 Forbidden"), "{said}");
    let registry = Registry::new(server.authority(), &job.password(&server));
    let head = || {
        let path = format!("/v2/{REPOSITORY}/manifests/containerd");
        registry
            .request("HEAD", &path, &[("accept", OCI_MANIFEST)], b"")
            .status
    };
    assert_eq!(head(), 403);

    give(
        &server,
        &root,
        CI,
        &push_policy(REPOSITORY, &["ecr:BatchGetImage"]),
    );
    assert_eq!(head(), 404);
    push().checked();
    assert_eq!(head(), 200);
    docker.builds(2, "production/api-service:classic-again");
    docker.pushes("production/api-service:classic-again");
}

/// The statement of the repository's policy for the workflow, beside the role's own policy and without it.
#[test]
fn the_push_statement_of_the_repository_policy_is_no_login_and_finds_no_layers() {
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    let root = with_main_branch(&server);
    for id in [super::PRODUCTION, super::SECOND] {
        account(&server, id);
    }
    set_policy(&server, REPOSITORY, &cross_account_policy());
    let job = job(&server, &tokens, MAIN);
    let engine = Engine::start();
    let docker = job.docker(&server, &engine, server.authority());
    docker.builds(1, "production/api-service:v1");
    docker.pushes("production/api-service:v1");

    let inline = [("RoleName", CI), ("PolicyName", "ecr-push-permissions")];
    root.iam(&server, "DeleteRolePolicy", &inline);
    let said = job.aws(&server, &["ecr", "get-login-password"]).refused();
    assert!(
        said.contains("ecr:GetAuthorizationToken on resource: *"),
        "{said}"
    );
    let script = format!(
        "missing = 'sha256:' + 64 * '0'
reason = refused(ecr.batch_check_layer_availability, repositoryName='{REPOSITORY}', layerDigests=[missing])
assert 'no identity-based policy allows the ecr:BatchCheckLayerAvailability' in reason, reason
print(ecr.initiate_layer_upload(repositoryName='{REPOSITORY}')['partSize'] > 0)"
    );
    assert_eq!(job.boto3(&server, &script).checked().trim(), "True");
}

#[test]
fn a_power_users_session_pushes_to_any_repository_and_deletes_none() {
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    let root = root(&server);
    with_role(&server, &root, &trust_of_all_branches());
    attach(&server, &root, CI, POWER_USER);
    server.create_repository("production-api");
    server.create_immutable_repository(REPOSITORY);
    let job = job(&server, &tokens, BRANCH);
    let engine = Engine::start();
    let docker = job.docker(&server, &engine, server.authority());
    // The workflow's two tags of one image, and a repository that it does not know of.
    docker.builds(1, "production-api:0a1b2c3");
    let names = ["0a1b2c3", "latest"].map(|tag| docker.name(&format!("production-api:{tag}")));
    docker.command(&["tag", &names[0], &names[1]]).checked();
    let first = docker.pushes("production-api:0a1b2c3");
    assert_eq!(docker.pushes("production-api:latest"), first);
    docker.builds(2, "production/api-service:v1");
    docker.pushes("production/api-service:v1");
    docker.pulls("production-api:latest");

    for name in ["production-api", REPOSITORY] {
        let words = [
            "ecr",
            "delete-repository",
            "--force",
            "--repository-name",
            name,
        ];
        let said = job.aws(&server, &words).refused();
        let why = "because no identity-based policy allows the ecr:DeleteRepository action";
        expect_denied(&said, "ecr:DeleteRepository", name, why);
    }
    let script = "for call, more in (
    (ecr.delete_repository, dict(force=True)),
    (ecr.batch_delete_image, dict(imageIds=[dict(imageTag='latest')])),
    (ecr.set_repository_policy, dict(policyText='{}')),
    (ecr.put_image_tag_mutability, dict(imageTagMutability='IMMUTABLE'))):
    reason = refused(call, repositoryName='production-api', **more)
    assert 'because no identity-based policy allows the ecr:' in reason, reason
print(len(ecr.describe_repositories()['repositories']), len(ecr.list_images(repositoryName='production-api')['imageIds']))";
    assert_eq!(job.boto3(&server, script).checked().trim(), "2 2");
    let foreign = tokens.of("repo:your-org/your-repo-2:ref:refs/heads/main", AUDIENCE);
    exchange(&server, CI, &foreign).refused();
}
