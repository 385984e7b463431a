//! An identity provider of the own network, whose keys are fetched: from the token to the session.

use serde_json::{Value, json};

use crate::support::http::{self, Response};
use crate::support::issuer::Issuer;
use crate::support::people::{self, element};
use crate::support::{ACCOUNT, Options, Server};

const AUDIENCE: &str = "registry";
const JWKS: &str = "/jwks";

#[expect(
    clippy::disallowed_methods,
    reason = "a token carries the time of its making"
)]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A server that may ask the issuer, and a role that trusts its tokens of one subject.
fn set_up(issuer: &Issuer, allow_private: bool) -> Server {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, issuer.authority_pem()).expect("a file");
    let allow = allow_private.to_string();
    let server = Server::start(Options {
        env: vec![
            ("WHARFINGER_OUTBOUND_ALLOW_PRIVATE".to_owned(), allow),
            (
                "WHARFINGER_OUTBOUND_CA_FILE".to_owned(),
                ca.display().to_string(),
            ),
        ],
        ..Options::default()
    });
    let root = people::root(&server);
    let registered = issuer.registered();
    let made = root.iam(
        &server,
        "CreateOpenIDConnectProvider",
        &[
            ("Url", issuer.url().as_str()),
            ("ClientIDList.member.1", AUDIENCE),
        ],
    );
    let arn = element(&made, "OpenIDConnectProviderArn");
    assert_eq!(
        arn,
        format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{registered}")
    );
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow",
        "Principal": {"Federated": arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{registered}:sub"): "pipeline",
            format!("{registered}:aud"): AUDIENCE,
        }},
    }});
    root.iam(
        &server,
        "CreateRole",
        &[
            ("RoleName", "pipeline"),
            ("AssumeRolePolicyDocument", trust.to_string().as_str()),
        ],
    );
    server
}

fn assume(server: &Server, token: &str) -> Response {
    let form = format!(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=run\
         &RoleArn=arn:aws:iam::{ACCOUNT}:role/pipeline&WebIdentityToken={token}"
    );
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    http::request(server.authority(), "POST", "/", &kind, form.as_bytes())
}

fn code(answer: &Response) -> String {
    element(&answer.text(), "Code")
}

fn claims(issuer: &Issuer, subject: &str) -> Value {
    issuer.claims(subject, AUDIENCE, now())
}

#[test]
fn a_token_of_the_own_networks_provider_gives_a_session_and_its_keys_are_fetched_once() {
    let issuer = Issuer::start();
    let server = set_up(&issuer, true);
    for _ in 0..3 {
        let answer = assume(&server, &issuer.sign(&claims(&issuer, "pipeline"))).expect_status(200);
        assert!(answer.text().contains(":assumed-role/pipeline/run"));
    }
    assert_eq!(issuer.asked(JWKS), 1);
    let other = assume(&server, &issuer.sign(&claims(&issuer, "somebody else"))).expect_status(403);
    assert_eq!(code(&other), "AccessDenied");
}

#[test]
fn a_flood_of_unknown_key_ids_makes_one_fetch_and_a_new_key_is_found_by_it() {
    let issuer = Issuer::start();
    let server = set_up(&issuer, true);
    assume(&server, &issuer.sign(&claims(&issuer, "pipeline"))).expect_status(200);
    issuer.rotate();
    // The first token with an unknown key id is what makes the keys be fetched anew: it is good.
    assume(&server, &issuer.sign(&claims(&issuer, "pipeline"))).expect_status(200);
    let fetched = issuer.asked(JWKS);
    for number in 0..40 {
        let header = json!({"alg": "ES256", "kid": format!("unknown-{number}")});
        let token = issuer.sign_with(&header, &claims(&issuer, "pipeline"));
        let refused = assume(&server, &token).expect_status(400);
        assert_eq!(code(&refused), "InvalidIdentityToken");
    }
    assert!(issuer.asked(JWKS) <= fetched + 1, "{}", issuer.asked(JWKS));
}

#[test]
fn a_provider_at_a_private_address_is_not_asked_unless_the_operator_allows_it() {
    let issuer = Issuer::start();
    let server = set_up(&issuer, false);
    let refused = assume(&server, &issuer.sign(&claims(&issuer, "pipeline"))).expect_status(400);
    assert_eq!(code(&refused), "InvalidIdentityToken");
    assert_eq!(issuer.connections(), 0);
}
