//! `ufw`: the uncomplicated firewall: rules, policies, on and off.
//!
//! Returns `commands` and `msg`, what `ufw status verbose` says afterwards.

use crate::{Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call};

static SPEC: Spec = Spec::new(
    "community.general.ufw",
    "Manages the firewall ufw.",
    "state str {disabled|enabled|reloaded|reset} # On, off, read again, back to the start.
default(policy) str {allow|deny|reject} # What happens to what no rule is about.
direction str {in|incoming|out|outgoing|routed} # Direction of a rule or policy.
logging str {on|off|low|medium|high|full} # What is logged.
insert int # The place of a new rule.
insert_relative_to str =zero {first-ipv4|first-ipv6|last-ipv4|last-ipv6|zero} # What the place is relative to.
rule str {allow|deny|limit|reject} # What a rule does.
log bool =false # Log what it matches.
from_ip(from|src) str =any # Source address.
from_port str # Source port.
to_ip(dest|to) str =any # Destination address.
to_port(port) str # Destination port.
proto(protocol) str {any|tcp|udp|ipv6|esp|ah|gre|igmp|vrrp} # Protocol.
name(app) str # An application profile.
delete bool =false # Remove the rule.
interface(if) str # Interface, for the direction.
interface_in(if_in) str # Interface that a packet comes in on.
interface_out(if_out) str # Interface that a packet leaves on.
route bool =false # The rule is about packets that pass through.
comment str # Comment of the rule.
!exclusive name,proto,logging
!one_of state,default,rule,logging",
)
.with_diff();

/// See the page above.
pub struct Ufw;

impl Module for Ufw {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        if args.opt("interface").is_some() && args.opt("direction").is_none() {
            return Err("Direction must be specified when creating a rule on an interface.".into());
        }
        let before = status(system)?;
        let active = before.contains("Status: active");
        let rules = stored(system);
        let mut plan = Plan::new();
        let mut commands: Vec<Vec<String>> = Vec::new();
        if let Some(state) = args.opt("state") {
            let word = match state {
                "enabled" => "enable",
                "disabled" => "disable",
                "reloaded" => "reload",
                _ => "reset",
            };
            let differs = match state {
                "enabled" => !active,
                "disabled" => active,
                _ => true,
            };
            if differs {
                commands.push(vec!["-f".into(), word.into()]);
            }
        }
        if let Some(level) = args.opt("logging") {
            let line = before.lines().find_map(|line| line.strip_prefix("Logging: ")).unwrap_or_default();
            let same = line == level
                || (level == "on" && line.starts_with("on"))
                || line.contains(&format!("({level})"));
            if !(same && active) {
                commands.push(vec!["logging".into(), level.into()]);
            }
        }
        if let Some(policy) = args.opt("default") {
            let direction = match args.opt("direction").unwrap_or("incoming") {
                "in" | "incoming" => "incoming",
                "out" | "outgoing" => "outgoing",
                other => other,
            };
            let line = before.lines().find(|line| line.starts_with("Default:")).unwrap_or_default();
            let shown = active && line.contains(&format!("{policy} ({direction})"));
            if !shown && !policy_is(system, policy, direction) {
                commands.push(vec!["default".into(), policy.into(), direction.into()]);
            }
        }
        let others = commands.len();
        if let Some(rule) = args.opt("rule") {
            commands.push(rule_words(call, rule, &before));
        }
        let shown = |words: &Vec<String>| format!("/usr/sbin/ufw {}", words.join(" "));
        plan.set("commands", commands.iter().map(shown).collect::<Vec<_>>()).set("msg", before.trim_end());
        let mut rule_changes = false;
        if let Some(words) = commands.get(others) {
            let output = ask(system, &[vec!["--dry-run".to_owned()], words.clone()].concat())?;
            rule_changes = changes(&output, &rules, call);
        }
        for (at, words) in commands.into_iter().enumerate() {
            let is_rule = at >= others;
            if is_rule && !rule_changes {
                continue;
            }
            plan.change(words.join(" "), move |system, returns| {
                let argv = [vec!["ufw".to_owned()], words].concat();
                let output =
                    system.run(&Command::new(&argv).in_english()).map_err(|error| io_text(&error))?;
                if !output.ok() {
                    let text = output.err() + &output.out();
                    return Err(Failure::new(text).with("commands", vec![argv.join(" ")]));
                }
                returns.insert("msg".into(), status(system)?.trim_end().into());
                Ok(Done::Changed)
            });
        }
        Ok(plan)
    }
}

fn ask(system: &dyn System, words: &[String]) -> Result<String, Failure> {
    let argv = [vec!["ufw".to_owned()], words.to_vec()].concat();
    let output = system.query(&Command::new(&argv).in_english()).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "Failed to find required executable \"ufw\" in paths".to_owned(),
        _ => io_text(&error),
    })?;
    if output.ok() { Ok(output.out()) } else { Err((output.err() + &output.out()).into()) }
}

fn status(system: &dyn System) -> Result<String, Failure> {
    ask(system, &["status".to_owned(), "verbose".to_owned()])
}

const RULES: &[&str] =
    &["/etc/ufw/user.rules", "/etc/ufw/user6.rules", "/lib/ufw/user.rules", "/lib/ufw/user6.rules"];

/// The rules that ufw has written down, one `### tuple` line each.
fn stored(system: &dyn System) -> Vec<String> {
    RULES.iter().flat_map(|file| tuples(&system.text(file))).collect()
}

fn tuples(text: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with("### tuple")).map(|line| line.trim().to_owned()).collect()
}

/// Whether a trial run says that the rules would differ.
fn changes(trial: &str, rules: &[String], call: &Call<'_>) -> bool {
    if trial.contains("Skipping adding existing rule")
        || trial.contains("Skipping inserting existing rule")
        || trial.contains("Could not delete non-existent rule")
    {
        // With IPv6 the words are there twice; one that is not skipped is a change.
        return trial.contains("Rule added")
            || trial.contains("Rule inserted")
            || trial.contains("Rules updated");
    }
    let after = tuples(trial);
    if after.is_empty() {
        return !call.args.bool("delete") || !rules.is_empty();
    }
    after.iter().any(|line| !rules.contains(line)) || (call.args.bool("delete") && after.len() < rules.len())
}

/// Policies of a firewall that is off are in its settings only.
fn policy_is(system: &dyn System, policy: &str, direction: &str) -> bool {
    let key = match direction {
        "incoming" => "DEFAULT_INPUT_POLICY",
        "outgoing" => "DEFAULT_OUTPUT_POLICY",
        _ => "DEFAULT_FORWARD_POLICY",
    };
    let wanted = match policy {
        "allow" => "ACCEPT",
        "deny" => "DROP",
        _ => "REJECT",
    };
    let settings = system.text("/etc/default/ufw");
    let line = settings.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
    line.is_some_and(|value| value.trim_matches('"') == wanted)
}

fn rule_words(call: &Call<'_>, rule: &str, before: &str) -> Vec<String> {
    let args = &call.args;
    let mut words: Vec<String> = Vec::new();
    let mut add = |text: &str| words.push(text.to_owned());
    if args.bool("route") {
        add("route");
    }
    if args.bool("delete") {
        add("delete");
    }
    if let Some(place) = args.int("insert") {
        add("insert");
        add(&inserted_at(place, args.str("insert_relative_to"), before).to_string());
    }
    add(rule);
    if let Some(direction) = args.opt("direction") {
        let short = match direction {
            "incoming" => "in",
            "outgoing" => "out",
            other => other,
        };
        add(short);
    }
    for (option, word) in [("interface", "on"), ("interface_in", "in on"), ("interface_out", "out on")] {
        if let Some(interface) = args.opt(option) {
            word.split(' ').for_each(&mut add);
            add(interface);
        }
    }
    if args.bool("log") {
        add("log");
    }
    for (option, word) in [
        ("from_ip", "from"),
        ("from_port", "port"),
        ("to_ip", "to"),
        ("to_port", "port"),
        ("proto", "proto"),
        ("name", "app"),
    ] {
        if let Some(value) = args.opt(option) {
            add(word);
            add(value);
        }
    }
    if let Some(comment) = args.some("comment") {
        add("comment");
        add(comment);
    }
    words
}

/// ufw counts from 1 through IPv4 rules first, then IPv6 ones.
fn inserted_at(place: i64, relative: &str, status: &str) -> i64 {
    let rules: Vec<&str> = status
        .lines()
        .skip_while(|line| !line.starts_with("--"))
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .collect();
    let (v6, v4): (Vec<&str>, Vec<&str>) = rules.iter().partition(|line| line.contains("(v6)"));
    let (v4, v6) = (v4.len() as i64, v6.len() as i64);
    let base = match relative {
        "first-ipv4" => 1,
        "last-ipv4" => v4.max(1),
        "first-ipv6" => v4 + 1,
        "last-ipv6" => v4 + v6.max(1),
        _ => 0,
    };
    (base + place).max(1)
}
