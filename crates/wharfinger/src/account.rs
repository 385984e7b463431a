//! `wharfinger account`
use serde_json::Value;

use crate::admin::{Request, ask, text_of};
use crate::cli::{AccountCreate, AccountKey, AccountList};
use crate::config::Config;
use crate::credentials::{self, Credentials};
use crate::{Outcome, say};

/// Makes an account and prints its root access key, which is shown only now.
pub(crate) fn create(args: &AccountCreate) -> Outcome {
    let answer = ask(
        &args.place,
        &Request::AccountCreate {
            name: args.name.clone(),
            id: args.id.clone(),
        },
    )?;
    say_key(answer, args.json)
}

/// Replaces an account's root access keys, and prints the new one, which is shown only now.
pub(crate) fn key(args: &AccountKey) -> Outcome {
    let account = args.account.clone();
    let answer = ask(&args.place, &Request::AccountKey { account })?;
    // `wharfinger env` goes on to work.
    let config = Config::for_place(&args.place)?;
    if text_of(&answer, "account") == config.account.as_str() {
        let made = Credentials {
            account: config.account.to_string(),
            region: config.region.to_string(),
            access_key_id: text_of(&answer, "access_key_id").to_owned(),
            secret_access_key: text_of(&answer, "secret_access_key").to_owned(),
        };
        credentials::write(&config.data_dir, &made)?;
    }
    say_key(answer, args.json)
}

fn say_key(answer: Value, json: bool) -> Outcome {
    if json {
        return say(&format!("{}\n", without_ok(answer)));
    }
    say(&format!(
        "account: {}\naccess key id: {}\nsecret access key: {}\n",
        text_of(&answer, "account"),
        text_of(&answer, "access_key_id"),
        text_of(&answer, "secret_access_key"),
    ))
}

/// Prints one account a line.
pub(crate) fn list(args: &AccountList) -> Outcome {
    let answer = ask(&args.place, &Request::AccountList {})?;
    let accounts = answer
        .get("accounts")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if args.json {
        return say(&format!("{}\n", Value::Array(accounts)));
    }
    let mut text = String::new();
    for account in &accounts {
        let line = format!(
            "{}  {}  {}",
            text_of(account, "account"),
            text_of(account, "created_at"),
            text_of(account, "name")
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    say(&text)
}

fn without_ok(mut answer: Value) -> Value {
    if let Some(members) = answer.as_object_mut() {
        members.remove("ok");
    }
    answer
}
