//! `template`: a file of the controller rendered with the host's variables, then copied.

use std::path::Path;

use runner_modules::Payload;
use runner_template::{FileOptions, Level, Value, Vars, World as _};

use super::Call;
use crate::{event::Notice, result::Answer, trouble::Trouble};

/// Options that the copy module does not know.
const OWN: &[&str] = &[
    "newline_sequence",
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "trim_blocks",
    "lstrip_blocks",
    "output_encoding",
];

pub(super) async fn run(call: &Call<'_>) -> Result<Answer, Trouble> {
    let (Some(src), Some(_)) = (call.text("src"), call.text("dest")) else {
        return Ok(Answer::failure("src and dest are required"));
    };
    if call.arg("state").is_some() {
        return Ok(Answer::failure("'state' cannot be specified on a template"));
    }
    let path = match call.find("templates", &src) {
        Ok(path) => path,
        Err(Trouble::Failed(notice)) => return Ok(Answer::failure(notice.sentence())),
        Err(other) => return Err(other),
    };
    let source = call
        .job
        .shared
        .loader
        .read(&path, &call.job.unit.task.span)
        .map_err(|problem| Trouble::from(Notice::error(problem.message.clone()).at(&problem.span)))?;
    let options = options(call, &path);
    let scope = call.scope.clone().with(Level::Magic, variables(call, &path));
    let rendered = call
        .job
        .shared
        .templar
        .render_template_file(source.text(), &options, &scope)
        .map_err(|error| crate::trouble::notice_of(&error))?;
    let mut args = call.json_args()?;
    args.retain(|name, _| !OWN.contains(&name.as_str()));
    args.insert("src".to_owned(), path.display().to_string().into());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut payload = Payload::inline(&name, rendered.into_bytes());
    payload.mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&path).map_err(|error| Notice::error(error.to_string()))?.permissions(),
    )
    .into();
    call.with_payload(call.invocation("ansible.builtin.copy", args), payload).await
}

fn options(call: &Call<'_>, path: &Path) -> FileOptions {
    let mut options = FileOptions { path: path.to_owned(), ..FileOptions::default() };
    for base in call.world().bases() {
        options.search_path.push(base.join("templates"));
        options.search_path.push(base.clone());
    }
    if let Some(parent) = path.parent() {
        options.search_path.push(parent.join("templates"));
        options.search_path.push(parent.to_owned());
    }
    let text = |name: &str, place: &mut String| {
        if let Some(value) = call.text(name) {
            *place = value;
        }
    };
    text("variable_start_string", &mut options.variable_start);
    text("variable_end_string", &mut options.variable_end);
    text("block_start_string", &mut options.block_start);
    text("block_end_string", &mut options.block_end);
    text("comment_start_string", &mut options.comment_start);
    text("comment_end_string", &mut options.comment_end);
    if let Some(newline) = call.text("newline_sequence") {
        options.newline_sequence = newline.replace("\\n", "\n").replace("\\r", "\r");
    }
    options.trim_blocks = call.flag("trim_blocks").unwrap_or(true);
    options.lstrip_blocks = call.flag("lstrip_blocks").unwrap_or(false);
    options
}

/// The variables that only template files see.
fn variables(call: &Call<'_>, path: &Path) -> Vars {
    let world = call.world();
    let now = world.now();
    let shown = path.display().to_string();
    let meta = std::fs::metadata(path).ok();
    let uid = meta.as_ref().map_or(0, std::os::unix::fs::MetadataExt::uid);
    let mtime = meta
        .as_ref()
        .and_then(|meta| meta.modified().ok())
        .and_then(|time| jiff::Timestamp::try_from(time).ok())
        .map(|stamp| stamp.to_zoned(now.time_zone().clone()).strftime("%Y-%m-%d %H:%M:%S").to_string());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let dest = call.text("dest").map_or(Value::None, Value::text);
    let managed = world
        .setting("DEFAULT_MANAGED_STR")
        .or_else(|| call.scope.get("ansible_managed"))
        .unwrap_or_else(|| Value::text("Ansible managed"));
    Vars::new([
        ("ansible_managed", managed),
        ("template_host", Value::text(host.trim())),
        ("template_path", Value::text(call.text("src").unwrap_or_default())),
        ("template_mtime", Value::text(mtime.unwrap_or_default())),
        ("template_uid", Value::text(user_name(uid))),
        ("template_run_date", Value::text(now.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string())),
        ("template_destpath", dest),
        ("template_fullpath", Value::text(shown)),
    ])
}

fn user_name(uid: u32) -> String {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let owner = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    });
    owner.unwrap_or_else(|| uid.to_string())
}
