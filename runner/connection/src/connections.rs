//! All connections of a run: one site per machine and login user, shared by every task that goes there.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::future::join_all;
use runner_engine::target::{Become, Connector, Endpoint, Lost, Target};

use crate::arguments::{SSH_ARGS, is_true, ssh_command};
use crate::dial::Route;
use crate::image::Images;
use crate::remote::Remote;
use crate::room::Room;
use crate::site::Site;

/// What ansible.cfg and the environment say about connections; `ansible_*` variables of a host win.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// `ssh_args`.
    pub ssh_args: String,
    /// `ssh_common_args`, from `--ssh-common-args` too.
    pub ssh_common_args: String,
    /// `ssh_extra_args`, from `--ssh-extra-args` too.
    pub ssh_extra_args: String,
    /// `ssh_executable`.
    pub ssh_executable: String,
    /// `host_key_checking`.
    pub host_key_checking: bool,
    /// `retries`: further attempts after a failed connection.
    pub retries: u32,
    /// The number of `-v`; from four on, ssh explains itself.
    pub verbosity: u8,
}

impl Default for Defaults {
    fn default() -> Self {
        Defaults {
            ssh_args: SSH_ARGS.to_owned(),
            ssh_common_args: String::new(),
            ssh_extra_args: String::new(),
            ssh_executable: "ssh".to_owned(),
            host_key_checking: true,
            retries: 0,
            verbosity: 0,
        }
    }
}

/// Makes targets, and owns every connection of a run. Dropping it ends them all; [`Connector::close`] does so politely.
#[derive(Debug)]
pub struct Connections {
    defaults: Defaults,
    images: Images,
    room: Arc<Room>,
    sites: Mutex<HashMap<String, Arc<Site>>>,
}

impl Connections {
    /// No connection yet; only a private temporary folder is made.
    pub fn new(defaults: Defaults) -> io::Result<Connections> {
        let room = Arc::new(Room::new()?);
        Ok(Connections { defaults, images: Images::embedded(), room, sites: Mutex::default() })
    }

    /// The machine of an endpoint as its login user, and whom to become there.
    pub(crate) fn site(&self, endpoint: &Endpoint) -> Result<(Arc<Site>, Option<Become>), Lost> {
        let key = site_key(endpoint);
        let mut sites = self.sites.lock().unwrap_or_else(|broken| broken.into_inner());
        let site = match sites.get(&key) {
            Some(site) => site.clone(),
            None => {
                let site = Arc::new(self.make_site(endpoint)?);
                sites.insert(key, site.clone());
                site
            }
        };
        Ok((site, needed_become(endpoint)))
    }

    fn make_site(&self, endpoint: &Endpoint) -> Result<Site, Lost> {
        let route = match plain_name(&endpoint.transport) {
            "ssh" | "smart" | "paramiko" | "paramiko_ssh" => {
                let command = ssh_command(endpoint, &self.defaults).map_err(Lost::permanent)?;
                Route::ssh(endpoint, command, self.room.clone())
            }
            "local" => Route::Local,
            other => return Err(Lost::permanent(format!("the connection plugin '{other}' was not found"))),
        };
        let folders = endpoint.remote_tmp.iter().cloned().collect();
        let shell = endpoint.shell_executable.clone().unwrap_or_else(|| "/bin/sh".to_owned());
        Ok(Site::new(route, self.images, folders, endpoint.timeout_s, shell))
    }
}

#[async_trait]
impl Connector for Connections {
    async fn connect(&self, endpoint: &Endpoint) -> Result<Arc<dyn Target>, Lost> {
        let (site, r#become) = self.site(endpoint)?;
        Ok(Arc::new(Remote { site, r#become }))
    }

    async fn close(&self) {
        let sites: Vec<_> = {
            let mut sites = self.sites.lock().unwrap_or_else(|broken| broken.into_inner());
            sites.drain().map(|(_, site)| site).collect()
        };
        join_all(sites.iter().map(|site| site.close())).await;
    }
}

/// `ansible.builtin.ssh` is `ssh`.
fn plain_name(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

/// Everything that makes two endpoints lead to different connections; the inventory name does not.
fn site_key(endpoint: &Endpoint) -> String {
    let Endpoint { transport, address, port, user, password, private_key_file, remote_tmp, .. } = endpoint;
    if plain_name(transport) == "local" {
        return format!("local\0{remote_tmp:?}\0{:?}", endpoint.shell_executable);
    }
    let password = password.as_ref().map(|password| password.reveal());
    format!(
        "{transport}\0{address}\0{port:?}\0{user:?}\0{password:?}\0{private_key_file:?}\0{remote_tmp:?}\0{:?}\0{:?}\0{}",
        endpoint.shell_executable, endpoint.settings, endpoint.timeout_s
    )
}

/// Nobody needs to become who they are.
fn needed_become(endpoint: &Endpoint) -> Option<Become> {
    let to = endpoint.r#become.as_ref()?;
    if endpoint.setting("ansible_become_allow_same_user").is_some_and(is_true) {
        return Some(to.clone());
    }
    let already = if plain_name(&endpoint.transport) == "local" {
        // SAFETY: geteuid cannot fail and touches no memory.
        to.user == "root" && unsafe { libc::geteuid() } == 0
    } else {
        endpoint.user.as_deref() == Some(&to.user)
    };
    (!already).then(|| to.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_becomes_who_they_are() {
        let to = |user: &str| Become {
            method: "sudo".into(),
            user: user.into(),
            password: None,
            exe: None,
            flags: None,
        };
        let endpoint = |user: Option<&str>, whom: &str| Endpoint {
            transport: "ssh".into(),
            user: user.map(str::to_owned),
            r#become: Some(to(whom)),
            ..Endpoint::local("web")
        };
        assert_eq!(needed_become(&endpoint(Some("root"), "root")), None);
        assert_eq!(needed_become(&endpoint(Some("ops"), "root")), Some(to("root")));
        // ssh's own configuration decides who logs in, so nothing is known.
        assert_eq!(needed_become(&endpoint(None, "root")), Some(to("root")));
        let mut same = endpoint(Some("root"), "root");
        same.settings.insert("ansible_become_allow_same_user".into(), "True".into());
        assert_eq!(needed_become(&same), Some(to("root")));
    }

    #[test]
    fn what_differs_in_a_connection_is_another_site() {
        let base = Endpoint { transport: "ssh".into(), address: "10.0.0.5".into(), ..Endpoint::local("a") };
        let same = Endpoint { name: "b".into(), ..base.clone() };
        assert_eq!(site_key(&base), site_key(&same));
        let mut args = base.clone();
        args.settings.insert("ansible_ssh_common_args".into(), "-J x".into());
        let others = [
            Endpoint { user: Some("ops".into()), ..base.clone() },
            Endpoint { port: Some(22), ..base.clone() },
            Endpoint { transport: "local".into(), ..base.clone() },
            args,
        ];
        for other in others {
            assert_ne!(site_key(&base), site_key(&other));
        }
    }
}
