//! `tempfile`: a new, empty file or folder that only its owner can use. Never idempotent, as in Ansible.

use crate::{Done, Failure, Module, Plan, Spec, System, outcome::Call};
use std::path::Path;

static SPEC: Spec = Spec::new(
    "ansible.builtin.tempfile",
    "Makes a temporary file or folder.",
    "state str =file {directory|file} # What to make.
path path # The folder to make it in; the system's temporary folder if not given.
prefix str =ansible. # Start of its name.
suffix str ='' # End of its name.",
)
.no_check();

/// See the page above.
pub struct Tempfile;

impl Module for Tempfile {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let own = system.env("TMPDIR").unwrap_or_else(|| "/tmp".into());
        let folder = call.args.some("path").unwrap_or(&own).to_owned();
        let (prefix, suffix) = (call.args.str("prefix"), call.args.str("suffix"));
        let directory = call.args.str("state") == "directory";
        let mut plan = Plan::new();
        plan.change("make it", move |system, returns| {
            // Names are tried until a free one is found, as mkstemp does.
            const TRIES_MAX: u32 = 100;
            for attempt in 0..TRIES_MAX {
                let path =
                    Path::new(&folder).join(format!("{prefix}{}{suffix}", random_name(system, attempt)));
                let made = match directory {
                    true => system.make_dir(&path, 0o700),
                    false => system.create(&path, 0o600, &mut std::io::empty()).map(drop),
                };
                match made {
                    Ok(()) => {
                        returns.insert("path".into(), path.to_string_lossy().into());
                        return Ok(Done::Changed);
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                    Err(error) => {
                        return Err(crate::attributes::io_text_at(&error, &path).into());
                    }
                }
            }
            Err("no free name was found for a temporary file".into())
        });
        Ok(plan)
    }
}

/// Eight characters that are hard to guess.
fn random_name(system: &dyn System, attempt: u32) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";
    let mut seed = [0u8; 8];
    let random = system.open(Path::new("/dev/urandom")).and_then(|mut random| random.read_exact(&mut seed));
    if random.is_err() {
        seed = (system.epoch().to_bits() ^ u64::from(attempt) << 40 ^ u64::from(system.identity().pid))
            .to_le_bytes();
    }
    seed.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}
