//! `ini_file`: one option of a section of an INI file.
//!
//! Returns `msg`: `option added`, `option changed`, `section and option added`, `OK` …

use crate::{
    Failure, Module, Plan, Spec, System,
    library::file::real_path,
    outcome::Call,
    placing::{self, Edit},
};
use std::path::Path;

static SPEC: Spec = Spec::new(
    "community.general.ini_file",
    "Manages options in INI files.",
    "path(dest) path! # The file.
section str # The section; none for what stands before all sections.
section_has_values list:dict # Options that the section must have.
option str # The option; none for the whole section.
value str # Its value.
values list:str # Its values, if it may be there several times.
backup bool =false # Keep the old file under a name with the time in it.
state str =present {absent|present} # Whether it should be there.
exclusive bool =true # No other values of the option.
no_extra_spaces bool =false # No blanks around the equals sign.
ignore_spaces bool =false # Blanks around the equals sign do not matter.
create bool =true # Make the file if it is not there.
allow_no_value bool =false # An option may be without a value.
modify_inactive_option bool =true # Use an option's line that is commented out.
follow bool =false # Follow a link at the path.
@files
!exclusive value,values",
)
.with_diff();

/// See the page above.
pub struct IniFile;

impl Module for IniFile {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let path = if args.bool("follow") {
            real_path(system, args.path("path"))
        } else {
            args.path("path").to_owned()
        };
        let values: Vec<String> = match args.opt("value") {
            Some(value) => vec![value.into()],
            None => args.list("values").into_iter().map(str::to_owned).collect(),
        };
        if args.str("state") == "present"
            && args.opt("option").is_some()
            && values.is_empty()
            && !args.bool("allow_no_value")
        {
            return Err(
                "Parameter 'value(s)' must be defined if state=present and allow_no_value=False.".into()
            );
        }
        let before = system.read(&path).ok();
        if before.is_none() && !args.bool("create") {
            return Err(
                Failure::new(format!("Destination {} does not exist!", path.display())).with("rc", 257)
            );
        }
        let text = String::from_utf8_lossy(before.as_deref().unwrap_or_default()).into_owned();
        let (after, msg) = edited(call, &text, &values);
        let mut plan = Plan::new();
        plan.set("path", path.to_string_lossy()).set("msg", msg);
        plan.diff = Some(placing::text_diff(&path, text.as_bytes(), after.as_bytes()));
        if before.is_some() || !after.is_empty() {
            Edit {
                path: path.clone(),
                before: before.clone(),
                after: after.into(),
                backup_key: "backup_file",
            }
            .plan(&mut plan, call);
        }
        if before.is_some() || !call.check() {
            placing::plan_attributes(&mut plan, call, Path::new(&path), system)?;
        }
        Ok(plan)
    }
}

/// A line as an option: whether it is commented out, its name, its value.
fn option_of(line: &str) -> Option<(bool, &str, Option<&str>)> {
    let trimmed = line.trim();
    let (inactive, rest) = match trimmed.strip_prefix(['#', ';']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, trimmed),
    };
    if rest.is_empty() || rest.starts_with('[') || rest.starts_with(['#', ';']) {
        return None;
    }
    Some(match rest.split_once('=') {
        Some((name, value)) => (inactive, name.trim(), Some(value.trim())),
        None => (inactive, rest, None),
    })
}

fn header(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.split_once(']').map(|(name, _)| name)
}

/// Where sections of the name begin (after their header) and end.
fn ranges(lines: &[String], section: Option<&str>) -> Vec<(usize, usize)> {
    let Some(section) = section else {
        let end = lines.iter().position(|line| header(line).is_some()).unwrap_or(lines.len());
        return vec![(0, end)];
    };
    let starts =
        lines.iter().enumerate().filter(|(_, line)| header(line) == Some(section)).map(|(at, _)| at + 1);
    let end_of = |start: usize| {
        lines[start..].iter().position(|line| header(line).is_some()).map_or(lines.len(), |end| start + end)
    };
    starts.map(|start| (start, end_of(start))).collect()
}

fn has_values(call: &Call<'_>, lines: &[String]) -> bool {
    let wanted = call.args.value("section_has_values").and_then(serde_json::Value::as_array);
    wanted.into_iter().flatten().all(|entry| {
        let name = entry["option"].as_str().unwrap_or_default();
        let values: Vec<String> = match (&entry["value"], &entry["values"]) {
            (serde_json::Value::Null, serde_json::Value::Array(all)) => {
                all.iter().map(crate::python::text).collect()
            }
            (serde_json::Value::Null, _) => Vec::new(),
            (value, _) => vec![crate::python::text(value)],
        };
        let present = |value: &String| {
            lines
                .iter()
                .filter_map(|line| option_of(line))
                .any(|(off, n, v)| !off && n == name && v == Some(value))
        };
        values.iter().all(present)
    })
}

fn edited(call: &Call<'_>, text: &str, values: &[String]) -> (String, &'static str) {
    let args = &call.args;
    let section = args.some("section");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let range =
        ranges(&lines, section).into_iter().find(|(start, end)| has_values(call, &lines[*start..*end]));
    let present = args.str("state") == "present";
    let write = |option: &str, value: Option<&String>| match value {
        None => option.to_owned(),
        Some(value) if args.bool("no_extra_spaces") => format!("{option}={value}"),
        Some(value) => format!("{option} = {value}"),
    };
    let done = |lines: Vec<String>| lines.into_iter().map(|line| line + "\n").collect::<String>();
    let Some(option) = args.some("option") else {
        return match (range, present) {
            (None, true) => {
                lines.extend(section.map(|section| format!("[{section}]")));
                (done(lines), "only section added")
            }
            (Some((start, end)), false) => {
                lines.drain(start.saturating_sub(usize::from(section.is_some()))..end);
                (done(lines), "section removed")
            }
            _ => (text.to_owned(), "OK"),
        };
    };
    let wanted: Vec<Option<&String>> =
        if values.is_empty() { vec![None] } else { values.iter().map(Some).collect() };
    let Some((start, end)) = range else {
        if !present {
            return (text.to_owned(), "OK");
        }
        lines.extend(section.map(|section| format!("[{section}]")));
        for pair in
            args.value("section_has_values").and_then(serde_json::Value::as_array).into_iter().flatten()
        {
            let value = crate::python::text(&pair["value"]);
            lines.push(write(pair["option"].as_str().unwrap_or_default(), Some(&value)));
        }
        lines.extend(wanted.into_iter().map(|value| write(option, value)));
        return (done(lines), "section and option added");
    };
    let inside: Vec<String> = lines[start..end].to_vec();
    let (inside, msg) = section_edited(call, inside, option, &wanted, present, &write);
    lines.splice(start..end, inside);
    let after = done(lines);
    if after == text || (after.trim_end() == text.trim_end() && msg == "OK") {
        (text.to_owned(), "OK")
    } else {
        (after, msg)
    }
}

fn section_edited(
    call: &Call<'_>,
    mut lines: Vec<String>,
    option: &str,
    wanted: &[Option<&String>],
    present: bool,
    write: &dyn Fn(&str, Option<&String>) -> String,
) -> (Vec<String>, &'static str) {
    let args = &call.args;
    let exclusive = args.bool("exclusive");
    let active = |line: &str| {
        option_of(line)
            .filter(|(inactive, name, _)| !inactive && *name == option)
            .map(|(_, _, value)| value.map(str::to_owned))
    };
    if !present {
        let before = lines.len();
        let any_value = wanted == [None];
        let listed = |value: &Option<String>| {
            wanted.iter().any(|wanted| wanted.map(String::as_str) == value.as_deref())
        };
        lines.retain(|line| active(line).is_none_or(|value| !(exclusive || any_value || listed(&value))));
        return if lines.len() == before { (lines, "OK") } else { (lines, "option changed") };
    }
    let mut left: Vec<Option<&String>> = wanted.to_vec();
    let mut changed = false;
    // Lines that are right already stay where they are.
    let mut kept = vec![false; lines.len()];
    for (at, line) in lines.iter_mut().enumerate() {
        let Some(value) = active(line) else { continue };
        if let Some(index) = left.iter().position(|wanted| wanted.map(String::as_str) == value.as_deref()) {
            let new = write(option, left.remove(index));
            kept[at] = true;
            if *line != new && !args.bool("ignore_spaces") {
                changed = true;
                *line = new;
            }
        }
    }
    if exclusive {
        // Other values make room for those that are missing; what is still too many goes.
        let mut at = 0;
        while at < lines.len() {
            if !kept[at] && active(&lines[at]).is_some() {
                changed = true;
                if left.is_empty() {
                    lines.remove(at);
                    kept.remove(at);
                    continue;
                }
                lines[at] = write(option, left.remove(0));
                kept[at] = true;
            }
            at += 1;
        }
    }
    if changed && left.is_empty() {
        return (lines, "option changed");
    }
    if left.is_empty() {
        return (lines, "OK");
    }
    if args.bool("modify_inactive_option") {
        for line in &mut lines {
            let inactive = option_of(line).is_some_and(|(inactive, name, _)| inactive && name == option);
            if inactive && !left.is_empty() {
                *line = write(option, left.remove(0));
                changed = true;
            }
        }
    }
    if left.is_empty() {
        return (lines, "option changed");
    }
    // New lines go before the empty ones and comments that end the section.
    let at = lines
        .iter()
        .rposition(|line| !line.trim().is_empty() && !line.trim_start().starts_with(['#', ';']))
        .map_or(0, |at| at + 1);
    let new: Vec<String> = left.into_iter().map(|value| write(option, value)).collect();
    lines.splice(at..at, new);
    (lines, if changed { "option changed" } else { "option added" })
}
