//! The playbook command as a program of this package, so that tests always run what was just built.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner_connection::run_if_asked();
    let code = runner_cli::main(std::env::args_os().collect());
    ExitCode::from(u8::try_from(code).unwrap_or(250))
}
