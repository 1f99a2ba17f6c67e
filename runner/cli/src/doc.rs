//! `ansible-doc`: a page per module, made from the options that are checked when it runs.

use clap::Parser;
use runner_modules::{
    Found, Spec, find, library,
    spec::{Opt, Rule, Support},
};
use serde_json::{Map, Value, json};

use crate::{
    exit,
    output::{
        json,
        screen::{Colour, Screen},
    },
};

/// Columns of a name in the list of modules.
const NAME_COLUMNS: usize = 40;

/// `ansible-doc` and `playbook doc`.
#[derive(Debug, Clone, Parser)]
#[command(name = "ansible-doc", about = "Documentation of modules", disable_version_flag = true)]
pub struct DocCommand {
    /// Module
    #[arg(value_name = "module")]
    pub modules: Vec<String>,
    /// List available modules, of one collection if it is named
    #[arg(short = 'l', long)]
    pub list: bool,
    /// Show the module as a task that can be pasted into a playbook
    #[arg(short = 's', long)]
    pub snippet: bool,
    /// Change output into json format
    #[arg(short = 'j', long)]
    pub json: bool,
    /// Which kind of thing (only modules have pages)
    #[arg(short = 't', long = "type", default_value = "module")]
    pub kind: String,
}

/// Runs the command.
pub fn run(command: DocCommand) -> i32 {
    let screen = Screen::new(false);
    if command.kind != "module" {
        screen.err("[ERROR]: only modules have pages here", Some(Colour::Error));
        return exit::FAILED;
    }
    if command.list {
        list(&command, &screen);
        return exit::OK;
    }
    if command.modules.is_empty() {
        screen.err("[ERROR]: Incorrect options passed", Some(Colour::Error));
        return exit::OPTIONS;
    }
    let mut code = exit::OK;
    let mut all = Map::new();
    for name in &command.modules {
        match find(name) {
            Found::Ours(entry) if command.json => {
                all.insert(entry.spec.name.to_owned(), described(entry.spec));
            }
            Found::Ours(entry) if command.snippet => screen.out(&snippet(entry.spec), None),
            Found::Ours(entry) => screen.out(&page(entry.spec), None),
            Found::NotYet(full) => {
                code = exit::ERROR;
                let text = format!("[WARNING]: {full} is a module of Ansible that is not here yet");
                screen.err(&text, Some(Colour::Warn));
            }
            Found::Unknown(near) => {
                code = exit::ERROR;
                let meant = near.map(|near| format!(". Did you mean {near}?")).unwrap_or_default();
                screen.err(&format!("[WARNING]: module {name} not found{meant}"), Some(Colour::Warn));
            }
        }
    }
    if command.json {
        screen.out(&json::dumps_map(&all, Some(4)), None);
    }
    code
}

fn list(command: &DocCommand, screen: &Screen) {
    let wanted = |spec: &Spec| {
        command.modules.is_empty() || command.modules.iter().any(|part| spec.name.starts_with(part.as_str()))
    };
    let specs: Vec<&Spec> = library().iter().map(|entry| entry.spec).filter(|spec| wanted(spec)).collect();
    if command.json {
        let all: Map<String, Value> =
            specs.iter().map(|spec| (spec.name.to_owned(), json!(spec.summary))).collect();
        screen.out(&json::dumps_map(&all, Some(4)), None);
        return;
    }
    for spec in specs {
        screen.out(&format!("{:NAME_COLUMNS$} {}", spec.name, spec.summary), None);
    }
}

fn support(spec: &Spec) -> &'static str {
    match spec.check {
        Support::Full => "full",
        Support::None => "none",
        Support::ReadOnly => "full (it only reads)",
    }
}

fn kind(option: &Opt) -> String {
    match option.kind.element() {
        Some(element) => format!("list of {}", element.name()),
        None => option.kind.name().to_owned(),
    }
}

/// A module's page as text.
fn page(spec: &Spec) -> String {
    let mut out = format!("> {}\n\n  {}\n\n", spec.name.to_uppercase(), spec.summary);
    if !spec.options().is_empty() {
        out.push_str("OPTIONS (= is mandatory):\n\n");
    }
    let mut options: Vec<&Opt> =
        spec.options().iter().filter(|option| !option.name.starts_with('_')).collect();
    options.sort_by_key(|option| option.name);
    for option in options {
        out.push_str(&format!("{} {}\n", if option.required { '=' } else { '-' }, option.name));
        if !option.doc.is_empty() {
            out.push_str(&format!("        {}\n", option.doc));
        }
        if !option.aliases.is_empty() {
            out.push_str(&format!("        aliases: [{}]\n", option.aliases.join(", ")));
        }
        if !option.choices.is_empty() {
            out.push_str(&format!("        choices: [{}]\n", option.choices.join(", ")));
        }
        if let Some(default) = option.default {
            out.push_str(&format!("        default: {default}\n"));
        }
        if option.no_log {
            out.push_str("        its value is never shown\n");
        }
        out.push_str(&format!("        type: {}\n\n", kind(option)));
    }
    if spec.open {
        out.push_str("Any other name may be given too.\n\n");
    }
    let rules: Vec<String> = spec.rules().iter().map(rule).collect();
    if !rules.is_empty() {
        out.push_str(&format!("RULES:\n\n  * {}\n\n", rules.join("\n  * ")));
    }
    out.push_str(&format!(
        "ATTRIBUTES:\n\n  check_mode: {}\n  diff_mode: {}\n\n",
        support(spec),
        if spec.diff { "full" } else { "none" }
    ));
    out.push_str(&format!("EXAMPLES:\n\n{}", snippet(spec)));
    out
}

fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Exclusive(names) => format!("only one of {} may be given", names.join(", ")),
        Rule::Together(names) => format!("{} belong together", names.join(", ")),
        Rule::OneOf(names) => format!("one of {} must be given", names.join(", ")),
        Rule::If { option, value, needs, any } => {
            let how = if *any { "one of" } else { "all of" };
            format!("{option}={value} needs {how} {}", needs.join(", "))
        }
        Rule::By { option, needs } => format!("{option} needs {}", needs.join(", ")),
    }
}

/// A task with the mandatory options, and the others as comments.
fn snippet(spec: &Spec) -> String {
    let mut out = format!("- name: {}\n  {}:\n", spec.summary.trim_end_matches('.'), spec.name);
    let (mut given, mut rest): (Vec<&Opt>, Vec<&Opt>) =
        spec.options().iter().filter(|o| !o.name.starts_with('_')).partition(|option| option.required);
    if given.is_empty() && !rest.is_empty() {
        given.push(rest.remove(0));
    }
    for option in given {
        out.push_str(&format!("    {}: {}\n", option.name, example(option)));
    }
    rest.sort_by_key(|option| option.name);
    for option in rest {
        out.push_str(&format!("    # {}: {}\n", option.name, example(option)));
    }
    out
}

/// A value that fits an option.
fn example(option: &Opt) -> String {
    if let Some(default) = option.default {
        return default.to_owned();
    }
    if let Some(choice) = option.choices.first() {
        return (*choice).to_owned();
    }
    match option.kind.name() {
        "bool" => "true",
        "int" => "1",
        "float" => "1.5",
        "path" => "/path",
        "dict" => "{key: value}",
        "list" => "[item]",
        "json" => "'{}'",
        "bytes" => "10M",
        _ => "text",
    }
    .to_owned()
}

fn described(spec: &Spec) -> Value {
    let options: Map<String, Value> = spec
        .options()
        .iter()
        .map(|option| {
            let mut about = json!({
                "description": [option.doc],
                "type": option.kind.name(),
                "required": option.required,
            });
            if let Some(element) = option.kind.element() {
                about["elements"] = json!(element.name());
            }
            if !option.aliases.is_empty() {
                about["aliases"] = json!(option.aliases);
            }
            if !option.choices.is_empty() {
                about["choices"] = json!(option.choices);
            }
            if let Some(default) = option.default {
                about["default"] = json!(default);
            }
            (option.name.to_owned(), about)
        })
        .collect();
    json!({
        "doc": {
            "module": spec.short_name(),
            "plugin_name": spec.name,
            "short_description": spec.summary,
            "options": options,
            "attributes": {"check_mode": {"support": support(spec)}, "diff_mode": {"support": if spec.diff { "full" } else { "none" }}},
        },
        "examples": snippet(spec),
    })
}
