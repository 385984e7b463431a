//! The stacks of three documents that users wrote for AWS, as far as they say who may what.
//!
//! Left out, because their operations are not there yet: `aws_kms_key` and what refers to it (`kms_key`, `kms_key_arn`,
//! `encryption_type = "KMS"`), `aws_ecr_lifecycle_policy` with its arguments of the module, and
//! `aws_ecr_registry_scanning_configuration` (`enhanced_scanning`). Left out, because they are of other services: the S3
//! backend and `aws_ecs_task_definition`. What is left is as it is written, but for the names of folders.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Project;
use crate::support::people::{account, policy, root};
use crate::support::process::Process;
use crate::support::tools::Checked as _;

/// `provider.tf` of the article, without its backend.
const PROVIDER: &str = r#"
terraform {
  required_version = ">= 1.0"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { ManagedBy = "Terraform", Environment = "production", Project = "container-infrastructure" }
  }
}

data "aws_caller_identity" "current" {}

output "account" {
  value = data.aws_caller_identity.current.account_id
}
"#;

/// `ecr.tf`, the second, and the outputs of the first.
const REPOSITORY: &str = r#"
resource "aws_ecr_repository" "app" {
  name                 = "production/api-service"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
  tags = { Environment = "production", ManagedBy = "terraform" }
}

output "repository_url" {
  value = aws_ecr_repository.app.repository_url
}

output "repository_arn" {
  value = aws_ecr_repository.app.arn
}
"#;

/// `ecr_policy.tf`: it names the role, and does not wait for it.
const REPOSITORY_POLICY: &str = r#"
data "aws_iam_policy_document" "ecr_cross_account" {
  statement {
    sid    = "AllowPullFromProduction"
    effect = "Allow"
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::987654321098:root", "arn:aws:iam::876543210987:root"]
    }
    actions = ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability"]
  }
  statement {
    sid    = "AllowPushFromCICD"
    effect = "Allow"
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::123456789012:role/github-actions-ecr-push"]
    }
    actions = ["ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"]
  }
}

resource "aws_ecr_repository_policy" "app" {
  repository = aws_ecr_repository.app.name
  policy     = data.aws_iam_policy_document.ecr_cross_account.json
}
"#;

/// The role of `iam_cicd.tf`, whose issuer is another stack's.
const ROLE_OF_MAIN: &str = r#"
resource "aws_iam_role" "github_actions_ecr" {
  name = "github-actions-ecr-push"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:myorg/myrepo:ref:refs/heads/main"
        }
      }
    }]
  })
}
"#;

/// The inline policy of `iam_cicd.tf`.
const INLINE: &str = r#"
resource "aws_iam_role_policy" "ecr_push" {
  name = "ecr-push-permissions"
  role = aws_iam_role.github_actions_ecr.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = "*" },
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:PutImage", "ecr:InitiateLayerUpload",
                    "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"]
        Resource = aws_ecr_repository.app.arn
      }
    ]
  })
}
"#;

/// `oidc.tf`.
const OIDC: &str = r#"
resource "aws_iam_openid_connect_provider" "github_actions" {
  url             = "https://token.actions.githubusercontent.com"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["6938fd4d98bab03faadb97b34396831e3780aea1"]
}

resource "aws_iam_role" "github_actions_ecr" {
  name = "github-actions-ecr-push"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.github_actions.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }
        StringLike   = { "token.actions.githubusercontent.com:sub" = "repo:your-org/your-repo:*" }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "github_actions_ecr" {
  role       = aws_iam_role.github_actions_ecr.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
}
"#;

/// `main.tf` of the module.
const MODULE: &str = r#"
resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = var.image_tag_mutability
  force_delete         = var.force_delete
  image_scanning_configuration {
    scan_on_push = var.scan_on_push
  }
  encryption_configuration {
    encryption_type = var.encryption_type
  }
  tags = var.tags
}

data "aws_iam_policy_document" "repo" {
  count = length(var.pull_principal_arns) > 0 || length(var.push_principal_arns) > 0 ? 1 : 0
  dynamic "statement" {
    for_each = length(var.pull_principal_arns) > 0 ? [1] : []
    content {
      sid    = "AllowPull"
      effect = "Allow"
      principals {
        type        = "AWS"
        identifiers = var.pull_principal_arns
      }
      actions = ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability"]
    }
  }
  dynamic "statement" {
    for_each = length(var.push_principal_arns) > 0 ? [1] : []
    content {
      sid    = "AllowPush"
      effect = "Allow"
      principals {
        type        = "AWS"
        identifiers = var.push_principal_arns
      }
      actions = [
        "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:PutImage",
        "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload",
      ]
    }
  }
}

resource "aws_ecr_repository_policy" "this" {
  count      = length(var.pull_principal_arns) > 0 || length(var.push_principal_arns) > 0 ? 1 : 0
  repository = aws_ecr_repository.this.name
  policy     = data.aws_iam_policy_document.repo[0].json
}
"#;

/// `variables.tf`, `outputs.tf` and `versions.tf` of the module.
const MODULE_TERMS: &str = r#"
terraform {
  required_version = ">= 1.5.0"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

variable "name" {
  type = string
  validation {
    condition     = can(regex("^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$", var.name))
    error_message = "This is no name of a repository."
  }
}

variable "image_tag_mutability" {
  type    = string
  default = "IMMUTABLE"
}

variable "scan_on_push" {
  type    = bool
  default = true
}

variable "encryption_type" {
  type    = string
  default = "AES256"
}

variable "force_delete" {
  type    = bool
  default = false
}

variable "pull_principal_arns" {
  type    = list(string)
  default = []
}

variable "push_principal_arns" {
  type    = list(string)
  default = []
}

variable "tags" {
  type    = map(string)
  default = {}
}

output "id" {
  value = aws_ecr_repository.this.id
}

output "arn" {
  value = aws_ecr_repository.this.arn
}

output "repository_url" {
  value = aws_ecr_repository.this.repository_url
}

output "registry_id" {
  value = aws_ecr_repository.this.registry_id
}
"#;

/// The use of the module, and what it refers to.
const MODULE_USED: &str = r#"
provider "aws" {
  region = "us-east-1"
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "builds" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "ecs_task_execution" {
  name               = "ecs-task-execution"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role" "ci_build" {
  name               = "ci-build"
  assume_role_policy = data.aws_iam_policy_document.builds.json
}

module "ecr_repository" {
  source               = "./terraform-module-aws-ecr"
  name                 = "accounts-service"
  image_tag_mutability = "IMMUTABLE"
  scan_on_push         = true
  push_principal_arns  = [aws_iam_role.ci_build.arn]
  pull_principal_arns  = [aws_iam_role.ecs_task_execution.arn]
  tags                 = { Environment = "prod", Team = "payments", ManagedBy = "terraform" }
}

module "plain" {
  source = "./terraform-module-aws-ecr"
  name   = "web/frontend"
}

output "registry_id" {
  value = module.ecr_repository.registry_id
}

output "id" {
  value = module.ecr_repository.id
}
"#;

/// The service note's repository, in its region, and the role that it takes for granted.
const NOTE: &str = r#"
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "us-west-2"
}

resource "aws_iam_role" "node" {
  name = "EKSNodeRole"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "node" {
  role       = aws_iam_role.node.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
}

resource "aws_ecr_repository" "app_repo" {
  name                 = "my-application"
  image_tag_mutability = "MUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
  tags = { Environment = "production", Application = "my-app" }
}

resource "aws_ecr_repository_policy" "app_repo_policy" {
  repository = aws_ecr_repository.app_repo.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowPull"
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::123456789012:role/EKSNodeRole"] }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
    }]
  })
}

output "repository_url" {
  value = aws_ecr_repository.app_repo.repository_url
}
"#;

impl Project {
    /// Applies, plans nothing, and destroys again; `look` at what there is between.
    fn comes_and_goes(&self, resources: usize, look: impl Fn(&str)) {
        let said = self.apply();
        let added = format!("{resources} added, 0 changed, 0 destroyed");
        assert!(said.contains(&added), "{said}");
        self.expect_nothing_to_do("apply");
        look(&said);
        self.expect_nothing_to_do("a look");
        let said = self.terraform(&["destroy", "-auto-approve"]).checked();
        assert!(said.contains(&format!("{resources} destroyed")), "{said}");
    }

    /// The principals of a repository's policy, by statement.
    fn principals(&self, region: &str, repository: &str) -> Value {
        let mut aws = self.server.command("aws");
        aws.args(["ecr", "get-repository-policy", "--repository-name"]);
        aws.args([repository, "--region", region, "--query", "policyText"]);
        let text = aws.args(["--output", "text"]).checked();
        let policy: Value = serde_json::from_str(&text).expect("JSON");
        let statements = policy["Statement"].as_array().expect("statements").iter();
        let pair = |it: &Value| {
            let name = it["Sid"].as_str().expect("a name");
            (name.to_owned(), it["Principal"]["AWS"].clone())
        };
        Value::Object(statements.map(pair).collect())
    }

    /// The calls of an operation so far, from the audit log.
    fn audited(&self, operation: &str) -> String {
        let done = self
            .server
            .wharfinger(&["audit", "search", "--action", operation]);
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// The accounts of other people's that the article names.
    fn with_production_accounts(self) -> Self {
        for id in ["987654321098", "876543210987"] {
            account(&self.server, id);
        }
        self
    }
}

/// How long Terraform may take to ask for the policy.
const PATIENCE: Duration = Duration::from_mins(1);
const CI: &str = "arn:aws:iam::123456789012:role/github-actions-ecr-push";

#[test]
fn the_articles_repository_policy_and_ci_role_are_applied_planned_empty_and_destroyed() {
    let text = [
        PROVIDER,
        REPOSITORY,
        REPOSITORY_POLICY,
        ROLE_OF_MAIN,
        INLINE,
    ]
    .concat();
    let project = Project::new(&text).with_production_accounts();
    project.comes_and_goes(4, |said| {
        assert!(said.contains("account = \"123456789012\""), "{said}");
        let arn = "arn:aws:ecr:us-east-1:123456789012:repository/production/api-service";
        assert!(
            said.contains(&format!("repository_arn = \"{arn}\"")),
            "{said}"
        );
        let who = project.principals("us-east-1", "production/api-service");
        assert_eq!(who["AllowPushFromCICD"], CI);
        let pull = who["AllowPullFromProduction"].as_array().expect("a list");
        assert_eq!(pull.len(), 2, "{pull:?}");
        let tags = project.tags("production/api-service");
        assert_eq!(tags["Project"], "container-infrastructure");
        assert_eq!(tags["ManagedBy"], "terraform");
        let words = [
            "iam",
            "list-role-tags",
            "--role-name",
            "github-actions-ecr-push",
        ];
        let tags = project.server.command("aws").args(words).checked();
        assert!(tags.contains("container-infrastructure"), "{tags}");
    });
}

#[test]
fn the_articles_issuer_and_role_of_power_users_are_applied_planned_empty_and_destroyed() {
    let text = [PROVIDER, REPOSITORY, REPOSITORY_POLICY, OIDC, INLINE].concat();
    let project = Project::new(&text).with_production_accounts();
    project.comes_and_goes(6, |_| {
        let words = ["iam", "list-attached-role-policies", "--role-name"];
        let mut list = project.server.command("aws");
        list.args(words).arg("github-actions-ecr-push");
        let attached: Value = serde_json::from_str(&list.checked()).expect("JSON");
        let power = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser";
        assert_eq!(attached["AttachedPolicies"][0]["PolicyArn"], power);
    });
    for list in ["list-roles", "list-open-id-connect-providers"] {
        let left = project.server.command("aws").args(["iam", list]).checked();
        let left: Value = serde_json::from_str(&left).expect("JSON");
        let lists = left.as_object().expect("an answer").values();
        assert!(lists.clone().all(|it| *it == json!([])), "{list}: {left}");
    }
}

/// `ecr_policy.tf` names the role by its ARN, so nothing makes Terraform wait for it: the registry's answer does.
#[test]
fn a_repository_policy_that_names_a_role_too_early_is_tried_again_until_the_role_is_there() {
    let text = [PROVIDER, REPOSITORY, REPOSITORY_POLICY].concat();
    let project = Project::new(&text).with_production_accounts();
    let apply = project.terraform(&["apply", "-auto-approve"]);
    let mut apply = Process::spawn(apply, &project.server.scratch("apply"));
    let begun = Instant::now();
    while !project
        .audited("SetRepositoryPolicy")
        .contains(" 400 SetRepositoryPolicy ")
    {
        assert!(begun.elapsed() < PATIENCE, "{}", apply.log_tail());
    }
    let trust = policy(&json!([{
        "Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole",
    }]));
    let role = [
        ("RoleName", "github-actions-ecr-push"),
        ("AssumeRolePolicyDocument", &trust),
    ];
    root(&project.server).iam(&project.server, "CreateRole", &role);
    assert!(apply.wait().success(), "{}", apply.log_tail());
    let who = project.principals("us-east-1", "production/api-service");
    assert_eq!(who["AllowPushFromCICD"], CI);
    project.expect_nothing_to_do("the wait");
}

#[test]
fn the_module_with_its_two_lists_of_principals_is_applied_planned_empty_and_destroyed() {
    let project = Project::of(&[
        ("main.tf", MODULE_USED),
        ("terraform-module-aws-ecr/main.tf", MODULE),
        ("terraform-module-aws-ecr/terms.tf", MODULE_TERMS),
    ]);
    project.comes_and_goes(5, |said| {
        assert!(said.contains("registry_id = \"123456789012\""), "{said}");
        assert!(said.contains("id = \"accounts-service\""), "{said}");
        let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
        assert_eq!(
            project.principals("us-east-1", "accounts-service"),
            json!({"AllowPull": role("ecs-task-execution"), "AllowPush": role("ci-build")})
        );
        // Without principals there is no policy.
        let plain = json!({"repositoryName": "web/frontend"});
        let (status, answer) = project.server.signed("GetRepositoryPolicy", &plain);
        assert_eq!(
            (status, &answer["__type"]),
            (400, &json!("RepositoryPolicyNotFoundException"))
        );
    });
}

#[test]
fn the_notes_policy_for_the_nodes_of_a_cluster_is_applied_planned_empty_and_destroyed() {
    let project = Project::new(NOTE);
    project.comes_and_goes(4, |_| {
        let who = project.principals("us-west-2", "my-application");
        let role = "arn:aws:iam::123456789012:role/EKSNodeRole";
        assert_eq!(who["AllowPull"], json!([role]));
        // The other region's registry knows nothing of it.
        let plain = json!({"repositoryName": "my-application"});
        let (status, answer) = project.server.signed("GetRepositoryPolicy", &plain);
        assert_eq!(
            (status, &answer["__type"]),
            (400, &json!("RepositoryNotFoundException"))
        );
    });
}
