//! Rules on the text of single files.

use super::files::File;

/// The longest source file, in lines, tests included.
const LINES: usize = 600;

/// Files of `wharf-registry` that may name a transaction outside `data/`: the gate that opens one, the
/// proof made in it, and the registry's own housekeeping, which acts for no principal.
const HOLDERS: &[&str] = &[
    "authorize.rs",
    "ctx.rs",
    "jobs.rs",
    "keyring.rs",
    "service.rs",
    "service/accounts.rs",
    "usage.rs",
];

/// Folders of `wharf-registry` of the same kind.
const HOLDING: &[&str] = &["data", "jobs", "sweep"];

const REGISTRY: &str = "crates/wharf-registry/src/";

/// Checks every file.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files {
        outside_paths(file, &mut problems);
        if file.is_rust() {
            shape(file, &mut problems);
            transactions(file, &mut problems);
            grants(file, &mut problems);
            comparisons(file, &mut problems);
        }
    }
    problems
}

/// A clone alone is complete: nothing points out of it.
fn outside_paths(file: &File, problems: &mut Vec<String>) {
    // Spelled in parts, so that this file may pass.
    let words = [concat!("../", "shared"), concat!("/work", "/")];
    for (number, line) in numbered(file) {
        for word in words.iter().filter(|w| line.contains(**w)) {
            problems.push(format!(
                "{}:{number}: `{word}` is outside the tree",
                file.path
            ));
        }
    }
}

/// Length, file names and lint attributes.
fn shape(file: &File, problems: &mut Vec<String>) {
    let lines = file.text.lines().count();
    if lines > LINES && !file.is_generated() {
        problems.push(format!("{}: {lines} lines, more than {LINES}", file.path));
    }
    if file.path.ends_with("/mod.rs") {
        problems.push(format!("{}: write `foo.rs` beside `foo/`", file.path));
    }
    for (number, line) in numbered(file) {
        if [concat!("#[", "allow("), concat!("#![", "allow(")]
            .iter()
            .any(|a| line.contains(a))
        {
            problems.push(format!(
                "{}:{number}: say `expect`, with a reason",
                file.path
            ));
        }
    }
}

/// Nothing outside `data/` reaches a row.
fn transactions(file: &File, problems: &mut Vec<String>) {
    let Some(path) = file.path.strip_prefix(REGISTRY) else {
        return;
    };
    let top = path.split('/').next().unwrap_or(path);
    if path.contains("tests")
        || HOLDERS.contains(&path)
        || path == "data.rs"
        || HOLDING.contains(&top)
    {
        return;
    }
    for (number, line) in numbered(file).filter(|(_, l)| !is_comment(l)) {
        // `data::Tx` may be handed on by anybody: what is inside is private.
        if line.contains("wharf_meta::Tx") || line.contains("Tx::new(") {
            problems.push(format!(
                "{}:{number}: only `data/` and the gate open a transaction",
                file.path
            ));
        }
    }
}

/// What is compared with what a client sends, and told by nothing but the answer.
const GUESSED: [&str; 7] = [
    "commitment",
    "hmac",
    "mac",
    "password",
    "secret",
    "session_token",
    "signature",
];

/// Secrets and signatures are compared in constant time: `==` tells by its time how much of a guess is right.
fn comparisons(file: &File, problems: &mut Vec<String>) {
    let product = file.path.starts_with("crates/") && file.path.contains("/src/");
    if !product || file.path.contains("/tests") {
        return;
    }
    for (number, line) in numbered(file) {
        if line.contains("#[cfg(test)]") {
            return;
        }
        if !is_comment(line) && compares_guess(line) {
            problems.push(format!(
                "{}:{number}: compare with `constant_time::verify_slices_are_equal`",
                file.path
            ));
        }
    }
}

/// Whether a line compares by `==`, `!=` or `eq` what a client may guess at.
fn compares_guess(line: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '(' | ')');
    let guessed = |operand: &str| {
        operand
            .split(['.', '(', ')'])
            .any(|part| GUESSED.contains(&part))
    };
    ["==", "!=", ".eq(&", ".eq_ignore_ascii_case("]
        .iter()
        .any(|operator| {
            let parts: Vec<&str> = line.split(operator).collect();
            parts.windows(2).any(|sides| {
                let [before, after] = sides else { return false };
                let left = before.trim_end().rsplit(|c| !word(c)).next();
                let after = after.trim_start_matches([' ', '&', '*']);
                let right = after.split(|c| !word(c)).next();
                left.is_some_and(guessed) || right.is_some_and(guessed)
            })
        })
}

/// A grant is made where the decision is made.
fn grants(file: &File, problems: &mut Vec<String>) {
    if file.path == format!("{REGISTRY}authorize.rs") || !file.path.starts_with("crates/") {
        return;
    }
    for (number, line) in numbered(file).filter(|(_, l)| !is_comment(l)) {
        if makes_grant(line) {
            problems.push(format!(
                "{}:{number}: only authorize.rs makes a grant",
                file.path
            ));
        }
    }
}

/// Whether a line holds the expression `Grant { … }`, with or without type arguments.
fn makes_grant(line: &str) -> bool {
    let declares = ["struct ", "impl", "-> ", "enum ", "trait "]
        .iter()
        .any(|w| line.contains(w));
    let Some((before, after)) = line.split_once("Grant") else {
        return false;
    };
    let begins = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let after = after.trim_start();
    let opens = after.starts_with('{') || (after.starts_with("::<") && after.contains("> {"));
    begins && opens && !declares
}

fn numbered(file: &File) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(file.text.lines())
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        check(&[File {
            path: path.to_owned(),
            text: text.to_owned(),
        }])
    }

    #[test]
    fn a_transaction_is_named_in_data_and_nowhere_in_an_operation() {
        let text = "fn f(tx: &mut wharf_meta::Tx) {}\n";
        assert!(complaints("crates/wharf-registry/src/data/images.rs", text).is_empty());
        assert_eq!(
            complaints("crates/wharf-registry/src/ops/ecr/put_image.rs", text).len(),
            1
        );
    }

    #[test]
    fn a_grant_is_made_in_authorize_only() {
        let text = "let grant = Grant { action };\n";
        assert!(complaints("crates/wharf-registry/src/authorize.rs", text).is_empty());
        assert_eq!(
            complaints("crates/wharf-registry/src/images.rs", text).len(),
            1
        );
        let named = "impl<A> Debug for Grant<A> {\nfn f() -> Grant<A> {\nServiceGrant { job };\n";
        assert!(complaints("crates/wharf-registry/src/images.rs", named).is_empty());
    }

    #[test]
    fn n8_secrets_and_signatures_are_compared_in_constant_time_only() {
        for line in [
            "if key.signature(&text) == presented.signature {",
            "let right = signature.as_bytes() != it;",
            "    if self.secret.expose() == given {",
            "    password.eq(&given)",
            "given.eq_ignore_ascii_case(&session_token)",
            "    && it == *commitment",
        ] {
            assert_eq!(complaints("crates/a/src/lib.rs", line).len(), 1, "{line}");
            let test = format!("#[cfg(test)]\nmod tests {{\n{line}\n");
            assert!(complaints("crates/a/src/lib.rs", &test).is_empty());
            assert!(complaints("crates/a/src/b/tests.rs", line).is_empty());
        }
        for line in [
            "if signatures.len() == 1 {",
            "// signature == presented",
            "let right = verify_slices_are_equal(signature, presented.signature).is_ok();",
            "if name == \"password\" {",
        ] {
            assert!(complaints("crates/a/src/lib.rs", line).is_empty(), "{line}");
        }
        // What is used where a request's signature is checked, also that of a layer's URL.
        let verifier = include_str!("../../../crates/wharf-wire/src/sigv4/verify.rs");
        assert!(verifier.contains("use aws_lc_rs::constant_time::verify_slices_are_equal;"));
        assert!(verifier.contains(
            "verify_slices_are_equal(signature.as_bytes(), presented.signature.as_bytes())"
        ));
    }

    #[test]
    fn a_long_file_is_refused_unless_it_is_generated() {
        let long = "\n".repeat(LINES + 1);
        assert_eq!(complaints("crates/a/src/lib.rs", &long).len(), 1);
        assert!(complaints("crates/a/src/lib.rs", &format!("// GENERATED\n{long}")).is_empty());
    }

    #[test]
    fn a_path_out_of_the_tree_is_refused() {
        assert_eq!(
            complaints("README.md", concat!("see ../", "shared/x\n")).len(),
            1
        );
    }

    #[test]
    fn lint_exceptions_and_mod_files_are_refused() {
        assert_eq!(
            complaints(
                "crates/a/src/b/mod.rs",
                concat!("#[", "allow(dead_code)]\n")
            )
            .len(),
            2
        );
    }
}
