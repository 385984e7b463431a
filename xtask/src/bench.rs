//! `cargo xtask bench`: Wharfinger beside Debian's docker-registry and nginx, one after another in one run.
//!
//! Judged is the server's own CPU time for one unit of work, which is steady; rates stand beside it.

pub(crate) mod api;
mod budget;
pub(crate) mod client;
mod compare;
mod content;
mod cpu;
mod limit;
mod machine;
mod measure;
pub(crate) mod memory;
mod report;
mod result;
mod rows;
mod server;
mod svg;
mod work;

use std::path::{Path, PathBuf};
use std::time::Instant;

use self::machine::Machine;
use self::result::Results;
use self::rows::{Bench, Plan, ROWS, Row};
use self::server::{Kind, Server};
use crate::ci::{root, say};

const USAGE: &str = "usage: cargo xtask bench [OPTION …]
       cargo xtask bench limit [OPTION …]         what storing costs at least; the same as --only limit
       cargo xtask bench compare A.json B.json    two results side by side
       cargo xtask bench show A.json [--write]    the tables of an earlier run
  --smoke            a few of everything: tells only whether the bench works
  --only ROW,…       these rows alone
  --server NAME,…    these servers alone
  --rounds N         how often each is measured; the median counts
  --times N          N times as long: for a profile
  --stream-mib N     size of each of the parallel transfers whose memory is measured
  --program FILE     this wharfinger instead of the source tree's; its results are not the commit's
  --json FILE        where the results go; unless given: target/bench/COMMIT.json, and nowhere with --smoke or --program
  --write            the tables and curves into docs/: of a whole run alone";

/// What the command line asks for.
struct Options {
    plan: Plan,
    smoke: bool,
    rows: Vec<&'static Row>,
    kinds: Vec<Kind>,
    /// What is measured instead of this source tree.
    program: Option<PathBuf>,
    json: Option<PathBuf>,
    write: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let smoke = arguments.iter().any(|a| a == "--smoke");
        let mut options = Self {
            plan: if smoke { Plan::smoke() } else { Plan::full() },
            smoke,
            rows: ROWS.iter().collect(),
            kinds: Kind::ALL.to_vec(),
            program: None,
            json: None,
            write: false,
        };
        let mut arguments = arguments.iter().map(String::as_str);
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.ok_or_else(|| format!("bench: {argument} needs a value\n{USAGE}"))
            };
            match argument {
                "--smoke" => {}
                "--write" => options.write = true,
                "limit" => options.rows = vec![row("limit")?],
                "--only" => {
                    options.rows = value()?.split(',').map(row).collect::<Result<_, _>>()?;
                }
                "--server" => {
                    options.kinds = value()?.split(',').map(kind).collect::<Result<_, _>>()?;
                }
                "--rounds" => options.plan.rounds = number(value()?)?,
                "--times" => options.plan.stretch(number(value()?)?),
                "--stream-mib" => {
                    options.plan.stream_size = u64::from(number::<u32>(value()?)?) << 20;
                }
                "--program" => options.program = Some(value()?.into()),
                "--json" => options.json = Some(value()?.into()),
                _ => return Err(format!("bench: unknown argument `{argument}`\n{USAGE}")),
            }
        }
        if options.write && (smoke || options.program.is_some() || !options.is_whole()) {
            return Err("bench: --write needs a whole run".to_owned());
        }
        Ok(options)
    }

    /// Whether every row is measured for every server.
    fn is_whole(&self) -> bool {
        self.rows.len() == ROWS.len() && self.kinds.len() == Kind::ALL.len()
    }

    /// Whether a server is measured at all.
    fn needs(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind) && self.rows.iter().any(|row| row.kinds.contains(&kind))
    }

    /// Where the results go.
    fn file(&self, commit: &str) -> Result<Option<PathBuf>, String> {
        if self.json.is_some() || self.smoke || self.program.is_some() {
            return Ok(self.json.clone());
        }
        let mut name = commit.to_owned();
        if self.rows.len() < ROWS.len() {
            for row in &self.rows {
                name.extend(["-", row.id]);
            }
        }
        if self.kinds.len() < Kind::ALL.len() {
            for kind in &self.kinds {
                name.extend(["-", kind.name()]);
            }
        }
        let folder = crate::ci::target_folder()?.join("bench");
        Ok(Some(folder.join(format!("{name}.json"))))
    }
}

fn row(id: &str) -> Result<&'static Row, String> {
    let known: Vec<&str> = ROWS.iter().map(|row| row.id).collect();
    let all = known.join(", ");
    rows::find(id).ok_or_else(|| format!("bench: no row `{id}`; there are: {all}"))
}

fn kind(name: &str) -> Result<Kind, String> {
    let mut all = Kind::ALL.iter().copied();
    all.find(|kind| kind.name() == name)
        .ok_or_else(|| format!("bench: no server `{name}`"))
}

/// A number of at least one.
fn number<T: std::str::FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let number = text.parse().ok().filter(|n| *n >= T::from(1));
    number.ok_or_else(|| format!("bench: `{text}` is no number of at least one"))
}

/// Runs the bench, or compares two of its results.
///
/// # Errors
/// A server that cannot be started, or an answer other than success. No figure is an error.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    match arguments.split_first() {
        Some((first, rest)) if first == "compare" => return compare::run(rest),
        Some((first, rest)) if first == "show" => return show(rest),
        _ => {}
    }
    if arguments.iter().any(|a| a == "--help") {
        return say(USAGE);
    }
    let options = Options::parse(arguments)?;
    let root = root()?;
    // On the disk of the source tree: a temporary directory may lie in memory, where waiting for the disk is free.
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(crate::ci::target_folder()?)
        .map_err(|e| format!("a directory below target: {e}"))?;
    let machine = Machine::here(folder.path())?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None if options.needs(Kind::Wharfinger) => server::build(&root, folder.path())?,
        None => PathBuf::new(),
    };
    let commit = match &options.program {
        Some(program) => program.display().to_string(),
        None => result::commit(&root),
    };
    let begin = Instant::now();
    let mut results = Results::new(machine, arguments, commit, api::now()?);
    let bench = Bench::new(options.plan.clone(), program, folder);
    measure(&bench, &options, &mut results)?;
    results.took_s = begin.elapsed().as_secs_f64();
    tell(&root, &options, &results)
}

/// Measures everything: a round of all rows, then the next, so that a minute in which the machine was busy spoils one
/// round and not one row. In each round another server comes first.
fn measure(bench: &Bench, options: &Options, results: &mut Results) -> Result<(), String> {
    for round in 0..bench.plan.rounds {
        for row in &options.rows {
            if row.once && round > 0 {
                continue;
            }
            let mut kinds: Vec<Kind> = row.kinds.to_vec();
            // The first round sets the order of the tables.
            let turn = round % kinds.len().max(1);
            kinds.rotate_left(turn);
            for kind in kinds {
                if !options.kinds.contains(&kind) {
                    continue;
                }
                let begin = Instant::now();
                let points = (row.measure)(bench, kind)
                    .map_err(|e| format!("{} of {}: {e}", row.id, kind.name()))?;
                results.add(row, kind, points);
                if !options.smoke {
                    // What one has left to be written to the disk must not slow the next.
                    rustix::fs::sync();
                }
                say(&format!(
                    "round {}: {} of {}: {:.1} s",
                    round + 1,
                    row.id,
                    kind.name(),
                    begin.elapsed().as_secs_f64()
                ))?;
            }
        }
    }
    Ok(())
}

/// Prints the results, and writes them where they are wanted.
fn tell(root: &Path, options: &Options, results: &Results) -> Result<(), String> {
    let budgets = !options.smoke && options.is_whole();
    say(&text_of(results, budgets))?;
    if let Some(file) = options.file(&results.commit)? {
        results.write(&file)?;
        say(&format!("results: {}", file.display()))?;
    }
    if options.write {
        write(root, results)?;
    }
    Ok(())
}

/// Prints the results of an earlier run; `--write` puts them into docs/.
fn show(arguments: &[String]) -> Result<(), String> {
    let (file, write_too) = match arguments {
        [file] => (file, false),
        [file, flag] if flag == "--write" => (file, true),
        _ => return Err(USAGE.to_owned()),
    };
    let results = Results::read(Path::new(file))?;
    say(&text_of(&results, true))?;
    if write_too {
        if !results.is_whole() {
            return Err("bench: --write needs a whole run".to_owned());
        }
        write(&root()?, &results)?;
    }
    Ok(())
}

fn text_of(results: &Results, budgets: bool) -> String {
    let tables = report::render(results);
    if budgets {
        format!("{}\n{tables}", budget::table(results))
    } else {
        tables
    }
}

/// Puts tables and curves into docs/.
fn write(root: &Path, results: &Results) -> Result<(), String> {
    let mut text = text_of(results, true);
    for picture in svg::write(root, results, ROWS)? {
        text.extend(["\n", &picture, "\n"]);
    }
    report::write(root, &text)
}

/// Names the process that is measured: for whoever wants a profile of it.
fn say_process(server: &Server) -> Result<(), String> {
    say(&format!(
        "{} is process {}",
        server.kind().name(),
        server.process()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&arguments)
    }

    #[test]
    fn rows_and_servers_are_chosen_by_name() {
        let options = parse("--only large-push,limit --server wharfinger --times 3").unwrap();
        let rows: Vec<&str> = options.rows.iter().map(|row| row.id).collect();
        assert_eq!(rows, ["large-push", "limit"]);
        assert_eq!(options.kinds, [Kind::Wharfinger]);
        assert_eq!(options.plan.layers, 3 * Plan::full().layers);
        assert!(options.needs(Kind::Wharfinger));
        // What needs no server is not kept waiting for one to be built.
        let limit = parse("limit").unwrap();
        assert_eq!(limit.rows.len(), 1);
        assert!(!limit.needs(Kind::Wharfinger));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for line in [
            "--fast",
            "--only nothing",
            "--server apache",
            "--rounds 0",
            "--rounds x",
            "--json",
            "--smoke --write",
            "--only limit --write",
            "--program x --write",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(parse("--write").is_ok());
    }

    #[test]
    fn a_part_of_a_run_does_not_take_the_place_of_a_whole_one() {
        let json = |line: &str| parse(line).unwrap().file("abc");
        assert_eq!(json("--smoke"), Ok(None));
        assert_eq!(json("--smoke --json x.json"), Ok(Some("x.json".into())));
        let name = |line: &str| {
            let file = json(line).unwrap().unwrap();
            file.file_name().unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(name(""), "abc.json");
        assert_eq!(name("--only limit"), "abc-limit.json");
        assert_eq!(name("--server nginx"), "abc-nginx.json");
    }

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let names: Vec<&str> = ROWS.iter().map(|row| row.id).collect();
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len());
    }
}
