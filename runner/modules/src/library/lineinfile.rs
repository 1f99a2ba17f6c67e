//! `lineinfile`: one line of a text file is there, or is not.
//!
//! Returns `msg` (`line added`, `line replaced`, `N line(s) removed`), `backup`, and `found` when removing.

use crate::{
    Failure, Module, Plan, Spec, System, attributes,
    library::file::real_path,
    outcome::Call,
    pattern::{self, Flags},
    placing::{self, Edit},
};
use fancy_regex::Regex;
use serde_json::json;
use std::path::{Path, PathBuf};

static SPEC: Spec = Spec::new(
    "ansible.builtin.lineinfile",
    "Ensures that a line is in a text file.",
    "path(dest|destfile|name) path! # The file.
regexp(regex) str # The line to replace: the last one that matches.
search_string str # The line to replace: the last one that contains this.
state str =present {absent|present} # Whether the line should be there.
line(value) str # The line.
backrefs bool =false # line is a template with \\1 for groups of regexp; without a match nothing happens.
insertafter str # Where a new line goes: after the last match of this expression, or EOF.
insertbefore str # Where a new line goes: before the last match of this expression, or BOF.
create bool =false # Make the file if it is not there.
firstmatch bool =false # The first match counts, not the last.
@backup
@validate
@files
!exclusive insertbefore,insertafter
!exclusive regexp,search_string
!exclusive backrefs,search_string",
)
.with_diff();

/// See the page above.
pub struct LineInFile;

/// Lines with their line ends.
type Lines = Vec<Vec<u8>>;

impl Module for LineInFile {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let path = args.path("path");
        let shown = args.str("path");
        let mut plan = Plan::new();
        let present = args.str("state") == "present";
        if args.opt("regexp") == Some("") || args.opt("search_string") == Some("") {
            let what = if args.opt("regexp") == Some("") { "regular expression" } else { "search string" };
            plan.warnings.push(format!(
                "The {what} is an empty string, which will match every line in the file. This may have unintended \
                 consequences, such as replacing the last line in the file rather than appending.{}",
                if what == "regular expression" { " If this is desired, use '^' to match every line in the file and avoid this warning." } else { "" }
            ));
        }
        if system.is_dir(path) {
            return Err(Failure::new(format!("Path {shown} is a directory !")).with("rc", 256));
        }
        if present {
            if args.bool("backrefs") && args.opt("regexp").is_none() {
                return Err("regexp is required with backrefs=true".into());
            }
            if args.opt("line").is_none() {
                return Err("line is required with state=present".into());
            }
        } else if ["regexp", "search_string", "line"].iter().all(|name| args.opt(name).is_none()) {
            return Err("one of line, search_string, or regexp is required with state=absent".into());
        }
        let there = system.exists(path);
        if !there {
            if !present {
                plan.set("msg", "file not present");
                return Ok(plan);
            }
            if !args.bool("create") {
                return Err(Failure::new(format!("Destination {shown} does not exist !")).with("rc", 257));
            }
        }
        let before = match there {
            true => Some(system.read(path).map_err(|error| attributes::io_text_at(&error, path))?),
            false => None,
        };
        let lines = split(before.as_deref().unwrap_or_default());
        let (after, msg, found) = if present {
            let (lines, msg) = add(call, lines)?;
            (lines, msg, None)
        } else {
            let count = lines.len();
            let kept = remove(call, lines)?;
            let found = count - kept.len();
            (kept, if found > 0 { format!("{found} line(s) removed") } else { String::new() }, Some(found))
        };
        let edit = Edit { path: target(system, path), before, after: after.concat(), backup_key: "backup" };
        if let Some(found) = found {
            plan.set("found", found);
        }
        plan.set("backup", "").set("msg", msg);
        finish(call, system, plan, edit, path)
    }
}

fn target(system: &dyn System, path: &Path) -> PathBuf {
    real_path(system, path)
}

/// Plans the edit and the attributes; the diff has one part for each.
fn finish<'a>(
    call: &'a Call<'a>,
    system: &dyn System,
    mut plan: Plan<'a>,
    edit: Edit,
    path: &Path,
) -> Result<Plan<'a>, Failure> {
    let empty = Vec::new();
    let is_new = edit.before.is_none();
    let text = placing::text_diff(path, edit.before.as_ref().unwrap_or(&empty), &edit.after);
    edit.plan(&mut plan, call);
    if is_new && call.check() {
        plan.diff = Some(text);
        return Ok(plan);
    }
    let found = placing::plan_attributes(&mut plan, call, path, system)?;
    attribute_message(&mut plan, &found);
    plan.diff = Some(json!([text, attributes::diff_of(path, &found)]));
    Ok(plan)
}

/// Ansible says so when attributes differ too.
pub fn attribute_message(plan: &mut Plan<'_>, found: &attributes::Differences) {
    if found.is_empty() {
        return;
    }
    let msg = plan.returns.get("msg").and_then(serde_json::Value::as_str).unwrap_or_default();
    let and = if msg.is_empty() { String::new() } else { format!("{msg} and ") };
    plan.set("msg", format!("{and}ownership, perms or SE linux context changed"));
}

/// Lines with their ends: only `\n` counts, as when Python reads bytes.
pub fn split(bytes: &[u8]) -> Lines {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    part.is_empty() || line.windows(part.len()).any(|window| window == part)
}

fn expression(text: Option<&str>) -> Result<Option<Regex>, Failure> {
    let compiled = text.map(|text| pattern::compile(text, Flags::default()));
    compiled.transpose().map_err(|why| format!("Task failed: Module failed: {why}").into())
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

fn remove(call: &Call<'_>, lines: Lines) -> Result<Lines, Failure> {
    let args = &call.args;
    let regex = expression(args.opt("regexp"))?;
    let goes = |line: &Vec<u8>| match (&regex, args.opt("search_string")) {
        (Some(regex), _) => pattern::found(regex, &text(line)),
        (None, Some(part)) => contains(line, part.as_bytes()),
        (None, None) => bare(line) == args.str("line").as_bytes(),
    };
    Ok(lines.into_iter().filter(|line| !goes(line)).collect())
}

/// Where things were found.
#[derive(Default)]
struct Places {
    /// The line that matches regexp or search_string.
    matched: Option<usize>,
    /// The line that is the wanted one already.
    exact: Option<usize>,
    /// Where insertafter or insertbefore say that it goes: before this index.
    insert: Option<usize>,
}

fn look(call: &Call<'_>, lines: &Lines, line: &str, regex: Option<&Regex>) -> Result<Places, Failure> {
    let args = &call.args;
    let (after, before) = (args.opt("insertafter"), args.opt("insertbefore"));
    let insert = match (after, before) {
        (Some("BOF" | "EOF"), _) | (None, Some("BOF" | "EOF")) => None,
        (text, None) | (None, text) => expression(text)?,
        _ => None,
    };
    let search = args.opt("search_string");
    let first = args.bool("firstmatch");
    let mut places = Places::default();
    for (at, raw) in lines.iter().enumerate() {
        let shown = text(raw);
        let matches = match (regex, search) {
            (Some(regex), _) => pattern::found(regex, &shown),
            (None, Some(part)) => contains(raw, part.as_bytes()),
            (None, None) => bare(raw) == line.as_bytes(),
        };
        if matches {
            places.matched = Some(at);
            if first {
                break;
            }
        }
        if bare(raw) == line.as_bytes() {
            places.exact = Some(at);
        }
        if !(first && places.insert.is_some())
            && insert.as_ref().is_some_and(|insert| pattern::found(insert, &shown))
        {
            places.insert = Some(if after.is_some() { at + 1 } else { at });
        }
    }
    Ok(places)
}

/// The lines with the wanted one among them, and what was done.
fn add(call: &Call<'_>, mut lines: Lines) -> Result<(Lines, String), Failure> {
    let args = &call.args;
    let line = args.str("line");
    let regex = expression(args.opt("regexp"))?;
    let places = look(call, &lines, line, regex.as_ref())?;
    let with_end = |text: &str| format!("{text}\n").into_bytes();
    if let Some(at) = places.matched {
        let wanted = match &regex {
            Some(regex) if args.bool("backrefs") => {
                let shown = text(&lines[at]);
                let captures = regex.captures(shown.as_str()).ok().flatten();
                let captures = captures.ok_or("the expression does not match any more")?;
                pattern::expand(line, &captures)
                    .map_err(|why| format!("Task failed: Module failed: {why}"))?
            }
            _ => line.to_owned(),
        };
        let wanted = if wanted.ends_with('\n') { wanted.into_bytes() } else { with_end(&wanted) };
        let last = at + 1 == lines.len();
        // A last line without an end keeps being without one if nothing else changes.
        if lines[at] == wanted || (last && bare(&lines[at]) == bare(&wanted) && !lines[at].ends_with(b"\n")) {
            return Ok((lines, String::new()));
        }
        lines[at] = wanted;
        return Ok((lines, "line replaced".into()));
    }
    if args.bool("backrefs") {
        return Ok((lines, String::new()));
    }
    // With a regexp or search string that found nothing, the line may still be there.
    if places.exact.is_some() {
        return Ok((lines, String::new()));
    }
    let (after, before) = (args.opt("insertafter"), args.opt("insertbefore"));
    let at = match (after, before, places.insert) {
        (Some("BOF"), _, _) | (_, Some("BOF"), _) => 0,
        (_, _, Some(at)) => at,
        _ => lines.len(),
    };
    if at == lines.len()
        && let Some(last) = lines.last_mut().filter(|last| !last.ends_with(b"\n"))
    {
        last.push(b'\n');
    }
    lines.insert(at, with_end(line.strip_suffix('\n').unwrap_or(line)));
    Ok((lines, "line added".into()))
}
