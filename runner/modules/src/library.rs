//! The list of modules: one line each, and what Ansible has that we do not.

mod alternatives;
mod apt;
mod apt_key;
mod apt_repository;
mod assemble;
mod async_status;
mod authorized_key;
mod blockinfile;
mod capabilities;
mod command;
mod controller;
mod copy;
mod cron;
mod deb822_repository;
mod debconf;
mod dpkg_divert;
mod dpkg_selections;
pub(crate) mod file;
mod find;
mod get_url;
mod getent;
mod git;
mod group;
mod hostname;
mod ini_file;
mod iptables;
mod known_hosts;
mod lineinfile;
mod locale_gen;
mod make;
mod modprobe;
mod mount;
mod package;
mod package_facts;
mod pam_limits;
mod ping;
mod pip;
mod replace;
mod service;
mod service_facts;
mod setup;
mod slurp;
mod stat;
mod sysctl;
mod systemd;
mod tempfile;
mod timezone;
mod ufw;
mod unarchive;
mod uri;
mod user;
mod wait_for;

use crate::{Module, Spec};
use std::collections::HashMap;
use std::sync::OnceLock;

/// One module: its options, and what runs on the machine, if it has such a half.
pub struct Entry {
    /// Options, rules, summary.
    pub spec: &'static Spec,
    /// The half that runs on the machine; none for `debug`, `set_fact` and the like.
    pub module: Option<&'static dyn Module>,
    /// Other names, without collection or in full.
    pub aliases: &'static [&'static str],
}

/// What a name means.
pub enum Found {
    /// A module of this library.
    Ours(&'static Entry),
    /// A module that Ansible has and we do not have yet; its full name where known.
    NotYet(String),
    /// Nobody knows it; perhaps this one was meant.
    Unknown(Option<&'static str>),
}

/// Modules of Ansible and of the common collections that this library does not have: `collection: name name …`.
const OTHERS: &str = include_str!("library/others.txt");

/// Collections whose modules are known by collection only: any name in them is "not yet".
const COLLECTIONS: &[&str] =
    &["ansible.", "community.", "kubernetes.", "amazon.", "google.", "azure.", "hetzner."];

/// All modules, by name.
pub fn library() -> &'static [Entry] {
    static LIBRARY: OnceLock<Vec<Entry>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let remote = |module: &'static dyn Module, aliases: &'static [&'static str]| Entry {
            spec: module.spec(),
            module: Some(module),
            aliases,
        };
        let mut all = vec![
            remote(&make::Make, &[]),
            remote(&dpkg_divert::DpkgDivert, &[]),
            remote(&capabilities::Capabilities, &[]),
            remote(&pip::Pip, &[]),
            remote(&git::Git, &[]),
            remote(&ufw::Ufw, &[]),
            remote(&iptables::Iptables, &[]),
            remote(&alternatives::Alternatives, &[]),
            remote(&locale_gen::LocaleGen, &[]),
            remote(&timezone::Timezone, &[]),
            remote(&pam_limits::PamLimits, &[]),
            remote(&modprobe::Modprobe, &[]),
            remote(&mount::Mount, &[]),
            remote(&ini_file::IniFile, &[]),
            remote(&known_hosts::KnownHosts, &[]),
            remote(&authorized_key::AuthorizedKey, &[]),
            remote(&cron::Cron, &[]),
            remote(&apt_key::AptKey, &[]),
            remote(&debconf::Debconf, &[]),
            remote(&dpkg_selections::DpkgSelections, &[]),
            remote(&deb822_repository::Deb822Repository, &[]),
            remote(&apt_repository::AptRepository, &[]),
            remote(&unarchive::Unarchive, &[]),
            remote(&package_facts::PackageFacts, &[]),
            remote(&async_status::AsyncStatus, &[]),
            remote(&wait_for::WaitFor, &[]),
            remote(&sysctl::Sysctl, &[]),
            remote(&setup::Setup, &[]),
            remote(&uri::Uri, &[]),
            remote(&get_url::GetUrl, &[]),
            remote(&package::Package, &[]),
            remote(&apt::Apt, &[]),
            remote(&systemd::Systemd, &["systemd"]),
            remote(&user::UserModule, &[]),
            remote(&service_facts::ServiceFacts, &[]),
            remote(&service::Service, &[]),
            remote(&hostname::Hostname, &[]),
            remote(&group::GroupModule, &[]),
            remote(&getent::Getent, &[]),
            remote(&replace::Replace, &[]),
            remote(&lineinfile::LineInFile, &[]),
            remote(&find::Find, &[]),
            remote(&blockinfile::BlockInFile, &[]),
            remote(&assemble::Assemble, &[]),
            remote(&command::RunCommand, &[]),
            remote(&command::RunShell, &[]),
            remote(&copy::Copy, &[]),
            remote(&file::FileModule, &[]),
            remote(&ping::Ping, &[]),
            remote(&slurp::Slurp, &[]),
            remote(&stat::StatModule, &[]),
            remote(&tempfile::Tempfile, &[]),
        ];
        all.extend(controller::SPECS.iter().copied().map(|spec| Entry { spec, module: None, aliases: &[] }));
        all.sort_by_key(|entry| entry.spec.name);
        all
    })
}

/// The module of this library that has the name: short, full, or `ansible.legacy.…`. The agent needs no more.
pub fn ours(name: &str) -> Option<&'static Entry> {
    static NAMES: OnceLock<HashMap<&'static str, usize>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let mut names = HashMap::new();
        for (at, entry) in library().iter().enumerate() {
            names.insert(entry.spec.name, at);
            names.insert(entry.spec.short_name(), at);
            names.extend(entry.aliases.iter().map(|alias| (*alias, at)));
        }
        names
    });
    let short = builtin(name).unwrap_or(name);
    names.get(short).or_else(|| names.get(name)).map(|at| &library()[*at])
}

/// The name without the collection of what is built in.
fn builtin(name: &str) -> Option<&str> {
    ["ansible.builtin.", "ansible.legacy."].iter().find_map(|prefix| name.strip_prefix(prefix))
}

/// Looks a name up, and knows what Ansible has beyond this library.
pub fn find(name: &str) -> Found {
    if let Some(entry) = ours(name) {
        return Found::Ours(entry);
    }
    let builtin = builtin(name);
    let short = builtin.unwrap_or(name);
    if let Some(full) = other(short) {
        return Found::NotYet(full);
    }
    if builtin.is_none() && name.matches('.').count() >= 2 && COLLECTIONS.iter().any(|c| name.starts_with(c))
    {
        return Found::NotYet(name.into());
    }
    Found::Unknown(nearest(short))
}

fn other(name: &str) -> Option<String> {
    let (wanted_collection, short) = name.rsplit_once('.').map_or((None, name), |(c, n)| (Some(c), n));
    let lines = OTHERS.lines().filter_map(|line| line.split_once(": "));
    let mut matching = lines.filter(|(collection, names)| {
        wanted_collection.is_none_or(|wanted| wanted == *collection)
            && names.split(' ').any(|known| known == short)
    });
    matching.next().map(|(collection, _)| format!("{collection}.{short}"))
}

/// The name that is meant, if it is only a slip away.
fn nearest(name: &str) -> Option<&'static str> {
    /// More edits than this and it is another word.
    const SLIPS_MAX: usize = 2;
    let all = library().iter().flat_map(|entry| [entry.spec.name, entry.spec.short_name()]);
    let near = all.map(|known| (distance(name, known), known)).filter(|(slips, _)| *slips <= SLIPS_MAX);
    near.min().map(|(_, known)| known)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, c) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, d) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(c != *d);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{Found, find};

    #[test]
    fn names_mean_what_ansible_means_by_them() {
        let meaning = |name: &str| match find(name) {
            Found::Ours(entry) => entry.spec.name.to_owned(),
            Found::NotYet(full) => format!("not yet: {full}"),
            Found::Unknown(near) => format!("unknown, near {}", near.unwrap_or("nothing")),
        };
        let check = |name: &str, want: &str| assert_eq!(meaning(name), want, "{name}");
        check("copy", "ansible.builtin.copy");
        check("ansible.legacy.copy", "ansible.builtin.copy");
        check("systemd", "ansible.builtin.systemd_service");
        check("sysctl", "ansible.posix.sysctl");
        check("yum", "not yet: ansible.builtin.yum");
        check("docker_container", "not yet: community.docker.docker_container");
        check("community.mysql.mysql_db", "not yet: community.mysql.mysql_db");
        check("lineinfil", "unknown, near lineinfile");
        check("nosuchmodule", "unknown, near nothing");
    }
}
