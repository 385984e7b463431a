//! Development tasks: `cargo xtask <task>`.

mod bench;
mod ci;
mod codegen;
mod fuzz;
mod page;
mod scale;
mod tidy;

use std::io::Write as _;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <task>
  bench [OPTION …]    beside docker-registry and nginx; `bench --help` tells the options
  bench limit         what storing a layer costs at least
  bench compare A.json B.json
                      two results of the bench side by side
  ci [--full]         every check, as CI makes them
  codegen [--check]   writes the generated files, or compares them with what would be written
  fuzz [--seconds N] [TARGET [FILE]]
                      all fuzz targets for N seconds each, or one, or one on one input
  scale [--smoke] [--write] [--repositories N] [--images N] [--largest N] [DIR]
                      a registry with a million images beside an almost empty one
  tidy [--write]      the rules of the source tree, and the tables in docs/";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("", arguments.as_slice()),
    };
    let result = match task {
        "bench" => bench::run(rest),
        "ci" => ci::run(rest),
        "codegen" => codegen::run(rest),
        "fuzz" => fuzz::run(rest),
        "scale" => scale::run(rest),
        "tidy" => tidy::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            // Without a standard error there is nobody to tell; the exit code remains.
            drop(writeln!(std::io::stderr(), "{text}"));
            ExitCode::FAILURE
        }
    }
}
