//! A package from a .deb file, on the machine or behind a URL.

use super::{APT_GET, environment, failed, is_nothing, known, options, prepared, simulate, version};
use crate::{Command, Done, Failure, Plan, System, attributes::io_text, outcome::Call};
use std::{cmp::Ordering, path::Path};

/// Plans the file's package.
pub fn plan<'a>(
    plan: &mut Plan<'a>,
    call: &'a Call<'a>,
    system: &dyn System,
    deb: &str,
) -> Result<(), Failure> {
    if deb.contains("://") {
        let deb = deb.to_owned();
        // What is in it is known only when it is here.
        plan.change(format!("download {deb}"), move |system, returns| {
            if call.check() {
                return Ok(Done::Unchanged);
            }
            let path = crate::library::get_url::download_to_temporary(system, &deb)?;
            let mut later = Plan::new();
            let planned = local(&mut later, call, system, &path.to_string_lossy());
            let result = planned.and_then(|()| {
                returns.extend(std::mem::take(&mut later.returns));
                let mut done = Done::Unchanged;
                for change in later.changes {
                    if change.apply(system, returns)? == Done::Changed {
                        done = Done::Changed;
                    }
                }
                Ok(done)
            });
            // A leftover in the temporary folder is no reason to fail.
            let _ = system.remove(&path);
            result
        });
        return Ok(());
    }
    local(plan, call, system, deb)
}

fn local<'a>(plan: &mut Plan<'a>, call: &'a Call<'a>, system: &dyn System, deb: &str) -> Result<(), Failure> {
    if !system.exists(Path::new(deb)) {
        return Err(format!(
            "Unable to install package: E:Could not open file {deb} - open (2: No such file or directory)"
        )
        .into());
    }
    let ask = Command::new(&["dpkg-deb", "-f", deb, "Package", "Version", "Architecture"]).in_english();
    let output = system.query(&ask).map_err(|error| io_text(&error))?;
    if !output.ok() {
        return Err(format!("Unable to install package: {}", output.err()).into());
    }
    let text = output.out();
    let field = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
    };
    let (name, wanted) = (field("Package:"), field("Version:"));
    let all = known::installed(system);
    let present = all.iter().find(|package| package.name == name && package.is_installed());
    let order = present.map(|present| version::compare(&wanted, &present.version));
    match order {
        Some(Ordering::Equal) => return Ok(()),
        Some(Ordering::Less) if !(call.args.bool("allow_downgrade") || call.args.bool("force")) => {
            return Err("A later version is already installed".into());
        }
        _ => {}
    }
    let mut words = super::install_options(call);
    words.push("install".into());
    words.push(deb.to_owned());
    if matches!(order, Some(Ordering::Less)) && !call.args.bool("allow_downgrade") {
        words.insert(0, "--allow-downgrades".into());
    }
    if call.check() {
        let output = simulate(call, system, &words)?;
        plan.set("stdout", output.out()).set("stderr", output.err());
        plan.diff = Some(prepared(&output.out()));
        plan.change(format!("install {deb}"), |_, _| Ok(Done::Unchanged));
        return Ok(());
    }
    plan.change(format!("install {deb}"), move |system, returns| {
        let argv = [vec![APT_GET.to_owned()], options(call), words].concat();
        let output = system.run(&environment(Command::new(&argv))).map_err(|error| io_text(&error))?;
        if !output.ok() {
            return Err(failed(&argv, &output));
        }
        returns.insert("stdout".into(), output.out().into());
        returns.insert("stderr".into(), output.err().into());
        returns.insert("diff".into(), prepared(&output.out()));
        Ok(if is_nothing(&output.out()) { Done::Unchanged } else { Done::Changed })
    });
    Ok(())
}
