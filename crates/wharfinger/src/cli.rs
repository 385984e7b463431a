//! The command line.
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const DATA_DIR_HELP: &str = "Directory that holds everything the registry keeps\n\n\
    The default is $XDG_DATA_HOME/wharfinger, or ~/.local/share/wharfinger.";

const LISTEN_HELP: &str =
    "Address to serve on; may be given several times [default: 127.0.0.1:4640 and [::1]:4640]";

const STATS_HELP: &str = "\
What the figures mean (bytes are plain ones, as clients count them; what is large takes less than 1 % more on disk):
  images       everything with a manifest: images, indexes, artifacts; what lies in the trash is not among them
  stored       layers and configs, each once, and manifests, those in the trash included
  shared       of a repository: its layers that another repository has, too
               of the registry: what copies would take beside, if repositories shared nothing
  reclaimable  what becomes free, and by when, if nobody pushes, asks for or undeletes it meanwhile:
               layers that no image holds (a day after their push or the last answer that they exist, or
               when their image leaves the trash; their bytes two hours later), and manifests in the trash
               of a repository: without the layers that another repository has
  uploads      bytes of unfinished uploads, which are neither stored nor reclaimable yet

Everything is walked in short reads, while the registry serves: some ten seconds for a million images. Bytes
of less than 64 KiB lie in the database, whose file keeps its size and uses the space again.";

/// The Amazon ECR that anyone can run: the ECR API and the registry protocol in one program.
#[derive(Debug, Parser)]
#[command(name = "wharfinger", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the registry
    Serve(Serve),
    /// Print what a shell needs to use the registry: eval "$(wharfinger env)"
    Env(Env),
    /// Make and list accounts (while the registry runs)
    #[command(subcommand)]
    Account(AccountCommand),
    /// Make certificates for development
    #[command(subcommand)]
    Tls(TlsCommand),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Move the registry's clock (only with serve --allow-testing)
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Stop the registry at a named point (only with serve --allow-testing)
    #[command(subcommand)]
    Failpoint(FailpointCommand),
    /// Remove what nothing refers to any more, expired uploads and their stored objects, now
    Sweep(Place),
    /// Bring a deleted image or repository back from the trash
    Undelete(Undelete),
    /// Empty the trash before its time, so that its layers become free
    Purge(Purge),
    /// List what lies in the trash
    Trash(Trash),
    /// Tell what holds a layer or an image, or when and why it went
    Why(Why),
    /// Tell how much is stored, how much is shared, and what becomes free when
    Stats(Stats),
    /// Look at the audit log, also while the registry runs
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Tell what was asked by a request and why it was allowed or refused
    Explain(Explain),
    /// Try policies before they are deployed, without a registry
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print a script that lets a shell complete this command line
    Completions(Completions),
}

/// Which registry a command is about.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Place {
    /// Directory that holds everything the registry keeps
    #[arg(long, value_name = "DIRECTORY", long_help = DATA_DIR_HELP)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Configuration file, in TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Whose registry, where.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Owner {
    /// Account of the registry [default: the configured one]
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Region of the registry [default: the configured one]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Undelete {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) owner: Owner,
    /// The image, or the repository that was deleted last under that name
    #[arg(value_name = "REPOSITORY[@DIGEST|:TAG]")]
    pub(crate) what: String,
    /// Leave out the tags that the image had, though one points to another image now
    #[arg(long)]
    pub(crate) without_tags: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Purge {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) owner: Owner,
    /// One image, or what a repository and those deleted under its name had; everything if not given
    #[arg(value_name = "REPOSITORY[@DIGEST]")]
    pub(crate) what: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Trash {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) owner: Owner,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    #[command(flatten)]
    pub(crate) place: Place,
    /// sha256:… or sha512:…
    pub(crate) digest: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_long_help = STATS_HELP)]
pub(crate) struct Stats {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) owner: Owner,
    /// One repository alone; the registry and all its repositories if not given
    #[arg(value_name = "REPOSITORY")]
    pub(crate) repository: Option<String>,
    /// Print JSON: bytes as numbers, moments in microseconds since 1970
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Address to serve on; may be given several times
    #[arg(long, value_name = "ADDRESS:PORT", help = LISTEN_HELP)]
    pub(crate) listen: Vec<String>,
    /// Address for metrics and health, or "off" [default: 127.0.0.1:4641]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) operator_listen: Option<String>,
    /// Serve HTTPS with this certificate chain, in PEM; read again when it changes
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// How log lines look [default: text]
    #[arg(long, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
    /// Let the administration socket move the clock and arm failpoints, if `testing.enabled` is set
    #[arg(long)]
    pub(crate) allow_testing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// For machines
    Json,
}

impl LogFormat {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Env {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Whose syntax to print
    #[arg(long, value_enum, default_value_t = Shell::Sh)]
    pub(crate) shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// sh, bash, zsh, dash
    Sh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account and its root access key
    Create(AccountCreate),
    /// Make a new root access key in the place of those that an account has: for whoever lost them
    Key(AccountKey),
    /// List the accounts
    List(AccountList),
}

#[derive(Debug, Args)]
pub(crate) struct AccountCreate {
    #[command(flatten)]
    pub(crate) place: Place,
    /// What to call the account
    #[arg(default_value = "")]
    pub(crate) name: String,
    /// Twelve digits; random ones otherwise
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) id: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AccountKey {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Twelve digits
    pub(crate) account: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AccountList {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Tell whether anything was altered in it or removed from it
    Verify(AuditVerify),
    /// List the calls that fit, the newest first
    Search(AuditSearch),
}

#[derive(Debug, Args)]
pub(crate) struct AuditVerify {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AuditSearch {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Came then or later: 2026-11-25T07:32:00Z, or how long ago, such as 2h
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Came before then
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Part of the caller's ARN, or its unique id or access key id
    #[arg(long, value_name = "TEXT")]
    pub(crate) principal: Option<String>,
    /// Such as PutImage or ecr:PutImage
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// How an ARN, or a repository's name, begins
    #[arg(long, value_name = "TEXT")]
    pub(crate) resource: Option<String>,
    /// The registry's account, or the caller's
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// The address that it came from
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) source: Option<std::net::IpAddr>,
    /// Only what was refused
    #[arg(long)]
    pub(crate) denied: bool,
    /// Most calls that are listed
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// One line a call, or the records as JSON
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) format: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) place: Place,
    /// What x-amzn-RequestId said, and the message of a refusal by the registry protocol
    #[arg(value_name = "REQUEST-ID")]
    pub(crate) request_id: String,
    /// Print the record as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read the configuration as serve would, and say what is wrong with it
    Check(Place),
    /// Print each key with its value and where the value came from
    Show(ConfigShow),
}

#[derive(Debug, Args)]
pub(crate) struct ConfigShow {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TlsCommand {
    /// Make a certificate authority of your own, once, and a server certificate, each time
    Dev(TlsDev),
}

#[derive(Debug, Args)]
pub(crate) struct TlsDev {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Directory for the files [default: `tls` in the data directory]
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) out: Option<PathBuf>,
    /// A DNS name or address beside those of the configuration; may be given several times
    #[arg(long = "name", value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Make a new authority, which clients have to trust anew
    #[arg(long)]
    pub(crate) new_ca: bool,
    /// Days that the server certificate is valid
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=396))]
    pub(crate) days: u16,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Decide the cases of a file, and compare with what it expects
    Test(PolicyTest),
    /// Find what of a policy can never match
    Lint(PolicyLint),
}

#[derive(Debug, Args)]
pub(crate) struct PolicyTest {
    /// The cases, in TOML: see docs/policies.md
    pub(crate) file: PathBuf,
    /// Write the results as JUnit XML too
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyLint {
    /// The policy, in JSON; may be given several times
    #[arg(required = true)]
    pub(crate) file: Vec<PathBuf>,
    /// What the policies are for [default: guessed from their elements]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<PolicyKind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyKind {
    /// What a user, group or role may do
    Identity,
    /// Who may assume a role
    Trust,
    /// An ECR repository's policy
    Repository,
    /// An ECR registry's policy
    Registry,
    /// A KMS key's policy
    Key,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Whose syntax to print
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Move the registry's clock forward
    Advance(ClockAdvance),
}

#[derive(Debug, Args)]
pub(crate) struct ClockAdvance {
    #[command(flatten)]
    pub(crate) place: Place,
    /// How far, such as 90s, 15m, 12h, 7d or 1d12h
    pub(crate) duration: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FailpointCommand {
    /// End the registry's process when it passes the named point
    Arm(FailpointArm),
}

#[derive(Debug, Args)]
pub(crate) struct FailpointArm {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The point
    pub(crate) name: String,
    /// What happens there
    #[arg(value_enum, default_value_t = FailpointAction::Abort)]
    pub(crate) action: FailpointAction,
    /// How often it is passed unharmed before
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    pub(crate) after: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailpointAction {
    /// End at once, as kill -9 would
    Abort,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn listen_may_be_given_several_times() {
        let cli = Cli::parse_from([
            "wharfinger",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--listen",
            "[::1]:0",
        ]);
        let Command::Serve(serve) = cli.command else {
            panic!("not serve")
        };
        assert_eq!(serve.listen, ["127.0.0.1:0", "[::1]:0"]);
    }
}
