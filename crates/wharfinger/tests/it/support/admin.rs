//! The administration socket of a running server: one line of JSON each way.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::Server;

/// Longer than an upload lives (24 h) and a doomed object's file stays (2 h).
const UNTIL_ALL_IS_OVER: u64 = 27 * 3_600;

/// Asks something that has to succeed.
pub(crate) fn ask(server: &Server, request: &Value) -> Value {
    try_ask(server, request).unwrap_or_else(|refused| panic!("{request}: {refused}"))
}

/// Asks something that may be refused: with which words.
pub(crate) fn try_ask(server: &Server, request: &Value) -> Result<Value, String> {
    let answer = converse(server, request).expect("an answer");
    if answer["ok"] == true {
        return Ok(answer);
    }
    Err(answer["error"].as_str().expect("an error").to_owned())
}

/// Asks a server that may end without an answer.
pub(crate) fn converse(server: &Server, request: &Value) -> std::io::Result<Value> {
    let path = server.data_dir().join("admin.sock");
    let mut stream = UnixStream::connect(&path)?;
    let line = format!("{request}\n");
    stream.write_all(line.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// How many rows each table has.
pub(crate) fn tables(server: &Server) -> BTreeMap<String, u64> {
    let answer = ask(server, &json!({"op": "tables"}));
    serde_json::from_value(answer["tables"].clone()).expect("counts by table")
}

/// How many transactions were to survive a loss of power.
pub(crate) fn hard_closures(server: &Server) -> u64 {
    let answer = ask(server, &json!({"op": "commits"}));
    answer["hard_closures"].as_u64().expect("a count")
}

/// Ends the process when it next passes a named point.
pub(crate) fn arm(server: &Server, failpoint: &str) {
    ask(server, &json!({"op": "failpoint.arm", "name": failpoint}));
}

/// Moves the clock.
pub(crate) fn advance(server: &Server, seconds: u64) {
    ask(server, &json!({"op": "clock.advance", "seconds": seconds}));
}

/// Moves the clock until no upload and no doomed object has time left, and sweeps once.
pub(crate) fn sweep_when_all_is_over(server: &Server) {
    advance(server, UNTIL_ALL_IS_OVER);
    sweep(server);
}

/// Sweeps once.
pub(crate) fn sweep(server: &Server) {
    let swept = ask(server, &json!({"op": "sweep"}));
    assert_eq!(swept["removed"]["failed"], 0, "{swept}");
}
