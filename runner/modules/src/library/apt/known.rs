//! What is installed (dpkg's own file) and what could be (apt-cache).

use crate::{Command, System};
use std::collections::BTreeMap;

/// One paragraph of dpkg's status file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Architecture.
    pub architecture: String,
    /// Section.
    pub section: String,
    /// `want flag state`, such as `install ok installed`.
    pub status: String,
    /// Names that it provides.
    pub provides: Vec<String>,
}

impl Installed {
    /// Whether it is unpacked and configured.
    pub fn is_installed(&self) -> bool {
        self.status.ends_with(" installed")
            || self.status.ends_with(" triggers-awaited")
            || self.status.ends_with(" triggers-pending")
    }
    /// Whether configuration files are left of it.
    pub fn has_leftovers(&self) -> bool {
        self.status.ends_with(" config-files")
    }
}

/// Everything dpkg knows of.
pub fn installed(system: &dyn System) -> Vec<Installed> {
    let text = system.text("/var/lib/dpkg/status");
    text.split("\n\n").filter_map(paragraph).collect()
}

fn paragraph(text: &str) -> Option<Installed> {
    let mut package = Installed::default();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':').filter(|_| !line.starts_with(' ')) else { continue };
        let value = value.trim();
        match key {
            "Package" => package.name = value.into(),
            "Version" => package.version = value.into(),
            "Architecture" => package.architecture = value.into(),
            "Section" => package.section = value.into(),
            "Status" => package.status = value.into(),
            "Provides" => {
                let names = value.split(',').filter_map(|name| name.split_whitespace().next());
                package.provides = names.map(str::to_owned).collect();
            }
            _ => {}
        }
    }
    Some(package).filter(|package| !package.name.is_empty())
}

/// What apt could install of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Available {
    /// The version apt would take; none if there is none.
    pub candidate: Option<String>,
    /// All versions, the latest first.
    pub versions: Vec<String>,
}

/// Asks `apt-cache policy` about all names at once. Names it does not know are missing from the answer.
pub fn available(system: &dyn System, names: &[&str], release: Option<&str>) -> BTreeMap<String, Available> {
    let mut all = BTreeMap::new();
    if names.is_empty() {
        return all;
    }
    let mut argv = vec!["apt-cache"];
    if let Some(release) = release {
        argv.extend(["-t", release]);
    }
    argv.push("policy");
    argv.extend(names);
    let text = system.query(&Command::new(&argv).in_english()).map(|output| output.out()).unwrap_or_default();
    let mut name = String::new();
    let mut table = false;
    for line in text.lines() {
        if let Some(head) = line.strip_suffix(':').filter(|head| !head.starts_with(' ')) {
            name = head.to_owned();
            table = false;
            all.insert(name.clone(), Available::default());
        } else if let (Some(candidate), Some(entry)) =
            (line.strip_prefix("  Candidate: "), all.get_mut(&name))
        {
            entry.candidate = Some(candidate.to_owned()).filter(|version| version != "(none)");
        } else if line.starts_with("  Version table:") {
            table = true;
        } else if table
            && (line.starts_with("     ") || line.starts_with(" *** "))
            && !line.starts_with("       ")
        {
            let version = line[5..].split_whitespace().next();
            if let (Some(version), Some(entry)) = (version, all.get_mut(&name)) {
                entry.versions.push(version.to_owned());
            }
        }
    }
    all
}

/// The packages that provide a name that is no package itself.
pub fn providers(system: &dyn System, name: &str) -> Vec<String> {
    let output = system.query(&Command::new(&["apt-cache", "showpkg", name]).in_english());
    let text = output.map(|output| output.out()).unwrap_or_default();
    let lines = text.lines().skip_while(|line| !line.starts_with("Reverse Provides:")).skip(1);
    let mut names: Vec<String> =
        lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect();
    names.sort();
    names.dedup();
    names
}

/// The names of all packages that apt knows.
pub fn names(system: &dyn System) -> Vec<String> {
    let output = system.query(&Command::new(&["apt-cache", "pkgnames"]));
    output.map(|output| output.out().lines().map(str::to_owned).collect()).unwrap_or_default()
}
