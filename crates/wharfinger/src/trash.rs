//! `wharfinger undelete`, `wharfinger purge` and `wharfinger trash`
use std::io::{BufRead as _, IsTerminal as _, stdin};

use jiff::Timestamp;
use serde_json::Value;

use crate::admin::{Request, ask, text_of};
use crate::cli::{Purge, Trash, Undelete};
use crate::{Failure, Outcome, say};

/// Brings an image or a repository back.
pub(crate) fn undelete(args: &Undelete) -> Outcome {
    let request = Request::Undelete {
        account: args.owner.account.clone(),
        region: args.owner.region.clone(),
        image: args.what.clone(),
        without_tags: args.without_tags,
    };
    let answer = ask(&args.place, &request)?;
    let texts = |member: &str| texts_at(&answer, &format!("/undeleted/{member}"));
    let images = texts("images");
    let Some((first, members)) = images.split_first() else {
        return say(&format!(
            "{} is back; its images follow within a moment\n",
            args.what
        ));
    };
    let mut text = format!("{first} is back\n");
    for tag in texts("tags") {
        text.extend(["tag: ", &tag, "\n"]);
    }
    for member in members {
        text.extend(["member: ", member, "\n"]);
    }
    say(&text)
}

/// Empties the trash, after telling what would go.
pub(crate) fn purge(args: &Purge) -> Outcome {
    let request = |dry_run| Request::Purge {
        account: args.owner.account.clone(),
        region: args.owner.region.clone(),
        image: args.what.clone(),
        dry_run,
    };
    let plan = ask(&args.place, &request(true))?;
    let number = |answer: &Value, member: &str| {
        let found = answer.pointer(member).and_then(Value::as_u64);
        found.unwrap_or(0)
    };
    let mut text = format!(
        "in the trash: {} images, {} deleted repositories; at most {} bytes become free\n",
        number(&plan, "/would_purge/images"),
        number(&plan, "/would_purge/repositories"),
        number(&plan, "/would_purge/bytes"),
    );
    let waiting = number(&plan, "/would_purge/still_being_deleted");
    if waiting > 0 {
        let left = "still on their way to the trash, and left alone: ";
        text.extend([left, &waiting.to_string(), " deleted repositories\n"]);
    }
    say(&text)?;
    if !args.yes && !confirmed()? {
        return Err(Failure::new("nothing was purged"));
    }
    let done = ask(&args.place, &request(false))?;
    say(&format!(
        "purged: {} images, {} deleted repositories\n\
         layers taken from repositories: {}\n\
         Their files go two hours later, and those of layers that a client was told of, a day after that.\n",
        number(&done, "/purged/images"),
        number(&done, "/purged/repositories"),
        number(&done, "/collected/layers"),
    ))
}

/// Asks the person at the terminal.
fn confirmed() -> Result<bool, Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::new(
            "nothing was purged: there is no terminal to ask at; say --yes",
        ));
    }
    say("This cannot be undone. Type yes to go on: ")?;
    let mut line = String::new();
    stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::new(format!("cannot read from the terminal: {error}")))?;
    Ok(line.trim() == "yes")
}

/// Prints one image a line.
pub(crate) fn list(args: &Trash) -> Outcome {
    let request = Request::Trash {
        account: args.owner.account.clone(),
        region: args.owner.region.clone(),
    };
    let answer = ask(&args.place, &request)?;
    let rows = answer.get("trash").and_then(Value::as_array).cloned();
    let rows = rows.unwrap_or_default();
    if args.json {
        return say(&format!("{}\n", Value::Array(rows)));
    }
    let mut text = String::new();
    for row in &rows {
        let tags = texts_at(row, "/tags");
        let line = format!(
            "{}@{}  until {}  {}  {}",
            text_of(row, "repository"),
            text_of(row, "digest"),
            time(row.get("until")),
            text_of(row, "reason"),
            tags.join(" "),
        );
        text.extend([line.trim_end(), "\n"]);
    }
    say(&text)
}

/// A list of texts in an answer.
pub(crate) fn texts_at(answer: &Value, pointer: &str) -> Vec<String> {
    let list = answer.pointer(pointer).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// A time of an answer, in words.
pub(crate) fn time(micros: Option<&Value>) -> String {
    let micros = micros.and_then(Value::as_i64).unwrap_or_default();
    Timestamp::from_microsecond(micros)
        .map_or_else(|_out_of_range| micros.to_string(), |time| time.to_string())
}
