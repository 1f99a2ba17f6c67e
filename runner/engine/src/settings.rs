//! What the command line and `ansible.cfg` decide for a whole run.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use runner_template::Vars;

use crate::{tags::Selection, target::Secret};

/// How many hosts are worked on at a time unless something else is asked for; Ansible's own default.
pub const FORKS_DEFAULT: usize = 5;

/// Seconds between two looks at a background job; Ansible's own default.
pub const POLL_INTERVAL_S: u64 = 15;

/// When facts are gathered without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gathering {
    /// Unless the play says no.
    #[default]
    Implicit,
    /// Only if the play says yes.
    Explicit,
    /// Unless they are known already.
    Smart,
}

/// Everything about a run that is not in its playbooks and inventory.
#[derive(Clone)]
pub struct Settings {
    /// Hosts worked on at a time.
    pub forks: usize,
    /// Predict, do not change.
    pub check: bool,
    /// Return differences.
    pub diff: bool,
    /// The number of `-v`.
    pub verbosity: u8,
    /// Tags asked for and refused.
    pub selection: Selection,
    /// Everything before the task of this name is passed over.
    pub start_at_task: Option<String>,
    /// Ask before every task.
    pub step: bool,
    /// Host patterns of `--limit`, split.
    pub limit: Vec<String>,
    /// `--limit` as it was given, for `ansible_limit`.
    pub limit_given: Option<String>,
    /// Run handlers on failed hosts too.
    pub force_handlers: bool,
    /// A failure on one host ends the play for all.
    pub any_errors_fatal: bool,
    /// When facts are gathered.
    pub gathering: Gathering,
    /// Forget cached facts before each play.
    pub flush_cache: bool,
    /// Strategy of plays that name none.
    pub strategy: String,
    /// `no_log` of tasks that do not say.
    pub no_log: bool,
    /// A notification nobody answers is an error.
    pub error_on_missing_handler: bool,
    /// Facts are variables of their own too, not only in `ansible_facts`.
    pub inject_facts: bool,
    /// Dicts of several levels are merged.
    pub hash_merge: bool,
    /// Seconds between looks at background jobs.
    pub poll_interval_s: u64,
    /// Seconds a task may take; 0 is for ever.
    pub task_timeout_s: u64,
    /// `--extra-vars`.
    pub extra_vars: Vars,
    /// How to reach machines unless variables or keywords say otherwise.
    pub connection: ConnectionDefaults,
    /// What `become` means unless variables or keywords say otherwise.
    pub r#become: BecomeDefaults,
    /// The config file in use, for `ansible_config_file`.
    pub config_file: Option<PathBuf>,
    /// The version that `ansible_version` tells.
    pub version: String,
    /// Answers questions: prompts, `pause`, `--step`.
    pub operator: Arc<dyn Operator>,
    /// Keeps facts from one run to the next.
    pub fact_cache: Option<Arc<dyn crate::fact_cache::FactCache>>,
    /// Where `ansible-playbook` was started.
    pub current_dir: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            forks: FORKS_DEFAULT,
            check: false,
            diff: false,
            verbosity: 0,
            selection: Selection::default(),
            start_at_task: None,
            step: false,
            limit: Vec::new(),
            limit_given: None,
            force_handlers: false,
            any_errors_fatal: false,
            gathering: Gathering::default(),
            flush_cache: false,
            strategy: "linear".to_owned(),
            no_log: false,
            error_on_missing_handler: true,
            inject_facts: true,
            hash_merge: false,
            poll_interval_s: POLL_INTERVAL_S,
            task_timeout_s: 0,
            extra_vars: Vars::default(),
            connection: ConnectionDefaults::default(),
            r#become: BecomeDefaults::default(),
            config_file: None,
            version: "2.19.14".to_owned(),
            operator: Arc::new(NoOperator),
            fact_cache: None,
            current_dir: PathBuf::from("/"),
        }
    }
}

/// How to reach machines.
#[derive(Debug, Clone)]
pub struct ConnectionDefaults {
    /// `ssh`, `local`, `smart`.
    pub transport: String,
    /// `-u`.
    pub user: Option<String>,
    /// Port.
    pub port: Option<u16>,
    /// `--private-key`.
    pub private_key_file: Option<String>,
    /// `-T`.
    pub timeout_s: u64,
    /// `-k`.
    pub password: Option<Secret>,
    /// Other settings under the names of their variables (`ansible_ssh_common_args`).
    pub settings: BTreeMap<String, String>,
}

impl Default for ConnectionDefaults {
    fn default() -> Self {
        ConnectionDefaults {
            transport: "ssh".to_owned(),
            user: None,
            port: None,
            private_key_file: None,
            timeout_s: 10,
            password: None,
            settings: BTreeMap::new(),
        }
    }
}

/// What `become` means.
#[derive(Debug, Clone)]
pub struct BecomeDefaults {
    /// `-b`.
    pub active: bool,
    /// `--become-method`.
    pub method: String,
    /// `--become-user`.
    pub user: Option<String>,
    /// `become_exe`.
    pub exe: Option<String>,
    /// `become_flags`.
    pub flags: Option<String>,
    /// `-K`.
    pub password: Option<Secret>,
}

impl Default for BecomeDefaults {
    fn default() -> Self {
        BecomeDefaults {
            active: false,
            method: "sudo".to_owned(),
            user: None,
            exe: None,
            flags: None,
            password: None,
        }
    }
}

/// A person who can be asked.
#[async_trait]
pub trait Operator: Send + Sync {
    /// Shows a question and returns the line typed; `None` when nobody is there (standard input is no terminal).
    async fn ask(&self, question: &Question) -> Option<String>;
}

/// A question for the operator.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// The answer is not shown while it is typed.
    pub hidden: bool,
    /// Give up after this many seconds.
    pub timeout_s: Option<u64>,
}

/// Nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOperator;

#[async_trait]
impl Operator for NoOperator {
    async fn ask(&self, _question: &Question) -> Option<String> {
        None
    }
}
