//! `ansible.cfg` and `ANSIBLE_*`: the first file that is found, and the environment over it.

use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// Settings by `section.key`, and where they came from.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The file in use.
    pub path: Option<PathBuf>,
    values: BTreeMap<String, String>,
    /// Things to say once output works.
    pub warnings: Vec<String>,
}

/// Every setting that is read: its place in the file, and its names in the environment.
pub const SETTINGS: &[(&str, &[&str])] = &[
    ("defaults.inventory", &["ANSIBLE_INVENTORY"]),
    ("defaults.forks", &["ANSIBLE_FORKS"]),
    ("defaults.timeout", &["ANSIBLE_TIMEOUT"]),
    ("defaults.remote_user", &["ANSIBLE_REMOTE_USER"]),
    ("defaults.remote_port", &["ANSIBLE_REMOTE_PORT"]),
    ("defaults.private_key_file", &["ANSIBLE_PRIVATE_KEY_FILE"]),
    ("defaults.host_key_checking", &["ANSIBLE_HOST_KEY_CHECKING", "ANSIBLE_SSH_HOST_KEY_CHECKING"]),
    ("defaults.roles_path", &["ANSIBLE_ROLES_PATH"]),
    ("defaults.collections_path", &["ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_PATHS"]),
    ("defaults.fact_caching", &["ANSIBLE_CACHE_PLUGIN"]),
    ("defaults.fact_caching_connection", &["ANSIBLE_CACHE_PLUGIN_CONNECTION"]),
    ("defaults.fact_caching_prefix", &["ANSIBLE_CACHE_PLUGIN_PREFIX"]),
    ("defaults.fact_caching_timeout", &["ANSIBLE_CACHE_PLUGIN_TIMEOUT"]),
    ("defaults.gathering", &["ANSIBLE_GATHERING"]),
    ("defaults.hash_behaviour", &["ANSIBLE_HASH_BEHAVIOUR"]),
    ("defaults.stdout_callback", &["ANSIBLE_STDOUT_CALLBACK"]),
    ("defaults.bin_ansible_callbacks", &["ANSIBLE_LOAD_CALLBACK_PLUGINS"]),
    ("defaults.callbacks_enabled", &["ANSIBLE_CALLBACKS_ENABLED", "ANSIBLE_CALLBACK_WHITELIST"]),
    ("defaults.callback_result_format", &["ANSIBLE_CALLBACK_RESULT_FORMAT"]),
    ("defaults.result_format", &["ANSIBLE_CALLBACK_RESULT_FORMAT"]),
    ("defaults.callback_format_pretty", &["ANSIBLE_CALLBACK_FORMAT_PRETTY"]),
    ("defaults.pretty_results", &["ANSIBLE_CALLBACK_FORMAT_PRETTY"]),
    ("defaults.display_skipped_hosts", &["ANSIBLE_DISPLAY_SKIPPED_HOSTS"]),
    ("defaults.display_ok_hosts", &["ANSIBLE_DISPLAY_OK_HOSTS"]),
    ("defaults.display_failed_stderr", &["ANSIBLE_DISPLAY_FAILED_STDERR"]),
    ("defaults.display_args_to_stdout", &["ANSIBLE_DISPLAY_ARGS_TO_STDOUT"]),
    ("defaults.show_custom_stats", &["ANSIBLE_SHOW_CUSTOM_STATS"]),
    ("defaults.show_per_host_start", &["ANSIBLE_SHOW_PER_HOST_START"]),
    ("defaults.check_mode_markers", &["ANSIBLE_CHECK_MODE_MARKERS"]),
    ("defaults.show_task_path_on_failure", &["ANSIBLE_SHOW_TASK_PATH_ON_FAILURE"]),
    ("defaults.nocolor", &["ANSIBLE_NOCOLOR", "NO_COLOR"]),
    ("defaults.force_color", &["ANSIBLE_FORCE_COLOR"]),
    ("defaults.log_path", &["ANSIBLE_LOG_PATH"]),
    ("defaults.vault_password_file", &["ANSIBLE_VAULT_PASSWORD_FILE"]),
    ("defaults.vault_identity_list", &["ANSIBLE_VAULT_IDENTITY_LIST"]),
    ("defaults.vault_identity", &["ANSIBLE_VAULT_IDENTITY"]),
    ("defaults.vault_encrypt_identity", &["ANSIBLE_VAULT_ENCRYPT_IDENTITY"]),
    ("defaults.vault_id_match", &["ANSIBLE_VAULT_ID_MATCH"]),
    ("defaults.ask_pass", &["ANSIBLE_ASK_PASS"]),
    ("defaults.ask_vault_pass", &["ANSIBLE_ASK_VAULT_PASS"]),
    ("defaults.strategy", &["ANSIBLE_STRATEGY"]),
    ("defaults.any_errors_fatal", &["ANSIBLE_ANY_ERRORS_FATAL"]),
    ("defaults.force_handlers", &["ANSIBLE_FORCE_HANDLERS"]),
    ("defaults.remote_tmp", &["ANSIBLE_REMOTE_TEMP", "ANSIBLE_REMOTE_TMP"]),
    ("defaults.executable", &["ANSIBLE_EXECUTABLE"]),
    ("defaults.transport", &["ANSIBLE_TRANSPORT"]),
    ("defaults.no_log", &["ANSIBLE_NO_LOG"]),
    ("defaults.task_timeout", &["ANSIBLE_TASK_TIMEOUT"]),
    ("defaults.poll_interval", &["ANSIBLE_POLL_INTERVAL"]),
    ("defaults.error_on_missing_handler", &["ANSIBLE_ERROR_ON_MISSING_HANDLER"]),
    ("defaults.inject_facts_as_vars", &["ANSIBLE_INJECT_FACT_VARS"]),
    ("defaults.allow_broken_conditionals", &["ANSIBLE_ALLOW_BROKEN_CONDITIONALS"]),
    ("defaults.duplicate_dict_key", &["ANSIBLE_DUPLICATE_YAML_DICT_KEY"]),
    ("defaults.deprecation_warnings", &["ANSIBLE_DEPRECATION_WARNINGS"]),
    ("defaults.system_warnings", &["ANSIBLE_SYSTEM_WARNINGS"]),
    ("defaults.localhost_warning", &["ANSIBLE_LOCALHOST_WARNING"]),
    ("defaults.invalid_task_attribute_failed", &["ANSIBLE_INVALID_TASK_ATTRIBUTE_FAILED"]),
    ("defaults.yaml_valid_extensions", &["ANSIBLE_YAML_FILENAME_EXT"]),
    ("defaults.verbosity", &["ANSIBLE_VERBOSITY"]),
    ("defaults.ansible_managed", &[]),
    ("inventory.enable_plugins", &["ANSIBLE_INVENTORY_ENABLED"]),
    ("inventory.unparsed_is_failed", &["ANSIBLE_INVENTORY_UNPARSED_FAILED"]),
    ("inventory.any_unparsed_is_failed", &["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"]),
    ("inventory.unparsed_warning", &["ANSIBLE_INVENTORY_UNPARSED_WARNING"]),
    ("inventory.host_pattern_mismatch", &["ANSIBLE_HOST_PATTERN_MISMATCH"]),
    ("inventory.ignore_extensions", &["ANSIBLE_INVENTORY_IGNORE"]),
    ("inventory.ignore_patterns", &["ANSIBLE_INVENTORY_IGNORE_REGEX"]),
    ("inventory.export", &["ANSIBLE_INVENTORY_EXPORT"]),
    ("privilege_escalation.become", &["ANSIBLE_BECOME"]),
    ("privilege_escalation.become_method", &["ANSIBLE_BECOME_METHOD"]),
    ("privilege_escalation.become_user", &["ANSIBLE_BECOME_USER"]),
    ("privilege_escalation.become_ask_pass", &["ANSIBLE_BECOME_ASK_PASS"]),
    ("privilege_escalation.become_flags", &["ANSIBLE_BECOME_FLAGS"]),
    ("privilege_escalation.become_exe", &["ANSIBLE_BECOME_EXE"]),
    ("ssh_connection.ssh_args", &["ANSIBLE_SSH_ARGS"]),
    ("ssh_connection.ssh_common_args", &["ANSIBLE_SSH_COMMON_ARGS"]),
    ("ssh_connection.ssh_extra_args", &["ANSIBLE_SSH_EXTRA_ARGS"]),
    ("ssh_connection.retries", &["ANSIBLE_SSH_RETRIES"]),
    ("ssh_connection.ssh_executable", &["ANSIBLE_SSH_EXECUTABLE"]),
    ("tags.run", &["ANSIBLE_RUN_TAGS"]),
    ("tags.skip", &["ANSIBLE_SKIP_TAGS"]),
    ("diff.always", &["ANSIBLE_DIFF_ALWAYS"]),
    ("diff.context", &["ANSIBLE_DIFF_CONTEXT"]),
];

impl Config {
    /// Looks for the file and reads it.
    pub fn load() -> Self {
        let mut config = Config::default();
        config.path = find(&mut config.warnings);
        if let Some(path) = config.path.clone() {
            match fs::read_to_string(&path) {
                Ok(text) => config.read(&text),
                Err(error) => config.warnings.push(format!("could not read {}: {error}", path.display())),
            }
        }
        config
    }

    /// The settings of one file.
    pub fn of(path: &Path) -> Self {
        let mut config = Config { path: Some(path.to_path_buf()), ..Config::default() };
        if let Ok(text) = fs::read_to_string(path) {
            config.read(&text);
        }
        config
    }

    fn read(&mut self, text: &str) {
        let mut section = String::new();
        let mut last: Option<String> = None;
        for line in text.lines() {
            let bare = line.trim();
            if bare.is_empty() || bare.starts_with('#') || bare.starts_with(';') {
                continue;
            }
            if line.starts_with([' ', '\t'])
                && let Some(key) = &last
            {
                let value = self.values.entry(key.clone()).or_default();
                value.push('\n');
                value.push_str(bare);
                continue;
            }
            if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.trim().to_owned();
                last = None;
                continue;
            }
            let Some((name, value)) = bare.split_once(['=', ':']) else { continue };
            let value = value.split(" ;").next().unwrap_or_default().trim();
            let key = format!("{section}.{}", name.trim().to_lowercase());
            self.values.insert(key.clone(), value.to_owned());
            last = Some(key);
        }
    }

    /// A setting, the environment first.
    pub fn get(&self, key: &str) -> Option<String> {
        let row = SETTINGS.iter().find(|(known, _)| *known == key);
        if let Some((_, names)) = row
            && let Some(value) = names.iter().find_map(|name| env::var(name).ok())
        {
            return Some(value);
        }
        self.values.get(key).cloned()
    }

    /// A boolean setting.
    pub fn flag(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        match value.trim().to_lowercase().as_str() {
            "y" | "yes" | "on" | "1" | "true" | "t" => Some(true),
            _ => Some(false),
        }
    }

    /// A setting that is a number.
    pub fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.get(key)?.trim().parse().ok()
    }

    /// A list of paths: `~`, variables and `{{CWD}}` are expanded; relative ones are relative to the file.
    pub fn paths(&self, key: &str) -> Option<Vec<PathBuf>> {
        let value = self.get(key)?;
        let parts = value.split(':').map(str::trim).filter(|part| !part.is_empty());
        Some(parts.map(|part| self.place(key, part)).collect())
    }

    /// A path of a setting.
    pub fn place(&self, key: &str, text: &str) -> PathBuf {
        let cwd = env::current_dir().unwrap_or_default();
        let text = text
            .replace("{{CWD}}", &cwd.display().to_string())
            .replace("{{ CWD }}", &cwd.display().to_string());
        let path = expand(&text);
        if path.is_absolute() {
            return path;
        }
        let from_file = self.values.contains_key(key) && self.get(key) == self.values.get(key).cloned();
        let base = self.path.as_deref().and_then(Path::parent).filter(|_| from_file).map(Path::to_owned);
        base.unwrap_or(cwd).join(path)
    }
}

/// A path with `~` and `$VARIABLES` replaced.
pub fn expand(text: &str) -> PathBuf {
    let mut out = String::new();
    let mut rest = text;
    if let Some(after) = text.strip_prefix('~')
        && (after.is_empty() || after.starts_with('/'))
    {
        out.push_str(&env::var("HOME").unwrap_or_default());
        rest = after;
    }
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let braced = after.starts_with('{');
        let name: String = after
            .chars()
            .skip(usize::from(braced))
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        let skip = name.len() + if braced { 2 } else { 0 };
        match env::var(&name) {
            Ok(value) if !name.is_empty() => out.push_str(&value),
            _ => out.push_str(&rest[at..(at + 1 + skip).min(rest.len())]),
        }
        rest = &rest[(at + 1 + skip).min(rest.len())..];
    }
    out.push_str(rest);
    PathBuf::from(out)
}

fn find(warnings: &mut Vec<String>) -> Option<PathBuf> {
    if let Ok(named) = env::var("ANSIBLE_CONFIG")
        && !named.is_empty()
    {
        let path = expand(&named);
        let path = if path.is_dir() { path.join("ansible.cfg") } else { path };
        if path.is_file() {
            return Some(env::current_dir().unwrap_or_default().join(path));
        }
    }
    if let Ok(cwd) = env::current_dir() {
        let path = cwd.join("ansible.cfg");
        if path.is_file() {
            let open = fs::metadata(&cwd).is_ok_and(|meta| meta.permissions().mode() & 0o002 != 0);
            if !open {
                return Some(path);
            }
            warnings.push(format!(
                "Ansible is being run in a world writable directory ({}), ignoring it as an ansible.cfg source. For more information see https://docs.ansible.com/ansible/devel/reference_appendices/config.html#cfg-in-world-writable-dir",
                cwd.display()
            ));
        }
    }
    [expand("~/.ansible.cfg"), PathBuf::from("/etc/ansible/ansible.cfg")]
        .into_iter()
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn files_are_read_as_ini() {
        let mut config = Config::default();
        config.read(
            "[defaults]\nforks = 7 ; comment\nroles_path=a:b\n# no\nlong = one\n  two\n[diff]\nalways: yes\n",
        );
        assert_eq!(config.number::<usize>("defaults.forks"), Some(7));
        assert_eq!(config.get("defaults.long").as_deref(), Some("one\ntwo"));
        assert_eq!(config.flag("diff.always"), Some(true));
        assert_eq!(config.get("defaults.nothing"), None);
    }
}
