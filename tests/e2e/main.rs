//! emogrid as its users meet it: through the binary, against a server.

#![allow(clippy::print_stderr)]

mod anonymize;
mod audit;
mod checks;
mod counterfactual;
mod dedup;
mod dedup_semantic;
mod editing;
mod exemplars;
mod export;
mod fake;
mod faults;
mod finetune;
mod forecast;
mod forget;
mod freeze;
mod import;
mod judge;
mod keys;
mod kill;
mod learn;
mod leaving;
mod log;
mod money;
mod morning;
mod near;
mod nights;
mod paired;
mod parquet;
mod project;
mod raised;
mod refine;
mod rerun;
mod rewrite;
mod rounds;
mod second_look;
mod semantic;
mod several;
mod tables;
mod told;
mod tune;
mod unwritable;
mod why;
mod writers;
