//! Terraform with the AWS provider: repositories, their policies and settings, with only the endpoint changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::tools::{self, Checked as _, both, output};
use crate::support::{Options, Server};

mod iam;
mod seeds;

/// A Terraform project on a server.
struct Project {
    server: Server,
    folder: PathBuf,
    settings: PathBuf,
}

impl Project {
    /// Makes the project and lets Terraform find the provider in the local mirror.
    fn new(configuration: &str) -> Self {
        Self::of(&[("main.tf", configuration)])
    }

    /// The same of several files, in folders or not.
    fn of(files: &[(&str, &str)]) -> Self {
        let server = Server::start(Options::default());
        let folder = server.scratch("project");
        let settings = server.scratch("settings").join("terraform.rc");
        let mirror = tools::terraform_mirror();
        let text = format!(
            "disable_checkpoint = true\n\
             provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n"
        );
        std::fs::write(&settings, text).expect("a file");
        let project = Self {
            server,
            folder,
            settings,
        };
        for (name, text) in files {
            let file = project.folder.join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        }
        project.terraform(&["init"]).checked();
        project
    }

    fn write(&self, configuration: &str) {
        std::fs::write(self.folder.join("main.tf"), configuration).expect("a file");
    }

    fn terraform(&self, arguments: &[&str]) -> Command {
        let mut command = self.server.command("terraform");
        command
            .env("TF_CLI_CONFIG_FILE", &self.settings)
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("CHECKPOINT_DISABLE", "1")
            .current_dir(&self.folder)
            .args(arguments)
            .arg("-no-color");
        command
    }

    fn apply(&self) -> String {
        self.terraform(&["apply", "-auto-approve"]).checked()
    }

    /// A plan that finds nothing to do exits with 0, one that does with 2.
    fn expect_nothing_to_do(&self, after: &str) {
        let done = output(&mut self.terraform(&["plan", "-detailed-exitcode"]));
        assert_eq!(
            done.status.code(),
            Some(0),
            "the plan after {after}: {}",
            both(&done)
        );
    }

    fn tags(&self, repository: &str) -> Value {
        let arn = format!("arn:aws:ecr:us-east-1:123456789012:repository/{repository}");
        let answer = self
            .server
            .call("ListTagsForResource", &json!({"resourceArn": arn}));
        let tags = answer["tags"].as_array().expect("tags").iter();
        tags.map(|t| {
            (
                t["Key"].as_str().expect("a key").to_owned(),
                t["Value"].clone(),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
    }
}

/// The configuration, with these tags on the first repository.
fn configuration(tags: &str) -> String {
    format!(
        r#"
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}

provider "aws" {{
  default_tags {{
    tags = {{ managed = "terraform" }}
  }}
}}

resource "aws_ecr_repository" "app" {{
  name                 = "team/app"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true
  tags                 = {tags}

  image_scanning_configuration {{
    scan_on_push = true
  }}

  encryption_configuration {{
    encryption_type = "AES256"
  }}
}}

resource "aws_ecr_repository" "plain" {{
  name = "plain"
}}

output "url" {{
  value = aws_ecr_repository.app.repository_url
}}
"#
    )
}

/// The variables and the `endpoints` block lead to the same server.
fn with_endpoints_block(folder: &Path, url: &str) {
    let text = format!(
        "provider \"aws\" {{\n  endpoints {{\n    ecr = \"{url}\"\n    sts = \"{url}\"\n  }}\n}}\n"
    );
    std::fs::write(folder.join("endpoints_override.tf"), text).expect("a file");
}

#[test]
fn terraform_applies_plans_nothing_changes_tags_imports_and_destroys() {
    let project = Project::new(&configuration(r#"{ owner = "platform", empty = "" }"#));
    let said = project.apply();
    assert!(said.contains("2 added, 0 changed, 0 destroyed"), "{said}");
    let url = format!("{}/team/app", project.server.authority());
    assert!(said.contains(&format!("url = \"{url}\"")), "{said}");
    assert_eq!(
        project.tags("team/app"),
        json!({"managed": "terraform", "owner": "platform", "empty": ""})
    );
    project.expect_nothing_to_do("apply");

    // One tag goes, one changes, one comes.
    project.write(&configuration(r#"{ owner = "security", stage = "test" }"#));
    let said = project.apply();
    assert!(said.contains("0 added, 1 changed, 0 destroyed"), "{said}");
    assert_eq!(
        project.tags("team/app"),
        json!({"managed": "terraform", "owner": "security", "stage": "test"})
    );
    with_endpoints_block(&project.folder, project.server.url());
    project.expect_nothing_to_do("the change of tags");

    project
        .terraform(&["state", "rm"])
        .arg("aws_ecr_repository.app")
        .checked();
    project
        .terraform(&["import"])
        .args(["aws_ecr_repository.app", "team/app"])
        .checked();
    // `force_delete` is no property of the repository, so an import cannot know it.
    let said = project.apply();
    assert!(said.contains("0 added, 1 changed, 0 destroyed"), "{said}");
    project.expect_nothing_to_do("import");

    let said = project.terraform(&["destroy", "-auto-approve"]).checked();
    assert!(said.contains("2 destroyed"), "{said}");
    let left = project.server.call("DescribeRepositories", &json!({}));
    assert_eq!(left["repositories"], json!([]));
}

/// The provider of the mirror (5.100.0) knows no exclusion filters: it sends none, and takes a mode with them for drift.
#[test]
fn terraform_changes_tag_mutability_in_place_and_takes_exclusions_made_elsewhere_for_drift() {
    let with = |mode: &str| {
        format!(
            "terraform {{\n  required_providers {{\n    aws = {{ source = \"hashicorp/aws\" }}\n  }}\n}}\n\
             resource \"aws_ecr_repository\" \"app\" {{\n  name = \"app\"\n  image_tag_mutability = \"{mode}\"\n}}\n"
        )
    };
    let project = Project::new(&with("IMMUTABLE"));
    project.apply();
    project.expect_nothing_to_do("apply");
    let now = || {
        let answer = project
            .server
            .call("DescribeRepositories", &json!({"repositoryNames": ["app"]}));
        let repository = answer["repositories"][0].clone();
        let filters = repository["imageTagMutabilityExclusionFilters"].clone();
        (repository["imageTagMutability"].clone(), filters)
    };
    assert_eq!(now(), (json!("IMMUTABLE"), Value::Null));

    project.write(&with("MUTABLE"));
    let said = project.apply();
    assert!(said.contains("0 added, 1 changed, 0 destroyed"), "{said}");
    assert_eq!(now(), (json!("MUTABLE"), Value::Null));
    project.expect_nothing_to_do("the change of mode");

    let filters = json!([{"filterType": "WILDCARD", "filter": "v*"}]);
    project.server.call(
        "PutImageTagMutability",
        &json!({
            "repositoryName": "app",
            "imageTagMutability": "MUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": filters,
        }),
    );
    let plan = output(&mut project.terraform(&["plan", "-detailed-exitcode"]));
    assert_eq!(plan.status.code(), Some(2), "{}", both(&plan));
    let said = project.apply();
    assert!(said.contains("0 added, 1 changed, 0 destroyed"), "{said}");
    assert_eq!(now(), (json!("MUTABLE"), Value::Null));
    project.expect_nothing_to_do("the drift");

    let said = project.terraform(&["destroy", "-auto-approve"]).checked();
    assert!(said.contains("1 destroyed"), "{said}");
}

/// A repository with a policy for a role and a user of the same apply, a registry's policy, and a setting.
fn with_policies(actions: &str, registry: &str, scope: &str) -> String {
    format!(
        r#"
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}

resource "aws_iam_user" "ci" {{
  name = "ci"
}}

resource "aws_iam_role" "deploy" {{
  name = "deploy"
  assume_role_policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Principal = {{ AWS = "123456789012" }}, Action = "sts:AssumeRole" }}]
  }})
}}

resource "aws_ecr_repository" "app" {{
  name = "app"
}}

resource "aws_ecr_repository_policy" "app" {{
  repository = aws_ecr_repository.app.name
  policy = jsonencode({{
    Version = "2012-10-17"
    Id      = "of app"
    Statement = [
      {{
        Sid       = "pull and push"
        Effect    = "Allow"
        Principal = {{ AWS = [aws_iam_user.ci.arn, aws_iam_role.deploy.arn] }}
        Action    = {actions}
      }},
      {{
        Sid       = "accounts"
        Effect    = "Allow"
        Principal = {{ AWS = ["111122223333", "arn:aws:iam::444455556666:root"] }}
        Action    = "ecr:ListImages"
        Resource  = "*"
        Condition = {{ Bool = {{ "aws:SecureTransport" = "true" }} }}
      }},
      {{ Effect = "Deny", Principal = "*", Action = "ecr:DeleteRepositoryPolicy", Condition = {{
        StringEquals = {{ "aws:PrincipalAccount" = ["111122223333"] }}
      }} }}
    ]
  }})
}}

resource "aws_ecr_registry_policy" "all" {{
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Sid       = "replication"
      Effect    = "Allow"
      Principal = {{ AWS = "arn:aws:iam::111122223333:root" }}
      Action    = {registry}
      Resource  = "arn:aws:ecr:us-east-1:123456789012:repository/*"
    }}]
  }})
}}

resource "aws_ecr_account_setting" "scope" {{
  name  = "REGISTRY_POLICY_SCOPE"
  value = "{scope}"
}}
"#
    )
}

#[test]
fn terraform_applies_changes_imports_and_destroys_policies_of_repositories_and_registries() {
    let project = Project::new(&with_policies(
        r#"["ecr:BatchGetImage", "ecr:PutImage"]"#,
        r#"["ecr:ReplicateImage", "ecr:CreateRepository"]"#,
        "V1",
    ));
    let said = project.apply();
    assert!(said.contains("6 added, 0 changed, 0 destroyed"), "{said}");
    project.expect_nothing_to_do("apply");
    let setting = || {
        let name = json!({"name": "REGISTRY_POLICY_SCOPE"});
        project.server.call("GetAccountSetting", &name)["value"].clone()
    };
    assert_eq!(setting(), "V1");

    // One action is no list.
    project.write(&with_policies(
        r#""ecr:GetDownloadUrlForLayer""#,
        r#""ecr:ReplicateImage""#,
        "V2",
    ));
    let said = project.apply();
    assert!(said.contains("0 added, 3 changed, 0 destroyed"), "{said}");
    project.expect_nothing_to_do("the change");
    assert_eq!(setting(), "V2");
    let app = json!({"repositoryName": "app"});
    for (answer, action) in [
        (
            project.server.call("GetRepositoryPolicy", &app),
            "ecr:GetDownloadUrlForLayer",
        ),
        (
            project.server.call("GetRegistryPolicy", &json!({})),
            "ecr:ReplicateImage",
        ),
    ] {
        let text = answer["policyText"].as_str().expect("a text");
        let policy: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(policy["Statement"][0]["Action"], action, "{text}");
    }

    for (resource, id) in [
        ("aws_ecr_repository_policy.app", "app"),
        ("aws_ecr_registry_policy.all", "123456789012"),
        ("aws_ecr_account_setting.scope", "REGISTRY_POLICY_SCOPE"),
    ] {
        let mut forget = project.terraform(&["state", "rm"]);
        forget.arg(resource).checked();
        let mut import = project.terraform(&["import"]);
        import.args([resource, id]).checked();
    }
    project.expect_nothing_to_do("the import");

    // Deleted by somebody else, they are planned anew.
    project.server.call("DeleteRepositoryPolicy", &app);
    project.server.call("DeleteRegistryPolicy", &json!({}));
    let said = project.apply();
    assert!(said.contains("2 added, 0 changed, 0 destroyed"), "{said}");

    let said = project.terraform(&["destroy", "-auto-approve"]).checked();
    assert!(said.contains("6 destroyed"), "{said}");
    for (operation, body) in [
        ("GetRepositoryPolicy", &app),
        ("GetRegistryPolicy", &json!({})),
    ] {
        let (status, answer) = project.server.signed(operation, body);
        assert_eq!(status, 400, "{answer}");
        let code = answer["__type"].as_str().unwrap_or_default();
        assert!(code.ends_with("NotFoundException"), "{answer}");
    }
}
