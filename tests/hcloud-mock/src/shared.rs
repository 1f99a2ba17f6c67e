//! What all projects of a mock share: the clock, the catalogue, ids, addresses, faults, machines.
use crate::action::{Action, Failure};
use crate::catalogue::Catalogue;
use crate::clock::{Clock, Ms};
use crate::fault::Faults;
use crate::machines::{Done, Job, Machines, Results};
use crate::settings::{Addresses, Settings};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::{Arc, PoisonError};

/// The numbers that must not repeat, saved with the state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// The next object's id.
    pub id: u64,
    /// The next action's id: beyond 32 bits, as Hetzner's have long been.
    pub action: u64,
    /// The next public IPv4 address.
    pub ipv4: u32,
    /// The next public IPv6 network.
    pub ipv6: u32,
}

impl Default for Counters {
    fn default() -> Counters {
        Counters { id: 110_000_001, action: 598_000_000_000_001, ipv4: 0, ipv6: 1 }
    }
}

/// Shared by all projects.
pub struct Shared {
    /// Time.
    pub clock: Clock,
    /// What can be ordered.
    pub catalogue: Catalogue,
    /// What tests set.
    pub settings: Settings,
    /// What goes wrong.
    pub faults: Faults,
    /// The next ids and addresses.
    pub counters: Counters,
    /// Real machines, if any.
    pub machines: Option<Arc<dyn Machines>>,
    pub(crate) results: Results,
    /// Server types as JSON, in the order of the catalogue, see [`Shared::server_type_json`].
    pub(crate) rendered: Vec<OnceCell<Box<RawValue>>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Shared {
    /// The present.
    pub fn now(&self) -> Ms {
        self.clock.now()
    }

    /// An id nobody had.
    pub fn new_id(&mut self) -> u64 {
        self.counters.id += 1;
        self.counters.id - 1
    }

    /// An action id nobody had.
    pub fn new_action_id(&mut self) -> u64 {
        self.counters.action += 1;
        self.counters.action - 1
    }

    /// A public IPv4 address nobody had.
    pub fn new_ipv4(&mut self) -> String {
        let n = self.counters.ipv4;
        self.counters.ipv4 += 1;
        // 254 addresses of each third-octet block: .0 and .255 look like mistakes to some programs.
        let (block, host) = (n / 254, n % 254 + 1);
        let documentation = [[203, 0, 113], [198, 51, 100], [192, 0, 2]];
        let [a, b, c] = match (self.settings.addresses, documentation.get(block as usize)) {
            (Addresses::Documentation, Some(net)) => *net,
            (Addresses::Documentation, None) => block_of(100, 64, block - 3),
            (Addresses::Loopback, _) => block_of(127, 16, block),
        };
        Ipv4Addr::new(a, b, c, u8::try_from(host).unwrap_or(1)).to_string()
    }

    /// A public IPv6 network nobody had.
    pub fn new_ipv6(&mut self) -> String {
        let n = self.counters.ipv6;
        self.counters.ipv6 += 1;
        format!("2001:db8:{:x}:{:x}::/64", n >> 16, n & 0xffff)
    }

    /// Hands a job to the machines; `false` when there are none.
    pub fn start_job(&self, action: u64, job: Job) -> bool {
        match &self.machines {
            None => false,
            Some(machines) => {
                machines.start(job, Done { action, results: Arc::clone(&self.results), told: false });
                true
            }
        }
    }

    /// Jobs of these actions that have ended since the last call.
    pub fn machine_results(&self, actions: &BTreeMap<u64, Action>) -> Vec<(u64, Result<(), Failure>)> {
        if self.machines.is_none() {
            return Vec::new();
        }
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        let (mine, others) = results.drain(..).partition(|(id, _)| actions.contains_key(id));
        *results = others;
        mine
    }
}

fn block_of(a: u8, b: u8, n: u32) -> [u8; 3] {
    let [_, _, high, low] = n.to_be_bytes();
    [a, b.wrapping_add(high), low]
}
