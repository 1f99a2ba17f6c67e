//! One play: its hosts, its questions, its batches.

use std::{
    path::Path,
    sync::{Arc, RwLock},
};

use runner_playbook::{
    ast::Play,
    keyword::Keyword,
    node::{Map, Node},
};
use runner_template::{Scope, Value, Vars};

use super::Session;
use crate::{
    context::{PlayContext, Shared, text_of},
    dispatch::Dispatch,
    event::{Event, Notice, PlayInfo},
    hosts::batches,
    keywords::boolean,
    sequence::{Sequencer, Shape},
    settings::{Gathering, Question},
    strategy::Strategy,
    tally::Tallies,
    trouble::wrapped,
};

/// Evaluates a play's keywords.
struct Words<'a> {
    shared: &'a Shared,
    play: &'a Play,
    scope: Scope,
}

impl Words<'_> {
    fn value(&self, keyword: Keyword) -> Result<Option<Value>, Notice> {
        let Some(node) = self.play.keywords().get(keyword).filter(|node| !node.is_null()) else {
            return Ok(None);
        };
        let rendered = self.shared.templar.render(&Value::from(node), &self.scope).map_err(|error| {
            wrapped(format!("Error processing keyword '{}'.", keyword.name()), &node.span, &error)
        })?;
        Ok((!rendered.is_omit()).then_some(rendered))
    }

    fn flag(&self, keyword: Keyword) -> Result<Option<bool>, Notice> {
        Ok(self.value(keyword)?.as_ref().and_then(boolean))
    }

    fn text(&self, keyword: Keyword) -> Result<Option<String>, Notice> {
        Ok(self.value(keyword)?.and_then(|value| value.to_text().ok()))
    }

    fn list(&self, keyword: Keyword) -> Result<Vec<Value>, Notice> {
        Ok(match self.value(keyword)? {
            None => Vec::new(),
            Some(value) => value.items().unwrap_or_else(|| vec![value]),
        })
    }

    /// Host patterns of the play, joined.
    fn hosts(&self) -> Result<Vec<String>, Notice> {
        let mut patterns = Vec::new();
        for node in &self.play.hosts {
            let rendered = self
                .shared
                .templar
                .render(&Value::from(node), &self.scope)
                .map_err(|error| wrapped("Error processing keyword 'hosts'.", &node.span, &error))?;
            for item in rendered.items().unwrap_or_else(|| vec![rendered.clone()]) {
                patterns.push(item.to_text().unwrap_or_default());
            }
        }
        Ok(patterns)
    }
}

impl Session {
    /// Runs one play; false when no further play may run.
    pub(super) async fn play(
        &mut self,
        play: &Arc<Play>,
        tallies: &mut Tallies,
    ) -> Result<bool, Vec<Notice>> {
        let shared = self.shared.clone();
        let dir = shared.loader.files.absolute(&play.dir);
        shared.store.enter_playbook(&dir);
        let prompted = self.prompt(play).await;
        let mut context = self.context(play, &dir, prompted).map_err(|notice| vec![notice])?;
        let words = Words {
            shared: &shared,
            play,
            scope: context.play_scope(&shared, Scope::new(shared.world.clone())),
        };
        let setup = Setup::of(&words, &self.shared).map_err(|notice| vec![notice])?;
        context.name = setup.name.clone();
        context.strategy = setup.strategy;
        context.check = setup.check;
        context.diff = setup.diff;
        let hosts = self.hosts(&setup).await;
        if hosts.is_empty() {
            let info = PlayInfo { name: setup.name.clone(), check: setup.check, ..PlayInfo::default() };
            shared.tell(Event::PlayStarted(Arc::new(info))).await;
            shared.tell(Event::NoHostsMatched).await;
            return Ok(true);
        }
        let all = hosts.clone();
        let batches = batches(hosts, &setup.serial).map_err(|given| {
            vec![Notice::error(format!("invalid literal for serial: '{given}'")).at(&play.layer.span)]
        })?;
        let context = Arc::new(context);
        for role in play.roles.iter().chain(&play.imported_roles) {
            for used in role.in_order() {
                crate::task::publish(&context, &used.role);
            }
        }
        for batch in batches {
            let batch: Vec<Arc<str>> = batch.into_iter().map(Arc::from).collect();
            let batch: Vec<Arc<str>> =
                batch.into_iter().filter(|host| !self.removed.contains(host)).collect();
            if batch.is_empty() {
                continue;
            }
            let (goes_on, next_batch) = self
                .batch(play, &context, &setup, &all, batch, tallies)
                .await
                .map_err(|fatal| vec![fatal])?;
            if !goes_on {
                return Ok(false);
            }
            if !next_batch {
                break;
            }
        }
        Ok(!shared.cancel.is_cancelled())
    }

    /// Runs a play on a batch; whether plays and batches go on.
    async fn batch(
        &mut self,
        play: &Arc<Play>,
        context: &Arc<PlayContext>,
        setup: &Setup,
        all: &[String],
        batch: Vec<Arc<str>>,
        tallies: &mut Tallies,
    ) -> Result<(bool, bool), Notice> {
        let shared = self.shared.clone();
        *context.magic.write().unwrap_or_else(std::sync::PoisonError::into_inner) =
            play_magic(play, context, all, &batch);
        let sequence = {
            let mut roles = shared.roles.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let mut sequencer = Sequencer {
                ids: &shared.ids,
                selection: &shared.settings.selection,
                roles: &mut roles,
                injected: Vars::default(),
            };
            sequencer.play(play, &setup.shape)
        };
        let info = PlayInfo {
            name: setup.name.clone(),
            hosts: batch.clone(),
            check: setup.check,
            strategy: setup.strategy.name().to_owned(),
            origin: play.layer.span.clone(),
        };
        shared.tell(Event::PlayStarted(Arc::new(info))).await;
        for entry in &play.vars_files {
            let scope = context.play_scope(&shared, shared.store.base(&batch[0]).unwrap_or_default());
            if let Some(notice) = crate::vars_file::problem(&shared, entry, &scope, &context.dir) {
                return Err(notice);
            }
        }
        let size = batch.len();
        let mut dispatch = Dispatch::new(shared.clone(), context.clone(), batch, sequence, tallies);
        dispatch.max_fail_percentage = setup.max_fail_percentage;
        let end = dispatch.run().await;
        if let Some(fatal) = end.fatal {
            return Err(fatal);
        }
        let mut lost = 0;
        for walker in &dispatch.hosts {
            if walker.unreachable {
                self.status.unreachable = true;
            } else if walker.has_failed() {
                self.status.failed = true;
            } else {
                continue;
            }
            lost += 1;
            self.removed.insert(walker.name.clone());
        }
        if end.break_play || lost == size {
            return Ok((false, false));
        }
        Ok((true, !end.end_play))
    }

    async fn hosts(&self, setup: &Setup) -> Vec<String> {
        let store = &self.shared.store;
        let split = |text: &str| runner_playbook::inventory::pattern::split(text);
        let patterns: Vec<String> = setup.patterns.iter().flat_map(|pattern| split(pattern)).collect();
        let (hosts, problems) = store.select(&patterns);
        for problem in problems {
            self.shared.tell(Event::Notice(crate::include::notice_of_problem(&problem))).await;
        }
        let mut hosts: Vec<String> = hosts.iter().map(|host| host.to_string()).collect();
        if !self.shared.settings.limit.is_empty() {
            let (allowed, _) = store.select(&self.shared.settings.limit);
            hosts.retain(|host| allowed.iter().any(|allowed| **allowed == **host));
        }
        match setup.order.as_deref() {
            Some("sorted") => hosts.sort(),
            Some("reverse_sorted") => {
                hosts.sort();
                hosts.reverse();
            }
            Some("reverse_inventory") => hosts.reverse(),
            Some("shuffle") => {
                for at in (1..hosts.len()).rev() {
                    let other = self.shared.world.random_u64() as usize % (at + 1);
                    hosts.swap(at, other);
                }
            }
            _ => {}
        }
        hosts.retain(|host| !self.removed.iter().any(|removed| **removed == **host));
        hosts
    }

    fn context(&self, play: &Arc<Play>, dir: &Path, prompted: Vars) -> Result<PlayContext, Notice> {
        Ok(PlayContext {
            play: play.clone(),
            name: String::new(),
            prompted,
            check: self.shared.settings.check,
            diff: self.shared.settings.diff,
            strategy: Strategy::Linear,
            magic: RwLock::new(Vars::default()),
            public_roles: RwLock::new(Vec::new()),
            dir: dir.to_owned(),
        })
    }

    /// Asks the questions of `vars_prompt`, except for variables that the command line sets.
    async fn prompt(&self, play: &Arc<Play>) -> Vars {
        let mut vars = Vars::default();
        let scope = Scope::new(self.shared.world.clone())
            .with(runner_template::Level::ExtraVars, self.shared.settings.extra_vars.clone());
        for question in &play.vars_prompt {
            if self.shared.settings.extra_vars.get(&question.name).is_some() {
                continue;
            }
            let render = |node: &Option<Node>| {
                let node = node.as_ref()?;
                self.shared.templar.render(&Value::from(node), &scope).ok()?.to_text().ok()
            };
            let default = render(&question.default);
            let mut text = render(&question.prompt).unwrap_or_else(|| question.name.clone());
            if let Some(default) = &default {
                text = format!("{text} [{default}]");
            }
            let asked = Question { text: format!("{text}: "), hidden: question.private, timeout_s: None };
            let answer = self.shared.settings.operator.ask(&asked).await.filter(|answer| !answer.is_empty());
            let answer = answer.or(default).unwrap_or_default();
            let value = if question.is_unsafe {
                Value::text(answer)
            } else {
                Value::template(answer, &question.span)
            };
            vars.set(question.name.as_str(), value);
        }
        vars
    }
}

/// A play's keywords after templating.
struct Setup {
    name: String,
    patterns: Vec<String>,
    strategy: Strategy,
    serial: Vec<Value>,
    order: Option<String>,
    max_fail_percentage: Option<f64>,
    check: bool,
    diff: bool,
    shape: Shape,
}

impl Setup {
    fn of(words: &Words<'_>, shared: &Shared) -> Result<Self, Notice> {
        let settings = &shared.settings;
        let patterns = words.hosts()?;
        let name = words.text(Keyword::Name)?.filter(|name| !name.is_empty());
        let strategy = words.text(Keyword::Strategy)?.unwrap_or_else(|| settings.strategy.clone());
        let max_fail = words.text(Keyword::MaxFailPercentage)?;
        let max_fail_percentage = max_fail.and_then(|text| text.trim_end_matches('%').trim().parse().ok());
        let wanted = words.flag(Keyword::GatherFacts)?;
        let gathers = match settings.gathering {
            Gathering::Explicit => wanted == Some(true),
            Gathering::Implicit | Gathering::Smart => wanted != Some(false),
        };
        let span = &words.play.layer.span;
        let unknown = || Notice::error(format!("Invalid play strategy specified: {strategy}")).at(span);
        Ok(Setup {
            name: name.unwrap_or_else(|| patterns.join(",")),
            strategy: Strategy::named(&strategy).ok_or_else(unknown)?,
            patterns,
            serial: words.list(Keyword::Serial)?,
            order: words.text(Keyword::Order)?,
            max_fail_percentage,
            check: words.flag(Keyword::CheckMode)?.unwrap_or(settings.check),
            diff: words.flag(Keyword::Diff)?.unwrap_or(settings.diff),
            shape: Shape {
                gather: gathers.then(|| gather_arguments(words.play)),
                force_handlers: settings.force_handlers
                    || words.flag(Keyword::ForceHandlers)?.unwrap_or(false),
            },
        })
    }
}

fn gather_arguments(play: &Play) -> Map {
    let mut args = Map::new();
    for keyword in [Keyword::GatherSubset, Keyword::GatherTimeout, Keyword::FactPath] {
        if let Some(node) = play.keywords().get(keyword).filter(|node| !node.is_null()) {
            args.set(keyword.name(), node.clone());
        }
    }
    args
}

/// Variables about the play and its hosts.
fn play_magic(play: &Play, context: &PlayContext, all: &[String], batch: &[Arc<str>]) -> Vars {
    let texts =
        |names: &mut dyn Iterator<Item = &str>| Value::list(names.map(Value::text).collect::<Vec<_>>());
    let batch_hosts = texts(&mut batch.iter().map(|host| &**host));
    let direct = texts(&mut play.roles.iter().map(|role| role.role.name.as_str()));
    let mut every: Vec<&str> = Vec::new();
    let mut dependent: Vec<&str> = Vec::new();
    for role in &play.roles {
        for used in role.in_order() {
            let name = used.role.name.as_str();
            if !every.contains(&name) {
                every.push(name);
            }
            if !Arc::ptr_eq(used, role) && !dependent.contains(&name) {
                dependent.push(name);
            }
        }
    }
    Vars::new([
        ("ansible_play_name", Value::text(context.name.as_str())),
        ("ansible_play_hosts_all", texts(&mut all.iter().map(String::as_str))),
        ("ansible_play_hosts", batch_hosts.clone()),
        ("ansible_play_batch", batch_hosts.clone()),
        ("play_hosts", batch_hosts),
        ("ansible_check_mode", Value::Bool(context.check)),
        ("playbook_dir", text_of(&context.dir)),
        ("ansible_play_role_names", direct.clone()),
        ("role_names", direct),
        ("ansible_role_names", texts(&mut every.iter().copied())),
        ("ansible_dependent_role_names", texts(&mut dependent.iter().copied())),
    ])
}
