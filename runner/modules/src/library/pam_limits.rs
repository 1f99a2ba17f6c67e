//! `pam_limits`: one limit of users or groups in `limits.conf`.

use crate::{
    Failure, Module, Plan, Spec, System,
    outcome::Call,
    placing::{self, Edit},
};
use std::path::PathBuf;

static SPEC: Spec = Spec::new(
    "community.general.pam_limits",
    "Manages limits of PAM.",
    "domain str! # A user, @group, or a pattern.
limit_type str! {hard|soft|-} # Kind of the limit.
limit_item str! {core|data|fsize|memlock|nofile|rss|stack|cpu|nproc|as|maxlogins|maxsyslogins|priority|locks|sigpending|msgqueue|nice|rtprio|chroot} # What is limited.
value str! # The limit: a number, unlimited, infinity.
backup bool =false # Keep the old file under a name with the time in it.
use_min bool =false # Keep the smaller one of the present and the new limit.
use_max bool =false # Keep the larger one of the present and the new limit.
dest str =/etc/security/limits.conf # The file.
comment str ='' # What to say about it.",
)
.with_diff();

/// See the page above.
pub struct PamLimits;

impl Module for PamLimits {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (item, value) = (args.str("limit_item"), args.str("value"));
        if args.bool("use_min") && args.bool("use_max") {
            return Err("Cannot use use_min and use_max at the same time.".into());
        }
        if !is_limit(item, value) {
            return Err(format!("Argument 'value' can be one of 'unlimited', 'infinity', '-1' or positive number. Refer to manual pages for more details. Value: {value}").into());
        }
        let path = PathBuf::from(args.str("dest"));
        let before = system.read(&path).ok();
        let text = String::from_utf8_lossy(before.as_deref().unwrap_or_default()).into_owned();
        let (after, line) = edited(call, &text);
        let mut plan = Plan::new();
        plan.set("msg", line);
        if after != text || before.is_none() {
            plan.diff = Some(placing::text_diff(&path, text.as_bytes(), after.as_bytes()));
            Edit { path, before, after: after.into(), backup_key: "backup_file" }.plan(&mut plan, call);
        }
        Ok(plan)
    }
}

fn is_limit(item: &str, value: &str) -> bool {
    let number = value.parse::<i64>();
    let signed = matches!(item, "nice" | "priority");
    matches!(value, "unlimited" | "infinity" | "-1") || number.is_ok_and(|number| number >= 0 || signed)
}

/// A limit as a number; none is without limit.
fn number(value: &str) -> Option<i64> {
    value.parse().ok().filter(|number| *number != -1)
}

/// The one that lets less through, or more.
fn chosen(call: &Call<'_>, present: &str, wanted: &str) -> String {
    let smaller = match (number(present), number(wanted)) {
        (Some(present), Some(wanted)) => present <= wanted,
        (Some(_), None) => true,
        _ => false,
    };
    let keep = (call.args.bool("use_min") && smaller) || (call.args.bool("use_max") && !smaller);
    if keep { present.to_owned() } else { wanted.to_owned() }
}

fn edited(call: &Call<'_>, text: &str) -> (String, String) {
    let args = &call.args;
    let key = [args.str("domain"), args.str("limit_type"), args.str("limit_item")];
    let comment =
        if args.str("comment").is_empty() { String::new() } else { format!("\t#{}", args.str("comment")) };
    let line = |value: &str| format!("{}\t{}\t{}\t{value}{comment}", key[0], key[1], key[2]);
    let mut lines: Vec<String> = Vec::new();
    let mut found: Option<String> = None;
    for present in text.lines() {
        let bare = present.split('#').next().unwrap_or_default();
        let words: Vec<&str> = bare.split_whitespace().collect();
        let [domain, kind, item, value] = words.as_slice() else {
            lines.push(present.to_owned());
            continue;
        };
        if [*domain, *kind, *item] != key {
            lines.push(present.to_owned());
            continue;
        }
        if found.is_some() {
            // Only the first entry of a limit counts.
            continue;
        }
        let value_wanted = chosen(call, value, args.str("value"));
        let same = value_wanted == *value && comment.is_empty();
        let new = if same { present.to_owned() } else { line(&value_wanted) };
        lines.push(new.clone());
        found = Some(new);
    }
    let msg = match found {
        Some(line) => line,
        None => {
            let at = lines.iter().position(|line| line.trim() == "# End of file").unwrap_or(lines.len());
            lines.insert(at, line(args.str("value")));
            line(args.str("value"))
        }
    };
    (lines.into_iter().map(|line| line + "\n").collect(), msg)
}
