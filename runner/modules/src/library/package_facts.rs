//! `package_facts`: all installed packages, as the fact `packages`.

use super::apt::known;
use crate::{Failure, Module, Plan, Spec, System, outcome::Call};
use serde_json::{Map, Value, json};
use std::{collections::HashMap, path::Path};

static SPEC: Spec = Spec::new(
    "ansible.builtin.package_facts",
    "Returns all installed packages as facts.",
    "manager list:str =auto {auto|rpm|yum|dnf|dnf5|zypper|apt|portage|pkg|pkg5|pkgng|pacman|apk|pkg_info|openbsd_pkg} # The package managers to ask.
strategy str =first {first|all} # Whether to stop at the first that is there.",
)
.read_only();

/// See the page above.
pub struct PackageFacts;

impl Module for PackageFacts {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let wanted = call.args.list("manager");
        let apt = wanted.iter().any(|manager| ["auto", "apt"].contains(manager));
        if !apt || !system.exists(Path::new("/var/lib/dpkg/status")) {
            return Err(format!("Could not detect a supported package manager from the following list: [{}], or the required Python library is not installed. Check warnings for details.", wanted.iter().map(|m| format!("'{m}'")).collect::<Vec<_>>().join(", ")).into());
        }
        let origins = Origins::new(system);
        let mut packages: Map<String, Value> = Map::new();
        for package in known::installed(system).into_iter().filter(known::Installed::is_installed) {
            let origin = origins.of(&package.name, &package.version);
            let entry = json!({
                "name": package.name, "version": package.version, "arch": package.architecture,
                "category": package.section, "origin": origin, "source": "apt",
            });
            if let Value::Array(list) =
                packages.entry(package.name).or_insert_with(|| Value::Array(Vec::new()))
            {
                list.push(entry);
            }
        }
        let mut plan = Plan::new();
        plan.set("ansible_facts", json!({ "packages": packages }));
        Ok(plan)
    }
}

/// Who has published which version, from apt's own lists.
struct Origins {
    by_package: HashMap<String, Vec<(String, usize)>>,
    names: Vec<String>,
}

impl Origins {
    fn new(system: &dyn System) -> Self {
        let folder = Path::new("/var/lib/apt/lists");
        let mut own = Origins { by_package: HashMap::new(), names: Vec::new() };
        let mut files = system.list(folder).unwrap_or_default();
        files.sort();
        for file in files {
            let file = file.to_string_lossy().into_owned();
            let Some((release, _)) = file.split_once("_dists_").filter(|_| file.ends_with("_Packages"))
            else {
                continue;
            };
            let suite = file[release.len() + 7..].split('_').next().unwrap_or_default();
            let release = ["InRelease", "Release"]
                .iter()
                .map(|name| system.text(&format!("/var/lib/apt/lists/{release}_dists_{suite}_{name}")));
            let text = release.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
            let origin = text.lines().find_map(|line| line.strip_prefix("Origin: ")).unwrap_or_default();
            own.names.push(origin.to_owned());
            own.add(&system.text(&format!("/var/lib/apt/lists/{file}")));
        }
        own
    }

    fn add(&mut self, text: &str) {
        let index = self.names.len() - 1;
        let mut name = "";
        for line in text.lines() {
            if let Some(package) = line.strip_prefix("Package: ") {
                name = package;
            } else if let Some(version) = line.strip_prefix("Version: ") {
                self.by_package.entry(name.to_owned()).or_default().push((version.to_owned(), index));
            }
        }
    }

    fn of(&self, name: &str, version: &str) -> &str {
        let found = self.by_package.get(name).and_then(|all| all.iter().find(|(known, _)| known == version));
        found.map_or("", |(_, index)| self.names[*index].as_str())
    }
}
