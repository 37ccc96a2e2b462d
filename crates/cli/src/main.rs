//! `jumpcloud-adr`: carries every JumpCloud audit event into ADR.
//!
//! This crate owns the command line, the pipeline file, the list of components, secrets, signals and exit codes.
//! How events flow is the runtime's, what they mean the components'.

mod args;
mod clock;
mod columns;
mod commands;
mod components;
mod config;
mod control;
mod dead_letter;
mod desk;
mod devices;
mod drive;
mod entropy;
mod exit;
mod facts;
mod hosted;
mod launch;
mod logs;
mod observed;
mod out;
mod reload;
mod secrets;
mod signals;
mod state_dir;
mod testing;
mod web;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::Exit;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; everything else is a wrong command line.
            let exit = if error.exit_code() == 0 { Exit::Ok } else { Exit::Usage };
            // Nobody reads it: nothing is to be said.
            let _ = error.print();
            return exit.into();
        }
    };
    if let Err(stop) = logs::start(&cli.logging, cli.command.answers()) {
        return out::conclude(Err(stop), &cli.logging).into();
    }
    // The panic's own words are in the log already.
    let outcome = catch_unwind(AssertUnwindSafe(|| commands::dispatch(&cli)));
    let exit = match outcome {
        Ok(outcome) => out::conclude(outcome, &cli.logging),
        Err(_) => Exit::Bug,
    };
    logs::finish();
    exit.into()
}
