//! Writes `crates/wharf-wire/src/ecr/shapes.rs` from the service model that botocore carries.
//!
//! Names, types and bounds only: none of the model's prose. What the generator does not know (a trait, a type in
//! a place where no table checks it, a pattern that the matcher cannot take) is an error, never left out.

mod emit;
mod model;
mod names;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::ci;

const BOTOCORE: &str = "1.43.11";
const SHAPES: &str = "crates/wharf-wire/src/ecr/shapes.rs";
const FETCH_MODEL: &str = include_str!("codegen/fetch_model.py");

/// Writes the generated file, or compares it with what would be written.
///
/// # Errors
/// When the model cannot be had, holds what the generator does not know, or the file differs in a comparison.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let compare = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err("usage: cargo xtask codegen [--check]".to_owned()),
    };
    let root = ci::root()?;
    let text = generate(&root)?;
    let path = root.join(SHAPES);
    let problem = |error: std::io::Error| format!("{SHAPES}: {error}");
    match std::fs::read_to_string(&path) {
        Ok(present) if present == text => Ok(()),
        Ok(_) if compare => Err(format!(
            "{SHAPES} is not what the generator writes: run `cargo xtask codegen`"
        )),
        Err(error) if compare => Err(problem(error)),
        Ok(_) | Err(_) => std::fs::write(&path, text).map_err(problem),
    }
}

fn generate(root: &Path) -> Result<String, String> {
    let model = model::parse(&fetch(root)?)?;
    format(root, &emit::shapes(&model, BOTOCORE)?)
}

/// The model's text, fetched once and kept below the target directory.
fn fetch(root: &Path) -> Result<Vec<u8>, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root.join("target"), PathBuf::from);
    let path = target
        .join("codegen")
        .join(format!("ecr-botocore-{BOTOCORE}.json"));
    if let Ok(kept) = std::fs::read(&path) {
        return Ok(kept);
    }
    let status = Command::new("python3")
        .args(["-c", FETCH_MODEL, BOTOCORE])
        .arg(&path)
        .status()
        .map_err(|error| format!("python3 cannot be started: {error}"))?;
    if !status.success() {
        return Err(format!(
            "the model of botocore {BOTOCORE} cannot be had: {status}"
        ));
    }
    std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

fn format(root: &Path, text: &str) -> Result<String, String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt cannot be started: {error}"))?;
    // rustfmt reads all of its input before it writes, so this cannot wait for itself.
    if let Some(mut input) = child.stdin.take() {
        input
            .write_all(text.as_bytes())
            .map_err(|error| format!("rustfmt: {error}"))?;
    }
    let output = child.wait_with_output();
    let output = output.map_err(|error| format!("rustfmt: {error}"))?;
    if !output.status.success() {
        return Err("rustfmt cannot read what the generator wrote".to_owned());
    }
    String::from_utf8(output.stdout).map_err(|error| format!("rustfmt: {error}"))
}
