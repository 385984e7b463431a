//! The Amazon ECR that anyone can run: command line, configuration and wiring. Decides nothing that a client sees.
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{
    AccountCommand, AuditCommand, Cli, ClockCommand, Command, Completions, ConfigCommand,
    FailpointCommand, PolicyCommand, TlsCommand,
};

mod account;
mod admin;
mod audit;
mod cli;
mod config;
mod credentials;
mod data_dir;
mod duration;
mod env;
mod listen;
mod log;
mod nearest;
mod outbound;
mod policy;
mod quick_start;
mod serve;
mod shutdown;
mod stats;
mod tls;
mod trash;
mod why;

/// Why a command ended without success; its text is for the person who typed it.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    fn new(text: impl Into<String>) -> Self {
        Self::with_code(1, text)
    }

    /// A failure that a script can tell from others.
    fn with_code(code: u8, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { text, code }
    }
}

type Outcome = Result<(), Failure>;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // With standard error gone there is nobody left to tell.
            drop(writeln!(std::io::stderr(), "wharfinger: {failure}"));
            ExitCode::from(failure.code)
        }
    }
}

fn run(cli: Cli) -> Outcome {
    match cli.command {
        Command::Serve(args) => serve::serve(&args),
        Command::Env(args) => env::env(&args),
        Command::Account(AccountCommand::Create(args)) => account::create(&args),
        Command::Account(AccountCommand::Key(args)) => account::key(&args),
        Command::Account(AccountCommand::List(args)) => account::list(&args),
        Command::Tls(TlsCommand::Dev(args)) => tls::dev::dev(&args),
        Command::Config(ConfigCommand::Check(args)) => config::check(&args),
        Command::Config(ConfigCommand::Show(args)) => config::show::show(&args),
        Command::Clock(ClockCommand::Advance(args)) => admin::advance_clock(&args),
        Command::Failpoint(FailpointCommand::Arm(args)) => admin::arm_failpoint(&args),
        Command::Sweep(place) => admin::sweep(&place),
        Command::Undelete(args) => trash::undelete(&args),
        Command::Purge(args) => trash::purge(&args),
        Command::Trash(args) => trash::list(&args),
        Command::Why(args) => why::why(&args),
        Command::Stats(args) => stats::stats(&args),
        Command::Audit(AuditCommand::Verify(args)) => audit::verify(&args),
        Command::Audit(AuditCommand::Search(args)) => audit::search(&args),
        Command::Explain(args) => audit::explain::explain(&args),
        Command::Policy(PolicyCommand::Test(args)) => policy::test(&args),
        Command::Policy(PolicyCommand::Lint(args)) => policy::lint(&args),
        Command::Completions(args) => completions(&args),
    }
}

/// `wharfinger completions`
fn completions(args: &Completions) -> Outcome {
    let mut script = Vec::new();
    let mut command = <Cli as clap::CommandFactory>::command();
    clap_complete::generate(args.shell, &mut command, "wharfinger", &mut script);
    say(&String::from_utf8_lossy(&script))
}

/// Writes text to standard output.
fn say(text: &str) -> Outcome {
    let mut output = std::io::stdout().lock();
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    written.map_err(|error| Failure::new(format!("cannot write to standard output: {error}")))
}
