//! Users and groups: the machine's files first, and what they do not have is asked of `getent` (LDAP and others).

use crate::{Command, System};

/// A line of `/etc/passwd`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Number.
    pub uid: u32,
    /// Number of the main group.
    pub gid: u32,
    /// Comment.
    pub gecos: String,
    /// Home folder.
    pub home: String,
    /// Login shell.
    pub shell: String,
}

/// A line of `/etc/group`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Number.
    pub gid: u32,
    /// Users that have it beside their main group.
    pub members: Vec<String>,
}

fn parse_user(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let _password = fields.next()?;
    Some(User {
        name,
        uid: fields.next()?.parse().ok()?,
        gid: fields.next()?.parse().ok()?,
        gecos: fields.next()?.into(),
        home: fields.next()?.into(),
        shell: fields.next()?.into(),
    })
}

fn parse_group(line: &str) -> Option<Group> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let _password = fields.next()?;
    let gid = fields.next()?.parse().ok()?;
    let members = fields.next().unwrap_or_default();
    Some(Group {
        name,
        gid,
        members: members.split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect(),
    })
}

/// The users of the machine's own file.
pub fn local_users(system: &dyn System) -> Vec<User> {
    system.text("/etc/passwd").lines().filter_map(parse_user).collect()
}

/// The groups of the machine's own file.
pub fn local_groups(system: &dyn System) -> Vec<Group> {
    system.text("/etc/group").lines().filter_map(parse_group).collect()
}

/// Whether the machine looks beyond its files; if not, there is nobody to ask.
fn asks_others(system: &dyn System) -> bool {
    let switch = system.text("/etc/nsswitch.conf");
    let others =
        |line: &str| line.split_whitespace().skip(1).any(|source| !matches!(source, "files" | "compat"));
    switch.lines().any(|line| (line.starts_with("passwd:") || line.starts_with("group:")) && others(line))
}

fn ask(system: &dyn System, database: &str, key: &str) -> Option<String> {
    if key.is_empty() || !asks_others(system) {
        return None;
    }
    let answer = system.query(&Command::new(&["getent", database, key])).ok()?;
    answer.out().lines().next().map(str::to_owned)
}

/// By name.
pub fn user_by_name(system: &dyn System, name: &str) -> Option<User> {
    let local = local_users(system).into_iter().find(|user| user.name == name);
    local.or_else(|| {
        ask(system, "passwd", name).and_then(|line| parse_user(&line)).filter(|user| user.name == name)
    })
}

/// By number.
pub fn user_by_id(system: &dyn System, uid: u32) -> Option<User> {
    let local = local_users(system).into_iter().find(|user| user.uid == uid);
    local.or_else(|| ask(system, "passwd", &uid.to_string()).and_then(|line| parse_user(&line)))
}

/// By name.
pub fn group_by_name(system: &dyn System, name: &str) -> Option<Group> {
    let local = local_groups(system).into_iter().find(|group| group.name == name);
    local.or_else(|| {
        ask(system, "group", name).and_then(|line| parse_group(&line)).filter(|group| group.name == name)
    })
}

/// By number.
pub fn group_by_id(system: &dyn System, gid: u32) -> Option<Group> {
    let local = local_groups(system).into_iter().find(|group| group.gid == gid);
    local.or_else(|| ask(system, "group", &gid.to_string()).and_then(|line| parse_group(&line)))
}
