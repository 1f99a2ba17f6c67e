//! `--version`, in ansible-core's form.

use crate::{ANSIBLE_VERSION, config::Config, output::screen::Screen};

/// Prints the versions.
pub fn print(called: &str) {
    let config = Config::load();
    let file = config.path.as_ref().map_or_else(|| "None".to_owned(), |path| path.display().to_string());
    let own = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    let text = format!(
        "{called} [core {ANSIBLE_VERSION}]\n  config file = {file}\n  configured module search path = none: modules are native\n  executable location = {own}\n  playbook runner version = {}",
        env!("CARGO_PKG_VERSION")
    );
    Screen::new(false).out(&text, None);
}
