//! `cargo xtask fuzz`: builds the fuzz targets with the pinned compiler and runs them.
//!
//! Coverage needs no nightly: the compiler's pass that libFuzzer reads is there in every release. What needs one,
//! the address sanitizer, would find little in code that forbids `unsafe`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::ci::{cargo, root, say, target_folder};

/// How long a target runs unless told otherwise, in seconds.
const SECONDS: u64 = 60;
/// Targets at once: as many as the smallest machine has cores.
const AT_ONCE: usize = 2;
/// A target that ran so few inputs has tested nothing.
const FEWEST_RUNS: u64 = 1_000;
/// Longest input, in bytes. Larger bounds than that are for unit tests.
const MAX_INPUT: u64 = 16_384;

/// What makes the compiler count edges and comparisons where libFuzzer looks for them.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing -Dwarnings";

const USAGE: &str = "usage: cargo xtask fuzz [--seconds N] [TARGET [INPUT_FILE]]";

/// The folders of the targets, and of what they build and find.
struct Place {
    /// `fuzz/` of the source tree.
    source: PathBuf,
    /// Where cargo builds, and where the corpora grow.
    work: PathBuf,
}

/// Runs all targets, or one; or one of them on one input.
///
/// # Errors
/// Targets that cannot be built, that found an input which breaks a property, or that ran nearly nothing.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (seconds, words) = match words.as_slice() {
        ["--seconds", number, rest @ ..] => {
            let number = number.parse::<u64>().map_err(|_not_one| USAGE.to_owned())?;
            (number.max(1), rest)
        }
        all => (SECONDS, all),
    };
    let place = Place {
        source: root()?.join("fuzz"),
        work: target_folder()?.join("fuzz"),
    };
    let mut targets = place.targets()?;
    let input = match words {
        [] => None,
        [target] => {
            targets.retain(|t| t == target);
            None
        }
        [target, file] => {
            targets.retain(|t| t == target);
            Some(*file)
        }
        _ => return Err(USAGE.to_owned()),
    };
    if targets.is_empty() || words.first().is_some_and(|w| w.starts_with('-')) {
        return Err(format!("{USAGE}\ntargets: {}", place.targets()?.join(", ")));
    }
    let programs = place.build()?;
    if let (Some(file), [target]) = (input, targets.as_slice()) {
        return one_input(&programs.join(target), file);
    }
    let mut failed = Vec::new();
    for few in targets.chunks(AT_ONCE) {
        let running = few
            .iter()
            .map(|target| place.start(&programs, target, seconds).map(|c| (target, c)))
            .collect::<Result<Vec<_>, String>>()?;
        for (target, child) in running {
            if let Err(problem) = place.finish(target, child) {
                say(&problem)?;
                failed.push(target.as_str());
            }
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("fuzz: failed: {}", failed.join(", ")))
    }
}

impl Place {
    /// The names of the targets, sorted.
    fn targets(&self) -> Result<Vec<String>, String> {
        let folder = self.source.join("targets");
        let problem = |e: std::io::Error| format!("{}: {e}", folder.display());
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(problem)? {
            let path = entry.map_err(problem)?.path();
            names.extend(path.file_stem().map(|s| s.to_string_lossy().into_owned()));
        }
        names.sort();
        Ok(names)
    }

    /// Builds all targets; returns the folder of the programs.
    fn build(&self) -> Result<PathBuf, String> {
        self.take_versions()?;
        let host = host()?;
        let status = Command::new(cargo())
            .args(["build", "--release", "--manifest-path"])
            .arg(self.source.join("Cargo.toml"))
            // A named target, though it is this machine: build scripts and macros are not instrumented.
            .args(["--target", &host, "--target-dir"])
            .arg(&self.work)
            .env("RUSTFLAGS", FLAGS)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .status()
            .map_err(|e| format!("cargo build: {e}"))?;
        if status.success() {
            Ok(self.work.join(host).join("release"))
        } else {
            Err("the fuzz targets cannot be built".to_owned())
        }
    }

    /// Takes the workspace's locked versions, so that what is fuzzed is what is shipped. Cargo adds those of the
    /// fuzzer itself; only after a change of the workspace's are they asked for anew.
    fn take_versions(&self) -> Result<(), String> {
        let problem = |e: std::io::Error| format!("Cargo.lock of the fuzz targets: {e}");
        let current = fs::read(root()?.join("Cargo.lock")).map_err(problem)?;
        let (own, taken) = (
            self.source.join("Cargo.lock"),
            self.work.join("Cargo.lock.taken"),
        );
        if own.is_file() && fs::read(&taken).is_ok_and(|before| before == current) {
            return Ok(());
        }
        fs::create_dir_all(&self.work).map_err(problem)?;
        fs::write(own, &current).map_err(problem)?;
        fs::write(taken, &current).map_err(problem)
    }

    fn start(&self, programs: &Path, target: &str, seconds: u64) -> Result<Child, String> {
        let corpus = self.work.join("corpus").join(target);
        let found = self.found(target);
        let problem = |e: std::io::Error| format!("{target}: {e}");
        for folder in [&corpus, &found] {
            fs::create_dir_all(folder).map_err(problem)?;
        }
        let log = fs::File::create(self.log(target)).map_err(problem)?;
        Command::new(programs.join(target))
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={MAX_INPUT}"))
            .arg(format!("-artifact_prefix={}/", found.display()))
            .args(["-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1"])
            // The first folder grows; the seeds are only read.
            .arg(corpus)
            .arg(self.source.join("seeds").join(target))
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(problem)
    }

    /// Waits for a target and tells what it did.
    fn finish(&self, target: &str, mut child: Child) -> Result<(), String> {
        let status = child.wait().map_err(|e| format!("{target}: {e}"))?;
        let bytes = fs::read(self.log(target)).map_err(|e| format!("{target}: {e}"))?;
        let log = String::from_utf8_lossy(&bytes);
        if !status.success() {
            return Err(format!(
                "{}\n{target}: a property does not hold; the input is in {}\n\
                 to run it again: cargo xtask fuzz {target} THE_FILE",
                tail(&log),
                self.found(target).display()
            ));
        }
        if !log.contains("inline 8-bit counters") {
            return Err(format!("{}\n{target}: counts no coverage", tail(&log)));
        }
        let runs = number(&log, "stat::number_of_executed_units:");
        let edges = number(&log, " cov:");
        if runs < FEWEST_RUNS {
            return Err(format!("{}\n{target}: only {runs} inputs", tail(&log)));
        }
        say(&format!("{target}: {runs} inputs, {edges} edges"))
    }

    fn found(&self, target: &str) -> PathBuf {
        self.work.join("found").join(target)
    }

    fn log(&self, target: &str) -> PathBuf {
        self.work.join(format!("{target}.log"))
    }
}

/// Runs a target on one file and shows what it says.
fn one_input(program: &Path, file: &str) -> Result<(), String> {
    let status = Command::new(program)
        .arg(file)
        .env("RUST_BACKTRACE", "1")
        .status()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    if status.success() {
        say("no property is broken")
    } else {
        Err(format!("fuzz: {file} breaks a property"))
    }
}

/// The name of this machine's target, as the compiler calls it.
fn host() -> Result<String, String> {
    let done = Command::new("rustc")
        .arg("-vV")
        .output()
        .map_err(|e| format!("rustc: {e}"))?;
    let said = String::from_utf8_lossy(&done.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "rustc does not tell its host".to_owned())
}

/// The number behind the last occurrence of a word; 0 if there is none.
fn number(log: &str, word: &str) -> u64 {
    let behind = log.rsplit_once(word).map_or("", |(_, behind)| behind);
    let digits = behind.split_whitespace().next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

/// The last lines of a log, without the long lists of words that libFuzzer recommends.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|l| !l.contains("# Uses:")).collect();
    let from = lines.len().saturating_sub(60);
    lines.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_behind_a_word_counts() {
        let log = "#2 INITED cov: 12 ft: 3\n#9 DONE   cov: 34 ft: 5\nstat::units:  7\n";
        assert_eq!(number(log, " cov:"), 34);
        assert_eq!(number(log, "stat::units:"), 7);
        assert_eq!(number(log, "absent"), 0);
    }

    #[test]
    fn every_target_is_built_and_has_seeds() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        let place = Place {
            work: source.clone(),
            source: source.clone(),
        };
        let manifest = fs::read_to_string(source.join("Cargo.toml")).expect("the manifest");
        for target in place.targets().expect("targets") {
            assert!(
                manifest.contains(&format!("path = \"targets/{target}.rs\"")),
                "{target} is not in fuzz/Cargo.toml"
            );
            let seeds = fs::read_dir(source.join("seeds").join(&target)).expect("seeds");
            assert!(seeds.count() >= 3, "{target} has too few seeds");
        }
    }
}
