//! `user`: a user of the machine, by useradd, usermod and userdel.
//!
//! Passwords are hashes; they are compared with the shadow file, and never returned.

use crate::{
    Command, Done, Failure, Module, Plan, Returns, Spec, System,
    accounts::{self, User},
    clock,
    library::group::run,
    outcome::Call,
};
use std::path::Path;

mod ssh_key;

static SPEC: Spec = Spec::new(
    "ansible.builtin.user",
    "Ensures that a user exists, or does not.",
    "name(user) str! # The user.
state str =present {absent|present} # Whether it should exist.
uid int # Its number.
non_unique bool =false # Its number may be in use.
comment str # Its full name.
group str # Its main group.
groups list:str # Its other groups.
append bool =false # Keep other groups that it has.
home path # Its home folder.
shell path # Its login shell.
password str no_log # The hash of its password; ! or * for none.
update_password str =always {always|on_create} # When the password is set.
password_lock bool # Lock or unlock the password.
password_expire_max int # Days until the password must be changed.
password_expire_min int # Days until the password may be changed.
password_expire_warn int # Days of warning before.
password_expire_account_disable int # Days after which the account is disabled.
expires float # Seconds since 1970 until the account ends; negative for never.
system bool =false # It is a system user.
create_home(createhome) bool =true # Make its home folder.
move_home bool =false # Move its home folder if home differs.
skeleton str # What its home folder starts with.
umask str # Mask for its home folder.
remove bool =false # Remove its home folder too.
force bool =false # Remove it even if it is logged in.
generate_ssh_key bool =false # Make an SSH key for it.
ssh_key_bits int # Length of the key.
ssh_key_type str =rsa # Kind of the key.
ssh_key_file path # The key's file, relative to its home folder.
ssh_key_comment str # Comment of the key.
ssh_key_passphrase str no_log # Passphrase of the key.
local bool =false # Look at the machine's own files only.
uid_min int # Lowest number to choose.
uid_max int # Highest number to choose.
hidden bool # macOS only.
seuser str # SELinux user.
login_class str # BSD only.
profile str # Solaris only.
authorization str # Solaris only.
role str # Solaris only.
!if non_unique=True needs uid",
);

/// See the page above.
pub struct UserModule;

/// What is known of the user now.
struct Known {
    user: User,
    groups: Vec<String>,
    shadow: Vec<String>,
}

impl Module for UserModule {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let known = look(call, system);
        let mut plan = Plan::new();
        let name = args.str("name");
        plan.set("name", name).set("state", args.str("state"));
        if args.str("state") == "absent" {
            if known.is_some() {
                let mut argv = vec!["userdel"];
                argv.extend(args.bool("force").then_some("-f"));
                argv.extend(args.bool("remove").then_some("-r"));
                argv.push(name);
                plan.set("force", args.bool("force")).set("remove", args.bool("remove"));
                plan_tool(&mut plan, call, argv.into_iter().map(str::to_owned).collect());
            }
            return Ok(check_only_changed(call, plan));
        }
        warn_about_password(call, &mut plan);
        let created = known.is_none();
        let argv = match &known {
            None => Some(create(call, system)?),
            Some(known) => modify(call, system, known)?,
        };
        if let Some(argv) = argv {
            plan_tool(&mut plan, call, argv);
        }
        if created && call.check() {
            return Ok(check_only_changed(call, plan));
        }
        plan_ages(&mut plan, call, known.as_ref());
        plan_home(&mut plan, call, system, known.as_ref());
        if created {
            plan.set("system", args.bool("system")).set("create_home", args.bool("create_home"));
        } else {
            plan.set("append", args.bool("append")).set("move_home", args.bool("move_home"));
        }
        if args.opt("password").is_some() {
            plan.set("password", "NOT_LOGGING_PASSWORD");
        }
        if args.value("groups").is_some() {
            plan.set("groups", args.list("groups").join(","));
        }
        if let Some(known) = &known {
            describe(&mut plan.returns, &known.user);
        }
        if args.bool("generate_ssh_key") {
            ssh_key::plan(&mut plan, call, system, known.as_ref().map(|known| &known.user));
        }
        plan.step("look again", move |system, returns| {
            if let Some(user) = accounts::user_by_name(system, name) {
                describe(returns, &user);
            }
            Ok(Done::Unchanged)
        });
        Ok(plan)
    }
}

fn check_only_changed<'a>(call: &Call<'_>, mut plan: Plan<'a>) -> Plan<'a> {
    if call.check() && plan.is_change() {
        plan.returns.clear();
    }
    plan
}

fn describe(returns: &mut Returns, user: &User) {
    returns.insert("uid".into(), user.uid.into());
    returns.insert("group".into(), user.gid.into());
    returns.insert("comment".into(), user.gecos.clone().into());
    returns.insert("home".into(), user.home.clone().into());
    returns.insert("shell".into(), user.shell.clone().into());
}

fn warn_about_password(call: &Call<'_>, plan: &mut Plan<'_>) {
    let Some(password) = call.args.some("password") else { return };
    let locked = ["*", "!", "*************"].contains(&password) || password.starts_with('!');
    let hashed = password.starts_with('$') && password.matches('$').count() >= 3;
    if !locked && !hashed && password.len() != 13 {
        let text = "The input password appears not to have been hashed. The 'password' argument must be encrypted for \
                    this module to work properly.";
        plan.warnings.push(text.into());
    }
}

fn look(call: &Call<'_>, system: &dyn System) -> Option<Known> {
    let name = call.args.str("name");
    let user = match call.args.bool("local") {
        true => accounts::local_users(system).into_iter().find(|user| user.name == name)?,
        false => accounts::user_by_name(system, name)?,
    };
    let groups = accounts::local_groups(system).into_iter();
    let groups = groups.filter(|group| group.members.iter().any(|member| member == name));
    let shadow = system.text("/etc/shadow");
    let line = shadow.lines().find(|line| line.split(':').next() == Some(name)).unwrap_or_default();
    Some(Known {
        groups: groups.map(|group| group.name).collect(),
        shadow: line.split(':').map(str::to_owned).collect(),
        user,
    })
}

fn plan_tool<'a>(plan: &mut Plan<'a>, call: &'a Call<'a>, argv: Vec<String>) {
    let name = call.args.str("name");
    // The whole line could show a password's hash.
    plan.change(argv[0].clone(), move |system, returns| {
        run(system, &argv, name, returns)?;
        Ok(Done::Changed)
    });
}

fn pair(argv: &mut Vec<String>, flag: &str, value: impl Into<String>) {
    argv.push(flag.into());
    argv.push(value.into());
}

fn group_exists(system: &dyn System, group: &str) -> bool {
    match group.parse() {
        Ok(gid) => {
            accounts::group_by_id(system, gid).is_some() || accounts::group_by_name(system, group).is_some()
        }
        Err(_) => accounts::group_by_name(system, group).is_some(),
    }
}

fn check_groups(call: &Call<'_>, system: &dyn System) -> Result<Vec<String>, Failure> {
    let groups: Vec<_> =
        call.args.list("groups").into_iter().map(str::trim).filter(|group| !group.is_empty()).collect();
    if let Some(missing) = groups.iter().find(|group| !group_exists(system, group)) {
        return Err(format!("Group {missing} does not exist").into());
    }
    Ok(groups.into_iter().map(str::to_owned).collect())
}

fn expiry(call: &Call<'_>) -> Option<String> {
    let expires = call.args.float("expires")?;
    Some(if expires < 0.0 { String::new() } else { clock::utc(expires).format("%Y-%m-%d") })
}

fn create(call: &Call<'_>, system: &dyn System) -> Result<Vec<String>, Failure> {
    let args = &call.args;
    let name = args.str("name");
    let mut argv = vec!["useradd".to_owned()];
    if let Some(uid) = args.int("uid") {
        pair(&mut argv, "-u", uid.to_string());
        argv.extend(args.bool("non_unique").then(|| "-o".to_owned()));
    }
    if let Some(seuser) = args.opt("seuser") {
        pair(&mut argv, "-Z", seuser);
    }
    match args.opt("group") {
        Some(group) if !group_exists(system, group) => {
            return Err(format!("Group {group} does not exist").into());
        }
        Some(group) => pair(&mut argv, "-g", group),
        // A group of the user's name is there already and must not be made again.
        None if accounts::group_by_name(system, name).is_some() => pair(&mut argv, "-g", name),
        None => {}
    }
    let groups = check_groups(call, system)?;
    if !groups.is_empty() {
        pair(&mut argv, "-G", groups.join(","));
    }
    for (flag, option) in [("-c", "comment"), ("-d", "home"), ("-s", "shell")] {
        if let Some(value) = args.opt(option) {
            pair(&mut argv, flag, value);
        }
    }
    if let Some(date) = expiry(call) {
        pair(&mut argv, "-e", date);
    }
    if let Some(days) = args.int("password_expire_account_disable") {
        pair(&mut argv, "-f", days.to_string());
    }
    if let Some(password) = args.opt("password") {
        let lock = if args.opt_bool("password_lock") == Some(true) { "!" } else { "" };
        pair(&mut argv, "-p", format!("{lock}{password}"));
    }
    if args.bool("create_home") {
        argv.push("-m".into());
        if let Some(skeleton) = args.opt("skeleton") {
            pair(&mut argv, "-k", skeleton);
        }
        if let Some(umask) = args.opt("umask") {
            pair(&mut argv, "-K", format!("UMASK={umask}"));
        }
    } else {
        argv.push("-M".into());
    }
    argv.extend(args.bool("system").then(|| "-r".to_owned()));
    for (option, key) in [("uid_min", "UID_MIN"), ("uid_max", "UID_MAX")] {
        if let Some(limit) = args.int(option) {
            pair(&mut argv, "-K", format!("{key}={limit}"));
        }
    }
    argv.push(name.into());
    Ok(argv)
}

fn modify(call: &Call<'_>, system: &dyn System, known: &Known) -> Result<Option<Vec<String>>, Failure> {
    let args = &call.args;
    let (user, name) = (&known.user, args.str("name"));
    let mut argv = vec!["usermod".to_owned()];
    if let Some(uid) = args.int("uid").filter(|uid| *uid != i64::from(user.uid)) {
        pair(&mut argv, "-u", uid.to_string());
        argv.extend(args.bool("non_unique").then(|| "-o".to_owned()));
    }
    if let Some(group) = args.opt("group") {
        if !group_exists(system, group) {
            return Err(format!("Group {group} does not exist").into());
        }
        let gid =
            accounts::group_by_name(system, group).map(|group| group.gid).or_else(|| group.parse().ok());
        if gid.is_some_and(|gid| gid != user.gid) {
            pair(&mut argv, "-g", gid.unwrap_or_default().to_string());
        }
    }
    if args.value("groups").is_some() {
        groups_arguments(call, system, known, &mut argv)?;
    }
    if let Some(comment) = args.opt("comment").filter(|comment| *comment != user.gecos) {
        pair(&mut argv, "-c", comment);
    }
    if let Some(home) = args.opt("home").filter(|home| *home != user.home) {
        pair(&mut argv, "-d", home);
        argv.extend(args.bool("move_home").then(|| "-m".to_owned()));
    }
    if let Some(shell) = args.opt("shell").filter(|shell| *shell != user.shell) {
        pair(&mut argv, "-s", shell);
    }
    expiry_arguments(call, known, &mut argv);
    let present = known.shadow.get(1).map(String::as_str).unwrap_or_default();
    let wanted = args.opt("password").filter(|_| args.str("update_password") == "always");
    let differs =
        wanted.is_some_and(|wanted| present.trim_start_matches('!') != wanted.trim_start_matches('!'));
    match args.opt_bool("password_lock") {
        _ if differs => {
            let lock = if args.opt_bool("password_lock") == Some(true) { "!" } else { "" };
            pair(&mut argv, "-p", format!("{lock}{}", wanted.unwrap_or_default()));
        }
        Some(true) if !present.starts_with('!') => argv.push("-L".into()),
        Some(false) if present.starts_with('!') => argv.push("-U".into()),
        _ => {}
    }
    if argv.len() == 1 {
        return Ok(None);
    }
    argv.push(name.into());
    Ok(Some(argv))
}

fn groups_arguments(
    call: &Call<'_>,
    system: &dyn System,
    known: &Known,
    argv: &mut Vec<String>,
) -> Result<(), Failure> {
    let wanted = check_groups(call, system)?;
    let main = accounts::group_by_id(system, known.user.gid).map(|group| group.name).unwrap_or_default();
    let name_of = |group: &String| match group.parse() {
        Ok(gid) => accounts::group_by_id(system, gid).map_or_else(|| group.clone(), |found| found.name),
        Err(_) => group.clone(),
    };
    let named: Vec<String> = wanted.iter().map(name_of).filter(|group| *group != main).collect();
    let missing: Vec<&String> = named.iter().filter(|group| !known.groups.contains(group)).collect();
    let surplus = known.groups.iter().any(|group| !named.contains(group) && *group != main);
    if call.args.bool("append") {
        if !missing.is_empty() {
            argv.push("-a".into());
            pair(argv, "-G", missing.into_iter().cloned().collect::<Vec<_>>().join(","));
        }
    } else if !missing.is_empty() || surplus {
        pair(argv, "-G", wanted.join(","));
    }
    Ok(())
}

fn expiry_arguments(call: &Call<'_>, known: &Known, argv: &mut Vec<String>) {
    const DAY_S: f64 = 86_400.0;
    let present = known.shadow.get(7).and_then(|days| days.parse::<f64>().ok());
    match call.args.float("expires") {
        Some(wanted) if wanted < 0.0 && present.is_some_and(|days| days >= 0.0) => pair(argv, "-e", ""),
        Some(wanted) if wanted >= 0.0 && present != Some((wanted / DAY_S).floor()) => {
            pair(argv, "-e", expiry(call).unwrap_or_default());
        }
        _ => {}
    }
    let disabled = known.shadow.get(6).and_then(|days| days.parse::<i64>().ok());
    if let Some(days) =
        call.args.int("password_expire_account_disable").filter(|days| disabled != Some(*days))
    {
        pair(argv, "-f", days.to_string());
    }
}

fn plan_ages<'a>(plan: &mut Plan<'a>, call: &'a Call<'a>, known: Option<&Known>) {
    let mut argv = vec!["chage".to_owned()];
    for (option, flag, field) in [
        ("password_expire_max", "-M", 4),
        ("password_expire_min", "-m", 3),
        ("password_expire_warn", "-W", 5),
    ] {
        let Some(days) = call.args.int(option) else { continue };
        let present =
            known.and_then(|known| known.shadow.get(field)).and_then(|days| days.parse::<i64>().ok());
        if present != Some(days) {
            pair(&mut argv, flag, days.to_string());
        }
    }
    if argv.len() > 1 {
        argv.push(call.args.str("name").into());
        plan_tool(plan, call, argv);
    }
}

/// A user that is there, without a home folder that should be.
fn plan_home<'a>(plan: &mut Plan<'a>, call: &'a Call<'a>, system: &dyn System, known: Option<&Known>) {
    let args = &call.args;
    let Some(known) = known.filter(|_| args.bool("create_home")) else { return };
    let home = args.opt("home").unwrap_or(&known.user.home).to_owned();
    if home.is_empty() || system.exists(Path::new(&home)) || args.bool("move_home") {
        return;
    }
    let skeleton = args.opt("skeleton").unwrap_or("/etc/skel").to_owned();
    let mode = home_mode(call, system);
    let (uid, gid) = (known.user.uid, known.user.gid);
    plan.change(format!("make {home}"), move |system, _| {
        let path = Path::new(&home);
        let failed = |error: std::io::Error| Failure::new(crate::attributes::io_text_at(&error, path));
        if let Some(parent) = path.parent() {
            crate::placing::make_dirs(system, parent)?;
        }
        if system.is_dir(Path::new(&skeleton)) {
            system.run(&Command::new(&["cp", "-rT", &skeleton, &home])).map_err(failed)?;
        } else {
            system.make_dir(path, mode).map_err(failed)?;
        }
        system.run(&Command::new(&["chown", "-R", &format!("{uid}:{gid}"), &home])).map_err(failed)?;
        system.chmod(path, mode).map_err(failed)?;
        Ok(Done::Changed)
    });
}

/// The mode that useradd would give a home folder.
fn home_mode(call: &Call<'_>, system: &dyn System) -> u32 {
    let octal = |text: &str| u32::from_str_radix(text.trim(), 8).ok();
    if let Some(mask) = call.args.opt("umask").and_then(octal) {
        return 0o777 & !mask;
    }
    let defaults = system.text("/etc/login.defs");
    let value = |key: &str| {
        let mut lines = defaults.lines().filter(|line| !line.trim_start().starts_with('#'));
        lines.find_map(|line| {
            line.trim().strip_prefix(key).filter(|rest| rest.starts_with([' ', '\t'])).and_then(octal)
        })
    };
    value("HOME_MODE").unwrap_or_else(|| 0o777 & !value("UMASK").unwrap_or(0o022))
}
