//! Writes `crates/wharf-wire/src/*/shapes.rs` from the service models that botocore carries.
//!
//! Names, types and bounds only: none of the models' prose. What the generator does not know (a trait, a type in
//! a place where no table checks it, a pattern that the matcher cannot take) is an error, never left out.

mod emit;
mod model;
mod names;
mod services;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use services::{ABSENT_FOR_ROOT, SERVICES, Service};

use crate::ci;

const BOTOCORE: &str = "1.43.11";
const FETCH_MODEL: &str = include_str!("codegen/fetch_model.py");

/// Writes the generated files, or compares them with what would be written.
///
/// # Errors
/// When a model cannot be had, holds what the generator does not know, or a file differs in a comparison.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let compare = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err("usage: cargo xtask codegen [--check]".to_owned()),
    };
    let root = ci::root()?;
    for service in SERVICES {
        let text = generate(&root, service)?;
        let name = service.path();
        let path = root.join(&name);
        let problem = |error: std::io::Error| format!("{name}: {error}");
        match std::fs::read_to_string(&path) {
            Ok(present) if present == text => {}
            Ok(_) if compare => {
                return Err(format!(
                    "{name} is not what the generator writes: run `cargo xtask codegen`"
                ));
            }
            Err(error) if compare => return Err(problem(error)),
            Ok(_) | Err(_) => std::fs::write(&path, text).map_err(problem)?,
        }
    }
    Ok(())
}

fn generate(root: &Path, service: &Service) -> Result<String, String> {
    let problem = |error: String| format!("{}: {error}", service.name);
    let mut model = model::parse(&fetch(root, service)?).map_err(problem)?;
    model.keep(|operation| service.has(operation));
    if service.name == "iam" {
        model.relax(ABSENT_FOR_ROOT).map_err(problem)?;
    }
    format(
        root,
        &emit::shapes(&model, service, BOTOCORE).map_err(problem)?,
    )
}

/// The model's text, fetched once and kept below the target directory.
fn fetch(root: &Path, service: &Service) -> Result<Vec<u8>, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root.join("target"), PathBuf::from);
    let path = target
        .join("codegen")
        .join(format!("{}-botocore-{BOTOCORE}.json", service.name));
    if let Ok(kept) = std::fs::read(&path) {
        return Ok(kept);
    }
    let status = Command::new("python3")
        .args(["-c", FETCH_MODEL, BOTOCORE])
        .arg(format!("{}/{}", service.name, service.version))
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
