//! A workflow's job and the registry: a token of the real issuer's name, a role, a push, and everything that is refused.
//!
//! The issuer's keys come from a file (`oidc.jwks`), as in a place without a way out; that keys are fetched is tested
//! where the registry's rules are.

use std::path::PathBuf;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::http::{self, Response};
use crate::support::images::{self, Image, OCI_MANIFEST, descriptor, write_layout};
use crate::support::issuer::Issuer;
use crate::support::registry::Registry;
use crate::support::tools::{self, Checked as _};
use crate::support::{ACCOUNT, Options, Server};

/// The issuer of GitHub's workflows.
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const AUDIENCE: &str = "sts.amazonaws.com";
const SUBJECT: &str = "repo:your-org/your-repo:ref:refs/heads/main";
const ROLE: &str = "arn:aws:iam::123456789012:role/github-actions-ecr-push";
const REFUSED: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

/// Keys of the issuer, of which the server has the public ones.
pub(crate) struct Tokens {
    issuer: Issuer,
    stranger: Issuer,
    folder: TempDir,
}

impl Tokens {
    pub(crate) fn make() -> Self {
        let it = Self {
            issuer: Issuer::start(),
            stranger: Issuer::start(),
            folder: tempfile::tempdir().expect("a folder"),
        };
        std::fs::write(it.file(), it.issuer.jwks().to_string()).expect("a file");
        it
    }

    /// The public keys, as `oidc.jwks` names them.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("jwks.json")
    }

    /// A server that has the keys.
    pub(crate) fn options(&self) -> Options {
        let file = format!("{ISSUER}={}", self.file().display());
        Options {
            env: vec![("WHARFINGER_OIDC_JWKS".to_owned(), file)],
            ..Options::default()
        }
    }

    /// What a job's token says.
    fn claims(&self) -> Value {
        let mut claims = self.issuer.claims(SUBJECT, AUDIENCE, now());
        claims["iss"] = ISSUER.into();
        claims["repository"] = "your-org/your-repo".into();
        claims["run_attempt"] = 1.into();
        claims
    }

    fn good(&self) -> String {
        self.issuer.sign(&self.claims())
    }

    /// The token of a job of this subject, for this audience.
    pub(crate) fn of(&self, subject: &str, audience: &str) -> String {
        let mut claims = self.claims();
        claims["sub"] = subject.into();
        claims["aud"] = audience.into();
        self.issuer.sign(&claims)
    }

    fn with(&self, claim: &str, value: impl Into<Value>) -> String {
        let mut claims = self.claims();
        claims[claim] = value.into();
        self.issuer.sign(&claims)
    }

    /// Tokens by what is wrong with them, as JSON for the recorder.
    pub(crate) fn all(&self) -> String {
        let mut without = self.claims();
        without.as_object_mut().expect("claims").remove("aud");
        json!({
            "good": self.good(),
            "subject": self.with("sub", "repo:your-org/your-repo-evil:ref:refs/heads/main"),
            "issuer": self.with("iss", "https://token.actions.example.com"),
            "audience": self.with("aud", "https://github.com/your-org"),
            "expired": self.with("exp", now() - 600),
            "early": self.with("nbf", now() + 600),
            "none": unsigned(&self.claims()),
            "own key": self.with_own_key(),
            "key id": self.issuer.sign_with(&json!({"alg": "ES256", "kid": "unknown"}), &self.claims()),
            "claim": self.issuer.sign(&without),
        })
        .to_string()
    }

    /// Signed by a stranger, whose key the header brings along.
    fn with_own_key(&self) -> String {
        let key = self.stranger.jwks()["keys"][0].clone();
        let header = json!({"alg": "ES256", "kid": "key-1", "jwk": key,
            "jku": format!("{}/jwks", self.stranger.url())});
        self.stranger.sign_with(&header, &self.claims())
    }

    /// Signed with the public key as if it were a secret.
    fn with_public_key_as_secret(&self) -> String {
        let key = self.issuer.jwks()["keys"][0].to_string();
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": "key-1"});
        let signed = format!("{}.{}", part(&header), part(&self.claims()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let tag = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }
}

/// A token without a signature, which says so.
fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": "none"})), part(claims))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a token carries the time of its making"
)]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The provider and the role as a Terraform module for such workflows makes them, and two repositories.
fn set_up(server: &Server) {
    let provider =
        format!("arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com");
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {"token.actions.githubusercontent.com:aud": AUDIENCE},
            "StringLike": {"token.actions.githubusercontent.com:sub": "repo:your-org/your-repo:*"},
        },
    }]});
    let push = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {"Effect": "Allow", "Resource": format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/production-api"),
         "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload",
                    "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage",
                    "ecr:UploadLayerPart"]},
    ]});
    let aws = |args: &[&str]| {
        let done = server.aws(args);
        assert!(done.status.success(), "{args:?}: {}", tools::both(&done));
    };
    aws(&[
        "iam",
        "create-open-id-connect-provider",
        "--url",
        ISSUER,
        "--client-id-list",
        AUDIENCE,
        "--thumbprint-list",
        "6938fd4d98bab03faadb97b34396831e3780aea1",
    ]);
    let role = ["--role-name", "github-actions-ecr-push"];
    let trust = trust.to_string();
    let made = [
        "iam",
        "create-role",
        "--assume-role-policy-document",
        &trust,
    ];
    aws(&[&made[..], &role].concat());
    let push = push.to_string();
    let given = [
        "iam",
        "put-role-policy",
        "--policy-name",
        "push",
        "--policy-document",
        &push,
    ];
    aws(&[&given[..], &role].concat());
    for name in ["production-api", "other-api"] {
        server.create_repository(name);
    }
}

/// What the job's SDK does, without one: an unsigned form.
fn assume(server: &Server, role: &str, token: &str) -> Response {
    let form = format!(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=GitHubActions&RoleArn={}&WebIdentityToken={token}",
        role.replace(':', "%3A").replace('/', "%2F")
    );
    let headers = [
        (
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        ),
        ("host", server.authority()),
    ];
    http::request(server.authority(), "POST", "/", &headers, form.as_bytes())
}

/// Status, code and text of a refusal.
fn refusal(answer: &Response) -> (u16, String, String) {
    let text = answer.text();
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>")).unwrap_or_default();
        let (value, _) = rest.split_once("</").unwrap_or_default();
        value.replace("&apos;", "'").replace("&#39;", "'")
    };
    (answer.status, element("Code"), element("Message"))
}

/// The AWS CLI as a job has it: a token in a file, and no keys.
fn job(server: &Server, tokens: &Tokens, args: &[&str]) -> std::process::Command {
    let file = tokens.folder.path().join("token");
    std::fs::write(&file, tokens.good()).expect("a file");
    let mut aws = server.command("aws");
    aws.env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        // Where the CLI keeps sessions: those of another server are none here.
        .env("HOME", server.scratch("home"))
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", file)
        .env("AWS_ROLE_ARN", ROLE)
        .env("AWS_ROLE_SESSION_NAME", "GitHubActions")
        .args(args);
    aws
}

#[test]
fn a_job_pushes_to_its_repository_and_to_no_other() {
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    set_up(&server);
    let who = job(
        &server,
        &tokens,
        &[
            "sts",
            "get-caller-identity",
            "--query",
            "Arn",
            "--output",
            "text",
        ],
    )
    .checked();
    assert_eq!(
        who.trim(),
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/github-actions-ecr-push/GitHubActions")
    );
    let password = job(&server, &tokens, &["ecr", "get-login-password"]).checked();
    let password = password.trim();
    assert!(password.len() <= 300 && !password.contains(':'));

    let scratch = server.scratch("layers");
    let layers = vec![images::tar_gz(&scratch, "file", &images::noise(7, 70_000))];
    let image = Image::of(&json!({"os": "linux", "architecture": "amd64"}), layers);
    let layout = server.scratch("layout");
    let mut blobs = image.blobs.clone();
    blobs.push(image.manifest.clone());
    write_layout(
        &layout,
        "v1",
        &descriptor(OCI_MANIFEST, &image.manifest),
        &blobs,
    );
    let copy = |repository: &str| {
        let mut skopeo = server.command("skopeo");
        skopeo
            .args([
                "--insecure-policy",
                "copy",
                "--preserve-digests",
                "--dest-tls-verify=false",
            ])
            .arg(format!("--dest-creds=AWS:{password}"))
            .arg(format!("oci:{}:v1", layout.display()))
            .arg(format!("docker://{}/{repository}:v1", server.authority()));
        skopeo
    };
    copy("production-api").checked();
    let refused = copy("other-api").refused();
    assert!(refused.contains("other-api: 403 (Forbidden)"), "{refused}");
    server
        .registry()
        .expect_image(&image, "production-api", "v1");
    let described = job(
        &server,
        &tokens,
        &[
            "ecr",
            "describe-images",
            "--repository-name",
            "production-api",
        ],
    );
    let mut described = described;
    assert!(
        described.refused().contains("AccessDeniedException"),
        "it may push, and not list"
    );
}

#[test]
fn boto3_assumes_the_role_with_a_token() {
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    set_up(&server);
    let script = "import boto3, os
answer = boto3.client('sts').assume_role_with_web_identity(
    RoleArn=os.environ['ROLE'], RoleSessionName='GitHubActions', WebIdentityToken=os.environ['TOKEN'])
keys = answer['Credentials']
session = boto3.Session(keys['AccessKeyId'], keys['SecretAccessKey'], keys['SessionToken'])
data = session.client('ecr').get_authorization_token()['authorizationData'][0]
assert data['expiresAt'] <= keys['Expiration'], data
print(answer['SubjectFromWebIdentityToken'], answer['Provider'], answer['Audience'])
print(answer['ResponseMetadata']['RequestId'])";
    let mut python = server.command("python3");
    python
        .args(["-c", script])
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("ROLE", ROLE)
        .env("TOKEN", tokens.good());
    let provider =
        format!("arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com");
    let said = python.checked();
    let (answered, id) = said.trim().split_once('\n').expect("two lines");
    assert_eq!(answered, format!("{SUBJECT} {provider} {AUDIENCE}"));
    // Who asked is known, though nobody signed.
    let told = crate::audit::explained(&server, &[id]);
    let caller = format!("{provider}:{AUDIENCE}:{SUBJECT}");
    assert!(told.contains(&caller), "{told}");
}

#[test]
fn n1_forged_and_foreign_tokens_are_refused() {
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    set_up(&server);
    let invalid = |token: &str| {
        let answer = assume(&server, ROLE, token);
        let (status, code, text) = refusal(&answer);
        assert_eq!(
            (status, code.as_str()),
            (400, "InvalidIdentityToken"),
            "{text}"
        );
        assert!(!answer.text().contains("Credentials"));
        text
    };
    let signature = "The signature of the ID Token does not match the key of the identity provider";
    assert_eq!(invalid(&tokens.with_own_key()), signature);
    let algorithm = "The ID Token is not signed with a supported algorithm that fits the key of the identity provider";
    assert_eq!(invalid(&unsigned(&tokens.claims())), algorithm);
    assert_eq!(invalid(&tokens.with_public_key_as_secret()), algorithm);
    let audience = tokens.with("aud", "https://github.com/your-org");
    assert_eq!(invalid(&audience), "Incorrect token audience");
    assert_eq!(
        invalid(&tokens.with("iss", format!("{ISSUER}/"))),
        format!("No OpenIDConnect provider found in your account for {ISSUER}/")
    );
    let expired = refusal(&assume(&server, ROLE, &tokens.with("exp", now() - 600)));
    assert_eq!(
        (expired.0, expired.1.as_str()),
        (400, "ExpiredTokenException")
    );
    let denied = (403, "AccessDenied".to_owned(), REFUSED.to_owned());
    for subject in [
        "repo:your-org/your-repo-evil:ref:refs/heads/main",
        "repo:other/your-repo:ref:refs/heads/main",
        "repo:your-org@1/your-repo@2:ref:refs/heads/main",
    ] {
        assert_eq!(
            refusal(&assume(&server, ROLE, &tokens.with("sub", subject))),
            denied
        );
    }
    let nowhere = ROLE.replace("github", "gitlab");
    assert_eq!(refusal(&assume(&server, &nowhere, &tokens.good())), denied);
    assert_eq!(assume(&server, ROLE, &tokens.good()).status, 200);
    assert_eq!(
        tokens.stranger.connections(),
        0,
        "no address in a token is ever asked"
    );
}

#[test]
fn an_address_that_is_refused_too_often_waits() {
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    set_up(&server);
    let tried = (0..2_000).find(|_| {
        let (_, code, text) = refusal(&assume(&server, ROLE, "nonsense"));
        assert!(!code.is_empty());
        (code.as_str(), text.as_str()) == ("Throttling", "Rate exceeded")
    });
    assert!(tried.is_some_and(|tried| tried >= 300), "{tried:?}");
    // Those who have credentials are not concerned.
    server.password();
}

#[test]
fn n4_a_password_of_a_job_ends_with_the_role() {
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    set_up(&server);
    let password = job(&server, &tokens, &["ecr", "get-login-password"]).checked();
    let registry = Registry::new(server.authority(), password.trim());
    let image = Image::new(3, 1);
    registry.push(&image, "production-api", "v1");
    assert!(registry.try_push(&image, "other-api", "v1").is_err());
    let role = ["--role-name", "github-actions-ecr-push"];
    for args in [
        &["iam", "delete-role-policy", "--policy-name", "push"][..],
        &["iam", "delete-role"],
    ] {
        let done = server.aws(&[args, &role].concat());
        assert!(done.status.success(), "{}", tools::both(&done));
    }
    assert_eq!(registry.get_manifest("production-api", "v1").status, 401);
}
