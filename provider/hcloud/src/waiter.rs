//! Waiting for Actions: however many callers wait for however many Actions, one request asks for fifty.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::debug;

use crate::Id;
use crate::action::Action;
use crate::client::Client;
use crate::error::{Error, Kind};
use crate::http::{Http, Method, Request, Timing};

/// Actions asked for in one request: a page's worth.
const ACTIONS_PER_REQUEST: usize = 50;

/// How much longer each look at the same Action waits than the one before.
const SLOWDOWN: f64 = 1.6;

/// Looks that may fail, or find the Action missing, in a row before we give up; each of them has its own retries below.
const BAD_LOOKS_MAX: u32 = 5;

/// Actions waited for that lengthen the time between two looks by the first pause.
const TICKETS_PER_GAP: usize = 10;

type Reply = oneshot::Sender<Result<Action, Error>>;

struct Ticket {
    action: Action,
    due: Instant,
    pause: Duration,
    bad_looks: u32,
    reply: Reply,
}

/// Hands Actions to one polling task, which lives as long as somebody waits.
pub(crate) struct Waiter {
    http: Arc<Http>,
    inbox: Mutex<Option<mpsc::UnboundedSender<(Action, Reply)>>>,
}

impl Waiter {
    pub(crate) fn new(http: Arc<Http>) -> Self {
        Self { http, inbox: Mutex::new(None) }
    }

    fn watch(self: &Arc<Self>, action: Action) -> oneshot::Receiver<Result<Action, Error>> {
        let (reply, answer) = oneshot::channel();
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let mut item = (action, reply);
        // A sender whose task died with its runtime gives the item back; then a new task is started.
        for _ in 0..2 {
            let sender = inbox.get_or_insert_with(|| {
                let (sender, receiver) = mpsc::unbounded_channel();
                tokio::spawn(poll(Arc::clone(self), receiver));
                sender
            });
            match sender.send(item) {
                Ok(()) => break,
                Err(mpsc::error::SendError(back)) => {
                    item = back;
                    *inbox = None;
                }
            }
        }
        answer
    }
}

/// Looks at every ticket when it is due, all due ones together, until none is left.
async fn poll(waiter: Arc<Waiter>, mut inbox: mpsc::UnboundedReceiver<(Action, Reply)>) {
    let first_pause = waiter.http.timing.poll_interval;
    let mut tickets: Vec<Ticket> = Vec::new();
    let mut last_look = None;
    loop {
        let gap = gap(&waiter.http.timing, tickets.len());
        let next_due = tickets
            .iter()
            .map(|ticket| ticket.due)
            .min()
            .map(|due| last_look.map_or(due, |last: Instant| due.max(last + gap)));
        let arrived = match next_due {
            None => {
                // Closed under the lock, so that nobody can put a ticket into an inbox that no one reads.
                let mut slot = waiter.inbox.lock().unwrap_or_else(PoisonError::into_inner);
                match inbox.try_recv() {
                    Ok(item) => Some(item),
                    Err(_) => {
                        *slot = None;
                        return;
                    }
                }
            }
            Some(due) => tokio::select! {
                item = inbox.recv() => item,
                () = tokio::time::sleep_until(due) => None,
            },
        };
        if let Some((action, reply)) = arrived {
            tickets.push(Ticket {
                action,
                due: Instant::now() + first_pause,
                pause: first_pause,
                bad_looks: 0,
                reply,
            });
            continue;
        }
        tickets.retain(|ticket| !ticket.reply.is_closed());
        // What is due soon goes along: fewer requests for the same news.
        let horizon = Instant::now() + gap;
        last_look = Some(Instant::now());
        let (due, later): (Vec<Ticket>, Vec<Ticket>) =
            tickets.drain(..).partition(|ticket| ticket.due <= horizon);
        tickets = later;
        tickets.extend(look(&waiter.http, due).await);
    }
}

/// The least time between two looks: the more Actions are waited for, the longer, because Actions that were begun one
/// shortly after the other would otherwise be asked about one by one.
fn gap(timing: &Timing, waiting: usize) -> Duration {
    let tens = u32::try_from(waiting / TICKETS_PER_GAP).unwrap_or(u32::MAX);
    timing
        .poll_interval
        .saturating_mul(tens.saturating_add(1))
        .min(timing.poll_interval_max.max(timing.poll_interval))
}

/// One look at the due tickets; returns those that must wait on.
async fn look(http: &Http, mut due: Vec<Ticket>) -> Vec<Ticket> {
    let mut waiting = Vec::new();
    while !due.is_empty() {
        // Whole batches of distinct Actions; several callers may wait for the same one.
        let mut ids: Vec<Id> = Vec::new();
        let mut seen = HashSet::new();
        let mut batch = Vec::new();
        while let Some(ticket) = due.last() {
            if !seen.contains(&ticket.action.id) && ids.len() == ACTIONS_PER_REQUEST {
                break;
            }
            if seen.insert(ticket.action.id) {
                ids.push(ticket.action.id);
            }
            batch.extend(due.pop());
        }
        let news = fetch(http, &ids).await;
        for ticket in batch {
            waiting.extend(settle(http, ticket, &news));
        }
    }
    waiting
}

/// Answers a ticket whose Action ended; otherwise says when to look again.
fn settle(http: &Http, mut ticket: Ticket, news: &Result<HashMap<Id, Action>, Error>) -> Option<Ticket> {
    match news {
        Ok(actions) => match actions.get(&ticket.action.id) {
            Some(action) => {
                ticket.bad_looks = 0;
                ticket.action = action.clone();
                if let Some(outcome) = action.outcome() {
                    // Nobody listening any more is no error.
                    let _ = ticket.reply.send(outcome.map(|()| ticket.action));
                    return None;
                }
            }
            None => {
                ticket.bad_looks += 1;
                if ticket.bad_looks >= BAD_LOOKS_MAX {
                    let reason = format!("action {} is not among the answers", ticket.action.id);
                    let error = Error::new("wait for an action", Kind::Decode { status: 200, reason });
                    let _ = ticket.reply.send(Err(error));
                    return None;
                }
            }
        },
        Err(error) => {
            ticket.bad_looks += 1;
            debug!(%error, "could not look at actions");
            if error.is_token_refused() || ticket.bad_looks >= BAD_LOOKS_MAX {
                let _ = ticket.reply.send(Err(error.clone()));
                return None;
            }
        }
    }
    ticket.pause =
        ticket.pause.mul_f64(SLOWDOWN).min(http.timing.poll_interval_max.max(http.timing.poll_interval));
    ticket.due = Instant::now() + ticket.pause;
    Some(ticket)
}

async fn fetch(http: &Http, ids: &[Id]) -> Result<HashMap<Id, Action>, Error> {
    let mut request = Request::new(Method::Get, "wait for actions", &["actions"])
        .query("per_page", ACTIONS_PER_REQUEST.to_string());
    for id in ids {
        request = request.query("id", id.to_string());
    }
    let actions: Vec<Action> = http.read(&request, "actions").await?;
    Ok(actions.into_iter().map(|action| (action.id, action)).collect())
}

impl Client {
    /// Waits until the Action has ended. Dropping the future stops the waiting, not the Action.
    ///
    /// # Errors
    /// The Action's own error ([`Kind::Action`]), [`Kind::Deadline`] after `deadline`, or why we could not look.
    pub async fn wait(&self, action: &Action, deadline: Duration) -> Result<Action, Error> {
        if let Some(outcome) = action.outcome() {
            return outcome.map(|()| action.clone());
        }
        let answer = self.waiter.watch(action.clone());
        let late = || {
            let what = format!("action {} ({}) still runs after {deadline:?}", action.id, action.command);
            Error::new("wait for an action", Kind::Deadline(what))
        };
        match tokio::time::timeout(deadline, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => {
                Err(Error::new("wait for an action", Kind::Deadline("the waiting was stopped".to_owned())))
            }
            Err(_) => Err(late()),
        }
    }

    /// Waits until all Actions have ended, and says of each how; in the order given.
    pub async fn wait_each(&self, actions: &[Action], deadline: Duration) -> Vec<Result<Action, Error>> {
        futures::future::join_all(actions.iter().map(|action| self.wait(action, deadline))).await
    }

    /// Waits until all Actions have ended.
    ///
    /// # Errors
    /// The first of the errors in the order given, after all have ended.
    pub async fn wait_all(&self, actions: &[Action], deadline: Duration) -> Result<(), Error> {
        self.wait_each(actions, deadline).await.into_iter().try_for_each(|outcome| outcome.map(drop))
    }

    /// Reads Actions by ID, in any state.
    ///
    /// # Errors
    /// Why the API could not be read.
    pub async fn actions(&self, ids: &[Id]) -> Result<Vec<Action>, Error> {
        let mut all = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(ACTIONS_PER_REQUEST) {
            all.extend(fetch(&self.http, chunk).await?.into_values());
        }
        all.sort_by_key(|action| action.id);
        Ok(all)
    }
}
