//! Who is told: what somebody can read afterwards of what was asked and decided. No SQL, no `Ctx`.
pub mod audit;
