//! Which of the packages asked for need something done.

use super::{
    install_options, is_nothing,
    known::{self, Available, Installed},
    plan_apt_get, version,
};
use crate::{Failure, Plan, System, glob, outcome::Call};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// `name[:arch][=version|>=version]` as written in a task.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    name: String,
    /// `=` or `>=`.
    relation: Option<&'static str>,
    version: String,
}

impl Wanted {
    fn parse(text: &str) -> Self {
        for relation in [">=", "="] {
            if let Some((name, version)) = text.split_once(relation) {
                return Wanted { name: name.into(), relation: Some(relation), version: version.into() };
            }
        }
        Wanted { name: text.into(), relation: None, version: String::new() }
    }

    fn allows(&self, candidate: &str) -> bool {
        match self.relation {
            Some("=") => glob::matches(&self.version, candidate),
            Some(_) => version::compare(candidate, &self.version) != Ordering::Less,
            None => true,
        }
    }
}

struct World<'s> {
    installed: Vec<Installed>,
    available: BTreeMap<String, Available>,
    native: String,
    system: &'s dyn System,
}

impl World<'_> {
    fn installed(&self, name: &str) -> Option<&Installed> {
        let (name, arch) = name.split_once(':').map_or((name, None), |(name, arch)| (name, Some(arch)));
        let mut matching =
            self.installed.iter().filter(|package| package.name == name && package.is_installed());
        match arch {
            Some("any") | None => matching
                .clone()
                .find(|package| package.architecture == self.native || package.architecture == "all")
                .or_else(|| matching.next()),
            Some(arch) => {
                matching.find(|package| package.architecture == arch || package.architecture == "all")
            }
        }
    }

    fn available(&self, name: &str) -> Option<&Available> {
        let native = name.strip_suffix(&format!(":{}", self.native));
        let found = self.available.get(name).or_else(|| native.and_then(|name| self.available.get(name)));
        found.filter(|available| !available.versions.is_empty())
    }
}

/// Plans packages in the state that the task says.
pub fn plan<'a>(
    plan: &mut Plan<'a>,
    call: &'a Call<'a>,
    system: &dyn System,
    names: &[String],
) -> Result<(), Failure> {
    let args = &call.args;
    let state = args.str("state");
    let mut latest = state == "latest";
    let mut names: Vec<String> = names.to_vec();
    if names.len() == 1 && names[0] == "*" {
        if !latest {
            return Err("unable to install additional packages when upgrading all installed packages".into());
        }
        return Err("use upgrade to upgrade all packages".into());
    }
    if state == "build-dep" {
        let mut words = install_options(call);
        words.push("build-dep".into());
        words.extend(names);
        return plan_apt_get(plan, call, system, words, |text| !is_nothing(text));
    }
    let native = native_architecture(system);
    let mut world = World { installed: known::installed(system), available: BTreeMap::new(), native, system };
    names = expand(&names, &world, state == "absent");
    if state == "absent" {
        return plan_remove(plan, call, system, &names, &world);
    }
    let wanted: Vec<Wanted> = names.iter().map(|name| Wanted::parse(name)).collect();
    // apt is asked only about what dpkg's own file cannot answer.
    let asked: Vec<&str> = wanted
        .iter()
        .filter(|wanted| latest || world.installed(&wanted.name).is_none_or(|i| !wanted.allows(&i.version)))
        .map(|wanted| wanted.name.as_str())
        .collect();
    world.available = known::available(system, &asked, args.some("default_release"));
    let mut packages = Vec::new();
    for wanted in &wanted {
        packages.extend(needed(wanted, &world, latest, args.bool("only_upgrade"))?);
    }
    if state == "fixed" {
        let mut words = install_options(call);
        words.push("install".into());
        words.push("--fix-broken".into());
        words.extend(packages);
        return plan_apt_get(plan, call, system, words, |text| !is_nothing(text));
    }
    latest &= !packages.is_empty();
    if packages.is_empty() {
        return Ok(());
    }
    let mut words = Vec::new();
    words.extend((latest && args.bool("autoremove")).then(|| "--auto-remove".to_owned()));
    words.extend(install_options(call));
    words.push("install".into());
    words.extend(packages);
    plan_apt_get(plan, call, system, words, |text| !is_nothing(text))
}

fn native_architecture(system: &dyn System) -> String {
    match system.uname().machine.as_str() {
        "x86_64" => "amd64".into(),
        "aarch64" => "arm64".into(),
        other => other.into(),
    }
}

/// Patterns in names become the names that fit.
fn expand(names: &[String], world: &World<'_>, removing: bool) -> Vec<String> {
    let mut all = Vec::new();
    for text in names {
        let wanted = Wanted::parse(text);
        if !glob::is_pattern(&wanted.name) {
            all.push(text.clone());
            continue;
        }
        let known = match removing {
            true => world.installed.iter().map(|package| package.name.clone()).collect(),
            false => known::names(world.system),
        };
        all.extend(known.into_iter().filter(|name| glob::matches(&wanted.name, name)));
    }
    all
}

/// What apt-get must be told about a package; none if it is as it should be.
fn needed(
    wanted: &Wanted,
    world: &World<'_>,
    latest: bool,
    only_upgrade: bool,
) -> Result<Option<String>, Failure> {
    let name = &wanted.name;
    let present = world.installed(name);
    if let Some(present) = present.filter(|present| wanted.allows(&present.version)) {
        if !latest {
            return Ok(None);
        }
        let candidate = best(wanted, world);
        return Ok(candidate
            .filter(|candidate| version::compare(candidate, &present.version) == Ordering::Greater)
            .map(
                |candidate| {
                    if wanted.relation.is_some() { format!("{name}={candidate}") } else { name.clone() }
                },
            ));
    }
    if only_upgrade && present.is_none() {
        return Ok(None);
    }
    let Some(available) = world.available(name) else {
        return through_provider(name, world).map(|found| found.map(|name| name.to_owned()));
    };
    let missing =
        || Failure::new(format!("no available installation candidate for {name}={}", wanted.version));
    match wanted.relation {
        None if available.candidate.is_none() => match through_provider(name, world)? {
            Some(name) => Ok(Some(name)),
            None => Ok(None),
        },
        None => Ok(Some(name.clone())),
        Some(_) => best(wanted, world).map(|version| Some(format!("{name}={version}"))).ok_or_else(missing),
    }
}

/// The version to install: apt's candidate if it will do, otherwise the latest that does.
fn best(wanted: &Wanted, world: &World<'_>) -> Option<String> {
    let available = world.available(&wanted.name)?;
    let candidate = available.candidate.clone().filter(|candidate| wanted.allows(candidate));
    candidate.or_else(|| available.versions.iter().find(|version| wanted.allows(version)).cloned())
}

/// A name that is no package may be provided by one.
fn through_provider(name: &str, world: &World<'_>) -> Result<Option<String>, Failure> {
    let provided =
        |package: &Installed| package.is_installed() && package.provides.iter().any(|given| given == name);
    if world.installed.iter().any(provided) {
        return Ok(None);
    }
    match known::providers(world.system, name).as_slice() {
        [] => Err(format!("No package matching '{name}' is available").into()),
        [one] if world.installed(one).is_some() => Ok(None),
        // With several to choose from, apt-get chooses or says why it cannot.
        [_, ..] => Ok(Some(name.to_owned())),
    }
}

fn plan_remove<'a>(
    plan: &mut Plan<'a>,
    call: &'a Call<'a>,
    system: &dyn System,
    names: &[String],
    world: &World<'_>,
) -> Result<(), Failure> {
    let purge = call.args.bool("purge");
    let leftovers =
        |name: &str| world.installed.iter().any(|package| package.name == name && package.has_leftovers());
    let mut packages: Vec<String> = Vec::new();
    for text in names {
        let wanted = Wanted::parse(text);
        let present = world.installed(&wanted.name);
        let fits = present.is_some_and(|present| wanted.allows(&present.version));
        if fits || (purge && leftovers(&wanted.name)) {
            packages.push(wanted.name);
        }
    }
    if packages.is_empty() {
        return Ok(());
    }
    let mut words = vec!["remove".to_owned()];
    words.extend(purge.then(|| "--purge".to_owned()));
    words.extend(call.args.bool("autoremove").then(|| "--auto-remove".to_owned()));
    words.extend(packages);
    plan_apt_get(plan, call, system, words, |_| true)
}
