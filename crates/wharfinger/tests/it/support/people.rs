//! Users with policies and access keys of their own, in any account of a server.

use std::io::Write as _;
use std::process::Stdio;

use base64::Engine as _;
use serde_json::{Value, json};

use super::registry::Registry;
use super::sign::{self, Credentials};
use super::{Server, http, tools};

/// Somebody with an access key.
#[derive(Clone)]
pub(crate) struct Somebody {
    pub(crate) arn: String,
    /// `AIDA…`; of a root user, the account.
    pub(crate) id: String,
    pub(crate) credentials: Credentials,
}

/// The root of the account that the first start makes.
pub(crate) fn root(server: &Server) -> Somebody {
    root_of(super::ACCOUNT, server.credentials().clone())
}

fn root_of(account: &str, credentials: Credentials) -> Somebody {
    Somebody {
        arn: format!("arn:aws:iam::{account}:root"),
        id: account.to_owned(),
        credentials,
    }
}

/// Makes another account: its root.
pub(crate) fn another_account(server: &Server) -> Somebody {
    let made = server.wharfinger(&["account", "create", "--json"]);
    assert!(made.status.success(), "{}", tools::both(&made));
    let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    let credentials = Credentials {
        access_key_id: text(&made["access_key_id"]),
        secret: text(&made["secret_access_key"]),
        session_token: None,
    };
    root_of(&text(&made["account"]), credentials)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// A policy with these statements.
pub(crate) fn policy(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

impl Somebody {
    /// Calls operations of IAM by the SDK; all have to succeed.
    pub(crate) fn iam(&self, server: &Server, calls: &Value) -> Vec<Value> {
        let mut python = server.command("python3");
        let mut child = python
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("AWS_ACCESS_KEY_ID", &self.credentials.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &self.credentials.secret)
            .arg(tools::tests().join("clients/iam_calls.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut stdin = child.stdin.take().expect("standard input");
        stdin.write_all(calls.to_string().as_bytes()).expect("room");
        drop(stdin);
        let done = child.wait_with_output().expect("an end");
        assert!(done.status.success(), "{calls}: {}", tools::both(&done));
        serde_json::from_slice(&done.stdout).expect("JSON")
    }

    /// Makes users in this one's account, each with the statements of an inline policy, or none.
    pub(crate) fn makes<const N: usize>(
        &self,
        server: &Server,
        users: [(&str, Value); N],
    ) -> [Somebody; N] {
        let mut calls = Vec::new();
        for (name, statements) in &users {
            calls.push(json!(["CreateUser", {"UserName": name}]));
            calls.push(json!(["CreateAccessKey", {"UserName": name}]));
            if !statements.is_null() {
                calls.push(put_user_policy(name, statements));
            }
        }
        let answers = self.iam(server, &json!(calls));
        let mut users = answers.iter().filter_map(|answer| answer.get("User"));
        let mut keys = answers.iter().filter_map(|answer| answer.get("AccessKey"));
        std::array::from_fn(|_| {
            let (user, key) = (users.next().expect("a user"), keys.next().expect("a key"));
            Somebody {
                arn: text(&user["Arn"]),
                id: text(&user["UserId"]),
                credentials: Credentials {
                    access_key_id: text(&key["AccessKeyId"]),
                    secret: text(&key["SecretAccessKey"]),
                    session_token: None,
                },
            }
        })
    }

    /// The account, 12 digits.
    pub(crate) fn account(&self) -> &str {
        self.arn.split(':').nth(4).expect("an account")
    }

    /// Calls an operation of ECR.
    pub(crate) fn call(&self, server: &Server, operation: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let authority = server.authority();
        let headers = sign::sign_ecr(&self.credentials, authority, operation, body.as_bytes());
        let answer = http::request(authority, "POST", "/", &headers, body.as_bytes());
        (answer.status, answer.json())
    }

    /// Calls an operation that has to succeed.
    #[track_caller]
    pub(crate) fn does(&self, server: &Server, operation: &str, body: &Value) -> Value {
        let (status, answer) = self.call(server, operation, body);
        assert_eq!(status, 200, "{} {operation} {body}: {answer}", self.arn);
        answer
    }

    /// Calls an operation that has to be refused for want of permission: the message.
    #[track_caller]
    pub(crate) fn may_not(&self, server: &Server, operation: &str, body: &Value) -> String {
        let message = self.fails(server, operation, body, "AccessDeniedException");
        let said = format!(
            "User: {} is not authorized to perform: ecr:{operation} ",
            self.arn
        );
        assert!(message.starts_with(&said), "{message}");
        message
    }

    /// Calls an operation that has to fail with this exception: the message.
    #[track_caller]
    pub(crate) fn fails(
        &self,
        server: &Server,
        operation: &str,
        body: &Value,
        name: &str,
    ) -> String {
        let (status, answer) = self.call(server, operation, body);
        assert_eq!(status, 400, "{} {operation} {body}: {answer}", self.arn);
        let code = answer["__type"].as_str();
        assert_eq!(code, Some(name), "{operation} {body}: {answer}");
        text(&answer["message"])
    }

    /// A password for the registry protocol.
    pub(crate) fn password(&self, server: &Server) -> String {
        let answer = self.does(server, "GetAuthorizationToken", &json!({}));
        let token = text(&answer["authorizationData"][0]["authorizationToken"]);
        let decoded = base64::engine::general_purpose::STANDARD.decode(token);
        let decoded = String::from_utf8(decoded.expect("base64")).expect("text");
        decoded.strip_prefix("AWS:").expect("user AWS").to_owned()
    }

    /// The registry protocol, with a password of its own.
    pub(crate) fn registry(&self, server: &Server) -> Registry {
        Registry::new(server.authority(), &self.password(server))
    }
}

/// The call that gives a user an inline policy in the place of the one it has.
pub(crate) fn put_user_policy(name: &str, statements: &Value) -> Value {
    json!(["PutUserPolicy", {
        "UserName": name, "PolicyName": "own", "PolicyDocument": policy(statements),
    }])
}

/// A statement of an identity policy.
pub(crate) fn allow(actions: &Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": "*"})
}
