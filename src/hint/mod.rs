<<<<<<< HEAD
//! placeholder
pub fn advise(_j: &crate::requirement::Judgement, _r: &[crate::record::RunResult]) -> Vec<String> { Vec::new() }
=======
//! From what was found in a run to what to do about it: a table, and pure.

mod case;
mod failures;
mod generator;
mod session;
mod slowness;
mod table;
#[cfg(test)]
mod tests;

pub use table::advise;
>>>>>>> report
