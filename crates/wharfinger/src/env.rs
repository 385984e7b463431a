//! `wharfinger env`: what a shell needs, in its own syntax.
use std::fmt::Write;

use crate::cli::{Env, Shell};
use crate::config::{Config, DEFAULT_LISTEN};
use crate::{Failure, Outcome, credentials, say};

/// Prints assignments for `eval`.
pub(crate) fn env(args: &Env) -> Outcome {
    let config = Config::for_place(&args.place)?;
    let directory = &config.data_dir;
    let Some(credentials) = credentials::read(directory)? else {
        return Err(Failure::new(format!(
            "{} holds no registry: start it with `wharfinger serve`, or give the same --data-dir",
            directory.display()
        )));
    };
    let (endpoint, ca) = if let Some(running) = credentials::read_running(directory)? {
        (running.endpoint, running.ca)
    } else {
        let secure = config.tls.is_some();
        let scheme = if secure { "https" } else { "http" };
        let first = || format!("{scheme}://{}", DEFAULT_LISTEN[0]);
        (config.public_url.unwrap_or_else(first), None)
    };
    let ca = ca.as_deref().and_then(std::path::Path::to_str);
    let mut variables = vec![
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_REGION", &credentials.region),
        // Version 1 of the AWS CLI and boto3 read only this one.
        ("AWS_DEFAULT_REGION", &credentials.region),
        ("AWS_ACCESS_KEY_ID", &credentials.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key),
    ];
    if let Some(ca) = ca {
        variables.push(("AWS_CA_BUNDLE", ca));
    }
    say(&render(args.shell, &variables))
}

fn render(shell: Shell, variables: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        let line = match shell {
            Shell::Sh => format!("export {name}={}", sh(value)),
            Shell::Fish => format!("set -gx {name} {};", fish(value)),
            Shell::Powershell => format!("$Env:{name} = '{}'", value.replace('\'', "''")),
        };
        // Writing to a String cannot fail.
        writeln!(text, "{line}").unwrap_or_default();
    }
    // Left over from work with AWS, either would send the wrong credentials.
    text.push_str(match shell {
        Shell::Sh => "unset AWS_SESSION_TOKEN AWS_PROFILE\n",
        Shell::Fish => "set -e AWS_SESSION_TOKEN; set -e AWS_PROFILE;\n",
        Shell::Powershell => {
            "Remove-Item Env:AWS_SESSION_TOKEN, Env:AWS_PROFILE -ErrorAction SilentlyContinue\n"
        }
    });
    text
}

/// A word as a POSIX shell reads it back.
pub(crate) fn sh(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn fish(word: &str) -> String {
    format!("'{}'", word.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_gets_its_own_quoting() {
        let variables = [("A", "http://127.0.0.1:4640"), ("B", "it's $HOME")];
        assert_eq!(
            render(Shell::Sh, &variables),
            "export A=http://127.0.0.1:4640\nexport B='it'\\''s $HOME'\nunset AWS_SESSION_TOKEN AWS_PROFILE\n"
        );
        assert!(render(Shell::Fish, &variables).contains("set -gx B 'it\\'s $HOME';\n"));
        assert!(render(Shell::Powershell, &variables).contains("$Env:B = 'it''s $HOME'\n"));
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for word in ["", "plain", "a b", "it's", "$HOME `id` \"x\" \\ *", "-n"] {
            let output = std::process::Command::new("sh")
                .arg("-c")
                .arg(format!("printf %s {}", sh(word)))
                .output()
                .unwrap();
            // `printf %s -n` prints the option's text: the word is an argument, not an option.
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}
