//! The hosts and groups of a run, which tasks may add to while it goes on.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use crate::node::{Data, Map, Node};
use crate::source::Span;

/// The group every host is in.
pub const ALL: &str = "all";
/// The group of hosts that are in no other.
pub const UNGROUPED: &str = "ungrouped";
/// The names that mean the controller when no source names them.
pub const LOCALHOST: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// All hosts and groups, in the order in which they were first named.
#[derive(Clone, Debug)]
pub struct Inventory {
    hosts: IndexMap<Arc<str>, Host>,
    groups: IndexMap<Arc<str>, Group>,
    implicit_localhost: Option<Host>,
    /// The sources that were read, as given.
    pub sources: Vec<String>,
}

/// One host.
#[derive(Clone, Debug)]
pub struct Host {
    /// `inventory_hostname`.
    pub name: Arc<str>,
    /// Variables from the source it stood in (not from `host_vars`).
    pub vars: Map,
    /// The groups it was put into, not their ancestors.
    pub groups: IndexSet<Arc<str>>,
    /// Whether it exists only because a play says `localhost`.
    pub implicit: bool,
    /// The file it was first named in; `inventory_file` and `inventory_dir` are made from it.
    pub source: Option<PathBuf>,
}

/// One group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// Variables from the source it stood in (not from `group_vars`).
    pub vars: Map,
    /// The hosts directly in it, in order.
    pub hosts: IndexSet<Arc<str>>,
    /// The groups directly in it, in order.
    pub children: IndexSet<Arc<str>>,
    /// The groups it is directly in.
    pub parents: IndexSet<Arc<str>>,
    /// Its distance from `all`, by the longest way.
    pub depth: u32,
    /// `ansible_group_priority`.
    pub priority: i64,
}

/// A change to the groups that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The group would be inside itself.
    #[error("Adding group '{child}' as child to '{parent}' creates a recursive dependency loop.")]
    Loop {
        /// The group to be added.
        child: String,
        /// The group it was to be added to.
        parent: String,
    },
    /// A group was to be its own child.
    #[error("can't add group to itself")]
    Itself,
}

impl Default for Inventory {
    fn default() -> Self {
        let mut new = Self {
            hosts: IndexMap::new(),
            groups: IndexMap::new(),
            implicit_localhost: None,
            sources: Vec::new(),
        };
        new.add_group(ALL);
        new.add_group(UNGROUPED);
        new.link(ALL, UNGROUPED);
        new
    }
}

impl Inventory {
    /// Only `all` and `ungrouped`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The hosts that sources or tasks named.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Host> {
        self.hosts.values()
    }

    /// A host by name; `localhost` and its kin exist once they were asked for with [`Self::ensure_localhost`].
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name).or_else(|| {
            self.implicit_localhost.as_ref().filter(|host| *host.name == *name || LOCALHOST.contains(&name))
        })
    }

    /// A host's own variables, to change them.
    pub fn host_mut(&mut self, name: &str) -> Option<&mut Host> {
        self.hosts.get_mut(name).or(self.implicit_localhost.as_mut().filter(|host| *host.name == *name))
    }

    /// The groups.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.groups.values()
    }

    /// A group by name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// A group's own variables, to change them.
    pub fn group_mut(&mut self, name: &str) -> Option<&mut Group> {
        self.groups.get_mut(name)
    }

    /// Adds a group; false when it was there.
    pub fn add_group(&mut self, name: &str) -> bool {
        if self.groups.contains_key(name) {
            return false;
        }
        let name: Arc<str> = name.into();
        let group = Group {
            name: name.clone(),
            vars: Map::new(),
            hosts: IndexSet::new(),
            children: IndexSet::new(),
            parents: IndexSet::new(),
            depth: 0,
            priority: 1,
        };
        self.groups.insert(name, group);
        true
    }

    /// Adds a host; false when it was there.
    pub fn add_host(&mut self, name: &str) -> bool {
        if self.hosts.contains_key(name) {
            return false;
        }
        let name: Arc<str> = name.into();
        let host = Host {
            name: name.clone(),
            vars: Map::new(),
            groups: IndexSet::new(),
            implicit: false,
            source: None,
        };
        self.hosts.insert(name, host);
        true
    }

    /// Puts a host into a group, both of which exist; false when it was there or one of them is missing.
    pub fn add_host_to_group(&mut self, host: &str, group: &str) -> bool {
        let (Some(host), Some(group)) = (self.hosts.get_mut(host), self.groups.get_mut(group)) else {
            return false;
        };
        host.groups.insert(group.name.clone());
        group.hosts.insert(host.name.clone())
    }

    /// Puts a group into a group, both of which exist; false when it was there or one of them is missing.
    ///
    /// # Errors
    /// When a group would be inside itself.
    pub fn add_child_group(&mut self, parent: &str, child: &str) -> Result<bool, GroupError> {
        if !self.groups.contains_key(parent) || !self.groups.contains_key(child) {
            return Ok(false);
        }
        if parent == child {
            return Err(GroupError::Itself);
        }
        if self.groups[parent].children.contains(child) {
            return Ok(false);
        }
        if self.ancestors(parent).iter().any(|group| ***group == *child) {
            return Err(GroupError::Loop { child: child.to_owned(), parent: parent.to_owned() });
        }
        self.link(parent, child);
        Ok(true)
    }

    fn link(&mut self, parent: &str, child: &str) {
        let (Some(parent_name), Some(child_name)) = (self.name_of(parent), self.name_of(child)) else {
            return;
        };
        self.groups[parent].children.insert(child_name);
        self.groups[child].parents.insert(parent_name);
        self.deepen(parent, child);
    }

    fn name_of(&self, group: &str) -> Option<Arc<str>> {
        self.groups.get(group).map(|group| group.name.clone())
    }

    fn deepen(&mut self, parent: &str, child: &str) {
        let least = self.groups[parent].depth + 1;
        if self.groups[child].depth >= least {
            return;
        }
        self.groups[child].depth = least;
        let children: Vec<Arc<str>> = self.groups[child].children.iter().cloned().collect();
        for grandchild in children {
            self.deepen(child, &grandchild);
        }
    }

    /// Removes a host from the inventory and all groups.
    pub fn remove_host(&mut self, name: &str) {
        self.hosts.shift_remove(name);
        for group in self.groups.values_mut() {
            group.hosts.shift_remove(name);
        }
    }

    /// Sets a variable of a host.
    pub fn set_host_var(&mut self, host: &str, name: &str, value: Node) {
        if let Some(host) = self.host_mut(host) {
            host.vars.set(name, value);
        }
    }

    /// Sets a variable of a group; `ansible_group_priority` is its priority and no variable.
    pub fn set_group_var(&mut self, group: &str, name: &str, value: Node) {
        let Some(group) = self.groups.get_mut(group) else { return };
        if name == "ansible_group_priority" {
            group.priority = match &value.data {
                Data::Int(number) => *number,
                Data::Str(text) => text.value.trim().parse().unwrap_or(1),
                _ => 1,
            };
            return;
        }
        group.vars.set(name, value);
    }

    /// Puts every group and host under `all`, and every host that is in no group into `ungrouped`.
    pub fn reconcile(&mut self) {
        let orphans: Vec<Arc<str>> = self
            .groups
            .values()
            .filter(|group| group.parents.is_empty() && *group.name != *ALL)
            .map(|group| group.name.clone())
            .collect();
        for group in orphans {
            self.link(ALL, &group);
        }
        let hosts: Vec<Arc<str>> = self.hosts.keys().cloned().collect();
        for name in hosts {
            let host = &self.hosts[&name];
            let elsewhere = host.groups.iter().any(|group| **group != *ALL && **group != *UNGROUPED);
            if elsewhere && host.groups.contains(UNGROUPED) {
                self.hosts[&name].groups.shift_remove(UNGROUPED);
                self.groups[UNGROUPED].hosts.shift_remove(&name);
            } else if !elsewhere {
                self.add_host_to_group(&name, UNGROUPED);
            }
        }
    }

    /// Makes `localhost` usable: a host that is in no group and not in `all`, with a local connection.
    pub fn ensure_localhost(&mut self, name: &str) -> &Host {
        let existing = LOCALHOST.iter().find(|known| self.hosts.contains_key(**known)).copied();
        if let Some(found) = existing.filter(|_| LOCALHOST.contains(&name)) {
            return &self.hosts[found];
        }
        self.implicit_localhost.get_or_insert_with(|| {
            let mut vars = Map::new();
            vars.set("ansible_connection", Node::string("local", Span::none()));
            Host { name: name.into(), vars, groups: IndexSet::new(), implicit: true, source: None }
        })
    }

    /// A group's ancestors, nearest first, each once.
    pub fn ancestors(&self, group: &str) -> Vec<&Arc<str>> {
        self.walk(group, |group| &group.parents)
    }

    /// A group's descendants, nearest first, each once.
    pub fn descendants(&self, group: &str) -> Vec<&Arc<str>> {
        self.walk(group, |group| &group.children)
    }

    fn walk<'a>(
        &'a self,
        start: &str,
        next: impl Fn(&'a Group) -> &'a IndexSet<Arc<str>>,
    ) -> Vec<&'a Arc<str>> {
        let mut found: Vec<&Arc<str>> = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        let Some(group) = self.groups.get(start) else { return found };
        let mut level: Vec<&Arc<str>> = next(group).iter().collect();
        while !level.is_empty() {
            let mut below = Vec::new();
            for name in level {
                if seen.insert(name) {
                    found.push(name);
                    below.extend(next(&self.groups[name]).iter());
                }
            }
            level = below;
        }
        found
    }

    /// The hosts of a group and of everything below it, in Ansible's order, each once.
    pub fn hosts_in(&self, group: &str) -> Vec<&Arc<str>> {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut found = Vec::new();
        let Some((name, _)) = self.groups.get_key_value(group) else { return found };
        for group in std::iter::once(name).chain(self.descendants(group)) {
            for host in &self.groups[group].hosts {
                if seen.insert(host) {
                    found.push(host);
                }
            }
        }
        found
    }

    /// All groups a host is in, ancestors included, in the order in which their variables are merged: by depth,
    /// priority and name, so that later ones override.
    pub fn groups_of(&self, host: &str) -> Vec<&Group> {
        let Some(host) = self.host(host) else { return Vec::new() };
        let mut names: IndexSet<&Arc<str>> = IndexSet::new();
        for group in &host.groups {
            names.insert(group);
            names.extend(self.ancestors(group));
        }
        let mut groups: Vec<&Group> = names.into_iter().filter_map(|name| self.groups.get(name)).collect();
        groups.sort_by(|a, b| (a.depth, a.priority, &a.name).cmp(&(b.depth, b.priority, &b.name)));
        groups
    }

    /// `group_names`: the groups of a host without `all`, sorted.
    pub fn group_names(&self, host: &str) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self
            .groups_of(host)
            .into_iter()
            .filter(|group| *group.name != *ALL)
            .map(|group| group.name.clone())
            .collect();
        names.sort();
        names
    }
}
