//! `replace`: every match of a regular expression in a text file.
//!
//! Returns `msg` (`N replacements made`) and `rc`.

use crate::{
    Failure, Module, Plan, Spec, System, attributes,
    library::{file::real_path, lineinfile::attribute_message},
    outcome::Call,
    pattern::{self, Flags},
    placing::{self, Edit},
};

static SPEC: Spec = Spec::new(
    "ansible.builtin.replace",
    "Replaces all matches of a regular expression in a file.",
    "path(dest|destfile|name) path! # The file.
regexp str! # The expression; ^ and $ match at lines.
replace str ='' # What replaces a match; \\1 and \\g<name> stand for groups.
after str # Only what comes after a match of this counts.
before str # Only what comes before a match of this counts.
encoding str =utf-8 # Encoding of the file; utf-8 is what is supported.
@backup
@validate
@files",
)
.with_diff();

/// See the page above.
pub struct Replace;

impl Module for Replace {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (path, shown) = (args.path("path"), args.str("path"));
        if system.is_dir(path) {
            return Err(Failure::new(format!("Path {shown} is a directory !")).with("rc", 256));
        }
        if !system.exists(path) {
            return Err(Failure::new(format!("Path {shown} does not exist !")).with("rc", 257));
        }
        let bytes = system.read(path);
        let bytes = bytes.map_err(|error| {
            format!("Unable to read the contents of {shown}: {}", attributes::io_text(&error))
        })?;
        let text = String::from_utf8(bytes.clone()).map_err(|_| format!("{shown} is not text in UTF-8"))?;
        let mut plan = Plan::new();
        plan.set("msg", "").set("rc", 0);
        let Some((start, end)) = section(call, &text)? else {
            let (after, before) = (args.opt("after"), args.opt("before"));
            let pattern = section_pattern(after, before);
            plan.set(
                "msg",
                format!("Pattern for before/after params did not match the given file: {pattern}"),
            );
            return Ok(plan);
        };
        let regex = compile(args.str("regexp"), Flags { multiline: true, dotall: false })?;
        let replaced = pattern::replace_all(&regex, &text[start..end], args.str("replace"));
        let (middle, count) = replaced.map_err(|why| format!("Task failed: Module failed: {why}"))?;
        let after = format!("{}{middle}{}", &text[..start], &text[end..]);
        if count > 0 && after != text {
            plan.set("msg", format!("{count} replacements made"));
            plan.diff = Some(placing::text_diff(path, &bytes, after.as_bytes()));
            let edit = Edit {
                path: real_path(system, path),
                before: Some(bytes),
                after: after.into(),
                backup_key: "backup_file",
            };
            edit.plan(&mut plan, call);
        }
        let found = placing::plan_attributes(&mut plan, call, path, system)?;
        attribute_message(&mut plan, &found);
        Ok(plan)
    }
}

fn compile(text: &str, flags: Flags) -> Result<fancy_regex::Regex, Failure> {
    pattern::compile(text, flags).map_err(|why| format!("Task failed: Module failed: {why}").into())
}

fn section_pattern(after: Option<&str>, before: Option<&str>) -> String {
    match (after, before) {
        (Some(after), Some(before)) => format!("{after}(?P<subsection>.*?){before}"),
        (Some(after), None) => format!("{after}(?P<subsection>.*)"),
        (None, Some(before)) => format!("(?P<subsection>.*){before}"),
        (None, None) => String::new(),
    }
}

/// The part of the text between `after` and `before`; none if they do not match.
fn section(call: &Call<'_>, text: &str) -> Result<Option<(usize, usize)>, Failure> {
    let (after, before) = (call.args.some("after"), call.args.some("before"));
    if after.is_none() && before.is_none() {
        return Ok(Some((0, text.len())));
    }
    let regex = compile(&section_pattern(after, before), Flags { multiline: false, dotall: true })?;
    let captures = regex.captures(text).map_err(|error| error.to_string())?;
    Ok(captures.and_then(|captures| captures.name("subsection")).map(|part| (part.start(), part.end())))
}
