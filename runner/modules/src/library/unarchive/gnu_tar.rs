//! Archives that `tar` reads: listing, comparing with what is there, extracting.

use super::{Unpacked, ask};
use crate::{Command, Failure, System, attributes::io_text, outcome::Call};
use std::path::Path;

fn tar(system: &dyn System) -> Result<String, Failure> {
    let found = ["gtar", "tar"].into_iter().find_map(|name| system.which(name));
    let found = found.map(|path| path.to_string_lossy().into_owned());
    found.ok_or_else(|| "Unable to find required 'gtar' or 'tar' binary in the path.".into())
}

/// The words that all calls have: what to do, where, how it is compressed, what counts.
fn words(
    call: &Call<'_>,
    system: &dyn System,
    verb: &str,
    file: &Path,
    flags: &[&str],
) -> Result<Vec<String>, Failure> {
    let args = &call.args;
    let mut argv = vec![tar(system)?, verb.to_owned(), "-C".into(), args.str("dest").into()];
    argv.extend(flags.iter().map(|flag| (*flag).to_owned()));
    if verb != "--list" {
        argv.extend((!args.list("include").is_empty()).then(|| "--show-transformed-names".to_owned()));
        argv.extend(args.list("extra_opts").into_iter().map(str::to_owned));
        argv.extend(
            (verb == "--extract" && args.bool("keep_newer")).then(|| "--keep-newer-files".to_owned()),
        );
        for (option, flag) in [("owner", "--owner="), ("group", "--group=")] {
            argv.extend(args.some(option).map(|value| format!("{flag}{value}")));
        }
    } else {
        argv.push("--show-transformed-names".into());
        argv.extend(args.list("extra_opts").into_iter().map(str::to_owned));
    }
    for name in args.list("exclude") {
        argv.push(format!("--exclude={name}"));
    }
    argv.extend(["-f".to_owned(), file.to_string_lossy().into_owned()]);
    argv.extend(args.list("include").into_iter().map(str::to_owned));
    Ok(argv)
}

/// The names in the archive; the error says why it is none.
pub fn names(
    call: &Call<'_>,
    system: &dyn System,
    file: &Path,
    flags: &[&str],
) -> Result<Vec<String>, String> {
    let argv = words(call, system, "--list", file, flags).map_err(|failure| failure.msg)?;
    let output = ask(system, &argv).map_err(|failure| failure.msg)?;
    if !output.ok() {
        return Err(format!("Unable to list files in the archive: {}", output.err()));
    }
    let excluded = call.args.list("exclude");
    let clean = |line: &str| line.strip_prefix("./").unwrap_or(line).to_owned();
    let names = output
        .out()
        .lines()
        .map(clean)
        .filter(|name| !name.is_empty() && !excluded.contains(&name.as_str()))
        .collect();
    Ok(names)
}

/// Whether everything in the archive is there already, as far as the task does not say otherwise.
pub fn is_unpacked(
    call: &Call<'_>,
    system: &dyn System,
    file: &Path,
    flags: &[&str],
) -> Result<bool, Failure> {
    let args = &call.args;
    let argv = words(call, system, "--diff", file, flags)?;
    let output = ask(system, &argv)?;
    let root = system.identity().euid == 0;
    let counts = |line: &str| match line {
        line if line.ends_with(": Uid differs") => root && args.opt("owner").is_none(),
        line if line.ends_with(": Gid differs") => root && args.opt("group").is_none(),
        line if line.ends_with(": Mode differs") => args.value("mode").is_none(),
        line if line.ends_with(": Mod time differs") => !args.bool("keep_newer"),
        line => {
            ["Symlink differs", "Contents differ", "Size differs", "File type differs", "Not linked to"]
                .iter()
                .any(|end| line.contains(end))
                || line.contains("Cannot stat: No such file")
                || line.contains("Warning: Cannot stat")
                || line.contains("Invalid owner")
                || line.contains("Invalid group")
        }
    };
    let text = output.out() + &output.err();
    Ok(!text.lines().any(counts) && (output.ok() || output.rc == 1))
}

/// Extracts everything.
pub fn extract(
    call: &Call<'_>,
    system: &mut dyn System,
    file: &Path,
    flags: &[&str],
) -> Result<Unpacked, Failure> {
    let argv = words(call, system, "--extract", file, flags)?;
    let output = system.run(&Command::new(&argv).in_english()).map_err(|error| io_text(&error))?;
    Ok(Unpacked { argv, rc: output.rc, out: output.out(), err: output.err() })
}
