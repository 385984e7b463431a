//! `wharfinger stats`
use std::fmt::Write as _;

use serde_json::Value;

use crate::admin::{Request, ask, text_of};
use crate::cli::Stats;
use crate::trash::time;
use crate::{Outcome, say};

/// Tells how much is stored, how much is shared, and what becomes free when.
pub(crate) fn stats(args: &Stats) -> Outcome {
    let request = Request::Stats {
        account: args.owner.account.clone(),
        region: args.owner.region.clone(),
        repository: args.repository.clone(),
    };
    let answer = ask(&args.place, &request)?;
    let stats = answer.get("stats").cloned().unwrap_or_default();
    if args.json {
        return say(&format!("{stats}\n"));
    }
    say(&text(&stats))
}

fn text(stats: &Value) -> String {
    let repositories = stats.get("repositories").and_then(Value::as_array);
    let repositories = repositories.map_or(&[][..], Vec::as_slice);
    let mut text = String::new();
    let mut block = |title: &str, figures: &Value| {
        if !text.is_empty() {
            text.push('\n');
        }
        text.extend([title, "\n"]);
        for (what, said) in lines(figures) {
            // Writing to a String cannot fail.
            writeln!(text, "  {what:<12} {said}").unwrap_or_default();
        }
    };
    if let Some(registry) = stats.get("registry").filter(|figures| !figures.is_null()) {
        let (account, region) = (text_of(stats, "account"), text_of(stats, "region"));
        let count = repositories.len();
        let title = format!("registry {account}/{region}, {count} repositories");
        block(&title, registry);
    }
    for repository in repositories {
        block(text_of(repository, "name"), repository);
    }
    text
}

/// What is said of a registry or a repository.
fn lines(figures: &Value) -> Vec<(&'static str, String)> {
    let number = |member: &str| figures.get(member).and_then(Value::as_u64).unwrap_or(0);
    let mut lines = vec![
        (
            "images",
            format!("{}, {} untagged", number("images"), number("untagged")),
        ),
        ("tags", number("tags").to_string()),
        (
            "stored",
            format!(
                "{}: {} layers of {}, manifests of {}",
                size(number("stored_bytes")),
                number("layers"),
                size(number("layer_bytes")),
                size(number("manifest_bytes")),
            ),
        ),
        ("shared", size(number("shared_bytes"))),
    ];
    if number("trashed") > 0 {
        let images = number("trashed");
        lines.push(("trash", format!("{images} images")));
    }
    if number("uploads") > 0 {
        let (count, bytes) = (number("uploads"), size(number("upload_bytes")));
        lines.push(("uploads", format!("{count}, which have received {bytes}")));
    }
    lines.push(("reclaimable", size(number("reclaimable_bytes"))));
    let moments = figures.get("reclaimable").and_then(Value::as_array);
    let mut so_far = 0_u64;
    let mut moments = moments.into_iter().flatten().peekable();
    while let Some(moment) = moments.next() {
        so_far += moment.get("bytes").and_then(Value::as_u64).unwrap_or(0);
        // One line an hour: pushes of a busy day become free one after another.
        if moments.peek().is_none_or(|next| hour(next) != hour(moment)) {
            let by = time(moment.get("by"));
            lines.push(("", format!("{} by {by}", size(so_far))));
        }
    }
    lines
}

/// The hour in which something becomes free, since 1970.
fn hour(moment: &Value) -> Option<i64> {
    let by = moment.get("by").and_then(Value::as_i64)?;
    Some(by.div_euclid(3_600_000_000))
}

/// `12.3 MiB (12890112 bytes)`; what is below 10 KiB in bytes alone.
fn size(bytes: u64) -> String {
    let unit = ["KiB", "MiB", "GiB", "TiB", "PiB"]
        .into_iter()
        .zip([10_u32, 20, 30, 40, 50])
        .take_while(|(_, shift)| bytes >> shift > 0)
        .last();
    match unit {
        Some((unit, shift)) if bytes >= 10 << 10 => {
            // In whole numbers: a float would round what is large.
            let whole = bytes >> shift;
            let tenth = ((bytes >> (shift - 10)) % 1_024) * 10 / 1_024;
            format!("{whole}.{tenth} {unit} ({bytes} bytes)")
        }
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_largest_unit_and_in_bytes() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(10_239), "10239 bytes");
        assert_eq!(size(10_240), "10.0 KiB (10240 bytes)");
        assert_eq!(size((12 << 20) + (1 << 19)), "12.5 MiB (13107200 bytes)");
        assert_eq!(size(u64::MAX), format!("16383.9 PiB ({} bytes)", u64::MAX));
    }

    #[test]
    fn what_becomes_free_is_added_up_over_its_hours() {
        let figures = serde_json::json!({
            "images": 3, "untagged": 1, "reclaimable_bytes": 30,
            "reclaimable": [
                {"by": 0, "bytes": 4}, {"by": 60_000_000, "bytes": 6}, {"by": 3_600_000_000_u64, "bytes": 20},
            ],
        });
        let (mut images, mut moments) = (Vec::new(), Vec::new());
        for (what, said) in lines(&figures) {
            match what {
                "images" => images.push(said),
                "" => moments.push(said),
                _ => {}
            }
        }
        assert_eq!(images, ["3, 1 untagged"]);
        assert_eq!(
            moments,
            [
                "10 bytes by 1970-01-01T00:01:00Z",
                "30 bytes by 1970-01-01T01:00:00Z"
            ]
        );
    }
}
