//! Every kind of secret, used rightly and wrongly, and found nowhere afterwards.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use serde_json::json;
use wharf_wire::oci::Digest;

use crate::github_actions::Tokens;
use crate::support::http::{self, Response};
use crate::support::images::Image;
use crate::support::people::{Somebody, allow, policy, root};
use crate::support::registry::Registry;
use crate::support::sign::Credentials;
use crate::support::{ACCOUNT, Server, admin, tools};

const NONE: &[(&str, &str)] = &[];

/// What must not be found, and what was answered meanwhile.
#[derive(Default)]
struct Collected {
    /// What each is, and its text.
    secrets: Vec<(String, String)>,
    answers: String,
}

impl Collected {
    fn secret(&mut self, what: &str, text: &str) {
        assert!(text.len() >= 16, "{what}: `{text}` is found anywhere");
        self.secrets.push((what.to_owned(), text.to_owned()));
    }

    fn key(&mut self, whose: &str, key: &Credentials) {
        self.secret(&format!("the secret of {whose}"), &key.secret);
        if let Some(token) = &key.session_token {
            self.secret(&format!("the session token of {whose}"), token);
        }
    }

    /// An answer that gives no secret.
    fn answer(&mut self, answer: &Response) {
        self.answers.push_str(&answer.text());
        for (name, value) in &answer.headers {
            writeln!(self.answers, "{name}: {value}").expect("a string");
        }
    }

    /// Whoever's they are: what they can do with them, rightly and wrongly.
    fn uses(&mut self, server: &Server, whose: &str, who: &Somebody, image: &Image) {
        self.key(whose, &who.credentials);
        let password = who.password(server);
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{password}"));
        self.secret(&format!("the password of {whose}"), &password);
        self.secret(&format!("the login of {whose}"), &basic);
        let registry = Registry::new(server.authority(), &password);
        for path in [
            "/v2/app/manifests/v1",
            "/v2/app/manifests/none",
            "/v2/gone/tags/list",
        ] {
            self.answer(&registry.request("GET", path, &[], b""));
        }
        // The password where none belongs, and others with the key's id or the token.
        for path in [
            format!("/v2/{password}/tags/list"),
            format!("/v2/app/manifests/{password}"),
            format!("/v2/app/tags/list?n={password}&token={password}"),
        ] {
            registry.request("GET", &path, &[], b"");
        }
        let wrong = |change: &dyn Fn(&mut Credentials)| {
            let mut other = who.clone();
            change(&mut other.credentials);
            other
        };
        let others = [
            wrong(&|key| key.secret = key.secret.chars().rev().collect()),
            wrong(&|key| key.session_token = key.session_token.as_ref().map(|it| format!("{it}x"))),
            // Id and secret in each other's place, as people do.
            wrong(&|key| std::mem::swap(&mut key.access_key_id, &mut key.secret)),
        ];
        let get = json!({"repositoryName": "app", "imageIds": [{"imageTag": "v1"}]});
        for who in others.iter().chain([who]) {
            self.answers
                .push_str(&who.call(server, "BatchGetImage", &get).1.to_string());
            self.answer(&who.asks(server, "sts", "GetCallerIdentity", &[]));
            self.answer(&who.asks(server, "iam", "GetUser", &[("UserName", "nobody")]));
        }
        let layer = Digest::of(&image.blobs[1]);
        let asked = json!({"repositoryName": "app", "layerDigest": layer.as_str()});
        let made = who.does(server, "GetDownloadUrlForLayer", &asked);
        let url = made["downloadUrl"].as_str().expect("a URL");
        let (_, signature) = url.split_once("X-Amz-Signature=").expect("one");
        let signature = signature.split('&').next().unwrap_or_default();
        self.secret(&format!("a layer's signature for {whose}"), signature);
        let target = url.trim_start_matches(server.url());
        http::request(server.authority(), "GET", target, NONE, b"").expect_status(200);
        let (front, _) = target.split_once('?').expect("a query");
        for wrong in [
            format!("{target}0"),
            format!("{front}x?X-Amz-Signature={signature}"),
        ] {
            let answer = http::request(server.authority(), "GET", &wrong, NONE, b"");
            self.answer(&answer);
        }
    }

    /// Searches a text.
    fn expect_none_in(&self, place: &str, text: &str) {
        for (what, secret) in &self.secrets {
            assert!(!text.contains(secret.as_str()), "{what} is in {place}");
        }
    }

    /// Searches a file's bytes, or those of all files of a folder.
    fn expect_none_below(&self, path: &Path) {
        if path.is_dir() {
            for entry in std::fs::read_dir(path).expect("a folder") {
                self.expect_none_below(&entry.expect("an entry").path());
            }
        } else if path.is_file() {
            let bytes = std::fs::read(path).expect("a file");
            let text = String::from_utf8_lossy(&bytes);
            self.expect_none_in(&path.display().to_string(), &text);
        }
    }
}

/// A job's sessions, and tokens that give none.
fn web_identities(server: &Server, root: &Somebody, tokens: &Tokens, all: &mut Collected) {
    let provider = [
        ("Url", "https://token.actions.githubusercontent.com"),
        ("ClientIDList.member.1", "sts.amazonaws.com"),
        (
            "ThumbprintList.member.1",
            "6938fd4d98bab03faadb97b34396831e3780aea1",
        ),
    ];
    root.iam(server, "CreateOpenIDConnectProvider", &provider);
    let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com");
    let trust = policy(&json!([{
        "Effect": "Allow", "Principal": {"Federated": arn}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringLike": {
            "token.actions.githubusercontent.com:sub": "repo:your-org/your-repo:*"}},
    }]));
    let made = [("RoleName", "job"), ("AssumeRolePolicyDocument", &trust)];
    root.iam(server, "CreateRole", &made);
    let listed: serde_json::Value = serde_json::from_str(&tokens.all()).expect("JSON");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/job");
    for (what, token) in listed.as_object().expect("tokens") {
        let token = token.as_str().expect("a token");
        all.secret(&format!("a web identity token ({what})"), token);
        let (_, signature) = token.rsplit_once('.').expect("a signature");
        if !signature.is_empty() {
            all.secret(&format!("its signature ({what})"), signature);
        }
        let form = format!(
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=run&RoleArn={}&WebIdentityToken={token}",
            role.replace(':', "%3A").replace('/', "%2F")
        );
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let answer = http::request(server.authority(), "POST", "/", &kind, form.as_bytes());
        if what != "good" {
            assert!((400..500).contains(&answer.status), "{what}");
            all.answer(&answer);
            // In a URL, where proxies and logs see it.
            let path = format!("/?{form}");
            let answer = http::request(server.authority(), "GET", &path, NONE, b"");
            all.answer(&answer);
            continue;
        }
        let text = answer.expect_status(200).text();
        let element = |name: &str| crate::support::people::element(&text, name);
        all.secret("the secret of a job", &element("SecretAccessKey"));
        all.secret("the session token of a job", &element("SessionToken"));
    }
}

/// A user, and the sessions of every kind that it has.
fn people(server: &Server, root: &Somebody) -> [Somebody; 4] {
    let may = json!([allow(&json!(["ecr:*", "sts:*", "iam:*"]))]);
    let [user] = root.makes(server, [("user", may.clone())]);
    let trust = policy(&json!([
        {"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": ["sts:AssumeRole", "sts:TagSession"]},
    ]));
    let made = [("RoleName", "role"), ("AssumeRolePolicyDocument", &trust)];
    root.iam(server, "CreateRole", &made);
    let own = policy(&may);
    let inline = [
        ("RoleName", "role"),
        ("PolicyName", "own"),
        ("PolicyDocument", &own),
    ];
    root.iam(server, "PutRolePolicy", &inline);
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/role");
    let assumed = [("RoleArn", arn.as_str()), ("RoleSessionName", "run")];
    let role = user.session(server, "AssumeRole", &assumed);
    let of_user = user.session(server, "GetSessionToken", &[]);
    let lent = [("Name", "guest"), ("Policy", own.as_str())];
    let guest = user.session(server, "GetFederationToken", &lent);
    [user, role, of_user, guest]
}

/// What lists and tells of all this.
fn listings(server: &Server, root: &Somebody, all: &mut Collected) {
    for action in [
        "GetAccountAuthorizationDetails",
        "ListUsers",
        "ListRoles",
        "GetAccountSummary",
    ] {
        all.answer(&root.asks(server, "iam", action, &[]).expect_status(200));
    }
    let keys = root.iam(server, "ListAccessKeys", &[("UserName", "user")]);
    all.answers.push_str(&keys);
    for op in ["tables", "commits", "account.list", "trash"] {
        let told = admin::ask(server, &json!({"op": op})).to_string();
        all.answers.push_str(&told);
    }
    for args in [&["account", "list"][..], &["config", "show"], &["stats"]] {
        let done = server.wharfinger(args);
        all.answers.push_str(&tools::both(&done));
    }
}

/// What is kept is sealed: the files of the data directory have none either.
fn expect_none_kept(server: &Server, all: &Collected) {
    let kept = server.data_dir().to_owned();
    let mut below = 0;
    for entry in std::fs::read_dir(&kept).expect("the data directory") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        // The root's key is there to be read by its owner alone, who is told where.
        if name == "credentials.json" || name.starts_with("root") {
            continue;
        }
        below += 1;
        all.expect_none_below(&path);
    }
    assert!(below >= 3, "{below} files in {}", kept.display());
}

#[test]
fn n28_no_secret_of_any_kind_is_found_anywhere_afterwards() {
    let tokens = Tokens::make();
    let mut options = tokens.options();
    for (name, value) in [
        ("LOG_LEVEL", "trace"),
        ("LOG_FORMAT", "json"),
        ("AUDIT_BLOB_READS", "true"),
        ("TESTING_ENABLED", "true"),
    ] {
        let name = format!("WHARFINGER_{name}");
        options.env.push((name, value.to_owned()));
    }
    options.args.push("--allow-testing".to_owned());
    let mut server = Server::start(options);
    server.create_repository("app");
    let image = Image::new(1, 1);
    server.registry().push(&image, "app", "v1");
    let root = root(&server);
    let mut all = Collected::default();

    let [user, role, of_user, guest] = people(&server, &root);
    for (whose, who) in [
        ("the root", &root),
        ("a user", &user),
        ("a role's session", &role),
        ("a user's session", &of_user),
        ("a guest", &guest),
    ] {
        all.uses(&server, whose, who, &image);
    }
    web_identities(&server, &root, &tokens, &mut all);

    listings(&server, &root, &mut all);
    let running = std::fs::read(server.data_dir().join("running.json")).expect("a file");
    let running: serde_json::Value = serde_json::from_slice(&running).expect("JSON");
    let operator = running["operator"].as_str().expect("an address");
    let operator = operator.trim_start_matches("http://");
    let metrics = http::request(operator, "GET", "/metrics", NONE, b"");
    let metrics = metrics.expect_status(200).text();

    server.process().signal("TERM");
    server.process().wait();
    all.expect_none_in("the metrics", &metrics);
    all.expect_none_in("answers", &all.answers);
    all.expect_none_in("the standard output", &server.process().lines().join("\n"));
    let errors = server.scratch("x").with_file_name("stderr.log");
    let log = std::fs::read_to_string(&errors).expect("the log");
    for said in [
        "AssumeRoleWithWebIdentity",
        "GetFederationToken",
        "/layers/",
    ] {
        assert!(log.contains(said), "{said} is not logged");
    }
    all.expect_none_in("the log", &log);
    expect_none_kept(&server, &all);
}
