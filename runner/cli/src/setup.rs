//! From command line, `ansible.cfg` and environment to what the engine needs.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use runner_connection::{Connections, Defaults};
use runner_engine::{
    Parts,
    event::{Notice, Severity},
    machine::Machine,
    settings::{BecomeDefaults, ConnectionDefaults, Gathering, Settings},
    tags::Selection,
    target::Secret,
};
use runner_playbook::{
    files::Disk,
    inventory::{Inventory, InventoryLoader, Reader, pattern},
    load::{self, Loader},
    node::{Map, Node},
    problem::{self, Problem},
    source::Source,
    splitter,
    vault::Secrets,
    yaml::{self, DuplicateKeys},
};
use runner_template::{Templar, Value, Vars};

use crate::{
    ANSIBLE_VERSION,
    args::{BecomeArgs, ConnectionArgs, InventoryArgs, RuntimeArgs},
    config::Config,
    names::{Imports, Library},
    operator::{self, Terminal},
    output::{
        notice,
        screen::{Colour, Screen},
    },
};

/// Why a command cannot start, and its exit code.
#[derive(Debug)]
pub struct Refusal {
    /// The words, without prefix.
    pub message: String,
    /// The exit code.
    pub code: i32,
}

impl Refusal {
    /// An error with the general exit code.
    pub fn new(message: impl Into<String>) -> Self {
        Refusal { message: message.into(), code: crate::exit::ERROR }
    }

    /// Prints it.
    pub fn print(&self, screen: &Screen) -> i32 {
        screen.err(&format!("[ERROR]: {}", self.message), Some(Colour::Error));
        self.code
    }
}

/// The parts of every command that works on an inventory.
pub struct Base {
    /// Settings of files and environment.
    pub config: Config,
    /// Standard output and error.
    pub screen: Screen,
    /// Files.
    pub loader: Loader,
    /// Templates.
    pub templar: Templar,
    /// `-e`.
    pub extra: Map,
    /// The number of `-v`.
    pub verbosity: u8,
}

impl Base {
    /// Reads configuration, secrets and extra variables.
    pub fn new(runtime: &RuntimeArgs, secrets: Secrets, config: Config) -> Result<Self, Refusal> {
        let screen = Screen::new(crate::reader::coloured(&config));
        for warning in &config.warnings {
            screen.err(&format!("[WARNING]: {warning}"), Some(Colour::Warn));
        }
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let templar = Templar::new(runner_template::Settings {
            allow_broken_conditionals: config.flag("defaults.allow_broken_conditionals").unwrap_or(false),
        });
        let mut loader = Loader {
            files: Arc::new(Disk::new(cwd, home)),
            secrets: Arc::new(secrets),
            names: Arc::new(Library),
            imports: Arc::new(Imports(templar.clone())),
            settings: Arc::new(loading(&config)),
        };
        let extra = extra_vars(&runtime.extra_vars, &loader)?;
        let mut settings = loading(&config);
        settings.extra_vars = extra.clone();
        loader.settings = Arc::new(settings);
        let verbosity = runtime.verbose.max(config.number("defaults.verbosity").unwrap_or(0));
        Ok(Base { config, screen, loader, templar, extra, verbosity })
    }

    /// Reads the inventory and says what is wrong with it.
    pub fn inventory(&self, args: &InventoryArgs) -> Result<Inventory, Refusal> {
        let mut sources = args.inventory.clone();
        if sources.is_empty() {
            let configured =
                self.config.get("defaults.inventory").unwrap_or_else(|| "/etc/ansible/hosts".to_owned());
            let parts = configured.split(',').map(str::trim).filter(|part| !part.is_empty());
            sources = parts
                .map(|part| self.config.place("defaults.inventory", part).display().to_string())
                .collect();
        }
        let mut reader = InventoryLoader::new(self.loader.clone());
        crate::inventory::equip(&mut reader, &self.templar, &self.extra);
        if let Some(enabled) = self.config.get("inventory.enable_plugins") {
            reader.enabled = enabled
                .split(',')
                .map(str::trim)
                .filter_map(|name| {
                    // A plugin that has its own configuration files is found by what they say.
                    let by_file =
                        ["constructed", "generator"].contains(&name.rsplit('.').next().unwrap_or(name));
                    Reader::from_name(name).or(by_file.then_some(Reader::Auto))
                })
                .collect();
        }
        if let Some(list) = self.config.get("inventory.ignore_extensions") {
            reader.ignored_extensions = list.split(',').map(|part| part.trim().to_owned()).collect();
        }
        if let Some(list) = self.config.get("inventory.ignore_patterns") {
            reader.ignored_patterns = list.split(',').map(|part| part.trim().to_owned()).collect();
        }
        let (inventory, problems) = reader.load(&sources);
        let hide_unparsed = self.config.flag("inventory.unparsed_warning") == Some(false);
        let mut unparsed = 0;
        for problem in &problems {
            unparsed += usize::from(problem.message.starts_with("Unable to parse "));
            if hide_unparsed && problem.message.starts_with("No inventory was parsed") {
                continue;
            }
            self.problem(problem);
        }
        let failed = self.config.flag("inventory.any_unparsed_is_failed").unwrap_or(false) && unparsed > 0;
        let all = self.config.flag("inventory.unparsed_is_failed").unwrap_or(false)
            && problems.iter().any(|problem| problem.message.starts_with("No inventory was parsed"));
        if failed || all {
            return Err(Refusal::new(
                "No inventory was parsed, please check your configuration and options.",
            ));
        }
        Ok(inventory)
    }

    /// Prints a problem of loading.
    pub fn problem(&self, problem: &Problem) {
        let found = notice_of(problem);
        if found.severity == Severity::Deprecation
            && self.config.flag("defaults.deprecation_warnings") == Some(false)
        {
            return;
        }
        let colour = match found.severity {
            Severity::Error => Colour::Error,
            Severity::Deprecation => Colour::Deprecate,
            _ => Colour::Warn,
        };
        let text = notice::text(&found);
        self.screen.err(&text, Some(colour));
    }

    /// Host patterns of `--limit`, files read.
    pub fn limit(&self, args: &InventoryArgs) -> Result<Vec<String>, Refusal> {
        let Some(limit) = &args.limit else { return Ok(Vec::new()) };
        let mut patterns = Vec::new();
        for part in pattern::split(limit) {
            match part.strip_prefix('@') {
                Some(file) => {
                    let path = crate::config::expand(file);
                    if path.is_dir() {
                        return Err(Refusal::new(format!(
                            "Limit starting with \"@\" must be a file, not a directory: {}",
                            path.display()
                        )));
                    }
                    let text = std::fs::read_to_string(path)
                        .map_err(|_| Refusal::new(format!("Unable to find limit file {file}")))?;
                    patterns.extend(pattern::limit_file(&text));
                }
                None => patterns.push(part),
            }
        }
        Ok(patterns)
    }
}

/// A problem of loading as a notice.
pub fn notice_of(problem: &Problem) -> Notice {
    let severity = match problem.severity {
        problem::Severity::Error => Severity::Error,
        problem::Severity::Warning => Severity::Warning,
        problem::Severity::Deprecation => Severity::Deprecation,
    };
    Notice { help: problem.help.clone(), ..Notice::new(severity, problem.message.clone()).at(&problem.span) }
}

fn loading(config: &Config) -> load::Settings {
    let mut settings = load::Settings::default();
    if let Some(paths) = config.paths("defaults.roles_path") {
        settings.roles_path = paths;
    }
    if let Some(paths) = config.paths("defaults.collections_path") {
        settings.collections_path = paths;
    }
    settings.duplicate_keys = match config.get("defaults.duplicate_dict_key").as_deref() {
        Some("error") => DuplicateKeys::Error,
        Some("ignore") => DuplicateKeys::Ignore,
        _ => DuplicateKeys::Warn,
    };
    settings.invalid_attribute_is_error =
        config.flag("defaults.invalid_task_attribute_failed").unwrap_or(true);
    if let Some(list) = config.get("defaults.yaml_valid_extensions") {
        settings.yaml_extensions = list.split(',').map(|part| part.trim().to_owned()).collect();
    }
    settings
}

/// `-e`: files, YAML, JSON, `key=value`, later ones winning.
fn extra_vars(given: &[String], loader: &Loader) -> Result<Map, Refusal> {
    let mut merged = Map::new();
    for text in given.iter().map(|text| text.trim_start()) {
        if let Some(file) = text.strip_prefix('@') {
            let path = loader.files.absolute(std::path::Path::new(file));
            let (map, problems) = loader.load_vars_file(&path);
            let Some(map) = map else {
                let why =
                    problems.iter().find(|problem| problem.is_error()).map(|problem| problem.message.clone());
                return Err(Refusal::new(why.unwrap_or_else(|| format!("could not read {file}"))));
            };
            merged.extend_from(&map);
        } else if text.starts_with(['/', '.']) {
            return Err(Refusal::new(format!("Please prepend extra_vars filename '{text}' with '@'")));
        } else if text.starts_with(['[', '{']) {
            let (node, problems) = yaml::parse(&Source::new("<cli option '-e'>", text));
            let map = node.as_ref().and_then(Node::as_map).cloned();
            let Some(map) = map.filter(|_| !problem::has_errors(&problems)) else {
                return Err(Refusal::new(format!(
                    "Invalid extra vars data supplied. '{text}' could not be made into a dictionary"
                )));
            };
            merged.extend_from(&map);
        } else {
            let pairs = splitter::key_values(text, false).map_err(|error| Refusal::new(error.to_string()))?;
            let source = Source::new("<cli option '-e'>", text);
            for (name, value) in pairs.options {
                merged.set(&name, Node::string(value, source.start()));
            }
        }
    }
    Ok(merged)
}

/// The engine's settings.
pub fn settings(
    base: &Base,
    runtime: &RuntimeArgs,
    connection: &ConnectionArgs,
    elevation: &BecomeArgs,
    limit: (Vec<String>, Option<String>),
) -> Result<Settings, Refusal> {
    let config = &base.config;
    let forks = runtime
        .forks
        .or_else(|| config.number("defaults.forks"))
        .unwrap_or(runner_engine::settings::FORKS_DEFAULT);
    if forks < 1 {
        return Err(Refusal {
            message: "The number of processes (--forks) must be >= 1".to_owned(),
            code: crate::exit::OPTIONS,
        });
    }
    Ok(Settings {
        forks,
        check: runtime.check,
        diff: runtime.diff || config.flag("diff.always").unwrap_or(false),
        verbosity: base.verbosity,
        limit: limit.0,
        limit_given: limit.1,
        force_handlers: config.flag("defaults.force_handlers").unwrap_or(false),
        any_errors_fatal: config.flag("defaults.any_errors_fatal").unwrap_or(false),
        gathering: match config.get("defaults.gathering").as_deref() {
            Some("explicit") => Gathering::Explicit,
            Some("smart") => Gathering::Smart,
            _ => Gathering::Implicit,
        },
        strategy: config.get("defaults.strategy").unwrap_or_else(|| "linear".to_owned()),
        no_log: config.flag("defaults.no_log").unwrap_or(false),
        error_on_missing_handler: config.flag("defaults.error_on_missing_handler").unwrap_or(true),
        inject_facts: config.flag("defaults.inject_facts_as_vars").unwrap_or(true),
        hash_merge: config.get("defaults.hash_behaviour").is_some_and(|word| word == "merge"),
        poll_interval_s: config
            .number("defaults.poll_interval")
            .unwrap_or(runner_engine::settings::POLL_INTERVAL_S),
        task_timeout_s: config.number("defaults.task_timeout").unwrap_or(0),
        extra_vars: Vars::from_node_map(&base.extra),
        connection: connections(config, connection)?,
        r#become: elevations(config, elevation)?,
        config_file: config.path.clone(),
        version: ANSIBLE_VERSION.to_owned(),
        operator: Arc::new(Terminal),
        fact_cache: crate::facts::JsonFiles::of(config)
            .map_err(Refusal::new)?
            .map(|cache| Arc::new(cache) as Arc<dyn runner_engine::fact_cache::FactCache>),
        current_dir: std::env::current_dir().unwrap_or_default(),
        ..Settings::default()
    })
}

fn password_file(path: &std::path::Path) -> Result<Secret, Refusal> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Refusal::new(format!("The password file {} was not found: {error}", path.display()))
    })?;
    Ok(Secret::new(text.trim()))
}

fn connections(config: &Config, args: &ConnectionArgs) -> Result<ConnectionDefaults, Refusal> {
    let mut settings: BTreeMap<String, String> = BTreeMap::new();
    for (value, variable) in [
        (
            args.ssh_common_args.clone().or_else(|| config.get("ssh_connection.ssh_common_args")),
            "ansible_ssh_common_args",
        ),
        (
            args.ssh_extra_args.clone().or_else(|| config.get("ssh_connection.ssh_extra_args")),
            "ansible_ssh_extra_args",
        ),
        (args.sftp_extra_args.clone(), "ansible_sftp_extra_args"),
        (args.scp_extra_args.clone(), "ansible_scp_extra_args"),
    ] {
        if let Some(value) = value {
            settings.insert(variable.to_owned(), value);
        }
    }
    let password = match &args.connection_password_file {
        Some(path) => Some(password_file(path)?),
        None if args.ask_pass || config.flag("defaults.ask_pass").unwrap_or(false) => {
            operator::hidden_line("SSH password: ").map(Secret::new)
        }
        None => None,
    };
    Ok(ConnectionDefaults {
        transport: args
            .connection
            .clone()
            .or_else(|| config.get("defaults.transport"))
            .unwrap_or_else(|| "ssh".to_owned()),
        user: args.user.clone().or_else(|| config.get("defaults.remote_user")),
        port: config.number("defaults.remote_port"),
        private_key_file: args
            .private_key
            .clone()
            .or_else(|| config.get("defaults.private_key_file"))
            .map(|path| crate::config::expand(&path).display().to_string()),
        timeout_s: args.timeout.or_else(|| config.number("defaults.timeout")).unwrap_or(10),
        password,
        settings,
    })
}

fn elevations(config: &Config, args: &BecomeArgs) -> Result<BecomeDefaults, Refusal> {
    let get = |key: &str| config.get(&format!("privilege_escalation.{key}"));
    let password = match &args.become_password_file {
        Some(path) => Some(password_file(path)?),
        None if args.ask_become_pass
            || config.flag("privilege_escalation.become_ask_pass").unwrap_or(false) =>
        {
            operator::hidden_line("BECOME password: ").map(Secret::new)
        }
        None => None,
    };
    Ok(BecomeDefaults {
        active: args.r#become || config.flag("privilege_escalation.become").unwrap_or(false),
        method: args
            .become_method
            .clone()
            .or_else(|| get("become_method"))
            .unwrap_or_else(|| "sudo".to_owned()),
        user: args.become_user.clone().or_else(|| get("become_user")),
        exe: get("become_exe"),
        flags: get("become_flags"),
        password,
    })
}

/// Tags of the command line and the configuration.
pub fn selection(config: &Config, tags: &[String], skip: &[String]) -> Selection {
    let split = |given: &[String], key: &str| -> Vec<String> {
        let mut words: Vec<String> = given.to_vec();
        if words.is_empty() {
            words.extend(config.get(key));
        }
        let parts = words.iter().flat_map(|word| word.split(','));
        parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    };
    let only = split(tags, "tags.run");
    Selection {
        only: if only.is_empty() { vec!["all".to_owned()] } else { only },
        skip: split(skip, "tags.skip"),
    }
}

/// The parts of an engine session.
pub fn parts(base: &Base, settings: Settings, inventory: Inventory) -> Result<Parts, Refusal> {
    let config = base.config.clone();
    let defaults = Defaults {
        ssh_args: config.get("ssh_connection.ssh_args").unwrap_or_else(|| Defaults::default().ssh_args),
        ssh_executable: config.get("ssh_connection.ssh_executable").unwrap_or_else(|| "ssh".to_owned()),
        host_key_checking: config.flag("defaults.host_key_checking").unwrap_or(true),
        retries: config.number("ssh_connection.retries").unwrap_or(0),
        verbosity: base.verbosity,
        ..Defaults::default()
    };
    let connector = Connections::new(defaults)
        .map_err(|error| Refusal::new(format!("could not make a temporary folder: {error}")))?;
    let lookup = base.config.clone();
    let setting = Arc::new(move |name: &str| setting(&lookup, name));
    let world = Machine::new(base.loader.clone(), settings.current_dir.clone(), setting);
    Ok(Parts {
        settings,
        inventory,
        templar: base.templar.clone(),
        loader: base.loader.clone(),
        connector: Arc::new(connector),
        world: Arc::new(world),
    })
}

/// A setting by its name in the file or in Ansible's list (`DEFAULT_FORKS`).
fn setting(config: &Config, name: &str) -> Option<Value> {
    let lower = name.to_lowercase();
    let bare = lower.strip_prefix("default_").unwrap_or(&lower);
    let bare = match bare {
        "managed_str" => "ansible_managed",
        "host_list" => "inventory",
        other => other,
    };
    let found = ["defaults", "ssh_connection", "privilege_escalation", "inventory", "diff", "tags"]
        .iter()
        .find_map(|section| config.get(&format!("{section}.{bare}")));
    found.map(Value::text)
}
