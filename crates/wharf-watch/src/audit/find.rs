//! Looking something up, also in a log that is being written.
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::path::Path;

use super::chain::{Line, Lines, Step, begin_of, segment_path, segments};
use super::index::{key, places};
use super::record::Record;

/// The records of one request, as a rule one; empty when there is none.
///
/// Segments are looked through by their indexes, the newest first; when these name nothing, line by line.
///
/// # Errors
/// When the directory or a segment cannot be read.
pub fn find(dir: &Path, request_id: &str) -> std::io::Result<Vec<Record<'static>>> {
    let numbers = segments(dir)?;
    let key = key(request_id);
    for number in numbers.iter().rev() {
        // A missing index is the same as one that names nothing.
        let places = places(dir, *number, key).unwrap_or_default();
        let mut found = Vec::new();
        for place in places {
            found.extend(record_at(dir, *number, place)?);
        }
        found.retain(|record| record.request_id == request_id);
        if !found.is_empty() {
            return Ok(found);
        }
    }
    for number in numbers.iter().rev() {
        let mut found = Vec::new();
        each(dir, *number, |record| {
            if record.request_id == request_id && found.len() < 64 {
                found.push(record);
            }
        })?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn record_at(dir: &Path, number: u64, place: u64) -> std::io::Result<Option<Record<'static>>> {
    let mut file = File::open(segment_path(dir, number))?;
    file.seek(SeekFrom::Start(place))?;
    let mut lines = Lines::of(file, place);
    Ok(match lines.step()? {
        Step::Line => record(lines.line()),
        Step::End | Step::Torn => None,
    })
}

fn record(line: &[u8]) -> Option<Record<'static>> {
    serde_json::from_str(Line::parse(line)?.call?.get()).ok()
}

/// Every record of a segment, in order; a segment that was removed meanwhile has none.
fn each(dir: &Path, number: u64, mut take: impl FnMut(Record<'static>)) -> std::io::Result<()> {
    let mut lines = match Lines::open(&segment_path(dir, number)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        lines => lines?,
    };
    while lines.step()? == Step::Line {
        if let Some(record) = record(lines.line()) {
            take(record);
        }
    }
    Ok(())
}

/// What is looked for: everything that is set must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Came at this time or later, in microseconds since 1970.
    pub since: Option<i64>,
    /// Came before this time.
    pub until: Option<i64>,
    /// A part of the caller's ARN, or its whole unique id or access key id.
    pub principal: Option<String>,
    /// An operation or a decided action, with or without the service, in any case: `PutImage`, `ecr:PutImage`.
    pub action: Option<String>,
    /// How an ARN begins that was asked about, or what follows `repository/` in it.
    pub resource: Option<String>,
    /// The account whose registry was addressed, or the caller's.
    pub account: Option<String>,
    /// The address that it came from.
    pub source: Option<IpAddr>,
    /// Only what was refused.
    pub denied: bool,
}

impl Filter {
    /// Whether a record is one of those looked for.
    pub fn fits(&self, record: &Record<'_>) -> bool {
        let at = record.micros().unwrap_or_default();
        self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at < until)
            && (!self.denied || record.denied())
            && self.source.is_none_or(|source| {
                record
                    .source
                    .parse::<IpAddr>()
                    .is_ok_and(|its| its == source)
            })
            && fits(self.account.as_deref(), |account| {
                record.account == account || record.principal.account == account
            })
            && fits(self.principal.as_deref(), |principal| {
                let who = &record.principal;
                who.arn.contains(principal)
                    || who.unique_id == principal
                    || who.access_key_id == principal
            })
            && fits(self.action.as_deref(), |action| is_action(record, action))
            && fits(self.resource.as_deref(), |resource| {
                let decided = record.decisions.iter().map(|it| &it.resource);
                let mut all = record.resource.iter().chain(decided);
                all.any(|its| begins(its, resource))
            })
    }
}

fn fits(wanted: Option<&str>, fits: impl FnOnce(&str) -> bool) -> bool {
    wanted.is_none_or(fits)
}

fn is_action(record: &Record<'_>, wanted: &str) -> bool {
    let service = record.event_source.split('.').next().unwrap_or_default();
    let same = |action: &str| match wanted.split_once(':') {
        Some(_) => action.eq_ignore_ascii_case(wanted),
        None => action
            .split_once(':')
            .is_some_and(|(_, name)| name.eq_ignore_ascii_case(wanted)),
    };
    same(&format!("{service}:{}", record.event_name))
        || record.decisions.iter().any(|it| same(&it.action))
}

fn begins(resource: &str, wanted: &str) -> bool {
    let name = resource.split_once(":repository/").map(|(_, name)| name);
    resource.starts_with(wanted) || name.is_some_and(|name| name.starts_with(wanted))
}

/// Calls `tell` with the records that fit, the newest first, at most `limit` of them; returns how many.
///
/// Holds at most `limit` records in memory.
///
/// # Errors
/// When the directory or a segment cannot be read.
pub fn search(
    dir: &Path,
    filter: &Filter,
    limit: usize,
    mut tell: impl FnMut(Record<'static>) -> ControlFlow<()>,
) -> std::io::Result<usize> {
    let mut told = 0;
    // When the segment that was looked at before begins: nothing in an older one came later.
    let mut ended = None;
    for number in segments(dir)?.into_iter().rev() {
        if told >= limit
            || filter
                .since
                .zip(ended)
                .is_some_and(|(since, end)| end < since)
        {
            break;
        }
        let mut last = VecDeque::new();
        each(dir, number, |record| {
            if filter.fits(&record) {
                if last.len() >= limit - told {
                    last.pop_front();
                }
                last.push_back(record);
            }
        })?;
        for record in last.into_iter().rev() {
            told += 1;
            if tell(record).is_break() {
                return Ok(told);
            }
        }
        ended = match begin_of(dir, number) {
            Ok(Some((begin, _))) => begin.micros(),
            Ok(None) | Err(_) => ended,
        };
    }
    Ok(told)
}
