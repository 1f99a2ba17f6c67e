//! `locale_gen`: a locale is generated, or is not.

use crate::{
    Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call, placing,
};
use std::path::Path;

static SPEC: Spec = Spec::new(
    "community.general.locale_gen",
    "Generates locales.",
    "name list:str! # The locales, such as en_US.UTF-8.
state str =present {absent|present} # Whether they should be there.",
);

/// See the page above.
pub struct LocaleGen;

const FILE: &str = "/etc/locale.gen";

impl Module for LocaleGen {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let names = call.args.list("name");
        let present = call.args.str("state") == "present";
        if !system.exists(Path::new(FILE)) {
            return Err(format!(
                "{FILE} and /var/lib/locales/supported.d/ are missing. Is the package \"locales\" installed?"
            )
            .into());
        }
        let text = system.text(FILE);
        let supported = system.text("/usr/share/i18n/SUPPORTED");
        let output = system.query(&Command::new(&["locale", "-a"])).map_err(|error| io_text(&error))?;
        let there: Vec<String> = output.out().lines().map(normal).collect();
        let unknown = |name: &&str| {
            let lines = supported.lines().chain(text.lines());
            !lines.filter_map(entry).any(|(known, _, _)| known == *name)
        };
        let mut plan = Plan::new();
        plan.set("mechanism", "glibc");
        if present && let Some(name) = names.iter().find(|name| unknown(name)) {
            return Err(format!(
                "The following locales you have entered are not available on your system: {name}"
            )
            .into());
        }
        let differs: Vec<&str> =
            names.into_iter().filter(|name| there.contains(&normal(name)) != present).collect();
        if differs.is_empty() {
            return Ok(plan);
        }
        let after = edited(&text, &supported, &differs, present);
        plan.change("locale-gen", move |system, _| {
            placing::place(system, Path::new(FILE), &mut after.as_bytes(), &placing::How::default())?;
            let output = system.run(&Command::new(&["locale-gen"])).map_err(|error| io_text(&error))?;
            if output.ok() {
                Ok(Done::Changed)
            } else {
                Err(Failure::new(output.err()).with("rc", output.rc))
            }
        });
        Ok(plan)
    }
}

/// `en_US.UTF-8` and `en_US.utf8` are the same.
fn normal(name: &str) -> String {
    let (base, rest) = name.split_once('.').unwrap_or((name, ""));
    let (charset, modifier) = rest.split_once('@').unwrap_or((rest, ""));
    let charset: String = charset.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{base}.{charset}@{modifier}")
}

/// Name, character set, and whether the line is commented out.
fn entry(line: &str) -> Option<(&str, &str, bool)> {
    let trimmed = line.trim();
    let (off, rest) = trimmed.strip_prefix('#').map_or((false, trimmed), |rest| (true, rest.trim()));
    let mut words = rest.split_whitespace();
    let (name, charset) = (words.next()?, words.next()?);
    words.next().is_none().then_some((name, charset, off))
}

fn edited(text: &str, supported: &str, names: &[&str], present: bool) -> String {
    let mut out = String::new();
    let mut found: Vec<&str> = Vec::new();
    for line in text.lines() {
        match entry(line).filter(|(name, _, _)| names.contains(name)) {
            Some((name, charset, _)) => {
                found.push(name);
                let mark = if present { "" } else { "# " };
                out.push_str(&format!("{mark}{name} {charset}\n"));
            }
            None => out.push_str(&format!("{line}\n")),
        }
    }
    for name in names.iter().filter(|name| present && !found.contains(*name)) {
        let charset = supported
            .lines()
            .filter_map(entry)
            .find(|(known, _, _)| known == name)
            .map_or("UTF-8", |(_, set, _)| set);
        out.push_str(&format!("{name} {charset}\n"));
    }
    out
}
