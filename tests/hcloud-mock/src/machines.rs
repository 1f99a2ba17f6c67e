//! The place for real machines: whoever implements [`Machines`] boots something for every server.
use crate::action::Failure;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A server's network interface into a private network.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivateNic {
    /// The network.
    pub network: u64,
    /// Its range, such as `10.0.0.0/16`.
    pub range: String,
    /// The server's address.
    pub ip: String,
    /// Further addresses.
    pub alias_ips: Vec<String>,
    /// The interface's hardware address.
    pub mac: String,
}

/// Everything needed to make a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// The server's id.
    pub server: u64,
    /// Its host name.
    pub name: String,
    /// The image: its name, or the id of a snapshot.
    pub image: String,
    /// `x86` or `arm`.
    pub architecture: String,
    /// Virtual processors.
    pub cores: u32,
    /// Memory in gigabytes.
    pub memory_gb: u32,
    /// Public IPv4 address, if any.
    pub ipv4: Option<String>,
    /// Public IPv6 network, if any.
    pub ipv6: Option<String>,
    /// Private networks.
    pub private: Vec<PrivateNic>,
    /// Public SSH keys for root.
    pub ssh_keys: Vec<String>,
    /// cloud-init's user data.
    pub user_data: Option<String>,
    /// Root's password, when there are no keys.
    pub root_password: Option<String>,
}

/// Work on a machine.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// Make it; it stays off.
    Create(Box<Machine>),
    /// Make it anew from another image, and switch it on.
    Rebuild(Box<Machine>),
    /// Switch it on.
    PowerOn(u64),
    /// Cut its power.
    PowerOff(u64),
    /// Ask its operating system to shut down.
    Shutdown(u64),
    /// Ask its operating system to reboot.
    Reboot(u64),
    /// Cut its power and switch it on again.
    Reset(u64),
    /// Copy its disk.
    Snapshot {
        /// The server.
        server: u64,
        /// The image that is made.
        image: u64,
    },
    /// Its private networks have changed to these.
    Networks(u64, Vec<PrivateNic>),
    /// Remove it.
    Delete(u64),
}

/// Boots machines for servers. Called while the mock holds its lock: start the work elsewhere and return at once.
pub trait Machines: Send + Sync {
    /// Starts a job. The server's action ends when `done` is told, and not before its usual time has passed.
    fn start(&self, job: Job, done: Done);

    /// A snapshot was deleted.
    fn forget_image(&self, _image: u64) {}
}

pub(crate) type Results = Arc<Mutex<Vec<(u64, Result<(), Failure>)>>>;

/// Tells the mock how a job ended; dropping it untold means the machine was lost.
pub struct Done {
    pub(crate) action: u64,
    pub(crate) results: Results,
    pub(crate) told: bool,
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Done").field("action", &self.action).finish_non_exhaustive()
    }
}

impl Done {
    /// The job is done.
    pub fn success(self) {
        self.tell(Ok(()));
    }

    /// The job failed; the server's action ends in this error.
    pub fn failure(self, code: &str, message: &str) {
        self.tell(Err(Failure { code: code.to_owned(), message: message.to_owned() }));
    }

    fn tell(mut self, result: Result<(), Failure>) {
        self.told = true;
        self.push(result);
    }

    fn push(&self, result: Result<(), Failure>) {
        self.results.lock().unwrap_or_else(PoisonError::into_inner).push((self.action, result));
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        if !self.told {
            let message = "the machine was lost".to_owned();
            self.push(Err(Failure { code: "unknown_error".to_owned(), message }));
        }
    }
}
