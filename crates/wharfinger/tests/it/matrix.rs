//! Who may: every operation and every route of the registry protocol, as asked by six callers.
//!
//! `matrix/requests.txt` has the requests; `tests/recorded/matrix.txt` what each caller is answered, to be read as text.
//! `UPDATE_RECORDED=1` writes it anew.

mod strangers;

use std::fmt::Write as _;
use std::path::PathBuf;

use base64::Engine as _;
use serde_json::{Value, json};
use wharf_registry::ops;

use crate::support::http::{self, Response};
use crate::support::sign::{self, Credentials};
use crate::support::{ACCOUNT, Options, Server, tools};

const REQUESTS: &str = include_str!("matrix/requests.txt");
/// A domain of which host names tell the account that is acted on.
const DOMAIN: &str = "registry.test";

/// Leaves to the account who of it may assume the role.
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}}"#;

pub(crate) fn file() -> PathBuf {
    tools::tests().join("recorded/matrix.txt")
}

/// One line of the requests.
struct Request {
    /// `ecr`, `iam`, `sts` or `v2`.
    service: &'static str,
    /// Of `v2`, the method.
    operation: &'static str,
    /// The IAM action, if any is asked about.
    action: Option<String>,
    /// The resource that the least policy names.
    resource: String,
    /// The body; of `v2`, the path.
    input: &'static str,
}

impl Request {
    fn parse(line: &'static str) -> Self {
        let mut parts = line.split(' ');
        let mut next = || parts.next().expect("a field");
        let (service, operation) = (next(), next());
        let (action, resource, input) = if service == "v2" {
            let (path, action, resource) = (next(), next(), next());
            ((action != "-").then(|| action.to_owned()), resource, path)
        } else {
            let (resource, input) = (next(), next());
            // Source: ecr.md 5.12.
            let action = match operation {
                "ListImageReferrers" => "BatchGetImage",
                operation => operation,
            };
            (Some(format!("{service}:{action}")), resource, input)
        };
        let resource = match (service, resource) {
            (_, "*") => "*".to_owned(),
            ("ecr" | "v2", name) => format!("arn:aws:ecr:us-east-1:{ACCOUNT}:{name}"),
            ("sts", name) if name.starts_with("federated-user") => {
                format!("arn:aws:sts::{ACCOUNT}:{name}")
            }
            (_, name) => format!("arn:aws:iam::{ACCOUNT}:{name}"),
        };
        Self {
            service,
            operation,
            action,
            resource,
            input,
        }
    }

    fn title(&self) -> String {
        match self.service {
            "v2" => format!("{} {}", self.operation, self.input),
            service => format!("{service}:{}", self.operation),
        }
    }
}

/// A caller: what they sign with, and what docker would send.
struct Caller {
    key: Option<Credentials>,
    password: Option<String>,
    /// Whether they must say whose registry they mean.
    foreign: bool,
}

struct Matrix {
    server: Server,
    root: Credentials,
}

impl Matrix {
    fn start() -> Self {
        let server = Server::start(Options {
            env: vec![("WHARFINGER_DOMAIN".to_owned(), DOMAIN.to_owned())],
            ..Options::default()
        });
        server.create_repository("matrix");
        let root = server.credentials().clone();
        Self { server, root }
    }

    fn form(&self, who: &Credentials, service: &str, body: &str) -> Response {
        let host = self.server.authority();
        let headers = sign::sign_form(who, host, service, body.as_bytes());
        http::request(host, "POST", "/", &headers, body.as_bytes())
    }

    /// An IAM call of root's that has to succeed.
    fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let mut body = format!("Action={action}&Version=2010-05-08");
        for (name, value) in parameters {
            let escaped: Vec<String> = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            write!(body, "&{name}={}", escaped.concat()).expect("a string");
        }
        let answer = self.form(&self.root, "iam", &body);
        answer.expect_status(200).text()
    }

    /// A user with a key and without policies.
    fn user(&self, name: &str) -> Credentials {
        self.iam("CreateUser", &[("UserName", name)]);
        let key = self.iam("CreateAccessKey", &[("UserName", name)]);
        Credentials {
            access_key_id: element(&key, "AccessKeyId"),
            secret: element(&key, "SecretAccessKey"),
            session_token: None,
        }
    }

    /// Replaces what a user may.
    fn allow(&self, user: &str, statements: &[Value]) {
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let parameters = [
            ("UserName", user),
            ("PolicyName", "matrix"),
            ("PolicyDocument", document.as_str()),
        ];
        self.iam("PutUserPolicy", &parameters);
    }

    fn password(&self, who: &Credentials) -> String {
        let (host, body) = (self.server.authority(), b"{}");
        let headers = sign::sign_ecr(who, host, "GetAuthorizationToken", body);
        let answer = http::request(host, "POST", "/", &headers, body).expect_status(200);
        let answer = answer.json();
        let token = &answer["authorizationData"][0]["authorizationToken"];
        token.as_str().expect("a token").to_owned()
    }

    fn send(&self, request: &Request, caller: &Caller) -> Response {
        let host = self.server.authority();
        if request.service == "v2" {
            return self.send_to_registry(request, caller);
        }
        let input = request.input.replace("ACCOUNT", ACCOUNT);
        if request.service == "ecr" {
            let headers = match &caller.key {
                Some(key) => sign::sign_ecr(key, host, request.operation, input.as_bytes()),
                None => vec![
                    (
                        "x-amz-target".to_owned(),
                        format!("AmazonEC2ContainerRegistry_V20150921.{}", request.operation),
                    ),
                    (
                        "content-type".to_owned(),
                        "application/x-amz-json-1.1".to_owned(),
                    ),
                ],
            };
            return http::request(host, "POST", "/", &headers, input.as_bytes());
        }
        let version = if request.service == "iam" {
            "2010-05-08"
        } else {
            "2011-06-15"
        };
        let mut body = format!("Action={}&Version={version}", request.operation);
        if input != "-" {
            write!(body, "&{input}").expect("a string");
        }
        if let Some(key) = &caller.key {
            return self.form(key, request.service, &body);
        }
        let form = [("content-type", "application/x-www-form-urlencoded")];
        http::request(host, "POST", "/", &form, body.as_bytes())
    }

    fn send_to_registry(&self, request: &Request, caller: &Caller) -> Response {
        let mut headers = Vec::new();
        if let Some(password) = &caller.password {
            headers.push(("authorization".to_owned(), format!("Basic {password}")));
        }
        if caller.foreign {
            let host = format!("{ACCOUNT}.dkr.ecr.us-east-1.{DOMAIN}");
            headers.push(("host".to_owned(), host));
        }
        let kind = "application/vnd.oci.image.manifest.v1+json";
        headers.push(("content-type".to_owned(), kind.to_owned()));
        let body: &[u8] = match request.operation {
            "PUT" if request.input.contains("/manifests/") => b"{}",
            _ => b"",
        };
        http::request(
            self.server.authority(),
            request.operation,
            request.input,
            &headers,
            body,
        )
    }
}

/// What stands in an element of XML.
fn element(xml: &str, name: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{name}>")).expect("the element");
    rest.split('<').next().unwrap_or_default().to_owned()
}

/// Status and code of an answer.
fn outcome(answer: &Response) -> String {
    let body = answer.text();
    let json = answer.json();
    let code = if body.contains("<Code>") {
        element(&body, "Code")
    } else if let Some(code) = json["errors"][0]["code"].as_str() {
        code.to_owned()
    } else {
        json["__type"].as_str().unwrap_or_default().to_owned()
    };
    format!("{} {code}", answer.status).trim_end().to_owned()
}

#[test]
fn each_caller_is_answered_as_recorded() {
    let matrix = Matrix::start();
    let requests: Vec<Request> = REQUESTS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(Request::parse)
        .collect();
    each_operation_is_asked(&requests);

    let callers = callers(&matrix);
    let mut text =
        "# Status and code that each caller is answered; see tests/it/matrix.rs\n".to_owned();
    for request in &requests {
        if let Some(action) = &request.action {
            matrix.allow(
                "least",
                &[json!({"Effect": "Allow", "Action": action, "Resource": request.resource})],
            );
            matrix.allow(
                "denied",
                &[
                    json!({"Effect": "Allow", "Action": "*", "Resource": "*"}),
                    json!({"Effect": "Deny", "Action": action, "Resource": "*"}),
                ],
            );
        }
        writeln!(text, "\n{}", request.title()).expect("a string");
        for (name, caller) in &callers {
            let outcome = outcome(&matrix.send(request, caller));
            writeln!(text, "  {name:<16} {outcome}").expect("a string");
        }
    }
    crate::aws_cli::compare(&file(), &text);
}

/// The six of them, and what they need to begin with.
fn callers(matrix: &Matrix) -> [(&'static str, Caller); 6] {
    let [nothing, denied, least] = ["nothing", "denied", "least"].map(|name| matrix.user(name));
    let login = json!({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"});
    for user in ["nothing", "denied", "least"] {
        matrix.allow(user, std::slice::from_ref(&login));
    }
    matrix.iam(
        "CreateRole",
        &[
            ("RoleName", "trusting"),
            ("AssumeRolePolicyDocument", TRUST),
        ],
    );
    let foreign = crate::negatives::stranger(&matrix.server);
    let [p_nothing, p_denied, p_least, p_foreign] =
        [&nothing, &denied, &least, &foreign].map(|key| matrix.password(key));
    let wrong = Credentials {
        secret: "x".repeat(40),
        ..least.clone()
    };
    let garbage = base64::engine::general_purpose::STANDARD.encode("AWS:nonsense");
    let caller = |key: Option<&Credentials>, password: Option<&String>, foreign| Caller {
        key: key.cloned(),
        password: password.cloned(),
        foreign,
    };
    let callers = [
        ("no credentials", caller(None, None, false)),
        (
            "wrong signature",
            caller(Some(&wrong), Some(&garbage), false),
        ),
        ("no policy", caller(Some(&nothing), Some(&p_nothing), false)),
        (
            "explicit deny",
            caller(Some(&denied), Some(&p_denied), false),
        ),
        (
            "foreign account",
            caller(Some(&foreign), Some(&p_foreign), true),
        ),
        ("least policy", caller(Some(&least), Some(&p_least), false)),
    ];
    // What docker logged in with is not what the API asks without a policy.
    matrix.iam(
        "DeleteUserPolicy",
        &[("UserName", "nothing"), ("PolicyName", "matrix")],
    );
    callers
}

/// An operation that nobody asks for would only look as if it were covered.
fn each_operation_is_asked(requests: &[Request]) {
    let services = [
        ("ecr", ops::ecr::OPERATIONS),
        ("iam", ops::iam::OPERATIONS),
        ("sts", ops::sts::OPERATIONS),
    ];
    for (service, operations) in services {
        for operation in operations {
            let asked = requests
                .iter()
                .any(|it| it.service == service && it.operation == *operation);
            assert!(asked, "nobody asks for {service}:{operation}");
        }
    }
}
