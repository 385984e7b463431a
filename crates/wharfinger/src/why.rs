//! `wharfinger why`
use serde_json::Value;

use crate::admin::{Request, ask, text_of};
use crate::cli::Why;
use crate::trash::{texts_at, time};
use crate::{Outcome, say};

/// Tells what holds a digest, or when and why it went.
pub(crate) fn why(args: &Why) -> Outcome {
    let request = Request::Why {
        digest: args.digest.clone(),
    };
    let answer = ask(&args.place, &request)?;
    let why = answer.get("why").cloned().unwrap_or_default();
    if args.json {
        return say(&format!("{why}\n"));
    }
    say(&text(&why).join(""))
}

fn text(why: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let stored = why.get("stored") == Some(&Value::Bool(true));
    let state = if stored { "is stored" } else { "is not stored" };
    lines.push(format!("{} {state}\n", text_of(why, "digest")));
    if let Some(digest) = why.get("same_as").and_then(Value::as_str) {
        lines.push(format!("the same content as {digest}\n"));
    }
    let places = members(why, "places");
    let happened = members(why, "events");
    if places.is_empty() && happened.is_empty() {
        lines.push("nothing is known of it\n".to_owned());
    }
    for place in places {
        lines.extend(place_text(place));
    }
    if why.get("more") == Some(&Value::Bool(true)) {
        lines.push("and more repositories\n".to_owned());
    }
    lines.extend(happened.iter().map(event_text));
    lines
}

fn members<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    let list = value.get(member).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn place_text(place: &Value) -> Vec<String> {
    let deleted = place.get("repository_deleted") == Some(&Value::Bool(true));
    let (account, region) = (text_of(place, "account"), text_of(place, "region"));
    let name = text_of(place, "repository");
    // Of one that was purged nothing is left but its number.
    let mut lines = vec![match (account.is_empty(), deleted) {
        (true, _) => format!("\na repository that was deleted and purged, number {name}\n"),
        (false, true) => format!("\n{account}/{region}/{name} (deleted)\n"),
        (false, false) => format!("\n{account}/{region}/{name}\n"),
    }];
    for alias in texts_at(place, "/aliases") {
        lines.push(format!("  also {alias}\n"));
    }
    if let Some(layer) = place.get("layer").filter(|layer| !layer.is_null()) {
        lines.extend(layer_text(layer));
    }
    if let Some(image) = place.get("image").filter(|image| !image.is_null()) {
        lines.extend(image_text(image));
    }
    if let Some(trash) = place.get("trash").filter(|trash| !trash.is_null()) {
        lines.push(format!(
            "  an image in the trash until {}, deleted {}: {}{}\n",
            time(trash.get("until")),
            time(trash.get("deleted_at")),
            text_of(trash, "reason"),
            tagged(trash),
        ));
    }
    lines.extend(members(place, "events").iter().map(event_text));
    lines
}

fn layer_text(layer: &Value) -> Vec<String> {
    let size = layer.get("size").and_then(Value::as_i64).unwrap_or(0);
    let mut lines = vec![format!("  a layer of {size} bytes")];
    let objects = members(layer, "objects");
    for object in objects {
        let state = object.get(0).and_then(Value::as_str).unwrap_or("?");
        let count = object.get(1).and_then(Value::as_i64).unwrap_or(0);
        lines.push(format!(", {count} objects {state}"));
    }
    if objects.is_empty() {
        lines.push(", in the database".to_owned());
    }
    lines.push("\n".to_owned());
    if let Some(at) = layer.get("deleted_at").filter(|at| !at.is_null()) {
        lines.push(format!("  a client deleted it {}\n", time(Some(at))));
    }
    let holders = members(layer, "held_by");
    for holder in holders {
        let digest = text_of(holder, "digest");
        lines.push(format!("  held by {digest}{}\n", tagged(holder)));
    }
    if holders.is_empty() {
        let until = time(layer.get("keep_until"));
        lines.push(format!("  no image holds it: it goes after {until}\n"));
        if let Some(until) = layer.get("trash_until").filter(|until| !until.is_null()) {
            let until = time(Some(until));
            lines.push(format!("  the trash needs it until {until}\n"));
        }
    }
    lines
}

fn image_text(image: &Value) -> Vec<String> {
    let mut lines = vec![format!(
        "  an image, {}, pushed {}{}\n",
        text_of(image, "media_type"),
        time(image.get("pushed_at")),
        tagged(image),
    )];
    for parent in texts_at(image, "/parents") {
        lines.push(format!("  a member of {parent}\n"));
    }
    if let Some(subject) = image.get("subject").and_then(Value::as_str) {
        let there = image.get("subject_exists") == Some(&Value::Bool(true));
        let there = if there { "" } else { ", which is not there" };
        lines.push(format!("  about {subject}{there}\n"));
    }
    for referrer in texts_at(image, "/referrers") {
        lines.push(format!("  the subject of {referrer}\n"));
    }
    if let Some(until) = image.get("keep_until").filter(|until| !until.is_null()) {
        lines.push(format!(
            "  {} was deleted: unless something else refers to this, it goes after {}\n",
            text_of(image, "orphaned_by"),
            time(Some(until)),
        ));
    }
    lines
}

fn tagged(value: &Value) -> String {
    let tags = texts_at(value, "/tags");
    if tags.is_empty() {
        String::new()
    } else {
        format!(", tagged {}", tags.join(" "))
    }
}

fn event_text(event: &Value) -> String {
    let reason = event.pointer("/details/reason").and_then(Value::as_str);
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    format!(
        "  {}  {} by {}{reason}\n",
        time(event.get("at")),
        text_of(event, "kind"),
        text_of(event, "principal"),
    )
}
