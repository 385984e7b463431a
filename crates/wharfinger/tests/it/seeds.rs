//! Three descriptions of a registry that users wrote for AWS, and what they promise of who may what: each promise through
//! the clients that they name.
//!
//! The policies are theirs, in their words of JSON; people and images are of these tests. The stacks themselves are applied
//! by `terraform/seeds.rs`; `resource_policies` tells what each statement of a repository's policy decides.

mod immutable;
mod managed;
mod page;
mod repositories;
mod workflow;

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::engine::Engine;
use crate::support::images::noise;
use crate::support::people::{Somebody, policy};
use crate::support::sign::Credentials;
use crate::support::tools::Checked as _;
use crate::support::{ACCOUNT, Server};
use crate::{docker, support};

/// A production account of the article.
const PRODUCTION: &str = "987654321098";
/// The other one.
const SECOND: &str = "876543210987";
/// The role of the article's workflow.
const CI: &str = "github-actions-ecr-push";
const POWER_USER: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser";

/// What pulls, in all three documents.
const PULL: [&str; 3] = [
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
    "ecr:BatchCheckLayerAvailability",
];
/// What pushes, of a repository's policy.
const PUSH: [&str; 4] = [
    "ecr:PutImage",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
];

fn arn_of_role(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:role/{name}")
}

fn arn_of_repository(name: &str) -> String {
    format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{name}")
}

/// Who may assume the role of `iam_cicd.tf`: one branch of one repository of GitHub's.
fn trust_of_main() -> String {
    trust_of_workflows(&json!({"StringEquals": {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:myorg/myrepo:ref:refs/heads/main",
    }}))
}

/// Who may assume the role of `oidc.tf`: every workflow of one repository of GitHub's.
fn trust_of_all_branches() -> String {
    trust_of_workflows(&json!({
        "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
        "StringLike": {"token.actions.githubusercontent.com:sub": "repo:your-org/your-repo:*"},
    }))
}

fn trust_of_workflows(condition: &Value) -> String {
    let issuer = "oidc-provider/token.actions.githubusercontent.com";
    policy(&json!([{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:{issuer}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }]))
}

/// The inline policy of `iam_cicd.tf`, with what a reader may add to its actions.
fn push_policy(repository: &str, more: &[&str]) -> String {
    let mut actions = vec!["ecr:BatchCheckLayerAvailability"];
    actions.extend(PUSH);
    actions.extend(more);
    policy(&json!([
        {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"},
        {"Effect": "Allow", "Action": actions, "Resource": arn_of_repository(repository)},
    ]))
}

/// The repository policy of `ecr_policy.tf`.
fn cross_account_policy() -> String {
    let root = |account: &str| format!("arn:aws:iam::{account}:root");
    policy(&json!([
        {"Sid": "AllowPullFromProduction", "Effect": "Allow", "Action": PULL,
         "Principal": {"AWS": [root(PRODUCTION), root(SECOND)]}},
        {"Sid": "AllowPushFromCICD", "Effect": "Allow", "Action": PUSH,
         "Principal": {"AWS": arn_of_role(ACCOUNT, CI)}},
    ]))
}

/// The repository policy of the module, for those who pull and those who push.
fn module_policy(pull: &str, push: &str) -> String {
    let both: Vec<&str> = PULL.into_iter().chain(PUSH).collect();
    policy(&json!([
        {"Sid": "AllowPull", "Effect": "Allow", "Action": PULL, "Principal": {"AWS": pull}},
        {"Sid": "AllowPush", "Effect": "Allow", "Action": both, "Principal": {"AWS": push}},
    ]))
}

/// A role of somebody's account that one of its users may assume, with an inline policy (unless it is empty).
fn make_role(server: &Server, root: &Somebody, name: &str, statements: &Value) {
    let trust = policy(&json!([{
        "Effect": "Allow", "Principal": {"AWS": root.account()}, "Action": "sts:AssumeRole",
    }]));
    make_trusted_role(server, root, name, &trust);
    if !statements.is_null() {
        give(server, root, name, &policy(statements));
    }
}

fn make_trusted_role(server: &Server, root: &Somebody, name: &str, trust: &str) {
    let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", trust)];
    root.iam(server, "CreateRole", &parameters);
}

/// Puts a role's inline policy.
fn give(server: &Server, root: &Somebody, role: &str, document: &str) {
    let parameters = [
        ("RoleName", role),
        ("PolicyName", "ecr-push-permissions"),
        ("PolicyDocument", document),
    ];
    root.iam(server, "PutRolePolicy", &parameters);
}

fn attach(server: &Server, root: &Somebody, role: &str, arn: &str) {
    let parameters = [("RoleName", role), ("PolicyArn", arn)];
    root.iam(server, "AttachRolePolicy", &parameters);
}

/// A user who may assume every role of the account, and nothing else.
fn operator(server: &Server, root: &Somebody) -> Caller {
    let may = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]);
    let [user] = root.makes(server, [("operator", may)]);
    Caller::of("operator", &user)
}

/// What only the policy itself can change of a repository's.
fn set_policy(server: &Server, repository: &str, text: &str) {
    let body = json!({"repositoryName": repository, "policyText": text});
    server.call("SetRepositoryPolicy", &body);
}

/// Somebody with credentials, as the clients have them.
struct Caller {
    name: String,
    credentials: Credentials,
}

impl Caller {
    fn of(name: &str, who: &Somebody) -> Self {
        Self::new(name, who.credentials.clone())
    }

    fn new(name: &str, credentials: Credentials) -> Self {
        Self {
            name: name.to_owned(),
            credentials,
        }
    }

    /// From the `Credentials` that STS gives.
    fn of_session(name: &str, given: &str) -> Self {
        let given: Value = serde_json::from_str(given).expect("JSON");
        let text = |member: &str| given[member].as_str().expect("a string").to_owned();
        let credentials = Credentials {
            access_key_id: text("AccessKeyId"),
            secret: text("SecretAccessKey"),
            session_token: Some(text("SessionToken")),
        };
        Self::new(name, credentials)
    }

    fn command(&self, server: &Server, program: &str) -> Command {
        let mut command = server.command(program);
        command
            .env("AWS_ACCESS_KEY_ID", &self.credentials.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &self.credentials.secret);
        if let Some(token) = &self.credentials.session_token {
            command.env("AWS_SESSION_TOKEN", token);
        }
        command
    }

    /// The AWS CLI.
    fn aws(&self, server: &Server, words: &[&str]) -> Command {
        let mut command = self.command(server, "aws");
        command.args(words);
        command
    }

    /// A script with boto3's `ecr`, and `refused`, which calls what has to be refused and gives the reason.
    fn boto3(&self, server: &Server, script: &str) -> Command {
        let head = "import boto3, botocore
ecr = boto3.client('ecr')
def refused(call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response['Error']['Code'] == 'AccessDeniedException', error
        return error.response['Error']['Message']
    raise SystemExit('it was allowed')
";
        let mut command = self.command(server, "python3");
        command.args(["-c", &[head, script].concat()]);
        command
    }

    /// A session of a role.
    fn assumes(&self, server: &Server, role: &str) -> Self {
        let (_, name) = role.rsplit_once('/').expect("the ARN of a role");
        let mut words = vec!["sts", "assume-role", "--output", "json"];
        words.extend(["--role-session-name", "test", "--query", "Credentials"]);
        words.extend(["--role-arn", role]);
        Self::of_session(name, &self.aws(server, &words).checked())
    }

    fn password(&self, server: &Server) -> String {
        let said = self.aws(server, &["ecr", "get-login-password"]).checked();
        said.trim().to_owned()
    }

    /// The docker client of an engine, logged in at a registry as the documents say it.
    fn docker<'a>(&self, server: &Server, engine: &'a Engine, registry: &str) -> Docker<'a> {
        let docker = Docker {
            engine,
            configuration: engine.folder().join(&self.name),
            registry: registry.to_owned(),
        };
        let file = server.scratch("passwords").join(&self.name);
        std::fs::write(&file, self.password(server)).expect("a file");
        let words = ["login", "--username", "AWS", "--password-stdin", registry];
        let mut login = docker.command(&words);
        let file = std::fs::File::open(file).expect("the file");
        let said = login.stdin(file).checked();
        assert!(said.contains("Login Succeeded"), "{said}");
        docker
    }
}

/// A docker client with a login of its own.
struct Docker<'a> {
    engine: &'a Engine,
    configuration: PathBuf,
    registry: String,
}

impl Docker<'_> {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.engine.docker();
        command.env("DOCKER_CONFIG", &self.configuration);
        command.args(words);
        command
    }

    fn name(&self, image: &str) -> String {
        format!("{}/{image}", self.registry)
    }

    /// Builds an image of this content under a name, `repository:tag`.
    fn builds(&self, seed: u64, image: &str) {
        docker::build(self.engine, &noise(seed, 30_000), &self.name(image));
    }

    fn push(&self, image: &str) -> Command {
        self.command(&["push", &self.name(image)])
    }

    /// Pushes: the digest that the client tells.
    fn pushes(&self, image: &str) -> String {
        docker::pushed_digest(&self.push(image).checked())
    }

    fn pull(&self, image: &str) -> Command {
        self.command(&["pull", &self.name(image)])
    }

    /// Forgets all images, so that a pull has to ask for each.
    fn forgets(&self) {
        let words = ["system", "prune", "--all", "--force"];
        self.command(&words).checked();
    }

    /// Pulls what the engine does not have.
    fn pulls(&self, image: &str) {
        self.forgets();
        self.pull(image).checked();
    }

    /// Asks for a pull that has to be refused: what the client says.
    fn may_not_pull(&self, image: &str) -> String {
        self.forgets();
        self.pull(image).refused()
    }
}

/// What `configure-aws-credentials` asks for with a token: a session of a role.
fn exchange(server: &Server, role: &str, token: &str) -> Command {
    let mut aws = server.command("aws");
    aws.env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .args(["sts", "assume-role-with-web-identity", "--output", "json"])
        .args(["--role-session-name", "GitHubActions"])
        .args(["--duration-seconds", "3600", "--query", "Credentials"])
        .args(["--role-arn", &arn_of_role(ACCOUNT, role)])
        .args(["--web-identity-token", token]);
    aws
}

/// What a refusal says: who, what, on which repository, and why.
#[track_caller]
fn expect_denied(said: &str, action: &str, repository: &str, why: &str) {
    let arn = arn_of_repository(repository);
    let what = format!("is not authorized to perform: {action} on resource: {arn} {why}");
    // The AWS CLI breaks no lines, and docker repeats the message as it is.
    assert!(said.contains(&what), "{what} is not in:\n{said}");
}

/// The root of the first account.
fn root(server: &Server) -> Somebody {
    support::people::root(server)
}
