//! The administration socket: one JSON request a line, one JSON answer a line, for the owner of the data directory.
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::{ClockAdvance, FailpointAction, FailpointArm, Place};
use crate::config::Config;
use crate::{Failure, Outcome, duration, say};

pub(crate) mod server;

/// The socket's name in the data directory.
const SOCKET: &str = "admin.sock";

/// Longest path of a Unix socket that every system takes, in bytes.
const SOCKET_PATH_BYTES: usize = 100;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_mins(10);

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", deny_unknown_fields)]
pub(crate) enum Request {
    #[serde(rename = "account.create")]
    AccountCreate {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    #[serde(rename = "account.key")]
    AccountKey { account: String },
    #[serde(rename = "account.list")]
    AccountList {},
    #[serde(rename = "clock.advance")]
    ClockAdvance { seconds: u64 },
    #[serde(rename = "failpoint.arm")]
    FailpointArm {
        name: String,
        #[serde(default)]
        after: u64,
    },
    #[serde(rename = "sweep")]
    Sweep {},
    /// `image`: a repository's name, or `NAME@DIGEST`, or `NAME:TAG`.
    #[serde(rename = "undelete")]
    Undelete {
        account: Option<String>,
        region: Option<String>,
        image: String,
        #[serde(default)]
        without_tags: bool,
    },
    /// `image`: a repository's name, or `NAME@DIGEST`; none: everything.
    #[serde(rename = "purge")]
    Purge {
        account: Option<String>,
        region: Option<String>,
        image: Option<String>,
        /// Only tell what would go.
        #[serde(default)]
        dry_run: bool,
    },
    #[serde(rename = "trash")]
    Trash {
        account: Option<String>,
        region: Option<String>,
    },
    #[serde(rename = "why")]
    Why { digest: String },
    /// `repository`: its name; none: the registry and each repository.
    #[serde(rename = "stats")]
    Stats {
        account: Option<String>,
        region: Option<String>,
        repository: Option<String>,
    },
    /// Rows of every table.
    #[serde(rename = "tables")]
    Tables {},
    /// How often the store waited for the disk.
    #[serde(rename = "commits")]
    Commits {},
}

/// `wharfinger clock advance`
pub(crate) fn advance_clock(args: &ClockAdvance) -> Outcome {
    let by = duration::parse(&args.duration)
        .map_err(|error| Failure::new(format!("`{}`: {error}", args.duration)))?;
    let answer = ask(
        &args.place,
        &Request::ClockAdvance {
            seconds: by.as_secs(),
        },
    )?;
    say(&format!(
        "it is now {} in the registry\n",
        text_of(&answer, "now")
    ))
}

/// `wharfinger failpoint arm`
pub(crate) fn arm_failpoint(args: &FailpointArm) -> Outcome {
    let FailpointAction::Abort = args.action;
    let request = Request::FailpointArm {
        name: args.name.clone(),
        after: args.after,
    };
    ask(&args.place, &request)?;
    say(&format!("armed {}\n", args.name))
}

/// `wharfinger sweep`
pub(crate) fn sweep(place: &Place) -> Outcome {
    let answer = ask(place, &Request::Sweep {})?;
    let mut text = String::new();
    for part in ["collected", "removed"] {
        let counts = answer.get(part).and_then(Value::as_object);
        for (what, count) in counts.into_iter().flatten() {
            text.extend([part, " ", what, ": ", &count.to_string(), "\n"]);
        }
    }
    say(&text)
}

/// A text member of an answer.
pub(crate) fn text_of<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer.get(member).and_then(Value::as_str).unwrap_or("?")
}

/// Asks the registry that runs in the data directory.
pub(crate) fn ask(place: &Place, request: &Request) -> Result<Value, Failure> {
    let directory = Config::for_place(place)?.data_dir;
    let talk = || -> std::io::Result<String> {
        let path = SocketPath::of(&directory)?;
        let stream = UnixStream::connect(&path.path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        (&stream).write_all(&line)?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        Ok(answer)
    };
    let answer = talk().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => Failure::new(format!(
            "no registry runs in {}: start it with `wharfinger serve`, or give the same --data-dir",
            directory.display()
        )),
        _ => Failure::new(format!("cannot talk to the registry in {}: {error}", directory.display())),
    })?;
    let answer: Value = serde_json::from_str(&answer)
        .map_err(|_cut_off| Failure::new("the registry ended without an answer"))?;
    if answer.get("ok") == Some(&Value::Bool(true)) {
        Ok(answer)
    } else {
        Err(Failure::new(text_of(&answer, "error")))
    }
}

/// The socket's path, short enough for the system.
///
/// A long one goes by the directory's open descriptor, which Linux offers as a path.
#[derive(Debug)]
struct SocketPath {
    path: PathBuf,
    _directory: Option<File>,
}

impl SocketPath {
    fn of(directory: &Path) -> std::io::Result<Self> {
        let path = directory.join(SOCKET);
        if path.as_os_str().len() <= SOCKET_PATH_BYTES {
            return Ok(Self {
                path,
                _directory: None,
            });
        }
        let open = File::open(directory)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", open.as_raw_fd()));
        Ok(Self {
            path,
            _directory: Some(open),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_travel_as_flat_json_and_unknown_ones_are_refused() {
        let read = |text: &str| serde_json::from_str::<Request>(text);
        assert_eq!(read(r#"{"op":"tables"}"#).unwrap(), Request::Tables {});
        assert_eq!(
            read(r#"{"op":"failpoint.arm","name":"x"}"#).unwrap(),
            Request::FailpointArm {
                name: "x".to_owned(),
                after: 0
            }
        );
        assert_eq!(
            serde_json::to_string(&Request::ClockAdvance { seconds: 5 }).unwrap(),
            r#"{"op":"clock.advance","seconds":5}"#
        );
        assert!(read(r#"{"op":"drop tables"}"#).is_err());
        assert!(read(r#"{"op":"account.create","name":"x","admin":true}"#).is_err());
    }

    #[test]
    fn without_a_server_the_command_says_how_to_start_one() {
        let directory = tempfile::tempdir().unwrap();
        for path in [
            directory.path().to_owned(),
            directory.path().join("missing"),
            directory.path().join("x".repeat(120)),
        ] {
            let place = Place {
                data_dir: Some(path),
                config: None,
            };
            let refused = ask(&place, &Request::Tables {}).unwrap_err().to_string();
            assert!(refused.contains("wharfinger serve"), "{refused}");
        }
    }
}
