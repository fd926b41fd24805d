//! placeholder
pub fn advise(_j: &crate::requirement::Judgement, _r: &[crate::record::RunResult]) -> Vec<String> { Vec::new() }
