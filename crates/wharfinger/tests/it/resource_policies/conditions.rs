//! Condition keys of repositories and requests.

use serde_json::{Value, json};

use super::*;

fn when(mut statement: Value, operator: &str, key: &str, value: &Value) -> Value {
    statement["Condition"] = json!({operator: {key: value}});
    statement
}

fn create(name: &str, tags: &[(&str, &str)]) -> Value {
    let tags: Vec<Value> = tags
        .iter()
        .map(|(k, v)| json!({"Key": k, "Value": v}))
        .collect();
    json!({"repositoryName": name, "tags": tags})
}

#[test]
fn tags_of_a_repository_decide_as_they_are_at_the_time() {
    let server = Server::start(Options::default());
    let root = root(&server);
    for (name, team) in [("blue/app", "blue"), ("red/app", "red")] {
        server.call("CreateRepository", &create(name, &[("team", team)]));
    }
    server.create_repository("plain");
    let of_team = |key: &str, name: &str| {
        let statement = allow(&json!("ecr:ListImages"));
        (
            name.to_owned(),
            json!([when(statement, "StringEquals", key, &json!("blue"))]),
        )
    };
    let keys = [
        ("aws:ResourceTag/team", "one"),
        ("ecr:ResourceTag/team", "two"),
    ];
    let policies = keys.map(|(key, name)| of_team(key, name));
    let users = policies
        .each_ref()
        .map(|(name, statements)| (name.as_str(), statements.clone()));
    for user in root.makes(&server, users) {
        let list = |name: &str| json!({"repositoryName": name});
        user.does(&server, "ListImages", &list("blue/app"));
        for other in ["red/app", "plain", "absent"] {
            user.may_not(&server, "ListImages", &list(other));
        }
        let arn = format!(
            "arn:aws:ecr:us-east-1:{}:repository/blue/app",
            root.account()
        );
        let tag =
            |team: &str| json!({"resourceArn": arn, "tags": [{"Key": "team", "Value": team}]});
        server.call("TagResource", &tag("Blue"));
        user.may_not(&server, "ListImages", &list("blue/app"));
        server.call(
            "UntagResource",
            &json!({"resourceArn": arn, "tagKeys": ["team"]}),
        );
        user.may_not(&server, "ListImages", &list("blue/app"));
        server.call("TagResource", &tag("blue"));
        user.does(&server, "ListImages", &list("blue/app"));
    }
}

#[test]
fn tags_of_a_request_decide_about_creation_and_tagging() {
    let server = Server::start(Options::default());
    let root = root(&server);
    let actions = json!([
        "ecr:CreateRepository",
        "ecr:TagResource",
        "ecr:UntagResource"
    ]);
    let mut statement = when(
        allow(&actions),
        "ForAllValues:StringEquals",
        "aws:TagKeys",
        &json!(["team", "stage"]),
    );
    statement["Condition"]["StringLikeIfExists"] = json!({"aws:RequestTag/team": "blue*"});
    let must = when(
        json!({"Effect": "Deny", "Action": "ecr:CreateRepository", "Resource": "*"}),
        "Null",
        "aws:RequestTag/team",
        &json!("true"),
    );
    let create_only = allow(&json!("ecr:CreateRepository"));
    let [user, other] = root.makes(
        &server,
        [
            ("user", json!([statement, must])),
            ("other", json!([create_only])),
        ],
    );
    user.does(
        &server,
        "CreateRepository",
        &create("one", &[("team", "blue")]),
    );
    user.does(
        &server,
        "CreateRepository",
        &create("two", &[("team", "blue-2"), ("stage", "x")]),
    );
    for refused in [
        create("new", &[]),
        create("new", &[("stage", "x")]),
        create("new", &[("team", "red")]),
        create("new", &[("team", "blue"), ("owner", "me")]),
        create("new", &[("Team", "blue")]),
    ] {
        user.may_not(&server, "CreateRepository", &refused);
    }
    // What cannot be tagged is not made.
    let message = other.fails(
        &server,
        "CreateRepository",
        &create("new", &[("a", "b")]),
        "AccessDeniedException",
    );
    assert!(
        message.contains("perform: ecr:TagResource on resource: "),
        "{message}"
    );
    let named = json!({"repositoryNames": ["new"]});
    let missing = "RepositoryNotFoundException";
    root.fails(&server, "DescribeRepositories", &named, missing);
    other.does(&server, "CreateRepository", &create("new", &[]));
    tagging(&server, &root, &user);
}

/// What holds of the tags at creation holds of tags later.
fn tagging(server: &Server, root: &Somebody, user: &Somebody) {
    let arn = format!("arn:aws:ecr:us-east-1:{}:repository/one", root.account());
    let tag = |key: &str, value: &str| json!({"resourceArn": arn, "tags": [{"Key": key, "Value": value}]});
    user.does(server, "TagResource", &tag("stage", "y"));
    user.may_not(server, "TagResource", &tag("team", "red"));
    user.may_not(server, "TagResource", &tag("owner", "me"));
    user.does(
        server,
        "UntagResource",
        &json!({"resourceArn": arn, "tagKeys": ["stage"]}),
    );
    user.may_not(
        server,
        "UntagResource",
        &json!({"resourceArn": arn, "tagKeys": ["stage", "owner"]}),
    );
}

/// `aws:SourceIp` and `aws:SecureTransport`, in the repository's policy, on both planes.
#[track_caller]
fn where_from(options: Options, secure: &str) {
    let server = Server::start(options);
    let root = root(&server);
    server.create_repository("app");
    let image = Image::new(1, 1);
    root.registry(&server).push(&image, "app", "v1");
    let own = root.account().to_owned();
    let [user] = root.makes(&server, [("user", log_in())]);
    let registry = user.registry(&server);
    let from = |operator: &str, key: &str, value: &str| {
        let statement = grant(&json!(user.arn), &json!(PULL));
        json!([when(statement, operator, key, &json!(value))])
    };
    let not_secure = if secure == "true" { "false" } else { "true" };
    for (operator, key, value, matches) in [
        ("IpAddress", "aws:SourceIp", "127.0.0.0/8", true),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", false),
        ("NotIpAddress", "aws:SourceIp", "127.0.0.1/32", false),
        ("Bool", "aws:SecureTransport", secure, true),
        ("Bool", "aws:SecureTransport", not_secure, false),
        ("StringEquals", "aws:PrincipalAccount", &own, true),
        (
            "StringEquals",
            "aws:PrincipalAccount",
            "444455556666",
            false,
        ),
        ("StringEquals", "aws:username", "user", true),
        ("StringEquals", "aws:RequestedRegion", "us-east-1", true),
        ("StringEquals", "aws:RequestedRegion", "eu-west-1", false),
    ] {
        set(&server, "app", &from(operator, key, value));
        let said = registry.get_manifest("app", "v1").status;
        assert_eq!(
            said,
            if matches { 200 } else { 403 },
            "{operator} {key} {value}"
        );
        if matches {
            pulls(&user, &server, (&own, "app"), "v1", &image);
        } else {
            user.may_not(&server, "BatchGetImage", &get_image(&own, "app", "v1"));
        }
    }
}

#[test]
fn the_address_and_the_transport_of_a_request_decide() {
    where_from(Options::default(), "false");
}

#[test]
fn the_address_and_the_transport_of_a_request_decide_over_https() {
    where_from(Options::tls(), "true");
}
