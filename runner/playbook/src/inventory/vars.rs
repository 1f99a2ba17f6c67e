//! The variables of hosts and groups from `group_vars` and `host_vars`, level by level in Ansible's order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::inventory::model::{ALL, Group, Inventory};
use crate::load::{Loader, files_below};
use crate::node::Map;
use crate::problem::Problem;

/// Where inventory variables of a host come from, lowest precedence first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `all` in the inventory sources.
    AllInventory,
    /// The other groups in the inventory sources.
    GroupsInventory,
    /// `group_vars/all` next to the inventory.
    AllFilesInventory,
    /// `group_vars/all` next to the playbook.
    AllFilesPlay,
    /// `group_vars/*` next to the inventory.
    GroupsFilesInventory,
    /// `group_vars/*` next to the playbook.
    GroupsFilesPlay,
    /// The host in the inventory sources.
    HostInventory,
    /// `host_vars/*` next to the inventory.
    HostFilesInventory,
    /// `host_vars/*` next to the playbook.
    HostFilesPlay,
}

/// Reads `group_vars` and `host_vars`, each file once.
pub struct InventoryVars {
    loader: Loader,
    inventory_dirs: Vec<PathBuf>,
    play_dir: Option<PathBuf>,
    /// What was read, by directory and name.
    cache: Mutex<HashMap<(PathBuf, String), Arc<Map>>>,
    /// The names in each directory, so that a missing file costs nothing.
    listings: Mutex<HashMap<PathBuf, Arc<Vec<String>>>>,
    problems: Mutex<Vec<Problem>>,
}

impl InventoryVars {
    /// For an inventory and, once a playbook runs, the playbook's directory.
    pub fn new(loader: Loader, inventory: &Inventory, play_dir: Option<PathBuf>) -> Self {
        let mut dirs: Vec<PathBuf> = Vec::new();
        for source in inventory.sources.iter().filter(|source| !source.contains(',')) {
            let path = loader.files.absolute(Path::new(source));
            let dir = if loader.files.is_dir(&path) {
                path
            } else {
                path.parent().map(Path::to_path_buf).unwrap_or(path)
            };
            if !dirs.contains(&dir) {
                dirs.push(dir);
            }
        }
        Self {
            loader,
            inventory_dirs: dirs,
            play_dir,
            cache: Mutex::default(),
            listings: Mutex::default(),
            problems: Mutex::default(),
        }
    }

    /// The layers of a host's inventory variables, lowest precedence first; empty ones are left out.
    pub fn layers(&self, inventory: &Inventory, host: &str) -> Vec<(Level, Arc<Map>)> {
        let mut layers: Vec<(Level, Arc<Map>)> = Vec::new();
        let mut push = |level: Level, map: Arc<Map>| {
            if !map.is_empty() {
                layers.push((level, map));
            }
        };
        let Some(found) = inventory.host(host) else { return layers };
        let all = inventory.group(ALL);
        let groups = inventory.groups_of(host);
        let groups: Vec<&Group> = groups.into_iter().filter(|group| *group.name != *ALL).collect();
        let names = || groups.iter().map(|group| &*group.name);
        if let Some(all) = all {
            push(Level::AllInventory, Arc::new(all.vars.clone()));
        }
        for group in &groups {
            push(Level::GroupsInventory, Arc::new(group.vars.clone()));
        }
        let play_dirs: &[PathBuf] = self.play_dir.as_slice();
        for (level, dirs) in
            [(Level::AllFilesInventory, &self.inventory_dirs[..]), (Level::AllFilesPlay, play_dirs)]
        {
            dirs.iter().for_each(|dir| push(level, self.entity(dir, "group_vars", ALL)));
        }
        for (level, dirs) in
            [(Level::GroupsFilesInventory, &self.inventory_dirs[..]), (Level::GroupsFilesPlay, play_dirs)]
        {
            for dir in dirs {
                names().for_each(|name| push(level, self.entity(dir, "group_vars", name)));
            }
        }
        push(Level::HostInventory, Arc::new(found.vars.clone()));
        for (level, dirs) in
            [(Level::HostFilesInventory, &self.inventory_dirs[..]), (Level::HostFilesPlay, play_dirs)]
        {
            dirs.iter().for_each(|dir| push(level, self.entity(dir, "host_vars", host)));
        }
        layers
    }

    /// The variables of one group from its source and its files, ancestors' left out.
    pub fn of_group(&self, inventory: &Inventory, group: &str) -> Map {
        let mut vars = inventory.group(group).map(|group| group.vars.clone()).unwrap_or_default();
        for dir in self.inventory_dirs.iter().chain(&self.play_dir) {
            vars.extend_from(&self.entity(dir, "group_vars", group));
        }
        vars
    }

    /// The variables of one host from its source and its files, those of its groups left out.
    pub fn of_host(&self, inventory: &Inventory, host: &str) -> Map {
        let mut vars = inventory.host(host).map(|host| host.vars.clone()).unwrap_or_default();
        for dir in self.inventory_dirs.iter().chain(&self.play_dir) {
            vars.extend_from(&self.entity(dir, "host_vars", host));
        }
        vars
    }

    /// What could not be read so far; asking empties the list.
    pub fn take_problems(&self) -> Vec<Problem> {
        std::mem::take(&mut *self.problems.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The variables of one group or host in one directory.
    fn entity(&self, dir: &Path, subdir: &str, name: &str) -> Arc<Map> {
        let folder = dir.join(subdir);
        let listing = self.listing(&folder);
        if listing.is_empty() || name.starts_with('/') {
            return Arc::default();
        }
        let key = (folder.clone(), name.to_owned());
        if let Some(found) = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return found.clone();
        }
        let mut vars = Map::new();
        for file in self.files_of(&folder, &listing, name) {
            let (found, problems) = self.loader.load_vars_file(&file);
            self.problems.lock().unwrap_or_else(PoisonError::into_inner).extend(problems);
            if let Some(found) = found {
                vars.extend_from(&found);
            }
        }
        let vars = Arc::new(vars);
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).insert(key, vars.clone());
        vars
    }

    fn listing(&self, folder: &Path) -> Arc<Vec<String>> {
        let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = listings.get(folder) {
            return found.clone();
        }
        let mut names = self.loader.files.list(folder).unwrap_or_default();
        names.sort();
        let names = Arc::new(names);
        listings.insert(folder.to_path_buf(), names.clone());
        names
    }

    /// A file or directory of exactly that name first, then a file with one of the extensions; only one of them counts.
    fn files_of(&self, folder: &Path, listing: &[String], name: &str) -> Vec<PathBuf> {
        let extensions =
            std::iter::once("").chain(self.loader.settings.yaml_extensions.iter().map(String::as_str));
        for extension in extensions {
            let file = format!("{name}{extension}");
            let direct = if name.contains('/') {
                self.loader.files.exists(&folder.join(&file))
            } else {
                listing.binary_search(&file).is_ok()
            };
            if !direct {
                continue;
            }
            let path = folder.join(&file);
            if self.loader.files.is_dir(&path) {
                return files_below(&self.loader.files, &self.loader.settings, &path);
            }
            return vec![path];
        }
        Vec::new()
    }
}
