//! Inventory programs of this machine.

use std::{path::Path, process::Command};

use runner_playbook::inventory::{Output, RunScript};

/// Runs them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Programs;

impl RunScript for Programs {
    fn run(&self, program: &Path, args: &[&str]) -> Result<Output, String> {
        let dir = program.parent().unwrap_or_else(|| Path::new("/"));
        let output =
            Command::new(program).args(args).current_dir(dir).output().map_err(|error| error.to_string())?;
        Ok(Output {
            status: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }
}
