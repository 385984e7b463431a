//! `cargo xtask scale`: fills a registry through the product's own operations, and measures it beside an almost empty one.
//!
//! What is demanded is that nothing grows with what is stored: the ratio of the two stands in the table.

mod fill;
mod measure;
mod report;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use self::fill::{Plan, Programs};
use self::measure::Figures;
use self::server::Server;
use crate::ci::{root, say};

const USAGE: &str = "usage: cargo xtask scale [--smoke] [--write] [--repositories N] [--images N] [--largest N] [DIR]
  fills DIR/large (kept, and used again if it was filled alike; else a directory that goes away) with images, LARGEST of
  them in one repository, and measures it beside an almost empty registry; --write puts the table into docs/performance.md";

/// The almost empty registry: enough for one page of each list.
const SMALL: Plan = Plan {
    repositories: 1_002,
    images: 3_000,
    largest: 2_000,
};

/// What the budgets are about.
const LARGE: Plan = Plan {
    repositories: 10_000,
    images: 1_000_000,
    largest: 100_000,
};

/// Tells only whether all of it works.
const SMOKE: (Plan, Plan) = (
    Plan {
        repositories: 3,
        images: 60,
        largest: 40,
    },
    Plan {
        repositories: 5,
        images: 300,
        largest: 250,
    },
);

/// What was asked for.
struct Wanted {
    smoke: bool,
    write: bool,
    small: Plan,
    large: Plan,
    folder: Option<PathBuf>,
}

impl Wanted {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let smoke = arguments.iter().any(|argument| argument == "--smoke");
        let (small, large) = if smoke { SMOKE } else { (SMALL, LARGE) };
        let mut wanted = Self {
            smoke,
            write: false,
            small,
            large,
            folder: None,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut number = || {
                let text = rest.next().ok_or(USAGE)?;
                text.parse::<u64>()
                    .map_err(|e| format!("scale: `{text}`: {e}"))
            };
            match argument.as_str() {
                "--smoke" => {}
                "--write" => wanted.write = true,
                "--repositories" => wanted.large.repositories = number()?,
                "--images" => wanted.large.images = number()?,
                "--largest" => wanted.large.largest = number()?,
                folder if !folder.starts_with('-') => wanted.folder = Some(PathBuf::from(folder)),
                unknown => return Err(format!("scale: unknown argument `{unknown}`; {USAGE}")),
            }
        }
        let plan = wanted.large;
        if plan.repositories == 0 || plan.largest == 0 || plan.largest > plan.images {
            return Err(format!(
                "scale: of {plan:?}, there must be repositories, and the largest has images, but not more than there are"
            ));
        }
        Ok(wanted)
    }
}

/// Fills, measures and tells.
///
/// # Errors
/// What cannot be started, an answer other than success, or rows other than those that were made. No figure is an error.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let wanted = Wanted::read(arguments)?;
    let root = root()?;
    // On the disk of the source tree: a temporary directory may lie in memory.
    let temporary = tempfile::Builder::new()
        .prefix("scale-")
        .tempdir_in(root.join("target"))
        .map_err(|e| format!("a directory below target: {e}"))?;
    let folder = wanted.folder.as_deref().unwrap_or(temporary.path());
    let programs = Programs::build(&root, temporary.path())?;
    let rounds = if wanted.smoke { 1 } else { 5 };
    let empty = start_up(&programs, &temporary.path().join("empty"), rounds)?;
    let small = figures(
        &programs,
        &temporary.path().join("small"),
        wanted.small,
        rounds,
    )?;
    let large = figures(&programs, &folder.join("large"), wanted.large, rounds)?;
    let text = report::render(&wanted, empty, &small, &large)?;
    say(&text)?;
    if wanted.write {
        report::write(&root, &text)?;
    }
    Ok(())
}

/// Median of the times from exec to 200 on /readyz, in milliseconds, of a registry that holds nothing.
fn start_up(programs: &Programs, place: &Path, rounds: usize) -> Result<f64, String> {
    // The first start makes keys and accounts.
    drop(Server::start(&programs.server, place)?);
    measure::start_up(programs, place, rounds)
}

fn figures(
    programs: &Programs,
    place: &Path,
    plan: Plan,
    rounds: usize,
) -> Result<Figures, String> {
    let took = filled(programs, place, plan)?;
    let start_up = measure::start_up(programs, place, rounds)?;
    let server = Server::start(&programs.server, place)?;
    let mut figures = measure::all(&server, plan)?;
    figures.add("start: exec to 200 on /readyz", start_up);
    figures.fill_seconds = took;
    figures.database_bytes = fs::metadata(place.join("data/metadata.db"))
        .map_err(|e| format!("the database: {e}"))?
        .len();
    measure::check_stats(&server, &programs.server, plan, &mut figures)?;
    Ok(figures)
}

/// Fills a directory unless it was filled with the same plan; how many seconds it took, if it did.
fn filled(programs: &Programs, place: &Path, plan: Plan) -> Result<Option<f64>, String> {
    let mark = place.join("filled");
    if fs::read_to_string(&mark).is_ok_and(|text| text == plan.to_string()) {
        say(&format!("{} holds {plan}", place.display()))?;
        return Ok(None);
    }
    fs::create_dir_all(place).map_err(|e| format!("{}: {e}", place.display()))?;
    if fs::read_dir(place.join("data")).is_ok() {
        return Err(format!(
            "scale: {} holds something else: name another directory",
            place.display()
        ));
    }
    drop(Server::start(&programs.server, place)?);
    say(&format!("filling {} with {plan}", place.display()))?;
    let begin = Instant::now();
    programs.fill(place, plan)?;
    let took = begin.elapsed().as_secs_f64();
    fs::write(&mark, plan.to_string()).map_err(|e| format!("{}: {e}", mark.display()))?;
    Ok(Some(took))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Wanted, String> {
        Wanted::read(
            &arguments
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn sizes_are_read_and_what_cannot_be_filled_is_refused() {
        let wanted = read(&["--images", "50", "--largest", "50", "--write", "there"]);
        let wanted = wanted.expect("arguments");
        assert_eq!((wanted.large.images, wanted.large.largest), (50, 50));
        assert!(wanted.write && !wanted.smoke);
        assert_eq!(wanted.folder, Some(PathBuf::from("there")));
        for wrong in [
            &["--images"][..],
            &["--images", "many"],
            &["--images", "9"],
            &["--largest", "0"],
            &["--speed"],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
        let smoke = read(&["--smoke"]).expect("arguments");
        assert!(smoke.large.images < 1_000);
    }
}
