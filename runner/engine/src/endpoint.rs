//! Where a task's machine is and as whom to work there: keywords, variables and defaults, in Ansible's order.

use std::collections::BTreeMap;

use runner_playbook::keyword::Keyword;
use runner_template::{Scope, Value};

use crate::{
    delegate::Delegation,
    keywords,
    target::{Become, Endpoint, Secret},
    task::Job,
    trouble::Trouble,
};

/// Connection variables that are handed on under their own names.
const SETTINGS: &[&str] = &[
    "ansible_ssh_common_args",
    "ansible_ssh_extra_args",
    "ansible_ssh_args",
    "ansible_sftp_extra_args",
    "ansible_scp_extra_args",
    "ansible_ssh_executable",
    "ansible_sftp_executable",
    "ansible_scp_executable",
    "ansible_ssh_transfer_method",
    "ansible_ssh_pipelining",
    "ansible_pipelining",
    "ansible_ssh_retries",
    "ansible_ssh_use_tty",
    "ansible_control_path",
    "ansible_control_path_dir",
    "ansible_host_key_checking",
    "ansible_ssh_host_key_checking",
    "ansible_ssh_host_key",
    "ansible_ssh_private_key",
    "ansible_private_key",
    "ansible_private_key_passphrase",
    "ansible_ssh_password_mechanism",
    "ansible_shell_type",
    "ansible_python_interpreter",
    "ansible_become_allow_same_user",
    "ansible_common_remote_group",
    "ansible_agent_path",
];

/// Looks connection variables up in the variables of the machine that is connected to.
struct Lookup<'a> {
    job: &'a Job,
    vars: Scope,
}

impl Lookup<'_> {
    fn value(&self, name: &str) -> Result<Option<Value>, Trouble> {
        let Some(written) = self.vars.get(name) else { return Ok(None) };
        let value = self.job.shared.templar.render(&written, &self.vars)?;
        Ok((!value.is_none() && !value.is_omit()).then_some(value))
    }

    fn text(&self, names: &[&str]) -> Result<Option<String>, Trouble> {
        for name in names {
            if let Some(value) = self.value(name)? {
                return Ok(Some(value.to_text()?));
            }
        }
        Ok(None)
    }

    fn keyword(&self, keyword: Keyword, scope: &Scope) -> Result<Option<String>, Trouble> {
        Ok(keywords::text(&self.job.shared, &self.job.unit, keyword, scope)?)
    }
}

/// The endpoint of a task.
pub(crate) fn of(job: &Job, scope: &Scope, delegation: Option<&Delegation>) -> Result<Endpoint, Trouble> {
    let name = delegation.map_or_else(|| job.host.to_string(), |delegation| delegation.host.to_string());
    // A delegate is reached by its own variables; those of the task stay in force for everything else.
    let vars = match delegation {
        Some(delegation) => job.shared.store.base(&delegation.host).unwrap_or_else(|| scope.clone()),
        None => scope.clone(),
    };
    let lookup = Lookup { job, vars };
    let defaults = &job.shared.settings.connection;
    let transport = match lookup.text(&["ansible_connection"])? {
        Some(transport) => transport,
        None => lookup.keyword(Keyword::Connection, scope)?.unwrap_or_else(|| defaults.transport.clone()),
    };
    let transport = match transport.rsplit('.').next().unwrap_or_default() {
        "smart" | "paramiko" | "paramiko_ssh" => "ssh".to_owned(),
        short => short.to_owned(),
    };
    let port = match lookup.text(&["ansible_port", "ansible_ssh_port"])? {
        Some(port) => Some(port),
        None => lookup.keyword(Keyword::Port, scope)?,
    };
    let user = match lookup.text(&["ansible_user", "ansible_ssh_user"])? {
        Some(user) => Some(user),
        None => lookup.keyword(Keyword::RemoteUser, scope)?.or_else(|| defaults.user.clone()),
    };
    let password = lookup.text(&["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"])?;
    let mut settings: BTreeMap<String, String> = defaults.settings.clone();
    for setting in SETTINGS {
        if let Some(value) = lookup.text(&[setting])? {
            settings.insert((*setting).to_owned(), value);
        }
    }
    let timeout_s = lookup.text(&["ansible_ssh_timeout", "ansible_timeout"])?;
    let r#become = elevation(&lookup, scope)?;
    Ok(Endpoint {
        address: lookup.text(&["ansible_host", "ansible_ssh_host"])?.unwrap_or_else(|| name.clone()),
        port: port.and_then(|port| port.trim().parse().ok()).or(defaults.port),
        user,
        password: password.map(Secret::new).or_else(|| defaults.password.clone()),
        private_key_file: lookup
            .text(&["ansible_ssh_private_key_file", "ansible_private_key_file"])?
            .or_else(|| defaults.private_key_file.clone()),
        timeout_s: timeout_s.and_then(|seconds| seconds.trim().parse().ok()).unwrap_or(defaults.timeout_s),
        r#become,
        remote_tmp: lookup.text(&["ansible_remote_tmp"])?,
        shell_executable: lookup.text(&["ansible_shell_executable"])?,
        settings,
        transport,
        name,
    })
}

/// Whom to become, if anybody.
fn elevation(lookup: &Lookup<'_>, scope: &Scope) -> Result<Option<Become>, Trouble> {
    let job = lookup.job;
    let defaults = &job.shared.settings.r#become;
    let wanted = match lookup.value("ansible_become")? {
        Some(value) => keywords::boolean(&value).unwrap_or(false),
        None => keywords::flag(&job.shared, &job.unit, Keyword::Become, scope)?.unwrap_or(defaults.active),
    };
    if !wanted {
        return Ok(None);
    }
    let method = match lookup.text(&["ansible_become_method"])? {
        Some(method) => method,
        None => lookup.keyword(Keyword::BecomeMethod, scope)?.unwrap_or_else(|| defaults.method.clone()),
    };
    let method = method.rsplit('.').next().unwrap_or_default().to_owned();
    let own = |suffix: &str| format!("ansible_{method}_{suffix}");
    let either = |suffix: &str| -> Result<Option<String>, Trouble> {
        match lookup.text(&[&format!("ansible_become_{suffix}")])? {
            Some(found) => Ok(Some(found)),
            None => lookup.text(&[&own(suffix)]),
        }
    };
    let user = match either("user")? {
        Some(user) => Some(user),
        None => lookup.keyword(Keyword::BecomeUser, scope)?.or_else(|| defaults.user.clone()),
    };
    let exe = match either("exe")? {
        Some(exe) => Some(exe),
        None => lookup.keyword(Keyword::BecomeExe, scope)?.or_else(|| defaults.exe.clone()),
    };
    let flags = match either("flags")? {
        Some(flags) => Some(flags),
        None => lookup.keyword(Keyword::BecomeFlags, scope)?.or_else(|| defaults.flags.clone()),
    };
    let password = match either("password")? {
        Some(password) => Some(password),
        None => either("pass")?,
    };
    Ok(Some(Become {
        user: user.filter(|user| !user.is_empty()).unwrap_or_else(|| "root".to_owned()),
        password: password.map(Secret::new).or_else(|| defaults.password.clone()),
        exe,
        flags,
        method,
    }))
}
