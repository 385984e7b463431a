//! `wharfinger policy`: without a server, as the documentation shows it.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::tools;

/// Runs the binary in a folder.
fn policy(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(tools::wharfinger());
    command.arg("policy").args(args).current_dir(folder);
    command.output().expect("a process")
}

fn texts(done: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

const CASE: &str = r#"
    [principal.p]
    arn = "arn:aws:iam::111122223333:user/p"
    policies = ["p.json"]
    [[case]]
    name = "c"
    principal = "p"
    action = "ecr:PutImage"
    resource = "arn:aws:ecr:us-east-1:111122223333:repository/a"
    expect = "allowed"
"#;
const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}"#;

#[test]
fn the_documentation_does_what_it_shows() {
    let page = std::fs::read_to_string(tools::workspace().join("docs/policies.md"));
    let page = page.expect("docs/policies.md");
    let folder = folder(&[]);
    let (mut files, mut commands) = (0, 0);
    for block in page.split("\n```").filter(|it| !it.starts_with('\n')) {
        let (head, body) = block.split_once('\n').expect("a block");
        if let Some((_, name)) = head.split_once(" file=") {
            std::fs::write(folder.path().join(name), body).expect("a file");
            files += 1;
        } else if head == "console" {
            for shown in format!("\n{body}\n").split("\n$ ").skip(1) {
                let (line, said) = shown.split_once('\n').unwrap_or((shown, ""));
                let program = tools::wharfinger();
                let folder_of = program.parent().expect("a folder").display();
                let done = Command::new("bash")
                    .args(["-c", &format!("PATH={folder_of}:$PATH\n{line} 2>&1")])
                    .current_dir(folder.path())
                    .output()
                    .expect("bash");
                let (code, found, _) = texts(&done);
                assert_eq!(found.trim_end(), said.trim_end(), "{line}");
                let failed = found.contains("FAIL") || found.contains("finding");
                assert_eq!(code, Some(i32::from(failed)), "{line}");
                commands += 1;
            }
        }
    }
    assert_eq!((files, commands), (7, 6));
    let xml = std::fs::read_to_string(folder.path().join("results.xml")).expect("results.xml");
    let head = r#"<testsuite name="cases.toml" tests="4" failures="0" errors="0" skipped="0">"#;
    assert!(xml.contains(head), "{xml}");
    assert_eq!(
        xml.matches("<testcase classname=\"cases.toml\" name=")
            .count(),
        4
    );
}

#[test]
fn every_rule_and_key_is_documented() {
    let page = std::fs::read_to_string(tools::workspace().join("docs/policies.md"));
    let page = page.expect("docs/policies.md");
    for rule in wharf_policy::Rule::ALL {
        assert!(
            page.contains(&format!("| `{}` |", rule.as_str())),
            "{rule:?}"
        );
    }
}

#[test]
fn a_case_that_fails_is_told_with_its_reason_and_in_the_xml() {
    let deny = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"ecr:*","Resource":"*"},
        {"Sid":"Not & here","Effect":"Deny","Action":"ecr:Put*","Resource":"*"}]}"#;
    let deny = deny.replace("Not & here", "NotHere");
    let folder = folder(&[("cases.toml", CASE), ("p.json", &deny)]);
    let (code, said, error) = texts(&policy(
        folder.path(),
        &["test", "cases.toml", "--junit", "out.xml"],
    ));
    assert_eq!(code, Some(1), "{said}{error}");
    let expected = "FAIL  c\n      expected allowed, was denied: ecr:PutImage on arn:aws:ecr:us-east-1:111122223333:repository/a\n      statement 2 (\"NotHere\") of p.json (line 3) denies it\n1 cases, 1 failed\n";
    assert_eq!(said, expected);
    assert_eq!(error, "wharfinger: 1 of 1 cases failed\n");
    let xml = std::fs::read_to_string(folder.path().join("out.xml")).expect("out.xml");
    assert!(
        xml.contains("<failure message=\"expected allowed, was denied: ecr:PutImage on"),
        "{xml}"
    );
    assert!(
        xml.contains("statement 2 (&quot;NotHere&quot;) of p.json"),
        "{xml}"
    );
}

#[test]
fn files_that_cannot_be_used_exit_with_two() {
    for (cases, policy_text, said) in [
        ("[", ALLOW, "cases.toml is no file of cases: "),
        ("", ALLOW, "cases.toml: there are no cases"),
        (
            &*CASE.replace("p.json", "absent.json"),
            ALLOW,
            "principal `p`: cannot read absent.json: ",
        ),
        (
            CASE,
            "{",
            "principal `p`: p.json is no policy: it ends too early",
        ),
        (
            CASE,
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
            "an identity policy has no `Principal`",
        ),
        (
            &*CASE.replace("principal = \"p\"", "principal = \"q\""),
            ALLOW,
            "case `c`: there is no `[principal.q]`",
        ),
        (
            &*CASE.replace("user/p", "group/p"),
            ALLOW,
            "names nobody who can ask",
        ),
        (
            &*CASE.replace("\"ecr:PutImage\"", "\"ecr:Put*\""),
            ALLOW,
            "`ecr:Put*` is not one action",
        ),
        (
            &*CASE.replace("\"ecr:PutImage\"", "[]"),
            ALLOW,
            "no action or no resource",
        ),
        (
            &*CASE.replace("\"allowed\"", "\"allow\""),
            ALLOW,
            "unknown variant `allow`",
        ),
        (
            &*CASE.replace("expect", "expected"),
            ALLOW,
            "unknown field `expected`",
        ),
        (
            &*format!("now = \"yesterday\"\n{CASE}"),
            ALLOW,
            "`now` is no time",
        ),
    ] {
        let folder = folder(&[("cases.toml", cases), ("p.json", policy_text)]);
        let (code, _, error) = texts(&policy(folder.path(), &["test", "cases.toml"]));
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(said), "{said}: {error}");
    }
    let folder = folder(&[("cases.toml", CASE), ("p.json", ALLOW)]);
    let (code, said, _) = texts(&policy(
        folder.path(),
        &["test", "cases.toml", "--junit", "absent/out.xml"],
    ));
    assert_eq!(
        (code, said.as_str()),
        (Some(2), "ok    c\n1 cases, 0 failed\n")
    );
    let (code, _, error) = texts(&policy(folder.path(), &["test", "none.toml"]));
    assert_eq!(code, Some(2), "{error}");
}

const CALLERS: &str = r#"
        now = "2026-01-15T12:00:00Z"
        [principal.user]
        arn = "arn:aws:iam::111122223333:user/p"
        policies = ["p.json"]
        boundary = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:Batch*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-02-01"}}}}'
        [principal.session]
        arn = "arn:aws:sts::111122223333:assumed-role/r/s"
        role = "arn:aws:iam::111122223333:role/path/r"
        policies = ["p.json"]
        session = ['{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}}}']
        [principal.federated]
        arn = "arn:aws:sts::111122223333:federated-user/f"
        issuer = "arn:aws:iam::111122223333:user/p"
        policies = ["p.json"]
        [principal.root]
        arn = "arn:aws:iam::111122223333:root"
        [principal.github]
        arn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
        [[resource]]
        arn = "arn:aws:ecr:eu-west-1:444455556666:repository/shared"
        policies = ['{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/path/r"},"Action":"ecr:BatchGetImage"}}']
        [[resource]]
        arn = "arn:aws:iam::111122223333:role/ci"
        policies = ['{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:org/app:*"}}}}']
    "#;

const APP: &str = "arn:aws:ecr:us-east-1:111122223333:repository/app";
const SHARED: &str = "arn:aws:ecr:eu-west-1:444455556666:repository/shared";
const ROLE: &str = "arn:aws:iam::111122223333:role/ci";

/// Caller, action, resource, context, what is expected.
const CASES: &[(&str, &str, &str, &str, &str)] = &[
    ("user", "ecr:BatchGetImage", APP, "", "allowed"),
    ("user", "ecr:PutImage", APP, "", "denied"),
    (
        "user",
        "ecr:BatchGetImage",
        APP,
        "\"aws:CurrentTime\" = \"2026-02-01T00:00:00Z\"",
        "denied",
    ),
    (
        "session",
        "ecr:TagResource",
        APP,
        "\"aws:TagKeys\" = [\"a\"]",
        "allowed",
    ),
    (
        "session",
        "ecr:TagResource",
        APP,
        "\"aws:TagKeys\" = [\"a\", \"c\"]",
        "denied",
    ),
    ("session", "ecr:BatchGetImage", SHARED, "", "allowed"),
    ("session", "ecr:PutImage", SHARED, "", "denied"),
    ("user", "ecr:BatchGetImage", SHARED, "", "denied"),
    ("federated", "ecr:BatchGetImage", APP, "", "denied"),
    ("root", "ecr:DeleteRepository", APP, "", "allowed"),
    ("root", "ecr:BatchGetImage", SHARED, "", "denied"),
    (
        "root",
        "kms:Decrypt",
        "arn:aws:kms:us-east-1:111122223333:key/k",
        "",
        "denied",
    ),
    (
        "github",
        "sts:AssumeRoleWithWebIdentity",
        ROLE,
        "\"token.actions.githubusercontent.com:sub\" = \"repo:org/app:ref:refs/heads/main\"",
        "allowed",
    ),
    (
        "github",
        "sts:AssumeRoleWithWebIdentity",
        ROLE,
        "\"token.actions.githubusercontent.com:sub\" = \"repo:org/other:ref:refs/heads/main\"",
        "denied",
    ),
    ("root", "sts:AssumeRole", ROLE, "", "denied"),
];

#[test]
fn cases_go_across_accounts_boundaries_and_sessions() {
    let case = |(principal, action, resource, context, expect): &(&str, &str, &str, &str, &str)| {
        format!(
            "\n[[case]]\nname = \"{principal} {action}\"\nprincipal = \"{principal}\"\naction = \"{action}\"\nresource = \"{resource}\"\ncontext = {{ {context} }}\nexpect = \"{expect}\"\n"
        )
    };
    let cases: Vec<String> = CASES.iter().map(case).collect();
    let text = format!("{CALLERS}{}", cases.concat());
    let folder = folder(&[("cases.toml", &text), ("p.json", ALLOW)]);
    let (code, said, error) = texts(&policy(folder.path(), &["test", "cases.toml"]));
    assert_eq!(code, Some(0), "{said}{error}");
    assert!(said.ends_with("15 cases, 0 failed\n"), "{said}");
}

#[test]
fn lint_tells_findings_of_all_files_and_refuses_what_is_no_policy() {
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ecr.amazonaws.com"},"Action":"sts:AssumeRoles"}}"#;
    let bad = ALLOW.replace("ecr:*", "ecr:Foo");
    let folder = folder(&[
        ("a.json", &bad),
        ("b.json", &bad),
        ("good.json", ALLOW),
        ("trust.json", trust),
        ("no.json", "[]"),
    ]);
    let (code, said, error) = texts(&policy(
        folder.path(),
        &["lint", "a.json", "good.json", "b.json"],
    ));
    assert_eq!(
        (code, error.as_str()),
        (Some(1), "wharfinger: 2 findings\n")
    );
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert_eq!(
        lines[1],
        "b.json:1:64: unknown-action: Statement[0].Action: ecr has no action `ecr:Foo`"
    );
    let (code, said, error) = texts(&policy(folder.path(), &["lint", "good.json"]));
    assert_eq!((code, said.as_str(), error.as_str()), (Some(0), "", ""));
    for (args, said) in [
        (
            &["lint", "no.json"][..],
            "no.json is no policy: this should be an object (line 1, column 1)",
        ),
        (&["lint", "absent.json"], "cannot read absent.json"),
        (&["lint", "trust.json"], "is no action of such a policy"),
        (
            &["lint", "--kind", "repository", "good.json"],
            "`Principal` is missing",
        ),
        (
            &["lint", "--kind", "nothing", "good.json"],
            "possible values: identity, trust, repository, registry, key",
        ),
        (&["lint"], "required"),
    ] {
        let (code, _, error) = texts(&policy(folder.path(), args));
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(said), "{said}: {error}");
    }
}
