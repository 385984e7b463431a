//! The AWS SDK for Python and the AWS CLI: per operation, a transcript that is reviewed as text.
//!
//! `tests/clients/record.py` plays the cases; what it prints must equal
//! `tests/recorded/<operation>.txt`. `UPDATE_RECORDED=1` writes the files anew; the change is
//! then read in the diff.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::support::tools::{self, both};
use crate::support::{Options, Server};

/// Plays the cases of an operation on a new server and compares the transcript.
#[track_caller]
fn is_as_recorded(operation: &str) {
    let server = Server::start(Options::default());
    let script = tools::tests().join("clients/record.py");
    let mut python = server.command("python3");
    // No byte code beside the sources, no colour, and the same order in each run.
    python
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONIOENCODING", "utf-8")
        .env("PYTHONHASHSEED", "0");
    let done = tools::output(python.arg(script).arg(operation));
    assert!(done.status.success(), "{operation}: {}", both(&done));
    let transcript = String::from_utf8(done.stdout).expect("text");

    compare(&file_of(operation), &transcript);
}

/// Compares what was seen with what is recorded; `UPDATE_RECORDED=1` records it.
#[track_caller]
pub(crate) fn compare(file: &Path, transcript: &str) {
    if std::env::var_os("UPDATE_RECORDED").is_some() {
        std::fs::write(file, transcript).expect("the recorded file");
    }
    let recorded = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        recorded == transcript,
        "{} differs; UPDATE_RECORDED=1 accepts:\n{}",
        file.display(),
        difference(&recorded, transcript),
    );
}

/// `CreateRepository` is recorded in `create_repository.txt`.
fn file_of(operation: &str) -> PathBuf {
    let mut name = String::new();
    for letter in operation.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    tools::tests().join("recorded").join(name + ".txt")
}

/// The first lines in which two texts differ, with a few lines before.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let mut text = String::new();
    for line in &new[same.saturating_sub(8)..same] {
        writeln!(text, "  {line}").expect("a string");
    }
    for (mark, lines) in [('-', &old), ('+', &new)] {
        for line in lines.iter().skip(same).take(12) {
            writeln!(text, "{mark} {line}").expect("a string");
        }
    }
    text
}

macro_rules! recorded {
    ($($test:ident => $operation:literal,)*) => {
        $(#[test]
        fn $test() {
            is_as_recorded($operation);
        })*

        /// A file in `recorded/` that no test compares would only look like a check.
        #[test]
        fn each_recorded_file_is_compared() {
            let mut compared: Vec<PathBuf> = [$($operation),*].into_iter().map(file_of).collect();
            compared.push(crate::mutability::file());
            compared.push(crate::matrix::file());
            let files = std::fs::read_dir(tools::tests().join("recorded")).expect("a folder");
            for file in files {
                let path = file.expect("an entry").path();
                assert!(compared.contains(&path), "{} is stale", path.display());
            }
        }
    };
}

recorded! {
    batch_check_layer_availability_is_as_recorded => "BatchCheckLayerAvailability",
    batch_delete_image_is_as_recorded => "BatchDeleteImage",
    batch_get_image_is_as_recorded => "BatchGetImage",
    complete_layer_upload_is_as_recorded => "CompleteLayerUpload",
    create_repository_is_as_recorded => "CreateRepository",
    delete_registry_policy_is_as_recorded => "DeleteRegistryPolicy",
    delete_repository_is_as_recorded => "DeleteRepository",
    delete_repository_policy_is_as_recorded => "DeleteRepositoryPolicy",
    describe_images_is_as_recorded => "DescribeImages",
    describe_registry_is_as_recorded => "DescribeRegistry",
    describe_repositories_is_as_recorded => "DescribeRepositories",
    get_account_setting_is_as_recorded => "GetAccountSetting",
    get_authorization_token_is_as_recorded => "GetAuthorizationToken",
    get_caller_identity_is_as_recorded => "GetCallerIdentity",
    get_download_url_for_layer_is_as_recorded => "GetDownloadUrlForLayer",
    get_registry_policy_is_as_recorded => "GetRegistryPolicy",
    get_repository_policy_is_as_recorded => "GetRepositoryPolicy",
    initiate_layer_upload_is_as_recorded => "InitiateLayerUpload",
    list_image_referrers_is_as_recorded => "ListImageReferrers",
    list_images_is_as_recorded => "ListImages",
    list_tags_for_resource_is_as_recorded => "ListTagsForResource",
    put_account_setting_is_as_recorded => "PutAccountSetting",
    put_image_is_as_recorded => "PutImage",
    put_image_tag_mutability_is_as_recorded => "PutImageTagMutability",
    put_registry_policy_is_as_recorded => "PutRegistryPolicy",
    set_repository_policy_is_as_recorded => "SetRepositoryPolicy",
    tag_resource_is_as_recorded => "TagResource",
    untag_resource_is_as_recorded => "UntagResource",
    upload_layer_part_is_as_recorded => "UploadLayerPart",
    every_operation_is_answered_and_unknown_ones_name_themselves => "UnknownOperations",
}
