//! `hostname`: the machine's name, by hostnamectl, or by `/etc/hostname` where there is no systemd.

use super::setup::platform::full_name;
use crate::{
    Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call, placing,
};
use serde_json::json;
use std::path::Path;

static SPEC: Spec = Spec::new(
    "ansible.builtin.hostname",
    "Sets the machine's name.",
    "name str! # The name.
use str {alpine|debian|freebsd|generic|macos|macosx|darwin|openbsd|openrc|redhat|sles|solaris|systemd} # How to set it; found out if not given.",
)
.with_diff();

/// See the page above.
pub struct Hostname;

impl Module for Hostname {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let name = call.args.str("name");
        let systemd = match call.args.opt("use") {
            Some("systemd") => true,
            Some(_) => false,
            None => system.exists(Path::new("/run/systemd/system")) && system.which("hostnamectl").is_some(),
        };
        let ask = |which: &str| -> Option<String> {
            let output = system.query(&Command::new(&["hostnamectl", which, "status"])).ok()?;
            output.ok().then(|| output.out().trim().to_owned())
        };
        let file = || system.text("/etc/hostname").trim().to_owned();
        let permanent = if systemd { ask("--static").unwrap_or_else(file) } else { file() };
        let current = if systemd { ask("--transient").unwrap_or_default() } else { system.uname().node };
        let mut plan = Plan::new();
        let short = name.split('.').next().unwrap_or(name);
        let fqdn = full_name(system, &system.uname().node);
        let domain = fqdn.split_once('.').map_or("", |(_, domain)| domain).to_owned();
        plan.set("name", name).set(
            "ansible_facts",
            json!({ "ansible_hostname": short, "ansible_nodename": name, "ansible_fqdn": fqdn, "ansible_domain": domain }),
        );
        let mut before = permanent.clone();
        if current != name && !(systemd && permanent == name && current.is_empty()) {
            before = current;
            plan.change("set the current name", move |system, _| {
                let argv: &[&str] = if systemd {
                    &["hostnamectl", "--transient", "set-hostname", name]
                } else {
                    &["hostname", name]
                };
                tool(system, argv)
            });
        }
        if permanent != name {
            before = permanent;
            plan.change("set the permanent name", move |system, _| {
                if systemd {
                    tool(system, &["hostnamectl", "--pretty", "--static", "set-hostname", name])
                } else {
                    let text = format!("{name}\n");
                    placing::place(
                        system,
                        Path::new("/etc/hostname"),
                        &mut text.as_bytes(),
                        &placing::How::default(),
                    )?;
                    Ok(Done::Changed)
                }
            });
        }
        if plan.is_change() {
            let (before, after) = (format!("hostname = {before}\n"), format!("hostname = {name}\n"));
            plan.diff = Some(json!({ "before": before, "after": after }));
        }
        Ok(plan)
    }
}

fn tool(system: &mut dyn System, argv: &[&str]) -> Result<Done, Failure> {
    let output = system.run(&Command::new(argv)).map_err(|error| io_text(&error))?;
    if !output.ok() {
        let (out, err) = (output.out(), output.err());
        return Err(format!("Command failed rc={}, out={out}, err={err}", output.rc).into());
    }
    Ok(Done::Changed)
}
