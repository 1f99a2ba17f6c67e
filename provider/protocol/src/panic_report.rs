//! What is said when the provider panics: to Terraform on stderr, and to the user as a diagnostic.

use std::{any::Any, backtrace::Backtrace, fmt::Write as _, panic::PanicHookInfo};

use crate::{diagnostics::Diagnostic, serve::Plugin, stdio};

/// Terraform keeps this many lines of a crash report.
const REPORT_LINES_MAX: usize = 100;

/// Makes every panic write a report that Terraform recognises by its first word.
pub(crate) fn install_hook(plugin: &Plugin) {
    let plugin = *plugin;
    std::panic::set_hook(Box::new(move |info| {
        let text = report(&plugin, info, &Backtrace::force_capture());
        stdio::write_log(text.as_bytes());
    }));
}

fn report(plugin: &Plugin, info: &PanicHookInfo<'_>, backtrace: &Backtrace) -> String {
    let location =
        info.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    // The first line must begin with these very words and be one line.
    let mut text = format!("panic: {}{location}\n", message(info.payload()).replace('\n', " "));
    writeln!(text, "{} {}", plugin.address, plugin.version).expect("a String takes any write");
    for line in backtrace.to_string().lines().take(REPORT_LINES_MAX - 2) {
        writeln!(text, "{line}").expect("a String takes any write");
    }
    text
}

/// The diagnostic for a call that panicked.
pub(crate) fn diagnostic(rpc: &str, payload: &(dyn Any + Send)) -> Diagnostic {
    let what = format!("The provider panicked in {rpc}: {}", message(payload));
    Diagnostic::bug("Provider crashed", &what)
}

/// What was panicked with.
fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
