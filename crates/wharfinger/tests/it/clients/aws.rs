//! The AWS CLI and boto3 over HTTPS.

use std::process::Command;

use super::{Wire, python};
use crate::support::ACCOUNT;
use crate::support::tools::Checked as _;

/// What Python's TLS says of a certificate that nobody it trusts has signed.
const UNTRUSTED: &str = "certificate verify failed";

/// The same without each variable that botocore looks at in turn.
fn trusting_nobody(command: &mut Command) -> &mut Command {
    command
        .env_remove("AWS_CA_BUNDLE")
        .env_remove("REQUESTS_CA_BUNDLE")
}

#[test]
fn the_aws_cli_trusts_the_authority_that_its_variable_names_and_no_other() {
    let server = Wire::Https.server(&["team/app"]);
    let words = [
        "ecr",
        "describe-repositories",
        "--query",
        "repositories[].registryId",
    ];
    let said = server.command("aws").args(words).checked();
    assert!(said.contains(ACCOUNT), "{said}");
    let mut without = server.command("aws");
    let said = trusting_nobody(without.args(words)).refused();
    assert!(
        said.contains("SSL validation failed") && said.contains(UNTRUSTED),
        "{said}"
    );
}

#[test]
fn boto3_trusts_the_authority_that_its_variable_names_and_no_other() {
    let server = Wire::Https.server(&["team/app"]);
    let said = python(&server, "name_repositories.py").checked();
    assert_eq!(said, "team/app\n");
    let mut without = python(&server, "name_repositories.py");
    let said = trusting_nobody(&mut without).refused();
    assert!(
        said.contains("SSLError") && said.contains(UNTRUSTED),
        "{said}"
    );
}
