//! `timezone`: the machine's time zone, and how its hardware clock runs.

use crate::{
    Command, Done, Failure, Module, Plan, Spec, System, attributes::io_text, outcome::Call, placing,
};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};

static SPEC: Spec = Spec::new(
    "community.general.timezone",
    "Sets the time zone.",
    "name str # The zone, such as Asia/Kuwait.
hwclock(rtc) str {local|UTC} # Whether the hardware clock has local time.
!one_of hwclock,name",
)
.with_diff();

/// See the page above.
pub struct Timezone;

impl Module for Timezone {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let args = &call.args;
        let (mut before, mut after) = (Map::new(), Map::new());
        let systemd =
            system.exists(Path::new("/run/systemd/system")) && system.which("timedatectl").is_some();
        let mut plan = Plan::new();
        if let Some(name) = args.opt("name") {
            if !system.exists(&Path::new("/usr/share/zoneinfo").join(name)) {
                return Err(format!("tzfile \"/usr/share/zoneinfo/{name}\" does not exist").into());
            }
            let present = zone(system);
            if present != name {
                before.insert("name".into(), present.into());
                after.insert("name".into(), name.into());
                plan.change("set the time zone", move |system, _| set_zone(system, name, systemd));
            }
        }
        if let Some(clock) = args.opt("hwclock") {
            let local = system.text("/etc/adjtime").lines().nth(2).map(str::trim) == Some("LOCAL");
            if local != (clock == "local") {
                before.insert("hwclock".into(), if local { "local" } else { "UTC" }.into());
                after.insert("hwclock".into(), clock.into());
                let word = if clock == "local" { "yes" } else { "no" };
                plan.change("set the hardware clock", move |system, _| {
                    run(system, &["timedatectl", "set-local-rtc", word])
                });
            }
        }
        plan.diff = Some(json!({ "before": before, "after": after }));
        Ok(plan)
    }
}

/// The zone that is set: the link says it, or the file.
fn zone(system: &dyn System) -> String {
    let target = system.read_link(Path::new("/etc/localtime")).unwrap_or_default();
    let text = target.to_string_lossy();
    match text.split_once("zoneinfo/") {
        Some((_, zone)) => zone.to_owned(),
        None => {
            let file = system.text("/etc/timezone").trim().to_owned();
            if file.is_empty() { "n/a".into() } else { file }
        }
    }
}

fn run(system: &mut dyn System, argv: &[&str]) -> Result<Done, Failure> {
    let output = system.run(&Command::new(argv).in_english()).map_err(|error| io_text(&error))?;
    if output.ok() {
        Ok(Done::Changed)
    } else {
        Err(Failure::new(format!("{} failed: {}", argv.join(" "), output.err())).with("rc", output.rc))
    }
}

fn set_zone(system: &mut dyn System, name: &str, systemd: bool) -> Result<Done, Failure> {
    if systemd {
        run(system, &["timedatectl", "set-timezone", name])?;
    } else {
        let path = Path::new("/etc/localtime");
        let beside = placing::beside(path, system);
        let target = PathBuf::from(format!("/usr/share/zoneinfo/{name}"));
        system.symlink(&target, &beside).map_err(|error| io_text(&error))?;
        system.rename(&beside, path).map_err(|error| io_text(&error))?;
    }
    if system.exists(Path::new("/etc/timezone")) {
        placing::place(
            system,
            Path::new("/etc/timezone"),
            &mut format!("{name}\n").as_bytes(),
            &placing::How::default(),
        )?;
    }
    Ok(Done::Changed)
}
