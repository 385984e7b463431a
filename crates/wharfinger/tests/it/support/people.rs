//! Users with policies and access keys of their own, in any account of a server.

use std::fmt::Write as _;

use base64::Engine as _;
use serde_json::{Value, json};

use super::http::Response;
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
    made(server, &["account", "create", "--json"])
}

/// Makes the account with this id: its root.
pub(crate) fn account(server: &Server, id: &str) -> Somebody {
    made(server, &["account", "create", "--json", "--id", id])
}

fn made(server: &Server, words: &[&str]) -> Somebody {
    let made = server.wharfinger(words);
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
    /// Calls an operation of IAM that has to succeed: the answer's XML.
    #[track_caller]
    pub(crate) fn iam(&self, server: &Server, action: &str, parameters: &[(&str, &str)]) -> String {
        let answer = self.asks(server, "iam", action, parameters);
        answer.expect_status(200).text()
    }

    /// Calls an operation of IAM or STS.
    pub(crate) fn asks(
        &self,
        server: &Server,
        service: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Response {
        self.tries(server, service, action, parameters)
            .unwrap_or_else(|e| panic!("{action}: {e}"))
    }

    /// Like `asks`, of a server that may die meanwhile.
    pub(crate) fn tries(
        &self,
        server: &Server,
        service: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> std::io::Result<Response> {
        let version = if service == "iam" {
            "2010-05-08"
        } else {
            "2011-06-15"
        };
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            write!(body, "&{name}={}", escaped(value)).expect("a string");
        }
        let authority = server.authority();
        let headers = sign::sign_form(&self.credentials, authority, service, body.as_bytes());
        http::try_request(authority, "POST", "/", &headers, body.as_bytes())
    }

    /// A session that an operation of STS gives: whoever it is of has its ARN and id.
    #[track_caller]
    pub(crate) fn session(
        &self,
        server: &Server,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Self {
        let answer = self.asks(server, "sts", action, parameters);
        let text = answer.expect_status(200).text();
        let credentials = Credentials {
            access_key_id: element(&text, "AccessKeyId"),
            secret: element(&text, "SecretAccessKey"),
            session_token: Some(element(&text, "SessionToken")),
        };
        let mut session = Self {
            credentials,
            ..self.clone()
        };
        let who = session.asks(server, "sts", "GetCallerIdentity", &[]);
        let who = who.expect_status(200).text();
        session.arn = element(&who, "Arn");
        session.id = element(&who, "UserId");
        session
    }

    /// Makes users in this one's account, each with the statements of an inline policy, or none.
    pub(crate) fn makes<const N: usize>(
        &self,
        server: &Server,
        users: [(&str, Value); N],
    ) -> [Somebody; N] {
        users.map(|(name, statements)| {
            let user = self.iam(server, "CreateUser", &[("UserName", name)]);
            let key = self.iam(server, "CreateAccessKey", &[("UserName", name)]);
            if !statements.is_null() {
                self.allows(server, name, &statements);
            }
            Somebody {
                arn: element(&user, "Arn"),
                id: element(&user, "UserId"),
                credentials: Credentials {
                    access_key_id: element(&key, "AccessKeyId"),
                    secret: element(&key, "SecretAccessKey"),
                    session_token: None,
                },
            }
        })
    }

    /// Gives a user of this one's account an inline policy in the place of the one it has.
    pub(crate) fn allows(&self, server: &Server, name: &str, statements: &Value) {
        let document = policy(statements);
        let parameters = [
            ("UserName", name),
            ("PolicyName", "own"),
            ("PolicyDocument", document.as_str()),
        ];
        self.iam(server, "PutUserPolicy", &parameters);
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

/// A value as forms have it: a letter or digit as it is, any other byte as `%XX`.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a string");
        }
    }
    text
}

/// What stands in an element of XML.
pub(crate) fn element(xml: &str, name: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{name}>")).expect("the element");
    rest.split('<').next().unwrap_or_default().to_owned()
}

/// A statement of an identity policy.
pub(crate) fn allow(actions: &Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": "*"})
}
