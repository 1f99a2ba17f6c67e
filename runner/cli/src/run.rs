//! `ansible-playbook`: playbooks from start to exit code.

use runner_engine::{Session, event::Event};
use runner_playbook::{
    ast::Playbook,
    inventory::Inventory,
    problem::{self, Problem},
};

use crate::{
    args::PlaybookArgs,
    config::Config,
    exit, listing,
    output::{Reader, notice, screen::Colour},
    reader, secrets,
    setup::{Base, Refusal, parts, selection, settings},
};

/// Runs the command.
pub fn run(args: PlaybookArgs) -> i32 {
    let config = Config::load();
    let screen = crate::output::screen::Screen::new(reader::coloured(&config));
    match prepared(args, config) {
        Ok(code) => code,
        Err(refusal) => refusal.print(&screen),
    }
}

fn prepared(args: PlaybookArgs, config: Config) -> Result<i32, Refusal> {
    let lists = args.list_hosts || args.list_tasks || args.list_tags;
    let looks_only = lists || args.syntax_check;
    let secrets = secrets::secrets(&args.vault, &config, !looks_only).map_err(Refusal::new)?;
    let base = Base::new(&args.runtime, secrets, config)?;
    for playbook in &args.playbooks {
        if !playbook.exists() {
            return Err(Refusal::new(format!("the playbook: {} could not be found", playbook.display())));
        }
        if !(playbook.is_file() || std::fs::metadata(playbook).is_ok_and(|meta| !meta.is_dir())) {
            return Err(Refusal::new(format!(
                "the playbook: {} does not appear to be a file",
                playbook.display()
            )));
        }
    }
    let mut inventory = base.inventory(&args.inventory)?;
    let limit = base.limit(&args.inventory)?;
    check_hosts(&base, &mut inventory, &limit)?;
    let mut engine = settings(
        &base,
        &args.runtime,
        &args.connection,
        &args.elevation,
        (limit.clone(), args.inventory.limit.clone()),
    )?;
    engine.selection = selection(&base.config, &args.tags, &args.skip_tags);
    if args.list_tags && args.tags.is_empty() {
        engine.selection.only = vec!["never".to_owned(), "all".to_owned()];
    }
    engine.step = args.step;
    engine.start_at_task.clone_from(&args.start_at_task);
    engine.force_handlers |= args.force_handlers;
    engine.flush_cache = args.flush_cache;
    if base.verbosity > 0 {
        let text = match &base.config.path {
            Some(path) => format!("Using {} as config file", path.display()),
            None => "No config file found; using defaults".to_owned(),
        };
        base.screen.out(&text, Some(Colour::Verbose));
    }
    if looks_only {
        return Ok(look(&base, &args, &mut inventory, &engine));
    }
    execute(&base, &args, engine, inventory)
}

/// An inventory without hosts is worth a warning; a limit that leaves none is an error.
pub fn check_hosts(base: &Base, inventory: &mut Inventory, limit: &[String]) -> Result<(), Refusal> {
    if inventory.hosts().len() == 0 {
        let shown = base.config.flag("defaults.localhost_warning") != Some(false);
        if shown {
            let text = "provided hosts list is empty, only localhost is available. Note that the implicit localhost does not match 'all'";
            base.screen.err(&format!("[WARNING]: {text}"), Some(Colour::Warn));
        }
    }
    if !limit.is_empty() {
        let (hosts, problems) = inventory.select(limit);
        problems.iter().for_each(|problem| base.problem(problem));
        if hosts.is_empty() {
            return Err(Refusal::new(
                "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.",
            ));
        }
    }
    Ok(())
}

/// Loads a playbook and prints what is wrong with it.
fn load(base: &Base, path: &std::path::Path) -> Result<Playbook, i32> {
    let (playbook, problems) = base.loader.load_playbook(path);
    for found in &problems {
        base.problem(found);
    }
    match playbook {
        Some(playbook) if !problem::has_errors(&problems) => Ok(playbook),
        _ => Err(exit_of(&problems)),
    }
}

fn exit_of(problems: &[Problem]) -> i32 {
    let missing = problems
        .iter()
        .filter(|problem| problem.is_error())
        .all(|problem| problem.kind == problem::Kind::File);
    if missing { exit::ERROR } else { exit::UNREACHABLE }
}

/// `--syntax-check`, `--list-…`.
fn look(
    base: &Base,
    args: &PlaybookArgs,
    inventory: &mut Inventory,
    engine: &runner_engine::settings::Settings,
) -> i32 {
    for path in &args.playbooks {
        let playbook = match load(base, path) {
            Ok(playbook) => playbook,
            Err(code) => return code,
        };
        listing::print(base, args, &playbook, inventory, engine);
    }
    exit::OK
}

fn execute(
    base: &Base,
    args: &PlaybookArgs,
    engine: runner_engine::settings::Settings,
    inventory: Inventory,
) -> Result<i32, Refusal> {
    let check = engine.check;
    let parts = parts(base, engine, inventory)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Refusal::new(format!("could not start: {error}")))?;
    let reader = reader::main_reader(&base.config, base.verbosity, check);
    let code = runtime.block_on(playbooks(base, args, parts, reader));
    runtime.shutdown_background();
    Ok(code)
}

async fn playbooks(
    base: &Base,
    args: &PlaybookArgs,
    parts: runner_engine::Parts,
    reader: Box<dyn Reader>,
) -> i32 {
    let (mut session, events) = Session::new(parts);
    let reading = read_all(events, reader);
    let cancel = session.cancel_token();
    let interrupt = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            cancel.cancel();
        }
    });
    let mut code = exit::OK;
    for path in &args.playbooks {
        let playbook = match load(base, path) {
            Ok(playbook) => playbook,
            Err(failed) => {
                code = failed;
                break;
            }
        };
        match session.run(&playbook).await {
            Ok(status) => code = exit::of(status),
            Err(notices) => {
                for found in &notices {
                    let text = notice::text(found);
                    base.screen.err(&text, Some(Colour::Error));
                }
                code = exit::ERROR;
            }
        }
        if code != exit::OK {
            break;
        }
    }
    interrupt.abort();
    session.close().await;
    // The reader ends when the session's end of the stream is gone.
    let _ = reading.await;
    if code == exit::INTERRUPTED {
        base.screen.err("[ERROR]: User interrupted execution", Some(Colour::Error));
    }
    code
}

/// Hands events to a reader on a thread of its own, so that a slow terminal never holds up a task.
pub fn read_all(
    mut events: tokio::sync::mpsc::Receiver<Event>,
    mut reader: Box<dyn Reader>,
) -> tokio::task::JoinHandle<()> {
    tokio::task::spawn_blocking(move || {
        while let Some(event) = events.blocking_recv() {
            reader.read(&event);
        }
        reader.finish();
    })
}
