//! Faults by rule: which requests they hit, and what goes wrong then.
use crate::action::Failure;
use crate::error::ApiError;
use crate::settings::glob;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which of the matching requests are hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// All of them.
    #[default]
    Always,
    /// Only the n-th, from 1.
    Nth(u32),
    /// The first n.
    First(u32),
    /// Every n-th.
    Every(u32),
    /// So many in a thousand, by a seeded dice.
    PerMille(u32),
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Then {
    /// The answer is this error; nothing is done.
    Error {
        /// HTTP status.
        status: u16,
        /// The error code.
        code: String,
        /// The message.
        message: String,
        /// The details, when any.
        #[serde(default)]
        details: Value,
    },
    /// The request is done, but the answer is this error (a 504 after which the object exists).
    ErrorAfter {
        /// HTTP status.
        status: u16,
        /// The error code.
        code: String,
        /// The message.
        message: String,
    },
    /// The request is taken, but its action ends in an error.
    Action {
        /// The error code in the action.
        code: String,
        /// The message in the action.
        message: String,
        /// Only an action with this command; the first action when missing.
        #[serde(default)]
        command: Option<String>,
    },
    /// The answer comes this much later, in real milliseconds.
    Slow(u32),
    /// The connection is closed without an answer; nothing is done.
    DropBefore,
    /// The connection is closed without an answer, after the request was done.
    DropAfter,
    /// The request is done; the answer's status is right but its body is no JSON.
    Garbage,
    /// The request is done; the answer stops in the middle.
    Truncate,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `POST`, or `*` for any.
    #[serde(default = "any")]
    pub method: String,
    /// The path after `/v1`, in which `*` stands for anything.
    #[serde(default = "any")]
    pub path: String,
    /// Which of the matching requests.
    #[serde(default)]
    pub when: When,
    /// What goes wrong.
    pub then: Then,
}

fn any() -> String {
    "*".to_owned()
}

impl Fault {
    /// A rule for all requests that match.
    pub fn on(method: &str, path: &str, then: Then) -> Fault {
        Fault { method: method.to_owned(), path: path.to_owned(), when: When::Always, then }
    }

    /// The same rule for only some of them.
    pub fn when(mut self, when: When) -> Fault {
        self.when = when;
        self
    }

    /// An error answer instead of doing anything.
    pub fn error(method: &str, path: &str, status: u16, code: &str) -> Fault {
        let (code, message) = (code.to_owned(), format!("{code} (injected fault)"));
        Fault::on(method, path, Then::Error { status, code, message, details: Value::Null })
    }

    /// 504, although the request was done.
    pub fn timeout_after(method: &str, path: &str) -> Fault {
        let message = "the request took too long".to_owned();
        Fault::on(method, path, Then::ErrorAfter { status: 504, code: "timeout".to_owned(), message })
    }

    /// The request's action ends in an error.
    pub fn action_error(method: &str, path: &str, code: &str) -> Fault {
        let (code, message) = (code.to_owned(), format!("{code} (injected fault)"));
        Fault::on(method, path, Then::Action { code, message, command: None })
    }
}

/// A rule at work.
#[derive(Clone, Debug, Serialize)]
pub struct Rule {
    /// Number of the rule, to remove it.
    pub id: u32,
    /// The rule.
    pub fault: Fault,
    /// How many requests matched so far.
    pub seen: u32,
    /// How many were hit.
    pub hit: u32,
}

/// All rules.
#[derive(Debug)]
pub struct Faults {
    rules: Vec<Rule>,
    next_id: u32,
    dice: u64,
    failure: Option<(Option<String>, Failure)>,
}

impl Faults {
    /// No rules; the seed makes the dice repeatable.
    pub fn new(seed: u64) -> Faults {
        // A xorshift dice must not start at zero.
        Faults { rules: Vec::new(), next_id: 1, dice: seed | 1, failure: None }
    }

    /// Adds a rule; returns its number.
    pub fn add(&mut self, fault: Fault) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        self.rules.push(Rule { id, fault, seen: 0, hit: 0 });
        id
    }

    /// Removes one rule, or all; returns how many.
    pub fn remove(&mut self, id: Option<u32>) -> usize {
        let before = self.rules.len();
        self.rules.retain(|r| id.is_some_and(|id| id != r.id));
        before - self.rules.len()
    }

    /// The rules, with their counters.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What hits this request.
    pub fn strike(&mut self, method: &str, path: &str) -> Vec<Then> {
        self.failure = None;
        let mut hits = Vec::new();
        for rule in &mut self.rules {
            let fault = &rule.fault;
            if !(fault.method == "*" || fault.method.eq_ignore_ascii_case(method)) || !glob(&fault.path, path)
            {
                continue;
            }
            rule.seen = rule.seen.saturating_add(1);
            let hit = match fault.when {
                When::Always => true,
                When::Nth(n) => rule.seen == n,
                When::First(n) => rule.seen <= n,
                When::Every(n) => n > 0 && rule.seen.is_multiple_of(n),
                When::PerMille(n) => roll(&mut self.dice) % 1000 < u64::from(n),
            };
            if hit {
                rule.hit = rule.hit.saturating_add(1);
                hits.push(fault.then.clone());
            }
        }
        for hit in &hits {
            if let Then::Action { code, message, command } = hit {
                let failure = Failure { code: code.clone(), message: message.clone() };
                self.failure = Some((command.clone(), failure));
            }
        }
        hits
    }

    /// The failure meant for an action that is being started by the current request.
    pub fn take_action_failure(&mut self, command: &str) -> Option<Failure> {
        let (only, _) = self.failure.as_ref()?;
        if only.as_deref().is_some_and(|c| c != command) {
            return None;
        }
        self.failure.take().map(|(_, failure)| failure)
    }
}

fn roll(dice: &mut u64) -> u64 {
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    *dice >> 11
}

impl Then {
    /// The error that replaces the request, if this fault is one.
    pub fn error_before(&self) -> Option<ApiError> {
        match self {
            Then::Error { status, code, message, details } => {
                Some(ApiError::new(*status, code.clone(), message.clone()).with_details(details.clone()))
            }
            _ => None,
        }
    }

    /// The error that replaces the answer, if this fault is one.
    pub fn error_after(&self) -> Option<ApiError> {
        match self {
            Then::ErrorAfter { status, code, message } => {
                Some(ApiError::new(*status, code.clone(), message.clone()))
            }
            _ => None,
        }
    }
}
