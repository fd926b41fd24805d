#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| agentos_perf::fuzzing::answer_rules(bytes));
