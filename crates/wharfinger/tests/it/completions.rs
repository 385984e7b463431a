//! Shell completions.

use std::process::Command;

use crate::support::tools::{self, Checked as _};

/// What bash offers for the last of these words.
fn offered(words: &[&str]) -> Vec<String> {
    let program = tools::wharfinger().display().to_string();
    let script = "source <(\"$0\" completions bash)\n\
        COMP_WORDS=(wharfinger \"$@\"); COMP_CWORD=$#\n\
        _wharfinger wharfinger \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\" || true\n\
        complete -p wharfinger >/dev/null\n\
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-euc", script, &program]).args(words);
    bash.checked().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_values() {
    assert_eq!(offered(&["se"]), ["serve"]);
    assert_eq!(offered(&["st"]), ["stats"]);
    assert!(offered(&["stats", "--"]).contains(&"--json".to_owned()));
    assert!(offered(&["config", ""]).contains(&"show".to_owned()));
    let flags = offered(&["serve", "--tls"]);
    assert_eq!(flags, ["--tls-cert", "--tls-key"]);
    assert_eq!(offered(&["serve", "--log-format", "j"]), ["json"]);
    let policy = offered(&["policy", ""]);
    assert!(policy.contains(&"test".to_owned()) && policy.contains(&"lint".to_owned()));
    assert_eq!(offered(&["policy", "test", "--j"]), ["--junit"]);
    assert_eq!(offered(&["policy", "lint", "--kind", "t"]), ["trust"]);
    assert_eq!(offered(&["nothing-such"]), [""]);
}

#[test]
fn every_shell_has_a_script_and_an_unknown_one_is_refused() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let mut command = Command::new(tools::wharfinger());
        let script = command.args(["completions", shell]).checked();
        assert!(
            script.contains("failpoint") && script.contains("tls-cert"),
            "{shell}"
        );
    }
    let mut command = Command::new(tools::wharfinger());
    let said = command.args(["completions", "tcsh"]).refused();
    assert!(
        said.contains("possible values: bash, elvish, fish, powershell, zsh"),
        "{said}"
    );
}
