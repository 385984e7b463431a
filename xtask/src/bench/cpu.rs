//! CPU time of a process and those it has started, from `/proc`.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

/// Clock ticks a second in `/proc/PID/stat`: the same on every Linux.
const TICKS: u64 = 100;

/// The fields of `/proc/PID/stat` that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// User and system time of the process itself, in ticks.
    own: u64,
    /// That of its ended and awaited children.
    children: u64,
}

/// User and system time of a process and all its descendants so far.
///
/// # Errors
/// When the process is gone.
pub(super) fn of_tree(process: u32) -> Result<Duration, String> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))
        .map_err(|e| format!("process {process}: {e}"))?;
    let top = parse(&text).ok_or_else(|| format!("process {process}: {text}"))?;
    let mut ticks = top.own + top.children;
    let mut family = BTreeSet::from([process]);
    let mut others = others();
    // Parents come before their children only mostly: look until nobody joins.
    loop {
        let (joining, rest): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|(_, stat)| family.contains(&stat.parent));
        if joining.is_empty() {
            break;
        }
        for (id, stat) in joining {
            family.insert(id);
            ticks += stat.own;
        }
        others = rest;
    }
    Ok(Duration::from_millis(ticks * 1_000 / TICKS))
}

/// User and system time of this process and of the children it has waited for: the client, and `wrk` where that is it.
///
/// # Errors
/// When `/proc` cannot be read.
pub(super) fn of_self() -> Result<Duration, String> {
    let text = fs::read_to_string("/proc/self/stat").map_err(|e| format!("/proc/self: {e}"))?;
    let stat = parse(&text).ok_or_else(|| format!("/proc/self/stat: {text}"))?;
    Ok(Duration::from_millis(
        (stat.own + stat.children) * 1_000 / TICKS,
    ))
}

/// Every process there is; one that ends meanwhile is left out.
fn others() -> Vec<(u32, Stat)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let id: u32 = entry.file_name().to_str()?.parse().ok()?;
            let text = fs::read_to_string(entry.path().join("stat")).ok()?;
            Some((id, parse(&text)?))
        })
        .collect()
}

/// Reads a line of `/proc/PID/stat`; the name in parentheses may hold anything.
fn parse(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |place: usize| fields.get(place).and_then(|f| f.parse::<u64>().ok());
    Some(Stat {
        parent: u32::try_from(number(1)?).ok()?,
        own: number(11)? + number(12)?,
        children: number(13)? + number(14)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_blanks_and_parentheses() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194304 1 0 0 0 30 12 5 6 20 0 1 0 100\n";
        let stat = parse(line);
        assert_eq!(
            stat,
            Some(Stat {
                parent: 7,
                own: 42,
                children: 11
            })
        );
        assert_eq!(parse("42 (a"), None);
    }

    #[test]
    fn the_own_process_has_used_some_time() {
        assert!(of_tree(std::process::id()).is_ok());
        assert!(of_self().is_ok());
    }
}
