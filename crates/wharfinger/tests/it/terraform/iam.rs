//! Terraform with the AWS provider: the resources and data sources of IAM.
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Project;
use crate::support::tools::{Checked as _, both, output};

const PROVIDER: &str = r#"
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"#;

/// Roles and policies; `second`: after the change.
fn roles(second: bool) -> String {
    let (duration, description, boundary, tags, action) = if second {
        (
            7_200,
            "",
            "",
            r#"{ stage = "live", empty = "" }"#,
            "ecr:BatchGetImage",
        )
    } else {
        (
            3_600,
            "description = \"builds + pushes 100%\"\n",
            "permissions_boundary = aws_iam_policy.limit.arn\n",
            r#"{ team = "blue", stage = "test" }"#,
            "ecr:ListImages",
        )
    };
    format!(
        r#"
data "aws_caller_identity" "me" {{}}

data "aws_iam_policy_document" "trust" {{
  statement {{
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {{
      type        = "AWS"
      identifiers = [data.aws_caller_identity.me.account_id, aws_iam_user.robot.arn]
    }}
    condition {{
      test     = "StringLike"
      variable = "sts:RoleSessionName"
      values   = ["a+b*", "c%20<d>"]
    }}
  }}
}}

data "aws_iam_policy_document" "images" {{
  statement {{
    actions   = ["{action}", "ecr:DescribeImages"]
    resources = ["arn:aws:ecr:*:*:repository/team/&{{aws:username}}/*"]
  }}
}}

resource "aws_iam_role" "ci" {{
  name                  = "ci"
  path                  = "/team/"
  assume_role_policy    = data.aws_iam_policy_document.trust.json
  max_session_duration  = {duration}
  force_detach_policies = true
  {description}{boundary}
  tags                  = {tags}
}}

resource "aws_iam_role" "machine" {{
  name_prefix        = "machine-"
  assume_role_policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ Service = "ec2.amazonaws.com" }} }}]
  }})
}}

resource "aws_iam_role_policy" "inline" {{
  name   = "inline"
  role   = aws_iam_role.ci.id
  policy = data.aws_iam_policy_document.images.json
}}

resource "aws_iam_policy" "images" {{
  name        = "images"
  path        = "/team/"
  description = "what builds may"
  policy      = data.aws_iam_policy_document.images.json
  tags        = {tags}
}}

resource "aws_iam_policy" "limit" {{
  name   = "limit"
  policy = jsonencode({{ Version = "2012-10-17", Statement = [{{ Effect = "Allow", Action = "ecr:*", Resource = "*" }}] }})
}}

resource "aws_iam_role_policy_attachment" "own" {{
  role       = aws_iam_role.ci.name
  policy_arn = aws_iam_policy.images.arn
}}

resource "aws_iam_role_policy_attachment" "aws" {{
  role       = aws_iam_role.ci.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}}

data "aws_iam_role" "ci" {{
  name = aws_iam_role.ci.name
}}

data "aws_iam_policy" "read_only" {{
  name = "AmazonEC2ContainerRegistryReadOnly"
}}

data "aws_iam_policy" "images" {{
  arn = aws_iam_policy.images.arn
}}

data "aws_iam_roles" "team" {{
  path_prefix = "/team/"
  depends_on  = [aws_iam_role.ci]
}}
"#
    )
}

/// Users and groups; `second`: after the change.
fn users(second: bool) -> String {
    let (name, status) = if second {
        ("robot-2", "Inactive")
    } else {
        ("robot", "Active")
    };
    format!(
        r#"
resource "aws_iam_user" "robot" {{
  name          = "{name}"
  force_destroy = true
  tags          = {{ kind = "robot" }}
}}

resource "aws_iam_user_policy" "inline" {{
  name   = "inline"
  user   = aws_iam_user.robot.name
  policy = data.aws_iam_policy_document.images.json
}}

resource "aws_iam_user_policy_attachment" "read" {{
  user       = aws_iam_user.robot.name
  policy_arn = data.aws_iam_policy.read_only.arn
}}

resource "aws_iam_access_key" "robot" {{
  user   = aws_iam_user.robot.name
  status = "{status}"
}}

resource "aws_iam_group" "robots" {{
  name = "robots"
}}

resource "aws_iam_group_policy" "inline" {{
  name   = "inline"
  group  = aws_iam_group.robots.name
  policy = data.aws_iam_policy_document.images.json
}}

resource "aws_iam_group_policy_attachment" "read" {{
  group      = aws_iam_group.robots.name
  policy_arn = data.aws_iam_policy.read_only.arn
}}

resource "aws_iam_group_membership" "robots" {{
  name  = "robots"
  group = aws_iam_group.robots.name
  users = [aws_iam_user.robot.name]
}}

resource "aws_iam_group" "others" {{
  name = "others"
  path = "/x/"
}}

resource "aws_iam_user_group_membership" "others" {{
  user   = aws_iam_user.robot.name
  groups = [aws_iam_group.others.name]
}}

data "aws_iam_user" "robot" {{
  user_name = aws_iam_user.robot.name
}}
"#
    )
}

/// Providers, profiles and the roles of services; `second`: after the change.
fn others(second: bool) -> String {
    let (clients, thumbprints, role, description) = if second {
        (r#"["c", "a"]"#, "ba", "ci", "changed")
    } else {
        (r#"["a", "b"]"#, "ab", "machine", "first")
    };
    let thumbprints: Vec<String> = thumbprints
        .chars()
        .map(|digit| format!("\"{}\"", digit.to_string().repeat(40)))
        .collect();
    let thumbprints = thumbprints.join(", ");
    format!(
        r#"
resource "aws_iam_openid_connect_provider" "plain" {{
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}}

resource "aws_iam_openid_connect_provider" "pinned" {{
  url             = "https://idp.example.com/id/EX"
  client_id_list  = {clients}
  thumbprint_list = [{thumbprints}]
  tags            = {{ description = "{description}" }}
}}

data "aws_iam_openid_connect_provider" "pinned" {{
  url        = "https://idp.example.com/id/EX"
  depends_on = [aws_iam_openid_connect_provider.pinned]
}}

resource "aws_iam_instance_profile" "machine" {{
  name = "machine"
  role = aws_iam_role.{role}.name
  tags = {{ kind = "machine" }}
}}

resource "aws_iam_service_linked_role" "replication" {{
  aws_service_name = "replication.ecr.amazonaws.com"
  description      = "{description}"
  tags             = {{ kind = "service" }}
}}
"#
    )
}

/// Users, roles and their policies.
fn people(second: bool) -> String {
    let more = r#"
output "account" {
  value = data.aws_caller_identity.me.account_id
}

output "found" {
  value = join(" ", concat([data.aws_iam_role.ci.arn, data.aws_iam_user.robot.arn], tolist(data.aws_iam_roles.team.names)))
}
"#;
    [PROVIDER, &roles(second), &users(second), more].concat()
}

/// Providers, profiles with their roles, and the roles of services.
fn machines(second: bool) -> String {
    let mut text = PROVIDER.to_owned();
    for name in ["ci", "machine"] {
        write!(
            text,
            "resource \"aws_iam_role\" \"{name}\" {{\n  name = \"{name}\"\n  assume_role_policy = jsonencode({{ Version = \
             \"2012-10-17\", Statement = [{{ Effect = \"Allow\", Action = \"sts:AssumeRole\", Principal = {{ Service = \
             \"ec2.amazonaws.com\" }} }}] }})\n}}\n"
        )
        .expect("a string");
    }
    text + &others(second)
}

impl Project {
    /// What the AWS CLI answers about IAM.
    fn iam(&self, arguments: &[&str]) -> Value {
        let mut command = self.server.command("aws");
        let said = command.arg("iam").args(arguments).checked();
        serde_json::from_str(&said).unwrap_or(Value::Null)
    }
}

#[test]
fn terraform_carries_users_roles_and_policies_from_apply_through_change_and_import_to_destroy() {
    let project = Project::new(&people(false));
    let said = project.apply();
    assert!(said.contains("17 added, 0 changed, 0 destroyed"), "{said}");
    assert!(said.contains("account = \"123456789012\""), "{said}");
    let found = "found = \"arn:aws:iam::123456789012:role/team/ci arn:aws:iam::123456789012:user/robot ci\"";
    assert!(said.contains(found), "{said}");
    project.expect_nothing_to_do("apply");
    let role = project.iam(&["get-role", "--role-name", "ci"]);
    let role = &role["Role"];
    assert_eq!(role["Description"], "builds + pushes 100%");
    let limit = "arn:aws:iam::123456789012:policy/limit";
    assert_eq!(role["PermissionsBoundary"]["PermissionsBoundaryArn"], limit);

    project.write(&people(true));
    let said = project.apply();
    assert!(said.contains("Apply complete!"), "{said}");
    project.expect_nothing_to_do("the change");
    let role = project.iam(&["get-role", "--role-name", "ci"]);
    let role = &role["Role"];
    assert_eq!(role["MaxSessionDuration"], 7_200);
    assert_eq!(
        (&role["Description"], &role["PermissionsBoundary"]),
        (&Value::Null, &Value::Null)
    );
    let key = &project.iam(&["list-access-keys", "--user-name", "robot-2"])["AccessKeyMetadata"][0];
    assert_eq!(key["Status"], "Inactive");

    let aws = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    let images = "arn:aws:iam::123456789012:policy/team/images";
    import_again(
        &project,
        &[
            ("aws_iam_role_policy.inline", "ci:inline"),
            ("aws_iam_policy.images", images),
            ("aws_iam_role_policy_attachment.aws", &format!("ci/{aws}")),
        ],
    );
    // What Terraform did not make stops neither the user nor the role from going.
    project.iam(&["create-access-key", "--user-name", "robot-2"]);
    let read = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let user = ["attach-user-policy", "--user-name", "robot-2"];
    project.iam(&[&user[..], &["--policy-arn", read]].concat());
    let role = ["attach-role-policy", "--role-name", "ci", "--policy-arn"];
    project.iam(&[&role[..], &[read]].concat());
    let said = project.terraform(&["destroy", "-auto-approve"]).checked();
    assert!(said.contains("17 destroyed"), "{said}");
    nothing_is_left(&project, &["roles", "users", "groups"]);
    let left = project.iam(&["list-policies", "--scope", "Local"]);
    assert_eq!(left["Policies"], json!([]));
}

#[test]
fn terraform_carries_providers_profiles_and_roles_of_services() {
    let project = Project::new(&machines(false));
    let said = project.apply();
    assert!(said.contains("6 added, 0 changed, 0 destroyed"), "{said}");
    project.expect_nothing_to_do("apply");
    project.write(&machines(true));
    let said = project.apply();
    assert!(said.contains("0 added, 3 changed, 0 destroyed"), "{said}");
    project.expect_nothing_to_do("the change");
    let profile = project.iam(&["get-instance-profile", "--instance-profile-name", "machine"]);
    assert_eq!(profile["InstanceProfile"]["Roles"][0]["RoleName"], "ci");

    let account = "arn:aws:iam::123456789012";
    let service = "replication.ecr.amazonaws.com/AWSServiceRoleForECRReplication";
    import_again(
        &project,
        &[
            ("aws_iam_instance_profile.machine", "machine"),
            (
                "aws_iam_openid_connect_provider.pinned",
                &format!("{account}:oidc-provider/idp.example.com/id/EX"),
            ),
            (
                "aws_iam_service_linked_role.replication",
                &format!("{account}:role/aws-service-role/{service}"),
            ),
        ],
    );
    let said = project.terraform(&["destroy", "-auto-approve"]).checked();
    assert!(said.contains("6 destroyed"), "{said}");
    nothing_is_left(
        &project,
        &["roles", "instance-profiles", "open-id-connect-providers"],
    );
}

/// What is forgotten and imported, by its address and id, is found as it is configured.
fn import_again(project: &Project, imported: &[(&str, &str)]) {
    let mut forget = project.terraform(&["state", "rm"]);
    forget
        .args(imported.iter().map(|(address, _)| address))
        .checked();
    for (address, id) in imported {
        project.terraform(&["import"]).args([address, id]).checked();
    }
    project.expect_nothing_to_do("import");
}

fn nothing_is_left(project: &Project, lists: &[&str]) {
    for list in lists {
        let left = project.iam(&[&format!("list-{list}")]);
        let mut lists = left.as_object().expect("an answer").values();
        assert!(lists.all(|it| *it == json!([])), "{list}: {left}");
    }
}

#[test]
fn terraform_replaces_the_oldest_of_five_versions_and_sees_what_is_gone() {
    let with = |repositories: usize| {
        let mut actions = String::new();
        for number in 0..repositories {
            write!(actions, "\"arn:aws:ecr:*:*:repository/r{number}\",").expect("a string");
        }
        format!(
            "{PROVIDER}\nresource \"aws_iam_policy\" \"p\" {{\n  name = \"p\"\n  policy = jsonencode({{ Version = \
             \"2012-10-17\", Statement = [{{ Effect = \"Allow\", Action = \"ecr:*\", Resource = [{actions}] }}] }})\n}}\n"
        )
    };
    let project = Project::new(&with(1));
    project.apply();
    let arn = "arn:aws:iam::123456789012:policy/p";
    let versions = || {
        let answer = project.iam(&["list-policy-versions", "--policy-arn", arn]);
        let versions = answer["Versions"].as_array().expect("versions").clone();
        versions
            .iter()
            .map(|it| (it["VersionId"].clone(), it["IsDefaultVersion"].clone()))
            .collect::<Vec<_>>()
    };
    // Three more, not in force, leave one place.
    let create = ["create-policy-version", "--policy-arn", arn];
    let text =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    for _ in 0..3 {
        project.iam(&[&create[..], &["--policy-document", text]].concat());
    }
    for repositories in 2..=3 {
        project.write(&with(repositories));
        let said = project.apply();
        assert!(said.contains("0 added, 1 changed, 0 destroyed"), "{said}");
    }
    let expected = ["v6", "v5", "v4", "v3", "v2"]
        .into_iter()
        .map(|id| (json!(id), json!(id == "v6")));
    assert_eq!(versions(), expected.collect::<Vec<_>>());
    project.expect_nothing_to_do("the sixth version");

    // Another version in force, made elsewhere, is drift.
    let back = ["set-default-policy-version", "--policy-arn", arn];
    project.iam(&[&back[..], &["--version-id", "v2"]].concat());
    let plan = output(&mut project.terraform(&["plan", "-detailed-exitcode"]));
    assert_eq!(plan.status.code(), Some(2), "{}", both(&plan));
    project.apply();
    project.expect_nothing_to_do("the drift");

    // A policy that is gone is made again.
    for (version, default) in versions() {
        if default == json!(false) {
            let version = version.as_str().expect("an id");
            let delete = ["delete-policy-version", "--policy-arn", arn];
            project.iam(&[&delete[..], &["--version-id", version]].concat());
        }
    }
    project.iam(&["delete-policy", "--policy-arn", arn]);
    let said = project.apply();
    assert!(said.contains("1 added, 0 changed, 0 destroyed"), "{said}");
    let said = project.terraform(&["destroy", "-auto-approve"]).checked();
    assert!(said.contains("1 destroyed"), "{said}");
}

#[test]
fn terraform_tells_at_once_what_is_wrong_with_a_trust_policy() {
    let role = |statement: &str| {
        format!(
            "{PROVIDER}\nresource \"aws_iam_role\" \"r\" {{\n  name = \"r\"\n  assume_role_policy = jsonencode({{ Version \
             = \"2012-10-17\", Statement = [{{ Effect = \"Allow\", {statement} }}] }})\n}}\n"
        )
    };
    let project = Project::new(&role(
        "Action = \"sts:AssumeRoleWithWebIdentity\", Principal = { Federated = \
         \"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com\" }",
    ));
    let said = project.terraform(&["apply", "-auto-approve"]).refused();
    assert!(
        said.contains("MalformedPolicyDocument")
            && said.contains("token.actions.githubusercontent.com:sub"),
        "{said}"
    );
    project.write(&role(
        "Action = \"ecr:*\", Principal = { AWS = \"123456789012\" }",
    ));
    let said = project.terraform(&["apply", "-auto-approve"]).refused();
    let expected = "AssumeRole policy may only specify STS AssumeRole actions.";
    assert!(said.contains(expected), "{said}");
}
