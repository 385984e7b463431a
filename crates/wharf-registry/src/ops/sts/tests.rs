//! Sessions from their making to their end, by the operations as they are dispatched.
use std::fmt::Write as _;

use serde_json::Value;
use wharf_meta::Durability;
use wharf_meta::iam::entities::EntityRow;
use wharf_meta::iam::inline::InlineRow;
use wharf_meta::iam::strings;
use wharf_meta::policies::PolicyRow;
use wharf_wire::query::Params;

use crate::error::QueryError;
use crate::uploads::tests::fixture::Fixture;
use crate::{Ctx, Error, Result, data, ops};

mod chains;
mod ends;
#[path = "../../../../wharfinger/tests/it/support/issuer.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod issuer;
mod roles;
mod users;
mod web_identities;

const ACCOUNT: &str = "123456789012";
const SECOND: i64 = 1_000_000;

/// A service with users and roles.
struct World {
    fixture: Fixture,
}

/// A trust policy for an `AWS` principal.
fn trust(principal: &str, actions: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":[{actions}],"Condition":{{{condition}}}}}]}}"#
    )
}

fn allow(action: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#
    )
}

const ASSUME: &str = r#""sts:AssumeRole""#;
const TAGGING: &str = r#""sts:AssumeRole","sts:TagSession""#;

fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

fn user_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

/// Code and text of a refusal.
#[track_caller]
fn refusal<T: std::fmt::Debug>(result: Result<T>) -> (String, String) {
    match result {
        Err(Error::Query(QueryError { code, message, .. })) => (code.to_owned(), message),
        Err(Error::AccessDenied { reason }) => ("AccessDenied".to_owned(), reason),
        Err(other) => (format!("{other:?}"), other.message()),
        Ok(answer) => panic!("{answer:?}"),
    }
}

impl World {
    async fn open() -> Self {
        Self {
            fixture: Fixture::open().await,
        }
    }

    async fn call(&self, ctx: &Ctx, action: &str, pairs: &[(&str, &str)]) -> Result<Value> {
        let mut form = format!("Action={action}");
        for (name, value) in pairs {
            let value = wharf_wire::query::percent_encode_document(value);
            write!(form, "&{name}={value}").unwrap();
        }
        let params = Params::parse(form.as_bytes()).unwrap();
        let answer = if ops::sts::OPERATIONS.contains(&action) {
            ops::sts::dispatch(ctx, action, &params).await?
        } else {
            ops::iam::dispatch(ctx, action, &params).await?
        };
        let answer: Value = serde_json::from_str(&answer.json("id")).unwrap();
        Ok(answer[format!("{action}Response")][format!("{action}Result")].clone())
    }

    /// Calls something as the account's root.
    async fn root(&self, action: &str, pairs: &[(&str, &str)]) -> Value {
        let called = self.call(&self.fixture.ctx(), action, pairs).await;
        called.unwrap_or_else(|error| panic!("{action}: {error:?}"))
    }

    /// A request of whoever has an access key or session, now.
    async fn ctx_of(&self, access_key_id: &str) -> Option<Ctx> {
        let key = self
            .fixture
            .service
            .access_key(access_key_id)
            .await
            .unwrap();
        key.map(|key| self.fixture.ctx_of(key.principal))
    }

    /// A new user, who may do what the policy says.
    async fn user(&self, name: &str, policy: Option<&str>) -> Ctx {
        self.root("CreateUser", &[("UserName", name)]).await;
        if let Some(policy) = policy {
            let pairs = [
                ("UserName", name),
                ("PolicyName", "p"),
                ("PolicyDocument", policy),
            ];
            self.root("PutUserPolicy", &pairs).await;
        }
        let key = self.root("CreateAccessKey", &[("UserName", name)]).await;
        let id = key["AccessKey"]["AccessKeyId"].as_str().unwrap();
        self.ctx_of(id).await.unwrap()
    }

    async fn role(&self, name: &str, trust: &str) {
        let pairs = [("RoleName", name), ("AssumeRolePolicyDocument", trust)];
        self.root("CreateRole", &pairs).await;
    }

    /// Gives a role an inline policy.
    async fn role_policy(&self, role: &str, text: &str) {
        let (role, text, now) = (role.to_owned(), text.to_owned(), self.fixture.service.now());
        let put = move |tx: &mut wharf_meta::Tx| {
            let key = role.to_ascii_lowercase();
            let row = wharf_meta::iam::entities::by_name(tx, ACCOUNT, "role", &key)?.unwrap();
            let document = PolicyRow {
                id: now,
                kind: "inline".to_owned(),
                text: text.clone(),
                principals: "{}".to_owned(),
                created_at: now,
            };
            wharf_meta::policies::insert(tx, &document)?;
            let inline = InlineRow {
                entity: row.id,
                name: format!("p{now}"),
                document: now,
            };
            wharf_meta::iam::inline::put(tx, &inline)?;
            wharf_meta::versions::bump(tx, ACCOUNT, data::identities::VERSION).map(|_| ())
        };
        let store = self.fixture.service.store();
        store.write("policy", Durability::Hard, put).await.unwrap();
    }

    /// Registers an identity provider.
    async fn provider(&self, url: &str, client_id: &str) {
        let (url, client_id, now) = (
            url.to_owned(),
            client_id.to_owned(),
            self.fixture.service.now(),
        );
        let insert = move |tx: &mut wharf_meta::Tx| {
            let row = EntityRow {
                id: format!("OIDC{now}"),
                account: ACCOUNT.to_owned(),
                kind: "oidc-provider".to_owned(),
                name_key: url.to_ascii_lowercase(),
                name: url.clone(),
                path: "/".to_owned(),
                created_at: now,
                updated_at: now,
                description: None,
                document: None,
                boundary: None,
                max_session: None,
                default_version: None,
                last_version: None,
            };
            wharf_meta::iam::entities::insert(tx, &row)?;
            strings::insert(tx, &row.id, "client-id", 0, &client_id)
        };
        let store = self.fixture.service.store();
        store
            .write("provider", Durability::Hard, insert)
            .await
            .unwrap();
    }

    /// Assumes a role; the answer.
    async fn assume(&self, ctx: &Ctx, role: &str, more: &[(&str, &str)]) -> Result<Value> {
        let arn = role_arn(role);
        let mut pairs = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "run-1")];
        pairs.extend(more);
        self.call(ctx, "AssumeRole", &pairs).await
    }

    /// A request by the credentials of an answer.
    async fn session(&self, answer: &Value) -> Ctx {
        self.ctx_of(key_of(answer)).await.unwrap()
    }

    /// What the row of an answer's session keeps.
    async fn details(&self, answer: &Value) -> crate::identity::SessionDetails {
        let identity = self.fixture.service.identity(key_of(answer)).await.unwrap();
        identity.unwrap().details.clone()
    }

    async fn who(&self, ctx: &Ctx) -> Result<String> {
        let answer = self.call(ctx, "GetCallerIdentity", &[]).await?;
        Ok(answer["Arn"].as_str().unwrap().to_owned())
    }
}

fn key_of(answer: &Value) -> &str {
    answer["Credentials"]["AccessKeyId"].as_str().unwrap()
}
