//! The engine from outside: a decision table, a second evaluator, and the words of refusals.

#[cfg(test)]
mod decisions;
#[cfg(test)]
mod explanations;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod people;
#[cfg(test)]
mod plain;
