//! The SSH key that `generate_ssh_key` asks for.

use crate::{
    Command, Done, Failure, Plan, Returns, System,
    accounts::{self, User},
    outcome::Call,
};
use std::path::{Path, PathBuf};

fn key_path(call: &Call<'_>, home: &str) -> PathBuf {
    let default = format!(".ssh/id_{}", call.args.str("ssh_key_type"));
    Path::new(home).join(call.args.some("ssh_key_file").unwrap_or(&default))
}

/// Plans the key; a key that is there stays.
pub fn plan<'a>(plan: &mut Plan<'a>, call: &'a Call<'a>, system: &dyn System, user: Option<&User>) {
    let exists = user.is_some_and(|user| system.exists(&key_path(call, &user.home)));
    if let Some(user) = user.filter(|_| exists) {
        let path = key_path(call, &user.home);
        report(&mut plan.returns, &path, system);
        return;
    }
    plan.change("make an SSH key", move |system, returns| {
        let name = call.args.str("name");
        let user = accounts::user_by_name(system, name)
            .ok_or_else(|| format!("no user {name} to make a key for"))?;
        let path = key_path(call, &user.home);
        make(call, system, &user, &path)?;
        report(returns, &path, system);
        Ok(Done::Changed)
    });
}

fn make(call: &Call<'_>, system: &mut dyn System, user: &User, path: &Path) -> Result<(), Failure> {
    let args = &call.args;
    let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
    let failed = |error: std::io::Error| Failure::new(crate::attributes::io_text_at(&error, path));
    if !system.exists(&folder) {
        system.make_dir(&folder, 0o700).map_err(failed)?;
        system.chown(&folder, Some(user.uid), Some(user.gid)).map_err(failed)?;
    }
    let node = system.uname().node;
    let comment =
        args.opt("ssh_key_comment").map_or_else(|| format!("ansible-generated on {node}"), str::to_owned);
    let file = path.to_string_lossy().into_owned();
    let mut argv: Vec<String> =
        ["ssh-keygen", "-q", "-t", args.str("ssh_key_type")].map(str::to_owned).into();
    if let Some(bits) = args.int("ssh_key_bits").filter(|bits| *bits > 0) {
        argv.extend(["-b".to_owned(), bits.to_string()]);
    }
    argv.extend(["-C".to_owned(), comment, "-f".to_owned(), file.clone()]);
    // A passphrase must not be in the arguments of a process, so ssh-keygen is made to ask a program for it.
    let passphrase = args.some("ssh_key_passphrase");
    let mut command = Command::default();
    if let Some(passphrase) = passphrase {
        let script = "#!/bin/sh\nprintf '%s\\n' \"$RUNNER_PASSPHRASE\"\n";
        let helper = crate::placing::beside(path, system);
        system.create(&helper, 0o700, &mut script.as_bytes()).map_err(failed)?;
        command = command.env("RUNNER_PASSPHRASE", passphrase).env("SSH_ASKPASS_REQUIRE", "force");
        command = command.env("SSH_ASKPASS", &helper.to_string_lossy());
        command.argv = argv;
        let output = system.run(&command);
        system.remove(&helper).map_err(failed)?;
        if !output.map_err(failed)?.ok() {
            return Err("failed to make an SSH key with a passphrase".into());
        }
    } else {
        argv.extend(["-N".to_owned(), String::new()]);
        command.argv = argv;
        let output = system.run(&command).map_err(failed)?;
        if !output.ok() {
            return Err(Failure::new(output.err()).with("rc", output.rc));
        }
    }
    for file in [file.clone(), format!("{file}.pub")] {
        system.chown(Path::new(&file), Some(user.uid), Some(user.gid)).map_err(failed)?;
    }
    Ok(())
}

fn report(returns: &mut Returns, path: &Path, system: &dyn System) {
    let file = path.to_string_lossy().into_owned();
    let public = system.text(&format!("{file}.pub"));
    let answer = system.query(&Command::new(&["ssh-keygen", "-l", "-f", &file]));
    returns.insert(
        "ssh_fingerprint".into(),
        answer.map(|output| output.out()).unwrap_or_default().trim().into(),
    );
    returns.insert("ssh_key_file".into(), file.into());
    returns.insert("ssh_public_key".into(), public.trim_end().into());
}
