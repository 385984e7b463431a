//! Filling: the plan, and the programs that carry it out.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::api::Key;
use crate::ci::cargo;

/// How much is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) repositories: u64,
    pub(super) images: u64,
    /// Images of the repository that has most.
    pub(super) largest: u64,
}

/// The repository that has most images.
pub(super) const LARGEST: &str = "scale/largest";

impl Plan {
    /// The tag of an image by its number, unless it has none.
    pub(super) fn tag(number: u64) -> Option<String> {
        (number % 10 != 9).then(|| format!("v{number:07}"))
    }

    /// How many of the images have a tag.
    pub(super) fn tags(self) -> u64 {
        self.images - self.images / 10
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} repositories and {} images, {} of them in one",
            self.repositories, self.images, self.largest
        )
    }
}

/// The product, and what fills its directory.
pub(super) struct Programs {
    pub(super) server: PathBuf,
    fill: PathBuf,
}

impl Programs {
    /// Builds both; copies in `folder` that no other build replaces meanwhile.
    pub(super) fn build(root: &Path, folder: &Path) -> Result<Self, String> {
        // As the tests are built, so that nothing is built twice.
        let build = |arguments: &[&str]| -> Result<(), String> {
            let status = Command::new(cargo())
                .args(["build", "--release"])
                .args(arguments)
                .current_dir(root)
                .status()
                .map_err(|e| format!("cargo: {e}"))?;
            let text = || format!("cargo build --release {} failed", arguments.join(" "));
            status.success().then_some(()).ok_or_else(text)
        };
        build(&[])?;
        build(&["--workspace", "--example", "fill"])?;
        let copy = |from: &str, name: &str| {
            let to = folder.join(name);
            fs::copy(crate::ci::target_folder()?.join("release").join(from), &to)
                .map_err(|e| format!("copying {from}: {e}"))?;
            Ok::<_, String>(to)
        };
        Ok(Self {
            server: copy("wharfinger", "wharfinger")?,
            fill: copy("examples/fill", "fill")?,
        })
    }

    /// Fills a directory in which a registry has been started once.
    pub(super) fn fill(&self, place: &Path, plan: Plan) -> Result<(), String> {
        let data = place.join("data");
        let key = Key::of(&self.server, &data)?;
        let numbers = [plan.repositories, plan.images, plan.largest];
        let status = Command::new(&self.fill)
            .arg(data)
            .arg(key.id())
            .args(numbers.map(|number| number.to_string()))
            .status()
            .map_err(|e| format!("fill: {e}"))?;
        status
            .success()
            .then_some(())
            .ok_or_else(|| "fill failed".to_owned())
    }
}
