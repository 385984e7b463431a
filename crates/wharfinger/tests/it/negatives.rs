//! Faults seen in other registries, each kept away by a test that bears its number.
