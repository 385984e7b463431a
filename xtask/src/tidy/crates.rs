//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::ci;

/// The crates that each crate of ours may name. Arrows point down only, and the libraries in the
/// middle never see each other.
const EDGES: &[(&str, &[&str])] = &[
    ("wharf-wire", &[]),
    ("wharf-policy", &["wharf-wire"]),
    ("wharf-meta", &["wharf-wire"]),
    // It seals what it stores: the frames are the keys' format.
    ("wharf-blob", &["wharf-wire", "wharf-keys"]),
    ("wharf-identity", &["wharf-wire"]),
    ("wharf-keys", &["wharf-wire"]),
    (
        "wharf-registry",
        &[
            "wharf-wire",
            "wharf-policy",
            "wharf-meta",
            "wharf-blob",
            "wharf-identity",
            "wharf-keys",
        ],
    ),
    ("wharf-watch", &[]),
    (
        "wharf-http",
        &["wharf-wire", "wharf-registry", "wharf-watch"],
    ),
    (
        "wharfinger",
        // Policies are also tried out without a registry.
        &[
            "wharf-wire",
            "wharf-policy",
            "wharf-registry",
            "wharf-watch",
            "wharf-http",
        ],
    ),
    // It looks from outside: what it shared with the product, it could not test.
    ("conformance", &[]),
    // The bench measures the leaves alone, to say what the machine could do at best.
    (
        "xtask",
        &["wharf-wire", "wharf-keys", "wharf-blob", "wharf-policy"],
    ),
];

/// Crates without I/O, async or clock, at any depth.
const PURE: &[&str] = &["wharf-wire", "wharf-policy"];

/// What would make them impure: runtimes, databases, servers, clients.
const IMPURE: &[&str] = &[
    "tokio",
    "rusqlite",
    "libsqlite3-sys",
    "postgres",
    "tokio-postgres",
    "hyper",
    "hyper-util",
    "reqwest",
    "mio",
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_members: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

/// Compares the manifests with the lists above.
pub(super) fn check(root: &Path) -> Result<Vec<String>, String> {
    let metadata = metadata(root)?;
    let mut problems = direct(&metadata);
    problems.extend(PURE.iter().flat_map(|name| impurities(&metadata, name)));
    Ok(problems)
}

fn metadata(root: &Path) -> Result<Metadata, String> {
    let cargo = ci::cargo();
    let done = Command::new(cargo)
        .args(["metadata", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(|e| format!("cargo metadata: {e}"))?;
    if !done.status.success() {
        return Err(format!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&done.stderr)
        ));
    }
    serde_json::from_slice(&done.stdout).map_err(|e| format!("cargo metadata: {e}"))
}

/// Edges between our own crates that are not in the list; edges of tests are free.
fn direct(metadata: &Metadata) -> Vec<String> {
    let members: Vec<&Package> = metadata
        .packages
        .iter()
        .filter(|p| metadata.workspace_members.contains(&p.id))
        .collect();
    let ours: BTreeSet<&str> = members.iter().map(|p| p.name.as_str()).collect();
    let mut problems = Vec::new();
    for package in members {
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == package.name) else {
            problems.push(format!(
                "crate {} is not in the list of allowed edges (xtask/src/tidy/crates.rs)",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let shipped = dependency.kind.as_deref() != Some("dev");
            if shipped && ours.contains(name) && !allowed.contains(&name) {
                problems.push(format!("{} may not depend on {name}", package.name));
            }
        }
    }
    problems
}

/// What a pure crate pulls in that it must not, at any depth.
fn impurities(metadata: &Metadata, name: &str) -> Vec<String> {
    let names: BTreeMap<&str, &str> = metadata
        .packages
        .iter()
        .map(|p| (p.id.as_str(), p.name.as_str()))
        .collect();
    let nodes: BTreeMap<&str, &Node> = metadata
        .resolve
        .nodes
        .iter()
        .map(|n| (n.id.as_str(), n))
        .collect();
    let mut open: Vec<&str> = names
        .iter()
        .filter(|(_, n)| **n == name)
        .map(|(id, _)| *id)
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let edges = nodes.get(id).map(|n| n.deps.as_slice()).unwrap_or_default();
        let shipped = edges
            .iter()
            .filter(|e| e.dep_kinds.iter().any(|k| k.kind.as_deref() != Some("dev")));
        open.extend(shipped.map(|e| e.pkg.as_str()));
    }
    let reached = seen.iter().filter_map(|id| names.get(id));
    reached
        .filter(|n| IMPURE.contains(n))
        .map(|n| format!("{name} pulls in {n}"))
        .collect()
}
