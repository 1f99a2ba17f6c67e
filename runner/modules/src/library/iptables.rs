//! `iptables`: one rule, a chain, or a chain's policy.

use crate::{Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call};
use serde_json::Value;

static SPEC: Spec = Spec::new(
    "ansible.builtin.iptables",
    "Manages firewall rules of iptables.",
    "table str =filter {filter|nat|mangle|raw|security} # The table.
state str =present {absent|present} # Whether the rule should be there.
action str =append {append|insert} # Where a new rule goes.
rule_num str # The place of an inserted rule.
ip_version str =ipv4 {ipv4|ipv6|both} # Whose rules.
chain str # The chain.
protocol str # Protocol.
source str # Source address.
destination str # Destination address.
tcp_flags dict # Flags of TCP: flags and flags_set.
match list:str =[] # Extensions.
jump str # Target.
gateway str # Gateway of the TEE target.
log_prefix str # Text of log lines.
log_level str {0|1|2|3|4|5|6|7|emerg|alert|crit|error|warning|notice|info|debug} # Level of log lines.
goto str # Chain to go on in.
in_interface str # Interface that a packet came in on.
out_interface str # Interface that a packet leaves on.
fragment str # Fragments.
set_counters str # Counters.
source_port str # Source port or range.
destination_port str # Destination port or range.
destination_ports list:str =[] # Destination ports, several.
to_ports str # Ports of a redirect.
to_destination str # Destination of DNAT.
to_source str # Source of SNAT.
syn str =ignore {ignore|match|negate} # Packets that open a connection.
set_dscp_mark str # DSCP mark.
set_dscp_mark_class str # DSCP class.
comment str # Comment of the rule.
ctstate list:str =[] # States of connections.
src_range str # Range of source addresses.
dst_range str # Range of destination addresses.
match_set str # Set of ipset.
match_set_flags str {src|dst|src,dst|dst,src|src,src|dst,dst} # What of the packet is in the set.
limit str # Average rate.
limit_burst str # Burst of the rate.
uid_owner str # User that sends.
gid_owner str # Group that sends.
reject_with str # Answer of REJECT.
icmp_type str # Kind of ICMP.
flush bool =false # Remove all rules.
policy str {ACCEPT|DROP|QUEUE|RETURN} # Policy of the chain.
wait str # Seconds to wait for the lock.
chain_management bool =false # Make or remove the chain itself.
numeric bool =false # Do not ask for names when listing.
!exclusive set_dscp_mark,set_dscp_mark_class
!exclusive flush,policy
!if jump=TEE needs gateway",
);

/// See the page above.
pub struct Iptables;

/// Kinds of simple options: the option, its flag, and whether a leading `!` negates it.
const SIMPLE: &[(&str, &str)] = &[("protocol", "-p"), ("source", "-s"), ("destination", "-d")];

impl Module for Iptables {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (chain, flush) = (args.opt("chain"), args.bool("flush"));
        if chain.is_none() && !flush {
            return Err("Either chain or flush parameter must be specified.".into());
        }
        let words = if flush { Vec::new() } else { rule(call)? };
        let mut plan = Plan::new();
        plan.set("failed", false).set("ip_version", args.str("ip_version")).set("table", args.str("table"));
        plan.set("chain", chain.map_or(Value::Null, Value::from)).set("flush", flush);
        plan.set("rule", words.join(" ")).set("state", args.str("state"));
        plan.set("chain_management", args.bool("chain_management"))
            .set("wait", args.value("wait").cloned().unwrap_or_default());
        let programs: &[&str] = match args.str("ip_version") {
            "ipv4" => &["iptables"],
            "ipv6" => &["ip6tables"],
            _ => &["iptables", "ip6tables"],
        };
        for program in programs {
            one(&mut plan, call, system, program, &words)?;
        }
        Ok(plan)
    }
}

fn one<'a>(
    plan: &mut Plan<'a>,
    call: &'a Call<'a>,
    system: &dyn System,
    program: &str,
    words: &[String],
) -> Result<(), Failure> {
    let args = &call.args;
    let chain = args.str("chain");
    let base = |verb: &[&str]| -> Vec<String> {
        let mut argv: Vec<String> = vec![program.into(), "-t".into(), args.str("table").into()];
        argv.extend(verb.iter().map(|word| (*word).to_owned()));
        argv.extend(args.opt("wait").into_iter().flat_map(|wait| ["-w".to_owned(), wait.to_owned()]));
        argv
    };
    let ask = |argv: Vec<String>| -> Result<crate::Output, Failure> {
        system.query(&Command::new(&argv).in_english()).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!("Failed to find required executable \"{program}\" in paths").into()
            }
            _ => Failure::new(io_text(&error)),
        })
    };
    if args.bool("flush") {
        let verb: Vec<&str> = if chain.is_empty() { vec!["-F"] } else { vec!["-F", chain] };
        plan_tool(plan, base(&verb));
        return Ok(());
    }
    if let Some(policy) = args.opt("policy") {
        let output = ask(base(&["-L", chain, "-n"]))?;
        let text = output.out();
        let line = text.lines().next().unwrap_or_default();
        let present =
            line.split_once("(policy ").map(|(_, rest)| rest.split([' ', ')']).next().unwrap_or_default());
        let Some(present) = present else { return Err("Can't detect current policy".into()) };
        if present != policy {
            plan_tool(plan, base(&["-P", chain, policy]));
        }
        return Ok(());
    }
    let present = args.str("state") == "present";
    let chain_there = !args.bool("chain_management") || ask(base(&["-L", chain, "-n"]))?.ok();
    if words.is_empty() && args.bool("chain_management") {
        match (present, chain_there) {
            (true, false) => plan_tool(plan, base(&["-N", chain])),
            (false, true) => plan_tool(plan, base(&["-X", chain])),
            _ => {}
        }
        return Ok(());
    }
    let with = |verb: &[&str]| [base(verb), words.to_vec()].concat();
    let there = chain_there && ask(with(&["-C", chain]))?.ok();
    match (present, there) {
        (true, false) => {
            if !chain_there {
                plan_tool(plan, base(&["-N", chain]));
            }
            let argv = match (args.str("action"), args.opt("rule_num")) {
                ("insert", Some(number)) => with(&["-I", chain, number]),
                ("insert", None) => with(&["-I", chain]),
                _ => with(&["-A", chain]),
            };
            plan_tool(plan, argv);
        }
        (false, true) => plan_tool(plan, with(&["-D", chain])),
        _ => {}
    }
    Ok(())
}

fn plan_tool(plan: &mut Plan<'_>, argv: Vec<String>) {
    plan.change(argv.join(" "), move |system, _| {
        let output = system.run(&Command::new(&argv).in_english()).map_err(|error| io_text(&error))?;
        if output.ok() {
            Ok(Done::Changed)
        } else {
            Err(Failure::new(output.err()).with("rc", output.rc).with("cmd", argv.join(" ")))
        }
    });
}

/// The rule's words, in the order that Ansible writes them.
fn rule(call: &Call<'_>) -> Result<Vec<String>, Failure> {
    let args = &call.args;
    let mut rule: Vec<String> = Vec::new();
    let mut pair = |flag: &str, value: Option<&str>| {
        let Some(value) = value.filter(|value| !value.is_empty()) else { return };
        let value = match value.strip_prefix('!') {
            Some(rest) => {
                rule.push("!".into());
                rest.trim_start()
            }
            None => value,
        };
        rule.extend([flag.to_owned(), value.to_owned()]);
    };
    for (option, flag) in SIMPLE {
        pair(flag, args.opt(option));
    }
    for extension in args.list("match") {
        pair("-m", Some(extension));
    }
    if let Some(flags) = args.dict("tcp_flags") {
        let list = |key: &str| {
            let all = flags.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
            all.iter().map(crate::python::text).collect::<Vec<_>>().join(",")
        };
        let (mask, set) = (list("flags"), list("flags_set"));
        if !mask.is_empty() && !set.is_empty() {
            rule.extend(["--tcp-flags".to_owned(), mask, set]);
        }
    }
    let mut pair = |flag: &str, value: Option<&str>| {
        let Some(value) = value.filter(|value| !value.is_empty()) else { return };
        let (not, value) = value.strip_prefix('!').map_or((false, value), |rest| (true, rest.trim_start()));
        rule.extend(not.then(|| "!".to_owned()));
        rule.extend([flag.to_owned(), value.to_owned()]);
    };
    pair("-j", args.opt("jump"));
    let jump = args.str("jump").to_uppercase();
    if jump == "TEE" {
        pair("--gateway", args.opt("gateway"));
    }
    if jump == "LOG" || args.opt("log_prefix").is_some() || args.opt("log_level").is_some() {
        if jump.is_empty() {
            pair("-j", Some("LOG"));
        }
        pair("--log-prefix", args.opt("log_prefix"));
        pair("--log-level", args.opt("log_level"));
    }
    for (option, flag) in [
        ("to_destination", "--to-destination"),
        ("to_source", "--to-source"),
        ("goto", "-g"),
        ("in_interface", "-i"),
        ("out_interface", "-o"),
        ("fragment", "-f"),
        ("set_counters", "-c"),
        ("source_port", "--source-port"),
        ("destination_port", "--destination-port"),
    ] {
        pair(flag, args.opt(option));
    }
    let ports = args.list("destination_ports");
    if !ports.is_empty() {
        pair("-m", Some("multiport"));
        pair("--dports", Some(&ports.join(",")));
    }
    pair("--to-ports", args.opt("to_ports"));
    pair("--set-dscp", args.opt("set_dscp_mark"));
    pair("--set-dscp-class", args.opt("set_dscp_mark_class"));
    match args.str("syn") {
        "match" => rule.push("--syn".into()),
        "negate" => rule.extend(["!".to_owned(), "--syn".into()]),
        _ => {}
    }
    rule.extend(extensions(call));
    Ok(rule)
}

/// What needs an extension: states, ranges, sets, limits, owners; each with its `-m` unless it is there already.
fn extensions(call: &Call<'_>) -> Vec<String> {
    let args = &call.args;
    let given = args.list("match");
    let mut rule: Vec<String> = Vec::new();
    let load = |rule: &mut Vec<String>, name: &str| {
        let loaded = given.contains(&name) || rule.windows(2).any(|pair| pair[0] == "-m" && pair[1] == name);
        if !loaded {
            rule.extend(["-m".to_owned(), name.to_owned()]);
        }
    };
    let states = args.list("ctstate").join(",");
    if !states.is_empty() {
        let old = given.contains(&"state");
        if !old {
            load(&mut rule, "conntrack");
        }
        rule.extend([if old { "--state" } else { "--ctstate" }.to_owned(), states]);
    }
    let mut with = |name: &str, flag: &str, value: Option<&str>| {
        let Some(value) = value.filter(|value| !value.is_empty()) else { return };
        load(&mut rule, name);
        let (not, value) = value.strip_prefix('!').map_or((false, value), |rest| (true, rest));
        rule.extend(not.then(|| "!".to_owned()));
        rule.push(flag.into());
        rule.extend(value.split_whitespace().map(str::to_owned));
    };
    with("iprange", "--src-range", args.opt("src_range"));
    with("iprange", "--dst-range", args.opt("dst_range"));
    let set = args.opt("match_set").map(|set| format!("{set} {}", args.str("match_set_flags")));
    with("set", "--match-set", set.as_deref());
    with("limit", "--limit", args.opt("limit"));
    with("limit", "--limit-burst", args.opt("limit_burst"));
    with("owner", "--uid-owner", args.opt("uid_owner"));
    with("owner", "--gid-owner", args.opt("gid_owner"));
    if let Some(answer) = args.some("reject_with") {
        if args.opt("jump").is_none() {
            rule.extend(["-j".to_owned(), "REJECT".into()]);
        }
        rule.extend(["--reject-with".to_owned(), answer.into()]);
    }
    if let Some(kind) = args.some("icmp_type") {
        let flag = if args.str("ip_version") == "ipv6" { "--icmpv6-type" } else { "--icmp-type" };
        rule.extend([flag.to_owned(), kind.into()]);
    }
    if let Some(comment) = args.some("comment") {
        if !given.contains(&"comment") {
            rule.extend(["-m".to_owned(), "comment".into()]);
        }
        rule.extend(["--comment".to_owned(), comment.into()]);
    }
    rule
}
