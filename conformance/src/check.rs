//! How a test says what it demands.

use std::fmt::Display;

/// Why a test ends before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A demand is not met.
    Failed {
        /// What the specification lets one expect.
        expected: String,
        /// What came instead.
        seen: String,
    },
    /// The registry does not offer what the test is about, and need not.
    NotOffered(String),
}

/// What a step of a test yields.
pub(crate) type Check<T = ()> = Result<T, Stop>;

/// Ends the test: a demand is not met.
pub(crate) fn fail<T>(expected: impl Into<String>, seen: impl Into<String>) -> Check<T> {
    Err(Stop::Failed {
        expected: expected.into(),
        seen: seen.into(),
    })
}

/// Ends the test: the registry does not offer this, and need not.
pub(crate) fn not_offered<T>(why: impl Into<String>) -> Check<T> {
    Err(Stop::NotOffered(why.into()))
}

/// Demands what the specification calls a MUST.
pub(crate) fn must(holds: bool, expected: &str, seen: impl Display) -> Check {
    if holds {
        Ok(())
    } else {
        fail(expected, seen.to_string())
    }
}

/// Demands that both are the same text.
pub(crate) fn must_equal(what: &str, expected: &str, seen: &str) -> Check {
    must(
        expected == seen,
        &format!("{what}: {}", shortened(expected)),
        shortened(seen),
    )
}

/// At most some 200 characters, printable ones only: what a registry sends is shown on a terminal.
pub(crate) fn shortened(text: &str) -> String {
    shortened_to(200, text)
}

/// The same, with another limit.
pub(crate) fn shortened_to(most: usize, text: &str) -> String {
    let shown = text.chars().take(most);
    let mut short: String = shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}
