//! `wharfinger audit`: the audit log, read from its files.
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;
use wharf_watch::audit::{Filter, Record, VerifyError};

use crate::cli::{AuditSearch, AuditVerify, LogFormat, Place};
use crate::config::Config;
use crate::serve::wall_seconds;
use crate::{Failure, Outcome, duration, say};

pub(crate) mod explain;

/// Where the audit log of a data directory is.
pub(crate) fn directory(data_dir: &Path) -> PathBuf {
    data_dir.join("audit")
}

/// The audit log of the registry that a command is about.
fn find_directory(place: &Place) -> Result<PathBuf, Failure> {
    let directory = directory(&Config::for_place(place)?.data_dir);
    match directory.metadata() {
        Ok(_) => Ok(directory),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Failure::new(format!(
            "there is no audit log in {}: give the same --data-dir as to `wharfinger serve`",
            directory.display()
        ))),
        Err(error) => Err(unreadable(&directory, &error)),
    }
}

fn unreadable(directory: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot read {}: {error}", directory.display()))
}

/// `wharfinger audit verify`
pub(crate) fn verify(args: &AuditVerify) -> Outcome {
    let directory = find_directory(&args.place)?;
    let verified = wharf_watch::audit::verify(&directory).map_err(|error| match error {
        VerifyError::Break(_) => Failure::new(format!("the audit log was altered: {error}")),
        VerifyError::Read { .. } => Failure::new(format!("cannot read the audit log: {error}")),
    })?;
    let last = &verified.last;
    if args.json {
        let json = json!({
            "segments": verified.segments, "lines": verified.lines, "records": verified.records,
            "first": verified.first, "last": last.seq, "hash": last.hash, "unfinished_bytes": verified.unfinished,
        });
        return say(&format!("{json}\n"));
    }
    let mut text = format!(
        "the chain holds: {} records in {} lines of {} segments, line {} to line {}\nthe last line's hash is {}\n",
        verified.records, verified.lines, verified.segments, verified.first, last.seq, last.hash
    );
    if verified.unfinished > 0 {
        // Writing to memory cannot fail.
        writeln!(
            text,
            "{} bytes behind it are no whole line: it is being written, or the process was killed while it was",
            verified.unfinished
        )
        .unwrap_or_default();
    }
    say(&text)
}

/// `wharfinger audit search`
pub(crate) fn search(args: &AuditSearch) -> Outcome {
    let directory = find_directory(&args.place)?;
    let filter = Filter {
        since: args.since.as_deref().map(moment).transpose()?,
        until: args.until.as_deref().map(moment).transpose()?,
        principal: args.principal.clone(),
        action: args.action.clone(),
        resource: args.resource.clone(),
        account: args.account.clone(),
        source: args.source,
        denied: args.denied,
    };
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut said = Ok(());
    let told = wharf_watch::audit::search(&directory, &filter, limit, |record| {
        said = say(&match args.format {
            LogFormat::Text => line(&record),
            LogFormat::Json => as_json(&record),
        });
        match said {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    told.map_err(|error| unreadable(&directory, &error))?;
    said
}

fn as_json(record: &Record<'_>) -> String {
    // It was read from JSON: it cannot fail.
    let mut json = serde_json::to_string(record).unwrap_or_default();
    json.push('\n');
    json
}

fn line(record: &Record<'_>) -> String {
    let mut line = format!(
        "{} {} {} {} {} {} {}",
        record.at,
        record.status,
        record.event_name,
        record.resource.as_deref().unwrap_or("-"),
        record.principal.arn,
        record.source,
        record.request_id,
    );
    for refused in record.decisions.iter().filter(|it| !it.allowed) {
        line.extend([" refused=", &refused.action]);
    }
    line.push('\n');
    line
}

/// A moment, or how long ago it was, in microseconds since 1970.
fn moment(text: &str) -> Result<i64, Failure> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_microsecond());
    }
    let ago = duration::parse(text).map_err(|error| {
        Failure::new(format!(
            "`{text}` is neither a time such as 2026-11-25T07:32:00Z nor how long ago it was: {error}"
        ))
    })?;
    let ago = i64::try_from(ago.as_secs()).unwrap_or(i64::MAX);
    Ok(wall_seconds().saturating_sub(ago).saturating_mul(1_000_000))
}
