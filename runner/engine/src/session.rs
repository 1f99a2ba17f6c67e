//! A run: playbooks one after the other over one inventory, with one set of connections.

mod play;

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use runner_playbook::{ast::Playbook, inventory::Inventory, load::Loader};
use runner_template::{Templar, Value, Vars, World};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    context::{Shared, text_of},
    event::{Event, Notice},
    sequence::RoleNumbers,
    settings::Settings,
    store::Store,
    tally::Tallies,
    target::Connector,
    unit::Ids,
};

/// What a session is made of.
pub struct Parts {
    /// What the command line decides.
    pub settings: Settings,
    /// The hosts.
    pub inventory: Inventory,
    /// Templates.
    pub templar: Templar,
    /// Files of playbooks, roles and variables.
    pub loader: Loader,
    /// The way to machines.
    pub connector: Arc<dyn Connector>,
    /// The controller as lookups see it.
    pub world: Arc<dyn World>,
}

/// How playbooks went, all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    /// A host failed.
    pub failed: bool,
    /// A host could not be reached.
    pub unreachable: bool,
    /// Somebody cancelled the run.
    pub cancelled: bool,
}

impl Status {
    /// Whether all is well.
    pub fn is_good(self) -> bool {
        self == Status::default()
    }
}

/// Runs playbooks. Keeps facts, registered results and connections from one to the next.
pub struct Session {
    shared: Arc<Shared>,
    /// Hosts that failed or went away; later plays leave them out.
    removed: HashSet<Arc<str>>,
    status: Status,
}

/// Events that may wait for a slow reader before the run waits for it too.
const EVENTS_WAITING_MAX: usize = 1024;

impl Session {
    /// A session and the stream of its events. The stream must be read: a run waits for a reader that falls far behind.
    pub fn new(parts: Parts) -> (Self, mpsc::Receiver<Event>) {
        let (events, receiver) = mpsc::channel(EVENTS_WAITING_MAX);
        let Parts { settings, inventory, templar, loader, connector, world } = parts;
        let magic = magic(&settings, &inventory);
        let store = Store::new(
            inventory,
            world.clone(),
            loader.clone(),
            settings.extra_vars.clone(),
            settings.inject_facts,
            settings.hash_merge,
            settings.fact_cache.clone(),
        );
        store.remember(settings.flush_cache);
        let shared = Arc::new(Shared {
            ids: Ids::default(),
            settings,
            templar,
            loader,
            connector,
            store,
            world,
            events,
            cancel: CancellationToken::new(),
            roles: Mutex::new(RoleNumbers::default()),
            converted: Mutex::new(HashMap::new()),
            vars_files: Mutex::new(HashMap::new()),
            magic,
        });
        (Session { shared, removed: HashSet::new(), status: Status::default() }, receiver)
    }

    /// Cancels the run from anywhere: what is under way is abandoned, what is half done is taken back by its target.
    pub fn cancel_token(&self) -> CancellationToken {
        self.shared.cancel.clone()
    }

    /// Runs a playbook to its end.
    ///
    /// # Errors
    /// What is wrong with a play, when that only shows once its hosts and variables are known.
    pub async fn run(&mut self, playbook: &Playbook) -> Result<Status, Vec<Notice>> {
        let path: Arc<str> = Arc::from(playbook.path.display().to_string());
        self.shared.tell(Event::PlaybookStarted { path }).await;
        let mut tallies = Tallies::default();
        let mut problem = None;
        for play in &playbook.plays {
            match self.play(play, &mut tallies).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(notices) => {
                    problem = Some(notices);
                    break;
                }
            }
        }
        self.status.cancelled = self.shared.cancel.is_cancelled();
        if let Some(notices) = problem {
            return Err(notices);
        }
        self.shared.tell(Event::Recap(tallies.recap())).await;
        Ok(self.status)
    }

    /// Ends connections and the stream of events.
    pub async fn close(self) {
        self.shared.connector.close().await;
    }
}

/// Variables that are the same for all hosts and plays.
fn magic(settings: &Settings, inventory: &Inventory) -> Vars {
    let words = |words: &[String]| Value::list(words.iter().map(|word| Value::text(word.as_str())));
    let count = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let parts: Vec<&str> = settings.version.split('.').collect();
    let part = |at: usize| Value::Int(parts.get(at).and_then(|part| part.parse().ok()).unwrap_or(0));
    let version = Value::dict([
        ("string", Value::text(settings.version.as_str())),
        ("full", Value::text(settings.version.as_str())),
        ("major", part(0)),
        ("minor", part(1)),
        ("revision", part(2)),
    ]);
    Vars::new([
        ("ansible_version", version),
        ("ansible_check_mode", Value::Bool(settings.check)),
        ("ansible_diff_mode", Value::Bool(settings.diff)),
        ("ansible_forks", count(settings.forks)),
        ("ansible_verbosity", Value::Int(i64::from(settings.verbosity))),
        ("ansible_run_tags", words(&settings.selection.only)),
        ("ansible_skip_tags", words(&settings.selection.skip)),
        ("ansible_limit", settings.limit_given.as_deref().map_or(Value::None, Value::text)),
        ("ansible_inventory_sources", words(&inventory.sources)),
        (
            "ansible_config_file",
            settings.config_file.as_ref().map_or(Value::None, |path: &PathBuf| text_of(path)),
        ),
        ("ansible_playbook_python", Value::text("/usr/bin/python3")),
    ])
}
