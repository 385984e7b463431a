//! The answering side of the administration socket.
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use wharf_registry::{RootCredentials, Service};
use wharf_wire::ids::AccountId;

use super::{Request, SocketPath};
use crate::Failure;

mod trash;

/// Longest request, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Makes the socket; the data directory's lock must be held.
pub(crate) fn bind(data_dir: &Path) -> Result<UnixListener, Failure> {
    let bind = || {
        let path = SocketPath::of(data_dir)?;
        // Left behind by a server that was killed: the lock says that it is gone.
        match std::fs::remove_file(&path.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path.path)?;
        std::fs::set_permissions(&path.path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    };
    bind().map_err(|error| {
        Failure::new(format!(
            "cannot make the administration socket in {}: {error}",
            data_dir.display()
        ))
    })
}

/// Answers requests for as long as it is polled.
pub(crate) async fn serve(listener: UnixListener, service: Service) {
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => {
                let service = service.clone();
                let conversation = async move {
                    if let Err(error) = converse(stream, &service).await {
                        tracing::debug!(%error, "an administration client went away");
                    }
                };
                #[expect(
                    clippy::disallowed_methods,
                    reason = "ends with its client or the process; nothing waits for it"
                )]
                tokio::spawn(conversation);
            }
            Err(error) => {
                tracing::warn!(%error, "the administration socket cannot accept");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(stream: UnixStream, service: &Service) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = Vec::new();
        let read = (&mut reader)
            .take(LONGEST)
            .read_until(b'\n', &mut line)
            .await?;
        if read == 0 || !line.ends_with(b"\n") {
            return Ok(());
        }
        let answer = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => answer(service, request)
                .await
                .unwrap_or_else(|error| refusal(&error)),
            Err(error) => refusal(&format!("no such request: {error}")),
        };
        let mut text = answer.to_string();
        text.push('\n');
        writer.write_all(text.as_bytes()).await?;
    }
}

fn refusal(error: &str) -> Value {
    json!({ "ok": false, "error": error })
}

const TESTING_IS_OFF: &str = "testing is off: set testing.enabled in the configuration and start with `serve --allow-testing`";

async fn answer(service: &Service, request: Request) -> Result<Value, String> {
    let testing = service.settings().allow_testing;
    match request {
        Request::AccountCreate { name, id } => {
            let id = id.map(|id| account_id(&id)).transpose()?;
            let made = service.create_account(&name, id).await.map_err(text)?;
            Ok(with_key(&made.0, &made.1))
        }
        Request::AccountKey { account } => {
            let account = account_id(&account)?;
            let key = service.replace_root_keys(&account).await.map_err(text)?;
            Ok(with_key(&account, &key))
        }
        Request::AccountList {} => accounts(service).await,
        Request::ClockAdvance { seconds } => {
            let micros = i64::try_from(seconds)
                .ok()
                .and_then(|seconds| seconds.checked_mul(1_000_000));
            let micros = micros.ok_or("the duration is too long")?;
            if !service.advance_clock(micros) {
                return Err(TESTING_IS_OFF.to_owned());
            }
            Ok(json!({ "ok": true, "now": time(service.now()) }))
        }
        Request::FailpointArm { .. } if !testing => Err(TESTING_IS_OFF.to_owned()),
        Request::FailpointArm { name, after } => {
            if service.arm_failpoint(&name, after) {
                Ok(json!({ "ok": true }))
            } else {
                Err(format!("there is no failpoint `{name}`"))
            }
        }
        Request::Sweep {} => sweep(service).await,
        Request::Undelete {
            account,
            region,
            image,
            without_tags,
        } => trash::undelete(service, (account, region), &image, without_tags).await,
        Request::Purge {
            account,
            region,
            image,
            dry_run,
        } => trash::purge(service, (account, region), image.as_deref(), dry_run).await,
        Request::Trash { account, region } => trash::list(service, (account, region)).await,
        Request::Why { digest } => trash::why(service, &digest).await,
        Request::Stats {
            account,
            region,
            repository,
        } => trash::stats(service, (account, region), repository.as_deref()).await,
        Request::Tables {} => tables(service).await,
        Request::Commits {} => {
            let commits = service.commits();
            Ok(json!({
                "ok": true,
                "hard_commits": commits.hard_commits,
                "hard_closures": commits.hard_closures,
                "soft_closures": commits.soft_closures,
            }))
        }
    }
}

async fn tables(service: &Service) -> Result<Value, String> {
    let counts = service.table_counts().await.map_err(text)?;
    let tables: Map<String, Value> = counts
        .into_iter()
        .map(|(table, rows)| (table, rows.into()))
        .collect();
    Ok(json!({ "ok": true, "tables": tables }))
}

async fn sweep(service: &Service) -> Result<Value, String> {
    let collected = wharf_registry::collect::run(service).await.map_err(text)?;
    let swept = wharf_registry::sweep::run(service).await.map_err(text)?;
    Ok(json!({ "ok": true, "collected": collected, "removed": swept }))
}

/// Every account.
async fn accounts(service: &Service) -> Result<Value, String> {
    let accounts = service.accounts().await.map_err(text)?;
    let rows: Vec<Value> = accounts
        .iter()
        .map(|row| json!({ "account": row.account.as_str(), "name": row.name, "created_at": time(row.created_at) }))
        .collect();
    Ok(json!({ "ok": true, "accounts": rows }))
}

fn account_id(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|_invalid| format!("{text} is no account: twelve digits"))
}

/// An account with an access key of its root's.
fn with_key(account: &AccountId, credentials: &RootCredentials) -> Value {
    json!({
        "ok": true,
        "account": account.as_str(),
        "access_key_id": credentials.access_key_id,
        "secret_access_key": credentials.secret.expose(),
    })
}

/// What went wrong, cause included: the owner of the data directory may know.
fn text(error: wharf_registry::Error) -> String {
    use wharf_registry::Error;
    match error {
        Error::Internal { cause } | Error::Unavailable { cause } => cause,
        other => other.message(),
    }
}

fn time(micros: i64) -> String {
    Timestamp::from_microsecond(micros)
        .map_or_else(|_out_of_range| micros.to_string(), |time| time.to_string())
}
