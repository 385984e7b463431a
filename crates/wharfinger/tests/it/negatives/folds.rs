//! Keys of tags in letters that only look alike, and policies that ask about what is another account's.

use serde_json::json;

use crate::support::people;
use crate::support::{ACCOUNT, Options, Server};

/// `locked` with the Kelvin sign, which is a `k` to some ways of making letters small.
const KELVIN: &str = "loc\u{212a}ed";

#[test]
fn n24_a_tag_is_not_replaced_or_removed_by_a_key_that_policies_take_for_another() {
    let server = Server::start(Options::default());
    let root = people::root(&server);
    let tag = |key: &'static str, value: &'static str| {
        [
            ("UserName", "kelvin"),
            ("Tags.member.1.Key", key),
            ("Tags.member.1.Value", value),
        ]
    };
    root.iam(&server, "CreateUser", &tag("locked", "yes"));
    root.iam(&server, "TagUser", &tag(KELVIN, "no"));
    let shown = || root.iam(&server, "ListUserTags", &[("UserName", "kelvin")]);
    let locked = "<Key>locked</Key><Value>yes</Value>";
    assert!(shown().contains(locked), "{}", shown());
    let untag = [("UserName", "kelvin"), ("TagKeys.member.1", KELVIN)];
    root.iam(&server, "UntagUser", &untag);
    assert!(shown().contains(locked) && !shown().contains(KELVIN));
    // In other cases of its own letters it is the same.
    root.iam(&server, "TagUser", &tag("LOCKED", "no"));
    assert!(!shown().contains(locked), "{}", shown());
}

#[test]
fn n27_what_a_strangers_own_policy_asks_about_a_foreign_repository_changes_no_refusal() {
    let server = Server::start(Options::default());
    let tags = json!([{"Key": "env", "Value": "prod-7"}]);
    server.call(
        "CreateRepository",
        &json!({"repositoryName": "there", "tags": tags}),
    );
    let other = people::another_account(&server);
    let asks = |condition: &serde_json::Value| json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}]);
    let strangers = other.makes(
        &server,
        [
            (
                "any",
                asks(&json!({"Null": {"aws:ResourceTag/env": "false"}})),
            ),
            (
                "some",
                asks(&json!({"StringLike": {"ecr:ResourceTag/env": "prod-*"}})),
            ),
            (
                "all",
                json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]),
            ),
            (
                "deny",
                json!([{"Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": {"Null": {"aws:ResourceTag/env": "false"}}}]),
            ),
        ],
    );
    for stranger in &strangers {
        let [there, gone] = ["there", "gone"].map(|name| {
            let body = json!({"registryId": ACCOUNT, "repositoryName": name});
            let refused = stranger.may_not(&server, "DescribeImages", &body);
            refused.replace(name, "NAME")
        });
        assert_eq!(there, gone);
        assert!(
            there.contains("because no resource-based policy allows"),
            "{there}"
        );
    }
}
