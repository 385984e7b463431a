//! What those may learn who may not act on a thing: not whether it is there.

use wharf_wire::oci::Digest;

use super::*;
use crate::support::images::Image;

/// Words of the requests, each with what of the same length exists.
const THERE: [(&str, &str); 13] = [
    ("matrix-alias", "famous-alias"),
    ("no-user", "is-user"),
    ("no-role", "is-role"),
    ("no-group", "is-group"),
    ("no-profile", "is-profile"),
    ("no-policy", "is-policy"),
    ("new-user", "was-user"),
    ("new-role", "was-role"),
    ("new-group", "was-group"),
    ("new-profile", "was-profile"),
    ("new-policy", "was-policy"),
    ("idp.example.com", "isp.example.com"),
    ("new.example.com", "was.example.com"),
];
/// Repositories' names, which are common words: only where they are names.
const REPOSITORIES: [(&str, &str); 2] = [
    (r#""repositoryName":"new""#, r#""repositoryName":"was""#),
    (r#""repositoryName":"none""#, r#""repositoryName":"some""#),
];
/// What exists, with what of the same length does not.
const GONE: [(&str, &str); 2] = [("matrix", "matrin"), ("trusting", "trustinn")];
const NO_KEY: &str = "AKIAAAAAAAAAAAAAAAAA";
const NO_LAYER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// What every account is told about names that all accounts share. Source: IAM's own answers.
const SHARED: [&str; 2] = ["iam:CreateAccountAlias", "sts:GetAccessKeyInfo"];

/// A world in which each of the requests meets something.
fn populated() -> (Matrix, Image, String) {
    let matrix = Matrix::start();
    for name in ["was", "some"] {
        matrix.server.create_repository(name);
    }
    let image = Image::new(1, 1);
    matrix.server.registry().push(&image, "matrix", "v1");
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}}"#;
    for name in ["is", "was"] {
        let [user, role, group, profile, managed] =
            ["user", "role", "group", "profile", "policy"].map(|kind| format!("{name}-{kind}"));
        let trust = ("AssumeRolePolicyDocument", TRUST);
        matrix.iam("CreateUser", &[("UserName", &user)]);
        matrix.iam("CreateRole", &[("RoleName", &role), trust]);
        matrix.iam("CreateGroup", &[("GroupName", &group)]);
        matrix.iam(
            "CreateInstanceProfile",
            &[("InstanceProfileName", &profile)],
        );
        matrix.iam(
            "CreatePolicy",
            &[("PolicyName", &managed), ("PolicyDocument", policy)],
        );
        for (action, parameter, owner) in [
            ("PutUserPolicy", "UserName", &user),
            ("PutRolePolicy", "RoleName", &role),
            ("PutGroupPolicy", "GroupName", &group),
        ] {
            let inline = [
                (parameter, owner.as_str()),
                ("PolicyName", "inline"),
                ("PolicyDocument", policy),
            ];
            matrix.iam(action, &inline);
        }
    }
    for host in ["isp.example.com", "was.example.com"] {
        let url = format!("https://{host}");
        let provider = [
            ("Url", url.as_str()),
            ("ClientIDList.member.1", "sts.amazonaws.com"),
            (
                "ThumbprintList.member.1",
                "6938fd4d98bab03faadb97b34396831e3780aea1",
            ),
        ];
        matrix.iam("CreateOpenIDConnectProvider", &provider);
    }
    let trusting = [
        ("RoleName", "trusting"),
        ("AssumeRolePolicyDocument", TRUST),
    ];
    matrix.iam("CreateRole", &trusting);
    matrix.iam("CreateAccountAlias", &[("AccountAlias", "famous-alias")]);
    let key = matrix.iam("CreateAccessKey", &[("UserName", "is-user")]);
    let key = element(&key, "AccessKeyId");
    (matrix, image, key)
}

/// The same request twice: about what is not there, and about what is.
fn twice(line: &str, layer: &str, key: &str) -> [&'static str; 2] {
    let line = line.replace(NO_LAYER, layer);
    let mut there = line.replace(NO_KEY, key);
    for (word, other) in THERE.iter().chain(&REPOSITORIES) {
        there = there.replace(word, other);
    }
    let mut gone = line.clone();
    if there == line {
        for (word, other) in GONE {
            gone = gone.replace(word, other);
        }
    }
    [gone, there].map(|line| &*Box::leak(line.into_boxed_str()))
}

/// An answer without the names and what differs with each request.
fn told(answer: &Response, key: &str) -> (u16, Vec<(String, String)>, String) {
    let mut text = answer.text();
    if let Some(id) = answer.header("x-amzn-requestid") {
        text = text.replace(id, "ID");
    }
    let all = THERE.iter().chain(&REPOSITORIES).chain(&GONE);
    for (word, other) in all {
        text = text.replace(word, "NAME").replace(other, "NAME");
    }
    // A name of a repository as ARNs have it.
    for name in [
        "repository/new",
        "repository/was",
        "repository/none",
        "repository/some",
    ] {
        text = text.replace(name, "repository/NAME");
    }
    text = text.replace(NO_KEY, "KEY").replace(key, "KEY");
    // The registry protocol's own ids, in messages.
    let text = match text.split_once(" (request id ") {
        Some((before, after)) => {
            let (_, rest) = after.split_once(')').expect("an end");
            format!("{before}{rest}")
        }
        None => text,
    };
    let differs = ["date", "x-amzn-requestid"];
    let headers = answer.headers.iter();
    let headers = headers.filter(|(name, _)| !differs.contains(&name.as_str()));
    (answer.status, headers.cloned().collect(), text)
}

#[test]
fn n27_no_answer_tells_a_stranger_what_is_there() {
    let (matrix, image, key) = populated();
    let layer = Digest::of(&image.blobs[1]).to_string();
    let user = matrix.user("nothing");
    let login = json!({"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"});
    matrix.allow("nothing", &[login]);
    let foreign = crate::negatives::stranger(&matrix.server);
    let [p_user, p_foreign] = [&user, &foreign].map(|who| matrix.password(who));
    let inline = [("UserName", "nothing"), ("PolicyName", "matrix")];
    matrix.iam("DeleteUserPolicy", &inline);
    let wrong = Credentials {
        secret: "x".repeat(40),
        ..user.clone()
    };
    let caller = |key: Option<&Credentials>, password: Option<&String>, foreign| Caller {
        key: key.cloned(),
        password: password.cloned(),
        foreign,
    };
    let callers = [
        ("no credentials", caller(None, None, false)),
        ("wrong signature", caller(Some(&wrong), None, false)),
        ("no policy", caller(Some(&user), Some(&p_user), false)),
        (
            "foreign account",
            caller(Some(&foreign), Some(&p_foreign), true),
        ),
    ];
    let (mut compared, mut told_apart) = (0, Vec::new());
    for line in REQUESTS.lines() {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let [gone, there] = twice(line, &layer, &key);
        if gone == there {
            continue;
        }
        let requests = [gone, there].map(Request::parse);
        let title = requests[0].title();
        for (name, caller) in &callers {
            if *name == "foreign account" && SHARED.contains(&title.as_str()) {
                continue;
            }
            let answers = requests.each_ref().map(|it| matrix.send(it, caller));
            let [gone, there] = answers.each_ref().map(|it| told(it, &key));
            // In their own account others do as they like.
            if gone.0 == 200 && there.0 == 200 && *name == "foreign account" {
                continue;
            }
            compared += 1;
            if gone != there {
                told_apart.push(format!("{title} by {name}:\n  {gone:?}\n  {there:?}"));
            }
        }
    }
    assert!(told_apart.is_empty(), "{}", told_apart.join("\n"));
    assert!(compared > 450, "only {compared} answers");
}
