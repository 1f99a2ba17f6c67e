//! `wait_for`: until a port, a file or a text in a file is there, or is gone.

use crate::{
    Done, Failure, Module, Plan, Returns, Spec, System,
    attributes::io_text,
    outcome::Call,
    pattern::{self, Flags},
};
use fancy_regex::Regex;
use serde_json::{Map, Value};
use std::{io::ErrorKind, net::IpAddr, path::Path, time::Duration};

static SPEC: Spec = Spec::new(
    "ansible.builtin.wait_for",
    "Waits for a condition.",
    "host str =127.0.0.1 # The host whose port is waited for.
timeout int =300 # Seconds to wait.
connect_timeout int =5 # Seconds that one attempt to connect may take.
delay int =0 # Seconds before the first look.
port int # The port.
active_connection_states list:str =ESTABLISHED,FIN_WAIT1,FIN_WAIT2,SYN_RECV,SYN_SENT,TIME_WAIT # What counts as active, for drained.
path path # The file.
search_regex str # An expression for the file's text, or for what the port says.
state str =started {absent|drained|present|started|stopped} # What is waited for.
exclude_hosts list:str # Hosts whose connections do not count, for drained.
sleep int =1 # Seconds between two looks.
msg str # What to say if it takes too long.",
)
.no_check();

/// See the page above.
pub struct WaitFor;

impl Module for WaitFor {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, _: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (port, path, state) = (args.int("port"), args.opt("path"), args.str("state"));
        if port.is_some() && path.is_some() {
            return Err(refused("port and path parameter can not both be passed to wait_for"));
        }
        if path.is_some() && state == "stopped" {
            return Err(refused(
                "state=stopped should only be used for checking a port in the wait_for module",
            ));
        }
        if path.is_some() && state == "drained" {
            return Err(refused(
                "state=drained should only be used for checking a port in the wait_for module",
            ));
        }
        if args.value("exclude_hosts").is_some() && state != "drained" {
            return Err(refused("exclude_hosts should only be with state=drained"));
        }
        for name in args.list("active_connection_states") {
            if code(name).is_none() {
                return Err(format!("unknown active_connection_state ({name}) defined").into());
            }
        }
        let regex = args
            .opt("search_regex")
            .map(|text| pattern::compile(text, Flags { multiline: true, dotall: false }));
        let regex = regex.transpose().map_err(|why| format!("Task failed: Module failed: {why}"))?;
        let mut plan = Plan::new();
        plan.step("wait", move |system, returns| wait(call, system, regex.as_ref(), returns));
        Ok(plan)
    }
}

fn refused(msg: &str) -> Failure {
    Failure::new(msg).with("elapsed", 0)
}

/// What one look finds.
enum Look {
    /// It is as it should be.
    Done(Map<String, Value>, Vec<Value>),
    /// It is not yet.
    NotYet,
}

fn wait(
    call: &Call<'_>,
    system: &mut dyn System,
    regex: Option<&Regex>,
    returns: &mut Returns,
) -> Result<Done, Failure> {
    let args = &call.args;
    let seconds = |name: &str| Duration::from_secs(args.int(name).unwrap_or(0).try_into().unwrap_or(0));
    let start = system.epoch();
    let elapsed = |system: &dyn System| (system.epoch() - start) as i64;
    system.sleep(seconds("delay"));
    let end = start + seconds("timeout").as_secs_f64();
    let (port, path, state) = (args.int("port"), args.opt("path"), args.str("state"));
    let (mut groups, mut named) = (Vec::new(), Map::new());
    if port.is_none() && path.is_none() && state != "drained" {
        system.sleep(seconds("timeout"));
    } else {
        loop {
            if let Look::Done(names, all) = look(call, system, regex)? {
                (named, groups) = (names, all);
                break;
            }
            if system.epoch() >= end {
                let text = args.some("msg").map_or_else(|| late(call), str::to_owned);
                return Err(Failure::new(text).with("elapsed", elapsed(system)));
            }
            let left = Duration::from_secs_f64((end - system.epoch()).max(0.0));
            system.sleep(seconds("sleep").min(left));
        }
    }
    returns.insert("state".into(), state.into());
    returns.insert("port".into(), port.map_or(Value::Null, Value::from));
    returns.insert("search_regex".into(), args.opt("search_regex").map_or(Value::Null, Value::from));
    returns.insert("match_groups".into(), groups.into());
    returns.insert("match_groupdict".into(), named.into());
    returns.insert("path".into(), path.map_or(Value::Null, Value::from));
    returns.insert("elapsed".into(), elapsed(system).into());
    Ok(Done::Unchanged)
}

fn late(call: &Call<'_>) -> String {
    let args = &call.args;
    let (host, port) = (args.str("host"), args.int("port").unwrap_or(0));
    match (args.opt("path"), args.opt("search_regex"), args.str("state")) {
        (Some(path), _, "absent") => format!("Timeout when waiting for {path} to be absent."),
        (None, _, "absent" | "stopped") => format!("Timeout when waiting for {host}:{port} to stop."),
        (None, _, "drained") => format!("Timeout when waiting for {host}:{port} to drain"),
        (Some(path), Some(regex), _) => format!("Timeout when waiting for search string {regex} in {path}"),
        (Some(path), None, _) => format!("Timeout when waiting for file {path}"),
        (None, Some(regex), _) => format!("Timeout when waiting for search string {regex} in {host}:{port}"),
        (None, None, _) => format!("Timeout when waiting for {host}:{port}"),
    }
}

fn look(call: &Call<'_>, system: &dyn System, regex: Option<&Regex>) -> Result<Look, Failure> {
    let args = &call.args;
    let yes = || Look::Done(Map::new(), Vec::new());
    let (path, state) = (args.opt("path"), args.str("state"));
    match (path, state) {
        (Some(path), "absent") => Ok(if system.exists(Path::new(path)) { Look::NotYet } else { yes() }),
        (Some(path), _) => {
            if !system.exists(Path::new(path)) {
                return Ok(Look::NotYet);
            }
            let Some(regex) = regex else { return Ok(yes()) };
            let text = system.read(Path::new(path)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            Ok(text.ok().and_then(|text| matched(regex, &text)).unwrap_or(Look::NotYet))
        }
        (None, "drained") => Ok(if connections(call, system)? == 0 { yes() } else { Look::NotYet }),
        (None, state) => {
            let port = u16::try_from(args.int("port").unwrap_or(0))
                .map_err(|_| "port must be between 0 and 65535")?;
            let timeout =
                Duration::from_secs(args.int("connect_timeout").unwrap_or(5).try_into().unwrap_or(5));
            let connected = system.connect(args.str("host"), Some(port), timeout);
            let open = connected.is_ok();
            match (state, connected) {
                ("absent" | "stopped", _) => Ok(if open { Look::NotYet } else { yes() }),
                (_, Err(_)) => Ok(Look::NotYet),
                (_, Ok(_)) if regex.is_none() => Ok(yes()),
                (_, Ok(mut stream)) => {
                    let regex = regex.ok_or("no expression to search for")?;
                    Ok(hear(&mut *stream, regex).unwrap_or(Look::NotYet))
                }
            }
        }
    }
}

/// Reads what the port says until the expression is found or it is silent.
fn hear(stream: &mut dyn crate::system::Stream, regex: &Regex) -> Option<Look> {
    /// More than this is no greeting.
    const HEARD_MAX: usize = 1 << 20;
    let (mut heard, mut block) = (Vec::new(), [0; 4096]);
    while heard.len() < HEARD_MAX {
        match stream.read(&mut block) {
            Ok(0) => break,
            Ok(count) => heard.extend_from_slice(&block[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        if let Some(found) = matched(regex, &String::from_utf8_lossy(&heard)) {
            return Some(found);
        }
    }
    None
}

fn matched(regex: &Regex, text: &str) -> Option<Look> {
    let captures = regex.captures(text).ok().flatten()?;
    let value = |index: usize| captures.get(index).map_or(Value::Null, |found| found.as_str().into());
    let groups = (1..captures.len()).map(value).collect();
    let names = regex.capture_names().flatten();
    let named = names.map(|name| {
        (name.to_owned(), captures.name(name).map_or(Value::Null, |found| found.as_str().into()))
    });
    Some(Look::Done(named.collect(), groups))
}

/// The kernel's numbers for states of connections (`net/tcp_states.h`).
fn code(name: &str) -> Option<&'static str> {
    Some(match name {
        "ESTABLISHED" => "01",
        "SYN_SENT" => "02",
        "SYN_RECV" => "03",
        "FIN_WAIT1" => "04",
        "FIN_WAIT2" => "05",
        "TIME_WAIT" => "06",
        _ => return None,
    })
}

/// `0100007F` of the kernel's tables as an address.
fn address(hexadecimal: &str) -> Option<IpAddr> {
    let words: Vec<u32> = hexadecimal
        .as_bytes()
        .chunks(8)
        .filter_map(|chunk| u32::from_str_radix(std::str::from_utf8(chunk).ok()?, 16).ok())
        .collect();
    match words.as_slice() {
        [one] => Some(IpAddr::V4(one.swap_bytes().into())),
        [a, b, c, d] => {
            let bytes: Vec<u8> = [a, b, c, d].iter().flat_map(|word| word.to_le_bytes()).collect();
            let ip = std::net::Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
            Some(ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4))
        }
        _ => None,
    }
}

fn connections(call: &Call<'_>, system: &dyn System) -> Result<usize, Failure> {
    let args = &call.args;
    let wanted: Vec<&str> = args.list("active_connection_states").into_iter().filter_map(code).collect();
    let port = args.int("port").unwrap_or(0);
    let resolve = |host: &str| system.resolve(host).map_err(|error| Failure::new(io_text(&error)));
    let own = resolve(args.str("host"))?;
    let mut excluded = Vec::new();
    for host in args.list("exclude_hosts") {
        excluded.extend(resolve(host)?);
    }
    let any = own.iter().any(IpAddr::is_unspecified);
    let table = system.text("/proc/net/tcp") + &system.text("/proc/net/tcp6");
    let counts = |line: &&str| -> Option<bool> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (local, remote, state) = (words.get(1)?, words.get(2)?, words.get(3)?);
        let (local_address, local_port) = local.split_once(':')?;
        let (remote_address, _) = remote.split_once(':')?;
        let local = address(local_address)?;
        let right_port = i64::from_str_radix(local_port, 16).ok()? == port;
        Some(
            right_port
                && wanted.contains(state)
                && (any || own.contains(&local))
                && !excluded.contains(&address(remote_address)?),
        )
    };
    Ok(table.lines().filter(|line| counts(line) == Some(true)).count())
}
