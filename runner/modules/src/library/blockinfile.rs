//! `blockinfile`: several lines of a text file, between two marker lines.
//!
//! Returns `msg`: `File created`, `Block inserted`, `Block removed` or nothing.

use crate::{
    Failure, Module, Plan, Spec, System, attributes,
    library::{
        file::real_path,
        lineinfile::{attribute_message, split},
    },
    outcome::Call,
    pattern::{self, Flags},
    placing::{self, Edit},
};
use serde_json::json;

static SPEC: Spec = Spec::new(
    "ansible.builtin.blockinfile",
    "Ensures that a block of lines, surrounded by markers, is in a text file.",
    "path(dest|destfile|name) path! # The file.
state str =present {absent|present} # Whether the block should be there.
marker str =# {mark} ANSIBLE MANAGED BLOCK # The marker lines; {mark} becomes BEGIN and END.
block(content) str ='' # The lines; none removes the block.
insertafter str # Where a new block goes: after the last match of this expression, or EOF.
insertbefore str # Where a new block goes: before the last match of this expression, or BOF.
create bool =false # Make the file if it is not there.
marker_begin str =BEGIN # What {mark} becomes in the first marker.
marker_end str =END # What {mark} becomes in the last marker.
append_newline bool =false # An empty line after the block, if it is not the end of the file.
prepend_newline bool =false # An empty line before the block, if it is not the start of the file.
encoding str =utf-8 # Encoding of the file; utf-8 is what is supported.
@backup
@validate
@files
!exclusive insertbefore,insertafter",
)
.with_diff();

/// See the page above.
pub struct BlockInFile;

impl Module for BlockInFile {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let path = args.path("path");
        let shown = args.str("path");
        if system.is_dir(path) {
            return Err(Failure::new(format!("Path {shown} is a directory !")).with("rc", 256));
        }
        let there = system.exists(path);
        if !there && !args.bool("create") {
            return Err(Failure::new(format!("Path {shown} does not exist !")).with("rc", 257));
        }
        let before = match there {
            true => Some(system.read(path).map_err(|error| attributes::io_text_at(&error, path))?),
            false => None,
        };
        let mut plan = Plan::new();
        let present = args.str("state") == "present" && !args.str("block").is_empty();
        if !present && before.is_none() {
            plan.set("msg", format!("File {shown} not present"));
            return Ok(plan);
        }
        let old = before.clone().unwrap_or_default();
        let after = edited(call, &old, present)?;
        let msg = match (&before, after == old) {
            (None, _) => "File created",
            (Some(_), true) => "",
            (Some(_), false) if present => "Block inserted",
            (Some(_), false) => "Block removed",
        };
        plan.set("msg", msg);
        let text = placing::text_diff(path, &old, &after);
        let is_new = before.is_none();
        Edit { path: real_path(system, path), before, after, backup_key: "backup_file" }
            .plan(&mut plan, call);
        if is_new && call.check() {
            plan.diff = Some(text);
            return Ok(plan);
        }
        let found = placing::plan_attributes(&mut plan, call, path, system)?;
        attribute_message(&mut plan, &found);
        plan.diff = Some(json!([text, attributes::diff_of(path, &found)]));
        Ok(plan)
    }
}

fn edited(call: &Call<'_>, old: &[u8], present: bool) -> Result<Vec<u8>, Failure> {
    let args = &call.args;
    let mark = |mark: &str| format!("{}\n", args.str("marker").replace("{mark}", mark)).into_bytes();
    let (first, last) = (mark(args.str("marker_begin")), mark(args.str("marker_end")));
    let mut lines = split(old);
    let is =
        |line: &[u8], marker: &[u8]| line.strip_suffix(b"\n").unwrap_or(line) == &marker[..marker.len() - 1];
    let begin = lines.iter().rposition(|line| is(line, &first));
    let end = lines.iter().rposition(|line| is(line, &last));
    // Where the block is, and the place that it leaves.
    let place = match (begin, end) {
        (Some(begin), Some(end)) if begin < end => {
            lines.drain(begin..=end);
            Some(begin)
        }
        // Markers that are not a pair are cut out of the way of the new block.
        (Some(begin), Some(end)) if begin > end => {
            lines.drain(end..=begin);
            Some(end)
        }
        _ => None,
    };
    if !present {
        return Ok(lines.concat());
    }
    let at = match place {
        Some(at) => at,
        None => insertion(call, &lines)?,
    };
    if at == lines.len()
        && let Some(line) = lines.last_mut().filter(|line| !line.ends_with(b"\n"))
    {
        line.push(b'\n');
    }
    let mut block = vec![first];
    let text = args.str("block");
    let text = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    block.extend(split(text.as_bytes()));
    block.push(last);
    if args.bool("append_newline") && lines.get(at).is_some_and(|line| line != b"\n") {
        block.push(b"\n".to_vec());
    }
    if args.bool("prepend_newline") && at > 0 && lines.get(at - 1).is_some_and(|line| line != b"\n") {
        block.insert(0, b"\n".to_vec());
    }
    lines.splice(at..at, block);
    Ok(lines.concat())
}

fn insertion(call: &Call<'_>, lines: &[Vec<u8>]) -> Result<usize, Failure> {
    let args = &call.args;
    let (after, before) = (args.opt("insertafter"), args.opt("insertbefore"));
    let expression = match (after, before) {
        (_, Some("BOF")) => return Ok(0),
        (Some("EOF") | None, None) | (_, Some("EOF")) => return Ok(lines.len()),
        (Some("BOF"), _) => return Ok(0),
        (Some(text), _) | (None, Some(text)) => text,
    };
    // Several lines can be matched at once, when the expression asks for that.
    let multiline = expression.contains("(?m)") || expression.starts_with("(?");
    let regex = pattern::compile(expression, Flags { multiline, dotall: false });
    let regex = regex.map_err(|why| format!("Task failed: Module failed: {why}"))?;
    let found = lines.iter().rposition(|line| pattern::found(&regex, &String::from_utf8_lossy(line)));
    Ok(match found {
        Some(at) if after.is_some() => at + 1,
        Some(at) => at,
        None => lines.len(),
    })
}
