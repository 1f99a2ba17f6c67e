//! Playbook files: plays in order, and the playbooks they import.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ast::{Layer, LayerKind, Play, RoleUse, VarsPrompt, items};
use crate::keyword::{Keyword, Keywords, Place};
use crate::load::fields::Fields;
use crate::load::parent;
use crate::load::tasks::Pass;
use crate::load::words::{python_class, python_str};
use crate::node::{Data, Map, Node};
use crate::problem::Kind;
use crate::source::Span;

/// The lists of tasks in a play, and which of them hold handlers.
const SECTIONS: [(&str, bool); 4] =
    [("pre_tasks", false), ("tasks", false), ("post_tasks", false), ("handlers", true)];

impl Pass<'_> {
    /// Reads a playbook file.
    pub fn playbook(&mut self, path: &Path, import: Option<&Arc<Layer>>, from: &Span) -> Vec<Arc<Play>> {
        let Some(()) = self.enter_file(path, from) else { return Vec::new() };
        let (node, problems) = self.loader.load_yaml(path, from);
        self.problems.extend(problems);
        let shown = path.display();
        let mut plays = Vec::new();
        match node.as_ref().map(|node| (node, &node.data)) {
            None => {}
            Some((node, Data::Null)) => {
                self.error(
                    Kind::Keyword,
                    format!("Empty playbook, nothing to do: {shown}"),
                    &whole(&node.span),
                );
            }
            Some((node, Data::List(entries))) if entries.is_empty() => {
                self.error(
                    Kind::Keyword,
                    format!("A playbook must contain at least one play: {shown}"),
                    &node.span,
                );
            }
            Some((_, Data::List(entries))) => {
                for entry in entries.iter() {
                    plays.extend(self.entry(entry, path, import));
                }
            }
            Some((node, _)) => {
                let class = python_class(node);
                let text = format!("A playbook must be a list of plays, got a {class} instead: {shown}");
                self.error(Kind::Keyword, text, &node.span);
            }
        }
        self.files.pop();
        plays
    }

    fn entry(&mut self, entry: &Node, path: &Path, import: Option<&Arc<Layer>>) -> Vec<Arc<Play>> {
        let Data::Map(map) = &entry.data else {
            let text = "playbook entries must be either valid plays or 'import_playbook' statements";
            self.error(Kind::Keyword, text, &entry.span);
            return Vec::new();
        };
        let names = ["import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"];
        match names.iter().find_map(|name| map.get_entry(name)) {
            Some((key, file)) => self.import_playbook(map, key, file, &entry.span, import),
            None => vec![Arc::new(self.play(map, &entry.span, path, import))],
        }
    }

    fn import_playbook(
        &mut self,
        map: &Map,
        key: &Node,
        file: &Node,
        span: &Span,
        outer: Option<&Arc<Layer>>,
    ) -> Vec<Arc<Play>> {
        let word = key.as_str().unwrap_or_default().to_owned();
        let known = |found: &str| found == word;
        let Fields { mut keywords, vars } = self.fields(map, Place::Block, "PlaybookInclude", span, known);
        for keyword in [Keyword::Block, Keyword::Rescue, Keyword::Always, Keyword::Notify] {
            let key = map.get_entry(keyword.name()).map(|(key, _)| key.span.clone());
            if let Some(span) = key.filter(|_| keywords.take(keyword).is_some()) {
                self.invalid_attribute(keyword.name(), "PlaybookInclude", Place::Play, &span);
            }
        }
        if file.is_null() {
            self.error(Kind::Keyword, "The field 'import_playbook' is required but was not set.", span);
            return Vec::new();
        }
        if file.as_str().is_none() {
            let class = python_class(file);
            let text = format!(
                "The field 'import_playbook' is supposed to be a string type, however the incoming data structure is a {class}"
            );
            self.error(Kind::Keyword, text, span);
            return Vec::new();
        }
        let mut all_vars = outer.map(|outer| Map::clone(&outer.vars)).unwrap_or_default();
        all_vars.extend_from(&vars);
        let layer = Arc::new(Layer {
            kind: LayerKind::ImportPlaybook,
            span: span.clone(),
            keywords,
            vars: Arc::new(all_vars),
            parent: outer.cloned(),
        });
        let Some(name) = self.static_name(file, &layer, &Map::new(), span) else { return Vec::new() };
        let dir = span.path().map_or_else(|| self.play_dir.clone(), parent);
        let path =
            self.collection_playbook(&name).unwrap_or_else(|| self.loader.files.absolute(&dir.join(&name)));
        let before = std::mem::replace(&mut self.play_dir, parent(&path));
        let plays = self.playbook(&path, Some(&layer), span);
        self.play_dir = before;
        plays
    }

    /// `namespace.collection.playbook` as a file of an installed collection.
    fn collection_playbook(&self, name: &str) -> Option<PathBuf> {
        let [namespace, collection, playbook] = name.split('.').collect::<Vec<_>>()[..] else { return None };
        let files = &self.loader.files;
        let roots = self.loader.settings.collections_path.iter();
        let dirs = roots
            .map(|root| root.join("ansible_collections").join(namespace).join(collection).join("playbooks"));
        dirs.flat_map(|dir| ["yml", "yaml"].map(|extension| dir.join(format!("{playbook}.{extension}"))))
            .find(|path| files.is_file(path))
    }

    fn play(&mut self, map: &Map, span: &Span, path: &Path, import: Option<&Arc<Layer>>) -> Play {
        const OWN: [&str; 5] = ["hosts", "roles", "vars_files", "vars_prompt", "user"];
        let known = |word: &str| OWN.contains(&word) || SECTIONS.iter().any(|(section, _)| *section == word);
        let Fields { mut keywords, vars } = self.fields(map, Place::Play, "Play", span, known);
        self.user_alias(map, &mut keywords, span);
        let mut play_vars = Map::clone(&vars);
        if let Some(import) = import {
            play_vars.extend_from(&import.vars);
        }
        self.play_vars = play_vars.clone();
        let layer = Arc::new(Layer {
            kind: LayerKind::Play,
            span: span.clone(),
            keywords,
            vars: Arc::new(play_vars),
            parent: import.cloned(),
        });
        let hosts = self.hosts(map.get("hosts"), span);
        let vars_files = map.get("vars_files").map(|value| items(value).to_vec()).unwrap_or_default();
        self.read_static_vars_files(&vars_files);
        let vars_prompt = self.vars_prompt(map.get("vars_prompt"));
        let roles = self.play_roles(map.get("roles"), &layer, span);
        let [pre_tasks, tasks, post_tasks, handlers] = SECTIONS.map(|(section, is_handlers)| {
            let value = map.get(section);
            value.map(|value| self.task_list(section, value, &layer, is_handlers, span)).unwrap_or_default()
        });
        let handlers = self.handlers_of(&handlers);
        let imported_roles = std::mem::take(&mut self.imported);
        Play {
            layer,
            dir: parent(path),
            hosts,
            vars_files,
            vars_prompt,
            roles,
            imported_roles,
            pre_tasks,
            tasks,
            post_tasks,
            handlers,
        }
    }

    /// `user` is the old name of `remote_user`.
    fn user_alias(&mut self, map: &Map, keywords: &mut Keywords, span: &Span) {
        let Some(user) = map.get("user") else { return };
        if keywords.get(Keyword::RemoteUser).is_some() {
            let text = "both 'user' and 'remote_user' are set for this play. The use of 'user' is deprecated, and should be removed";
            self.error(Kind::Keyword, text, span);
        }
        keywords.set(Keyword::RemoteUser, user.clone());
    }

    fn hosts(&mut self, value: Option<&Node>, span: &Span) -> Vec<Node> {
        let Some(value) = value else {
            self.error(Kind::Keyword, "The field 'hosts' is required but was not set.", span);
            return Vec::new();
        };
        let problem = match &value.data {
            Data::Str(text) if !text.value.is_empty() => None,
            Data::List(list) if !list.is_empty() => list.iter().find_map(|item| match &item.data {
                Data::Str(_) | Data::Vault(_) => None,
                Data::Null => {
                    Some("Hosts list cannot contain values of 'None'. Please check your playbook".to_owned())
                }
                _ => Some(format!("Hosts list contains an invalid host value: '{}'", python_str(item))),
            }),
            Data::Null | Data::Str(_) | Data::List(_) => {
                Some("Hosts list cannot be empty. Please check your playbook".to_owned())
            }
            _ => Some("Hosts list must be a sequence or string. Please check your playbook.".to_owned()),
        };
        if let Some(text) = problem {
            self.error(Kind::Keyword, text, &value.span);
        }
        items(value).to_vec()
    }

    /// Files of variables whose names are plain are known to names of imports.
    fn read_static_vars_files(&mut self, vars_files: &[Node]) {
        for file in vars_files {
            let Some(name) = file.as_str().filter(|_| !file.may_be_template()) else { continue };
            let stack = [self.play_dir.clone()];
            let paths = super::candidates(&stack, "vars", name);
            let found = paths.into_iter().find(|path| self.loader.files.is_file(path));
            // A missing or broken file is reported when the play starts, as Ansible does.
            if let Some(vars) = found.and_then(|path| self.loader.load_vars_file(&path).0) {
                self.play_vars.extend_from(&vars);
            }
        }
    }

    fn vars_prompt(&mut self, value: Option<&Node>) -> Vec<VarsPrompt> {
        let Some(value) = value else { return Vec::new() };
        let mut prompts = Vec::new();
        for item in items(value) {
            let Data::Map(map) = &item.data else {
                let text = "Invalid variable file contents.";
                self.error(Kind::Keyword, text, &value.span);
                continue;
            };
            prompts.extend(self.prompt(map, value, &item.span));
        }
        prompts
    }

    fn prompt(&mut self, map: &Map, list: &Node, span: &Span) -> Option<VarsPrompt> {
        const KEYS: [&str; 9] =
            ["name", "prompt", "default", "private", "confirm", "encrypt", "salt_size", "salt", "unsafe"];
        let Some(name) = map.get("name") else {
            let text = "Invalid vars_prompt data structure, missing 'name' key";
            self.error(Kind::Keyword, text, &list.span);
            return None;
        };
        for (key, _) in map.iter() {
            let word = python_str(key);
            if !KEYS.contains(&word.as_str()) {
                let text = format!("Invalid vars_prompt data structure, found unsupported key '{word}'");
                self.error(Kind::Keyword, text, &list.span);
            }
        }
        let flag =
            |key: &str, default: bool| map.get(key).map_or(default, |value| truth(value).unwrap_or(default));
        Some(VarsPrompt {
            name: python_str(name),
            prompt: map.get("prompt").cloned(),
            default: map.get("default").cloned(),
            private: flag("private", true),
            confirm: flag("confirm", false),
            encrypt: map.get("encrypt").filter(|value| !value.is_null()).map(python_str),
            salt_size: match map.get("salt_size").map(|value| &value.data) {
                Some(Data::Int(size)) => Some(*size),
                Some(Data::Str(text)) => text.value.trim().parse().ok(),
                _ => None,
            },
            salt: map.get("salt").cloned(),
            is_unsafe: flag("unsafe", false),
            span: span.clone(),
        })
    }

    fn play_roles(&mut self, value: Option<&Node>, layer: &Arc<Layer>, span: &Span) -> Vec<Arc<RoleUse>> {
        let Some(value) = value else { return Vec::new() };
        if !matches!(value.data, Data::List(_) | Data::Null) {
            let (shown, class) = (python_str(value), python_class(value));
            let text = format!(
                "A malformed role declaration was encountered: ds ({shown}) should be a list but was a {class}"
            );
            self.error(Kind::Role, text, span);
            return Vec::new();
        }
        let entries: Vec<Node> = items(value).to_vec();
        entries.iter().filter_map(|entry| self.role_entry(entry, layer)).collect()
    }
}

/// The file as a whole.
fn whole(span: &Span) -> Span {
    span.source().map(|source| source.at(0, 0)).unwrap_or_default()
}

/// Ansible's booleans: a boolean, a number, or one of the words.
pub fn truth(value: &Node) -> Option<bool> {
    match &value.data {
        Data::Bool(value) => Some(*value),
        Data::Int(0) => Some(false),
        Data::Int(1) => Some(true),
        Data::Str(text) => match text.value.trim().to_lowercase().as_str() {
            "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
            "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}
