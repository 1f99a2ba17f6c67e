//! Vault secrets of the command line and the configuration: files, programs, prompts.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use runner_playbook::vault::{DEFAULT_LABEL, Secret, Secrets};

use crate::{args::VaultArgs, config::Config, operator};

/// Every secret, in the order in which they are tried.
pub fn secrets(args: &VaultArgs, config: &Config, prompts: bool) -> Result<Secrets, String> {
    let mut secrets = Secrets {
        match_label: config.flag("defaults.vault_id_match").unwrap_or(false),
        ..Secrets::default()
    };
    let listed = config.get("defaults.vault_identity_list").unwrap_or_default();
    let mut ids: Vec<String> =
        listed.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect();
    ids.extend(args.vault_id.iter().cloned());
    let default_label = config.get("defaults.vault_identity").unwrap_or_else(|| DEFAULT_LABEL.to_owned());
    let mut trouble = None;
    for id in &ids {
        let (label, source) = match id.split_once('@') {
            Some((label, source)) => (if label.is_empty() { default_label.as_str() } else { label }, source),
            None => (default_label.as_str(), id.as_str()),
        };
        let found = if source == "prompt" || source == "prompt_ask_vault_pass" {
            if !prompts {
                continue;
            }
            asked(label, &format!("Vault password ({label}): "))
        } else {
            from_file(label, &crate::config::expand(source))
        };
        match found {
            Ok(secret) => secrets.list.push(secret),
            Err(why) => trouble = Some(why),
        }
    }
    let mut files = args.vault_password_file.clone();
    if let Some(file) = config.get("defaults.vault_password_file").filter(|file| !file.is_empty()) {
        files.push(config.place("defaults.vault_password_file", &file));
    }
    for file in files {
        match from_file(&default_label, &crate::config::expand(&file.display().to_string())) {
            Ok(secret) => secrets.list.push(secret),
            Err(why) => trouble = Some(why),
        }
    }
    if prompts && (args.ask_vault_pass || config.flag("defaults.ask_vault_pass").unwrap_or(false)) {
        secrets.list.push(asked(&default_label, "Vault password: ")?);
    }
    // One secret that cannot be had matters only when there is no other.
    match trouble {
        Some(why) if secrets.list.is_empty() => Err(why),
        _ => Ok(secrets),
    }
}

/// A password nobody has typed before, typed twice.
pub fn new_password(label: &str) -> Result<Secret, String> {
    let shown = if label == DEFAULT_LABEL { String::new() } else { format!(" ({label})") };
    let first = asked(label, &format!("New Vault password{shown}: "))?;
    let again = asked(label, &format!("Confirm New Vault password{shown}: "))?;
    if first == again { Ok(first) } else { Err("Passwords do not match".to_owned()) }
}

/// A password typed after a question.
pub fn asked(label: &str, text: &str) -> Result<Secret, String> {
    let Some(password) = operator::hidden_line(text) else {
        return Err(format!("EOFError (ctrl-d) on prompt for ({label})"));
    };
    if password.is_empty() {
        return Err("Invalid vault password was provided".to_owned());
    }
    Ok(Secret::new(label, password))
}

/// The password in a file, or that a program prints.
pub fn from_file(label: &str, path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let meta = std::fs::metadata(path).map_err(|_| {
        let place = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        format!("The vault password file {} was not found", place.display())
    })?;
    let content = if meta.permissions().mode() & 0o111 != 0 {
        // A bare name would be looked up in PATH.
        let mut command = Command::new(std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()));
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if stem.ends_with("-client") {
            command.arg("--vault-id").arg(label);
        }
        let output = command
            .stdin(Stdio::inherit())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("Problem running vault password script {shown} ({error})."))?;
        if !output.status.success() {
            let code = output.status.code().unwrap_or(-1);
            return Err(format!("Vault password script {shown} returned non-zero ({code}): None"));
        }
        output.stdout
    } else {
        std::fs::read(path).map_err(|error| format!("Could not read vault password file {shown}: {error}"))?
    };
    let password = content.trim_ascii();
    if password.is_empty() {
        return Err(format!("Invalid vault password was provided from file ({shown})"));
    }
    Ok(Secret::new(label, password))
}
