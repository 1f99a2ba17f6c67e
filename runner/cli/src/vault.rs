//! `ansible-vault`: encrypts, decrypts, shows and edits files and strings.

mod edit;
mod store;
mod strings;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use runner_playbook::vault::{self, DEFAULT_LABEL, Secret, Secrets};

use crate::{
    args::VaultArgs,
    config::Config,
    exit,
    output::screen::{Colour, Screen},
    reader, secrets,
    setup::Refusal,
};

/// `ansible-vault` and `playbook vault`.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "ansible-vault",
    about = "encryption/decryption utility for Ansible data files",
    disable_version_flag = true
)]
pub struct VaultCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// Create new vault encrypted file
    Create {
        #[command(flatten)]
        secrets: Keys,
        #[command(flatten)]
        identity: Identity,
        /// allows editor to be opened when no tty attached
        #[arg(long)]
        skip_tty_check: bool,
        /// Filename
        #[arg(value_name = "file_name")]
        files: Vec<String>,
    },
    /// Decrypt vault encrypted file or string
    Decrypt {
        #[command(flatten)]
        secrets: Keys,
        #[command(flatten)]
        output: Output,
        /// Filename
        #[arg(value_name = "file_name")]
        files: Vec<String>,
    },
    /// Edit vault encrypted file
    Edit {
        #[command(flatten)]
        secrets: Keys,
        #[command(flatten)]
        identity: Identity,
        /// Filename
        #[arg(value_name = "file_name")]
        files: Vec<String>,
    },
    /// View vault encrypted file
    View {
        #[command(flatten)]
        secrets: Keys,
        /// Filename
        #[arg(value_name = "file_name")]
        files: Vec<String>,
    },
    /// Encrypt YAML file
    Encrypt {
        #[command(flatten)]
        secrets: Keys,
        #[command(flatten)]
        identity: Identity,
        #[command(flatten)]
        output: Output,
        /// Filename
        #[arg(value_name = "file_name")]
        files: Vec<String>,
    },
    /// Encrypt a string
    #[command(name = "encrypt_string")]
    EncryptString {
        #[command(flatten)]
        secrets: Keys,
        #[command(flatten)]
        identity: Identity,
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        strings: strings::StringArgs,
    },
    /// Re-key a vault encrypted file
    Rekey {
        #[command(flatten)]
        secrets: Keys,
        #[command(flatten)]
        identity: Identity,
        /// new vault password file for rekey
        #[arg(long)]
        new_vault_password_file: Option<PathBuf>,
        /// the new vault identity to use for rekey
        #[arg(long)]
        new_vault_id: Option<String>,
        /// Filename
        #[arg(value_name = "file_name")]
        files: Vec<String>,
    },
}

/// Where secrets come from, and how much is said.
#[derive(Debug, Clone, Args)]
struct Keys {
    #[command(flatten)]
    vault: VaultArgs,
    /// print more debug messages
    #[arg(short = 'v', long, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// Which secret encrypts.
#[derive(Debug, Clone, Args)]
struct Identity {
    /// the vault id used to encrypt (required if more than one vault-id is provided)
    #[arg(long)]
    encrypt_vault_id: Option<String>,
}

/// Where the result goes.
#[derive(Debug, Clone, Args)]
struct Output {
    /// output file name for encrypt or decrypt; use - for stdout
    #[arg(long = "output")]
    output_file: Option<String>,
}

/// Runs the command.
pub fn run(command: VaultCommand) -> i32 {
    let config = Config::load();
    let screen = Screen::new(reader::coloured(&config));
    match act(command.action, &config, &screen) {
        Ok(()) => exit::OK,
        Err(refusal) => refusal.print(&screen),
    }
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal { message: message.into(), code: exit::OPTIONS }
}

fn act(action: Action, config: &Config, screen: &Screen) -> Result<(), Refusal> {
    match action {
        Action::Create { secrets, identity, skip_tty_check, files } => {
            let [file] = &files[..] else {
                return Err(refuse("ansible-vault create can take only one filename argument"));
            };
            let secret = encrypting(&secrets, &identity, config)?;
            edit::create(file, &secret, skip_tty_check)
        }
        Action::Decrypt { secrets, output, files } => {
            let secrets = decrypting(&secrets, config)?;
            let named = many(&files, output.output_file.as_deref())?;
            for file in &named {
                let data = store::read(file)?;
                let plain = opened(&data, &secrets, &store::shown(file)).map(|(plain, _)| plain)?;
                store::write(file, output.output_file.as_deref(), &plain)?;
            }
            said(screen, "Decryption successful");
            Ok(())
        }
        Action::Edit { secrets, identity, files } => {
            let all = decrypting(&secrets, config)?;
            let wanted = chosen_label(&identity, config);
            for file in named(&files)? {
                edit::edit(file, &all, wanted.as_deref())?;
            }
            Ok(())
        }
        Action::View { secrets, files } => {
            let all = decrypting(&secrets, config)?;
            for file in named(&files)? {
                let data = store::read(file)?;
                let (plain, _) = opened(&data, &all, file)?;
                store::page(screen, &String::from_utf8_lossy(&plain));
            }
            Ok(())
        }
        Action::Encrypt { secrets, identity, output, files } => {
            let secret = encrypting(&secrets, &identity, config)?;
            for file in &many(&files, output.output_file.as_deref())? {
                let data = store::read(file)?;
                if vault::is_encrypted(&data) {
                    return Err(Refusal::new("input is already encrypted"));
                }
                let text = store::sealed(&data, &secret)?;
                store::write(file, output.output_file.as_deref(), text.as_bytes())?;
            }
            said(screen, "Encryption successful");
            Ok(())
        }
        Action::EncryptString { secrets, identity, output, strings } => {
            strings::check(&strings)?;
            let secret = encrypting(&secrets, &identity, config)?;
            strings::run(&strings, &secret, output.output_file.as_deref(), screen)
        }
        Action::Rekey { secrets, identity, new_vault_password_file, new_vault_id, files } => {
            let old = decrypting(&secrets, config)?;
            let new = new_secret(&identity, new_vault_password_file, new_vault_id, config)?;
            for file in named(&files)? {
                let data = store::read(file)?;
                let (plain, _) = opened(&data, &old, &store::shown(file))?;
                let text = store::sealed(&plain, &new)?;
                store::write(file, None, text.as_bytes())?;
            }
            screen.out("Rekey successful", None);
            Ok(())
        }
    }
}

/// A word for people; programs that read the output do not get it.
fn said(screen: &Screen, text: &str) {
    if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        screen.err(text, Some(Colour::Ok));
    }
}

/// Files to change; standard input when none are named.
fn many(files: &[String], output: Option<&str>) -> Result<Vec<String>, Refusal> {
    if output.is_some() && files.len() > 1 {
        return Err(refuse("At most one input file may be used with the --output option"));
    }
    Ok(if files.is_empty() { vec!["-".to_owned()] } else { files.to_vec() })
}

fn named(files: &[String]) -> Result<&[String], Refusal> {
    if files.is_empty() {
        return Err(refuse("missing the name of a file"));
    }
    Ok(files)
}

fn opened(data: &[u8], secrets: &Secrets, shown: &str) -> Result<(Vec<u8>, String), Refusal> {
    vault::decrypt_with_label(data, secrets).map_err(|error| Refusal::new(format!("{error} for {shown}")))
}

/// The secrets to try; a prompt when nothing else is given.
fn decrypting(args: &Keys, config: &Config) -> Result<Secrets, Refusal> {
    let mut found = secrets::secrets(&args.vault, config, true).map_err(Refusal::new)?;
    if found.list.is_empty() {
        found.list.push(secrets::asked(DEFAULT_LABEL, "Vault password: ").map_err(Refusal::new)?);
    }
    Ok(found)
}

fn chosen_label(identity: &Identity, config: &Config) -> Option<String> {
    identity.encrypt_vault_id.clone().or_else(|| config.get("defaults.vault_encrypt_identity"))
}

/// The one secret to encrypt with; a new password when nothing is given.
fn encrypting(args: &Keys, identity: &Identity, config: &Config) -> Result<Secret, Refusal> {
    let wanted = chosen_label(identity, config);
    // New passwords are typed twice, which reading secrets for decrypting does not do.
    let mut given = args.vault.clone();
    let asked = given.ask_vault_pass;
    given.ask_vault_pass = false;
    let prompts: Vec<String> = given.vault_id.iter().filter(|id| is_prompt(id)).cloned().collect();
    given.vault_id.retain(|id| !is_prompt(id));
    let mut found = secrets::secrets(&given, config, false).map_err(Refusal::new)?;
    let several = found.list.len() + prompts.len() + usize::from(asked) > 1;
    if several && wanted.is_none() {
        let mut labels: Vec<String> = found.list.iter().map(|secret| secret.label.clone()).collect();
        labels.extend(prompts.iter().filter_map(|id| id.split_once('@')).map(|(label, _)| label.to_owned()));
        labels.extend(asked.then(|| DEFAULT_LABEL.to_owned()));
        return Err(refuse(format!(
            "The vault-ids {} are available to encrypt. Specify the vault-id to encrypt with --encrypt-vault-id",
            labels.join(",")
        )));
    }
    for id in &prompts {
        let label = id.split_once('@').map_or(DEFAULT_LABEL, |(label, _)| label);
        found.list.push(secrets::new_password(label).map_err(Refusal::new)?);
    }
    if found.list.is_empty() || asked {
        found.list.push(secrets::new_password(DEFAULT_LABEL).map_err(Refusal::new)?);
    }
    pick(found, wanted.as_deref())
}

fn is_prompt(id: &str) -> bool {
    id.split_once('@').map_or(id, |(_, source)| source) == "prompt"
}

fn pick(found: Secrets, wanted: Option<&str>) -> Result<Secret, Refusal> {
    let labels: Vec<String> = found.list.iter().map(|secret| secret.label.clone()).collect();
    let mut secrets = found.list.into_iter();
    match wanted {
        None => secrets.next().ok_or_else(|| refuse("A vault password is required to use Ansible's Vault")),
        Some(label) => secrets.find(|secret| secret.label == label).ok_or_else(|| {
            Refusal::new(format!(
                "Did not find a match for --encrypt-vault-id={label} in the known vault-ids [{}]",
                labels.iter().map(|label| format!("'{label}'")).collect::<Vec<_>>().join(", ")
            ))
        }),
    }
}

fn new_secret(
    identity: &Identity,
    file: Option<PathBuf>,
    id: Option<String>,
    config: &Config,
) -> Result<Secret, Refusal> {
    let wanted = identity.encrypt_vault_id.clone();
    if let Some(file) = file {
        let label = wanted.as_deref().unwrap_or(DEFAULT_LABEL);
        return secrets::from_file(label, &crate::config::expand(&file.display().to_string()))
            .map_err(Refusal::new);
    }
    let Some(id) = id else { return secrets::new_password(DEFAULT_LABEL).map_err(Refusal::new) };
    let default = config.get("defaults.vault_identity").unwrap_or_else(|| DEFAULT_LABEL.to_owned());
    let (label, source) = id.split_once('@').unwrap_or((&default, &id));
    if source == "prompt" {
        return secrets::new_password(label).map_err(Refusal::new);
    }
    secrets::from_file(label, &crate::config::expand(source)).map_err(Refusal::new)
}
