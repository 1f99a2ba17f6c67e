//! Inventory sources: which reader takes a host list, a file, a program or a directory, and what is said when none does.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;

use crate::inventory::model::{Inventory, UNGROUPED};
use crate::inventory::plugin::Plugin;
use crate::inventory::script::{self, NoScripts, RunScript};
use crate::inventory::{address, ini, toml, tree};
use crate::load::Loader;
use crate::node::Node;
use crate::problem::{Kind, Problem, has_errors};
use crate::source::{Source, Span};

/// Directories within directories: more means a link that leads back.
const DEPTH_MAX: usize = 32;
/// How many characters of a program are looked at to find out that it is one.
const SHEBANG: &[u8] = b"#!";

/// A reader of sources, as `enable_plugins` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// `a,b,c`.
    HostList,
    /// `a[1:3],b`.
    AdvancedHostList,
    /// An executable file.
    Script,
    /// A YAML file with `plugin:`.
    Auto,
    /// A YAML or JSON file.
    Yaml,
    /// An INI file.
    Ini,
    /// A TOML file.
    Toml,
}

impl Reader {
    /// The name Ansible gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::HostList => "host_list",
            Self::AdvancedHostList => "advanced_host_list",
            Self::Script => "script",
            Self::Auto => "auto",
            Self::Yaml => "yaml",
            Self::Ini => "ini",
            Self::Toml => "toml",
        }
    }

    /// The reader of a name, with or without its collection.
    pub fn from_name(name: &str) -> Option<Self> {
        let short = name.strip_prefix("ansible.builtin.").unwrap_or(name);
        let all = [
            Self::HostList,
            Self::AdvancedHostList,
            Self::Script,
            Self::Auto,
            Self::Yaml,
            Self::Ini,
            Self::Toml,
        ];
        all.into_iter().find(|reader| reader.name() == short)
    }
}

/// How inventories are read.
#[derive(Clone)]
pub struct InventoryLoader {
    /// Files, vault secrets and settings.
    pub loader: Loader,
    /// Runs inventory programs.
    pub scripts: Arc<dyn RunScript>,
    /// Plugins that YAML files may ask for.
    pub plugins: Vec<Arc<dyn Plugin>>,
    /// `enable_plugins`.
    pub enabled: Vec<Reader>,
    /// `inventory_ignore_extensions`.
    pub ignored_extensions: Vec<String>,
    /// `inventory_ignore_patterns`: Python patterns matched from the start of a name.
    pub ignored_patterns: Vec<String>,
}

impl InventoryLoader {
    /// Ansible's defaults.
    pub fn new(loader: Loader) -> Self {
        use Reader::{Auto, HostList, Ini, Script, Toml, Yaml};
        let extensions =
            [".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"];
        Self {
            loader,
            scripts: Arc::new(NoScripts),
            plugins: Vec::new(),
            enabled: vec![HostList, Script, Auto, Yaml, Ini, Toml],
            ignored_extensions: extensions.map(str::to_owned).into(),
            ignored_patterns: Vec::new(),
        }
    }

    /// Reads sources in order into one inventory. It can always be used; problems say what could not be read.
    pub fn load(&self, sources: &[String]) -> (Inventory, Vec<Problem>) {
        let mut inventory = Inventory::new();
        let mut problems = Vec::new();
        let mut any = false;
        for source in sources {
            let is_list = source.contains(',');
            let path = self.loader.files.absolute(Path::new(source));
            inventory.sources.push(if is_list { source.clone() } else { path.display().to_string() });
            any |= self.source(source, &path, &mut inventory, &mut problems, 0);
        }
        inventory.reconcile();
        if !any {
            let text = "No inventory was parsed, only implicit localhost is available";
            problems.push(Problem::warning(Kind::Inventory, text, &Span::none()));
        }
        let odd = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_digit())
                || name.contains(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        };
        if inventory.groups().any(|group| odd(&group.name)) {
            let text =
                "Invalid characters were found in group names but not replaced, use -vvvv to see details";
            problems.push(Problem::warning(Kind::Inventory, text, &Span::none()));
        }
        for group in inventory.groups() {
            if inventory.host(&group.name).is_some_and(|host| !host.implicit) {
                let text = format!("Found both group and host with same name: {}", group.name);
                problems.push(Problem::warning(Kind::Inventory, text, &Span::none()));
            }
        }
        (inventory, problems)
    }

    fn source(
        &self,
        source: &str,
        path: &Path,
        inventory: &mut Inventory,
        problems: &mut Vec<Problem>,
        depth: usize,
    ) -> bool {
        let files = &self.loader.files;
        if !source.contains(',') && files.is_dir(path) {
            return self.directory(path, inventory, problems, depth);
        }
        let mut failures: Vec<Problem> = Vec::new();
        let document = Document { loader: &self.loader, path, read: OnceCell::new() };
        for reader in &self.enabled {
            // A reader that fails leaves nothing behind.
            let before = inventory.clone();
            let noted = problems.len();
            match self.read(*reader, source, &document, inventory, problems) {
                None => {}
                Some(Ok(())) => return true,
                Some(Err(problem)) => {
                    *inventory = before;
                    problems.truncate(noted);
                    let name = reader.name();
                    failures.push(Problem {
                        message: format!(
                            "Failed to parse inventory with '{name}' plugin: {}",
                            problem.message
                        ),
                        severity: crate::problem::Severity::Warning,
                        ..problem
                    });
                }
            }
        }
        problems.append(&mut failures);
        let shown = if source.contains(',') { source.to_owned() } else { path.display().to_string() };
        problems.push(Problem::warning(
            Kind::Inventory,
            format!("Unable to parse {shown} as an inventory source"),
            &Span::none(),
        ));
        false
    }

    fn directory(
        &self,
        path: &Path,
        inventory: &mut Inventory,
        problems: &mut Vec<Problem>,
        depth: usize,
    ) -> bool {
        let mut names = self.loader.files.list(path).unwrap_or_default();
        names.sort();
        let mut any = false;
        for name in names {
            if depth < DEPTH_MAX && !self.is_ignored(&name) {
                let below = path.join(&name);
                any |= self.source(&below.display().to_string(), &below, inventory, problems, depth + 1);
            }
        }
        if !any {
            let text = format!("Unable to parse {} as an inventory source", path.display());
            problems.push(Problem::warning(Kind::Inventory, text, &Span::none()));
        }
        any
    }

    fn is_ignored(&self, name: &str) -> bool {
        let fixed = name.starts_with('.') || matches!(name, "host_vars" | "group_vars" | "vars_plugins");
        let matches = |pattern: &String| {
            fancy_regex::Regex::new(&format!("^(?:{pattern})"))
                .is_ok_and(|regex| regex.is_match(name).unwrap_or(false))
        };
        fixed
            || self.ignored_extensions.iter().any(|extension| name.ends_with(extension.as_str()))
            || self.ignored_patterns.iter().any(matches)
    }

    /// None when the reader does not take such a source.
    fn read(
        &self,
        reader: Reader,
        source: &str,
        document: &Document<'_>,
        inventory: &mut Inventory,
        problems: &mut Vec<Problem>,
    ) -> Option<Result<(), Problem>> {
        let path = document.path;
        let files = &self.loader.files;
        let is_list = source.contains(',') && !files.exists(path);
        match reader {
            Reader::HostList | Reader::AdvancedHostList => {
                is_list.then(|| host_list(source, reader == Reader::AdvancedHostList, inventory))
            }
            _ if is_list || !files.is_file(path) => None,
            Reader::Script => {
                let runs =
                    files.is_executable(path) || files.read(path).is_ok_and(|text| text.starts_with(SHEBANG));
                runs.then(|| script::read(path, &*self.scripts, inventory, problems))
            }
            Reader::Auto => self.auto(path, document, inventory, problems),
            Reader::Yaml => self.has_yaml_extension(path).then(|| {
                let (root, source, found) = document.root()?;
                problems.extend(found);
                tree::read(&root, &source, inventory, problems)
            }),
            Reader::Ini => Some(self.ini(path, inventory)),
            Reader::Toml => (path.extension().is_some_and(|extension| extension == "toml")).then(|| {
                let source = self.loader.read(path, &Span::none()).map_err(|problem| *problem)?;
                toml::read(&source, inventory, problems)
            }),
        }
    }

    fn has_yaml_extension(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match name.rfind('.').filter(|at| *at > 0) {
            None => true,
            Some(at) => self.loader.settings.yaml_extensions.iter().any(|known| *known == name[at..]),
        }
    }

    fn auto(
        &self,
        path: &Path,
        document: &Document<'_>,
        inventory: &mut Inventory,
        problems: &mut Vec<Problem>,
    ) -> Option<Result<(), Problem>> {
        if !matches!(path.extension().and_then(|extension| extension.to_str()), Some("yml" | "yaml")) {
            return None;
        }
        let (node, source) = match document.root() {
            Ok((node, source, _)) => (node, source),
            Err(problem) => return Some(Err(problem)),
        };
        let plugin = node.as_map().and_then(|map| Some((map.clone(), map.get("plugin")?.clone())));
        let Some((map, name)) = plugin else {
            let text = format!(
                "no root 'plugin' key found, '{}' is not a valid YAML inventory plugin config file",
                path.display()
            );
            return Some(Err(Problem::error(Kind::Inventory, text, &node.span)));
        };
        let wanted = name.scalar_text().unwrap_or_default();
        let plugin = self.plugins.iter().find(|plugin| plugin.names().contains(&&*wanted));
        Some(match plugin {
            Some(plugin) => plugin.parse(&map, &source, inventory).map(|more| problems.extend(more)),
            None => {
                let text =
                    format!("inventory config '{}' specifies unknown plugin '{wanted}'", path.display());
                Err(Problem::error(Kind::Inventory, text, &name.span))
            }
        })
    }

    fn ini(&self, path: &Path, inventory: &mut Inventory) -> Result<(), Problem> {
        let source = self.loader.read(path, &Span::none()).map_err(|problem| *problem)?;
        ini::read(&source, inventory).map_err(|mistake| {
            let text = format!("Failed to parse inventory: {}", mistake.message);
            Problem::error(Kind::Inventory, text, &mistake.span)
        })
    }
}

/// The root, the text and the warnings of a YAML file.
type Parsed = (Node, Source, Vec<Problem>);

/// A YAML file that several readers look at and that is read once.
struct Document<'a> {
    loader: &'a Loader,
    path: &'a Path,
    read: OnceCell<Result<Parsed, Problem>>,
}

impl Document<'_> {
    /// The root, the text and the warnings.
    fn root(&self) -> Result<Parsed, Problem> {
        self.read.get_or_init(|| self.parse()).clone()
    }

    fn parse(&self) -> Result<Parsed, Problem> {
        let source = self.loader.read(self.path, &Span::none()).map_err(|problem| *problem)?;
        let (node, found) = crate::yaml::parse_with(&source, self.loader.settings.duplicate_keys);
        match node.filter(|_| !has_errors(&found)) {
            Some(node) => Ok((node, source, found)),
            None => {
                let first = found.into_iter().find(Problem::is_error);
                Err(first.unwrap_or_else(|| Problem::error(Kind::Inventory, "empty file", &source.start())))
            }
        }
    }
}

fn host_list(source: &str, with_ranges: bool, inventory: &mut Inventory) -> Result<(), Problem> {
    let label = Source::new(source, "");
    for name in source.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if with_ranges {
            let (names, port) = match address::expand(name) {
                Ok(found) => found,
                // What is no range after all is a name.
                Err(why) if why.ends_with("end value") => (vec![name.to_owned()], None),
                Err(why) => return Err(Problem::error(Kind::Inventory, why, &Span::none())),
            };
            for name in names {
                super::add_host(inventory, &name, Some(UNGROUPED), port, &label);
            }
        } else {
            let (host, port) = address::split_port(name, false);
            super::add_host(inventory, host, Some(UNGROUPED), port, &label);
        }
    }
    Ok(())
}
