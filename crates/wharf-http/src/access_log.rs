//! One line per request, as text or JSON, written by a thread of its own.
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::outcome::{Outcome, Sink};

/// Lines that may wait for the writer; a reader of our output that stops must not stop us.
const WAITING_LINES: usize = 8_192;

/// Bytes gathered before one write.
const BATCH_BYTES: usize = 64 * 1024;

/// How long the first line of a batch waits for company: a writer that is woken for each line costs as much as the
/// request it tells of.
const LINGER: Duration = Duration::from_millis(5);

/// How long an end of the process waits for the last lines.
const FLUSH_TIME: Duration = Duration::from_secs(2);

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people: fixed fields in a fixed order, then `name=value`.
    Text,
    /// For machines: one JSON object.
    Json,
}

/// Writes a line for every request.
#[derive(Debug)]
pub struct AccessLog {
    format: Format,
    lines: SyncSender<Message>,
    lost: AtomicU64,
}

/// What the writer is told.
#[derive(Debug)]
enum Message {
    Line(String),
    /// Write what came before, then answer.
    Flush(SyncSender<()>),
}

/// Waits for the writer.
#[derive(Debug)]
pub struct Flush {
    lines: SyncSender<Message>,
}

impl Flush {
    /// Waits until every line recorded before is written, or two seconds have passed: an output that nobody reads
    /// must not keep the process from ending.
    pub fn wait(&self) {
        let (done, written) = sync_channel(1);
        if self.lines.try_send(Message::Flush(done)).is_ok() {
            // Too late or gone: either way there is nothing more to wait for.
            written.recv_timeout(FLUSH_TIME).unwrap_or_default();
        }
    }
}

impl AccessLog {
    /// Starts the writer; it ends when the log and its [`Flush`] are dropped.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(
        format: Format,
        output: impl Write + Send + 'static,
    ) -> std::io::Result<(Self, Flush)> {
        let (lines, waiting) = sync_channel(WAITING_LINES);
        std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || write_lines(&waiting, output))?;
        let flush = Flush {
            lines: lines.clone(),
        };
        let log = Self {
            format,
            lines,
            lost: AtomicU64::new(0),
        };
        Ok((log, flush))
    }
}

impl Sink for AccessLog {
    fn record(&self, outcome: &Outcome) {
        let line = match self.format {
            Format::Text => text_line(outcome),
            Format::Json => json_line(outcome),
        };
        match self.lines.try_send(Message::Line(line)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                metrics::counter!("wharf_access_lines_lost_total").increment(1);
                if self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
                    tracing::warn!("the access log cannot be written fast enough: lines are lost");
                }
            }
        }
    }
}

/// Writes lines as they come, many in one write when many wait.
fn write_lines(waiting: &Receiver<Message>, mut output: impl Write) {
    let mut batch = String::new();
    while let Ok(first) = waiting.recv() {
        if matches!(first, Message::Line(_)) {
            std::thread::sleep(LINGER);
        }
        let mut flushed = None;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Line(line) => batch.push_str(&line),
                Message::Flush(done) => {
                    flushed = Some(done);
                    break;
                }
            }
            next = (batch.len() < BATCH_BYTES)
                .then(|| waiting.try_recv().ok())
                .flatten();
        }
        let written = output
            .write_all(batch.as_bytes())
            .and_then(|()| output.flush());
        if written.is_err() {
            // Nobody listens any more; requests go on, and there is no place left to say so.
            metrics::counter!("wharf_access_write_errors_total").increment(1);
        }
        batch.clear();
        if let Some(done) = flushed {
            // Whoever asked may have stopped waiting.
            done.try_send(()).unwrap_or_default();
        }
    }
}

/// `2026-11-25T07:32:00.123456Z`
fn time(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(
        |_out_of_range| micros.to_string(),
        |time| format!("{time:.6}"),
    )
}

fn duration_ms(outcome: &Outcome) -> f64 {
    // Microseconds as milliseconds: three digits are enough and exact.
    let micros = u32::try_from(outcome.duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1_000.0
}

fn text_line(outcome: &Outcome) -> String {
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let mut line = format!(
        "{time} {status} {method} {target} {source} {duration}ms in={bytes_in} out={bytes_out} action={action} \
         repository={repository} principal={principal} account={account} error={error} request_id={id}",
        time = time(outcome.at),
        status = outcome.status,
        method = outcome.method,
        target = outcome.target,
        source = outcome.source,
        duration = duration_ms(outcome),
        bytes_in = outcome.bytes_in,
        bytes_out = outcome.bytes_out,
        action = outcome.action.unwrap_or("-"),
        repository = or_dash(outcome.repository.as_deref()),
        principal = or_dash(outcome.principal()),
        account = or_dash(outcome.account()),
        error = or_dash(outcome.error_code.as_deref()),
        id = outcome.request_id,
    );
    line.push_str(if outcome.complete { "\n" } else { " cut\n" });
    line
}

/// The JSON line: `null` members are left out.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    request_id: &'a str,
    source: String,
    method: &'a str,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    bytes_in: u64,
    bytes_out: u64,
    duration_ms: f64,
    complete: bool,
}

fn json_line(outcome: &Outcome) -> String {
    let line = Line {
        time: time(outcome.at),
        request_id: &outcome.request_id,
        source: outcome.source.to_string(),
        method: outcome.method.as_str(),
        target: outcome.target.as_str(),
        action: outcome.action,
        repository: outcome.repository.as_deref(),
        principal: outcome.principal(),
        account: outcome.account(),
        status: outcome.status,
        error: outcome.error_code.as_deref(),
        bytes_in: outcome.bytes_in,
        bytes_out: outcome.bytes_out,
        duration_ms: duration_ms(outcome),
        complete: outcome.complete,
    };
    // Strings and numbers only: it cannot fail.
    let mut line = serde_json::to_string(&line).unwrap_or_default();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::mask::MaskedTarget;

    fn outcome() -> Outcome {
        Outcome {
            at: 1_795_591_920_123_456,
            request_id: "89b682e5-ac18-4fac-a917-2155723ed59b".to_owned(),
            source: [127, 0, 0, 1].into(),
            method: http::Method::GET,
            target: MaskedTarget::new("/v2/a/tags/list", Some("n=5&token=SECRET")),
            action: Some("ecr:ListImages"),
            repository: Some("a".to_owned()),
            caller: Some(Arc::new(crate::outcome::tests::caller())),
            status: 404,
            error_code: Some("NAME_UNKNOWN".into()),
            error_message: None,
            decisions: Vec::new(),
            bytes_in: 0,
            bytes_out: 17,
            duration: Duration::from_micros(1_500),
            complete: true,
            kept: false,
        }
    }

    #[test]
    fn the_text_line_has_every_field_and_no_secret() {
        assert_eq!(
            text_line(&outcome()),
            "2026-11-25T07:32:00.123456Z 404 GET /v2/a/tags/list?n=5&token=*** 127.0.0.1 1.5ms in=0 out=17 \
             action=ecr:ListImages repository=a principal=arn:aws:iam::123456789012:root account=123456789012 \
             error=NAME_UNKNOWN request_id=89b682e5-ac18-4fac-a917-2155723ed59b\n"
        );
    }

    #[test]
    fn the_json_line_leaves_out_what_is_not_known() {
        let mut outcome = outcome();
        outcome.caller = None;
        outcome.error_code = None;
        let line: serde_json::Value = serde_json::from_str(&json_line(&outcome)).unwrap();
        assert_eq!(line["status"], 404);
        assert_eq!(line["time"], "2026-11-25T07:32:00.123456Z");
        assert_eq!(line["duration_ms"], 1.5);
        assert!(line.get("principal").is_none() && line.get("error").is_none());
    }

    #[test]
    fn lines_reach_the_output_before_the_log_is_gone() {
        struct Output(std::sync::mpsc::Sender<Vec<u8>>);
        impl Write for Output {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.send(bytes.to_vec()).unwrap();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (sender, received) = channel();
        let (log, flush) = AccessLog::start(Format::Json, Output(sender)).unwrap();
        for _ in 0..3 {
            log.record(&outcome());
        }
        flush.wait();
        let all: Vec<u8> = received.try_iter().flatten().collect();
        let all = String::from_utf8(all).unwrap();
        assert_eq!(all.lines().count(), 3);
    }
}
