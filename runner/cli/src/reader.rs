//! Which readers of events a run has: `stdout_callback` and `callbacks_enabled`.

use std::io::IsTerminal as _;

use crate::{
    config::Config,
    output::{
        Look, Reader, Several,
        default::Default,
        json_lines::{Document, Lines},
        junit::Junit,
        minimal::Minimal,
        screen::Screen,
        timing::{Profile, Timer},
    },
};

/// Whether output is coloured: asked for, forbidden, or a terminal.
pub fn coloured(config: &Config) -> bool {
    if config.flag("defaults.force_color").unwrap_or(false) {
        return true;
    }
    let forbidden = config.get("defaults.nocolor").is_some_and(|value| !value.is_empty() && value != "0")
        && config.flag("defaults.nocolor") != Some(false)
        || std::env::var("NO_COLOR").is_ok_and(|value| !value.is_empty());
    !forbidden && std::io::stdout().is_terminal()
}

/// How results are shown.
pub fn look(config: &Config, verbosity: u8, check: bool) -> Look {
    let flag = |key: &str, default: bool| config.flag(key).unwrap_or(default);
    Look {
        verbosity,
        skipped: flag("defaults.display_skipped_hosts", true),
        ok: flag("defaults.display_ok_hosts", true),
        failed_to_stderr: flag("defaults.display_failed_stderr", false),
        custom_stats: flag("defaults.show_custom_stats", false),
        check_markers: flag("defaults.check_mode_markers", false),
        path_on_failure: flag("defaults.show_task_path_on_failure", false),
        host_start: flag("defaults.show_per_host_start", false),
        args: flag("defaults.display_args_to_stdout", false),
        yaml: config.get("defaults.callback_result_format").is_some_and(|format| format == "yaml"),
        pretty: config.flag("defaults.callback_format_pretty"),
        diff_context: config.number("diff.context").unwrap_or(3),
        check,
    }
}

/// The reader that standard output belongs to.
pub fn main_reader(config: &Config, verbosity: u8, check: bool) -> Box<dyn Reader> {
    let mut readers = vec![stdout_reader(config, verbosity, check)];
    let enabled = config.get("defaults.callbacks_enabled").unwrap_or_default();
    for name in enabled.split(',').map(str::trim) {
        let screen = Screen::new(coloured(config));
        match name.rsplit('.').next().unwrap_or_default() {
            "timer" => readers.push(Box::new(Timer::new(screen))),
            "profile_tasks" => readers.push(Box::new(Profile::new(screen))),
            "junit" => {
                let dir = std::env::var("JUNIT_OUTPUT_DIR").unwrap_or_else(|_| "~/.ansible.log".to_owned());
                readers.push(Box::new(Junit::new(crate::config::expand(&dir))));
            }
            _ => {}
        }
    }
    Box::new(Several(readers))
}

fn stdout_reader(config: &Config, verbosity: u8, check: bool) -> Box<dyn Reader> {
    let screen = Screen::new(coloured(config));
    let look = look(config, verbosity, check);
    let name = config.get("defaults.stdout_callback").unwrap_or_default();
    match name.rsplit('.').next().unwrap_or_default() {
        "minimal" => Box::new(Minimal::new(screen, look, false)),
        "json" => Box::new(Document::new(screen)),
        "jsonl" => Box::new(Lines),
        "oneline" => Box::new(Minimal::new(screen, look, true)),
        _ => Box::new(Default::new(screen, look)),
    }
}
