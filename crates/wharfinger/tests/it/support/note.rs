//! What a test has measured, for who reads its output.

/// Prints a line.
#[expect(
    clippy::print_stdout,
    reason = "what passed has no other place to say by how much"
)]
pub(crate) fn note(text: &str) {
    println!("{text}");
}
