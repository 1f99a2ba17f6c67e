//! The command line of ssh for one endpoint: Ansible's options in Ansible's order, then what we need of our own.

use std::path::Path;

use runner_engine::target::Endpoint;

use crate::Defaults;
use crate::quote::split;

/// Ansible's own `ssh_args`; they apply unless the user gives others.
pub(crate) const SSH_ARGS: &str = "-C -o ControlMaster=auto -o ControlPersist=60s";

/// A machine that does not answer keep-alives this often is gone: 60 s together. Options of the user win.
const KEEP_ALIVE: [&str; 4] = ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"];

/// What to start in order to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SshCommand {
    /// The ssh program.
    pub program: String,
    /// Its options, without those of the control socket and without the destination.
    options: Vec<String>,
    destination: String,
    /// The user manages control sockets, so we open none of our own.
    pub users_own_control: bool,
    /// Further attempts after a failed connection.
    pub retries: u32,
}

impl SshCommand {
    /// Arguments for a connection that also listens on our control socket.
    pub(crate) fn as_master(&self, control: &Path, line: &str) -> Vec<String> {
        let control = format!("ControlPath={}", control.display());
        // The first value wins in ssh, so ours come before the user's.
        let ours = ["-o", "ControlMaster=yes", "-o", "ControlPersist=no", "-o", &control];
        let ours = if self.users_own_control { &[][..] } else { &ours[..] };
        self.compose(ours, "-T", line)
    }

    /// Arguments for a connection of its own, with a terminal on the other side or without.
    pub(crate) fn alone(&self, terminal: bool, line: &str) -> Vec<String> {
        let ours = ["-o", "ControlMaster=no", "-o", "ControlPath=none"];
        let ours = if self.users_own_control { &[][..] } else { &ours[..] };
        self.compose(ours, if terminal { "-tt" } else { "-T" }, line)
    }

    fn compose(&self, first: &[&str], terminal: &str, line: &str) -> Vec<String> {
        let mut args: Vec<String> = first.iter().map(|arg| (*arg).to_owned()).collect();
        args.extend(self.options.iter().cloned());
        args.extend(["-e", "none", terminal, "--", &self.destination, line].map(str::to_owned));
        args
    }
}

/// Works out the command line; fails with a sentence when an option cannot be read.
pub(crate) fn ssh_command(endpoint: &Endpoint, defaults: &Defaults) -> Result<SshCommand, String> {
    let setting = |name: &str| endpoint.setting(name).filter(|value| !value.is_empty());
    let mut options = Vec::new();
    if defaults.verbosity > 3 {
        options.push("-vvv".to_owned());
    }
    let ssh_args = setting("ansible_ssh_args").unwrap_or(&defaults.ssh_args);
    options.extend(split(ssh_args)?);
    let checking = ["ansible_ssh_host_key_checking", "ansible_host_key_checking"]
        .into_iter()
        .find_map(setting)
        .map_or(defaults.host_key_checking, is_true);
    let mut option = |text: String| options.extend(["-o".to_owned(), text]);
    if !checking {
        option("StrictHostKeyChecking=no".to_owned());
    }
    if let Some(port) = endpoint.port {
        option(format!("Port={port}"));
    }
    if let Some(file) = endpoint.private_key_file.as_deref().filter(|file| !file.is_empty()) {
        option(format!("IdentityFile=\"{file}\""));
    }
    if endpoint.password.is_none() {
        option("KbdInteractiveAuthentication=no".to_owned());
        let keys = "PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey";
        option(keys.to_owned());
        option("PasswordAuthentication=no".to_owned());
    } else {
        // A wrong password is wrong: asking again only locks accounts.
        option("NumberOfPasswordPrompts=1".to_owned());
    }
    if let Some(user) = endpoint.user.as_deref().filter(|user| !user.is_empty()) {
        option(format!("User=\"{user}\""));
    }
    option(format!("ConnectTimeout={}", endpoint.timeout_s.max(1)));
    options.extend(split(setting("ansible_ssh_common_args").unwrap_or(&defaults.ssh_common_args))?);
    options.extend(split(setting("ansible_ssh_extra_args").unwrap_or(&defaults.ssh_extra_args))?);
    let users_own_control = options.iter().any(|word| has_option(word, "ControlPath"));
    options.extend(KEEP_ALIVE.map(str::to_owned));
    let retries = ["ansible_ssh_retries", "ansible_ssh_reconnection_retries"]
        .into_iter()
        .find_map(setting)
        .map_or(Ok(defaults.retries), |text| {
        text.trim().parse().map_err(|_| format!("ansible_ssh_retries is no number: {text}"))
    })?;
    Ok(SshCommand {
        program: setting("ansible_ssh_executable").unwrap_or(&defaults.ssh_executable).to_owned(),
        options,
        destination: endpoint.address.clone(),
        users_own_control,
        retries,
    })
}

/// Whether this word sets the option, as `ControlPath=x`, `-oControlPath=x` or `ControlPath x`.
fn has_option(word: &str, name: &str) -> bool {
    let word = word.strip_prefix("-o").unwrap_or(word).trim_start();
    word.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && matches!(word.as_bytes().get(name.len()), Some(b'=' | b' '))
}

/// Ansible's words for true.
pub(crate) fn is_true(text: &str) -> bool {
    ["y", "yes", "on", "1", "true", "t", "1.0"].contains(&text.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use runner_engine::target::Secret;

    use super::*;

    const KEYS_ONLY: &str = "-o KbdInteractiveAuthentication=no -o \
        PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey -o PasswordAuthentication=no";

    fn endpoint(settings: &[(&str, &str)]) -> Endpoint {
        Endpoint {
            transport: "ssh".into(),
            address: "10.0.0.5".into(),
            settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            ..Endpoint::local("web")
        }
    }

    fn line(endpoint: &Endpoint) -> String {
        ssh_command(endpoint, &Defaults::default()).expect("sound options").alone(false, "true").join(" ")
    }

    #[test]
    fn options_come_in_ansibles_order() {
        let mut full = endpoint(&[
            ("ansible_ssh_args", "-o Compression=no"),
            ("ansible_ssh_common_args", "-J bastion"),
            ("ansible_ssh_extra_args", "-o \"LogLevel QUIET\""),
            ("ansible_host_key_checking", "False"),
        ]);
        full.port = Some(2222);
        full.user = Some("ops".into());
        full.private_key_file = Some("/keys/my key".into());
        full.timeout_s = 7;
        assert_eq!(
            line(&full),
            format!(
                "-o ControlMaster=no -o ControlPath=none -o Compression=no -o StrictHostKeyChecking=no -o Port=2222 \
                 -o IdentityFile=\"/keys/my key\" {KEYS_ONLY} -o User=\"ops\" -o ConnectTimeout=7 -J bastion \
                 -o LogLevel QUIET -o ServerAliveInterval=15 -o ServerAliveCountMax=4 -e none -T -- 10.0.0.5 true"
            )
        );
    }

    #[test]
    fn a_password_is_not_an_argument() {
        let mut with = endpoint(&[]);
        with.password = Some(Secret::new("hush"));
        let line = line(&with);
        assert!(!line.contains("hush") && !line.contains("PasswordAuthentication=no"), "{line}");
        assert!(line.contains("NumberOfPasswordPrompts=1"), "{line}");
    }

    #[test]
    fn the_users_control_path_is_left_alone() {
        for args in ["-o ControlPath=~/.ssh/%C", "-oControlPath=/x", "-o 'controlpath /x'"] {
            let command =
                ssh_command(&endpoint(&[("ansible_ssh_args", args)]), &Defaults::default()).expect("sound");
            assert!(command.users_own_control, "{args}");
            let line = command.as_master(Path::new("/ours"), "true").join(" ");
            assert!(!line.contains("/ours"), "{line}");
        }
        let command = ssh_command(&endpoint(&[]), &Defaults::default()).expect("sound");
        assert!(command.as_master(Path::new("/ours"), "true").join(" ").contains("ControlPath=/ours"));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let broken = endpoint(&[("ansible_ssh_common_args", "-o 'x")]);
        assert!(
            ssh_command(&broken, &Defaults::default()).expect_err("an open quote").contains("not closed")
        );
        let broken = endpoint(&[("ansible_ssh_retries", "many")]);
        assert!(ssh_command(&broken, &Defaults::default()).expect_err("no number").contains("many"));
    }
}
