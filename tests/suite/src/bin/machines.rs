//! Boots machines by hand: `cargo run -p tests-suite --bin machines -- up 5` prints their inventory, `down` ends them.
#![expect(clippy::print_stdout, reason = "a command for people speaks on standard output")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use tests_suite::machines::{self, Machines, Options};

const USAGE: &str = "usage: machines up COUNT [--no-internet] | down | clean";

/// What `up` alone boots.
const MACHINES_DEFAULT: usize = 1;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).filter(|arg| !arg.starts_with("--")).collect();
    let internet = !args.iter().any(|arg| arg == "--no-internet");
    match words[..] {
        ["up"] => up(MACHINES_DEFAULT, internet),
        ["up", count] => up(count.parse().context(USAGE)?, internet),
        ["hold", count] => hold(count.parse().context(USAGE)?, internet),
        ["down"] => {
            println!("ended {} set(s) of machines", machines::end_held()?);
            Ok(())
        }
        ["clean"] => machines::remove_leftovers(),
        _ => bail!(USAGE),
    }
}

/// Starts a holder in the background and prints what it says once the machines are up.
fn up(count: usize, internet: bool) -> Result<()> {
    let mut holder = Command::new(std::env::current_exe()?)
        .args(["hold", &count.to_string()])
        .args((!internet).then_some("--no-internet"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .context("start the holder")?;
    let mut inventory = String::new();
    BufReader::new(holder.stdout.take().context("the holder has an output")?).read_line(&mut inventory)?;
    if inventory.is_empty() {
        bail!("the machines did not come up ({})", holder.wait()?);
    }
    println!("# {}\n{}", inventory.trim(), std::fs::read_to_string(inventory.trim())?);
    Ok(())
}

/// Boots the machines, prints where their inventory is, and keeps them until it is killed.
fn hold(count: usize, internet: bool) -> Result<()> {
    let mut options = Options::new(count);
    options.internet = internet;
    let set = Machines::boot_with(&options)?;
    machines::mark_held(set.folder(), std::process::id())?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", set.inventory().display())?;
    out.flush()?;
    loop {
        std::thread::park();
    }
}
