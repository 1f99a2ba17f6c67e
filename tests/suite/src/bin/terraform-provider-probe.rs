//! The test provider as a program of its own, as Terraform finds it in a mirror.

use std::process::ExitCode;

use provider_framework::{Server, serve};
use tests_suite::probe::{PLUGIN, Probe};

fn main() -> ExitCode {
    match serve(Server::new(Probe), &PLUGIN) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
