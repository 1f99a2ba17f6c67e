//! Asynchronous jobs: the module runs in a detached process, and its result is in Ansible's job file.
//!
//! The process is this program again, started with [`FLAG`] and the invocation on its standard input (so that no
//! secret is in its arguments). Whoever links this crate calls [`run_if_asked`] first thing in `main`.

use runner_modules::{Invocation, Outcome, RealSystem, System};
use serde_json::{Map, Value, json};
use std::{
    fs, io,
    io::{Read, Write},
    os::unix::{
        fs::{DirBuilderExt, OpenOptionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

/// The only argument of a job's process.
pub const FLAG: &str = "--agent-job";

/// A text that no other process of this machine has: time, process, and a counter.
pub fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}-{:x}", time.as_nanos(), std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Where the job files of an invocation are.
pub fn folder(invocation: &Invocation, system: &dyn System) -> PathBuf {
    let own = invocation.async_dir.clone().or_else(|| system.env("ANSIBLE_ASYNC_DIR"));
    let text = own.unwrap_or_else(|| "~/.ansible_async".into());
    runner_modules::expand_path(&text, system).into()
}

/// Starts the job and answers at once, as Ansible does: `started`, `ansible_job_id`, `results_file`.
pub fn start(invocation: &Invocation, system: &RealSystem) -> Outcome {
    match try_start(invocation, system) {
        Ok(outcome) => outcome,
        Err(error) => Outcome::failure(format!("failed to start the asynchronous job: {error}")),
    }
}

fn try_start(invocation: &Invocation, system: &RealSystem) -> io::Result<Outcome> {
    let folder = folder(invocation, system);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let name = invocation.job.clone().unwrap_or_else(|| format!("j{}", unique()));
    if name.contains('/') {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a job's name has no slash"));
    }
    let mut process = Command::new(std::env::current_exe()?);
    process.arg(FLAG).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).current_dir("/");
    // SAFETY: setsid is safe between fork and exec.
    unsafe {
        process.pre_exec(|| {
            rustix_setsid();
            Ok(())
        });
    }
    let mut child = process.spawn()?;
    let pid = child.id();
    let file = folder.join(format!("{name}.{pid}"));
    let job = json!({ "ansible_job_id": format!("{name}.{pid}"), "started": true, "finished": false });
    write_job(&file, &job)?;
    let order = json!({ "invocation": Invocation { async_s: None, ..invocation.clone() }, "file": file,
        "seconds": invocation.async_s, "has_payload": invocation.payload.as_ref().is_some_and(|p| p.bytes.is_some()) });
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let order = order.to_string();
    stdin.write_all(&(order.len() as u64).to_be_bytes())?;
    stdin.write_all(order.as_bytes())?;
    if let Some(bytes) = invocation.payload.as_ref().and_then(|payload| payload.bytes.as_ref()) {
        stdin.write_all(bytes)?;
    }
    drop(stdin);
    // The job's process forks once and its first half ends: nothing of it stays a child of ours.
    child.wait()?;
    let mut result = Map::new();
    result.insert("started".into(), true.into());
    result.insert("finished".into(), false.into());
    result.insert("changed".into(), true.into());
    result.insert("ansible_job_id".into(), format!("{name}.{pid}").into());
    result.insert("results_file".into(), file.to_string_lossy().into_owned().into());
    result.insert("_ansible_suppress_tmpdir_delete".into(), true.into());
    Ok(Outcome { result, wants_payload: false })
}

fn rustix_setsid() {
    // It fails only for a process that leads a group already, and then there is nothing to do.
    // SAFETY: no memory is involved.
    unsafe { libc::setsid() };
}

/// Written beside and renamed, so that a reader sees all or nothing.
fn write_job(file: &Path, value: &Value) -> io::Result<()> {
    let partial = file.with_extension(format!("tmp{}", unique()));
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    out.write_all(value.to_string().as_bytes())?;
    fs::rename(&partial, file)
}

/// If this process was started as a job, runs it and never returns.
pub fn run_if_asked() {
    if std::env::args_os().nth(1).is_none_or(|argument| argument != FLAG) {
        return;
    }
    let mut input = Vec::new();
    if std::io::stdin().read_to_end(&mut input).is_err() || input.len() < 8 {
        std::process::exit(2);
    }
    // SAFETY: this process has one thread, and the parent half ends at once.
    match unsafe { libc::fork() } {
        0 => {}
        -1 => std::process::exit(1),
        _ => std::process::exit(0),
    }
    std::process::exit(if work(&input).is_ok() { 0 } else { 1 });
}

fn work(input: &[u8]) -> io::Result<()> {
    let (length, rest) = input.split_first_chunk::<8>().ok_or(io::ErrorKind::UnexpectedEof)?;
    let length = u64::from_be_bytes(*length) as usize;
    let (order, payload) = rest.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
    let order: Value = serde_json::from_slice(order)?;
    let mut invocation: Invocation = serde_json::from_value(order["invocation"].clone())?;
    if let Some(wanted) = invocation.payload.as_mut().filter(|_| order["has_payload"] == true) {
        wanted.bytes = Some(payload.to_vec());
    }
    let file = PathBuf::from(order["file"].as_str().unwrap_or_default());
    let limit = Duration::from_secs(order["seconds"].as_u64().unwrap_or(0));
    let system = RealSystem::new();
    let cancel = system.cancel.clone();
    let (sender, receiver) = std::sync::mpsc::channel();
    let running = invocation.clone();
    std::thread::spawn(move || sender.send(crate::serve::invoke(&running, system)));
    let job = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut result = match receiver.recv_timeout(limit) {
        Ok(outcome) => outcome.result,
        Err(_) => {
            cancel.cancel();
            let text = format!(
                "async task produced unparseable results: the job took more than {} s",
                limit.as_secs()
            );
            Outcome::failure(text).result
        }
    };
    result.insert("ansible_job_id".into(), job.into());
    result.insert("started".into(), true.into());
    result.insert("finished".into(), true.into());
    write_job(&file, &Value::Object(result))
}
