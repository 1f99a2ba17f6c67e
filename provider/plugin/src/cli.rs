//! The command line: Terraform starts the program without arguments; people get help, the schema and the pages.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use provider_framework::{Plugin, ServeError, Server, diagnostics, docs, serve, serve_debug};

use crate::provider::Streaming;

/// What the plugin is.
pub const PLUGIN: Plugin =
    Plugin { name: "streaming", version: env!("CARGO_PKG_VERSION"), address: "md3/streaming" };

/// The full source address.
pub const ADDRESS: &str = "registry.terraform.io/md3/streaming";

/// The Terraform provider for streaming clusters on the Hetzner Cloud.
///
/// Terraform starts this program itself; without arguments it only talks to Terraform.
#[derive(Debug, Parser)]
#[command(name = "terraform-provider-streaming", version, about, long_about)]
struct Arguments {
    /// Wait for a Terraform that is told where to attach (prints `TF_REATTACH_PROVIDERS`), until Ctrl-C.
    #[arg(long)]
    debug: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the schema as `terraform providers schema -json` does.
    Schema,
    /// Write the reference pages, in the layout of the Terraform Registry.
    Docs {
        /// The folder to write into; its pages of resources, data sources and functions are replaced.
        #[arg(default_value = "docs")]
        folder: PathBuf,
        /// The folder with the examples to show.
        #[arg(long, default_value = "examples")]
        examples: PathBuf,
    },
}

/// Runs the program.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        // clap prints help and version to standard output, mistakes to standard error, and knows the exit code.
        Err(error) => error.exit(),
    };
    let server = Server::new(Streaming);
    let result = match arguments.command {
        Some(Command::Schema) => print(&docs::schema_json(&server, ADDRESS)),
        Some(Command::Docs { folder, examples }) => write_pages(&server, &folder, &examples),
        None if arguments.debug => serve_debug(server, &PLUGIN).map_err(explain),
        None => serve(server, &PLUGIN).map_err(explain),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(std::io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

fn explain(error: ServeError) -> String {
    match error {
        ServeError::NotAPlugin => {
            format!("{error}\n\nTo see what else it can do: terraform-provider-streaming --help")
        }
        error => format!("failed to {}", diagnostics::chain(&error)),
    }
}

fn print(text: &str) -> Result<(), String> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| format!("failed to print: {error}"))
}

fn write_pages(
    server: &Server<Streaming>,
    folder: &std::path::Path,
    examples: &std::path::Path,
) -> Result<(), String> {
    let example = |path: &str| std::fs::read_to_string(examples.join(path)).ok();
    for page in docs::pages(server, &example) {
        let path = folder.join(&page.path);
        let failed = |error: std::io::Error| format!("failed to write {}: {error}", path.display());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        std::fs::write(&path, &page.text).map_err(failed)?;
    }
    Ok(())
}
