use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use super::issuer::{Issuer, JWKS};
use super::*;
use crate::{OutboundSettings, Principal};

const SUBJECT: &str = "repo:org/app:ref:refs/heads/main";
const AUDIENCE: &str = "sts.amazonaws.com";
const REFUSED: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

/// A world with an identity provider, registered under its address.
struct Federated {
    world: World,
    issuer: Issuer,
    nobody: Ctx,
}

impl Federated {
    async fn open() -> Self {
        let issuer = Issuer::start();
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(issuer.authority_pem().as_bytes());
        roots.add(authority.unwrap()).unwrap();
        let outbound = OutboundSettings {
            roots: Arc::new(roots),
            allow_private: true,
            ..OutboundSettings::default()
        };
        let fixture = Fixture::open_with(|settings| settings.outbound = outbound).await;
        let nobody = Principal::nobody(fixture.service.settings().account.clone());
        let nobody = fixture.ctx_of(nobody);
        let world = World { fixture };
        world.provider(&issuer.registered(), AUDIENCE).await;
        Self {
            world,
            issuer,
            nobody,
        }
    }

    fn provider_arn(&self) -> String {
        format!(
            "arn:aws:iam::{ACCOUNT}:oidc-provider/{}",
            self.issuer.registered()
        )
    }

    fn trust(&self, actions: &str, condition: &str) -> String {
        trust("X", actions, condition).replace(
            r#"{"AWS":"X"}"#,
            &format!(r#"{{"Federated":"{}"}}"#, self.provider_arn()),
        )
    }

    /// A role as the guide for GitHub's workflows makes it.
    async fn role(&self, name: &str, actions: &str) {
        let url = self.issuer.registered();
        let condition = format!(
            r#""StringEquals":{{"{url}:aud":"{AUDIENCE}"}},"StringLike":{{"{url}:sub":"repo:org/app:*"}}"#
        );
        self.world
            .role(name, &self.trust(actions, &condition))
            .await;
    }

    fn claims(&self) -> Value {
        self.issuer
            .claims(SUBJECT, AUDIENCE, self.nobody.received_at / SECOND)
    }

    async fn assume(&self, role: &str, token: &str, more: &[(&str, &str)]) -> Result<Value> {
        let arn = role_arn(role);
        let mut pairs = vec![
            ("RoleArn", arn.as_str()),
            ("RoleSessionName", "GitHubActions"),
            ("WebIdentityToken", token),
        ];
        pairs.extend(more);
        self.world
            .call(&self.nobody, "AssumeRoleWithWebIdentity", &pairs)
            .await
    }

    async fn with(&self, change: impl FnOnce(&mut Value)) -> Result<Value> {
        let mut claims = self.claims();
        change(&mut claims);
        self.assume("ci", &self.issuer.sign(&claims), &[]).await
    }
}

const WEB: &str = r#""sts:AssumeRoleWithWebIdentity""#;

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_provider_vouches_for_gets_the_role() {
    let it = Federated::open().await;
    it.role("ci", WEB).await;
    it.world.role_policy("ci", &allow("iam:ListUsers")).await;
    let answer = it.with(|_| ()).await.unwrap();
    assert_eq!(answer["SubjectFromWebIdentityToken"], SUBJECT);
    assert_eq!(answer["Audience"], AUDIENCE);
    assert_eq!(answer["Provider"], it.provider_arn());
    assert_eq!(answer["PackedPolicySize"], Value::Null);
    let session = it.world.session(&answer).await;
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/GitHubActions");
    assert_eq!(it.world.who(&session).await.unwrap(), arn);
    it.world.call(&session, "ListUsers", &[]).await.unwrap();
    assert!(it.world.call(&session, "ListRoles", &[]).await.is_err());
    let keys = it
        .world
        .fixture
        .service
        .identity(key_of(&answer))
        .await
        .unwrap()
        .unwrap();
    let of = ("aws:FederatedProvider".to_owned(), it.provider_arn());
    assert!(keys.keys.contains(&of));
    // Who asked is on the trail, with the decision.
    let who = it.nobody.trail.caller().unwrap();
    assert_eq!(
        who.arn,
        format!("{}:{AUDIENCE}:{SUBJECT}", it.provider_arn())
    );
    let decided = it.nobody.trail.take();
    assert_eq!(
        decided.last().unwrap().action,
        "sts:AssumeRoleWithWebIdentity"
    );
    assert!(decided.last().unwrap().allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_role_no_trust_and_another_subject_are_one_refusal() {
    let it = Federated::open().await;
    it.role("ci", WEB).await;
    it.world.role("aws", &trust("*", WEB, "")).await;
    it.world.role("assumed", &it.trust(ASSUME, "")).await;
    let token = it.issuer.sign(&it.claims());
    for role in ["missing", "aws", "assumed"] {
        assert_eq!(
            refusal(it.assume(role, &token, &[]).await),
            ("AccessDenied".to_owned(), REFUSED.to_owned()),
            "{role}"
        );
    }
    for subject in [
        "repo:org/app-evil:ref:refs/heads/main",
        "repo:ORG/app:x",
        "repo:other/app:x",
    ] {
        let refused = refusal(it.with(|claims| claims["sub"] = subject.into()).await);
        assert_eq!(refused.1, REFUSED, "{subject}");
    }
    // A claim of another name and case is not the subject.
    let refused = it.with(|claims| {
        claims["sub"] = "repo:evil/app:x".into();
        claims["SUB"] = SUBJECT.into();
    });
    assert_eq!(refusal(refused.await).0, "InvalidIdentityToken");
    assert_eq!(it.world.fixture.rows("sessions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_cannot_be_believed_are_refused_with_their_text() {
    let it = Federated::open().await;
    it.role("ci", WEB).await;
    let now = it.nobody.received_at / SECOND;
    let invalid = |text: &str| ("InvalidIdentityToken".to_owned(), text.to_owned());
    let refused = it
        .with(|claims| claims["aud"] = "https://github.com/org".into())
        .await;
    assert_eq!(refusal(refused), invalid("Incorrect token audience"));
    let refused = it
        .with(|claims| claims["iss"] = "https://evil.example".into())
        .await;
    assert_eq!(
        refusal(refused),
        invalid("No OpenIDConnect provider found in your account for https://evil.example")
    );
    let refused = it.with(|claims| claims["exp"] = json!(now - 300)).await;
    assert_eq!(
        refusal(refused),
        (
            "ExpiredTokenException".to_owned(),
            format!(
                "Token expired: current date/time {now} must be before the expiration date/time {}",
                now - 300
            )
        )
    );
    let claims = it.claims();
    let forged = it
        .issuer
        .sign_with(&json!({"alg": "none", "kid": "key-1"}), &claims);
    assert_eq!(
        refusal(it.assume("ci", &forged, &[]).await).0,
        "InvalidIdentityToken"
    );
    assert_eq!(
        refusal(it.assume("ci", "a.b.c.d", &[]).await),
        invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        )
    );
    // The provider is looked for in the role's account.
    let token = it.issuer.sign(&claims);
    let pairs = [
        ("RoleArn", "arn:aws:iam::210987654321:role/ci"),
        ("RoleSessionName", "s1"),
        ("WebIdentityToken", token.as_str()),
    ];
    let refused = it
        .world
        .call(&it.nobody, "AssumeRoleWithWebIdentity", &pairs)
        .await;
    let text = format!(
        "No OpenIDConnect provider found in your account for {}",
        it.issuer.url()
    );
    assert_eq!(refusal(refused), invalid(&text));
    let refused = it
        .assume("ci", &token, &[("ProviderId", "www.amazon.com")])
        .await;
    assert_eq!(refusal(refused).0, "ValidationError");
    it.assume("ci", &token, &[]).await.unwrap();
    // A flood of keys that nobody knows asks the provider once.
    let before = it.issuer.asked(JWKS);
    for kid in 0..40 {
        let header = json!({"alg": "ES256", "kid": format!("unknown-{kid}")});
        let token = it.issuer.sign_with(&header, &claims);
        assert!(it.assume("ci", &token, &[]).await.is_err());
    }
    assert!(it.issuer.asked(JWKS) - before <= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_and_source_identity_of_a_token_need_the_trust_policys_word() {
    let it = Federated::open().await;
    it.role("ci", WEB).await;
    it.role(
        "full",
        r#""sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity""#,
    )
    .await;
    let tagged = |claims: &mut Value| {
        claims["https://aws.amazon.com/tags"] =
            json!({"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]});
    };
    assert_eq!(refusal(it.with(tagged).await).1, REFUSED);
    let named =
        |claims: &mut Value| claims["https://aws.amazon.com/source_identity"] = "alice".into();
    assert_eq!(refusal(it.with(named).await).1, REFUSED);
    let mut claims = it.claims();
    tagged(&mut claims);
    named(&mut claims);
    let answer = it
        .assume("full", &it.issuer.sign(&claims), &[])
        .await
        .unwrap();
    assert_eq!(answer["SourceIdentity"], "alice");
    assert_eq!(answer["PackedPolicySize"], 2);
    let details = it.world.details(&answer).await;
    assert_eq!(details.tags, [("team".to_owned(), "blue".to_owned())]);
    assert_eq!(details.transitive, ["team"]);
    assert_eq!(details.issued_by, None);
    for (key, value) in [("", "x"), ("a b\u{7}", "x"), ("aws:x", "y")] {
        let mut claims = it.claims();
        claims["https://aws.amazon.com/tags"] = json!({"principal_tags": {key: [value]}});
        assert!(
            it.assume("full", &it.issuer.sign(&claims), &[])
                .await
                .is_err(),
            "{key}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn durations_and_session_policies_are_as_for_others() {
    let it = Federated::open().await;
    it.role("ci", WEB).await;
    it.world.role_policy("ci", &allow("iam:List*")).await;
    let token = it.issuer.sign(&it.claims());
    let long = it
        .assume("ci", &token, &[("DurationSeconds", "3601")])
        .await;
    assert_eq!(
        refusal(long).1,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
    let policy = allow("iam:ListUsers");
    let answer = it
        .assume("ci", &token, &[("Policy", &policy)])
        .await
        .unwrap();
    let session = it.world.session(&answer).await;
    it.world.call(&session, "ListUsers", &[]).await.unwrap();
    assert!(it.world.call(&session, "ListRoles", &[]).await.is_err());
    // More claims than a decision takes are no way around it.
    let refused = it.with(|claims| {
        for at in 0..600 {
            claims[format!("c{at}")] = at.into();
        }
    });
    assert_eq!(refusal(refused.await).1, REFUSED);
}
