//! `capabilities`: what a program may do without being root.

use crate::{Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call};

static SPEC: Spec = Spec::new(
    "community.general.capabilities",
    "Manages capabilities of files.",
    "path(key) str! # The file.
capability(cap) str! # The capability, such as cap_net_bind_service+ep.
state str =present {absent|present} # Whether the file should have it.",
);

/// See the page above.
pub struct Capabilities;

impl Module for Capabilities {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let path = args.str("path");
        let present = args.str("state") == "present";
        let wanted = args.str("capability").trim().to_lowercase();
        let (name, _, _) = parts(&wanted, present)?;
        let output = system
            .query(&Command::new(&["getcap", "-v", path]).in_english())
            .map_err(|error| io_text(&error))?;
        if !output.ok() || output.err().contains("No such file") {
            return Err(format!("Unable to get capabilities of {path}").into());
        }
        let text = output.out();
        let list = text.trim().strip_prefix(path).unwrap_or_default().trim_start_matches(" =").trim();
        let mut all: Vec<String> = Vec::new();
        for group in list.split_whitespace() {
            // `a,b=ep` is one group of capabilities with the same flags.
            let at = group.find(['=', '+', '-']).unwrap_or(group.len());
            all.extend(
                group[..at]
                    .split(',')
                    .filter(|cap| !cap.is_empty())
                    .map(|cap| format!("{cap}{}", &group[at..])),
            );
        }
        let same = |have: &String| {
            let own = parts(have, true).ok();
            own.is_some_and(|(known, _, flags)| {
                known == name
                    && sorted(&flags) == sorted(&parts(&wanted, true).map(|(_, _, f)| f).unwrap_or_default())
            })
        };
        let has_name = |have: &String| parts(have, true).is_ok_and(|(known, _, _)| known == name);
        let mut plan = Plan::new();
        plan.set("state", args.str("state"));
        let there = if present { all.iter().any(same) } else { !all.iter().any(has_name) };
        plan.set(
            "msg",
            if there { format!("capabilities unchanged for {path}") } else { "capabilities changed".into() },
        );
        if there {
            return Ok(plan);
        }
        all.retain(|have| !has_name(have));
        if present {
            all.push(wanted);
        }
        plan.change("setcap", move |system, returns| {
            let joined = all.join(" ");
            let argv =
                if all.is_empty() { vec!["setcap", "-r", path] } else { vec!["setcap", &joined, path] };
            let output = system.run(&Command::new(&argv).in_english()).map_err(|error| io_text(&error))?;
            returns.insert("stdout".into(), output.out().into());
            if output.ok() {
                Ok(Done::Changed)
            } else {
                Err(format!("Unable to set capabilities of {path}: {}", output.err()).into())
            }
        });
        Ok(plan)
    }
}

/// Name, operator and flags.
fn parts(text: &str, with_flags: bool) -> Result<(String, char, String), Failure> {
    match text.find(['=', '+', '-']) {
        Some(at) => Ok((text[..at].into(), char::from(text.as_bytes()[at]), text[at + 1..].into())),
        None if !with_flags => Ok((text.into(), '=', String::new())),
        None => Err(format!("Couldn't find operator (one of: ['=', '-', '+'])\ncapability: {text}").into()),
    }
}

fn sorted(flags: &str) -> Vec<char> {
    let mut flags: Vec<char> = flags.chars().collect();
    flags.sort_unstable();
    flags
}
