//! `slurp`: the contents of a file, as base64.

use crate::{Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::io::ErrorKind;

static SPEC: Spec = Spec::new(
    "ansible.builtin.slurp",
    "Returns the contents of a file as base64.",
    "src(path) path! # The file.",
)
.read_only();

/// See the page above.
pub struct Slurp;

impl Module for Slurp {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let path = call.args.path("src");
        let shown = path.display();
        let bytes = system.read(path).map_err(|error| match (error.kind(), error.raw_os_error()) {
            (ErrorKind::NotFound, _) => format!("File not found: {shown}"),
            (ErrorKind::PermissionDenied, _) => format!("File is not readable: {shown}"),
            (_, Some(libc::EISDIR)) => format!("Source is a directory and must be a file: {shown}"),
            _ => format!("unable to slurp file: {}", io_text(&error)),
        })?;
        let mut plan = Plan::new();
        plan.set("content", STANDARD.encode(bytes))
            .set("source", call.args.str("src"))
            .set("encoding", "base64");
        Ok(plan)
    }
}
