//! The binary `terraform-provider-streaming`.

use std::process::ExitCode;

fn main() -> ExitCode {
    provider_plugin::cli::run(std::env::args_os())
}
