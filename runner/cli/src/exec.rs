//! `ansible`: one task on a pattern of hosts.

use std::sync::Arc;

use runner_engine::{Session, event::Event};
use runner_playbook::inventory::pattern;

use crate::{
    args::ExecArgs,
    config::Config,
    exit,
    output::{minimal::Minimal, screen::Screen},
    reader,
    run::{check_hosts, read_all},
    secrets,
    setup::{Base, Refusal, parts, settings},
};

/// Runs the command.
pub fn run(args: ExecArgs) -> i32 {
    let config = Config::load();
    let screen = Screen::new(reader::coloured(&config));
    match prepared(&args, config) {
        Ok(code) => code,
        Err(refusal) => refusal.print(&screen),
    }
}

fn prepared(args: &ExecArgs, config: Config) -> Result<i32, Refusal> {
    let secrets = secrets::secrets(&args.vault, &config, true).map_err(Refusal::new)?;
    let base = Base::new(&args.runtime, secrets, config)?;
    let mut inventory = base.inventory(&args.inventory)?;
    let limit = base.limit(&args.inventory)?;
    check_hosts(&base, &mut inventory, &limit)?;
    let (mut hosts, problems) = inventory.select(&pattern::split(&args.pattern));
    problems.iter().for_each(|problem| base.problem(problem));
    if !limit.is_empty() {
        let (allowed, _) = inventory.select(&limit);
        hosts.retain(|host| allowed.contains(host));
    }
    if args.list_hosts {
        base.screen.out(&format!("  hosts ({}):", hosts.len()), None);
        hosts.iter().for_each(|host| base.screen.out(&format!("    {host}"), None));
        return Ok(exit::OK);
    }
    if hosts.is_empty() {
        let text = "No hosts matched, nothing to do";
        base.screen.err(&format!("[WARNING]: {text}"), Some(crate::output::screen::Colour::Warn));
        return Ok(exit::OK);
    }
    let playbook = playbook(args, &base)?;
    let mut engine = settings(
        &base,
        &args.runtime,
        &args.connection,
        &args.elevation,
        (limit, args.inventory.limit.clone()),
    )?;
    if let Some(seconds) = args.task_timeout {
        engine.task_timeout_s = seconds;
    }
    engine.flush_cache = args.flush_cache;
    engine.gathering = runner_engine::settings::Gathering::Explicit;
    let check = engine.check;
    let look = reader::look(&base.config, base.verbosity, check);
    let screen = base.screen.clone();
    let reader = Box::new(Minimal::new(screen, look, args.one_line));
    let parts = parts(&base, engine, inventory)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Refusal::new(format!("could not start: {error}")))?;
    let code = runtime.block_on(async {
        let (mut session, events): (_, tokio::sync::mpsc::Receiver<Event>) = Session::new(parts);
        let reading = read_all(events, reader);
        let code = match session.run(&playbook).await {
            Ok(status) => exit::of(status),
            Err(_) => exit::ERROR,
        };
        session.close().await;
        // The reader ends when the session's end of the stream is gone.
        let _ = reading.await;
        code
    });
    runtime.shutdown_background();
    Ok(code)
}

/// The command line as a playbook of one task, so that it is loaded and checked as any other.
fn playbook(args: &ExecArgs, base: &Base) -> Result<runner_playbook::ast::Playbook, Refusal> {
    use runner_playbook::files::{Files, Memory};
    let quote = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let short = args.module_name.rsplit('.').next().unwrap_or_default();
    let needs_args = ["command", "shell", "script", "raw"].contains(&short);
    if needs_args && args.module_args.trim().is_empty() {
        return Err(Refusal {
            message: format!("No argument passed to {} module", args.module_name),
            code: exit::FAILED,
        });
    }
    let given = if args.module_args.trim_start().starts_with('{') {
        args.module_args.clone()
    } else {
        quote(&args.module_args)
    };
    let given = if args.module_args.trim().is_empty() { "{}".to_owned() } else { given };
    let mut text = format!(
        "- hosts: {}\n  name: Ansible Ad-Hoc\n  gather_facts: false\n  tasks:\n",
        quote(&args.pattern)
    );
    text.push_str(&format!("  - {}: {given}\n", quote(&args.module_name)));
    if let Some(seconds) = args.background {
        text.push_str(&format!("    async: {seconds}\n"));
    }
    if let Some(seconds) = args.poll {
        text.push_str(&format!("    poll: {seconds}\n"));
    }
    let dir = args.playbook_dir.clone().unwrap_or_else(|| std::env::current_dir().unwrap_or_default());
    let path = dir.join("__adhoc_playbook__");
    let mut files = Memory::new();
    files.add(&path, text);
    let loader =
        runner_playbook::load::Loader { files: Arc::new(files) as Arc<dyn Files>, ..base.loader.clone() };
    let (playbook, problems) = loader.load_playbook(&path);
    let error = problems.iter().find(|problem| problem.is_error());
    if let Some(error) = error {
        return Err(Refusal::new(error.message.clone()));
    }
    playbook.ok_or_else(|| Refusal::new("the command cannot be run"))
}
