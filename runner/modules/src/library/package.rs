//! `package`: a package by whatever the machine uses; here that is apt.

use crate::{Failure, Invocation, Module, Plan, Spec, System, outcome::Call};

static SPEC: Spec = Spec::new(
    "ansible.builtin.package",
    "Manages packages with the machine's own package manager.",
    "name raw! # Packages.
state str! # present, latest, absent, or what the package manager has.
use str =auto # The package manager; found out by default.",
)
.open();

/// See the page above.
pub struct Package;

impl Module for Package {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn instead(&self, invocation: &Invocation) -> Option<Invocation> {
        let mut other = invocation.clone();
        let wanted = other.args.remove("use");
        let ours = ["auto", "apt", "ansible.builtin.apt"];
        if wanted.as_ref().and_then(serde_json::Value::as_str).is_some_and(|wanted| !ours.contains(&wanted)) {
            return None;
        }
        other.module = "ansible.builtin.apt".into();
        Some(other)
    }

    fn plan<'a>(&self, call: &'a Call<'a>, _: &dyn System) -> Result<Plan<'a>, Failure> {
        let wanted = call.args.str("use");
        Err(format!("Could not find a matching action for the \"{wanted}\" package manager.").into())
    }
}
