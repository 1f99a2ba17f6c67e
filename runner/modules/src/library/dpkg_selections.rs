//! `dpkg_selections`: what dpkg shall do with a package: keep it on hold, for example.

use crate::{Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call};

static SPEC: Spec = Spec::new(
    "ansible.builtin.dpkg_selections",
    "Changes dpkg's selections.",
    "name str! # The package.
selection str! {install|hold|deinstall|purge} # What dpkg shall do with it.",
);

/// See the page above.
pub struct DpkgSelections;

impl Module for DpkgSelections {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let (name, wanted) = (call.args.str("name"), call.args.str("selection"));
        let output = system
            .query(&Command::new(&["dpkg", "--get-selections", name]))
            .map_err(|error| io_text(&error))?;
        let text = output.out();
        let present = text.split_whitespace().nth(1).unwrap_or("not present").to_owned();
        if text.trim().is_empty() {
            return Err(format!("Failed to find package '{name}' to perform selection '{wanted}'.").into());
        }
        let mut plan = Plan::new();
        plan.set("before", present.as_str()).set("after", wanted);
        if present != wanted {
            plan.change("dpkg --set-selections", move |system, _| {
                let command = Command::new(&["dpkg", "--set-selections"]).stdin(format!("{name} {wanted}\n"));
                let output = system.run(&command).map_err(|error| io_text(&error))?;
                if !output.ok() {
                    return Err(output.err().into());
                }
                Ok(Done::Changed)
            });
        }
        Ok(plan)
    }
}
